"""The line to paste next repeats what was given."""

from __future__ import annotations

import dataclasses
import shlex

import polars as pl
import pytest

from heldout.commands.options import FitOptions, build_command, collect_settings
from heldout.settings import Settings, load_settings
from heldout.stages.pasting import WITHOUT_OPTION, name_next

GIVEN = {
    "target": "y z",
    "target_map": {"0": "no", "1..4": "yes"},
    "target_order": ("low", "high"),
    "task": "classification",
    "metric": "auc",
    "group": "family no",
    "time": "day",
    "gap": 3,
    "split": "part",
    "test": "later.csv",
    "validation": "mine.csv",
    "class_weight": "balanced",
    "class_shares": "validation",
    "costs": {"miss": 5.0, "false_alarm": 1.0},
    "header": "no",
    "delimiter": ";",
    "encoding": "cp1252",
    "sheet": "two",
    "label_pattern": r"class=(\w+)",
    "labels": "labels.csv",
    "key": "id",
    "images": "photos",
    "side": 32,
    "hdu": "1",
    "preset": "quick",
    "budget": "90s",
    "seed": 3,
    "seeds": 6,
    "split_seed": 4,
    "subgroups": ("sex", "age"),
    "outliers": "clip",
    "outlier_limit": 4.0,
    "show_rows": True,
    "single": True,
    "early_stopping": "lecture",
    "device": "cpu",
}


def test_every_option_of_the_command_line_is_repeated_as_it_is_typed() -> None:
    assert set(GIVEN) == set(Settings.model_fields) - WITHOUT_OPTION
    import typer
    from typer.main import get_command

    seen: list[FitOptions] = []
    app = typer.Typer()
    app.command("fit")(build_command(FitOptions, seen.append))
    settings = Settings.model_validate(GIVEN)
    words = shlex.split(name_next("fit", "a b.csv", settings))
    assert words[:3] == ["heldout", "fit", "a b.csv"]
    get_command(app).main(args=words[2:], standalone_mode=False)
    assert load_settings(None, **collect_settings(seen[0])) == settings


@pytest.mark.parametrize("name", sorted(WITHOUT_OPTION))
def test_what_has_no_option_has_none(name: str) -> None:
    assert name not in {field.name for field in dataclasses.fields(FitOptions)}


def test_what_the_settings_file_says_is_given_by_the_file(tmp_path) -> None:
    file = tmp_path / "heldout.toml"
    file.write_text('target = "y"\nseed = 3\n[columns.x]\nkind = "category"\n')
    settings = load_settings(file, seed=5, header="yes")
    assert name_next("fit", "a.csv", settings) == f"heldout fit a.csv --config {file} --header yes --seed 5"


def test_a_table_in_memory_is_studied_in_python() -> None:
    frame = pl.DataFrame({"x": [1], "y": [2]})
    settings = Settings.model_validate({"target": "y", "columns": {"x": {"kind": "category"}}})
    line = "heldout.fit(frame, target='y', columns={'x': {'kind': 'category'}})"
    assert name_next("fit", frame, settings) == line
    assert name_next("fit", "a.csv", settings) == line.replace("frame", "'a.csv'")
