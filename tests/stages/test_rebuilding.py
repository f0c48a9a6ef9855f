"""Curves from events: every seed once all its folds are there, weighted by the folds' rows."""

import json

import numpy as np

from heldout.stages.rebuilding import read_events, rebuild_runs, rebuild_verdict
from report.example import make_rungs


def write_events(folder, *events):
    (folder / "events.jsonl").write_text("\n".join(json.dumps(event) for event in events) + "\n")
    return folder


def curve(rung, seed, fold, *, share=0.5, validation=(0.7, 0.6), **more):
    base = {"kind": "curves", "phase": "ladder", "remedies": [], "train": [0.5, 0.4]}
    return (
        base
        | {"rung": rung, "seed": seed, "fold": fold, "share": share, "validation": list(validation)}
        | more
    )


def test_folds_are_weighted_by_their_rows(tmp_path):
    folder = write_events(
        tmp_path,
        {"kind": "study", "n_folds": 2, "constant_loss": 0.7},
        curve(0, 0, 0, share=0.75, validation=(1.0, 1.0)),
        curve(0, 0, 1, share=0.25, validation=(2.0, 3.0)),
    )
    given = rebuild_runs(folder, make_rungs()[:2])
    assert len(given["runs"]) == 1
    np.testing.assert_allclose(given["runs"][0].validation_curve, [[1.25, 1.5]])
    assert given["constant_loss"] == 0.7
    assert "tolerance" not in given


def test_remedies_deliveries_and_unfinished_seeds_are_left_out(tmp_path):
    folder = write_events(
        tmp_path,
        {"kind": "study", "n_folds": 1},
        curve(0, 0, 0),
        curve(0, 1, 0, remedies=["dropout"]),
        curve(1, 0, 0, phase="delivery"),
        curve(2, "x", 0),
        curve(3, 0, 0, validation=()),
        curve(4, 0, 0, train="broken"),
    )
    runs = rebuild_runs(folder, make_rungs())["runs"]
    assert [run.configuration.rung.index for run in runs] == [0]
    assert runs[0].validation_curve.shape == (1, 2)


def test_a_folder_without_events_gives_nothing(tmp_path):
    assert list(read_events(tmp_path)) == []
    assert rebuild_runs(tmp_path, make_rungs()) == {"runs": ()}
    assert rebuild_verdict(tmp_path) == {}
