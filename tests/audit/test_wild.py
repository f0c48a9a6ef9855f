from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.wild import check_wild, even_out, rank_cells
from heldout.records import ColumnSpec, Kind, TypedColumn


def make_columns(values: np.ndarray) -> list[TypedColumn]:
    nothing = np.zeros(0, np.int32)
    status = np.zeros(len(values), np.uint8)
    return [
        TypedColumn(ColumnSpec(f"x{k}", Kind.NUMBER, ""), status, part, nothing)
        for k, part in enumerate(values.T)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_cells_far_from_what_their_row_lets_expect_come_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(400, 3)) @ rng.normal(size=(3, 8)) + 0.4 * rng.normal(size=(400, 8))
    base[:, :3] = np.exp(base[:, :3])
    rows, columns = rng.choice(400, 15, replace=False), rng.integers(3, 8, 15)
    base[rows, columns] += 12 * base.std(axis=0)[columns]
    first = [(cell.column, cell.row) for cell in rank_cells(make_columns(base), np.arange(400), rng)[:15]]
    wanted = {(f"x{j}", int(i)) for i, j in zip(rows, columns, strict=True)}
    assert len(wanted & set(first)) >= 14


def test_a_long_tail_is_no_error() -> None:
    rng = np.random.default_rng(0)
    table = {f"x{k}": [f"{v:.6f}" for v in np.exp(2 * rng.normal(size=500))] for k in range(3)}
    found = check_wild(make_input({**table, "y": ["a", "b"] * 250}, "y"))[0]
    assert found.title.startswith("passed")


def test_the_line_and_the_value_are_named() -> None:
    rng = np.random.default_rng(0)
    cells = [f"{v:.3f}" for v in rng.normal(70, 8, 300)]
    cells[5:12] = ["7000"] * 7  # some of them are development rows
    found = check_wild(make_input({"weight": cells, "y": ["a", "b"] * 150}, "y"))[0]
    assert "7000 in 'weight', line " in found.sentence


def test_columns_without_numbers_are_not_asked() -> None:
    found = check_wild(make_input({"town": ["u", "v", "w"] * 100, "y": ["a", "b"] * 150}, "y"))[0]
    assert found.title.startswith("not applicable")


def test_a_mostly_missing_column_of_even_numbers_has_no_wild_cell() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(900, 4))
    values[:, 3] = np.nan
    values[:90, 3] = rng.permutation(90) + 1.0
    found = rank_cells(make_columns(values), np.arange(900), rng)
    assert not [cell for cell in found if cell.distance > 8]


def test_the_scale_with_the_lightest_tails_is_taken() -> None:
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=2_000), np.exp(rng.normal(size=2_000)), rng.normal(size=2_000) ** 3):
        assert np.abs(even_out(values)).max() < 8
