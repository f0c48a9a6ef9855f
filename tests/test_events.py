import io
import json
import math
import os
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import StudyError, StudyInterrupted
from heldout.events import (
    BarDisplay,
    Events,
    JsonDisplay,
    LineDisplay,
    SilentDisplay,
    escape_controls,
    open_display,
    record_end,
)

COLOUR = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_events_are_appended_with_seconds_since_opening(tmp_path):
    clock, path = Clock(), tmp_path / "events.jsonl"
    with Events(path, SilentDisplay(), clock=clock) as events:
        clock.now += 1.25
        events.emit("finding", code="HO201", rows=np.int64(3), share=np.float32(0.5))
    with Events(path, SilentDisplay(), clock=clock) as events:
        events.say("again")
    assert read(path) == [
        {"t": 1.25, "kind": "finding", "code": "HO201", "rows": 3, "share": 0.5},
        {"t": 0.0, "kind": "note", "text": "again"},
    ]


def test_numbers_that_json_lacks_become_null(tmp_path):
    path = tmp_path / "events.jsonl"
    with Events(path, SilentDisplay()) as events:
        events.emit("loss", value=math.nan, bound=-math.inf)
    assert [read(path)[0][name] for name in ("value", "bound")] == [None, None]


def test_values_that_are_not_plain_are_refused():
    with pytest.raises(TypeError, match=r"plain values, got list: \[1\]"):
        Events(None, SilentDisplay()).emit("x", rows=[1])


