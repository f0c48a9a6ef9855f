"""A whole study watched from start to end, the connection cut once and the server killed once."""

import json
import os
import re
import signal
import subprocess

import numpy as np
import polars as pl
import pytest

from e2e.made_tables import SMALL_TOML, command, environment, make_binary, write_table
from live.made_events import asking, read_messages, serving
from live.test_start import Place, find_server

pytestmark = pytest.mark.slow
ADDRESS = re.compile(r"Live page: http://127\.0\.0\.1:(\d+)/([\w-]+)/")


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """(folder, events seen on the page while it ran, exit code, standard output)."""
    place = tmp_path_factory.mktemp("live")
    write_table(place / "ill.csv", make_binary())
    (place / "small.toml").write_text(SMALL_TOML)
    words = (
        "fit",
        "ill.csv",
        "--target",
        "ill",
        "--config",
        "small.toml",
        "--out",
        "run",
        "--live",
        "--json",
    )
    with subprocess.Popen(
        command(*words),
        cwd=place,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as study:
        line = study.stderr.readline()
        while not (match := ADDRESS.search(line)):
            line = study.stderr.readline()
        seen, position = watch_until(Place(*match.groups()), "study", "0")
        more, _ = watch_until(Place(*match.groups()), "curves", position)
        os.kill(find_server(study), signal.SIGKILL)
        out, _ = study.communicate(timeout=200)
        yield place / "run", [*seen, *more], study.returncode, out


def watch_until(place, kind, position):
    """Everything from a position on until an event of this kind came; then the connection is cut."""
    seen = []
    with asking(place, "events", Last_Event_ID=position) as stream:
        while kind not in [event["kind"] for event in seen]:
            given, name, data = read_messages(stream, 1)[0]
            seen += data["events"] if name == "events" else []
            position = given or position
    return seen, position


def replay(folder):
    with serving(folder) as door:
        return watch_until(door, "end", "0")[0]


def test_the_training_finishes_without_its_page(watched):
    folder, _, code, out = watched
    assert code == 0
    assert json.loads(out)["schema"] == "heldout/study/1"
    assert (folder / "report.html").is_file()


def test_what_was_seen_over_two_connections_is_what_the_replay_shows(watched):
    folder, seen, _, _ = watched
    assert seen == replay(folder)[: len(seen)]


def test_the_replay_tells_the_whole_study(watched):
    folder, *_ = watched
    events = replay(folder)
    plan = next(event for event in events if event["kind"] == "study")
    verdicts = [event for event in events if event["kind"] == "verdict"]
    ladder = [event for event in events if event["kind"] == "curves" and event["phase"].startswith("ladder")]
    assert (plan["source"], plan["target"]) == ("ill.csv", "ill")
    assert plan["n_test"] > 0
    assert [(event["about"], event["final"]) for event in verdicts] == [
        ("ladder", False),
        ("ladder", True),
        ("chosen", True),
    ]
    assert {len(event["train"]) for event in ladder} == {plan["n_epochs"]}
    assert {event["fold"] for event in ladder} == set(range(plan["n_folds"]))
    assert events[-1]["how"] == "finished"


def test_the_curves_are_those_that_the_study_keeps(watched):
    """Pooled over folds, the page's losses are the study's own, within their four digits."""
    folder, *_ = watched
    kept = pl.read_parquet(folder / "curves" / "curves.parquet").filter(configuration="rung 0")
    pooled = {}
    for event in replay(folder):
        if event["kind"] == "curves" and event["configuration"] == "rung 0":
            weighted = np.array(event["validation"]) * event["share"]
            pooled[event["seed"]] = pooled.get(event["seed"], 0.0) + weighted
    assert len(pooled) >= 2
    for place, seed in enumerate(sorted(pooled)):
        wanted = kept.filter(seed=place)["val_loss"].to_numpy()
        np.testing.assert_allclose(pooled[seed], wanted, rtol=2e-4)


def test_no_test_score_is_ever_shown(watched):
    folder, *_ = watched
    scores = json.loads((folder / "test.json").read_text())["scores"]
    shown = json.dumps(replay(folder))
    for score in scores:
        for value in (score["value"], score["low"], score["high"]):
            assert f"{value:.6g}" not in shown
            assert repr(value) not in shown
    phases = [event["phase"] for event in replay(folder) if event["kind"] == "phase"]
    assert "testing" in phases
