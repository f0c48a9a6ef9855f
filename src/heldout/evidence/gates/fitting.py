"""Gates on training: what cannot be fitted, gaps that no overfitting explains, networks that diverged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heldout.evidence.crossfit import has_diverged
from heldout.evidence.gates.build import STRICT_ALPHA, skip_gate, write_gate
from heldout.evidence.paired import PairedBounds, bound_mean, compare_paired
from heldout.evidence.wording import name_loss, say_change
from heldout.records import ConfigurationRun, FloatArray, Gate, JudgeSettings, Task

FEW_ROWS = 32
FITTED_SHARE = 0.10  # a loss below this share of the constant predictor's counts as fitted
SMALL_SHARE = 0.1  # a network with fewer weights than this share of its rows cannot learn them by heart
WATCHED_AT_LEAST = 1000  # fit rows on which the training loss is read, where there are so many


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


def gate_small_gap(run: ConfigurationRun, settings: JudgeSettings) -> Gate:
    """Ask whether the smallest network has a gap that its size cannot explain: a shift, not overfitting.

    Args:
        run: the smallest rung.
        settings: units, delta.

    Returns:
        `Gate` HO308; the estimate is validation minus training loss at the epoch with the lowest validation loss.
    """
    size = run.configuration.rung.n_parameters
    if size > SMALL_SHARE * run.n_rows:
        return skip_gate("HO308", f"the smallest network has {size:,} weights for {run.n_rows:,} fit rows")
    if has_diverged(run):
        return skip_gate("HO308", "the smallest network diverged")
    best = int(run.losses.mean(axis=(1, 2), dtype=np.float64).argmin())
    bounds = bound_gap(run, settings, at=best)
    tolerance = settings.delta + allow_optimism(run, settings)
    return write_gate(
        "HO308",
        f"The smallest network ({size:,} weights, {run.n_rows:,} fit rows) has a gap of {_say(bounds, settings)}, "
        f"{say_change(tolerance, scale=settings.delta).lstrip('+')} would be its own doing.",
        fired=float(bounds.low) > tolerance,
        overrides=True,
        numbers=(float(bounds.mean), float(bounds.low), float(bounds.high), tolerance),
        action="validation rows come from elsewhere or are labelled otherwise: find out how the parts were made",
    )


def gate_easier(run: ConfigurationRun, settings: JudgeSettings, *, ordered: bool = False) -> Gate:
    """Ask whether validation rows are easier than fit rows, both in evaluation mode: a leak, copies, the wrong mode.

    A network never knows new rows better than its own. Half of the alarms that users raise about curves are this
    case with a harmless reason (training loss read with dropout); here both losses are read alike.

    Args:
        run: the delivered configuration.
        settings: units, delta.
        ordered: the division follows time; later rows may be easier, so that the gate never overrides.

    Returns:
        `Gate` HO309; the estimate is training minus validation loss at the deployed epoch.
    """
    if has_diverged(run):
        return skip_gate("HO309", "a network diverged")
    best = int(run.losses.mean(axis=(1, 2), dtype=np.float64).argmin())
    bounds = bound_gap(run, settings, at=best)
    mean, low, high = -float(bounds.mean), -float(bounds.high), -float(bounds.low)
    fired = low > settings.delta
    word = "easier than" if fired else "not shown to be easier than"
    return write_gate(
        "HO309",
        f"Validation rows are {word} the fit rows: a gap of {_say(bounds, settings)}.",
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


def bound_gap(run: ConfigurationRun, settings: JudgeSettings, *, at: int) -> PairedBounds:
    """Give validation minus training loss at a checkpoint, with the uncertainty of both sides.

    The training loss is known only as a mean over its rows; their spread is taken to be that of the validation rows.

    Args:
        run: what was recorded.
        settings: units.
        at: index of the checkpoint.

    Returns:
        scalar `PairedBounds`, one-sided bounds at `STRICT_ALPHA`.
    """
    train = run.train_curve[:, int(run.checkpoints[at]) - 1]
    bounds = compare_paired(run.losses[at] - train[:, None], settings.unit, alpha=STRICT_ALPHA)
    n_watched = min(run.n_rows, WATCHED_AT_LEAST)
    rows = bounds.row_variance * (1 + run.losses.shape[2] / n_watched)
    se = np.sqrt(rows + bounds.seed_variance)
    low, high = bound_mean(bounds.mean, se, df=bounds.df, alpha=STRICT_ALPHA)
    return PairedBounds(bounds.mean, se, bounds.df, low, high, rows, bounds.seed_variance)


def _say(bounds: PairedBounds, settings: JudgeSettings) -> str:
    scale = settings.delta
    low, high = say_change(float(bounds.low), scale=scale), say_change(float(bounds.high), scale=scale)
    return (
        f"{say_change(float(bounds.mean), scale=scale)} {name_loss(settings.task)} (98 % interval {low} to {high}), "
        "validation minus training"
    )
