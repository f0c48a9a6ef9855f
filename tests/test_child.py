import io
import json
import os
import signal
import subprocess
import sys
import time
import types

import polars as pl
import pytest

from heldout import child
from heldout.errors import DataError, StudyInterrupted, UsageError
from heldout.settings import Settings
from heldout.stages.spawning import hand_over

ASKED = {"is_frame": False, "resume": False, "strict": False}


def start_child(request):
    started = subprocess.Popen(
        [sys.executable, "-m", "heldout.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.stdin.write(json.dumps(ASKED | request) + "\n")
    started.stdin.flush()
    return started


def run_here(monkeypatch, capsys, fit, **request):
    """The child's program in this process, with a study that does what the test wants."""
    asked = ASKED | {"source": "a.csv", "settings": {"target": "y"}, "out": "runs/a"} | request
    monkeypatch.setattr(child.sys, "stdin", io.StringIO(json.dumps(asked) + "\n"))
    monkeypatch.setattr(child.threading, "Thread", lambda **_: types.SimpleNamespace(start=lambda: None))
    monkeypatch.setattr(child.study, "fit", fit)
    code = child.main()
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def test_a_study_is_run_as_it_was_asked_for(monkeypatch, capsys):
    seen = []
    code, told = run_here(
        monkeypatch, capsys, lambda *given, **named: seen.append((given, named)), strict=True
    )
    assert (code, told) == (0, None)
    (source, settings), named = seen[0]
    assert (source, settings) == ("a.csv", Settings(target="y"))
    assert named == {"out": "runs/a", "resume": False, "strict": True, "progress": "json"}


def test_a_frame_is_read_from_its_file(monkeypatch, capsys, tmp_path):
    path = hand_over(pl.DataFrame({"a": [1, None]}), tmp_path)
    seen = []
    run_here(monkeypatch, capsys, lambda frame, *_, **__: seen.append(frame), source=path, is_frame=True)
    assert seen[0].to_dict(as_series=False) == {"a": ["1", None]}


def test_a_stop_names_the_folder_and_the_page_of_what_there_is(monkeypatch, capsys):
    def fit(*_, **__):
        raise StudyInterrupted(130, folder="runs/a", report="runs/a/report-partial.html")

    _, told = run_here(monkeypatch, capsys, fit)
    assert (told["folder"], told["report"]) == ("runs/a", "runs/a/report-partial.html")


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (DataError("no column 'nun'", hint="did you mean 'num'?"), 3, "DataError"),
        (UsageError("no target", hint=""), 2, "UsageError"),
        (StudyInterrupted(143), 143, "StudyInterrupted"),
    ],
)
def test_a_refusal_is_told_as_one_object(monkeypatch, capsys, error, code, kind):
    def fit(*_, **__):
        raise error

    found, told = run_here(monkeypatch, capsys, fit)
    assert (found, told["kind"]) == (code, kind)
    assert told["message"] == (getattr(error, "message", "") or str(error))
    assert told["hint"] == getattr(error, "hint", "")


def test_when_the_notebook_is_gone_the_child_stops(tmp_path):
    """Reading never ends here (a pipe nobody writes to); what ends it is the end of standard input."""
    pipe = tmp_path / "never.csv"
    os.mkfifo(pipe)
    started = start_child({"source": str(pipe), "settings": {"target": "y"}, "out": str(tmp_path / "a")})
    time.sleep(0.5)
    started.stdin.close()
    try:
        started.wait(timeout=60)
    finally:
        started.kill()
        started.stdout.close()
        started.stderr.close()
    assert started.returncode in (-signal.SIGTERM, 143)
