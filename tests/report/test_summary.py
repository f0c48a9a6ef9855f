"""The first lines: honest about what was opened, how often, and what a simpler method reaches."""

from __future__ import annotations

from dataclasses import replace

from tests.report.example import make_partial_study, make_small_study, make_study

from heldout.report import summary


def test_skill_is_hedged_by_a_critical_finding() -> None:
    study = make_study()
    assert (
        summary.tell_whether_it_works(study)[0]
        == "Yes, better than guessing, but read the critical warning first"
    )
    assert summary.tell_whether_it_works(replace(study, findings=()))[0] == "Yes, better than guessing"


def test_score_without_test_rows_is_called_that() -> None:
    assert "No untouched rows were used" in summary.tell_whether_it_works(make_small_study())[1]


def test_partial_study_promises_nothing() -> None:
    lines = summary.tell_whether_it_works(make_partial_study())
    assert lines[0] == "Cannot tell yet"
    assert lines[1] == "No score has been measured yet."


def test_how_sure_names_rows_interval_and_number_of_comparisons() -> None:
    lines = " ".join(summary.tell_how_sure(make_study()))
    assert "between 0.788 and 0.879" in lines
    assert "147 rows" in lines
    assert "9 configurations" in lines


def test_groups_are_counted() -> None:
    study = make_study()
    score = replace(study.test_scores[0], n_units=12)
    assert "147 rows from 12 groups" in " ".join(summary.tell_how_sure(replace(study, test_scores=(score,))))


def test_best_baseline_is_the_closest_real_method() -> None:
    study = make_study()
    best = summary.find_best_baseline(study)
    assert best is not None
    assert best.name == "gradient boosting"
    worse = replace(best, difference=(0.05, 0.03, 0.07))
    assert "Consider gradient boosting instead." in summary.tell_best_baseline(
        replace(study, baselines=(worse,))
    )
    assert summary.tell_best_baseline(replace(study, baselines=())) == ""


def test_without_limits_nothing_is_promised_elsewhere() -> None:
    lines = summary.tell_for_whom_not(replace(make_study(), limits=(), findings=()))
    assert lines == ("Nothing is known beyond rows like those of heart.csv.",)
