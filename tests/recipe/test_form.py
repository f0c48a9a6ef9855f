import copy
import json
import random
import sys

import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe import (
    RecipeOptions,
    apply_recipe,
    fit_recipe,
    recipe_from_json,
    recipe_hash,
    recipe_to_json,
)
from heldout.recipe.steps.table import STEPS
from recipe.sample_columns import folds, messy_columns, number, text


@pytest.fixture(scope="module")
def messy():
    columns = messy_columns()
    return columns, fit_recipe(columns, (*folds(60), np.arange(60)), embedding="piecewise")


@pytest.fixture(scope="module")
def written(messy):
    return recipe_to_json(messy[1])


def mutate(text, change):
    made = json.loads(text)
    change(made)
    return json.dumps(made)


def test_reading_back_encodes_the_same_bits(messy, written):
    columns, recipe = messy
    again = recipe_from_json(*written)
    assert again.columns == recipe.columns
    assert recipe_to_json(again)[0] == written[0]
    assert recipe_hash(again) == recipe_hash(recipe)
    for state in range(4):
        assert (apply_recipe(again, columns, state=state) == apply_recipe(recipe, columns, state=state)).all()


def test_the_text_is_ascii_sorted_and_strict(written):
    text = written[0]
    assert text.isascii()

    def check_order(pairs):
        names = [name for name, _ in pairs]
        assert names == sorted(set(names))
        return dict(pairs)

    json.loads(text, parse_constant=lambda word: pytest.fail(word), object_pairs_hook=check_order)


def test_each_column_stands_on_one_line(written):
    lines = written[0].splitlines()
    assert sum('"ops":' in line for line in lines) == 10
    assert sum('"rates":' in line for line in lines) == 4 * 10
    assert all(line.count('"ops":') + line.count('"rates":') <= 1 for line in lines)


def test_the_hash_sees_every_bit(messy, written):
    _, recipe = messy
    text, arrays = written
    key = next(key for key in arrays if arrays[key].dtype == np.float64)
    other = {**arrays, key: arrays[key] * (1 + 2**-50)}
    assert recipe_hash(recipe_from_json(text, other)) != recipe_hash(recipe)
    changed = mutate(text, lambda made: made["states"][0]["columns"][0]["rates"].update(missing=0.5))
    assert recipe_hash(recipe_from_json(changed, arrays)) != recipe_hash(recipe)


def first_op(made):
    return made["columns"][0]["ops"][0]


def first_fitted(made):
    return made["states"][0]["columns"][0]["fitted"][0]["values"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda made: made.update(schema="heldout/recipe/2"), "schema 'heldout/recipe/2' is not known"),
        (lambda made: made.update(code="import os"), "unknown key 'code'"),
        (lambda made: made.pop("states"), "key 'states' is missing"),
        (lambda made: first_op(made).update(op="standardize@2"), "step 'standardize@2' is not known"),
        (lambda made: first_op(made).update(op="os.system"), "step 'os.system' is not known"),
        (lambda made: first_op(made).update(op=["x"]), "step a list of 1 items is not known"),
        (lambda made: first_op(made).update(op="onehot@1"), "unknown key|is not for number|missing"),
        (lambda made: made["columns"].append(made["columns"][0]), "column 'weight' is there twice"),
        (lambda made: first_op(made)["slots"][0].update(position=5), "slot position 5, expected 0"),
        (lambda made: first_op(made)["slots"][0].update(role="magic"), "expected one of 'value'"),
        (lambda made: first_op(made).update(slots=[]), "standardize@1 fills no slot"),
        (lambda made: made["columns"][0].update(ops=[]), "there is no step"),
        (lambda made: made["columns"][0]["ops"].append(made["columns"][0]["ops"][0]), "there twice"),
        (lambda made: made["columns"][0]["read"].update(date_format="%Q"), "unknown directive '%Q'"),
        (lambda made: made["columns"][0]["read"].update(kind="object"), "expected one of 'number'"),
        (lambda made: first_fitted(made).update(scale=-1), "'scale': expected a number from 0"),
        (lambda made: first_fitted(made).update(spread=0), "'spread': expected a number"),
        (lambda made: first_fitted(made).update(low=1e9), "is above high"),
        (lambda made: first_fitted(made).update(scale=1e-300), "would leave float32"),
        (lambda made: first_fitted(made).update(transform="exec"), "expected one of 'none', 'asinh'"),
        (lambda made: made["states"][0]["columns"].pop(), "9 columns, but the recipe declares 10"),
        (lambda made: made["states"][0]["columns"][0]["fitted"].pop(), "fitted steps, but"),
        (lambda made: made["states"][0]["fitted_on"].update(sha256="x"), "is not a sha256"),
        (lambda made: made["states"][0]["fitted_on"].update(rows=True), "expected a whole number from 1"),
    ],
)
def test_anything_unknown_is_refused(written, change, message):
    text, arrays = written
    with pytest.raises(RecipeError, match=message):
        recipe_from_json(mutate(text, change), arrays)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("[]", "expected an object, got a list"),
        ('{"schema": NaN}', "NaN is not a number"),
        ('{"schema": -Infinity}', "-Infinity is not a number"),
        ('{"schema": 1, "schema": 2}', "key 'schema' is there twice"),
        ("[" * 100_000, "nested too deeply|not valid JSON"),
        ('{"a": ' * 100_000, "nested too deeply|not valid JSON"),
        ('{"schema": ' + "9" * 10_000 + "}", "not valid JSON"),
        (b"{}", "expected a text, got bytes"),
        (
            '{"schema": "heldout/recipe/1", "arrays": [], "columns": {}, "states": []}',
            "columns: expected a list",
        ),
    ],
)
def test_odd_texts_are_refused(text, message):
    with pytest.raises(RecipeError, match=message):
        recipe_from_json(text, {})


