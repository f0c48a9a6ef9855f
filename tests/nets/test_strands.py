"""Both strands: a sequence and its reverse complement get one answer, from recipe to outputs."""

import numpy as np
import pytest

from heldout.errors import RecipeError, UsageError
from heldout.nets import EVALUATION, Net, apply_net, check_net, count_products, draw_params, list_layers
from heldout.nets.strands import read_other_strand
from heldout.recipe import RecipeOptions, apply_recipe, find_layout, fit_recipe
from heldout.records import ColumnSpec, InputLayout, Kind, TypedColumn

COMPLEMENT = str.maketrans("ACGTacgt", "TGCAtgca")


def turn(text):
    return text.translate(COMPLEMENT)[::-1]


def make_column(texts, alphabet="DNA"):
    spec = ColumnSpec("read", Kind.SEQUENCE, "", grammar="letters", pattern=alphabet)
    codes = np.arange(len(texts), dtype=np.int32)
    return TypedColumn(spec, np.zeros(len(texts), np.uint8), np.zeros(0), codes, tuple(texts))


@pytest.fixture
def texts():
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("ACGT"), rng.integers(20, 31))) for _ in range(12)] + [
        "ACgtACGTnnACGGTTACGTACcc"
    ]


@pytest.mark.parametrize("family", ["joined", "joined attention"])
@pytest.mark.parametrize("both", [True, False])
def test_a_sequence_and_its_reverse_complement_get_the_same_answer(texts, family, both):
    options = RecipeOptions(both_strands=("read",) if both else ())
    columns = (make_column(texts),), (make_column([turn(text) for text in texts]),)
    recipe = fit_recipe(columns[0], (np.arange(len(texts)),), options=options)
    layout = find_layout(recipe)
    assert layout is not None
    assert [part.both_strands for part in layout.parts] == [both, False]
    sizes = {"channels": (4,), "kernel": 3} if family == "joined" else {"channels": (8,), "embedding": 16}
    net = Net(family, layout.shape, 2, (5,), parts=layout.parts, **sizes)
    assert check_net(net) == ""
    layers = list_layers(net)
    params = draw_params(layers, 0)
    one, other = (
        np.asarray(apply_net(net, params, ((),) * len(layers), apply_recipe(recipe, own), EVALUATION)[0])
        for own in columns
    )
    assert one.shape == (len(texts), 2)
    if both:
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    else:
        assert np.abs(one - other).max() > 1e-2


def test_the_other_strand_is_the_reverse_complement(texts):
    columns = (make_column(texts),), (make_column([turn(text) for text in texts]),)
    recipe = fit_recipe(columns[0], (np.arange(len(texts)),))
    shape = find_layout(recipe).parts[0].shape
    letters = [apply_recipe(recipe, own)[:, : shape[0] * shape[1]].reshape(-1, *shape) for own in columns]
    np.testing.assert_array_equal(read_other_strand(letters[0]), letters[1])


def test_reading_both_costs_twice_as_much():
    parts = (InputLayout("signal", (9, 4), letters="ACGT"), InputLayout("numbers", (3,)))
    both = (InputLayout("signal", (9, 4), letters="ACGT", both_strands=True), parts[1])
    nets = [Net("joined", (39,), 1, (4,), (2,), 3, parts=chosen) for chosen in (parts, both)]
    one, two = (count_products(list_layers(net)) for net in nets)
    assert two == 2 * one


def test_what_has_one_strand_is_refused():
    parts = (InputLayout("signal", (9, 20), letters="ACDEFGHIKLMNPQRSTVWY", both_strands=True),)
    with pytest.raises(UsageError, match="has no other strand"):
        raise UsageError(check_net(Net("joined", (180,), 1, parts=parts)))
    proteins = make_column(["MKVLE", "MKWLEF"], "protein")
    with pytest.raises(RecipeError, match="a protein has one strand"):
        fit_recipe((proteins,), (np.arange(2),), options=RecipeOptions(both_strands=("read",)))
