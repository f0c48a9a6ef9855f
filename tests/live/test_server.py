import json
import socket
import threading

import pytest

from heldout.errors import StudyError
from heldout.folder import open_folder
from heldout.live import process, server
from heldout.live.server import DEFAULT_PORT, describe_state, open_door
from live.made_events import ask, asking, read_messages, serving, wait_until, whole_study, write_events


@pytest.fixture
def folder(tmp_path):
    return write_events(tmp_path / "made", whole_study())


def test_a_finished_study_is_replayed_whole_and_its_state_told(folder):
    with serving(folder) as door, asking(door, "events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        (position, name, chunk), (_, second, state) = read_messages(stream, 2)
    assert (name, second) == ("events", "state")
    assert chunk["events"] == list(whole_study())
    assert int(position) == (folder / "events.jsonl").stat().st_size
    assert state == {"state": "ended", "host": "", "folder": "made", "report": False}


def test_a_lost_connection_goes_on_where_it_broke(folder, monkeypatch):
    monkeypatch.setattr("heldout.live.stream.CHUNK_BYTES", 1000)
    with serving(folder) as door:
        with asking(door, "events") as stream:
            first = read_messages(stream, 3)
        with asking(door, "events", Last_Event_ID=first[-1][0]) as stream:
            seen = [event for _, _, chunk in first for event in chunk["events"]]
            while len(seen) < len(list(whole_study())):
                seen += read_messages(stream, 1)[0][2]["events"]
    assert seen == list(whole_study())


@pytest.mark.parametrize("position", ["", "-1", "x", "1e3", "\u0663", "9" * 400, "0"])
def test_a_position_that_is_none_begins_anew(folder, position):
    with serving(folder) as door, asking(door, "events", Last_Event_ID=position.encode()) as stream:
        assert read_messages(stream, 1)[0][2]["events"][0]["kind"] == "begin"


def test_a_position_behind_the_end_begins_anew_and_says_so(folder):
    with serving(folder) as door, asking(door, "events", Last_Event_ID="99999999") as stream:
        (_, name, _), (_, _, chunk) = read_messages(stream, 2)
    assert (name, chunk["events"][0]["kind"]) == ("reset", "begin")


def test_what_is_written_later_comes_later(tmp_path):
    events = list(whole_study())
    folder = tmp_path / "later"
    with serving(folder) as door, asking(door, "events") as stream:
        assert read_messages(stream, 1)[0][1] == "state"  # nothing is there yet
        write_events(folder, events[:4])
        assert read_messages(stream, 1)[0][2]["events"] == events[:4]
        write_events(folder, events[4:])
        assert read_messages(stream, 1)[0][2]["events"] == events[4:]


def test_the_state_follows_the_lock_and_the_report(tmp_path):
    folder = tmp_path / "run"
    with open_folder(folder, resume=False, identity={}):
        assert describe_state(folder)["state"] == "running"
        (folder / "report.html").write_text("<!doctype html>")
    assert describe_state(folder) | {"host": ""} == {
        "state": "ended",
        "host": "",
        "folder": "run",
        "report": True,
    }


def test_of_a_stopped_study_the_page_of_what_there_is_is_given(folder):
    with serving(folder) as door:
        (folder / "report-partial.html").write_text("<!doctype html><p>what there is")
        assert describe_state(folder)["report"]
        assert ask(door, "report").body.endswith(b"what there is")
        (folder / "test.json").write_text("{}")  # its page may show the score by now
        assert not describe_state(folder)["report"]
        assert ask(door, "report").status == 404


def test_the_report_is_given_once_it_is_there(folder):
    with serving(folder) as door:
        assert ask(door, "report").status == 404
        (folder / "report.html").write_text("<!doctype html><p>done")
        answer = ask(door, "report")
    assert (answer.status, answer.body) == (200, b"<!doctype html><p>done")
    assert "script-src" not in answer.headers["Content-Security-Policy"]  # default-src 'none': no script runs


def test_stop_asks_the_training_once(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(server, "ask_to_stop", lambda place: asked.append(place) or True)
    with serving(folder) as door:
        answer = ask(door, "stop", method="POST", Origin=f"http://127.0.0.1:{door.port}")
    assert (answer.status, json.loads(answer.body)["asked"], asked) == (202, True, [folder])


def test_a_page_that_closes_is_forgotten(folder):
    seen = []
    door = open_door(0)
    thread = threading.Thread(
        target=server.serve, args=(folder, door), kwargs={"watch": lambda *both: seen.append(both)}
    )
    thread.start()
    wait_until(lambda: seen and seen[0][0].started)
    running, visitors = seen[0]
    with asking(door, "events") as stream:
        read_messages(stream, 2)
        assert visitors.n_open == 1
    wait_until(lambda: visitors.n_open == 0)
    running.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def test_an_open_page_does_not_keep_the_server_from_ending(folder):
    with serving(folder) as door, asking(door, "events") as stream:
        read_messages(stream, 2)  # `serving` joins the thread within ten seconds, or fails


def test_a_port_in_use_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        door = open_door(taken.getsockname()[1])
        with door.listener:
            assert door.port > taken.getsockname()[1]
            assert door.listener.getsockname()[0] == "127.0.0.1"


def test_no_free_port_is_refused(monkeypatch):
    monkeypatch.setattr(server, "PORTS_TRIED", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(StudyError, match="none of the ports"):
            open_door(taken.getsockname()[1])


def test_every_run_has_a_token_of_its_own_that_nobody_guesses():
    tokens = set()
    for _ in range(20):
        door = open_door(0)
        door.listener.close()
        tokens.add(door.token)
    assert len(tokens) == 20
    assert min(len(token) for token in tokens) >= 32
    assert DEFAULT_PORT > 1024


def test_the_vendored_chart_keeps_its_licence(folder):
    with serving(folder) as door:
        licence = ask(door, "uPlot-LICENSE.txt")
    assert b"MIT" in licence.body
    assert (licence.status, process.find_holder(folder).state) == (200, "ended")
