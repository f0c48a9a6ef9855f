import math
from itertools import pairwise

import pytest

from heldout.errors import UsageError
from heldout.ladder import LADDERS, count_layers, grow_kind_ladder, list_rates, make_net
from heldout.nets import check_net, count_layer_parameters, list_layers
from heldout.records import InputLayout

PICTURE, TOKENS, SIGNAL = (
    InputLayout("picture", (28, 28, 1)),
    InputLayout("tokens", (50,), 500, 30),
    InputLayout("signal", (64, 2)),
)
NUMBERS = InputLayout("numbers", (5,))


def join(*parts):
    return InputLayout("joined", (sum(math.prod(part.shape) for part in parts),), parts=parts)


CASES = {
    "picture": PICTURE,
    "tokens": TOKENS,
    "signal": SIGNAL,
    "numbers and picture": join(NUMBERS, PICTURE),
    "tokens and numbers": join(TOKENS, NUMBERS),
    "all": join(NUMBERS, TOKENS, PICTURE, SIGNAL, NUMBERS),
}


@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("n_rungs", [2, 5, 8, 12])
def test_every_ladder_grows_from_the_smallest_to_the_largest_size(kind, n_rungs):
    rungs = grow_kind_ladder(CASES[kind], 3, n_rungs=n_rungs)
    assert 2 <= len(rungs) <= n_rungs
    assert [rung.index for rung in rungs] == list(range(len(rungs)))
    for smaller, larger in pairwise(rungs):
        assert larger.n_parameters > smaller.n_parameters
    for rung in rungs:
        net = make_net(rung, CASES[kind], 3)
        assert check_net(net) == ""
        layers = list_layers(net)
        assert rung.n_parameters == count_layer_parameters(layers)
        assert count_layers(rung) == len(layers)
    assert rungs[0].widths == rungs[0].channels == ()
    assert rungs[-1].n_parameters > 10 * rungs[0].n_parameters


@pytest.mark.parametrize(
    ("kind", "dimensions"),
    [
        ("picture", ("widths", "channels", "kernel", "depth")),
        ("tokens", ("widths", "channels", "embedding", "kernel")),
        ("signal", ("widths", "channels", "kernel", "depth")),
    ],
)
def test_every_dimension_of_a_kind_is_varied(kind, dimensions):
    rungs = grow_kind_ladder(CASES[kind], 3, n_rungs=12)
    for dimension in dimensions:
        values = {len(r.channels) if dimension == "depth" else getattr(r, dimension) for r in rungs}
        assert len(values) >= 3, dimension


@pytest.mark.parametrize("n_rungs", [1, 0])
def test_fewer_than_two_rungs_are_refused(n_rungs):
    with pytest.raises(UsageError, match=f"a ladder needs at least 2 rungs, got {n_rungs}"):
        grow_kind_ladder(SIGNAL, 1, n_rungs=n_rungs)


def test_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="^there is no ladder for 'sound'"):
        grow_kind_ladder(InputLayout("sound", (9,)), 1, n_rungs=3)


def test_every_kind_has_a_case():
    assert set(LADDERS) <= set(CASES)


LETTERS = InputLayout("signal", (20, 4), letters="ACGT")


def test_sequences_have_filters_of_several_lengths_on_every_rung_but_the_linear_one():
    rungs = grow_kind_ladder(join(LETTERS, NUMBERS), 2, n_rungs=12)
    assert {rung.kernel for rung in rungs if rung.channels} == {3, 5, 9}
    assert [bool(rung.channels) for rung in rungs] == [False] + [True] * (len(rungs) - 1)


@pytest.mark.parametrize(
    ("layout", "family"),
    [
        (TOKENS, "attention"),
        (join(TOKENS, NUMBERS), "joined attention"),
        (join(LETTERS, NUMBERS), "joined attention"),
        (join(LETTERS, TOKENS), "joined attention"),
    ],
    ids=["text", "text and numbers", "sequence", "sequence and text"],
)
def test_where_asked_the_largest_networks_attend(layout, family):
    plain = grow_kind_ladder(layout, 2, n_rungs=12)
    assert not any("attention" in rung.family for rung in plain)
    rungs = grow_kind_ladder(layout, 2, n_rungs=12, attends=True)
    assert rungs[-1].family == family
    assert list_rates(rungs[-1]) == (3e-4, 1e-3, 3e-3)
    for rung in rungs:
        assert check_net(make_net(rung, layout, 2)) == ""
        assert count_layers(rung) == len(list_layers(make_net(rung, layout, 2)))


@pytest.mark.parametrize("layout", [PICTURE, SIGNAL, join(TOKENS, PICTURE), join(LETTERS, SIGNAL)])
def test_pictures_and_plain_signals_do_not_attend(layout):
    assert not any(
        "attention" in rung.family for rung in grow_kind_ladder(layout, 2, n_rungs=12, attends=True)
    )


@pytest.mark.parametrize("beside", [(NUMBERS,), (TOKENS, NUMBERS)], ids=["numbers", "words and numbers"])
def test_pictures_beside_other_columns_have_residual_networks_too(beside):
    layout = join(*beside, PICTURE)
    rungs = [rung for rung in grow_kind_ladder(layout, 3, n_rungs=99) if rung.family == "joined residual"]
    assert len(rungs) == sum(rung.family == "residual" for rung in LADDERS["picture"])
    for rung in rungs:
        net = make_net(rung, layout, 3)
        assert check_net(net) == ""
        assert rung.widths  # the picture and the other columns meet before the output
        assert any(layer.kept for layer in list_layers(net))


def test_texts_beside_other_columns_meet_them_in_a_hidden_layer_on_every_size_but_the_smallest():
    layout = join(NUMBERS, TOKENS, InputLayout("numbers", (1,)), TOKENS)
    rungs = grow_kind_ladder(layout, 3, n_rungs=99)
    assert [bool(rung.widths) for rung in rungs] == [False] + [True] * (len(rungs) - 1)
    assert {rung.family for rung in rungs} == {"joined"}
    for rung in rungs:
        names = [layer.name for layer in list_layers(make_net(rung, layout, 3))]
        for part in (2, 4):  # each text has a table and filters of its own
            assert f"embedding of part {part}" in names
            assert sum(name.endswith(f" of part {part}") for name in names) == 1 + len(rung.channels)
    assert any(rung.channels for rung in rungs)


def test_where_a_picture_takes_the_filters_a_text_is_averaged():
    layout = join(NUMBERS, TOKENS, PICTURE)
    largest = make_net(grow_kind_ladder(layout, 3, n_rungs=2)[-1], layout, 3)
    names = [layer.name for layer in list_layers(largest) if layer.name.endswith("part 2")]
    assert names == ["embedding of part 2"]


def test_small_pictures_leave_out_what_does_not_fit():
    rungs = grow_kind_ladder(InputLayout("picture", (4, 4, 1)), 2, n_rungs=12)
    assert all(check_net(make_net(rung, InputLayout("picture", (4, 4, 1)), 2)) == "" for rung in rungs)
