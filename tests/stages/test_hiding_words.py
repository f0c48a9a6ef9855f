"""Words of several texts of a row: each text has a table of vectors of its own."""

import numpy as np
import pytest

from heldout.nets import Net, draw_params, list_layers, start_memory
from heldout.recipe import RecipeOptions, apply_recipe, fit_recipe
from heldout.recipe.steps.tokens import FIRST_WORD, UNKNOWN
from heldout.records import InputLayout, Task
from heldout.stages import hiding_words
from heldout.stages.hiding import TOKENS, WORD, Unit
from heldout.stages.hiding_words import keep_leant_on, list_words
from heldout.stages.probing import Network, compute_outputs, take_rows
from recipe.sample_columns import number, text
from stages.test_probing import make_tensors

WORDS, BESIDE = InputLayout("tokens", (4,), 40), InputLayout("numbers", (2,))
NET = Net("joined", (4 + 2 + 4,), 1, embedding=3, parts=(WORDS, BESIDE, WORDS))


def make_rows(n_rows=200):
    rng = np.random.default_rng(0)
    tokens = rng.integers(UNKNOWN, 40, (2, n_rows, 4))
    x = np.concatenate([tokens[0], rng.normal(size=(n_rows, 2)), tokens[1]], axis=1).astype(np.float32)
    return take_rows(make_tensors(NET, n_rows=n_rows, features=x[None]), fold=0, rows=np.arange(n_rows))


@pytest.mark.parametrize("says", [0, 1], ids=["first text", "second text"])
def test_words_leant_on_are_sought_in_the_table_of_their_own_text(monkeypatch, says):
    """Only one text's words say anything, and of them seven; numbers of words are the same in both."""
    monkeypatch.setattr(hiding_words, "MOST_MEASURED", 7)
    layers = list_layers(NET)
    params = [list(map(np.array, layer)) for layer in draw_params(layers, 0)]
    tables = [place for place, layer in enumerate(layers) if layer.name.startswith("embedding")]
    loud = np.arange(FIRST_WORD, FIRST_WORD + 7)
    for number_, place in enumerate(tables):
        params[place][0][:] = 0.0
        if number_ == says:
            params[place][0][loud] = 5.0
    network = Network(NET, tuple(map(tuple, params)), start_memory(layers))
    seen = make_rows()
    starts = (np.arange(4), np.arange(6, 10))
    units = tuple(
        Unit(f"'{token}' in {name}", WORD, TOKENS, positions, (token,), 4)
        for name, positions in zip("ab", starts, strict=True)
        for token in range(FIRST_WORD, 40)
    )
    kept = keep_leant_on(units, network, (seen, seen))
    assert [unit.numbers[0] for unit in kept] == loud.tolist()
    assert {int(unit.positions[0]) for unit in kept} == {int(starts[says][0])}
    assert np.ptp(compute_outputs(network, seen.x)) > 0


def test_words_of_two_texts_are_told_apart_by_name_and_place():
    notes = [f"good day number {letter}" for letter in "abcdefghij"] * 2
    columns = (text("told", notes), number("age", list(range(20))), text("asked", notes))
    options = RecipeOptions(tokens=(("told", 16), ("asked", 16)))
    rows = np.arange(20)
    recipe = fit_recipe(columns, (rows,), options=options)
    x = apply_recipe(recipe, columns)
    tensors = make_tensors(Net("mlp", (x.shape[1],), 1), n_rows=20, features=x[None], task=Task.BINARY)
    seen = [take_rows(tensors, fold=0, rows=rows)]
    found = {unit.name: unit for unit in list_words(recipe, (seen, seen), least=15)}
    assert set(found) == {
        f"'{item}' in {name}"
        for name in ("told", "asked")
        for item in ("good", "day", "number", "good day", "day number")
    }
    first = next(slot.position for slot in recipe.layout if slot.column == "asked")
    assert found["'good' in asked"].positions[0] == first
    assert found["'good' in told"].positions[0] == 0
    alone = fit_recipe(columns[:1], (rows,), options=options)
    lone = make_tensors(
        Net("mlp", (31,), 1), n_rows=20, features=apply_recipe(alone, columns[:1])[None], task=Task.BINARY
    )
    seen = [take_rows(lone, fold=0, rows=rows)]
    assert "'good'" in {unit.name for unit in list_words(alone, (seen, seen), least=15)}
