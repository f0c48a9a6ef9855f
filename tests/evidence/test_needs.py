import re

import numpy as np
import pytest

from heldout.evidence.contrasts import Contrast
from heldout.evidence.needs import estimate_assurance, find_seed_share, say_needs
from heldout.evidence.paired import PairedBounds, compare_paired

DELTA = 0.02


def contrast_of(difference):
    """One alternative, as for a single comparison: the same difference answers yes and no."""
    bounds = compare_paired(difference[None], np.arange(difference.shape[1]))
    scalar = compare_paired(difference, np.arange(difference.shape[1]))
    return Contrast("underfit", scalar, bounds, len(difference), difference.shape[1])


def is_decided(contrast):
    return bool(contrast.yes.low > DELTA or max(contrast.each.high.max(), contrast.yes.high) < DELTA)


def draw(rng, effect, *, n_seeds, n_rows):
    rows = rng.normal(0, 0.3, n_rows)
    seeds = rng.normal(0, 0.004, (n_seeds, 1))
    return effect + rows + seeds + rng.normal(0, 0.1, (n_seeds, n_rows))


@pytest.mark.parametrize(("rows_factor", "more_seeds"), [(2, 0), (4, 0), (3, 5)])
def test_assurance_is_calibrated_on_studies_that_are_repeated_with_more(rows_factor, more_seeds):
    """A10: the chance named is the share decided, within 0.15 in every bin (truth drawn wide, as assurance assumes)."""
    rng = np.random.default_rng(rows_factor + more_seeds)
    predicted, actual = [], []
    for _ in range(1500):
        whole = draw(rng, rng.uniform(-0.25, 0.3), n_seeds=5 + more_seeds, n_rows=120 * rows_factor)
        now = contrast_of(whole[:5, :120])
        if is_decided(now):
            continue
        predicted.append(
            estimate_assurance(now, DELTA, rows_factor=float(rows_factor), more_seeds=more_seeds)
        )
        actual.append(is_decided(contrast_of(whole)))
    predicted, actual = np.array(predicted), np.array(actual)
    bins = np.clip((predicted * 5).astype(int), 0, 4)
    checked = 0
    for number in range(5):
        here = bins == number
        if here.sum() >= 40:
            checked += 1
            slack = 2 * np.sqrt(0.25 / here.sum())
            assert abs(predicted[here].mean() - actual[here].mean()) <= 0.15 + slack / 2
    assert checked >= 3


def test_nothing_added_gives_no_chance_and_one_seed_none_for_seeds():
    rng = np.random.default_rng(0)
    one = contrast_of(draw(rng, 0.05, n_seeds=1, n_rows=50))
    assert np.isnan(estimate_assurance(one, DELTA, more_seeds=5))
    assert "one network cannot show" in say_needs(one, DELTA)[0]


def test_more_folds_are_more_rows():
    """Five folds instead of one split of a fifth: five times the validation rows, and the chance rises."""
    rng = np.random.default_rng(3)
    contrast = contrast_of(draw(rng, 0.05, n_seeds=5, n_rows=60))
    chances = [estimate_assurance(contrast, DELTA, rows_factor=factor) for factor in (1.5, 2.0, 5.0)]
    assert chances == sorted(chances)
    assert any("out-of-fold" in line for line in say_needs(contrast, DELTA))


def test_seeds_limit_where_they_dominate():
    rng = np.random.default_rng(4)
    difference = 0.03 + rng.normal(0, 0.05, (5, 1)) + rng.normal(0, 0.02, 200)
    lines = say_needs(contrast_of(difference), DELTA)
    assert "Limiting: seeds" in lines[-1]


def test_more_seeds_are_counted_from_those_that_were_compared():
    """Three of the study's five seeds were compared: asking for eight would give this size three again."""
    rng = np.random.default_rng(5)
    contrast = contrast_of(draw(rng, 0.05, n_seeds=3, n_rows=60))
    asked = say_needs(contrast, DELTA, n_asked=5)[0]
    assert asked.startswith(
        "With 5 more seeds (the networks compared have 3, what may still be chosen has 5): "
    )
    assert "--seeds" not in asked
    assert "(heldout fit --seeds 8)" in say_needs(contrast, DELTA, n_asked=3)[0]
    one = contrast_of(draw(rng, 0.05, n_seeds=1, n_rows=60))
    assert "--seeds" not in say_needs(one, DELTA, n_asked=5)[0]
    assert "--seeds 5" in say_needs(one, DELTA, n_asked=1)[0]


def bounds_of(mean, rows, seeds):
    """Bounds of two alternatives or (as scalars) of one comparison, from their variances."""
    mean, rows, seeds = (np.asarray(part, float) for part in (mean, rows, seeds))
    se = np.sqrt(rows + seeds)
    return PairedBounds(mean, se, np.full_like(se, 50.0), mean - 1.7 * se, mean + 1.7 * se, rows, seeds)


def test_the_limit_is_that_of_the_comparison_which_keeps_the_answer_open():
    """Rows are all that the cross-fitted difference lacks; one epoch, whose seeds differ, is what "no" waits for."""
    yes = bounds_of(0.003, 1e-4, 0.0)
    each = bounds_of([0.003, 0.004], [1e-5, 1e-5], [1e-7, 4e-4])
    contrast = Contrast("overtrained", yes, each, 3, 200, can_be_yes=False)
    assert find_seed_share(contrast, DELTA) == pytest.approx(4e-4 / 4.1e-4)
    lines = say_needs(contrast, DELTA)
    assert lines[-1] == "Limiting: seeds (98 % of the variance); more rows alone cannot help much."
    # where "yes" is what comes, its own variance counts
    large = Contrast("overtrained", bounds_of(0.2, 1e-2, 1e-6), each, 3, 200)
    assert find_seed_share(large, DELTA) == pytest.approx(1e-4, rel=0.1)


def read_chances(lines):
    found = {"seeds": -1, "rows": -1}
    for line in lines:
        if "chance" in line:
            numbers = [int(number) for number in re.findall(r"(\d+) %", line)]
            what = "seeds" if line.startswith("With 5 more seeds (") else "rows"
            found[what] = max(found[what], numbers[-1])
    return found


def test_what_is_said_to_limit_never_contradicts_the_chances_beside_it():
    rng = np.random.default_rng(7)
    seen = set()
    for _ in range(400):
        n_seeds = int(rng.choice([2, 3, 5]))
        mean, rows, seeds = (
            rng.uniform(-0.03, 0.06, 4),
            10 ** rng.uniform(-5, -3, 4),
            10 ** rng.uniform(-6, -3, 4),
        )
        contrast = Contrast(
            "too big",
            bounds_of(mean[0], rows[0], seeds[0]),
            bounds_of(mean[1:], rows[1:], seeds[1:]),
            n_seeds,
            100,
        )
        lines = say_needs(contrast, DELTA)
        chances, limit = read_chances(lines), next(line for line in lines if "imit" in line)
        seen.add(limit[:14])
        if limit.startswith("Limiting: rows"):
            assert chances["seeds"] <= chances["rows"]
        elif limit.startswith("Limiting: seeds"):
            assert chances["rows"] == -1
            four = estimate_assurance(contrast, DELTA, rows_factor=4.0)
            assert four <= estimate_assurance(contrast, DELTA, more_seeds=5)
        else:
            assert chances["rows"] >= 0
    assert seen == {"Limiting: rows", "Limiting: seed", "Both limit: ro", "Both limit: se"}
