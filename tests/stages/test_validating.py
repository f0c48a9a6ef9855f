import json

import numpy as np
import pytest

from heldout.bundle import save_bundle
from heldout.errors import DataError
from heldout.settings import Settings
from heldout.stages.validating import score_external
from stages.made_data import make_frame
from stages.test_delivering import deliver_frame


@pytest.fixture
def bundle(tmp_path):
    delivered, *_ = deliver_frame()
    (tmp_path / "runs" / "a").mkdir(parents=True)
    path = tmp_path / "runs" / "a" / "bundle.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    # what makes the folder a study's
    (path.parent / "study.json").write_text('{"settings": {"target_map": {}}}', encoding="utf-8")
    save_bundle(delivered.bundle, path)
    return path


def score(bundle, frame, **settings):
    return score_external(bundle, frame, Settings(**settings), allow_shift=True)


def test_new_rows_are_scored_with_an_interval(bundle):
    scores, notes, n_rows, source, guess = score(bundle, make_frame(80, seed=5).drop("price"))
    assert n_rows == 80
    assert source == "frame"
    names = [item.metric for item in scores]
    assert {"accuracy", "auc", "logloss"} <= set(names)
    assert len(set(names)) == len(names)
    assert all(item.low <= item.value <= item.high for item in scores)
    # what always giving the most frequent answer reaches stands beside it
    share = (make_frame(80, seed=5)["ill"] == "yes").mean()
    assert [item.metric for item in guess] == names
    assert guess[names.index("accuracy")].value == pytest.approx(max(share, 1 - share))
    assert guess[names.index("logloss")].value == pytest.approx(
        -share * np.log(share) - (1 - share) * np.log(1 - share)
    )


def test_groups_are_the_units_of_the_interval(bundle):
    frame = make_frame(80, seed=5, site=[f"s{row // 2}" for row in range(80)]).drop("price")
    scores, *_ = score(bundle, frame, group="site")
    assert scores[0].n_units == 40
    assert scores[0].n_rows == 80


def test_rows_without_target_are_left_out(bundle):
    frame = make_frame(80, seed=5).drop("price")
    labels = [None if row < 10 else word for row, word in enumerate(frame["ill"])]
    _, _, n_rows, *_ = score(bundle, frame.drop("ill").with_columns(ill=np.array(labels, object)))
    assert n_rows == 70


def test_every_look_is_on_record_and_the_second_is_told(bundle):
    frame = make_frame(80, seed=5).drop("price")
    assert not any("scored" in note for note in score(bundle, frame)[1])
    assert any("scored 1 times before" in note for note in score(bundle, frame)[1])
    journal = (bundle.parent.parent / ".journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in journal] == ["external validation"] * 2
    assert [json.loads(line)["study"] for line in journal] == ["a"] * 2
    assert not (bundle.parent / ".journal.jsonl").exists()


def test_a_study_and_its_bundle_share_a_journal(bundle):
    frame = make_frame(80, seed=5).drop("price")
    score(bundle, frame)
    assert any("scored 1 times before" in note for note in score(bundle.parent, frame)[1])


def test_the_studys_own_rows_are_recognized(bundle):
    _, notes, *_ = score(bundle, make_frame().drop("price"))
    assert any("no external validation" in note for note in notes)


def test_no_target_at_all_is_refused(bundle):
    frame = make_frame(80, seed=5).drop("price", "ill")
    with pytest.raises(DataError, match="no column 'ill'"):
        score(bundle, frame)
    with pytest.raises(DataError, match="ill"):
        score(bundle, frame.with_columns(ill=np.array([""] * 80)))


def test_labels_of_new_rows_are_scored_and_unknown_ones_are_told(tmp_path):
    lists = ["a;b", "a", "b;c", "c", "a;c", "b"] * 10
    delivered, *_ = deliver_frame(make_frame(what=lists).drop("price"), target="what", label_rows=5)
    path = tmp_path / "bundle.zip"
    save_bundle(delivered.bundle, path)
    new = make_frame(80, seed=5, what=[*lists, *["a;zebra"] * 20]).drop("price")
    scores, notes, n_rows, *_ = score(path, new)
    assert n_rows == 80
    assert [item.metric for item in scores] == ["label accuracy", "micro f1", "auc", "exact match", "logloss"]
    assert any("labels unknown to the network are not scored: 'zebra' 20" in note for note in notes)
