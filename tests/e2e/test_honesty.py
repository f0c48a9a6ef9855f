"""What must not be known is not known: changed test labels and held-out cells leave no trace before the test."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest

import heldout as ho
from e2e.made_tables import SMALL, drop_times, load_answer, make_binary, with_parts
from heldout.plan import PRESETS
from heldout.seal import SealedTest
from heldout.settings import Settings

FIT, VALIDATION, TEST = slice(0, 180), slice(180, 240), slice(240, 300)


@pytest.fixture(scope="module", autouse=True)
def fixed_fingerprint(no_charts):
    """The split and the seeds of subsets follow from the data's fingerprint; here only what is fitted is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "quick", (2, 2, 2))
        patch.setattr("heldout.stages.reading.fingerprint_table", lambda table: "0123456789abcdef" * 4)
        yield


def fit(columns, folder, **more):
    settings = Settings(target="ill", split="part", **(SMALL | more))
    return ho.fit(pd.DataFrame(columns), settings, out=folder, progress="none")


def read_member(folder, name):
    with zipfile.ZipFile(folder / "bundle.zip") as bundle:
        return bundle.read(name)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return fit(with_parts(make_binary()), tmp_path_factory.mktemp("plain") / "study")


def test_no_test_label_is_read_before_the_opening(plain, tmp_path):
    columns = with_parts(make_binary())
    columns["ill"][TEST] = ["no" if word == "yes" else "yes" for word in columns["ill"][TEST]]
    turned = fit(columns, tmp_path / "study")
    for name in ("recipe.json", "recipe.safetensors", "weights.safetensors"):
        assert read_member(turned.folder, name) == read_member(plain.folder, name), name
    for name in ("split.json", "audit.json", "recipe.json", "curves/curves.parquet"):
        assert (turned.folder / name).read_bytes() == (plain.folder / name).read_bytes(), name
    first, second = (drop_times(load_answer(study.folder)) for study in (plain, turned))
    about_test = {"test", "baselines", "bundle"}
    for answer in (first, second):
        for item in (answer["subgroups"] or {"slices": []})["slices"]:
            item.pop("test")  # the same slices on the rows of the one opening
        answer["findings"] = [item for item in answer["findings"] if item["code"] not in ("HO403", "HO404")]
        answer["confusions"] = [
            item for item in answer["confusions"] if item["rows"].startswith("development")
        ]
    assert {key: first[key] for key in first.keys() - about_test} == {
        key: second[key] for key in second.keys() - about_test
    }
    accuracy = [answer["test"]["scores"][0]["value"] for answer in (first, second)]
    assert sum(accuracy) == pytest.approx(1)  # the same predictions, judged by the opposite labels


def test_test_labels_that_are_absent_change_nothing_before_the_test(plain, tmp_path):
    columns = with_parts(make_binary())
    columns["ill"][TEST] = [""] * 60
    unlabelled = fit(columns, tmp_path / "study")
    assert unlabelled.answer_json()["test"] is None or not unlabelled.answer_json()["test"]["scores"]
    assert read_member(unlabelled.folder, "weights.safetensors") == read_member(
        plain.folder, "weights.safetensors"
    )
    assert not (tmp_path / ".journal.jsonl").exists()


def test_cells_of_validation_and_test_rows_are_not_fitted(plain, tmp_path):
    columns = with_parts(make_binary())
    for first, part in ((1e6, VALIDATION), (2e6, TEST)):
        columns["age"][part] = [f"{first + row}" for row in range(60)]
        columns["dose"][part] = ["", "unknown"] * 30
        columns["colour"][part] = ["violet"] * 60
    changed = fit(columns, tmp_path / "study")
    for name in ("recipe.json", "recipe.safetensors"):
        assert (changed.folder / name).read_bytes() == (plain.folder / name).read_bytes(), name


def test_the_seed_of_training_does_not_move_the_split():
    frame = pd.DataFrame(make_binary(220))
    splits = [split_of(frame, seed=seed, split_seed=0) for seed in (0, 1)]
    np.testing.assert_array_equal(splits[0].test, splits[1].test)
    assert list(split_of(frame, seed=0, split_seed=1).test) != list(splits[0].test)


def split_of(frame, **seeds):
    from heldout.stages.preparing import split_rows
    from heldout.stages.reading import read_data

    settings = Settings(target="ill", **seeds)
    return split_rows(read_data(frame, settings), settings)


def test_everything_is_fixed_before_the_seal_is_broken(tmp_path, monkeypatch):
    """At the opening the bundle is complete: what stands in it then is what is written."""
    from heldout.stages import testing

    seen = {}

    class Watching(SealedTest):
        def open(self, reason, journal):
            seen["journal"] = journal
            return super().open(reason, journal)

    real = testing.open_test

    def watch(workplace, reading, prepared, delivered, outputs, *, settings, corrected):
        seen["members"], seen["temperature"] = delivered.bundle.members, delivered.bundle.temperature
        return real(workplace, reading, prepared, delivered, outputs, settings=settings, corrected=corrected)

    monkeypatch.setattr(testing, "SealedTest", Watching)
    monkeypatch.setattr(testing, "open_test", watch)
    study = fit(with_parts(make_binary()), tmp_path / "runs" / "study")
    from heldout.bundle import load_bundle

    delivered = load_bundle(study.folder)
    assert delivered.temperature == seen["temperature"]
    for kept, member in zip(delivered.members, seen["members"], strict=True):
        for (weight, bias), (given_weight, given_bias) in zip(kept.params, member.params, strict=True):
            np.testing.assert_array_equal(weight, given_weight)
            np.testing.assert_array_equal(bias, given_bias)
    opening = json.loads(seen["journal"].read_text())
    assert opening["n"] == 60
    assert opening["study"] == "study"
    assert opening["time"].endswith("+00:00")
    assert seen["journal"] == tmp_path / "runs" / ".journal.jsonl"


def test_a_second_study_of_the_same_rows_says_that_the_test_was_looked_at(plain, tmp_path):
    fit(with_parts(make_binary()), tmp_path / "first")
    second = fit(with_parts(make_binary()), tmp_path / "second", seed=1)
    assert second.content.openings_before == 1
    assert second.answer_json()["test"]["openings_before"] == 1
