"""`read_table`: any supported source to a `Table` of raw cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from heldout.errors import DataError, UsageError
from heldout.records import Kind, Table
from heldout.sources.album_tables import attach_named
from heldout.sources.column_runs import COLUMNS_UNIT, join_runs
from heldout.sources.delimited import read_delimited
from heldout.sources.examples import Examples, find_examples, find_lines, read_examples
from heldout.sources.files import OLE_MAGIC, PARQUET_MAGIC, ZIP_MAGIC, open_content, read_head
from heldout.sources.frames import read_dicts, read_frame, read_parquet
from heldout.sources.jsonl import read_jsonl
from heldout.sources.labels import find_key, join_labels
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request
from heldout.sources.workbook import read_labelled, read_workbook

# kind of content -> reader; a new format is one file and one line here (and one in `recognise_kind`).
SOURCES: dict[str, Callable[..., Table]] = {
    "delimited": read_delimited,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "workbook": read_workbook,
    "labelled": read_labelled,
    "frame": read_frame,
    "dicts": read_dicts,
}
# Stata's older formats (105 to 115): version, byte order, file type, zero.
_STATA = re.compile(rb"[\x69-\x73][\x01\x02]\x01\x00")
_OPTIONS = {
    "delimited": ("header", "delimiter", "encoding"),
    "jsonl": ("encoding",),
    "workbook": ("header", "sheet"),
    "pictures": ("label_pattern",),
    "fits": ("label_pattern", "hdu"),
    "sequences": ("encoding", "label_pattern"),
    "signals": ("encoding", "label_pattern"),
    "texts": ("encoding", "label_pattern"),
}
_EXAMPLES = ("pictures", "fits", "sequences", "signals", "texts", "idx", "arrays")
# These read a file in pieces and never hold it as a whole.
_STREAMED = ("delimited", "labelled")


def read_table(
    source: object,
    *,
    header: str = "auto",
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    request: Request | None = None,
) -> Table:
    """The table in a file, folder or frame, every cell as text exactly as it was read; pictures and signals as arrays.

    Nothing is typed here and nothing is lost silently: each guess (encoding, delimiter, header) is a sentence in
    `notes`, each row that does not fit stands in `set_aside` with its line and reason. The kind of a file is
    judged by its content, not by its ending; gzip, xz and zip archives of one file are unpacked. The ledger of each
    table (rows in = used + quarantined + dropped, and every line of a text file) is checked before it is returned.
    Columns that form a signal or a picture become an array, and so do the pictures that a column of paths names.

    Args:
        source: a path to delimited text, Parquet, JSON lines, an Excel workbook, an SPSS or Stata file; to a folder or
            an archive of pictures, sequences, FITS files, arrays, signals or texts, or to one file of these; or a
            pandas, polars or pyarrow frame; or a list of dicts.
        header: "auto", "yes" or "no" (delimited text only).
        delimiter: one character, or None to find it (delimited text only).
        encoding: codec name such as "latin-1", or None to find it (text only).
        sheet: name of the sheet (workbooks only).
        request: how examples, their labels and pictures are found; policies of an earlier reading.

    Returns:
        The table; codes int32 [N] per column, lines int64 [N], arrays of N entries.

    Raises:
        DataError: a missing, empty, damaged or unsuitable file, or one whose layout cannot be decided.
        UsageError: an object that is no source, or an option that does not fit the source.

    Example:
        >>> read_table([{"age": 63, "num": "yes"}, {"age": 67, "num": "no"}]).columns[0].levels
        ('63', '67')
        >>> read_table("no-such-file.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: there is no file 'no-such-file.csv'
          -> check the path; it is read relative to the current folder
    """
    request = request or Request()
    request = replace(request, encoding=encoding or request.encoding)
    given = {
        "header": None if header == "auto" else header,
        "delimiter": delimiter,
        "encoding": encoding,
        "sheet": sheet,
        "label_pattern": request.label_pattern or None,
        "hdu": request.hdu or None,
        "images": None if request.images is None else str(request.images),
    }
    if isinstance(source, str | Path):
        table = _read_path(source, given, request)
    else:
        kind = "dicts" if isinstance(source, list | tuple) else "frame"
        _refuse_options(kind, given)
        table = _join_arrays(SOURCES[kind](source), None, request)
    return check_ledger(_join_labels(check_ledger(table), request))


def _read_path(source: str | Path, given: dict[str, str | None], request: Request) -> Table:
    found = find_examples(source, is_few=request.is_fixed)
    if found is None and request.label_pattern:
        found = find_lines(source)
    if found is None and _takes_curves(request) and Path(source).is_file():
        found = Examples("signals", Path(source))
    if found is not None:
        _refuse_options(found.kind, given)
        table = read_examples(found, request)
        return table if found.kind != "fits" or table.arrays else join_runs(table, request)
    content = open_content(source)
    kind = recognise_kind(read_head(content))
    _refuse_options(kind, given)
    if isinstance(content, Path) and kind not in _STREAMED:
        content = content.read_bytes()
    options = {name: given[name] for name in _OPTIONS.get(kind, ()) if given[name] is not None}
    table = SOURCES[kind](content, name=Path(source).name, **options)
    return _join_arrays(table, Path(source).parent, request)


def _takes_curves(request: Request) -> bool:
    """Whether a file is one new signal of a network whose signals came from files."""
    units = [policy.unit for policy in request.policies if policy.kind is Kind.SIGNAL]
    return request.is_fixed and any(not COLUMNS_UNIT.fullmatch(unit) for unit in units)


def _join_arrays(table: Table, beside: Path | None, request: Request) -> Table:
    return join_runs(attach_named(table, beside, request), request) if len(table.lines) else table


def _join_labels(table: Table, request: Request) -> Table:
    if request.labels is None:
        return table
    labels = read_table(request.labels)
    key = request.key or find_key(table, labels)
    if not key:
        names = ", ".join(column.name for column in labels.columns[:12])
        raise DataError(
            f"no column of {labels.source} names most of the {len(table.lines):,} examples of {table.source}",
            hint=f"say --key COLUMN, one of: {names}",
        )
    return join_labels(table, labels, key)


def recognise_kind(raw: bytes) -> str:
    """The kind of a file's content: "parquet", "workbook", "labelled", "jsonl" or "delimited".

    Args:
        raw: content of the file, unpacked.

    Example:
        >>> recognise_kind(b'{"a": 1}'), recognise_kind(b"a,b")
        ('jsonl', 'delimited')
    """
    if raw.startswith(PARQUET_MAGIC):
        return "parquet"
    if raw.startswith((ZIP_MAGIC, OLE_MAGIC)):
        return "workbook"
    if raw.startswith((b"$FL2", b"$FL3", b"<stata_dta>")) or _STATA.match(raw):
        return "labelled"
    opening = raw[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if opening.startswith(b"{"):
        return "jsonl"
    # "[" alone may begin a cell such as "[0-10)".
    if opening.startswith(b"[") and opening[1:].lstrip().startswith(b"{"):
        return "jsonl"
    return "delimited"


def _refuse_options(kind: str, given: dict[str, str | None]) -> None:
    allowed = (*_OPTIONS.get(kind, ()), *(() if kind in _EXAMPLES else ("images",)))
    for option, value in given.items():
        if value is not None and option not in allowed:
            name = "--" + option.replace("_", "-")
            raise UsageError(
                f"{name} {value!r} does not apply: the source is {kind}", hint=f"leave out {name}"
            )
