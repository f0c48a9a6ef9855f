"""Worksheets of .xlsx, .xls, .xlsb and .ods workbooks, through the extra `excel`."""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from heldout.errors import DataError
from heldout.records import Table
from heldout.sources.columns import list_names, name_nearest
from heldout.sources.dialect import Dialect
from heldout.sources.files import read_head
from heldout.sources.frames import read_dicts
from heldout.sources.grid import build_table, gather_rows
from heldout.sources.rows import Row

_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2}) 00:00:00")
# Times without a date are stored as fractions of the first day.
_FIRST_DAY = re.compile(r"(?:1899-12-3[01]|1900-01-00) (\d{2}:\d{2}:\d{2})")
_ERROR_CELL = re.compile(rb'<c [^>]*t="e"')
_BLOCK_BYTES, _MOST_BYTES = 1 << 20, 500_000_000


def load_extra(module: str, extra: str, what: str) -> Any:  # noqa: ANN401 - a module that may be absent
    """A module of an optional extra.

    Args:
        module: name of the module.
        extra: the extra that installs it.
        what: what was to be read, for the message.

    Raises:
        DataError: the extra is not installed; says how to install it.

    Example:
        >>> load_extra("no_such_module", "excel", "t.xlsx is an Excel workbook")
        Traceback (most recent call last):
        heldout.errors.DataError: t.xlsx is an Excel workbook; reading it needs the extra 'excel', which is not ...
          -> pip install "heldout[excel]", or save the table as CSV and give that file
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise DataError(
            f"{what}; reading it needs the extra {extra!r}, which is not installed",
            hint=f'pip install "heldout[{extra}]", or save the table as CSV and give that file',
        ) from None


def read_workbook(raw: bytes, *, name: str, header: str = "auto", sheet: str | None = None) -> Table:
    """The table on one sheet of a workbook; titles, notes and totals around it are set aside as in text files.

    Args:
        raw: content of the file.
        name: file name for messages.
        header: "auto", "yes" or "no".
        sheet: name of the sheet; may be left out where one sheet alone holds cells.

    Returns:
        The table; cells as texts, empty cells as empty texts, `lines` = row numbers of the used area.

    Raises:
        DataError: damaged or encrypted file, several sheets and none named, no such sheet, or the extra is missing.
    """
    fastexcel = load_extra("fastexcel", "excel", f"{name} is an Excel workbook")
    try:
        book = fastexcel.read_excel(raw)
        chosen, grid, note = _choose_sheet(book, sheet, name)
    except fastexcel.FastExcelError as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{name} is an Excel workbook that cannot be read: {reason}",
            hint="open it, remove its password if it has one, and save the table as CSV",
        ) from None
    notes = (f"{name}: sheet {chosen!r} was read{note}", *_count_errors(raw, name))
    dialect = Dialect(",")
    gathered, layout = gather_rows(_number_rows(grid), dialect, header=header, name=name)
    return build_table(gathered, layout, n_lines=len(grid), name=name, notes=notes)


def _choose_sheet(book: Any, sheet: str | None, name: str) -> tuple[str, list[list[str]], str]:  # noqa: ANN401
    names = list(book.sheet_names)
    if sheet is not None:
        if sheet not in names:
            near = name_nearest(sheet, names)
            raise DataError(
                f"no sheet {sheet!r} in {name}; its sheets are: {list_names(names)}",
                hint=f"did you mean --sheet {near!r}?" if near else "give one of the names above",
            )
        return sheet, _load_grid(book, sheet), " as asked"
    grids = {each: grid for each in names if (grid := _load_grid(book, each))}
    if not grids:
        raise DataError(f"{name} holds no cells in any of its {len(names)} sheets", hint="check the export")
    if len(grids) > 1:
        sizes = "; ".join(f"{each!r}: {len(grid)} rows" for each, grid in list(grids.items())[:20])
        first = next(iter(grids))
        raise DataError(
            f"{name} holds {len(grids)} sheets with cells ({sizes})",
            hint=f"say which one it is, e.g. --sheet {first!r}",
        )
    chosen, grid = next(iter(grids.items()))
    empty = len(names) - 1
    return chosen, grid, f"; {empty} further sheets are empty" if empty else ""


def _load_grid(book: Any, sheet: str) -> list[list[str]]:  # noqa: ANN401 - fastexcel has no types without it
    loaded = book.load_sheet(sheet, header_row=None, dtypes="string")
    if loaded.width == 0 or loaded.height == 0:
        return []
    columns = [_write_column(column.to_list()) for column in loaded.to_polars().iter_columns()]
    return [list(row) for row in zip(*columns, strict=True)]


def _write_column(cells: Sequence[str | None]) -> list[str]:
    """Texts of a column: dates without the midnight that the format adds, times without its first day."""
    days = [_MIDNIGHT.fullmatch(cell) for cell in cells if cell and cell[4:5] == "-" and ":" in cell]
    is_daily = bool(days) and all(days)
    texts: list[str] = []
    for cell in cells:
        text = cell or ""
        time = _FIRST_DAY.fullmatch(text)
        day = _MIDNIGHT.fullmatch(text) if is_daily else None
        texts.append(time[1] if time else day[1] if day else text)
    return texts


def _number_rows(grid: list[list[str]]) -> Iterator[Row]:
    """Rows of the sheet; a row without any content counts as a blank line, titles keep only their filled cells."""
    for number, cells in enumerate(grid, start=1):
        yield number, number, cells if any(cell.strip() for cell in cells) else [], ""


def _count_errors(raw: bytes, name: str) -> tuple[str, ...]:
    """A note on cells that hold an error such as #REF!, which the reader gives as empty."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            sheets = [item for item in archive.namelist() if item.startswith("xl/worksheets/sheet")]
            count = sum(_count_in_sheet(archive, sheet) for sheet in sheets)
    except (zipfile.BadZipFile, OSError, ValueError):
        return ()
    if not count:
        return ()
    return (
        f"{name}: {count} cells of the workbook hold an error (#REF! and the like); they were read as empty",
    )


