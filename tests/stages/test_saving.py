import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evidence.made_runs import draw_losses, make_run
from heldout.errors import StudyError
from heldout.events import Events, open_display
from heldout.folder import open_folder
from heldout.recipe import recipe_hash
from heldout.records import Finding, RowsAffected, RowSet, Severity
from heldout.stages import saving
from heldout.stages.codec import to_plain
from heldout.stages.preparing import make_tensors, plan_training, thin_folds
from heldout.stages.saving import (
    CONTENT_SCHEMA,
    _name_command,
    _without_rows,
    _write_curves,
    describe_identity,
    load_content,
    save_start,
)
from heldout.stages.telling import leave_values_out
from heldout.stages.workplace import Workplace
from report.example import make_study
from stages.made_data import make_frame, prepare_frame, read


@pytest.fixture
def place(tmp_path):
    with (
        open_folder(tmp_path / "study", resume=False, identity={}) as folder,
        Events(None, open_display("none")) as events,
    ):
        yield Workplace(folder, events, "identity")


def test_the_identity_changes_with_data_settings_and_nothing_else():
    one = describe_identity(*read())
    assert one == describe_identity(*read())
    assert one != describe_identity(*read(seed=1))
    other = make_frame().drop("price").with_columns(pl.col("x") + 1)
    assert one["data"] != describe_identity(*read(other))["data"]
    assert json.loads(json.dumps(one)) == one


def test_what_is_known_before_training_is_on_disk(place):
    _, prepared, findings, settings = prepare_frame()
    plan = plan_training(prepared, settings)
    save_start(place, prepared, plan, settings, findings=findings, source="t.csv")
    start = place.folder.read_json("study.json")
    assert start["source"] == "t.csv"
    assert start["settings"]["target"] == "ill"
    assert start["recipe"] == recipe_hash(prepared.recipe)
    assert start["plan"]["n_seeds"] == plan.n_seeds
    split = place.folder.read_json("split.json")
    assert sorted(row for fold in split["folds"] for row in fold["validation"]) == list(range(60))
    order = make_tensors(prepared, thin_folds(prepared, n_fit=plan.n_fit)).order
    assert (
        split["validated"] == prepared.split.development[order].tolist()
    )  # the order of all recorded losses
    assert len(place.folder.read_json("audit.json")["findings"]) == len(findings)
    assert place.folder.has("recipe.json")
    assert place.folder.has("recipe.safetensors")
    assert not place.folder.has("content.json")


def test_curves_are_readable_without_heldout(place):
    rng = np.random.default_rng(0)
    runs = tuple(make_run(draw_losses(rng, [0.7, 0.5, 0.6], n_rows=5), index=index) for index in range(2))
    _write_curves(place.folder, runs)
    table = pl.read_parquet(place.folder.path / "curves" / "curves.parquet")
    assert table.height == 2 * 5 * 3
    picked = table.filter((pl.col("configuration") == "rung 1") & (pl.col("seed") == 2))
    np.testing.assert_array_equal(picked["val_loss"].to_numpy(), runs[1].validation_curve[2])
    assert picked["epoch"].to_list() == [1, 2, 3]


def test_rows_and_labels_stay_out_of_the_record():
    reading, _ = read()
    assert leave_values_out(reading.target).values.size == 0
    run = _without_rows(make_run(draw_losses(np.random.default_rng(0), [0.7, 0.5], n_rows=5)))
    assert run.losses.size == run.hits.size == 0
    assert run.validation_curve.size


def test_labels_to_look_at_keep_their_first_lines_as_all_findings_do(monkeypatch):
    reading, prepared, _, settings = prepare_frame()
    told = RowsAffected(1_500, 2_000, (0.75, 0.73, 0.77), tuple(range(1_500)))
    suspects = (
        Finding("HO232", "labels to look at", Severity.INFO, "", where=RowSet(np.arange(60)), affected=told),
    )
    nothing = {
        name: lambda *_, **__: ()
        for name in ("suspect_labels", "weigh_evidence", "find_copies", "list_findings")
    }
    for name, given in {
        **nothing,
        "tell_affected": lambda *_: suspects,
        "_read_settings": lambda _: settings,
    }.items():
        monkeypatch.setattr(saving, name, given)
    delivered = SimpleNamespace(order=None, development=SimpleNamespace(values=None))
    scores = SimpleNamespace(development=None, test=None, baselines=(), openings_before=0)
    verdicts = SimpleNamespace(chosen=SimpleNamespace(answers=()), gates=None, growth=None)
    gathered = saving._gather_findings(None, (reading, prepared, ()), verdicts, (delivered, scores))
    (kept,) = [item for item in gathered["findings"] if item.code == "HO232"]
    assert len(kept.affected.lines) == 1_000
    assert kept.affected.n_affected == 1_500


def write_content(folder, record):
    folder.mkdir(exist_ok=True)
    (folder / "content.json").write_text(record if isinstance(record, str) else json.dumps(record))


def test_a_saved_content_is_read_again_with_its_present_place(tmp_path):
    content = make_study()
    write_content(tmp_path / "moved", {"schema": CONTENT_SCHEMA, "content": to_plain(content)})
    loaded = load_content(tmp_path / "moved")
    assert loaded.study_folder == str(tmp_path / "moved")
    assert to_plain(loaded.chosen) == to_plain(content.chosen)
    assert to_plain(loaded.choice) == to_plain(content.choice)
    for one, other in zip(loaded.runs, content.runs, strict=True):
        np.testing.assert_array_equal(one.validation_curve, other.validation_curve)
        assert one.train_curve.dtype == other.train_curve.dtype


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"schema":', "is damaged"),
        ([1, 2], "has another schema"),
        ({"schema": "heldout/content/2", "content": {}}, "has another schema"),
        ({"schema": CONTENT_SCHEMA, "content": {"name": "x"}}, "content is not complete"),
        ({"schema": CONTENT_SCHEMA, "content": {"nam": "x"}}, "unknown fields"),
        ({"schema": CONTENT_SCHEMA}, "content holds unknown fields"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused(tmp_path, record, message):
    write_content(tmp_path / "study", record)
    with pytest.raises(StudyError, match=message):
        load_content(tmp_path / "study")


def test_a_folder_without_a_finished_study_says_how_to_go_on(tmp_path):
    with pytest.raises(StudyError, match="holds no finished study") as caught:
        load_content(tmp_path)
    assert "--resume" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["/usr/bin/heldout", "fit", "my data.csv"], "heldout fit 'my data.csv'"),
        (["/lib/heldout/__main__.py", "fit", "a.csv"], "heldout fit a.csv"),
        (["notebook.py", "-f", "x"], "heldout.fit(...)"),
        ([""], "heldout.fit(...)"),
    ],
)
def test_the_command_is_told_as_it_was_typed(arguments, told):
    assert _name_command(arguments) == told