def test_arrays_must_be_exactly_the_expected_ones(written):
    text, arrays = written
    key = next(key for key in arrays if arrays[key].dtype == np.float64)
    with pytest.raises(RecipeError, match=f"array '{key}' is missing"):
        recipe_from_json(text, {name: array for name, array in arrays.items() if name != key})
    with pytest.raises(RecipeError, match="array 'more' belongs to no step"):
        recipe_from_json(text, {**arrays, "more": np.zeros(1)})
    with pytest.raises(RecipeError, match="words but"):
        recipe_from_json(text, {**arrays, key: arrays[key][:-1]})
    with pytest.raises(RecipeError, match="number 0 is nan"):
        recipe_from_json(text, {**arrays, key: arrays[key] * np.nan})
    with pytest.raises(RecipeError, match="expected an array of float64"):
        recipe_from_json(text, {**arrays, key: arrays[key].astype(np.float32)})


def places_in(made, path=()):
    items = made.items() if isinstance(made, dict) else enumerate(made) if isinstance(made, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places_in(value, (*path, key))


WILD = [
    None,
    True,
    -1,
    0,
    1e300,
    -1e308,
    10**30,
    "",
    "x",
    "\ud800",
    [],
    {},
    [[]],
    {"op": "drop@1"},
    1.5,
    "onehot@1",
]


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_recipe_is_read_or_refused_but_never_crashes(messy, written, seed):
    columns, _ = messy
    text, arrays = written
    original = json.loads(text)
    places = list(places_in(original))
    rng = random.Random(seed)
    refused = 0
    for _ in range(100):
        made = copy.deepcopy(original)
        path = rng.choice(places)
        where = made
        for key in path[:-1]:
            where = where[key]
        kind = rng.randrange(3)
        if kind == 0:
            where[path[-1]] = rng.choice(WILD)
        elif kind == 1:
            del where[path[-1]]
        elif isinstance(where, dict):
            where["extra"] = rng.choice(WILD)
        else:
            where.append(copy.deepcopy(where[path[-1]]))
        try:
            read = recipe_from_json(json.dumps(made), arrays)
            made_features = apply_recipe(read, columns, state=0)
        except RecipeError:
            refused += 1
            continue
        assert np.isfinite(made_features).all()
    assert refused > 50


@pytest.mark.parametrize("seed", range(2))
def test_a_text_with_damaged_characters_is_read_or_refused(written, seed):
    text, arrays = written
    rng = random.Random(seed)
    for _ in range(60):
        start = rng.randrange(len(text))
        damaged = (
            text[:start]
            + rng.choice(["", "9", '"', "}", "e9", "\\", "null", "-"])
            + text[start + rng.randrange(3) :]
        )
        try:
            recipe_from_json(damaged, arrays)
        except RecipeError:
            continue


def test_no_file_is_opened_and_nothing_is_run(written):
    seen = []
    is_on = [True]

    def watch(event, _arguments):
        if is_on[0] and event in (
            "open",
            "exec",
            "compile",
            "import",
            "pickle.find_class",
            "subprocess.Popen",
        ):
            seen.append(event)

    sys.addaudithook(watch)
    recipe_from_json(*written)
    is_on[0] = False
    assert seen == []


def test_equal_recipes_have_equal_texts():
    columns = (number("a", [1, 2, 4]),)
    first, second = (recipe_to_json(fit_recipe(columns, (np.arange(3),)))[0] for _ in range(2))
    assert first == second


def test_every_step_is_for_some_kind_of_column():
    """A step that no kind allows could be fitted and trained on, and fail only when the bundle is saved."""
    from heldout.recipe.form import _STEPS_OF_KIND

    allowed = {op for first, further in _STEPS_OF_KIND.values() for op in (*first, *further)}
    assert allowed | {"drop@1"} == set(STEPS)


def test_texts_as_token_rows_are_read_back():
    note = text("note", ["a b c", "b c d", "a b", "c d"] * 5)
    recipe = fit_recipe(
        (note,), (np.arange(15), np.arange(5, 20)), options=RecipeOptions(tokens=(("note", 16),))
    )
    written = recipe_to_json(recipe)
    assert recipe.columns[0].ops[0].op == "tokens@1"
    assert recipe_to_json(recipe_from_json(*written)) == written
