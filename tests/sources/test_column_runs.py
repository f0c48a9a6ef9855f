"""Columns that form a signal or a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import Kind, Table
from heldout.sources.column_runs import ColumnRun, find_runs, join_run, join_runs
from heldout.sources.columns import encode_cells
from heldout.sources.request import Request

RNG = np.random.default_rng(0)


def table_of(values: np.ndarray, stem: str = "t") -> Table:
    columns = [
        encode_cells(f"{stem}{place}", [repr(float(cell)) for cell in values[:, place]])
        for place in range(values.shape[1])
    ]
    return Table((encode_cells("y", ["a"] * len(values)), *columns), np.arange(len(values)), "t.csv")


def waves(count: int, points: int) -> np.ndarray:
    return np.sin(np.linspace(0, 6, points) + RNG.normal(size=(count, 1)) * 3)


def test_signal_is_found_and_joined() -> None:
    values = waves(20, 64)
    table = table_of(values)
    run = find_runs(table)[0]
    assert (run.kind, len(run.names)) == (Kind.SIGNAL, 64)
    joined = join_run(table, run, Request())
    assert [column.name for column in joined.columns] == ["y"]
    np.testing.assert_allclose(joined.arrays[0].values[..., 0], values, rtol=1e-6)
    again = join_run(table, run, Request(policies=(joined.arrays[0].policy,)))
    assert (again.arrays[0].values == joined.arrays[0].values).all()


def test_picture_is_found_in_a_square() -> None:
    smooth = waves(30, 12)[:, :, None] + waves(30, 12)[:, None, :]
    pixels = np.round((smooth + 2) * 60).reshape(30, 144)
    table = table_of(pixels, "pixel")
    run = find_runs(table)[0]
    assert run.kind is Kind.PICTURE
    array = join_run(table, run, Request()).arrays[0]
    assert (array.values.shape, array.values.dtype) == ((30, 12, 12, 1), np.dtype(np.uint8))


@pytest.mark.parametrize(
    "values", [RNG.normal(size=(40, 64)), waves(40, 20), RNG.normal(size=(40, 1)) * np.ones((1, 20))]
)
def test_features_and_short_runs_are_no_signal(values: np.ndarray) -> None:
    assert find_runs(table_of(values)) == ()


def test_units_of_columns_do_not_make_a_signal() -> None:
    scales = np.linspace(0, 1000, 64)
    assert find_runs(table_of(RNG.normal(size=(40, 64)) + scales)) == ()


def test_words_are_no_signal_and_other_lengths_are_refused() -> None:
    table = Table((encode_cells("a", ["x"]), encode_cells("b", ["1"])), np.arange(1), "t.csv")
    with pytest.raises(DataError, match="columns a, b of t.csv hold cells that are no numbers"):
        join_run(table, ColumnRun(("a", "b"), Kind.SIGNAL, "told"), Request())
    good = table_of(waves(5, 3))
    policy = join_run(good, ColumnRun(("t0", "t1"), Kind.SIGNAL, "told"), Request()).arrays[0].policy
    with pytest.raises(DataError, match="t.csv has 3 such columns where 2 were expected"):
        join_run(good, ColumnRun(("t0", "t1", "t2"), Kind.SIGNAL, "told"), Request(policies=(policy,)))


def grid(names: str, values: np.ndarray) -> Table:
    height, width = values.shape[1:]
    columns = [
        encode_cells(names.format(r=row, c=column), [repr(float(cell)) for cell in values[:, row, column]])
        for row in range(height)
        for column in range(width)
    ]
    return Table((encode_cells("y", ["a"] * len(values)), *columns), np.arange(len(values)), "t.csv")


@pytest.mark.parametrize("names", ["pixel_{r}_{c}", "{r}x{c}", "px{r:02d}.{c:02d}"])
def test_places_in_names_make_a_picture_row_by_row(names: str) -> None:
    values = RNG.integers(0, 256, (6, 9, 11)).astype(float)
    table = join_runs(grid(names, values), Request())
    assert [column.name for column in table.columns] == ["y"]
    assert (table.arrays[0].values[..., 0] == values).all()
    request = Request(policies=(table.arrays[0].policy,), is_fixed=True)
    whole = grid(names, values)
    turned = replace(whole, columns=whole.columns[::-1])
    assert (join_runs(turned, request).arrays[0].values == table.arrays[0].values).all()
    lacking = replace(
        whole, columns=tuple(item for item in whole.columns if item.name != names.format(r=3, c=4))
    )
    with pytest.raises(DataError, match=r"lacks 1 of the 99 columns that form the picture"):
        join_runs(lacking, request)
    assert join_runs(lacking, Request()).arrays == ()
    assert join_runs(whole, Request(kept=(names.format(r=0, c=0),))).arrays == ()


def test_questions_by_time_are_no_picture() -> None:
    people = RNG.normal(size=(60, 1, 1)) + RNG.normal(size=(60, 10, 12))
    assert find_runs(grid("q{r}_{c}", people)) == ()
    smooth = waves(60, 12)[:, :, None] + waves(60, 12)[:, None, :]
    assert find_runs(grid("q{r}_{c}", smooth))[0].kind is Kind.PICTURE
