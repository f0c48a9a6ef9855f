"""Rows that agree in all cells but one, where chance does not explain it."""

import numpy as np
import pytest

from heldout.one_cell import find_one_cell
from heldout.sources import encode_cells


def make_columns(table):
    return tuple(encode_cells(f"x{k}", [str(cell) for cell in column]) for k, column in enumerate(table))


def make_rows(seed, n_rows=120, n_columns=6):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 1000, (n_columns, n_rows)).astype(str).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_a_changed_cell_is_found_and_nothing_else(seed):
    table = make_rows(seed)
    rng = np.random.default_rng(seed)
    source, changed = rng.choice(100, 8, replace=False), rng.integers(0, 6, 8)
    for copy, (row, column) in enumerate(zip(source.tolist(), changed.tolist(), strict=True), start=112):
        for cells in table:
            cells[copy] = cells[row]
        table[column][copy] = ""
    found = find_one_cell(make_columns(table), np.arange(100), np.arange(100, 120))
    assert found.tolist() == [[112 + k, row] for k, row in enumerate(source.tolist())]


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_those_of_brute_force(seed):
    table = make_rows(seed)
    for row in range(0, 30, 3):
        for column, cells in enumerate(table):
            cells[row + 60] = cells[row] if column != row % 6 else "other"
    grid = np.array(table).T
    off = (grid[:, None] != grid[None]).sum(axis=2)
    expected = {frozenset(pair) for pair in np.argwhere(off == 1).tolist()}
    found = find_one_cell(make_columns(table), np.arange(120), np.arange(120))
    assert {frozenset(pair) for pair in found.tolist()} == expected
    assert len(expected) == 10


def test_two_changed_cells_are_another_row():
    table = make_rows(0)
    for column, cells in enumerate(table):
        cells[119] = cells[3] if column > 1 else "new"
    assert not len(find_one_cell(make_columns(table), np.arange(100), np.arange(100, 120)))


def test_coarse_columns_agree_by_chance():
    rng = np.random.default_rng(0)
    table = rng.integers(0, 3, (8, 400)).astype(str).tolist()
    assert not len(find_one_cell(make_columns(table), np.arange(300), np.arange(300, 400)))


def test_a_part_with_fewer_decimals_is_compared_at_these():
    rng = np.random.default_rng(0)
    values = rng.normal(50, 20, (6, 100))
    table = [
        [f"{value:.4f}" for value in column] + [f"{value:.1f}" for value in column[:5]] for column in values
    ]
    found = find_one_cell(make_columns(table), np.arange(100), np.arange(100, 105))
    assert found.tolist() == [[100 + k, k] for k in range(5)]


def test_few_columns_and_empty_parts_give_no_pair():
    table = make_columns(make_rows(0, n_columns=3))
    assert find_one_cell(table, np.arange(100), np.arange(100, 120)).shape == (0, 2)
    assert find_one_cell(make_columns(make_rows(0)), np.arange(100), np.arange(0)).shape == (0, 2)
