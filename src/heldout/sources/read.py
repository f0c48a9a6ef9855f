"""`read_table`: any supported source to a `Table` of raw cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from heldout.errors import UsageError
from heldout.records import Table
from heldout.sources.delimited import read_delimited
from heldout.sources.examples import read_examples
from heldout.sources.files import OLE_MAGIC, PARQUET_MAGIC, ZIP_MAGIC, open_content, read_head
from heldout.sources.frames import read_dicts, read_frame, read_parquet
from heldout.sources.jsonl import read_jsonl
from heldout.sources.ledger import check_ledger
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
    "examples": read_examples,
}
# Stata's older formats (105 to 115): version, byte order, file type, zero.
_STATA = re.compile(rb"[\x69-\x73][\x01\x02]\x01\x00")
_OPTIONS = {
    "delimited": ("header", "delimiter", "encoding"),
    "jsonl": ("encoding",),
    "workbook": ("header", "sheet"),
}
# These read a file in pieces and never hold it as a whole.
_STREAMED = ("delimited", "labelled")


def read_table(
    source: object,
    *,
    header: str = "auto",
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Table:
    """The table in a file or frame, every cell as text exactly as it was read.

    Nothing is typed here and nothing is lost silently: each guess (encoding, delimiter, header) is a sentence in
    `notes`, each row that does not fit stands in `set_aside` with its line and reason. The kind of a file is
    judged by its content, not by its ending; gzip, xz and zip archives of one file are unpacked. The ledger of each
    table (rows in = used + quarantined + dropped, and every line of a text file) is checked before it is returned.

    Args:
        source: a path to delimited text, Parquet, JSON lines, an Excel workbook, an SPSS or Stata file; or a
            pandas, polars or pyarrow frame; or a list of dicts.
        header: "auto", "yes" or "no" (delimited text only).
        delimiter: one character, or None to find it (delimited text only).
        encoding: codec name such as "latin-1", or None to find it (text only).
        sheet: name of the sheet (workbooks only).

    Returns:
        The table; codes int32 [N] per column, lines int64 [N].

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
    given = {
        "header": None if header == "auto" else header,
        "delimiter": delimiter,
        "encoding": encoding,
        "sheet": sheet,
    }
    if not isinstance(source, str | Path):
        kind = "dicts" if isinstance(source, list | tuple) else "frame"
        _refuse_options(kind, given)
        return check_ledger(SOURCES[kind](source))
    content = open_content(source)
    kind = recognise_kind(read_head(content))
    _refuse_options(kind, given)
    if isinstance(content, Path) and kind not in _STREAMED:
        content = content.read_bytes()
    options = {option: value for option, value in given.items() if value is not None}
    return check_ledger(SOURCES[kind](content, name=Path(source).name, **options))


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
    for option, value in given.items():
        if value is not None and option not in _OPTIONS.get(kind, ()):
            raise UsageError(
                f"--{option} {value!r} does not apply: the source is {kind}", hint=f"leave out --{option}"
            )
