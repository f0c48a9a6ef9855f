import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.live import stream
from heldout.live.stream import SHOWN, is_replaced, read_events
from live.made_events import whole_study, write_events

TESTING = {"t": 9.0, "kind": "phase", "phase": "testing", "done": 0, "total": 0}


def read_all(path):
    events, offset, is_opened = [], 0, None
    while True:
        chunk = read_events(path, offset, is_opened=is_opened)
        events += chunk.events
        if chunk.is_last and chunk.offset == offset:
            return events
        offset, is_opened = chunk.offset, chunk.is_opened


def test_all_events_come_in_order(tmp_path):
    wanted = list(whole_study())
    path = write_events(tmp_path, wanted) / "events.jsonl"
    assert read_all(path) == wanted


def test_many_chunks_give_what_one_gives(tmp_path, monkeypatch):
    wanted = list(whole_study())
    path = write_events(tmp_path, wanted) / "events.jsonl"
    monkeypatch.setattr(stream, "CHUNK_BYTES", 700)
    assert read_all(path) == wanted


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(0, 5000))
def test_wherever_the_file_ends_at_the_moment_nothing_is_lost_or_doubled(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("run") / "events.jsonl"
    wanted = list(whole_study(n_rungs=2, n_seeds=1, n_epochs=5))
    content = "".join(json.dumps(event) + "\n" for event in wanted).encode()
    path.write_bytes(content[:cut])
    first = read_events(path)
    path.write_bytes(content)
    second = read_events(path, first.offset)
    assert [*first.events, *second.events] == wanted


def test_a_file_that_is_not_there_yet_holds_nothing(tmp_path):
    assert read_events(tmp_path / "events.jsonl", 0).events == ()


def test_damaged_and_unknown_lines_are_counted_and_the_rest_is_shown(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [
        b'{"t": 0.0, "kind": "note", "text": "a"}',
        b"\x00\xff\x00 torn",
        b'{"t": 1, "kind": "note", "text": NaN}',
        b'{"t": 1, "kind": "note", "text": 1e999}',
        b'{"t": 1, "kind": "note", "text": {"deep": 1}}',
        b'["no", "event"]',
        b'{"t": 1, "kind": 3}',
        b"[" * 100_000,
        b'{"t": 2.0, "kind": "invented later", "value": 1}',
        b'{"t": 3.0, "kind": "note", "text": "b"}',
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    chunk = read_events(path)
    assert [event["text"] for event in chunk.events] == ["a", "b"]
    assert (chunk.damaged, chunk.unknown) == (7, 1)


def test_a_line_without_end_does_not_stop_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(stream, "LONGEST_LINE_BYTES", 4000)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 9000 + b'\n{"t": 0.0, "kind": "note", "text": "after"}\n')
    assert [event["text"] for event in read_all(path)] == ["after"]


def test_fields_that_are_not_named_never_leave_the_file(tmp_path):
    event = {"t": 0.0, "kind": "progress", "phase": "ladder", "done": 1, "total": 2, "test_score": 0.917}
    path = write_events(tmp_path, [event, {"t": 1.0, "kind": "score", "value": 0.917}]) / "events.jsonl"
    chunk = read_events(path)
    assert "0.917" not in json.dumps(chunk.events)
    assert (len(chunk.events), chunk.unknown) == (1, 1)


@pytest.mark.parametrize("resumes", [False, True])
def test_no_words_are_shown_once_the_test_rows_are_opened(tmp_path, resumes):
    before = {"t": 8.0, "kind": "note", "text": 'plan; "phase": "testing" is only a text here'}
    after = {"t": 10.0, "kind": "note", "text": "accuracy 0.917 on the test rows"}
    end = {"t": 11.0, "kind": "end", "how": "finished", "text": ""}
    path = write_events(tmp_path, [before, TESTING]) / "events.jsonl"
    offset = read_events(path).offset if resumes else 0
    write_events(tmp_path, [after, end])
    chunk = read_events(path, offset)
    assert [event["kind"] for event in chunk.events] == (["end"] if resumes else ["note", "phase", "end"])
    assert chunk.is_opened


def test_a_refusal_is_shown_without_the_cell_that_it_quotes(tmp_path):
    begin = next(iter(whole_study()))
    end = {
        "t": 1.0,
        "kind": "end",
        "how": "failed",
        "text": "column 'dose', line 7: 'J45.39 mg' is no number",
    }
    path = write_events(tmp_path, [begin, end]) / "events.jsonl"
    told = read_all(path)[-1]["text"]
    assert "J45.39" not in told
    assert told.endswith("line 7: (hidden) is no number")


@pytest.mark.parametrize(
    ("kind", "field"), [("note", "text"), ("verdict", "sentence"), ("verdict", "why"), ("remedy", "sentence")]
)
def test_no_words_of_a_study_show_a_cell(tmp_path, kind, field):
    told = "1 cell of 'dose', \"it's\" like 'SENTINEL-A', is kept; 'SENTINEL-B"
    event = {"t": 1.0, "kind": kind, field: told}
    path = write_events(tmp_path, [event]) / "events.jsonl"
    shown = read_all(path)[0][field]
    assert "SENTINEL" not in shown
    assert "dose" not in shown  # nothing is known to be a column yet
    recipe = {"columns": [{"read": {"name": "dose/mg", "source": "dose", "part": "mg"}}]}
    path.with_name("recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    assert read_all(path)[0][field] == "1 cell of 'dose', (hidden) like (hidden), is kept; (hidden)"
    assert json.loads(path.read_text(encoding="utf-8"))[field] == told  # the folder keeps all of it


@pytest.mark.parametrize("recipe", ["", "[]", '{"columns": [7]}', '{"columns": {"read": 1}}'])
def test_a_recipe_that_cannot_be_read_names_no_column(tmp_path, recipe):
    path = write_events(tmp_path, [{"t": 1.0, "kind": "note", "text": "like 'SENTINEL'"}]) / "events.jsonl"
    path.with_name("recipe.json").write_text(recipe, encoding="utf-8")
    assert [event["text"] for event in read_all(path)] == ["like (hidden)"]


def test_no_shown_field_is_named_after_a_test_score():
    fields = {name for names in SHOWN.values() for name in names}
    assert {name for name in fields if "test" in name} == {"n_test", "why_no_test"}


def test_a_shorter_file_is_another_study(tmp_path):
    path = write_events(tmp_path, [TESTING]) / "events.jsonl"
    size = path.stat().st_size
    assert (is_replaced(path, size), is_replaced(path, size + 1)) == (False, True)
    assert not is_replaced(tmp_path / "absent", 5)
