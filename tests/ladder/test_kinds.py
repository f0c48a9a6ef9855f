from itertools import pairwise

import pytest

from heldout.errors import UsageError
from heldout.ladder import LADDERS, grow_kind_ladder
from heldout.nets import Net, count_layer_parameters, list_layers

CASES = {"picture": (28, 28, 1), "tokens": (50,), "signal": (64, 2)}


@pytest.mark.parametrize("kind", sorted(LADDERS))
@pytest.mark.parametrize("n_rungs", [2, 5, 8, 12])
def test_every_ladder_grows_from_the_smallest_to_the_largest_size(kind, n_rungs):
    rungs = grow_kind_ladder(kind, CASES[kind], 3, n_rungs=n_rungs, vocabulary=500)
    assert 2 <= len(rungs) <= n_rungs
    assert [rung.index for rung in rungs] == list(range(len(rungs)))
    for smaller, larger in pairwise(rungs):
        assert larger.n_parameters > smaller.n_parameters
    for rung in rungs:
        vocabulary = 500 if kind == "tokens" else 0
        net = Net(
            rung.family, CASES[kind], 3, rung.widths, rung.channels, rung.kernel, rung.embedding, vocabulary
        )
        assert rung.n_parameters == count_layer_parameters(list_layers(net))
    assert rungs[0].widths == rungs[0].channels == ()
    assert rungs[-1].n_parameters > 20 * rungs[0].n_parameters


@pytest.mark.parametrize(
    ("kind", "dimensions"),
    [
        ("picture", ("widths", "channels", "kernel", "depth")),
        ("tokens", ("widths", "channels", "embedding", "kernel")),
        ("signal", ("widths", "channels", "kernel", "depth")),
    ],
)
def test_every_dimension_of_a_kind_is_varied(kind, dimensions):
    rungs = grow_kind_ladder(kind, CASES[kind], 3, n_rungs=12, vocabulary=500)
    for dimension in dimensions:
        values = {len(r.channels) if dimension == "depth" else getattr(r, dimension) for r in rungs}
        assert len(values) >= 3, dimension


@pytest.mark.parametrize("n_rungs", [1, 0])
def test_fewer_than_two_rungs_are_refused(n_rungs):
    with pytest.raises(UsageError, match=f"a ladder needs at least 2 rungs, got {n_rungs}"):
        grow_kind_ladder("signal", (64, 1), 1, n_rungs=n_rungs)


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="^there is no ladder for 'sound'"):
        grow_kind_ladder("sound", (9,), 1, n_rungs=3)
