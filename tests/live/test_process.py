import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from heldout.folder import LOCK_FILE, open_folder
from heldout.live import process
from heldout.live.process import Holder, ask_to_stop, find_holder

HOST = socket.gethostname()
HOLD = """
import signal, sys, time
from heldout.folder import open_folder
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
with open_folder(sys.argv[1], resume=False, identity={}):
    print("held", flush=True)
    time.sleep(30)
"""


@pytest.fixture
def held(tmp_path):
    """A folder that another process holds, and that process."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout.readline() == "held\n"
        yield tmp_path / "run", child
        child.kill()


def test_a_running_study_is_seen_and_its_end_too(held):
    folder, child = held
    assert find_holder(folder) == Holder("running", child.pid, HOST)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert find_holder(folder) == Holder("ended", host=HOST)


def test_looking_takes_no_lock(held, tmp_path):
    folder, child = held
    find_holder(folder)
    child.kill()
    child.wait()
    find_holder(folder)
    with open_folder(folder, resume=True, identity={}) as again:
        assert again.resumed


def test_stop_is_one_interrupt_to_the_holder(held):
    folder, child = held
    assert ask_to_stop(folder)
    assert child.wait(10) == 7


def test_nothing_is_asked_where_nobody_holds_the_folder(held):
    folder, child = held
    child.kill()
    child.wait()
    assert not ask_to_stop(folder)


def test_a_number_that_another_process_has_by_now_is_never_signalled(tmp_path):
    (tmp_path / LOCK_FILE).write_text(json.dumps({"pid": os.getpid(), "host": HOST}))
    assert find_holder(tmp_path) == Holder("ended", host=HOST)
    assert not ask_to_stop(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": "x", "host": 1}', json.dumps({"pid": 1, "host": "elsewhere.example"})]
)
def test_another_machine_or_a_damaged_lock_is_unknown(tmp_path, text):
    (tmp_path / LOCK_FILE).write_text(text)
    assert find_holder(tmp_path).state == "unknown"
    assert not ask_to_stop(tmp_path)


def test_a_system_that_does_not_tell_is_unknown(held, tmp_path):
    folder, _ = held
    assert find_holder(folder, locks=tmp_path / "absent").state == "unknown"


def test_a_holder_that_is_gone_meanwhile_is_no_error(tmp_path, monkeypatch):
    def gone(number, what):
        raise ProcessLookupError

    monkeypatch.setattr(process, "find_holder", lambda folder: Holder("running", 12345, HOST))
    monkeypatch.setattr(os, "kill", gone)
    assert not ask_to_stop(tmp_path)
