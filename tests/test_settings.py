import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from heldout.errors import EXIT_USAGE, UsageError
from heldout.settings import ColumnSettings, Settings, load_settings, scales_test, settings_schema

TOML = """
target = "num"
preset = "quick"
seed = 7

[target_map]
0 = "no"
"1..4" = "yes"

[columns.age]
kind = "number"
missing = ["?", "-9"]
clip = [0, 120]

[columns.day]
kind = "date"
date_format = "%d/%m/%Y"

[remedies]
dropout = [0.2, 0.5]
l1 = []
"""


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="heldout.toml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def test_without_anything_the_settings_are_the_defaults():
    assert load_settings(None) == Settings()


def test_a_file_is_read(write):
    settings = load_settings(write(TOML))
    assert (settings.target, settings.preset, settings.seed) == ("num", "quick", 7)
    assert settings.target_map == {"0": "no", "1..4": "yes"}
    assert settings.columns["age"] == ColumnSettings(kind="number", missing=("?", "-9"), clip=(0, 120))
    assert settings.columns["day"].date_format == "%d/%m/%Y"
    assert settings.remedies == {"dropout": (0.2, 0.5), "l1": ()}


def test_what_is_given_wins_over_the_file_and_none_is_not_given(write):
    settings = load_settings(str(write(TOML)), seed=9, preset=None, group="patient")
    assert (settings.seed, settings.preset, settings.group) == (9, "quick", "patient")


def test_settings_survive_json():
    settings = Settings(
        target="num",
        columns={"age": ColumnSettings(kind="number", clip=(0.0, 120.0))},
        remedies={"l2": (0.1,)},
        costs={"miss": 5.0},
    )
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
    assert Settings.model_validate(json.loads(json.dumps(settings.model_dump()))) == settings


def test_every_setting_is_in_the_published_schema():
    schema = Settings.model_json_schema()
    assert set(schema["properties"]) == set(Settings.model_fields)
    assert schema["additionalProperties"] is False


def test_settings_do_not_change():
    for settings, name in ((Settings(), "seed"), (ColumnSettings(), "kind")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(settings, name, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sed": 3}, "setting 'sed': Extra inputs are not permitted"),
        (
            {"preset": "fast"},
            "setting 'preset': Input should be 'quick', 'standard' or 'thorough', got 'fast'",
        ),
        ({"seed": -1}, "setting 'seed': Input should be greater than or equal to 0, got -1"),
        ({"seed": 1.5}, r"setting 'seed': .*, got 1\.5"),
        ({"gap": -2}, "setting 'gap': Input should be greater than or equal to 0, got -2"),
        ({"early_stopping": {"patience": 0}}, r"setting 'early_stopping\.patience': .* equal to 1, got 0"),
        ({"early_stopping": {"min_delta": -0.1}}, r"setting 'early_stopping\.min_delta': .*, got -0\.1"),
        ({"early_stopping": {"smoothing": 1}}, r"setting 'early_stopping\.smoothing': .*less than 1, got 1"),
        (
            {"early_stopping": "first"},
            r"'early_stopping\.rule': .*'best', 'patience' or 'lecture', got 'first'",
        ),
        ({"device": "tpu"}, "setting 'device': Input should be 'auto', 'cpu' or 'gpu', got 'tpu'"),
        ({"remedies": {"l1": {"scaling": "test"}}}, r"remedies\.l1 has no scaling, got 'test'"),
        (
            {"remedies": {"dropout": {"scaling": "both"}}},
            r"setting 'remedies\.dropout\.scaling': .*, got 'both'",
        ),
        ({"metric": "acc"}, "setting 'metric': Input should be .*'accuracy'.*, got 'acc'"),
        ({"columns": {"age": {"kind": "float"}}}, r"setting 'columns\.age\.kind': .*, got 'float'"),
        (
            {"columns": {"age": {"knd": "number"}}},
            r"setting 'columns\.age\.knd': Extra inputs are not permitted",
        ),
        ({"remedies": {"dropout": ["much"]}}, r"setting 'remedies\.dropout\.0': .*, got 'much'"),
        ({"columns": {"age": {"clip": [1]}}}, r"setting 'columns\.age\.clip\.1': Field required"),
    ],
)
def test_an_impossible_setting_is_named_with_what_was_given(given, message):
    with pytest.raises(UsageError, match=message) as caught:
        load_settings(None, **given)
    assert caught.value.exit_code == EXIT_USAGE


