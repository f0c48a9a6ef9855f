from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from heldout.errors import StudyError
from heldout.records import Split
from heldout.seal import SealedTest, append_opening, append_shown, count_openings, list_shown


def make_split(n_test: int = 3) -> Split:
    rows = np.arange(6)
    return Split((), rows[n_test:], rows[:n_test], rows, "", False, False, "", "abc", 7)


def make_sealed() -> SealedTest:
    return SealedTest(make_split(), np.array([1234.5, 1.0, 2.0, 3.0, 4.0, 5.0]), study="first")


def test_opens_once_and_writes_it_down_first(tmp_path: Path) -> None:
    journal, sealed = tmp_path / "runs" / ".journal.jsonl", make_sealed()
    assert not sealed.is_open
    assert sealed.open("the choice is made", journal).tolist() == [1234.5, 1.0, 2.0]
    assert sealed.is_open
    entry = json.loads(journal.read_text())
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "fingerprint": "abc",
        "split_seed": 7,
        "reason": "the choice is made",
        "study": "first",
        "n": 3,
    }
    with pytest.raises(StudyError, match="'first' were opened before"):
        sealed.open("again", journal)
    assert len(journal.read_text().splitlines()) == 1


def test_labels_are_not_in_sight() -> None:
    sealed = make_sealed()
    assert "1234" not in repr(sealed) + str(sealed)
    assert not hasattr(sealed, "__dict__")
    values = [getattr(sealed, name) for name in SealedTest.__slots__]
    assert not any(isinstance(value, np.ndarray) for value in values)
    with pytest.raises(StudyError, match="cannot be copied"):
        copy.deepcopy(sealed)
    with pytest.raises(StudyError, match="cannot be copied"):
        pickle.dumps(sealed)


def test_a_journal_that_cannot_be_written_keeps_the_seal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sealed = make_sealed()
    with pytest.raises(StudyError, match="cannot write the journal"):
        sealed.open("why", tmp_path / "file" / "journal")
    assert not sealed.is_open
    assert len(sealed.open("why", tmp_path / "journal")) == 3


def test_no_test_rows_no_opening(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no test rows"):
        SealedTest(make_split(0), np.zeros(6), study="s").open("why", tmp_path / "j")
    assert not (tmp_path / "j").exists()


def test_openings_are_counted_by_data(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    for fingerprint, study in (("a", "one"), ("b", "one"), ("a", "two"), ("a", "one")):
        append_opening(journal, {"fingerprint": fingerprint, "study": study})
    assert count_openings(journal, "a") == 3
    assert count_openings(journal, "a", except_study="one") == 1
    assert count_openings(tmp_path / "none", "a") == 0


def test_a_torn_line_is_closed_and_not_counted(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    append_opening(journal, {"fingerprint": "a"})
    whole = journal.read_bytes()
    for cut in range(len(whole)):
        journal.write_bytes(whole + whole[:cut])
        append_opening(journal, {"fingerprint": "a"})
        # Only the last byte, the line break, may be lost without losing the line.
        assert count_openings(journal, "a") == (3 if cut == len(whole) - 1 else 2)


def test_odd_lines_do_no_harm(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    journal.write_bytes(b'\xff\xfe\n[]\n3\nnull\n{"fingerprint": "a"}\n' + b"[" * 100_000 + b"\n")
    assert count_openings(journal, "a") == 1


def test_lines_of_several_writers_stay_whole(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: append_opening(journal, {"fingerprint": "a", "n": k}), range(40)))
    assert sorted(json.loads(line)["n"] for line in journal.read_text().splitlines()) == list(range(40))


def test_an_unreadable_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot read the journal"):
        count_openings(tmp_path, "a")


def show(place, value, *, study="a", **changes):
    entry = {"shown": value, "shown_of": "abc", "split_seed": 0, "n": 9, "loss": "log-loss", "study": study}
    append_shown(place, entry | changes)


def test_only_scores_of_the_same_question_on_the_same_rows_are_listed(tmp_path):
    place = tmp_path / "shown.jsonl"
    rows = {"split_seed": 0, "n": 9, "loss": "log-loss"}
    assert list_shown(place, "abc", **rows) == ()
    show(place, 0.5)
    show(place, 0.4, study="b")
    for other in (
        {"shown_of": "abd"},
        {"split_seed": 1},
        {"n": 8},
        {"loss": "squared error"},
        {"shown": "low"},
    ):
        show(place, 0.1, **other)
    assert list_shown(place, "abc", **rows) == (0.5, 0.4)
    assert list_shown(place, "abc", except_study="a", **rows) == (0.4,)
    assert count_openings(place, "abc") == 0  # a score shown is no opening


def test_a_file_of_scores_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot write the journal"):
        show(tmp_path / "file" / "shown.jsonl", 0.5)
