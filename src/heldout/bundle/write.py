"""Predictions to a file: CSV, Parquet or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heldout.bundle.predict import PredictionReport, RowFlag
from heldout.bundle.save import write_file
from heldout.errors import UsageError
from heldout.label_sets import write_labels
from heldout.records import Task

STDOUT = "-"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def write_predictions(
    report: PredictionReport, path: str | Path, *, flags: bool = False, source: str | Path | None = None
) -> None:
    """Write one line per predicted row, in the order of the table.

    The columns are `line`, of examples `file` or `id`, `prediction` (labels joined by "; ", "(none)" where there are
    none), then `p_<class>` for each class or label, or `low` and `high` for a number with an interval, then `flags`
    where asked: the words of `RowFlag`, each with its column, joined by semicolons.

    Args:
        report: what to write.
        path: a `.csv`, `.parquet` or `.jsonl` file, replaced if there; "-" writes CSV to the standard output.
        flags: add the flags of each row.
        source: path of the file that was read, which is never overwritten, under whatever name. Without it, an
            existing file that bears the name of what was read is not overwritten.

    Raises:
        UsageError: another ending, or the path is the file that was read.
        StudyError: the file cannot be written.
    """
    columns = list_columns(report, flags=flags)
    if str(path) == STDOUT:
        sys.stdout.write(format_csv(columns))
        return
    ending = Path(path).suffix.lower()
    if ending not in _FORMATS:
        raise UsageError(
            f"cannot write predictions to {str(path)!r}: its ending says no format",
            hint=f"use one of {', '.join(_FORMATS)}, or '-'",
        )
    _keep_input(Path(path), source, report.source)
    write_file(path, _FORMATS[ending](columns))


def list_columns(report: PredictionReport, *, flags: bool = False) -> dict[str, Sequence[Any]]:
    """List the columns of the written file by name.

    Args:
        report: the predictions.
        flags: add the flags of each row.

    Returns:
        Equally long columns of whole numbers, numbers or texts.
    """
    prediction = report.prediction
    columns: dict[str, Sequence[Any]] = {"line": report.lines.tolist()}
    if report.named[0]:
        columns[report.named[0]] = list(report.named[1])
    if report.classes:
        columns["prediction"] = _name_answers(report)
        for at, name in enumerate(report.classes):
            columns[f"p_{name}"] = prediction.values[:, at].tolist()
    else:
        columns["prediction"] = prediction.values[:, 0].tolist()
        if prediction.low.size or not len(report.lines):
            columns |= {"low": prediction.low.tolist(), "high": prediction.high.tolist()}
    if flags:
        columns["flags"] = _name_flags(report)
    return columns


def _name_answers(report: PredictionReport) -> list[str]:
    """Each row's class, or its labels as a list."""
    if report.task is Task.MULTILABEL:
        return [write_labels(report.classes, held) for held in report.prediction.labels]
    return [report.classes[label] for label in report.prediction.labels]


def format_csv(columns: dict[str, Sequence[Any]]) -> str:
    r"""Write columns as CSV text that a spreadsheet will not execute.

    A text that begins with = + - @, a tab, a carriage return or NUL gets a leading apostrophe, unless it is a plain
    number. Parquet and JSON lines keep every text exact.

    Args:
        columns: equally long columns by name.

    Returns:
        CSV with a header line; numbers in shortest round-trip form.

    Source:
        OWASP, "CSV Injection".

    Example:
        >>> format_csv({"prediction": ["=1+1", "-5"]})
        "prediction\n'=1+1\n-5\n"
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([guard_cell(name) for name in columns])
    for row in zip(*columns.values(), strict=True):
        writer.writerow([guard_cell(cell) if isinstance(cell, str) else repr(cell) for cell in row])
    return text.getvalue()


def guard_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    Example:
        >>> guard_cell("@SUM(A1)"), guard_cell("-5"), guard_cell("yes")
        ("'@SUM(A1)", '-5', 'yes')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text) else text


def _format_jsonl(columns: dict[str, Sequence[Any]]) -> bytes:
    names = list(columns)
    lines = [
        json.dumps(dict(zip(names, row, strict=True)), allow_nan=False)
        for row in zip(*columns.values(), strict=True)
    ]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _format_parquet(columns: dict[str, Sequence[Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"line": pa.int64(), "flags": pa.string()}
    if any(name.startswith("p_") for name in columns):
        types["prediction"] = pa.string()
    arrays = [pa.array(list(values), types.get(name, pa.float64())) for name, values in columns.items()]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), sink)
    return sink.getvalue()


def _encode_csv(columns: dict[str, Sequence[Any]]) -> bytes:
    return format_csv(columns).encode("utf-8")


_FORMATS = {".csv": _encode_csv, ".parquet": _format_parquet, ".jsonl": _format_jsonl}


def _name_flags(report: PredictionReport) -> list[str]:
    """Say what was odd about each row, and in which column: "unparsed:CRP; missing:age"."""
    words: list[list[str]] = [["empty"] if bits & RowFlag.EMPTY else [] for bits in report.flags.tolist()]
    for item in report.flagged:
        for row in item.rows.tolist():
            if not words[row] or words[row][0] != "empty":
                words[row].append(f"{str(item.flag.name).lower()}:{item.column}")
    return ["; ".join(found) for found in words]


def _keep_input(path: Path, source: str | Path | None, name: str) -> None:
    """Refuse to overwrite the file that was read, also by another name (link) of the same file."""
    if not path.exists():
        return
    known = source is not None and Path(source).exists()
    if os.path.samefile(path, Path(source)) if known and source is not None else path.name == name:
        raise UsageError(
            f"{str(path)!r} is the file that was read; it is never overwritten",
            hint="choose another name for the predictions",
        )