def test_all_impossible_settings_are_named_at_once():
    with pytest.raises(UsageError, match="setting 'gap': .*; setting 'seed': "):
        load_settings(None, seed=-1, gap=-1)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sed", "did you mean 'seed'?"),
        ("targt", "did you mean 'target'?"),
        ("xyz", "see the published schema of heldout.toml"),
    ],
)
def test_an_unknown_setting_has_a_hint(name, hint):
    with pytest.raises(UsageError, match=f"setting '{name}'") as caught:
        load_settings(None, **{name: 1})
    assert caught.value.hint == hint


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(
        UsageError, match=r"cannot read the settings file '.*/no\.toml': No such file or directory"
    ):
        load_settings(tmp_path / "no.toml")


@pytest.mark.parametrize("content", ["seed = ", "seed = 1\nseed = 2", "[columns", b'target = "\xff"'])
def test_a_damaged_file_is_named(write, content):
    with pytest.raises(UsageError, match=r"heldout\.toml is not valid TOML: "):
        load_settings(write(content))


def test_an_unknown_setting_in_a_file_is_refused(write):
    with pytest.raises(UsageError, match="setting 'sead': Extra inputs are not permitted"):
        load_settings(write("sead = 1\n"))


def test_the_published_schema_is_that_of_the_code():
    published = Path(__file__).resolve().parents[1] / "docs" / "heldout.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == settings_schema()


def test_a_rule_of_early_stopping_goes_by_its_name_or_with_its_numbers(tmp_path):
    place = tmp_path / "heldout.toml"
    place.write_text('early_stopping = "lecture"\n[remedies.dropout]\nscaling = "test"\n')
    short = load_settings(place)
    assert short.early_stopping.rule == "lecture"
    assert short.early_stopping.patience == 5
    assert scales_test(short)
    assert not scales_test(Settings(remedies={"dropout": (0.5,)}))
    place.write_text('[early_stopping]\nrule = "patience"\npatience = 2\nsmoothing = 0.5\n')
    long = load_settings(place).early_stopping
    assert (long.rule, long.patience, long.min_delta, long.smoothing) == ("patience", 2, 0.0, 0.5)
    assert Settings().early_stopping.rule == "best"


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        ("low, medium ,high", ("low", "medium", "high")),
        ("1..4", ("1", "2", "3", "4")),
        ("none,1..3", ("none", "1", "2", "3")),
        (["low", "high"], ("low", "high")),
        ("-1..1", ("-1", "0", "1")),
    ],
)
def test_steps_of_a_scale_are_a_list_or_written_with_commas_and_ranges(given, steps):
    assert load_settings(None, target_order=given).target_order == steps


def test_a_label_needs_two_rows_at_least():
    with pytest.raises(UsageError, match="setting 'label_rows': Input should be greater than or equal to 2"):
        load_settings(None, label_rows=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"dropout": {"layers": [-1]}},
            "'remedies.dropout.layers': layers are counted from 0, the input, got",
        ),
        ({"l1": {"layers": [1, 1]}}, "'remedies.l1.layers': a layer stands there twice, got"),
        (
            {"augmentation": {"layers": [0]}},
            r"remedies.augmentation acts on no layers, got \[0\]; dropout, l1",
        ),
        ({"early_stopping": {"layers": [0]}}, r"remedies.early_stopping acts on no layers, got \[0\]"),
        ({"dropout": {"kinds": {"flip": [0.5]}}}, r"remedies.dropout has no kinds, got \['flip'\]"),
    ],
)
def test_what_a_remedy_has_no_use_for_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        load_settings(None, target="y", remedies=given)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("learning_rate", (0.0, -0.1, 1.5, float("nan")), "0 < learning_rate <= 1"),
        ("weight_decay", (-0.1, 1.5, float("nan")), "0 <= weight_decay <= 1"),
        ("label_smoothing", (-0.1, 1.0, float("nan")), "0 <= label_smoothing < 1"),
    ],
)
def test_a_rate_outside_its_range_names_the_range(name, values, words):
    for value in values:
        with pytest.raises(UsageError, match=f"'ladder.{name}': outside its range {words}, got {value}"):
            load_settings(None, target="y", ladder={name: value})
    kept = load_settings(None, target="y", ladder={name: 0.5})
    assert getattr(kept.ladder, name) == 0.5
