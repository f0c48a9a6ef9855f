"""The first lines: honest about what was opened, how often, and what a simpler method reaches."""

from __future__ import annotations

from dataclasses import replace

from tests.report.example import make_partial_study, make_small_study, make_study

from heldout.records import Finding, Severity
from heldout.report import summary
from heldout.report.html import choose_tone


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


def test_a_linear_network_is_not_held_against_a_linear_model_as_if_it_were_none() -> None:
    study = make_study()
    linear = next(item for item in study.baselines if item.name == "linear")
    against = replace(study, baselines=(replace(linear, difference=(-0.01, -0.04, 0.02)),))
    told = "It is not shown that the network is worth more than a linear model."
    run = next(item for item in study.runs if item.configuration.name == study.chosen_name)
    for family, widths, is_linear in (("mlp", (), True), ("mlp", (8,), False), ("conv", (), False)):
        rung = replace(run.configuration.rung, family=family, widths=widths)
        delivered = replace(run, configuration=replace(run.configuration, rung=rung))
        said = summary.tell_best_baseline(replace(against, runs=(delivered,)))
        assert said.endswith(told) is not is_linear
        assert (
            said.endswith("The delivered network is linear itself: two linear models were compared.")
            is is_linear
        )


def test_without_limits_nothing_is_promised_elsewhere() -> None:
    lines = summary.tell_for_whom_not(replace(make_study(), limits=(), findings=()))
    assert lines == ("Nothing is known beyond rows like those of heart.csv.",)


def test_a_good_verdict_beside_an_interval_that_holds_the_guess_is_explained() -> None:
    study = make_study()
    chosen = replace(study.chosen, word="good fit")
    shown = replace(study, chosen=chosen, findings=())
    assert summary.headline_study(shown) == "Good fit"
    assert summary.tell_guessing(shown).endswith(" reaches 0.553.")
    first = replace(shown.test_scores[0], low=0.53)
    open_study = replace(shown, test_scores=(first, *shown.test_scores[1:]))
    assert summary.headline_study(open_study) == "Good fit; by accuracy alone the test rows do not confirm it"
    told = " ".join(summary.tell_whether_it_works(open_study))
    assert (
        "Always predicting the same class reaches 0.553. That lies within the interval: by accuracy these 147 rows"
        in told
    )
    assert "confirm the verdict, which rests on the loss of 589 development rows." in told
    assert choose_tone(open_study) != "good"
    assert choose_tone(shown) == "good"
    # development rows alone have no other rows beside them
    assert not summary.is_guess_within(replace(open_study, test_scores=()))
    # an error falls, it does not rise
    wide = replace(first, metric="rmse", low=1.0, high=3.0)
    constant = next(item for item in shown.baselines if item.name == "constant")
    for guess, within in ((2.5, True), (3.5, False)):
        scores = (replace(constant.scores[0], metric="rmse", value=guess),)
        numbers = replace(
            open_study, metric="rmse", test_scores=(wide,), baselines=(replace(constant, scores=scores),)
        )
        assert summary.is_guess_within(numbers) is within


def test_headline_and_score_say_that_rows_of_one_group_were_split() -> None:
    study = make_study()
    torn = Finding("HO211", "rows of one unit were split", Severity.WARNING, "...", column="ticket")
    shown = replace(study, chosen=replace(study.chosen, word="good fit"), findings=(torn,))
    assert summary.headline_study(shown) == "Good fit, but rows of one group were split"
    score, sealed = summary.find_headline_score(shown)
    assert "Too high for a new group: rows of one value of 'ticket'" in summary.tell_score(
        shown, score, sealed=sealed
    )
    quiet = replace(shown, findings=(replace(torn, severity=Severity.INFO),))
    assert summary.headline_study(quiet) == "Good fit"
