"""Small tables for the tests of the audit: cells in, `AuditInput` out, without the readers of the package."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from heldout.audit import AuditInput
from heldout.links import link_rows
from heldout.records import ColumnSpec, Kind, RawColumn, Status, Table, Target, Task, TypedColumn
from heldout.split import SplitRequest, split_table

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
WORDS = {"", "?", "NA"}


def find_data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path


def read_rows(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def make_raw(name: str, cells: list[str]) -> RawColumn:
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(cell, len(numbers)) for cell in cells]
    return RawColumn(name, np.array(codes, np.int32), tuple(numbers))


def make_typed(raw: RawColumn, kind: Kind, *, used: bool = True) -> TypedColumn:
    texts = [level.strip() for level in raw.levels]
    gone = np.array([text in WORDS for text in texts])[raw.codes]
    status = np.where(gone, Status.MISSING, Status.OK).astype(np.uint8)
    spec = ColumnSpec(raw.name, kind, "in a test", used=used)
    if kind is Kind.NUMBER:
        of_level = np.array([np.nan if text in WORDS else float(text) for text in texts])
        return TypedColumn(spec, status, of_level[raw.codes], np.zeros(0, np.int32))
    return TypedColumn(
        spec, status, np.zeros(0), np.where(gone, -1, raw.codes).astype(np.int32), tuple(texts)
    )


def guess_kind(raw: RawColumn) -> Kind:
    try:
        [float(text) for text in raw.levels if text.strip() not in WORDS]
    except ValueError:
        return Kind.CATEGORY
    return Kind.NUMBER


def make_target(cells: list[str], *, name: str = "y", regression: bool = False) -> Target:
    missing = np.array([index for index, cell in enumerate(cells) if cell in WORDS], np.int64)
    if regression:
        values = np.array([np.nan if cell in WORDS else float(cell) for cell in cells])
        return Target(name, Task.REGRESSION, "", (), values, missing)
    classes = tuple(sorted({cell for cell in cells if cell not in WORDS}))
    values = np.array([np.nan if cell in WORDS else float(classes.index(cell)) for cell in cells])
    return Target(name, Task.BINARY if len(classes) == 2 else Task.MULTICLASS, "", classes, values, missing)


def make_input(
    columns: dict[str, list[str]],
    target: str,
    *,
    kinds: dict[str, Kind] | None = None,
    regression: bool = False,
    group: tuple[str, np.ndarray] | None = None,
) -> AuditInput:
    """Columns as lists of cells; identifiers leave the features; the split is the package's own."""
    raws = tuple(make_raw(name, cells) for name, cells in columns.items())
    asked = kinds or {}
    typed = tuple(
        make_typed(
            raw,
            asked.get(raw.name, guess_kind(raw)),
            used=raw.name != target and asked.get(raw.name) is not Kind.IDENTIFIER,
        )
        for raw in raws
    )
    goal = make_target(columns[target], name=target, regression=regression)
    rows = np.setdiff1d(np.arange(len(goal.values)), goal.missing)
    features = tuple(raw for raw, column in zip(raws, typed, strict=True) if column.spec.used)
    links = link_rows(features, group=None if group is None else group[1])
    split = split_table(SplitRequest(rows, links.unit, goal, "test"))
    table = Table(raws, np.arange(len(goal.values)) + 2, "test")
    return AuditInput(
        typed,
        table,
        goal,
        split,
        split.development,
        links.first_of_duplicate,
        "" if group is None else group[0],
    )


def read_table(path: Path, header: list[str] | None = None) -> dict[str, list[str]]:
    rows = read_rows(path)
    names = header or rows.pop(0)
    return {name: list(cells) for name, cells in zip(names, zip(*rows, strict=True), strict=True)}
