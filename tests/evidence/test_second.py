from dataclasses import replace

import numpy as np
import pytest

from evidence.made_runs import make_run, make_settings
from heldout.evidence.paired import compare_paired
from heldout.evidence.second import (
    add_second_to_chosen,
    add_second_to_ladder,
    count_misses,
    judge_in_hits,
    name_second,
    weigh_classes,
    weigh_rows,
)
from heldout.evidence.verdict import judge_chosen, judge_ladder
from heldout.records import ChosenVerdict, LadderVerdict, Task

OVER = LadderVerdict("overfits from", "HO101", 0, "Overfits.", ())
CALM = LadderVerdict("no overfitting shown", "HO102", -1, "No.", ())
GOOD = ChosenVerdict("good fit", "HO116", "Good.", ())


def draw_hits(rng, shares, *, n_seeds=5, n_rows=2000, own=0.02):
    """Rows differ in difficulty, which all epochs share; `own` of the answers change by chance."""
    difficulty = rng.random(n_rows)
    hits = np.array(shares)[:, None, None] > np.repeat(difficulty[None], n_seeds, axis=0)[None]
    return hits ^ (rng.random((len(shares), n_seeds, n_rows)) < own)


def run_of(hits, losses=None, **more):
    return make_run(np.where(hits, 0.2, 1.5) if losses is None else losses, hits=hits, **more)


def test_over_confidence_alone_leaves_the_decisions_as_they_are():
    rng = np.random.default_rng(0)
    hits = draw_hits(rng, [0.7, 0.8, 0.8], n_rows=4000, own=0.005)
    losses = np.where(hits, 0.2, 1.0) * np.array([1.0, 0.9, 1.6])[:, None, None]
    settings = make_settings(4000)
    run = run_of(hits, losses)
    verdict = judge_ladder([run], settings)
    assert verdict.word == "overfits from"
    told = add_second_to_ladder(verdict, [run], settings)
    assert (told.second.question, told.second.answer) == ("accuracy", "no")
    assert told.second.sentence.startswith(
        "Accuracy is not harmed at 100 weights (the probabilities got worse, the decisions did not), last epoch "
        "against the best one: it changes by -0.1 points (90 % interval -0.3 to +0.1; harm begins below -1)."
    )
    assert "90 % interval" in told.second.sentence
    assert (told.word, told.code, told.sentence) == (verdict.word, verdict.code, verdict.sentence)


def test_both_are_harmed():
    run = run_of(draw_hits(np.random.default_rng(1), [0.7, 0.85, 0.78]))
    settings = make_settings(2000)
    second = add_second_to_ladder(judge_ladder([run], settings), [run], settings).second
    assert second.answer == "yes"
    assert second.low > 0.01 < second.estimate < second.high
    assert second.sentence.startswith(
        "Accuracy is harmed too, at 100 weights, last epoch against the best one: it changes by -7.1 points (90 %"
    )


def test_a_smaller_size_that_decides_better_harms_the_larger():
    rng = np.random.default_rng(2)
    small = run_of(draw_hits(rng, [0.7, 0.85]), size=10, index=0)
    large = run_of(draw_hits(rng, [0.6, 0.75]), size=1000, index=1)
    settings = make_settings(2000)
    second = add_second_to_ladder(CALM, [large, small], settings).second
    assert second.answer == "yes"
    assert "though the log-loss is not shown to be" in second.sentence
    assert "95 % interval" in second.sentence  # two ways to be harmed share alpha
    assert add_second_to_ladder(replace(OVER, rung=0), [large, small], settings).second.answer == "no"


def test_a_score_that_is_higher_than_elsewhere_is_said_to_rise():
    """What loses is counted positive in the record; a sentence says "changes by" in the score's own sign."""
    rng = np.random.default_rng(2)
    small = run_of(draw_hits(rng, [0.6, 0.6]), size=10, index=0)
    large = run_of(draw_hits(rng, [0.8, 0.8]), size=1000, index=1)
    settings = make_settings(2000)
    told = add_second_to_ladder(CALM, [small, large], settings).second
    assert (
        "at 1,000 weights, last epoch against the best one, and against smaller sizes: it ch" in told.sentence
    )
    alone = add_second_to_ladder(CALM, [large], settings).second
    assert "smaller sizes" not in alone.sentence
    losses = np.ones((2, 5, 2000)) * np.array([0.9, 0.4])[:, None, None]
    small, large = (replace(run, losses=losses.astype(np.float32)) for run in (small, large))
    chosen = add_second_to_chosen(GOOD, large, [small, large], settings).second
    assert "against other epochs and simpler configurations it changes by" in chosen.sentence
    only = add_second_to_chosen(GOOD, large, [large], settings).second
    assert "against other epochs it changes by" in only.sentence
    for answer in (told, alone, chosen, only):
        assert f"changes by {-100 * answer.estimate:+.1f} points".replace("-0.0", "+0.0") in answer.sentence
        assert (
            f"{-100 * answer.high:+.1f} to {-100 * answer.low:+.1f}; harm begins below -1" in answer.sentence
        )


