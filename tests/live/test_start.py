import contextlib
import json
import subprocess
import sys
import time

import pytest

from heldout.live.server import open_door
from heldout.live.start import start_beside
from live.made_events import ask, asking, read_messages, wait_until, whole_study, write_events

TRAIN = """
import json, os, signal, sys, time
from pathlib import Path
from heldout.events import Events, open_display, record_end
from heldout.folder import open_folder
from heldout.live import open_door, start_beside
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start its background jobs deaf to Ctrl-C
folder = Path(sys.argv[1])
door = open_door(0)
with start_beside(folder, door) as nothing:
    print(door.port, door.token, flush=True)
    with open_folder(folder, resume=False, identity={}):
        with Events(folder / "events.jsonl", open_display("none")) as events, record_end(events):
            for step in range(int(sys.argv[2])):
                events.keep("note", text=f"step {step}")
                time.sleep(0.05)
print("trained", flush=True)
"""


class Place:
    """Port and token of a server in another process."""

    def __init__(self, port, token):
        self.port, self.token = int(port), token


@contextlib.contextmanager
def training(folder, n_steps):
    child = subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(folder), str(n_steps)], stdout=subprocess.PIPE, text=True
    )
    with child:
        yield child, Place(*child.stdout.readline().split())
        child.kill()


def is_served(place):
    try:
        return ask(place).status == 200
    except OSError:
        return False


def find_server(parent):
    """The number of the process that serves: the only child of the training."""
    out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent.pid)], capture_output=True, text=True)
    return int(out.stdout.split()[0])


def test_the_page_shows_a_training_from_start_to_end_and_leaves_with_it(tmp_path):
    with training(tmp_path / "run", 20) as (child, place):
        wait_until(lambda: is_served(place))
        texts, ends = [], []
        with asking(place, "events") as stream:
            while not ends:
                _, name, data = read_messages(stream, 1)[0]
                texts += [event["text"] for event in data.get("events", ()) if event["kind"] == "note"]
                ends += [event["how"] for event in data.get("events", ()) if event["kind"] == "end"]
        assert (texts, ends) == ([f"step {step}" for step in range(20)], ["finished"])
        assert child.stdout.readline() == "trained\n"
        assert child.wait(10) == 0
    wait_until(lambda: not is_served(place), seconds=15)  # no page is open any more


def test_a_killed_server_leaves_the_training_alone(tmp_path):
    with training(tmp_path / "run", 40) as (child, place):
        wait_until(lambda: is_served(place))
        subprocess.run(["kill", "-9", str(find_server(child))], check=True)
        assert child.stdout.readline() == "trained\n"
        assert child.wait(10) == 0
    lines = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[-1]) | {"t": 0} == {"t": 0, "kind": "end", "how": "finished", "text": ""}
    assert len(lines) == 42


def test_a_killed_training_is_told_and_the_server_leaves(tmp_path):
    with training(tmp_path / "run", 400) as (child, place):
        wait_until(lambda: is_served(place))
        with asking(place, "events") as stream:
            read_messages(stream, 2)
            child.kill()
            child.wait()
            wait_until(lambda: read_messages(stream, 1)[0][2].get("state") == "ended")
    wait_until(lambda: not is_served(place), seconds=15)


def test_stop_on_the_page_ends_the_training_as_ctrl_c_does(tmp_path):
    with training(tmp_path / "run", 400) as (child, place):
        wait_until(lambda: is_served(place))
        wait_until(lambda: (tmp_path / "run" / "events.jsonl").is_file())
        answer = ask(place, "stop", method="POST", Origin=f"http://127.0.0.1:{place.port}")
        assert answer.status == 202
        assert child.wait(10) != 0
    end = json.loads((tmp_path / "run" / "events.jsonl").read_text().splitlines()[-1])
    assert (end["kind"], end["how"]) == ("end", "stopped")


def test_a_server_that_cannot_start_is_no_reason_to_stop(tmp_path, monkeypatch):
    write_events(tmp_path, whole_study())
    monkeypatch.setattr(sys, "executable", "/bin/false")
    began = time.monotonic()
    with start_beside(tmp_path, open_door(0)):
        time.sleep(0.1)
    assert time.monotonic() - began < 5


def test_an_error_of_the_training_passes_through(tmp_path):
    with pytest.raises(ValueError, match="of the training"), start_beside(tmp_path, open_door(0)):
        raise ValueError("an error of the training")
