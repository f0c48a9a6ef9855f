"""Whole studies of pictures, mixed tables, sequences, texts and signals: raw files in, predictions of new files out."""

import csv

import jsonschema
import numpy as np
import polars as pl
import pytest
from PIL import Image

import heldout as ho
from e2e.made_tables import AUGMENTED, SMALL
from e2e.test_whole_study import SCHEMA
from heldout.bundle import load_bundle
from heldout.settings import Settings

pytestmark = pytest.mark.usefixtures("few_sizes")
RNG = np.random.default_rng(0)
N_ROWS = 220  # fewer would be tested by permutation too
FEW_WEIGHTS = {"largest": 12_000}  # the largest sizes of pictures take a minute to compile too


def fit(source, place, **settings):
    study = ho.fit(source, Settings(**(SMALL | settings)), out=place / "study", progress="none")
    jsonschema.validate(study.answer_json(), SCHEMA)
    return study


def share_right(study, source, truth):
    predictions = study.predict(source)
    return np.mean(np.array(predictions["prediction"].to_list(), str) == np.array(truth, str))


def draw_square(is_left):
    """A picture of 12 x 12 pixels with a bright square left or right of the middle."""
    pixels = RNG.integers(0, 60, (12, 12))
    column = RNG.integers(0, 3) + (0 if is_left else 6)
    row = RNG.integers(0, 8)
    pixels[row : row + 4, column : column + 4] += 180
    return Image.fromarray(pixels.astype(np.uint8))


def write_album(folder, n):
    for number in range(n):
        place = folder / ("left" if number % 2 else "right")
        place.mkdir(parents=True, exist_ok=True)
        draw_square(bool(number % 2)).save(place / f"{number:04d}.png")
    return folder


def test_a_folder_of_pictures(tmp_path):
    study = fit(write_album(tmp_path / "photos", N_ROWS), tmp_path)
    assert load_bundle(study.folder).recipe.arrays[0].policy.channels == ("gray",)
    assert study.score.value > 0.8
    new = write_album(tmp_path / "new", 40)
    truth = [path.parent.name for path in sorted(new.rglob("*.png"))]
    assert share_right(study, new, truth) > 0.8