def test_probabilities_that_a_size_alone_makes_worse_did_not_become_so_in_time():
    settings = make_settings(4000)
    hits = draw_hits(np.random.default_rng(3), [0.8, 0.8], n_rows=4000, own=0.005)
    small, large = run_of(hits, size=10), run_of(hits, np.where(hits, 0.4, 2.0), size=1000, index=1)
    verdict = judge_ladder([small, large], settings)
    answers = [item.answer for item in verdict.per_rung[1][:2]]
    assert (verdict.word, verdict.rung, answers) == ("overfits from", 1, ["no", "yes"])
    told = add_second_to_ladder(verdict, [small, large], settings).second
    assert "(the probabilities got worse, the decisions did not)" in told.sentence
    over = ChosenVerdict("overfit", "HO113", "Overfit.", ())
    chosen = add_second_to_chosen(over, large, [small, large], settings).second
    assert "(the probabilities got worse, the decisions did not)" in chosen.sentence


def test_a_configuration_of_unknown_size_is_named():
    run = run_of(draw_hits(np.random.default_rng(1), [0.7, 0.85, 0.78]), name="mine", size=0)
    told = add_second_to_ladder(OVER, [run], make_settings(2000)).second
    assert told.sentence.startswith("Accuracy is harmed too, at configuration 'mine', last epoch against")


def test_few_rows_are_undecided_even_where_no_answer_changes():
    """Without a discordant row the spread seen is zero, and zero would be called certain."""
    hits = np.ones((3, 5, 40), bool)
    settings = make_settings(40)
    second = add_second_to_ladder(OVER, [run_of(hits)], settings).second
    assert second.answer == "undecided"
    assert second.high > 0.01
    plain = compare_paired(np.zeros((5, 40)), np.arange(40))
    assert float(plain.high) == 0.0


def test_a_delivered_epoch_that_decides_worse_than_another_is_told():
    """The loss is lowest early, the decisions go on improving: stopping by the loss costs accuracy."""
    hits = draw_hits(np.random.default_rng(3), [0.6, 0.7, 0.85], n_rows=3000)
    losses = np.ones_like(hits, dtype=float) * np.array([0.4, 0.6, 0.9])[:, None, None]
    run, settings = run_of(hits, losses), make_settings(3000)
    second = add_second_to_chosen(GOOD, run, [run], settings).second
    assert second.answer == "yes"
    assert second.estimate == pytest.approx(0.25, abs=0.03)
    steady = run_of(hits[[2, 2, 2]], losses)
    assert add_second_to_chosen(GOOD, steady, [steady], settings).second.answer == "no"


def test_alternatives_are_stopped_by_the_loss_as_they_would_be_delivered():
    rng = np.random.default_rng(4)
    losses = np.ones((2, 5, 3000)) * np.array([0.4, 0.9])[:, None, None]
    chosen = run_of(draw_hits(rng, [0.8, 0.8], n_rows=3000), losses, size=1000, index=1)
    simple = run_of(draw_hits(rng, [0.7, 0.9], n_rows=3000), losses, size=10, index=0)
    second = add_second_to_chosen(GOOD, chosen, [simple, chosen], make_settings(3000)).second
    assert second.answer == "no"  # its 0.9 would never be delivered


@pytest.mark.parametrize("word", ["cannot tell", "no skill shown", "data or bug"])
def test_without_a_verdict_on_the_loss_there_is_no_second(word):
    run = run_of(draw_hits(np.random.default_rng(5), [0.7, 0.8]))
    verdict = replace(GOOD, word=word)
    assert add_second_to_chosen(verdict, run, [run], make_settings(2000)) is verdict


