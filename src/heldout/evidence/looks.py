"""Looking more than once: adding seeds until a question is decided, and showing a best score more than once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import DataError
from heldout.evidence.paired import compare_paired, index_units, sum_units
from heldout.records import Answer, DoubleArray, IndexArray, JudgeSettings

LOOKS = ((3, 0.2), (5, 0.2), (8, 0.3), (13, 0.3))  # seeds, and the share of alpha spent at that look


@dataclass(frozen=True)
class Look:
    """One look at a question.

    Args:
        n_seeds: seeds behind it.
        alpha: error rate it may spend.
    """

    n_seeds: int
    alpha: float


def plan_looks(alpha: float, *, most_seeds: int = 13) -> tuple[Look, ...]:
    """Give the looks of a question to which seeds are added until it is decided.

    Adding seeds until the answer is clear is a sequential test: each look at the full alpha would let chance win in
    the end. The looks share alpha, so that all of them together claim wrongly at most alpha of the time. Where fewer
    seeds are affordable, the last look spends what the later ones would have.

    A study takes one look. Its plan knows the seeds beforehand, and a second look costs the first one power: in 10 made
    studies (300 fit and 1,000 validation rows, four rungs, dropout) 6 questions stayed undecided with 5 seeds at the
    whole alpha, 8 with half of it at 5 seeds and half at 8, which take three fifths more networks of every
    configuration; 8 seeds at the whole alpha left 6 as well.

    Args:
        alpha: one-sided error rate of the claim, over all looks.
        most_seeds: seeds that can be trained.

    Returns:
        looks, fewest seeds first.

    Raises:
        DataError: not even the first look can be afforded.

    Source:
        Alpha spending: Lan and DeMets 1983, Biometrika 70:659; here by Bonferroni, which needs no joint distribution.

    Example:
        >>> [(look.n_seeds, round(look.alpha, 3)) for look in plan_looks(0.05, most_seeds=5)]
        [(3, 0.01), (5, 0.04)]
        >>> plan_looks(0.05, most_seeds=2)
        Traceback (most recent call last):
        heldout.errors.DataError: 2 seeds are fewer than the 3 of the first look
    """
    kept = [(seeds, share) for seeds, share in LOOKS if seeds <= most_seeds]
    if not kept:
        raise DataError(f"{most_seeds} seeds are fewer than the {LOOKS[0][0]} of the first look")
    spent = sum(share for _, share in kept[:-1])
    shares = [*(share for _, share in kept[:-1]), 1.0 - spent]
    return tuple(Look(seeds, alpha * share) for (seeds, _), share in zip(kept, shares, strict=True))


def answer_in_looks(
    ask: Callable[[int, JudgeSettings], Answer], settings: JudgeSettings, *, most_seeds: int = 13
) -> tuple[Answer, int]:
    """Ask a question with more and more seeds until it is decided, at the error rate of a single claim.

    Args:
        ask: called with a number of seeds and the settings of that look (their alpha is what it may spend); it
            trains the seeds that are missing and gives the answer.
        settings: units, delta, alpha of the whole question.
        most_seeds: seeds that can be trained.

    Returns:
        the first answer that is not "undecided" (else the last), and the seeds it took.

    Example:
        >>> from heldout.records import Task
        >>> rule = JudgeSettings(Task.BINARY, np.full(4, 0.7), np.arange(4), 0.02)
        >>> word = {3: "undecided", 5: "yes"}
        >>> found, seeds = answer_in_looks(lambda n, _: Answer("skill", word[n], 0.1, 0.0, 0.2, 0.0), rule)
        >>> found.answer, seeds
        ('yes', 5)
    """
    looks = plan_looks(settings.alpha, most_seeds=most_seeds)
    answer, used = ask(looks[0].n_seeds, replace(settings, alpha=looks[0].alpha)), looks[0].n_seeds
    for look in looks[1:]:
        if answer.answer != "undecided":
            break
        answer, used = ask(look.n_seeds, replace(settings, alpha=look.alpha)), look.n_seeds
    return answer, used


@dataclass(frozen=True)
class ShownScore:
    """The best loss shown so far on rows that are looked at repeatedly.

    Args:
        value: the shown mean loss, rounded to what the rows can tell; infinite before anything was shown.
        losses: float64 [M], the losses per row behind it; empty before anything was shown, and where they were not
            kept (with predictions at hand, a row's loss gives its label away).
        looks: how often these rows were looked at, this look included.
        updated: whether this look changed what is shown.
        sentence: in words.
    """

    value: float
    losses: DoubleArray
    looks: int
    updated: bool
    sentence: str


def start_shown() -> ShownScore:
    """Give the state before the first look.

    Example:
        >>> start_shown().looks
        0
    """
    return ShownScore(float("inf"), np.zeros(0), 0, False, "Nothing was shown yet.")


def update_shown(shown: ShownScore, losses: DoubleArray, unit: IndexArray) -> ShownScore:
    """Decide whether the best score shown may be updated after a further look at the same rows (the Ladder).

    Whoever keeps the best of many looks keeps the luckiest. The Ladder changes what is shown only when a look is
    better by more than one paired standard error, and rounds it; then the shown score stays close to the truth for
    a number of looks that may grow exponentially with the rows, whatever is tried.

    Args:
        shown: what was shown before.
        losses: float64 [M], losses per row of this look, the same rows in the same order.
        unit: int64 [M], the unit of each row.

    Returns:
        what may be shown now.

    Raises:
        DataError: other rows than before, or losses that are not finite.

    Source:
        Blum and Hardt 2015, "The Ladder", arXiv:1502.04585, the parameter-free variant.

    Example:
        >>> first = update_shown(start_shown(), np.array([0.5, 0.7, 0.6]), np.arange(3))
        >>> second = update_shown(first, np.array([0.4, 0.7, 0.7]), np.arange(3))
        >>> first.value, second.value, second.updated, second.looks
        (0.6, 0.6, False, 2)
    """
    if not np.isfinite(losses).all() or losses.ndim != 1:
        raise DataError(
            f"losses of shape {losses.shape} with infinite ones or not one per row cannot be shown"
        )
    units, looks = index_units(unit), shown.looks + 1
    value = float(losses.mean())
    if shown.losses.size and shown.losses.shape != losses.shape:
        raise DataError(
            f"{losses.size} rows after {shown.losses.size}: expected the same rows in the same order",
            hint="another set of rows starts anew",
        )
    if shown.looks:
        # against the shown value, which is rounded, with the spread of the paired difference; of this look's own losses
        # where the others were not kept, which is the larger one as soon as both correlate by more than a half
        is_paired = shown.losses.size > 0
        bounds = compare_paired((shown.losses - losses if is_paired else losses)[None], units)
        if not shown.value - value > float(bounds.se):
            error = "paired standard error" if is_paired else "standard error"
            kept = f"Look {looks} is not better by a {error}: {shown.value:.4g} stays shown."
            return ShownScore(shown.value, shown.losses, looks, False, kept)
    rounded = _round_to(value, _find_step(losses, unit))
    return ShownScore(rounded, losses, looks, True, f"Look {looks}: the best score shown is {rounded:.4g}.")


def _find_step(losses: DoubleArray, unit: IndexArray) -> float:
    """The step of rounding: the loss's own spread over the number of units (1/n for losses between 0 and 1)."""
    units = index_units(unit)
    means = sum_units(losses, units) / units.sizes
    return float(means.std()) / units.n_units if units.n_units > 1 else 0.0


def _round_to(value: float, step: float) -> float:
    return round(value, -round(np.log10(step))) if step > 0 else value
