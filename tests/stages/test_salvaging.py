"""A folder that is incomplete, newer or corrupt: what is missing is said, the rest is shown."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heldout.errors import StudyError
from heldout.folder import open_folder
from heldout.records import Finding, Severity
from heldout.report.html import render_report
from heldout.report.machine import answer_json
from heldout.report.privacy import hide_rows
from heldout.stages.codec import to_json_values, to_plain
from heldout.stages.loading import CONTENT_SCHEMA
from heldout.stages.salvaging import Found, read_file, read_known, salvage_content, say_unfinished
from heldout.stages.store import FolderStore
from report.example import make_rungs, make_scores, make_study

SPLIT = {
    "schema": "heldout/split/1",
    "folds": [{"fit": [0, 1, 2], "validation": [3]}, {"fit": [1, 2, 3], "validation": [0]}],
    "development": [0, 1, 2, 3],
    "test": [4],
    "unit": [0, 0, 1, 2, 3],
    "method": "2 folds",
    "has_groups": True,
    "ordered": False,
    "why_no_test": "",
}


def write(folder, name, value):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))


def make_unfinished(folder):
    """Stopped during the ladder: two of three sizes, the second without its last fold."""
    rungs = to_json_values(make_rungs()[:3])
    settings = {"target": "disease", "preset": "quick"}
    write(
        folder,
        "study.json",
        {"source": "heart.csv", "settings": settings, "versions": {"heldout": "9"}, "plan": {"rungs": rungs}},
    )
    found = Finding("HO207", "constant columns", Severity.INFO, "column 'a' has one value")
    write(folder, "audit.json", {"findings": to_json_values([found])})
    write(folder, "split.json", SPLIT)
    events = [{"kind": "study", "n_folds": 2, "constant_loss": 0.69, "tolerance": 0.014}]
    for rung, folds in ((0, 2), (1, 1)):
        for seed in (0, 1):
            events += [
                {
                    "kind": "curves",
                    "phase": "ladder",
                    "remedies": [],
                    "rung": rung,
                    "seed": seed,
                    "fold": fold,
                }
                | {"share": 0.5, "train": [0.6, 0.5], "validation": [0.7, 0.6 + 0.02 * fold]}
                for fold in range(folds)
            ]
    lines = "\n".join(json.dumps(event) for event in events)
    (folder / "events.jsonl").write_text(lines + '\n{"kind": "curv')
    return folder


def test_a_finished_study_is_read_as_it_is(tmp_path):
    content = make_study()
    write(tmp_path / "run", "content.json", {"schema": CONTENT_SCHEMA, "content": to_plain(content)})
    found = salvage_content(tmp_path / "run")
    assert found.partial == ""
    assert found.columns == content.columns


def test_an_unfinished_study_shows_what_there_is(tmp_path):
    found = salvage_content(make_unfinished(tmp_path / "run"))
    assert found.partial.startswith("It has not come to its end (continue it with --resume).")
    assert "content.json" not in found.partial  # nothing is missing of what is not made yet
    assert "Shown is the rest: the audit, curves of 1 configuration." in found.partial
    assert found.target.name == "disease"
    assert found.source == "heart.csv"
    assert (found.split.n_development, found.split.n_test, found.split.n_units) == (4, 1, 3)
    assert found.findings[0].code == "HO207"
    assert found.runs[0].validation_curve.shape == (2, 2)
    np.testing.assert_allclose(found.runs[0].validation_curve[0], [0.7, 0.61], atol=1e-6)
    assert found.tolerance == 0.014
    page = render_report(found, charts={})
    assert page.index("This study is not complete") < page.index("Does it work?")
    assert "constant columns" in page
    assert "No verdict yet" in page


@pytest.mark.parametrize(
    ("events", "why"),
    [
        (["begin", {"kind": "end", "how": "stopped"}], "It was stopped before its end ("),
        (["begin", {"kind": "end", "how": "stopped"}, "begin"], "It has not come to its end ("),
        (["begin", {"kind": "end", "how": "failed", "text": "full"}], "It ended with an error (full) ("),
        (["begin", {"kind": "end", "how": ["odd"]}], "It has not come to its end ("),
        ([], "It has not come to its end ("),
    ],
)
def test_why_a_study_has_no_end_is_told_by_its_events(tmp_path, events, why):
    lines = [{"kind": event} if isinstance(event, str) else event for event in events]
    write(tmp_path / "run", "events.jsonl", "\n".join(map(json.dumps, lines)))
    assert say_unfinished(tmp_path / "run").startswith(why)


def test_a_content_of_a_newer_version_loses_only_what_is_unknown(tmp_path):
    plain = to_plain(make_study())
    plain |= {"surprise": 1, "ladder": {"word": "x"}}
    write(tmp_path / "run", "content.json", {"schema": "heldout/content/9", "content": plain})
    found = salvage_content(tmp_path / "run")
    assert "another version of heldout wrote it" in found.partial
    assert "field surprise: this version does not know it" in found.partial
    assert "field ladder: ladder is not complete" in found.partial
    assert "study.json: there is no such file" in found.partial
    assert found.ladder is None
    assert found.chosen is not None
    assert found.chosen.word == "good fit"
    assert found.n_rows == make_study().n_rows


@pytest.mark.parametrize(
    "broken", ['{"schema":', "[1, 2]", '{"schema": "heldout/content/1"}', "\x00\xff", '{"content": 3}']
)
def test_a_corrupt_content_leaves_the_rest(tmp_path, broken):
    folder = make_unfinished(tmp_path / "run")
    write(folder, "content.json", broken)
    write(folder, "test.json", {"opened": "noon", "scores": to_json_values(make_scores(0.8, n_rows=9))})
    found = salvage_content(folder)
    assert "content.json" in found.partial
    assert found.test_scores[0].value == 0.8
    assert found.metric == "accuracy"
    assert render_report(found, charts={})


@pytest.mark.parametrize("name", ["audit.json", "split.json", "test.json", "events.jsonl", "study.json"])
@pytest.mark.parametrize(
    "broken", ["", "{", "[]", '{"findings": [{"code": 1}], "folds": 3, "plan": [], "scores": 7}']
)
def test_any_other_file_may_be_broken(tmp_path, name, broken):
    folder = make_unfinished(tmp_path / "run")
    if name == "study.json":
        write(folder, "content.json", {"schema": CONTENT_SCHEMA, "content": {"name": "x"}})
    write(folder, name, broken)
    assert salvage_content(folder).partial


def test_a_verdict_that_was_final_is_shown(tmp_path):
    folder = make_unfinished(tmp_path / "run")
    verdict = {"kind": "verdict", "about": "ladder", "word": "overfits from", "code": "HO101", "rung": 1}
    with (folder / "events.jsonl").open("a") as events:
        events.write("\n" + json.dumps(verdict | {"sentence": "early", "final": False}))
        events.write("\n" + json.dumps(verdict | {"sentence": "late", "final": True}) + "\n")
    found = salvage_content(folder).ladder
    assert found is not None
    assert (found.sentence, found.code, found.rung) == ("late", "HO101", 1)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(StudyError, match="holds no study that can be read"):
        salvage_content(tmp_path)


def test_why_a_file_was_not_read():
    assert read_file(Path("/no/such.json")).trouble == "there is no such file"
    assert read_known(Found()) == ({}, [])
    kept, lost = read_known(Found({"schema": CONTENT_SCHEMA, "content": {"n_rows": "many", "name": "a"}}))
    assert kept == {"name": "a"}
    assert lost[0][0] == "n_rows"


def test_a_field_that_is_not_there_is_named(tmp_path):
    plain = to_plain(make_study())
    del plain["split"]
    write(tmp_path / "run", "content.json", {"schema": CONTENT_SCHEMA, "content": plain})
    assert "content.json, field split: it is not there" in salvage_content(tmp_path / "run").partial


def test_every_damaged_file_is_named(tmp_path):
    folder = make_unfinished(tmp_path / "run")
    write(folder, "audit.json", '{"a":')
    write(folder, "study.json", {"schema": "heldout/start/7"})
    said = salvage_content(folder).partial
    assert "audit.json: damaged" in said
    assert "study.json: 'heldout/start/7': another version of heldout wrote it" in said
    assert "test.json" not in said  # it was not opened yet: no fault


def test_the_events_alone_can_be_watched_again(tmp_path):
    folder = make_unfinished(tmp_path / "run")
    for name in ("study.json", "audit.json", "split.json"):
        (folder / name).unlink()
    with pytest.raises(StudyError, match="holds no study that can be read") as refused:
        salvage_content(folder)
    assert "heldout live" in refused.value.hint


def test_the_audit_alone_is_shown(tmp_path):
    folder = make_unfinished(tmp_path / "run")
    for name in ("study.json", "split.json"):
        (folder / name).unlink()
    found = salvage_content(folder)
    assert "study.json: there is no such file; split.json: there is no such file" in found.partial
    assert found.findings
    assert render_report(found, charts={})


LOST = ("No remedy was tried", ">0 networks", "No verdict yet", "Nothing is known", "No finding")


def make_finished(folder, *, answer=True):
    """A folder whose study had been finished; its record is gone and its audit damaged."""
    make_unfinished(folder)
    write(folder, "audit.json", "{")
    write(folder, "report.html", "<!doctype html>")
    if answer:
        write(folder, "verdict.json", json.dumps(answer_json(make_study())))
    return folder


def test_a_finished_study_without_its_record_is_read_from_its_answer(tmp_path):
    found, whole = salvage_content(make_finished(tmp_path / "run")), hide_rows(make_study())
    assert "content.json: there is no such file; audit.json: damaged" in found.partial
    for name in (
        "chosen",
        "gates",
        "baselines",
        "findings",
        "subgroups",
        "affected",
        "by_heart",
        "confusions",
    ):
        assert to_plain(getattr(found, name)) == to_plain(getattr(whole, name)), name
    for name in ("chosen_name", "epoch", "metric", "n_rows", "development_scores", "growth", "permutation_p"):
        assert to_plain(getattr(found, name)) == to_plain(getattr(whole, name)), name
    assert to_plain(tuple(replace(item, detail="") for item in whole.remedies)) == to_plain(found.remedies)
    assert found.costs.n_networks == whole.costs.n_networks
    assert found.ladder is not None
    assert whole.ladder is not None
    assert to_plain(found.ladder.per_rung[: len(whole.ladder.per_rung)]) == to_plain(whole.ladder.per_rung)
    assert (found.target.name, found.target.classes) == (whole.target.name, whole.target.classes)
    page = render_report(found, charts={})
    assert [words for words in LOST if words in page] == []


def test_what_no_file_tells_is_not_called_absent(tmp_path):
    found = salvage_content(make_finished(tmp_path / "run", answer=False))
    assert {"chosen", "remedies", "findings", "costs", "subgroups"} <= set(found.unread)
    page = render_report(found, charts={})
    assert [words for words in LOST if words in page] == []
    assert "No groups were" not in page
    assert page.count("not readable in this folder") >= 6


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", '{"schema": "heldout/study/1", "findings": 3, "gates": {}}']
)
def test_a_damaged_answer_leaves_the_rest(tmp_path, broken):
    folder = make_finished(tmp_path / "run", answer=False)
    write(folder, "verdict.json", broken)
    assert "remedies" in salvage_content(folder).unread


def test_curves_of_remedies_are_read_with_all_seeds(tmp_path):
    folder = make_finished(tmp_path / "run")
    run = next(item for item in make_study().runs if item.configuration.remedies)
    run = replace(run, losses=np.zeros((1, *run.losses.shape[1:]), np.float32))
    with open_folder(tmp_path / "kept", resume=False, identity={}) as kept:
        FolderStore(kept, "a").save("remedies", run)
        FolderStore(kept, "a").save("remedies-more", run)
    (tmp_path / "kept" / "curves").rename(folder / "curves")
    found = salvage_content(folder)
    kept = next(item for item in found.runs if item.configuration.name == run.configuration.name)
    n_seeds = len(run.validation_curve)
    assert kept.configuration == run.configuration
    np.testing.assert_array_equal(kept.validation_curve[:n_seeds], run.validation_curve)
    assert len(kept.validation_curve) == 2 * n_seeds
