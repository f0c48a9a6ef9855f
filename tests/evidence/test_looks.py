from dataclasses import replace

import numpy as np
import pytest

from evidence.made_runs import make_settings
from heldout.errors import DataError
from heldout.evidence.looks import LOOKS, answer_in_looks, plan_looks, start_shown, update_shown
from heldout.evidence.paired import compare_paired
from heldout.records import Answer


def test_looks_spend_alpha_and_no_more():
    looks = plan_looks(0.05)
    assert [look.n_seeds for look in looks] == [3, 5, 8, 13]
    assert [look.alpha for look in looks] == pytest.approx([0.01, 0.01, 0.015, 0.015])
    for most in (3, 4, 5, 8, 12, 13, 40):
        assert sum(look.alpha for look in plan_looks(0.05, most_seeds=most)) == pytest.approx(0.05)
    assert plan_looks(0.05, most_seeds=4)[-1].n_seeds == 3


def test_fewer_seeds_than_a_look_are_refused():
    with pytest.raises(DataError, match="2 seeds are fewer than the 3 of the first look"):
        plan_looks(0.05, most_seeds=2)


def ask_of(difference):
    def ask(n_seeds, settings):
        bounds = compare_paired(difference[:n_seeds], np.arange(difference.shape[1]), alpha=settings.alpha)
        word = "yes" if bounds.low > settings.delta else "no" if bounds.high < settings.delta else "undecided"
        return Answer("overtrained", word, float(bounds.mean), float(bounds.low), float(bounds.high), 0.02)

    return ask


def draw(rng, effect, n_seeds=13, n_rows=60):
    rows, seeds = rng.normal(0, 0.2, n_rows), rng.normal(0, 0.03, (n_seeds, 1))
    return effect + rows + seeds + rng.normal(0, 0.1, (n_seeds, n_rows))


@pytest.mark.parametrize("effect", [0.02, 0.0])
def test_adding_seeds_until_decided_keeps_the_error_rate_of_one_claim(effect):
    """A12: at the tolerance itself (the worst case) at most 5 % are called worse; looking at full alpha gives more."""
    rng, settings = np.random.default_rng(1), make_settings(60)
    wrong, naive = 0, 0
    n_studies = 600
    for _ in range(n_studies):
        difference = draw(rng, effect)
        wrong += answer_in_looks(ask_of(difference), settings)[0].answer == "yes"
        words = [ask_of(difference)(seeds, settings).answer for seeds, _ in LOOKS]
        naive += "yes" in words
    slack = 2 * np.sqrt(0.05 * 0.95 / n_studies)
    assert wrong / n_studies <= 0.05
    assert effect < 0.02 or naive / n_studies > 0.05 + slack


def test_looking_stops_when_decided_and_else_gives_the_last_answer():
    rng, settings = np.random.default_rng(2), make_settings(60)
    assert answer_in_looks(ask_of(draw(rng, 1.0)), settings)[1] == 3
    words = {3: "undecided", 5: "undecided", 8: "undecided"}
    found, seeds = answer_in_looks(
        lambda n, _: Answer("skill", words[n], 0.0, 0.0, 0.0, 0.0), settings, most_seeds=8
    )
    assert (found.answer, seeds) == ("undecided", 8)


def test_the_ladder_stops_those_who_combine_what_looked_lucky():
    """The boosting attack: the majority of guesses that looked better fits the test rows and nothing else."""
    rng, unit = np.random.default_rng(3), np.arange(200)
    truth = rng.random(200) < 0.5
    guesses = rng.random((300, 200)) < 0.5
    losses = (guesses != truth).astype(float)

    def vote(kept):
        return ((guesses[kept].mean(axis=0) > 0.5) != truth).astype(float)

    naive = vote(losses.mean(axis=1) < 0.5).mean()  # with every score in view
    shown, kept = start_shown(), []
    for number in range(len(guesses)):
        shown = update_shown(shown, losses[number], unit)
        kept += [number] * shown.updated
    shown = update_shown(shown, vote(kept), unit)
    assert shown.looks == 301
    assert len(kept) <= 5
    assert naive < 0.25 < 0.35 < shown.value


def test_a_truly_better_look_is_shown():
    rng, unit = np.random.default_rng(4), np.arange(300)
    first = update_shown(start_shown(), rng.gamma(2.0, 0.3, 300), unit)
    better = update_shown(first, first.losses - 0.2, unit)
    assert better.updated
    assert better.value == pytest.approx(first.value - 0.2, abs=0.01)
    worse = update_shown(better, first.losses, unit)
    assert (worse.updated, worse.value) == (False, better.value)
    assert "stays shown" in worse.sentence


def test_other_rows_or_infinite_losses_are_refused():
    first = update_shown(start_shown(), np.array([0.1, 0.2]), np.arange(2))
    with pytest.raises(DataError, match="3 rows after 2"):
        update_shown(first, np.zeros(3), np.arange(3))
    with pytest.raises(DataError, match="infinite"):
        update_shown(first, np.array([0.1, np.inf]), np.arange(2))


def test_without_the_losses_before_a_score_must_beat_its_own_standard_error():
    rng = np.random.default_rng(3)
    losses, unit = rng.gamma(2.0, 0.3, 400), np.arange(400)
    error = float(losses.std(ddof=1)) / 20
    before = replace(start_shown(), value=float(losses.mean()) + 0.9 * error, looks=4)
    kept = update_shown(before, losses, unit)
    assert (kept.updated, kept.value, kept.looks) == (False, before.value, 5)
    assert "not better by a standard error" in kept.sentence
    before = replace(before, value=float(losses.mean()) + 1.1 * error)
    changed = update_shown(before, losses, unit)
    assert changed.updated
    assert changed.value == pytest.approx(losses.mean(), abs=error)


def test_without_the_losses_chance_alone_lowers_what_is_shown_less_than_the_best_of_all_looks():
    rng, unit = np.random.default_rng(4), np.arange(100)
    gains = []
    for _ in range(40):
        shared, shown, lowest = rng.gamma(2.0, 0.3, 100), start_shown(), np.inf
        for _ in range(20):  # networks as good as each other
            losses = 0.8 * shared + 0.6 * rng.gamma(2.0, 0.3, 100)
            shown = replace(update_shown(shown, losses, unit), losses=np.zeros(0))
            lowest = min(lowest, float(losses.mean()))
        truth = 0.8 * float(shared.mean()) + 0.6 * 0.6
        gains.append((truth - shown.value, truth - lowest))
    by_ladder, by_lowest = np.mean(gains, axis=0)
    assert by_ladder < 0.7 * by_lowest
