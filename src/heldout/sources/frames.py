"""Tables from memory: pandas, polars and pyarrow frames through narwhals, and lists of dicts."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Integral
from typing import Any

import numpy as np

from heldout.errors import DataError, UsageError
from heldout.records import Ledger, RawColumn, Table
from heldout.sources.columns import CellEncoder, encode_cells
from heldout.sources.header import repair_names
from heldout.sources.item_lists import write_items

_ROWS_AT_MIDNIGHT = datetime.time(0, 0)


def read_frame(frame: object, *, name: str = "frame") -> Table:
    """The table held by a pandas, polars or pyarrow frame, cells as their shortest exact text.

    Args:
        frame: an eager frame. Its row index, if any, is not read (a note says so).
        name: what to call it in messages.

    Returns:
        The table; `lines` counts rows from 1; nulls have code -1.

    Raises:
        UsageError: not a frame.
        DataError: no rows or columns, repeated column names, or nested and binary cells.

    Example:
        >>> import polars
        >>> read_frame(polars.DataFrame({"x": [1.0, None]})).columns[0]
        RawColumn(name='x', codes=array([ 0, -1], dtype=int32), levels=('1.0',))
        >>> read_frame(3)
        Traceback (most recent call last):
        heldout.errors.UsageError: cannot read a table from int
          -> give a path, a pandas, polars or pyarrow frame, or a list of dicts
    """
    import narwhals.stable.v2 as nw

    try:
        wrapped = nw.from_native(frame, eager_only=True)  # type: ignore[call-overload]
        given = [str(column) for column in wrapped.columns]
    except TypeError:
        raise UsageError(
            f"cannot read a table from {type(frame).__name__}",
            hint="give a path, a pandas, polars or pyarrow frame, or a list of dicts",
        ) from None
    except ValueError as error:
        raise DataError(f"{name} repeats column names: {error}", hint="rename its columns") from None
    _check_size(name, n_rows=len(wrapped), n_columns=len(given))
    names, notes = repair_names(given, name=name)
    columns = tuple(
        # By position: pandas allows names that are no texts.
        _encode_series(series, column)
        for series, column in zip(wrapped.iter_columns(), names, strict=True)
    )
    lines = np.arange(1, len(wrapped) + 1, dtype=np.int64)
    ledger = Ledger(rows=len(lines), used=len(lines))
    return Table(columns, lines, name, notes=(*notes, *_note_index(frame, name)), ledger=ledger)


def _check_size(name: str, *, n_rows: int, n_columns: int) -> None:
    if n_rows == 0 or n_columns == 0:
        raise DataError(f"{name} has {n_rows} rows and {n_columns} columns", hint="give a table with rows")


def _note_index(frame: object, name: str) -> tuple[str, ...]:
    index = getattr(frame, "index", None)
    if index is None or type(index).__name__ == "RangeIndex":
        return ()
    return (f"{name}: the row index was not read; use reset_index() to make it a column",)


def _encode_series(series: Any, column: str) -> RawColumn:  # noqa: ANN401 - a narwhals series of any backend
    import narwhals.stable.v2 as nw

    cells: list[Any]
    if series.dtype == nw.Float32:
        # The shortest text that gives back the same single-precision number, not its double expansion.
        cells = [None if cell is None else np.float32(cell) for cell in series.to_list()]
    else:
        cells = series.to_list()
    is_null = series.is_null().to_list()
    if series.dtype in (nw.Datetime, nw.Date):
        return encode_cells(column, _write_times(cells, is_null))
    texts = [
        None if null else write_cell(cell, where=f"row {row}, column {column!r}")
        for row, (cell, null) in enumerate(zip(cells, is_null, strict=True), start=1)
    ]
    return encode_cells(column, texts)


def _write_times(cells: Sequence[Any], is_null: Sequence[bool]) -> list[str | None]:
    times = [None if null else cell for cell, null in zip(cells, is_null, strict=True)]
    is_daily = all(
        cell is None or not isinstance(cell, datetime.datetime) or cell.time() == _ROWS_AT_MIDNIGHT
        for cell in times
    )
    if is_daily:
        return [None if cell is None else cell.isoformat()[:10] for cell in times]
    return [None if cell is None else cell.isoformat(sep=" ") for cell in times]


def write_cell(cell: object, *, where: str) -> str | None:
    """The exact shortest text of one Python value, None for a null.

    Args:
        cell: text, number, truth value, date, or a null.
        where: row and column for messages.

    Returns:
        `"63"` for 63, `"63.0"` for 63.0, `"True"` for True, ISO text for dates, "a; b" for a list of names.

    Raises:
        DataError: other lists, dicts, bytes and other values that are no single cell.

    Example:
        >>> write_cell(63.0, where="row 1, column 'age'"), write_cell(None, where="row 1, column 'age'")
        ('63.0', None)
        >>> write_cell([1, 2], where="row 1, column 'age'")
        Traceback (most recent call last):
        heldout.errors.DataError: row 1, column 'age': a list is no single cell ([1, 2])
          -> only lists of names are read as lists; put numbers into columns of their own
    """
    if isinstance(cell, str):
        return str(cell)
    if _is_null(cell):
        return None
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    if isinstance(cell, Integral):
        return str(int(cell))
    # float64 is a float, whose own text names its type; single precision keeps its own, shorter text.
    if isinstance(cell, float):
        return repr(float(cell))
    if isinstance(cell, np.floating | Decimal):
        return str(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds())
    if isinstance(cell, list | tuple):
        return write_items(cell, where=where)
    raise DataError(
        f"{where}: a {type(cell).__name__} is no single cell ({str(cell)[:60]})",
        hint="give one text, number or date a cell",
    )


def _is_null(cell: object) -> bool:
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):
        # pandas' own nulls (NA, NaT) are singletons of these types.
        return True
    return isinstance(cell, float | np.floating) and math.isnan(float(cell))


def read_dicts(rows: Sequence[Mapping[str, object]], *, name: str = "rows") -> Table:
    """The table held by a list of dicts, one a row; a key that a row lacks is a null there.

    Args:
        rows: one mapping a row.
        name: what to call it in messages.

    Returns:
        The table; columns in order of first appearance of their keys.

    Raises:
        DataError: no rows, or a cell that is no single value.
        UsageError: a row is not a dict.

    Example:
        >>> [column.name for column in read_dicts([{"age": 63}, {"age": 67, "sex": "M"}]).columns]
        ['age', 'sex']
    """
    keys: dict[str, CellEncoder] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise UsageError(
                f"row {number} is a {type(row).__name__}, not a dict", hint="give one dict a row"
            )
        for key in row:
            if str(key) not in keys:
                keys[str(key)] = CellEncoder()
    _check_size(name, n_rows=len(rows), n_columns=len(keys))
    texts = [{str(key): cell for key, cell in row.items()} for row in rows]
    for key, encoder in keys.items():
        encoder.add(
            [
                write_cell(row.get(key), where=f"row {i}, column {key!r}")
                for i, row in enumerate(texts, start=1)
            ]
        )
    names, notes = repair_names(list(keys), name=name)
    columns = tuple(encoder.finish(column) for encoder, column in zip(keys.values(), names, strict=True))
    lines = np.arange(1, len(rows) + 1, dtype=np.int64)
    return Table(columns, lines, name, notes=notes, ledger=Ledger(rows=len(rows), used=len(rows)))


def read_parquet(raw: bytes, *, name: str) -> Table:
    """The table in the bytes of a Parquet file.

    Args:
        raw: content of the file.
        name: file name for messages.

    Raises:
        DataError: damaged file, no rows, or nested columns.

    Example:
        >>> read_parquet(b"PAR1 and nothing else", name="t.parquet")
        Traceback (most recent call last):
        heldout.errors.DataError: t.parquet begins like a Parquet file but cannot be read: ...
    """
    import io

    import polars

    try:
        frame = polars.read_parquet(io.BytesIO(raw))
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{name} begins like a Parquet file but cannot be read: {reason}",
            hint="copy or download it again",
        ) from None
    return read_frame(frame, name=name)
