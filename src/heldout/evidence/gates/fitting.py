"""Gates on training: what cannot be fitted, gaps that no overfitting explains, networks that diverged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from heldout.evidence.crossfit import has_diverged
from heldout.evidence.gates.build import STRICT_ALPHA, skip_gate, write_gate
from heldout.evidence.paired import PairedBounds, bound_mean, compare_paired
from heldout.evidence.wording import name_loss, say_change
from heldout.records import (
    ConfigurationRun,
    DoubleArray,
    FloatArray,
    Gate,
    IndexArray,
    JudgeSettings,
    Task,
)

FEW_ROWS = 32
FITTED_SHARE = 0.10  # a loss below this share of the constant predictor's counts as fitted
SMALL_SHARE = 0.1  # a network with fewer weights than this share of its rows cannot learn them by heart
WATCHED_AT_LEAST = 1000  # fit rows on which the training loss is read, where there are so many
# validation rows of a class: with exponential losses and no gap the gate on easier rows fires in 1.1 % of 1500 cases at
# 42 rows of the costlier class, in 2.2 % at 30 and in 3.3 % at 18 (measured; its rule says 1 %)
FEWEST_OF_CLASS = 40


@dataclass(frozen=True)
class ClassMix:
    """Classes that validation rows hold in other shares than fit rows, so that their mean losses do not compare.

    Args:
        code: int64 [M], class of each validation row in the pooled order.
        fit: float64 [classes], shares of the fit rows; they sum to one.
    """

    code: IndexArray
    fit: DoubleArray

    @property
    def held(self) -> DoubleArray:
        """Shares of the validation rows: float64 [classes]."""
        return np.bincount(self.code, minlength=self.fit.size) / self.code.size

    @property
    def is_thin(self) -> bool:
        """Whether a class of the fit rows has too few validation rows to stand for all of its kind."""
        return bool((self.held[self.fit > 0] * self.code.size < FEWEST_OF_CLASS - 0.5).any())

    def weigh(self) -> DoubleArray:
        """Weight validation rows so that each class counts as among the fit rows: float64 [M], mean one."""
        return self.fit[self.code] / self.held[self.code]


_THIN = (
    "the validation rows hold the classes in other shares than the fit rows, "
    f"and fewer than {FEWEST_OF_CLASS} of a class"
)


def gate_few_rows(curve: FloatArray, *, n_parameters: int, constant: float) -> Gate:
    """Ask whether the largest network can learn a few rows by heart; if not, the optimisation or the code is broken.

    Any network with more weights than rows can fit 32 of them. One that cannot makes "underfit" meaningless.

    Args:
        curve: float32 [T], training loss per epoch of the largest rung on `FEW_ROWS` rows that differ in their
            features; the lower one of each epoch where several learning rates were tried.
        n_parameters: size of that rung.
        constant: loss of the constant predictor on these rows, above 0.

    Returns:
        `Gate` HO307; the estimate is the lowest training loss as a share of the constant predictor's.

    Example:
        >>> gate_few_rows(np.array([0.6, 0.4], np.float32), n_parameters=9000, constant=0.69).state
        'fired'
    """
    if n_parameters < FEW_ROWS:
        return skip_gate(
            "HO307", f"the largest network has {n_parameters} weights, fewer than {FEW_ROWS} rows"
        )
    share = float(np.where(np.isfinite(curve), curve, np.inf).min()) / constant
    fired = share > FITTED_SHARE
    return write_gate(
        "HO307",
        f"The largest network {'cannot' if fired else 'can'} learn {FEW_ROWS} rows by heart: its training loss falls "
        f"to {100 * share:.1f} % of the constant predictor's.",
        fired=fired,
        overrides=True,
        numbers=(share, share, share, FITTED_SHARE),
        action="try other learning rates, and look at how the inputs are scaled",
    )


def allow_optimism(run: ConfigurationRun, settings: JudgeSettings) -> float:
    """Give the gap between validation and training loss that a network of this size has on honest data.

    A well-specified model with p weights on n rows has a gap of p/n nats of log-loss, or 2 p/n times its squared
    error; twice that is allowed, because networks are not well-specified.

    Args:
        run: a network with far fewer weights than rows.
        settings: the task.

    Returns:
        allowance in loss units, at least 0.

    Source:
        Akaike 1973 (expected optimism); the factor is measured on simulated clean data.
    """
    ratio = run.configuration.rung.n_parameters / run.n_rows
    if settings.task is Task.REGRESSION:
        return 4.0 * ratio * float(run.train_curve[:, -1].mean())
    return 2.0 * ratio


def gate_small_gap(run: ConfigurationRun, settings: JudgeSettings, *, mix: ClassMix | None = None) -> Gate:
    """Ask whether the smallest network has a gap that its size cannot explain: a shift, not overfitting.

    Args:
        run: the smallest rung.
        settings: units, delta.
        mix: classes in other shares among the validation rows, which are then weighted like the fit rows.

    Returns:
        `Gate` HO308; the estimate is validation minus training loss at the epoch with the lowest validation loss.
    """
    size = run.configuration.rung.n_parameters
    if size > SMALL_SHARE * run.n_rows:
        return skip_gate("HO308", f"the smallest network has {size:,} weights for {run.n_rows:,} fit rows")
    if has_diverged(run):
        return skip_gate("HO308", "the smallest network diverged")
    if mix is not None and mix.is_thin:
        return skip_gate("HO308", _THIN)
    best = int(run.losses.mean(axis=(1, 2), dtype=np.float64).argmin())
    bounds = bound_gap(run, settings, at=best, mix=mix)
    tolerance = settings.delta + allow_optimism(run, settings)
    return write_gate(
        "HO308",
        f"The smallest network ({size:,} weights, {run.n_rows:,} fit rows) has a gap of {_say(bounds, settings, mix)}, "
        f"{say_change(tolerance, scale=settings.delta).lstrip('+')} would be its own doing.",
        fired=float(bounds.low) > tolerance,
        overrides=True,
        numbers=(float(bounds.mean), float(bounds.low), float(bounds.high), tolerance),
        action="validation rows come from elsewhere or are labelled otherwise: find out how the parts were made",
    )


def gate_easier(
    run: ConfigurationRun, settings: JudgeSettings, *, ordered: bool = False, mix: ClassMix | None = None
) -> Gate:
    """Ask whether validation rows are easier than fit rows, both in evaluation mode: a leak, copies, the wrong mode.

    A network never knows new rows better than its own. Half of the alarms that users raise about curves are this
    case with a harmless reason (training loss read with dropout); here both losses are read alike.

    Args:
        run: the delivered configuration.
        settings: units, delta.
        ordered: the division follows time; later rows may be easier, so that the gate never overrides.
        mix: classes in other shares among the validation rows, which are then weighted like the fit rows.

    Returns:
        `Gate` HO309; the estimate is training minus validation loss at the deployed epoch.
    """
    if has_diverged(run):
        return skip_gate("HO309", "a network diverged")
    if mix is not None and mix.is_thin:
        return skip_gate("HO309", _THIN)
    best = int(run.losses.mean(axis=(1, 2), dtype=np.float64).argmin())
    bounds = bound_gap(run, settings, at=best, mix=mix)
    mean, low, high = -float(bounds.mean), -float(bounds.high), -float(bounds.low)
    fired = low > settings.delta
    word = "easier than" if fired else "not shown to be easier than"
    return write_gate(
        "HO309",
        f"Validation rows are {word} the fit rows: a gap of {_say(bounds, settings, mix)}.",
        fired=fired,
        overrides=not ordered,
        numbers=(mean, low, high, settings.delta),
        action="look for copies, for a column known only afterwards, and for another mix of rows",
    )


def gate_diverged(runs: Sequence[ConfigurationRun]) -> Gate:
    """Ask whether networks diverged (NaN or infinite losses).

    Diverged configurations are never judged or chosen; only if none is left the verdict is overridden.

    Args:
        runs: all configurations.

    Returns:
        `Gate` HO311; the estimate is the number of diverged configurations.
    """
    names = [run.configuration.name for run in runs if has_diverged(run)]
    count = float(len(names))
    numbers = (count, count, count, 0.0)
    if not names:
        return write_gate(
            "HO311", f"None of {len(runs)} configurations diverged.", fired=False, numbers=numbers
        )
    shown = ", ".join(repr(name) for name in names[:3]) + (
        f" and {len(names) - 3} more" if len(names) > 3 else ""
    )
    return write_gate(
        "HO311",
        f"{len(names)} of {len(runs)} configurations diverged and are left out ({shown}).",
        fired=True,
        overrides=len(names) == len(runs),
        numbers=numbers,
        action="look for extreme values in the inputs; a lower learning rate may help",
    )


def bound_gap(
    run: ConfigurationRun, settings: JudgeSettings, *, at: int, mix: ClassMix | None = None
) -> PairedBounds:
    """Give validation minus training loss at a checkpoint, with the uncertainty of both sides.

    The training loss is known only as a mean over its rows; their spread is taken to be that of the validation rows.
    Where those hold the classes in other shares, each class counts as often as among the fit rows, on both sides:
    what is left is how much harder the validation rows of a class are.

    Args:
        run: what was recorded.
        settings: units.
        at: index of the checkpoint.
        mix: classes in other shares, none of them thin; None for losses as they are.

    Returns:
        scalar `PairedBounds`, one-sided bounds at `STRICT_ALPHA`.
    """
    train = run.train_curve[:, int(run.checkpoints[at]) - 1]
    n_watched, around = min(run.n_rows, WATCHED_AT_LEAST), np.zeros(0)
    if mix is None:
        bounds = compare_paired(run.losses[at] - train[:, None], settings.unit, alpha=STRICT_ALPHA)
        rows = bounds.row_variance * (1 + run.losses.shape[2] / n_watched)
    else:
        around, mean = _center_classes(run.losses[at], mix)
        weight = mix.weigh()
        bounds = compare_paired(weight * around + mean - train[:, None], settings.unit, alpha=STRICT_ALPHA)
        # squares of the roots weigh the classes' variances as the fit rows do
        spread = compare_paired(np.sqrt(weight) * around, settings.unit, alpha=STRICT_ALPHA)
        rows = bounds.row_variance + spread.row_variance * run.losses.shape[2] / n_watched
    se = np.sqrt(rows + bounds.seed_variance)
    low, high = bound_mean(bounds.mean, se, df=bounds.df, alpha=STRICT_ALPHA)
    if mix is not None:
        high = high + se * _lengthen(mix.weigh() * around.mean(axis=0), float(se))
    return PairedBounds(bounds.mean, se, bounds.df, low, high, rows, bounds.seed_variance)


def _lengthen(influence: DoubleArray, se: float) -> float:
    """Standard errors by which the upper bound of a mean of skewed losses is too low.

    Few losses of a rare class have a low mean and a small spread at once: without this the gate on easier rows fires in
    1.8 % of clean cases at 42 rows of a class, with it in 1.1 % (measured on 1500 draws of exponential losses).

    Source:
        Johnson 1978, J. Am. Stat. Assoc. 73:536 (first Cornish-Fisher term).
    """
    skew = float((influence**3).sum()) / influence.size**3 / se**3
    return max(skew, 0.0) * (2 * float(ndtri(1 - STRICT_ALPHA)) ** 2 + 1) / 6


def _center_classes(losses: FloatArray, mix: ClassMix) -> tuple[DoubleArray, float]:
    """Losses [S, M] less the mean of their class, and the mean of these means in the fit rows' shares."""
    values = losses.astype(np.float64)
    counts = np.bincount(mix.code, minlength=mix.fit.size)
    means = np.bincount(mix.code, weights=values.mean(axis=0), minlength=mix.fit.size) / np.maximum(counts, 1)
    return values - means[mix.code], float(mix.fit @ means)


def _say(bounds: PairedBounds, settings: JudgeSettings, mix: ClassMix | None) -> str:
    shares = "" if mix is None else ", each class counted as often as among the fit rows"
    scale = settings.delta
    low, high = say_change(float(bounds.low), scale=scale), say_change(float(bounds.high), scale=scale)
    return (
        f"{say_change(float(bounds.mean), scale=scale)} {name_loss(settings.task)} (98 % interval {low} to {high}), "
        f"validation minus training{shares}"
    )
