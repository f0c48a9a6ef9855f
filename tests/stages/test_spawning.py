import datetime
import io
import json
import signal
import subprocess
import sys
import types

import pandas as pd
import polars as pl
import pytest

from heldout import study as study_module
from heldout.errors import DataError, StudyError, StudyInterrupted, UsageError
from heldout.settings import Settings
from heldout.sources import fingerprint_table, read_table
from heldout.stages import spawning
from heldout.stages.spawning import Asked, hand_over, is_kernel, run_apart

DAY = datetime.date(2020, 3, 1)
CELLS = {
    "whole": [1, 2, 3],
    "holes": [1, None, 3],
    "share": [0.1, 2.0, None],
    "word": ["a", "", " b\t"],
    "yes": [True, False, None],
    "day": [DAY, None, DAY],
    "empty": [None, None, None],
}
FRAMES = {
    "polars": lambda: pl.DataFrame(CELLS, strict=False),
    "pandas": lambda: pd.DataFrame(CELLS),
    "category": lambda: pd.DataFrame({"a": pd.Categorical(["x", None, "y"]), "b": ["1", "2", "3"]}),
    "index": lambda: pd.DataFrame({"a": [1, 2]}, index=["p", "q"]),
    "dicts": lambda: [{"a": 1, "b": "x"}, {"a": 2.5}, {"b": None}],
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_a_frame_that_is_handed_over_has_the_same_cells(make, tmp_path):
    handed = read_table(pl.read_parquet(hand_over(make(), tmp_path)))
    assert fingerprint_table(handed) == fingerprint_table(read_table(make()))


def test_a_path_is_handed_over_as_it_is(tmp_path):
    assert hand_over("data/heart.csv", tmp_path) == "data/heart.csv"


def test_only_a_kernel_is_one(monkeypatch):
    assert not is_kernel()
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert is_kernel()
    monkeypatch.setenv(spawning.HERE, "1")
    assert not is_kernel()
    monkeypatch.delenv(spawning.HERE)
    for found in (None, types.SimpleNamespace()):  # a plain program, a terminal shell
        monkeypatch.setitem(
            sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda found=found: found)
        )
        assert not is_kernel()


class FakeChild:
    """A child process that has said everything already; `interrupts` reads are cut by Ctrl-C."""

    def __init__(self, *, out="", err="", code=0, interrupts=0):
        self.stdin, self.stdout, self.stderr = io.StringIO(), io.StringIO(out), io.StringIO(err)
        self.stdin.close = lambda: None
        self.returncode, self.signals, self._code, self._interrupts = None, [], code, interrupts

    def wait(self):
        if self._interrupts:
            self._interrupts -= 1
            raise KeyboardInterrupt
        self.returncode = self._code
        return self._code

    def poll(self):
        return self.returncode

    def send_signal(self, number):
        self.signals.append(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def run_child(monkeypatch, **said):
    child = FakeChild(**said)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: child)
    run_apart(Asked("data.csv", Settings(target="y"), spawning.Path("runs/a")), progress="lines")
    return child


def refuse(kind, message="no column 'nun'", hint="did you mean 'num'?"):
    return json.dumps({"kind": kind, "message": message, "hint": hint})


def test_progress_of_the_child_is_shown_here(monkeypatch, capsys):
    event = json.dumps({"t": 0.1, "kind": "note", "text": "delimiter is semicolon"})
    child = run_child(monkeypatch, err=f"{event}\nsome library warns\n")
    assert capsys.readouterr().err == "delimiter is semicolon\n"
    asked = json.loads(child.stdin.getvalue())
    assert (asked["source"], asked["out"], asked["is_frame"]) == ("data.csv", "runs/a", False)
    assert Settings.model_validate(asked["settings"]) == Settings(target="y")


@pytest.mark.parametrize("kind", [DataError, UsageError, StudyError])
def test_a_refusal_is_the_same_error_as_without_a_child(monkeypatch, kind):
    with pytest.raises(kind, match="no column 'nun'") as caught:
        run_child(monkeypatch, out=refuse(kind.__name__), code=kind.exit_code)
    assert caught.value.hint == "did you mean 'num'?"


def test_an_unexpected_end_shows_the_last_lines(monkeypatch):
    with pytest.raises(StudyError, match=r"ended with code 1:\nTraceback\nKeyError: 'x'") as caught:
        run_child(monkeypatch, err="Traceback\nKeyError: 'x'\n", code=1)
    assert spawning.HERE in caught.value.hint


def test_an_interrupt_is_passed_on_and_a_second_one_ends_the_child(monkeypatch):
    with pytest.raises(StudyInterrupted, match="130"):
        run_child(monkeypatch, out=refuse("StudyInterrupted"), code=130, interrupts=1)
    child = FakeChild(code=-signal.SIGKILL, interrupts=2)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: child)
    with pytest.raises(StudyInterrupted, match="130"):
        run_apart(Asked("data.csv", Settings(target="y"), spawning.Path("a")))
    assert child.signals == [signal.SIGINT, signal.SIGKILL]


def test_a_stopped_study_names_its_folder_and_its_page_in_the_notebook(monkeypatch):
    place = {"folder": "runs/a", "report": "runs/a/report-partial.html"}
    told = json.dumps({"kind": "StudyInterrupted", "message": "stopped", "hint": "", **place})
    with pytest.raises(
        StudyInterrupted, match=r"resume=True goes on; .* runs/a/report-partial\.html$"
    ) as caught:
        run_child(monkeypatch, out=told, code=130, interrupts=1)
    assert (caught.value.folder, caught.value.report) == ("runs/a", "runs/a/report-partial.html")


def test_the_kernel_loads_nothing_that_trains():
    """The refusal comes back from a real child; what it took to ask is all that the kernel has loaded."""
    code = (
        "import sys, types; shell = types.SimpleNamespace(kernel=object());"
        "sys.modules['IPython'] = types.SimpleNamespace(get_ipython=lambda: shell);"
        "import heldout, polars, tempfile; frame = polars.DataFrame({'a': ['1', '2'], 'y': ['p', 'q']});\n"
        "try: heldout.fit(frame, target='y', out=tempfile.mkdtemp() + '/a', progress='none')\n"
        "except heldout.errors.DataError as error: print(error.message)\n"
        "print([name for name in ('jax', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "frame has 2 rows; a study needs at least 10\n[]\n"


def test_in_a_kernel_fit_runs_apart_and_gives_the_study(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(study_module, "is_kernel", lambda: True)
    monkeypatch.setattr(study_module, "run_apart", lambda asked, *, progress: calls.append((asked, progress)))
    monkeypatch.setattr(study_module, "load", lambda path: ("loaded", path))
    found = study_module.fit("a.csv", target="y", out=tmp_path / "s", resume=True, progress="none")
    assert found == ("loaded", tmp_path / "s")
    asked, progress = calls[0]
    assert (asked.source, asked.settings.target, asked.resume, progress) == ("a.csv", "y", True, "none")