def _count_in_sheet(archive: zipfile.ZipFile, sheet: str) -> int:
    count = size = 0
    rest = b""
    with archive.open(sheet) as stream:
        while (block := stream.read(_BLOCK_BYTES)) and size < _MOST_BYTES:
            size += len(block)
            # A cell's tag may be cut in two by the blocks.
            joined = rest + block
            cut = max(joined.rfind(b"<c "), 0)
            count += len(_ERROR_CELL.findall(joined[:cut]))
            rest = joined[cut:]
    return count + len(_ERROR_CELL.findall(rest))


def read_labelled(raw: bytes | Path, *, name: str) -> Table:
    """The table in an SPSS (.sav) or Stata (.dta) file, values replaced by their labels where all have one.

    Args:
        raw: content of the file, or its path.
        name: file name for messages.

    Returns:
        The table; user-missing values and empty cells are nulls.

    Raises:
        DataError: damaged file, no rows, or the extra is missing.
    """
    pyreadstat = load_extra("pyreadstat", "excel", f"{name} is an SPSS or Stata file")
    content: Any = io.BytesIO(raw) if isinstance(raw, bytes) else raw
    read = pyreadstat.read_sav if read_head(raw).startswith(b"$FL") else pyreadstat.read_dta
    try:
        columns, about = read(content, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeError, ValueError) as error:
        raise DataError(
            f"{name} begins like an SPSS or Stata file but cannot be read: {error}", hint="export it as CSV"
        ) from None
    labels, notes = about.variable_value_labels, []
    written: dict[str, list[object]] = {}
    for column, values in columns.items():
        known = labels.get(column, {})
        filled = {value for value in values if value is not None and value == value}
        is_labelled = bool(known) and filled <= set(known)
        if is_labelled:
            notes.append(
                f"{name}: values of {column!r} were replaced by their labels ({_list_labels(known)})"
            )
        elif known:
            notes.append(
                f"{name}: {column!r} has labels for some values only, which stay numbers ({_list_labels(known)})"
            )
        written[column] = [
            _write_value(known.get(value, value) if is_labelled else value) for value in values
        ]
    rows = [dict(zip(written, cells, strict=True)) for cells in zip(*written.values(), strict=True)]
    table = read_dicts(rows, name=name)
    return replace(table, notes=(*notes, *table.notes))


def _write_value(value: object) -> object:
    # All numbers of these formats are floats; a whole one is written without its point.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _list_labels(labels: dict[Any, str]) -> str:
    shown = [
        f"{value:g} = {text}" if isinstance(value, float) else f"{value} = {text}"
        for value, text in labels.items()
    ]
    return ", ".join(shown[:6]) + (" ..." if len(shown) > 6 else "")
