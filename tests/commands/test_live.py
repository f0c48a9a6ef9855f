import json
import os
import re
import signal
import subprocess

import pytest

from e2e.made_tables import command, environment, run_here
from heldout.commands.live import show_beside
from heldout.commands.options import CommonOptions
from live.made_events import ask, whole_study, write_events
from live.test_start import Place

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/([\w-]+)/")


def test_a_folder_without_events_is_refused(tmp_path):
    outcome = run_here("live", tmp_path)
    assert outcome.code == 3
    assert "has no events.jsonl" in outcome.err
    assert "name the folder of a study" in outcome.err


def test_a_gate_is_refused(tmp_path):
    outcome = run_here("live", tmp_path, "--require", "verdict!=overfit")
    assert outcome.code == 2
    assert "needs a verdict" in outcome.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_finished_study_is_served_until_ctrl_c(tmp_path, as_json):
    folder = write_events(tmp_path / "made", whole_study())
    words = ["live", folder, "--port", "0", *(["--json"] if as_json else [])]
    with subprocess.Popen(
        command(*words), env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        line = (server.stdout if as_json else server.stderr).readline()
        address = json.loads(line)["address"] if as_json else line
        assert ask(Place(*ADDRESS.search(address).groups())).status == 200
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
    assert server.returncode == 0
    assert "Traceback" not in err
    assert out == ""


def test_nothing_is_started_where_no_page_was_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a server was started"))
    with show_beside(CommonOptions(), tmp_path, is_wanted=False):
        pass
    assert capsys.readouterr().err == ""


def test_the_address_is_told_even_with_quiet(tmp_path, capfd):
    with show_beside(CommonOptions(quiet=True), tmp_path / "run", is_wanted=True):
        pass
    assert ADDRESS.search(capfd.readouterr().err)
    assert not os.listdir(tmp_path)
