import inspect
from pathlib import Path
from typing import get_type_hints

import pytest

from heldout.commands.options import (
    CommonOptions,
    DemoOptions,
    FitOptions,
    PredictOptions,
    ReportOptions,
    ScoreOptions,
    build_command,
    collect_settings,
    parse_target_map,
)
from heldout.errors import UsageError
from heldout.settings import Settings, load_settings

ONLY_IN_A_FILE = {
    "columns",
    "ladder",
    "remedies",
    "target_log",
    "sample_weight",
    "numeric_embedding",
    "signal_scaling",
    "stretch",
    "keep_near_rows",
    "label_rows",
    "mute",
}


def fit(**given):
    return FitOptions(file=Path("a.csv"), **given)


def names_of(record):
    return list(inspect.signature(build_command(record, lambda options: None)).parameters)


def test_every_setting_is_an_option_or_belongs_into_a_file():
    options = set(names_of(FitOptions)) | {"costs"}
    assert set(Settings.model_fields) - options == ONLY_IN_A_FILE


def test_own_options_come_before_the_common_ones():
    names = names_of(PredictOptions)
    assert names[:5] == ["model", "file", "out", "flags", "allow_shift"]
    assert names[5:9] == ["header", "delimiter", "encoding", "sheet"]
    assert names[9:14] == ["labels", "key", "label_pattern", "images", "hdu"]
    assert names[14] == "json"
    assert names_of(ScoreOptions)[:2] == ["model", "file"]


def test_what_was_not_given_is_left_out():
    assert collect_settings(fit()) == {}
    assert collect_settings(CommonOptions()) == {}


def test_what_was_given_becomes_settings():
    given = collect_settings(
        fit(
            target="num",
            target_map=["0=no", "1..4=yes"],
            seed=0,
            single=False,
            cost_miss=5.0,
            time="year",
            gap=2,
            header="no",
        )
    )
    settings = load_settings(None, **given)
    assert settings.target_map == {"0": "no", "1..4": "yes"}
    assert settings.costs == {"miss": 5.0, "false_alarm": 1.0}
    assert given["single"] is False
    assert (settings.target, settings.time, settings.gap, settings.header) == ("num", "year", 2, "no")


def test_seeds_are_a_setting_and_never_fewer_than_three():
    assert load_settings(None, **collect_settings(fit(target="num", seeds=10))).seeds == 10
    with pytest.raises(
        UsageError, match="setting 'seeds': Input should be greater than or equal to 3, got 2"
    ):
        load_settings(None, **collect_settings(fit(target="num", seeds=2)))


def test_a_gap_without_time_is_refused():
    with pytest.raises(UsageError, match="gap leaves rows out between past and future, and needs time"):
        load_settings(None, **collect_settings(fit(target="num", gap=2)))


@pytest.mark.parametrize("record", [FitOptions, PredictOptions, ReportOptions])
def test_out_has_a_short_name(record):
    option = get_type_hints(record, include_extras=True)["out"].__metadata__[0]
    assert "-o" in option.param_decls


def test_what_is_said_of_examples_becomes_settings():
    given = collect_settings(
        fit(labels="l.csv", key="id", label_pattern="class=(.)", images="photos", side=32, hdu="FLUX")
    )
    settings = load_settings(None, **given)
    assert (settings.labels, settings.key, settings.label_pattern) == ("l.csv", "id", "class=(.)")
    assert (settings.images, settings.side, settings.hdu) == ("photos", 32, "FLUX")
    with pytest.raises(UsageError, match="key 'id' is a column of the table of labels, and needs labels"):
        load_settings(None, **collect_settings(fit(key="id")))
    with pytest.raises(UsageError, match="setting 'side': Input should be greater than or equal to 8, got 2"):
        load_settings(None, **collect_settings(fit(side=2)))


def test_command_line_wins_over_file(tmp_path):
    (tmp_path / "heldout.toml").write_text('target = "a"\nseed = 4\nsingle = true\n')
    settings = load_settings(tmp_path / "heldout.toml", **collect_settings(fit(target="b")))
    assert (settings.target, settings.seed, settings.single) == ("b", 4, True)


def test_demo_options_are_settings_too():
    assert collect_settings(DemoOptions(budget="60s", preset="quick")) == {"budget": "60s", "preset": "quick"}


@pytest.mark.parametrize(
    ("pair", "parsed"), [(" a b = c ", ("a b", "c")), ("-9=", ("-9", "")), ("1..4=yes", ("1..4", "yes"))]
)
def test_target_map(pair, parsed):
    assert parse_target_map(pair) == parsed


@pytest.mark.parametrize("pair", ["yes", "=yes", "a=b=c", ""])
def test_unclear_target_map_is_refused(pair):
    with pytest.raises(
        UsageError, match=r"--target-map wants RAW=CLASS, got .*\n.*names with '=' go into heldout.toml"
    ):
        parse_target_map(pair)


def test_subgroups_are_collected_only_where_given():
    assert "subgroups" not in collect_settings(FitOptions(file=Path("a.csv")))
    options = FitOptions(file=Path("a.csv"), subgroups=["sex", "site"], outliers="drop", outlier_limit=4.0)
    expected = {"subgroups": ("sex", "site"), "outliers": "drop", "outlier_limit": 4.0}
    assert collect_settings(options) == expected