def test_a_table_that_mixes_a_number_a_category_and_pictures(tmp_path):
    """The class follows from the picture and the number together: neither alone tells it."""

    def write(name, n):
        folder = tmp_path / name
        folder.mkdir()
        truth = []
        with (folder / "table.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["photo", "age", "town", "answer"])
            for number in range(n):
                is_left, is_old = bool(RNG.integers(2)), bool(RNG.integers(2))
                draw_square(is_left).save(folder / f"{number}.png")
                truth.append("yes" if is_left and is_old else "no")
                age = RNG.integers(50, 90) if is_old else RNG.integers(10, 49)
                writer.writerow([f"{number}.png", age, RNG.choice(["x", "y"]), truth[-1]])
        return folder / "table.csv", truth

    table, _ = write("train", N_ROWS)
    study = fit(table, tmp_path, target="answer", ladder=FEW_WEIGHTS)
    bundle = load_bundle(study.folder)
    assert bundle.net.family.startswith("joined")
    assert {part.kind for part in bundle.net.parts} == {"numbers", "picture"}
    new, truth = write("new", 60)
    assert share_right(study, new, truth) > np.mean(np.array(truth) == "no") + 0.05


def test_a_table_that_mixes_two_texts_a_number_and_a_category(tmp_path):
    """The class follows from the words of a text and the number together."""
    rng = np.random.default_rng(1)
    good, bad = ["fine", "great", "lovely", "good"], ["awful", "poor", "bad", "dull"]
    rest = [f"word{letter}{other}" for letter in "abcdef" for other in "ghijk"]

    def write(name, parts):
        rows = []
        for number, part in enumerate(parts):
            is_good, is_old = bool(rng.integers(2)), bool(rng.integers(2))
            told = " ".join(rng.permutation([*rng.choice(rest, 7), rng.choice(good if is_good else bad)]))
            asked = " ".join(rng.choice(rest, 6)) if number % 5 else None
            age = rng.integers(50, 90) if is_old else rng.integers(10, 49)
            answer = "yes" if is_good and is_old else "no"
            rows.append((told, int(age), asked, str(rng.choice(["x", "y"])), part, answer))
        frame = pl.DataFrame(rows, ["told", "age", "asked", "town", "part", "answer"], orient="row")
        frame.write_csv(tmp_path / name)
        return frame

    frame = write("train.csv", ["train"] * 600 + ["validation"] * 150 + ["test"] * 150)
    study = fit(tmp_path / "train.csv", tmp_path, target="answer", split="part")
    bundle, answer = load_bundle(study.folder), study.answer_json()
    assert [part.kind for part in bundle.net.parts] == ["tokens", "numbers", "tokens", "numbers"]
    right = np.array(study.predict(tmp_path / "train.csv")["prediction"]) == frame["answer"].to_numpy()
    assert right[750:].mean() == answer["test"]["scores"][0]["value"] > 0.8  # as the study opened them
    known = study.predict(tmp_path / "train.csv")["prediction"][:40].to_list()
    told = pl.Series([None, "", "wuthering heights", *frame["told"][3:40]])
    odd = study.predict(frame[:40].with_columns(told=told), allow_shift=True)
    assert odd["prediction"].to_list()[3:] == known[3:]
    _check_words(study, frame, bundle.recipe)


def _check_words(study, frame, recipe):
    """Each character span of the second text goes to a place of its own part of the joined row, and back."""
    row = next(place for place, cell in enumerate(frame["asked"]) if cell)
    found = study.explain(frame, row, "asked")
    cell = frame["asked"][row]
    assert [cell[word.start : word.stop] for word in found.words][: len(cell.split())] == cell.split()
    first = next(slot.position for slot in recipe.layout if slot.column == "asked")
    assert found.words[0].position == first > 31
    assert study.explain_position(first).slot.column == "asked"


def test_sequences_with_the_label_in_the_header(tmp_path):
    def write(name, n):
        lines, truth = [], []
        for number in range(n):
            letters = RNG.choice(list("ACGT"), 40)
            is_site = number % 2 == 0
            if is_site:
                letters[18:24] = list("TATAAT")
            truth.append("site" if is_site else "other")
            lines.append(f">{name}{number} class={truth[-1]}\n{''.join(letters)}")
        path = tmp_path / f"{name}.fasta"
        path.write_text("\n".join(lines) + "\n")
        return path, truth

    source, _ = write("train", N_ROWS)
    study = fit(source, tmp_path, label_pattern=r"class=(\w+)", remedies=AUGMENTED)
    assert study.score.value > 0.9
    new, truth = write("new", 40)
    assert share_right(study, new, truth) > 0.9


def test_texts_as_rows_of_words(tmp_path):
    good, bad = ["fine", "great", "lovely", "good"], ["awful", "poor", "bad", "dull"]
    rest = [f"word{number}" for number in range(30)]

    def write(name, n):
        rows = []
        for number in range(n):
            words = [*RNG.choice(rest, 9), RNG.choice(good if number % 2 else bad)]
            rows.append({"review": " ".join(RNG.permutation(words)), "label": "pos" if number % 2 else "neg"})
        pl.DataFrame(rows).write_csv(tmp_path / name)
        return tmp_path / name, [row["label"] for row in rows]

    study = fit(write("train.csv", N_ROWS)[0], tmp_path, target="label")
    assert load_bundle(study.folder).net.vocabulary > 30
    new, truth = write("new.csv", 40)
    assert share_right(study, new, truth) > 0.9


def test_signals_of_an_npz_file_with_a_number_as_target(tmp_path):
    def write(name, n):
        height = RNG.uniform(1, 3, n)
        axis = np.linspace(-3, 3, 64)
        x = height[:, None] * np.exp(-(axis**2)) + 0.05 * RNG.normal(size=(n, 64))
        np.savez(tmp_path / name, x=x.astype(np.float32)[..., None], y=height)
        return tmp_path / name, height

    source, _ = write("train.npz", N_ROWS)
    study = fit(source, tmp_path, task="regression")
    new, truth = write("new.npz", 40)
    found = np.array(study.predict(new)["prediction"].to_list(), float)
    assert np.corrcoef(found, truth)[0, 1] > 0.95
