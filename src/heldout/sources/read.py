"""`read_table`: any supported source to a `Table` of raw cells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from heldout.errors import UsageError
from heldout.records import Table
from heldout.sources.delimited import read_delimited
from heldout.sources.files import PARQUET_MAGIC, load_bytes
from heldout.sources.frames import read_dicts, read_frame, read_parquet
from heldout.sources.jsonl import read_jsonl

# kind of content -> reader; a new format is one file and one line here (and one in `recognise_kind`).
SOURCES: dict[str, Callable[..., Table]] = {
    "delimited": read_delimited,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "frame": read_frame,
    "dicts": read_dicts,
}
_OPTIONS = {"delimited": ("header", "delimiter", "encoding"), "jsonl": ("encoding",)}


def read_table(
    source: object,
    *,
    header: str = "auto",
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Table:
    """The table in a file or frame, every cell as text exactly as it was read.

    Nothing is typed here and nothing is lost silently: each guess (encoding, delimiter, header) is a sentence in
    `notes`, each row that does not fit stands in `set_aside` with its line and reason. The kind of a file is
    judged by its content, not by its ending; gzip and xz are unpacked.

    Args:
        source: a path to delimited text, Parquet or JSON lines; or a pandas, polars or pyarrow frame; or a list
            of dicts.
        header: "auto", "yes" or "no" (delimited text only).
        delimiter: one character, or None to find it (delimited text only).
        encoding: codec name such as "latin-1", or None to find it (text only).

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
    given = {"header": None if header == "auto" else header, "delimiter": delimiter, "encoding": encoding}
    if not isinstance(source, str | Path):
        kind = "dicts" if isinstance(source, list | tuple) else "frame"
        _refuse_options(kind, given)
        return SOURCES[kind](source)
    raw = load_bytes(source)
    kind = recognise_kind(raw)
    _refuse_options(kind, given)
    options = {option: value for option, value in given.items() if value is not None}
    return SOURCES[kind](raw, name=Path(source).name, **options)


def recognise_kind(raw: bytes) -> str:
    """The kind of a file's content: "parquet", "jsonl" or "delimited".

    Args:
        raw: content of the file, unpacked.

    Example:
        >>> recognise_kind(b'{"a": 1}'), recognise_kind(b"a,b")
        ('jsonl', 'delimited')
    """
    if raw.startswith(PARQUET_MAGIC):
        return "parquet"
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