def test_without_hits_nothing_is_added():
    losses = np.random.default_rng(6).random((3, 5, 50))
    run, settings = make_run(losses), make_settings(50)
    assert add_second_to_ladder(OVER, [run], settings) is OVER
    assert add_second_to_chosen(GOOD, run, [run], settings) is GOOD
    diverged = run_of(losses > 0.5, diverged=True)
    assert add_second_to_ladder(OVER, [diverged], settings) is OVER


def test_r2_follows_from_the_squared_error():
    rng = np.random.default_rng(7)
    losses = rng.gamma(1, 0.5, (3, 5, 800)) * np.array([1.0, 0.6, 1.2])[:, None, None]
    settings = make_settings(800, constant=2.0, delta=0.04, task=Task.REGRESSION)
    run = make_run(losses)
    verdict = add_second_to_ladder(judge_ladder([run], settings), [run], settings)
    first = verdict.per_rung[0][0]
    assert verdict.second.question == "R2"
    assert verdict.second.answer == first.answer == "yes"
    assert verdict.second.estimate == pytest.approx(first.estimate / 2)
    assert verdict.second.tolerance == pytest.approx(0.02)
    chosen = judge_chosen(run, [run], settings, n_rows=800)
    assert add_second_to_chosen(chosen, run, [run], settings).second.question == "R2"
    estimate, low, high = (f"{-part / 2:+.3f}" for part in (first.estimate, first.low, first.high))
    assert verdict.second.sentence == (
        "R2 at 100 weights, last epoch against the best one: lower than it could be, as the squared error that it "
        f"follows from: it changes by {estimate} (interval {high} to {low}; harm begins below -0.020)."
    )


def test_r2_of_logarithms_is_called_so():
    rng = np.random.default_rng(7)
    run = make_run(rng.gamma(1, 0.5, (3, 5, 800)) * np.array([1.0, 0.6, 1.2])[:, None, None])
    settings = replace(make_settings(800, constant=2.0, delta=0.04, task=Task.REGRESSION), target_log=True)
    second = add_second_to_ladder(judge_ladder([run], settings), [run], settings).second
    assert second.question == "R2 of the logarithm"
    assert second.sentence.startswith("R2 of the logarithm at 100 weights")
    chosen = judge_chosen(run, [run], settings, n_rows=800)
    told = add_second_to_chosen(chosen, run, [run], settings).second
    assert told.sentence.startswith("R2 of the logarithm of what is delivered, against other epochs:")


def test_rare_classes_count_as_much_as_frequent_ones():
    labels = np.repeat([0, 1], [950, 50])
    weights = weigh_rows(labels, n_classes=2)
    assert weights.sum() == pytest.approx(1000)
    assert weights[labels == 1].sum() == pytest.approx(500)
    settings = replace(make_settings(1000), hit_weights=weights)
    assert name_second(settings) == "balanced accuracy"
    hits = np.ones((2, 5, 1000), bool)
    hits[1, :, labels == 1] = np.arange(50)[:, None, None].repeat(5, axis=1)[..., 0] > 24
    missed = count_misses(run_of(hits), settings).losses
    assert missed[1].mean() == pytest.approx(0.25)  # half of the rare class, 2.5 % of the rows
    assert count_misses(run_of(hits), make_settings(1000)).losses.itemsize == 1
    assert judge_in_hits(settings).row_floor == pytest.approx(2 * (10 / 1002) ** 2)


def test_names_and_weights_of_tasks():
    assert name_second(make_settings(4, task=Task.MULTILABEL)) == "exact match"
    assert name_second(make_settings(4, task=Task.REGRESSION)) == "R2"
    assert weigh_classes([0.0, 0.05, 0.95]).round(2).tolist() == [0.0, 10.0, 0.53]
    assert weigh_rows([0, 1], n_classes=3) is not None  # a class without rows is the rarest


def test_null_runs_are_seldom_called_harmed():
    """Accuracies that rise and stay: whatever is called harmed is false; nominal 5 %."""
    called = 0
    for index in range(60):
        rng = np.random.default_rng((8, index))
        run = run_of(draw_hits(rng, [0.6, 0.7, 0.75, 0.75, 0.75], n_rows=300, own=0.05))
        called += add_second_to_ladder(OVER, [run], make_settings(300)).second.answer == "yes"
    assert called <= 3
