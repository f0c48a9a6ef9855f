from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import UsageError
from heldout.ladder import LARGEST_WIDTH, candidate_rates, grow_ladder
from heldout.nets import count_parameters

SIZES = st.tuples(st.integers(1, 3000), st.integers(1, 50), st.integers(1, 200_000))


@settings(max_examples=60, deadline=None)
@given(SIZES, st.integers(2, 14))
def test_every_ladder_grows_from_linear_past_memorising(sizes, n_rungs):
    n_inputs, n_outputs, n_rows = sizes
    rungs = grow_ladder(n_inputs, n_outputs, n_rows, n_rungs=n_rungs)
    assert 2 <= len(rungs) <= n_rungs
    assert rungs[0].widths == ()
    assert [rung.index for rung in rungs] == list(range(len(rungs)))
    for smaller, larger in pairwise(rungs):
        assert larger.n_parameters > smaller.n_parameters
    for rung in rungs:
        assert rung.n_parameters == count_parameters(n_inputs, rung.widths, n_outputs)
        assert all(width <= LARGEST_WIDTH for width in rung.widths)
        assert rung.learning_rate in candidate_rates(rung.widths)
    affordable = count_parameters(n_inputs, (LARGEST_WIDTH, LARGEST_WIDTH), n_outputs)
    assert rungs[-1].n_parameters >= min(10 * n_rows, affordable)


@pytest.mark.parametrize("n_rows", [1, 30, 200, 5000])
def test_two_rungs_are_linear_and_largest(n_rows):
    two, many = (grow_ladder(20, 1, n_rows, n_rungs=n) for n in (2, 8))
    assert two[0].widths == ()
    assert two[1].widths == many[-1].widths


def test_more_rows_never_make_the_largest_rung_smaller():
    largest = [grow_ladder(20, 3, n, n_rungs=5)[-1].n_parameters for n in (10, 100, 1000, 10_000, 100_000)]
    assert largest == sorted(largest)
    assert largest[0] < largest[-1]


@pytest.mark.parametrize("n_rungs", [1, 0, -3])
def test_fewer_than_two_rungs_are_refused(n_rungs):
    with pytest.raises(UsageError, match=f"a ladder needs at least 2 rungs, got {n_rungs}"):
        grow_ladder(20, 1, 200, n_rungs=n_rungs)
