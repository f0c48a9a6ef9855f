import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import heldout
from heldout.errors import StudyError
from heldout.records import Task
from heldout.stages.comparing import compare
from report.example import make_target
from stages.made_folders import as_regression, draw_runs, make_split, write_study


@pytest.fixture
def pair(tmp_path):
    """Two studies of the same rows, the second with higher losses."""
    split = make_split()
    one = write_study(tmp_path / "one", split=split, runs=draw_runs(split, seed=1))
    other = write_study(tmp_path / "other", split=split, runs=draw_runs(split, base=0.5, seed=2))
    return one, other


def test_two_studies_are_compared_on_their_rows(pair):
    found = compare(*pair).content
    assert found.outcome == "first is better"
    assert (found.n_rows, found.n_seeds, found.same_split) == (80, 5, True)
    assert found.delivered[0] == pytest.approx(-0.1, abs=0.02)
    assert found.first.loss < found.second.loss
    assert (found.first.name, found.second.name) == ("one", "other")


def test_it_is_there_from_python_by_paths_and_by_studies(pair):
    study = heldout.load(pair[0])
    assert study.compare(pair[1]).json() == study.compare(heldout.load(pair[1])).json()
    assert heldout.compare(*pair).text() == str(study.compare(pair[1]))


def test_the_answer_fits_on_a_screen_and_the_object_is_plain(pair):
    found = compare(*pair)
    lines = found.text().splitlines()
    assert len(lines) <= 25
    assert "one is better than other" in lines[0]
    answer = json.loads(json.dumps(found.json(), allow_nan=False))
    assert answer["schema"] == "heldout/comparison/1"
    assert answer["first"]["name"] == "one"
    assert repr(found) == "<Comparison: one is better than other; print it for all>"


def test_test_scores_stand_beside_each_other_with_a_warning_and_nothing_is_opened(pair):
    before = {path: path.stat().st_mtime_ns for path in pair[0].parent.rglob("*")}
    found = compare(*pair)
    assert "a second use of the test" in found.content.warning
    assert "test opened" in found.text()
    assert {path: path.stat().st_mtime_ns for path in pair[0].parent.rglob("*")} == before


def test_without_a_test_there_is_no_warning(tmp_path):
    split = make_split()
    folders = [
        write_study(
            tmp_path / name, split=split, runs=draw_runs(split, seed=seed), test_scores=(), test_opened=""
        )
        for seed, name in enumerate(("a", "b"))
    ]
    found = compare(*folders)
    assert found.content.warning == ""
    assert "test opened" not in found.text()


def test_settings_and_versions_that_differ_are_listed(tmp_path):
    split = make_split()
    runs = draw_runs(split)
    common = {"split": split, "runs": runs}
    one = write_study(tmp_path / "a", **common)
    other = write_study(
        tmp_path / "b",
        **common,
        versions=(("heldout", "0.1.0"), ("jax", "0.10.1")),
    )
    found = compare(one, other).content
    assert ("jax", "0.10.2", "0.10.1") in found.differences
    assert found.outcome == "same losses"


def test_another_split_of_the_same_table_is_compared_on_the_rows_of_both(tmp_path):
    first, second = make_split(), make_split(split_seed=7)
    one = write_study(tmp_path / "a", split=first, runs=draw_runs(first, seed=1))
    other = write_study(tmp_path / "b", split=second, runs=draw_runs(second, seed=2))
    found = compare(one, other).content
    assert found.n_rows == len(np.intersect1d(first.development, second.development))
    assert not found.same_split
    assert found.notes[0].startswith("The studies are split differently")
    assert found.outcome != "second is better"


def test_the_same_folder_twice_is_refused(pair):
    with pytest.raises(StudyError, match="are the same study"):
        compare(pair[0], pair[0].parent / "other" / ".." / "one")


def test_a_copy_is_compared_and_named_as_such(pair, tmp_path):
    shutil.copytree(pair[0], tmp_path / "copy")
    found = compare(pair[0], tmp_path / "copy").content
    assert found.outcome == "same losses"
    assert "Both delivered the same file" in " ".join(found.notes)


def test_everything_that_differs_is_said_at_once(pair, tmp_path):
    target = replace(make_target(), values=np.zeros(0))
    other = write_study(
        tmp_path / "c",
        split=make_split(fingerprint="cd" * 32),
        settings={"group": "hospital", "target_map": {"0": "no"}},
        target=replace(as_regression(target), name="price"),
    )
    with pytest.raises(StudyError, match="cannot be compared row by row") as caught:
        compare(pair[0], other)
    message = str(caught.value)
    for part in (
        "target is 'disease' in the first, 'price' in the second",
        "task is 'binary' in the first, 'regression' in the second",
        "group is None in the first, 'hospital' in the second",
        "target_map is",
        "their tables are not the same",
    ):
        assert part in message


def test_an_unfinished_study_is_refused(pair):
    (pair[1] / "content.json").unlink()
    with pytest.raises(StudyError, match="holds no finished study"):
        compare(*pair)


def test_a_study_that_ran_on_a_subset_says_so(tmp_path):
    split = make_split()
    folders = [
        write_study(tmp_path / name, split=split, runs=draw_runs(split, seed=seed), plan=(50, 64))
        for seed, name in enumerate(("a", "b"))
    ]
    assert "Compared at 50 fit rows" in " ".join(compare(*folders).content.notes)


def test_another_rule_of_early_stopping_is_named(tmp_path):
    split = make_split()
    for seed, name in enumerate(("a", "b")):
        settings = {"early_stopping": {"rule": "lecture"}} if name == "b" else {}
        write_study(tmp_path / name, split=split, runs=draw_runs(split, seed=seed), settings=settings)
    notes = " ".join(compare(tmp_path / "a", tmp_path / "b").content.notes)
    assert "the delivered networks were stopped otherwise" in notes
    assert "by 'lecture'" in notes


def test_nothing_that_trains_is_loaded(pair):
    code = (
        "import sys, heldout; found = heldout.compare(sys.argv[1], sys.argv[2]); found._repr_html_(); found.text();"
        "print([name for name in ('jax', 'sklearn', 'polars', 'altair', 'duckdb') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, pair)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_an_order_of_the_classes_is_no_obstacle_and_other_classes_are(tmp_path):
    split, target = make_split(), replace(make_target(), values=np.zeros(0))
    steps = replace(target, task=Task.MULTICLASS, classes=("high", "low", "mid"))
    ordered = replace(steps, classes=("low", "mid", "high"), ordered=True)
    other = replace(steps, classes=("high", "low", "top"))
    one, two, three = (
        write_study(tmp_path / name, split=split, runs=draw_runs(split, seed=1), target=each)
        for name, each in (("one", steps), ("two", ordered), ("three", other))
    )
    assert compare(one, two).content.n_rows == 80
    with pytest.raises(
        StudyError, match="classes is 'high, low, mid' in the first, 'high, low, top' in the second"
    ):
        compare(one, three)