def test_half_a_line_of_a_killed_process_spoils_only_itself(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"t": 0.0, "kind": "no')
    with Events(path, SilentDisplay()) as events:
        events.emit("phase")
    assert json.loads(path.read_text().splitlines()[1])["kind"] == "phase"


def test_unwritable_file_is_refused(tmp_path):
    with pytest.raises(StudyError, match="cannot write .*no/events.jsonl.*: No such file"):
        Events(tmp_path / "no" / "events.jsonl", SilentDisplay())


def test_full_disk_is_an_error(tmp_path, monkeypatch):
    events = Events(tmp_path / "events.jsonl", SilentDisplay())

    def fail(file, line):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(StudyError, match="No space left"):
        events.emit("x")
    monkeypatch.undo()
    events.close()


def test_seconds_left_follow_the_pace():
    clock = Clock()
    events = Events(None, SilentDisplay(), clock=clock)
    events.start_phase("ladder", total=10)
    assert events.estimate_seconds_left() is None
    clock.now += 6
    events.advance(2)
    assert events.estimate_seconds_left() == 24.0
    events.start_phase("reading")
    events.advance(5)
    assert events.estimate_seconds_left() is None


def test_closing_twice_is_harmless(tmp_path):
    events = Events(tmp_path / "events.jsonl", SilentDisplay())
    events.close()
    events.close()


def test_plain_lines_come_at_most_every_ten_seconds():
    clock, stream = Clock(), io.StringIO()
    events = Events(None, LineDisplay(stream), clock=clock)
    events.start_phase("ladder", total=40)
    for done in range(1, 41):
        clock.now += 1
        events.advance(done)
    events.advance(40)  # said already
    assert stream.getvalue().splitlines() == [
        "ladder: 40 to do",
        "ladder: 10/40, 0:30 left",
        "ladder: 20/40, 0:20 left",
        "ladder: 30/40, 0:10 left",
        "ladder: 40/40",
    ]


def test_plain_lines_say_notes_at_once_and_ignore_other_events():
    stream = io.StringIO()
    events = Events(None, LineDisplay(stream))
    events.start_phase("reading")
    events.say("delimiter ';' \x1b[2J")
    events.emit("finding", code="HO201")
    events.advance(3)
    assert stream.getvalue() == "reading ...\ndelimiter ';' \\x1b[2J\n"


def test_json_lines_are_objects():
    stream = io.StringIO()
    Events(None, JsonDisplay(stream), clock=Clock()).emit("phase", phase="\x1b")
    assert stream.getvalue() == '{"t": 0.0, "kind": "phase", "phase": "\\u001b"}\n'


@pytest.mark.parametrize(
    ("choice", "stream", "kind"),
    [
        ("auto", Terminal(), BarDisplay),
        ("auto", io.StringIO(), LineDisplay),
        ("bar", io.StringIO(), BarDisplay),
        ("lines", Terminal(), LineDisplay),
        ("json", Terminal(), JsonDisplay),
        ("none", Terminal(), SilentDisplay),
    ],
)
def test_display_by_choice(choice, stream, kind, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    assert type(open_display(choice, stream=stream)) is kind


def test_dumb_terminal_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert type(open_display("auto", stream=Terminal())) is LineDisplay


@pytest.mark.parametrize("is_plain", [True, False])
def test_bar_shows_phase_count_and_notes(is_plain, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if is_plain:
        monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    with Events(None, BarDisplay(stream)) as events:
        events.start_phase("reading")
        events.start_phase("ladder", total=4)
        events.advance(4)
        events.say("[red]17 duplicates[/red]\x07")
    shown = stream.getvalue()
    assert "ladder" in shown
    assert "4/4" in shown
    assert "[red]17 duplicates[/red]\\x07" in shown
    assert (COLOUR.search(shown) is None) == is_plain
    assert shown.rstrip().endswith("\x1b[?25h")  # the cursor is back


def test_nothing_goes_to_standard_output(capsys):
    for choice in ("bar", "lines", "json", "none"):
        with Events(None, open_display(choice)) as events:
            events.start_phase("ladder", total=1)
            events.advance(1)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("caf\u00e9 \U0001f469\u200d\U0001f52c \u05d0", "caf\u00e9 \U0001f469\u200d\U0001f52c \u05d0"),
        ("a\x1b]0;x\x07", "a\\x1b]0;x\\x07"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\x9b2J", "\\x9b2J"),
        ("\r\n\t", "\\x0d\n\t"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_control_characters_are_shown(text, shown):
    assert escape_controls(text) == shown


@settings(max_examples=50)
@given(st.text())
def test_nothing_shown_steers_a_terminal(text):
    assert not any(
        letter < " " or "\x7f" <= letter < "\xa0" for letter in escape_controls(text) if letter not in "\n\t"
    )


def test_what_is_kept_stands_in_the_file_and_on_no_display(tmp_path):
    path, shown = tmp_path / "events.jsonl", io.StringIO()
    with Events(path, JsonDisplay(shown), clock=Clock()) as events:
        events.keep("curves", seed=np.int64(3), train=[0.5, math.nan, np.float32(0.25)], names=("a", "b"))
    assert read(path) == [
        {"t": 0.0, "kind": "curves", "seed": 3, "train": [0.5, None, 0.25], "names": ["a", "b"]}
    ]
    assert shown.getvalue() == ""


@pytest.mark.parametrize("value", [{"a": 1}, [[1]], [{"a": 1}], object()])
def test_only_flat_lists_of_plain_values_are_kept(value):
    with Events(None, SilentDisplay()) as events, pytest.raises(TypeError, match="plain values"):
        events.keep("curves", value=value)


@pytest.mark.parametrize(
    ("error", "how", "text"),
    [
        (None, "finished", ""),
        (StudyInterrupted(130), "stopped", ""),
        (KeyboardInterrupt(), "stopped", ""),
        (StudyError("the disk is full"), "failed", "the disk is full"),
        (ZeroDivisionError("a bug"), "failed", "a bug"),
    ],
)
def test_how_a_study_ended_is_recorded_and_its_error_goes_on(tmp_path, error, how, text):
    path = tmp_path / "events.jsonl"

    def run():
        with Events(path, SilentDisplay(), clock=Clock()) as events, record_end(events):
            if error is not None:
                raise error

    if error is None:
        run()
    else:
        with pytest.raises(type(error), match=text or ".*"):
            run()
    assert read(path) == [{"t": 0.0, "kind": "begin"}, {"t": 0.0, "kind": "end", "how": how, "text": text}]


def test_a_full_disk_at_the_end_does_not_hide_the_first_error(tmp_path, monkeypatch):
    def study():
        with Events(tmp_path / "events.jsonl", SilentDisplay()) as events, record_end(events):
            monkeypatch.setattr(events, "_file", os.open("/dev/full", os.O_WRONLY))
            raise ValueError("the first error")

    with pytest.raises(ValueError, match="the first error"):
        study()
