"""The lecture's own patient table, as messy as it was printed: sixteen rows of nine families."""

import pytest

import heldout
from heldout.stages import permuting


@pytest.mark.slow
def test_sixteen_patients_give_no_score_and_say_why(shared_data, tmp_path, monkeypatch):
    monkeypatch.setattr(permuting, "N_PERMUTATIONS", 19)
    table = shared_data / "phex16" / "phex_t002.csv"
    study = heldout.fit(
        table,
        target="Inheritance",
        group="Family No.",
        out=tmp_path / "phex",
        preset="quick",
        progress="none",
    )
    assert study.verdict.chosen.word == "cannot tell"
    assert "16 development rows" in study.verdict.chosen.sentence
    assert study.verdict.ladder.word == "undecided"
    assert study.score is None
    assert study.content.test_scores == ()
    assert "cannot tell" in study.answer_text().lower()
    assert (tmp_path / "phex" / "report.html").is_file()


def test_a_family_is_proposed_where_none_is_named(shared_data):
    look = heldout.look(shared_data / "phex16" / "phex_t002.csv", target="Inheritance")
    assert any("--group 'Family No.'" in item.action for item in look.content.findings)
