import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.evidence.compare import compare_remedies
from heldout.evidence.racing import may_lead, pick_contenders
from heldout.records import Outcome

N_ROWS = 200
SETTINGS = make_settings(N_ROWS)


def make_strengths(curves, *, n_seeds=5, seed=0, **spread):
    """Runs of one remedy at growing strengths, sharing what is hard in each row."""
    rng = np.random.default_rng(seed)
    rows = rng.gamma(2.0, 0.15, N_ROWS) - 0.3
    return [
        make_run(
            draw_losses(rng, curve, n_seeds=n_seeds, n_rows=N_ROWS, rows=rows, **spread),
            remedies=(("l2", 10.0 ** (i - 4)),),
        )
        for i, curve in enumerate(curves)
    ]


def diverge(run):
    from dataclasses import replace

    return replace(run, outcomes=(Outcome.DIVERGED, *run.outcomes[1:]))


def test_a_clearly_worse_strength_is_no_contender_at_either_comparator():
    runs = make_strengths([[0.7, 0.5, 0.5], [0.7, 0.9, 0.9], [0.7, 0.8, 0.8]])
    assert pick_contenders(runs, SETTINGS) == (0,)


def test_the_best_at_the_end_and_the_best_when_stopped_are_both_kept():
    runs = make_strengths([[0.7, 0.3, 0.9], [0.7, 0.5, 0.5], [0.7, 0.8, 0.8]])
    assert pick_contenders(runs, SETTINGS) == (0, 1)


def test_a_strength_that_diverges_is_no_contender():
    runs = make_strengths([[0.7, 0.3, 0.3], [0.7, 0.5, 0.5]])
    assert pick_contenders([diverge(runs[0]), runs[1]], SETTINGS) == (1,)
    assert pick_contenders([diverge(run) for run in runs], SETTINGS) == ()


def test_leaving_out_what_is_never_picked_leaves_the_comparison_as_it_is():
    """With all seeds at once the contenders are all that the comparison ever looks at."""
    plain = make_run(draw_losses(np.random.default_rng(5), [0.7, 0.6, 0.8], n_rows=N_ROWS))
    for seed in range(5):
        curves = [[0.7, 0.55, 0.7], [0.7, 0.56, 0.66], [0.7, 0.6, 0.65], [0.7, 0.9, 0.9]]
        runs = make_strengths(curves, seed=seed)
        kept = [runs[at] for at in pick_contenders(runs, SETTINGS)]
        every, few = (compare_remedies(plain, {"l2": given}, SETTINGS)[1] for given in (runs, kept))
        assert len(kept) < len(runs)
        assert (every.at_end, every.early_stopped) == (few.at_end, few.early_stopped)


@pytest.mark.parametrize(("curve", "leads"), [([0.7, 0.45], True), ([0.7, 0.5], True), ([0.7, 0.6], False)])
def test_a_larger_rung_may_lead_unless_it_is_clearly_worse(curve, leads):
    others = make_strengths([[0.7, 0.55], [0.7, 0.5]])
    larger = make_strengths([[0.7, 0.55], [0.7, 0.5], curve], n_seeds=3)[-1]
    assert may_lead(larger, others, SETTINGS) is leads


def test_a_diverged_rung_never_leads_and_is_nobodys_rival():
    run, other = make_strengths([[0.7, 0.9], [0.7, 0.5]])
    assert not may_lead(diverge(other), [run], SETTINGS)
    assert may_lead(run, [diverge(other)], SETTINGS)
