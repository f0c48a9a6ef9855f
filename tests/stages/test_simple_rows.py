"""What simple predictors see where texts are read word by word: never the numbers of words."""

import numpy as np
import polars as pl
import pytest
from PIL import Image

from heldout.ladder import grow_kind_ladder
from heldout.recipe import Role, apply_recipe, fit_recipe
from heldout.stages.preparing import encode_other_rows
from heldout.stages.simple_rows import count_beside, list_token_positions, plain_features, take_texts
from stages.made_data import make_frame, prepare_frame


def make_notes(n_rows=60, *, seed=1):
    rng = np.random.default_rng(seed)
    words = np.array(["pain", "fever", "cough", "none", "well", "since", "monday", "night"])
    return [" ".join(rng.choice(words, 8)) for _ in range(n_rows)]


def prepare_notes(n_rows=60, **more):
    frame = (
        make_frame(n_rows)
        .drop("price")
        .with_columns(*(pl.Series(name, cells) for name, cells in more.items()))
    )
    return prepare_frame(frame, split_seed=1)[1]


@pytest.fixture(scope="module")
def mixed():
    return prepare_notes(200, note=make_notes(200), reply=[None, *make_notes(200, seed=2)[1:]])


@pytest.mark.parametrize("part", ["development", "test"])
def test_weights_of_words_stand_in_the_place_of_their_numbers(mixed, part):
    rows = getattr(mixed.split, part)
    made = plain_features(mixed, rows)
    tokens = list_token_positions(mixed.recipe)
    beside = [slot.position for slot in mixed.recipe.layout if slot.role is not Role.TOKEN]
    assert len(tokens) == 2 * 31
    assert count_beside(mixed) == len(beside)
    n_states = len(mixed.folds) if part == "development" else 1
    assert made.shape[:2] == (n_states, len(rows))
    encoded = encode_other_rows(mixed, rows)
    texts = tuple(column for column in mixed.columns if column.spec.name in ("note", "reply"))
    words = fit_recipe(texts, tuple(mixed.split.development[fold.fit] for fold in mixed.folds))
    for state in range(n_states):
        np.testing.assert_array_equal(made[state][:, : len(beside)], encoded[state][:, beside])
        weights = apply_recipe(words, texts, state=state, rows=rows)
        np.testing.assert_array_equal(made[state][:, len(beside) :], weights)
    assert np.abs(made[:, :, len(beside) :]).max() > 0


def test_several_texts_of_a_row_stand_one_after_the_other(mixed):
    told = take_texts(mixed, mixed.split.development)
    note = next(column for column in mixed.columns if column.spec.name == "note")
    reply = next(column for column in mixed.columns if column.spec.name == "reply")
    for place, row in enumerate(mixed.split.development.tolist()):
        own = "" if reply.codes[row] < 0 else reply.levels[reply.codes[row]]
        assert told[place] == f"{note.levels[note.codes[row]]}\n{own}"


def test_a_text_beside_a_picture_and_a_number_is_a_part_of_its_own(tmp_path):
    rng, captions = np.random.default_rng(0), make_notes()
    for number in range(60):
        Image.fromarray(rng.integers(0, 255, (8, 8), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    frame = pl.DataFrame(
        {
            "photo": [f"{number}.png" for number in range(60)],
            "age": rng.integers(10, 90, 60),
            "caption": captions,
            "ill": ["yes", "no"] * 30,
        }
    )
    frame.write_csv(tmp_path / "table.csv")
    prepared = prepare_frame(tmp_path / "table.csv", split_seed=1)[1]
    layout = prepared.source.layout
    assert [part.kind for part in layout.parts] == ["numbers", "tokens", "picture"]
    rows = prepared.split.development
    assert take_texts(prepared, rows) == ()  # a linear model sees pixels, and weights of words
    made = plain_features(prepared, rows)
    n_weights = made.shape[2] - count_beside(prepared)
    assert n_weights >= 8  # the words that enough rows hold
    assert count_beside(prepared) == prepared.recipe.n_features - 31
    encoded = encode_other_rows(prepared, rows)[0]
    np.testing.assert_array_equal(made[0][:, -n_weights - 64 : -n_weights], encoded[:, -64:])
    rungs = grow_kind_ladder(layout, 1, n_rungs=99)
    assert {rung.family for rung in rungs} == {"joined", "joined residual"}


def test_without_such_texts_everything_is_as_the_network_sees_it():
    prepared = prepare_notes()
    assert take_texts(prepared, prepared.split.development) == ()
    assert count_beside(prepared) == 0
    made = plain_features(prepared, prepared.split.development)
    np.testing.assert_array_equal(made, prepared.source.features)
