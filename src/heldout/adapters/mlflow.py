"""MLflow: files mlruns/.../metrics/KEY, an SQLite store of one run, and the metric history as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from heldout.adapters.record import LogFormat, Opened, RawLog, make_series
from heldout.errors import DataError

_Items = dict[str, list[tuple[int, float, float]]]


def read_mlflow(opened: Opened) -> RawLog:
    """The metrics of one run over the logged step.

    Args:
        opened: a metrics folder, an SQLite store, or a list of {key, value, step}.

    Returns:
        the log.

    Raises:
        DataError: a line or row of another form, or a store with several runs.
    """
    if opened.kind == "mlflow files" and opened.path:
        found = _read_folder(opened.path)
    elif opened.kind == "sqlite" and opened.path:
        found = _read_store(opened.path)
    else:
        found = _read_history(opened)
    return RawLog(opened.source, tuple(make_series(name, items) for name, items in found.items()))


def is_mlflow(opened: Opened) -> bool:
    """Whether a source holds metrics of MLflow.

    Args:
        opened: any source.

    Example:
        >>> is_mlflow(Opened("x", "json", data=[{"key": "val_loss", "value": 0.5, "step": 0}]))
        True
    """
    if opened.kind in ("mlflow files", "sqlite"):
        return True
    first = opened.data[0] if isinstance(opened.data, list) and opened.data else None
    return isinstance(first, Mapping) and {"key", "value", "step"} <= set(first)


def _read_folder(folder: Path) -> _Items:
    found: _Items = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            words = line.split()
            try:
                value, step = float(words[1]), float(words[2]) if len(words) > 2 else float(number - 1)
            except (IndexError, ValueError):
                raise DataError(
                    f"{file}, line {number}: {line!r}, expected 'timestamp value step'",
                    hint="give the folder 'metrics' of one run",
                ) from None
            found.setdefault(name, []).append((number, step, value))
    return found


def _read_store(path: Path) -> _Items:
    address = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as store:
            rows = store.execute("select run_uuid, key, step, value, is_nan from metrics order by rowid")
            cells = rows.fetchall()
    except sqlite3.Error as error:
        raise DataError(
            f"{path}: no metrics table of MLflow ({error})", hint="give mlflow.db or an mlruns folder"
        ) from None
    runs = sorted({cell[0] for cell in cells})
    if len(runs) > 1:
        raise DataError(
            f"{path}: {len(runs)} runs ({', '.join(runs[:5])}); which are seeds of one configuration?",
            hint="export the metric history of the runs you mean and give one file per seed",
        )
    return _collect((key, step, float("nan") if is_nan else value) for _, key, step, value, is_nan in cells)


def _read_history(opened: Opened) -> _Items:
    cells = []
    for number, item in enumerate(opened.data if isinstance(opened.data, list) else [], start=1):
        try:
            cells.append((str(item["key"]), float(item["step"]), float(item["value"])))
        except (KeyError, TypeError, ValueError):
            raise DataError(
                f"{opened.source}: entry {number} is {item!r}, expected key, value and step"
            ) from None
    return _collect(cells)


def _collect(cells: Iterable[tuple[str, float, float]]) -> _Items:
    found: _Items = {}
    for number, (key, step, value) in enumerate(cells, start=1):
        found.setdefault(key, []).append((number, float(step), float(value)))
    return found


FORMAT = LogFormat(
    "mlflow",
    "mlruns folder, run folder, mlflow.db with one run, metric history as JSON",
    matches=is_mlflow,
    read=read_mlflow,
)
