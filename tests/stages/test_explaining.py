from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from PIL import Image

import heldout
from heldout.errors import RecipeError, UsageError
from heldout.plan import PRESETS
from heldout.recipe import CellExplanation, fit_recipe
from heldout.recipe.explain_words import LetterTrace, WordTrace
from heldout.settings import Settings
from heldout.stages import explaining
from heldout.stages.explaining import pick_part
from heldout.stages.reading import read_data


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    frame = pl.DataFrame(
        {
            "x": x,
            "site": np.tile(["a", "b", "c"], 20),
            "ill": np.where(x + rng.normal(size=60) > 0, "yes", "no"),
        }
    )
    out = tmp_path_factory.mktemp("explained") / "study"
    none = {name: () for name in ("augmentation", "dropout", "l1", "l2")}
    with (
        pytest.MonkeyPatch.context() as patch
    ):  # what is explained is the recipe: few and small networks are enough
        patch.setitem(PRESETS, "quick", (2, 2, 2))
        patch.setattr("heldout.stages.permuting.N_PERMUTATIONS", 19)
        settings = Settings(target="ill", preset="quick", remedies=none)
        return heldout.fit(frame, settings, out=out, progress="none"), frame


def test_a_cell_is_followed_to_its_positions_and_back(study):
    finished, frame = study
    found = finished.explain(frame, 4, "site")
    assert (found.column, found.outcome) == ("site", "value")
    lit = [
        slot.position
        for trace in found.ops
        for slot, number in zip(trace.slots, trace.numbers, strict=True)
        if number
    ]
    assert lit
    assert all(finished.explain_position(position).slot.column == "site" for position in lit)


def test_another_fold_has_other_numbers(study):
    finished, frame = study
    numbers = [finished.explain(frame, 0, "x", fold=fold).ops[0].numbers for fold in (0, 1)]
    assert numbers[0] != numbers[1]


def test_places_are_asked_of_texts_and_sequences_only(study):
    finished, frame = study
    with pytest.raises(
        UsageError, match="column 'site' is a category: its cells have no places\n.*leave out at="
    ):
        finished.explain(frame, 0, "site", at=(2,))


WORDS = CellExplanation(
    "note",
    "text",
    "value",
    (),
    None,
    "",
    words=(
        WordTrace("red", 2, 5, 7, 0),
        WordTrace("cat", 6, 9, 8, 1),
        WordTrace("red cat", 2, 9, 20, 4),
    ),
)
LETTERS = CellExplanation(
    "gene",
    "sequence",
    "value",
    (),
    None,
    "",
    letters=(LetterTrace("A", 1, 1, (0, 1, 2, 3), (1.0, 0.0, 0.0, 0.0)),),
)


def test_the_words_at_a_character_are_picked():
    found = pick_part(WORDS, (3,))
    assert [word.word for word in found.words] == ["red", "red cat"]
    assert found.sentence == "note: characters 2 to 4 'red': [0] = 7; characters 2 to 8 'red cat': [4] = 20"
    assert [word.word for word in pick_part(WORDS, (5,)).words] == ["red cat"]
    assert pick_part(LETTERS, (1,)).sentence == "gene: character 1, position 1 'A': [0] to [3] = 1, 0, 0, 0"


def test_places_outside_a_cell_are_refused():
    with pytest.raises(UsageError, match="no word at character 9\n.*they lie at 2 to 8"):
        pick_part(WORDS, (9,))
    with pytest.raises(UsageError, match="no letter at position 0\n.*they lie at 1 to 1"):
        pick_part(LETTERS, (0,))
    with pytest.raises(UsageError, match=r"one place a number, got \(1, 2\)\n.*\(character,\) from 0"):
        pick_part(WORDS, (1, 2))


def test_pixels_of_files_are_followed(tmp_path, monkeypatch):
    """A folder of pictures, a recipe of its own: file, place, value, position."""
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for number in range(6):
            pixels = rng.integers(0, 256, (6, 5), np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{number}.png")
    reading = read_data(tmp_path, Settings())
    arrays = reading.table.arrays
    recipe = fit_recipe((), (np.arange(12),), arrays=arrays)
    monkeypatch.setattr(explaining, "load_bundle", lambda folder: SimpleNamespace(recipe=recipe))
    name = arrays[0].name
    found = explaining.explain_raw(Path("s"), tmp_path, 7, name, fold=0, at=(4, 2, 0))
    assert found.point.before == arrays[0].values[7, 4, 2, 0]
    assert found.point.position == 4 * 5 + 2
    assert found.point.file == found.raw
    assert "png" in found.raw
    assert f"row 4, column 2, {arrays[0].policy.channels[0]} = " in found.sentence
    back = explaining.explain_input(Path("s"), found.point.position, fold=0)
    assert "row 4, column 2" in back.sentence
    with pytest.raises(RecipeError, match="has a number at each"):
        explaining.explain_raw(Path("s"), tmp_path, 7, name, fold=0)
    with pytest.raises(UsageError, match=f"no column 'pictur'\n.*{name}"):
        explaining.explain_raw(Path("s"), tmp_path, 7, "pictur", fold=0)


def test_pixels_of_a_file_are_followed_from_before_it_was_resized(tmp_path, monkeypatch):
    """A bright square in one file of 24 x 40 pixels is asked for where the file has it."""
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for number in range(6):
            pixels = rng.integers(0, 20, (24, 40), np.uint8)
            pixels[8:12, 20:24] = 250
            Image.fromarray(pixels).save(tmp_path / label / f"{number}.png")
    reading = read_data(tmp_path, Settings.model_validate({"side": 8}))
    arrays = reading.table.arrays
    assert arrays[0].policy.height < 24
    recipe = fit_recipe((), (np.arange(12),), arrays=arrays)
    monkeypatch.setattr(explaining, "load_bundle", lambda folder: SimpleNamespace(recipe=recipe))
    name = arrays[0].name
    found = explaining.explain_pixel(Path("s"), tmp_path, 7, name, at=(10, 22), fold=0)
    assert found.point.before > 150
    assert "of the file of 24 x 40" in found.sentence
    again = explaining.explain_raw(Path("s"), tmp_path, 7, name, fold=0, at=found.point.at)
    assert again.sentence == found.sentence
    with pytest.raises(UsageError, match=r"a pixel has a row and a column, got \(3,\)"):
        explaining.explain_pixel(Path("s"), tmp_path, 7, name, at=(3,), fold=0)
    with pytest.raises(RecipeError, match="the file has no column 40; it has columns 0 to 39"):
        explaining.explain_pixel(Path("s"), tmp_path, 7, name, at=(3, 40), fold=0)
    monkeypatch.setattr(explaining, "find_file_size", lambda table, name, row: None)
    with pytest.raises(UsageError, match="the size of the file of .* is not known"):
        explaining.explain_pixel(Path("s"), tmp_path, 7, name, at=(3, 4), fold=0)


def test_what_is_not_there_is_named(study):
    finished, frame = study
    with pytest.raises(UsageError, match="no column 'sites'\n.*did you mean 'site'"):
        finished.explain(frame, 0, "sites")
    with pytest.raises(UsageError, match="row 60 is not in the table\n.*rows 0 to 59"):
        finished.explain(frame, 60, "x")
