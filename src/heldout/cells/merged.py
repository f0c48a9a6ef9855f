"""Keys and names that a spreadsheet changed: asked about, since it may have merged what was different."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.records import ColumnSpec, IndexArray, Kind, RawColumn
from heldout.spreadsheet import find_spreadsheet
from heldout.toml_lines import paste_column

_ASKED = (Kind.IDENTIFIER, Kind.CATEGORY)
_SHOWN = 3


def ask_merged(spec: ColumnSpec, raw: RawColumn, rows: IndexArray) -> ColumnSpec:
    """The declaration of a column of keys or categories, with a question where a spreadsheet changed some of them.

    Cells such as `1.23E+17`, `2-Sep` among genes, or `412` beside `00413` cannot be mended from the file: what they
    were is lost.

    Args:
        spec: how the column is read.
        raw: the column.
        rows: int64 positions of the rows that decide.

    Example:
        >>> raw = RawColumn("gene", np.array([0, 1, 2], np.int32), ("TP53", "BRCA1", "2-Sep"))
        >>> ask_merged(ColumnSpec("gene", Kind.CATEGORY, ""), raw, np.arange(3)).question[:60]
        "1 text ('2-Sep') looks like a gene name or code that a sprea"
    """
    if spec.kind not in _ASKED or spec.question or spec.source or spec.decided == "user":
        return spec
    used = np.unique(raw.codes[rows])
    traces = [
        trace for trace in find_spreadsheet([raw.levels[code] for code in used[used >= 0]]) if trace.merges
    ]
    if not traces:
        return spec
    trace = traces[0]
    verb = "text ({}) looks" if len(trace.texts) == 1 else "texts ({}) look"
    shown = ", ".join(repr(text) for text in trace.texts[:_SHOWN])
    told = f"{len(trace.texts)} {verb.format(shown)} like {trace.what}"
    return replace(
        spec,
        question=f"{told}; take the column from the original file, or, if the cells are right as they stand: "
        f"{paste_column(spec.name, 'kind', spec.kind.value)}",
    )
