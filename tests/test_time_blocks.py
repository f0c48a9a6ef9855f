from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.time_blocks import PIECES, cut_blocks, make_forward_folds, number_pieces, order_by_time


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), min_size=6, max_size=40))
def test_no_fit_row_lies_later_than_the_border(rows: list[tuple[int, int]]) -> None:
    time, unit = np.array([float(t) for t, _ in rows]), np.array([u for _, u in rows])
    try:
        ordered, key = order_by_time(np.arange(len(rows)), time=time, unit=unit)
    except DataError:
        assert len({max(t for t, u in rows if u == number) for number in unit}) == 1
        return
    for fold in make_forward_folds(ordered, key, shares=[1.0] * 5):
        last = np.array([max(time[unit == number]) for number in unit])
        assert last[fold.fit].max() < last[fold.validation].min()
        assert not set(unit[fold.fit]) & set(unit[fold.validation])


def test_blocks_without_ties_are_even() -> None:
    assert [block.stop - block.start for block in cut_blocks(np.arange(100.0), [1.0] * 5)] == [20] * 5


def test_ties_leave_fewer_blocks() -> None:
    assert cut_blocks(np.array([1.0, 1.0, 1.0, 1.0]), [1.0, 1.0]) == [slice(0, 4)]
    with pytest.raises(DataError, match="single block of 4 rows"):
        make_forward_folds(np.arange(4), np.ones(4), shares=[1.0, 1.0])


def test_a_gap_that_eats_the_fit_rows_is_refused() -> None:
    with pytest.raises(DataError, match="a gap of 5 rows leaves no fit rows") as refusal:
        make_forward_folds(np.arange(10), np.arange(10.0), shares=[1.0, 1.0], gap=5)
    assert refusal.value.hint == "use --gap below 5"


def test_missing_and_equal_times_are_refused() -> None:
    with pytest.raises(DataError, match="2 of 3 rows have no time, first row 1"):
        order_by_time(np.arange(3), time=np.array([np.inf, 1.0, np.nan]), unit=np.arange(3))
    with pytest.raises(DataError, match="all 3 rows have the same time"):
        order_by_time(np.arange(3), time=np.ones(3), unit=np.arange(3))


def test_pieces_stay_inside_their_part() -> None:
    first, second, n_rows = 4 * PIECES, 6 * PIECES, 7 * PIECES
    parts = [np.arange(0, first), np.arange(first, second)]
    unit = number_pieces(parts, time=np.arange(float(n_rows)), unit=np.arange(n_rows))
    assert len(np.unique(unit[:first])) == PIECES
    assert len(np.unique(unit[first:second])) == PIECES
    assert not set(unit[:first]) & set(unit[first:second])
    assert len(np.unique(unit[second:])) == PIECES  # rows outside all parts are each their own


def test_a_part_with_fewer_rows_than_pieces_has_a_piece_for_each_row() -> None:
    unit = number_pieces([np.arange(PIECES - 1)], time=np.arange(PIECES - 1.0), unit=np.arange(PIECES - 1))
    assert len(np.unique(unit)) == PIECES - 1
