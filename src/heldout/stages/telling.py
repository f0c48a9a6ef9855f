"""Last stage: gather what a finished study shows into the report's record."""

from __future__ import annotations

import platform
import resource
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np

from heldout.counts import count_things
from heldout.evidence.calibration import measure_calibration
from heldout.evidence.early_stopping import RULES, StoppingRule, cost_of_faults, find_stop
from heldout.evidence.intervals import bound_share
from heldout.label_sets import look_up
from heldout.nets.convolution import convolution_path
from heldout.plan import stretch_to_all_rows
from heldout.recipe import Recipe
from heldout.records import (
    MIN_ROWS,
    ConfigurationRun,
    DoubleArray,
    Finding,
    JudgeSettings,
    Kind,
    LadderVerdict,
    Prediction,
    Rung,
    Severity,
    Split,
    Status,
    Target,
    Task,
    TypedColumn,
)
from heldout.report.content import (
    Calibration,
    ColumnNote,
    Costs,
    PredictionInterval,
    ReliabilityBin,
    SplitSummary,
)
from heldout.settings import Settings
from heldout.stages.delivering import Delivered, read_rule
from heldout.stages.reading import Reading
from heldout.stages.training import INTERPOLATED_LOSS, Trained
from heldout.stages.workplace import Workplace
from heldout.train.device import describe_devices
from heldout.version import __version__

NICE_CODES = ("HO220", "HO221", "HO222", "HO223", "HO224")
PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class SortedFindings:
    """Findings by what they are.

    Args:
        niceness: the lines that say how nice or messy the data are.
        findings: what is wrong or remarkable.
        passed: checks that found nothing, one line each.
        muted: what was found and the user asked not to be told again.
    """

    niceness: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    muted: tuple[Finding, ...] = ()


def sort_findings(findings: tuple[Finding, ...], *, mute: tuple[str, ...] = ()) -> SortedFindings:
    """Separate the niceness lines, the passed checks and what the user muted from what was found.

    Args:
        findings: all of them.
        mute: codes not to be told again; a critical finding is told all the same.

    Example:
        >>> sort_findings((Finding("HO201", "passed: exact duplicates", Severity.INFO, "none of 9 rows"),)).passed
        ('exact duplicates: none of 9 rows [HO201]',)
    """
    nice = tuple(f"{item.title}: {item.sentence}" for item in findings if item.code in NICE_CODES)
    rest = [item for item in findings if item.code not in NICE_CODES]
    passed = tuple(
        f"{item.title.removeprefix('passed: ')}: {item.sentence} [{item.code}]"
        for item in rest
        if item.title.startswith(("passed:", "not applicable:"))
    )
    found = [item for item in rest if not item.title.startswith(("passed:", "not applicable:"))]
    is_muted = [item.code in mute and item.severity is not Severity.CRITICAL for item in found]
    told = tuple(item for item, quiet in zip(found, is_muted, strict=True) if not quiet)
    muted = tuple(item for item, quiet in zip(found, is_muted, strict=True) if quiet)
    return SortedFindings(nice, told, passed, muted)


def leave_values_out(target: Target) -> Target:
    """Give a target without its rows' values, as it is shown and kept: no test label stands outside the scores.

    Args:
        target: what is predicted.

    Returns:
        The same with empty `values` and `sets`; which rows lack a value stays.

    Example:
        >>> ill = Target("ill", Task.BINARY, "", ("no", "yes"), np.ones(3), np.zeros(0, np.int64))
        >>> leave_values_out(ill).values.size
        0
    """
    return replace(target, values=np.zeros(0), sets=np.zeros((0, 0), np.bool_))


def note_columns(columns: tuple[TypedColumn, ...], recipe: Recipe | None) -> tuple[ColumnNote, ...]:
    """Say of each column what it was read as, why, and what the network sees."""
    slots: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for plan in () if recipe is None else recipe.columns:
        slots[plan.spec.name] = sum(len(use.slots) for use in plan.ops)
        reasons[plan.spec.name] = (
            " + ".join(use.op.split("@")[0] for use in plan.ops if use.slots) or plan.why
        )
    return tuple(
        _note(column, slots.get(column.spec.name, 0), reasons.get(column.spec.name, "")) for column in columns
    )


def _note(column: TypedColumn, n_slots: int, changed: str) -> ColumnNote:
    spec = column.spec
    unused = not spec.used or spec.kind in (Kind.IDENTIFIER, Kind.CONSTANT)
    return ColumnNote(
        name=spec.name,
        kind=spec.kind.value,
        why=spec.why,
        decided=spec.decided,
        changed_to="not used"
        if unused
        else f"{changed} ({count_things(n_slots, 'input')})"
        if n_slots
        else changed,
        n_missing=int((column.status == Status.MISSING).sum()),
        n_unparsed=int((column.status == Status.UNPARSED).sum()),
        n_slots=n_slots,
    )


def summarize_split(split: Split) -> SplitSummary:
    """Give the split in numbers."""
    return SplitSummary(
        method=split.method,
        n_development=len(split.development),
        n_test=len(split.test),
        n_folds=len(split.folds),
        n_fit=max(len(fold.fit) for fold in split.folds),
        n_validation=sum(len(fold.validation) for fold in split.folds),
        n_units=len(np.unique(split.unit[split.development])),
        has_groups=split.has_groups,
        ordered=split.ordered,
        why_no_test=split.why_no_test,
        notes=split.notes,
    )


def describe_calibration(reading: Reading, delivered: Delivered, split: Split) -> Calibration | None:
    """Compare predicted probabilities with what came true on the validation rows."""
    if reading.target.task is Task.REGRESSION:
        return None
    truth = look_up(reading.target, reading.target.values[delivered.order])
    bins: tuple[ReliabilityBin, ...] = ()
    if len(truth) >= MIN_ROWS:
        unit, values = split.unit[delivered.order], delivered.development.values
        if reading.target.task is Task.MULTILABEL:  # every label of every row is a yes or no
            top, happened, unit = values.ravel(), truth.ravel() > 0.5, np.repeat(unit, values.shape[1])
        elif reading.target.task is Task.BINARY:
            top, happened = values[:, 1], truth == 1
        else:
            top, happened = values.max(axis=1), truth == values.argmax(axis=1)
        found = measure_calibration(top, happened, unit=unit)
        bins = tuple(
            ReliabilityBin(float(p), float(o), *bound_share(float(round(o * n)), float(n)), int(n))
            for p, o, n in zip(found.predicted, found.observed, found.count, strict=True)
            if n > 0
        )
    rows = "development rows, each predicted by networks that had not fitted it"
    return Calibration(delivered.bundle.temperature, bins, rows)


def describe_interval(
    delivered: Delivered, test: tuple[Prediction, DoubleArray] | None
) -> PredictionInterval | None:
    """Measure on the test rows what the prediction intervals promise."""
    bundle = delivered.bundle
    if bundle.task is not Task.REGRESSION or bundle.level == 0.0:
        return None
    unknown = float("nan")
    if test is None:
        return PredictionInterval(
            bundle.level, (unknown, unknown, unknown), 0, "no test rows", bundle.half_width
        )
    prediction, truth = test
    inside = int(((truth >= prediction.low) & (truth <= prediction.high)).sum())
    low, high = bound_share(float(inside), float(len(truth)))
    return PredictionInterval(
        bundle.level, (inside / len(truth), low, high), len(truth), "test rows", bundle.half_width
    )


def note_early_stopping(plain: ConfigurationRun, judge: JudgeSettings, settings: Settings) -> tuple[str, ...]:
    """Say what each rule of early stopping would have done, and what each fault of the lecture's rule costs.

    The rules are read from the recorded curves, one network at a time; the networks themselves ran to the last epoch.
    """
    curves = [curve for curve in plain.validation_curve if np.isfinite(curve).all()]
    if not curves:
        return ()
    named = read_rule(settings)
    told = [_tell_rule(replace(named, name=name), curves) for name in RULES]
    end = float(np.mean([curve[-1] for curve in curves]))
    first = (
        f"{plain.configuration.name}, {count_things(len(curves), 'seed')}, each read by itself (medians of epochs, "
        f"means of the validation loss); at the last epoch {len(curves[0])} the loss is {end:.3f}. {' '.join(told)} "
        f"{_say_deployed(named)}"
    )
    parts = (
        "The losses above are read from the rows that decided when to stop. What each fault costs is measured on rows "
        "that did not decide (one half decides for the other): the parts below do not add up to the differences above."
    )
    return (first, parts, *(fault.sentence for fault in cost_of_faults(plain, judge)))


def _tell_rule(rule: StoppingRule, curves: list[np.ndarray]) -> str:
    """Say where a rule stops and what it keeps."""
    stops = [find_stop(rule, curve) for curve in curves]
    kept = int(np.median([stop.kept for stop in stops]))
    loss = float(np.mean([curve[stop.kept - 1] for curve, stop in zip(curves, stops, strict=True)]))
    what = f"keeps epoch {kept}, loss {loss:.3f}"
    smoothed = f", smoothing {rule.smoothing:g}" if rule.smoothing else ""
    if rule.name == "best":
        return f"The lowest loss of the whole curve{smoothed}: {what}."
    end = int(np.median([stop.epoch for stop in stops]))
    if rule.name == "lecture":
        return f"The lecture's rule, given the validation loss: stops after epoch {end}, {what}."
    return (
        f"Patience {rule.patience}, min_delta {rule.min_delta:g}{smoothed}: stops after epoch {end}, {what}."
    )


def _say_deployed(rule: StoppingRule) -> str:
    if rule.name == "best":
        return "Delivered are the weights of the lowest validation loss."
    return (
        f"Delivered are the weights that the rule {rule.name!r} keeps, each network by its own curve, as the settings "
        "ask; the verdict rests on epochs chosen on other rows and seeds, whatever the rule."
    )


def say_where_tried(ladder: LadderVerdict, rung: Rung) -> str:
    """Say at which size the remedies were tried, and why there."""
    if ladder.rung < 0:
        why = "the largest with all seeds, as no size was shown to overfit"
    elif ladder.rung == rung.index:
        why = "the smallest that is shown to overfit"
    else:
        why = (
            f"rung {ladder.rung} is the smallest that is shown to overfit, but a larger one reaches a lower loss than "
            "it by more than the tolerance (by the estimates)"
        )
    tried = f"Remedies were tried at rung {rung.index} ({rung.n_parameters:,} weights): {why}."
    if rung.augmented_rate in (0.0, rung.learning_rate):
        return tried
    return (
        f"{tried} Networks with augmentation were trained at the learning rate {rung.augmented_rate:g}, the others at "
        f"{rung.learning_rate:g}, which was chosen without augmentation."
    )


def say_cut(workplace: Workplace) -> str:
    """Say what the budget left out; nothing if it left out nothing."""
    names = workplace.left_out
    if not names:
        return ""
    n_rungs = sum("+" not in name for name in names)
    parts = (count_things(n_rungs, "size"), count_things(len(names) - n_rungs, "remedy setting"))
    left = " and ".join(part for part in parts if not part.startswith("0 "))
    return f"the budget left out {left} that had been planned"


def note_threshold(delivered: Delivered) -> tuple[str, ...]:
    """Say how the decision threshold came about, if costs were stated."""
    bundle = delivered.bundle
    if not bundle.costs:
        return ()
    miss, false_alarm = bundle.costs
    return (
        f"{bundle.classes[1]!r} is predicted from a probability of {bundle.threshold:.3g} on, because a miss was said "
        f"to cost {miss:g} and a false alarm {false_alarm:g}: the threshold is false alarm / (false alarm + miss).",
    )


def describe_costs(workplace: Workplace, trained: Trained, *, n_fit_all: int = 0) -> Costs:
    """Say what the study cost; the tax is its time over that of training the smallest interpolating rung alone.

    A rung interpolates when its training loss at the last epoch is below a hundredth (nats, or of the variance).
    Runs read back from an earlier start have no time, and the tax is then unknown; so it is where the study was started
    more than once, as the time of the other starts is not known.

    Args:
        workplace: clock.
        trained: everything that was trained.
        n_fit_all: fit rows of the delivered networks: where the ladder ran on a subset, training that rung alone means
            training it on all of them.
    """
    fitting = [run for run in trained.ladder if float(np.nanmean(run.train_curve[:, -1])) < INTERPOLATED_LOSS]
    reference = fitting[0] if fitting else trained.ladder[-1]
    alone = workplace.run_seconds.get(reference.configuration.name)
    if alone:  # a raced rung has fewer seeds than the study
        alone *= max(run.losses.shape[1] for run in trained.ladder) / reference.losses.shape[1]
    if alone and n_fit_all > reference.n_rows:
        alone *= stretch_to_all_rows(
            reference.configuration.rung.n_parameters,
            reference.n_rows,
            n_fit_all,
            n_validation=reference.losses.shape[2],
        )
    total, n_starts = sum(workplace.seconds.values()), workplace.n_starts
    return Costs(
        seconds=tuple((name, round(value, 2)) for name, value in workplace.seconds.items()),
        n_networks=workplace.n_networks,
        n_starts=n_starts,
        study_tax=total / alone if alone and n_starts == 1 else None,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        device=describe_devices(),
    )


def list_versions(rungs: Sequence[Rung] = ()) -> tuple[tuple[str, str], ...]:
    """Give the versions a result depends on; the way of convolution only where networks have any.

    Args:
        rungs: the sizes of the study, once they are known. A study of tables has none with convolutions, and must
            neither build that library nor depend on it.
    """
    packages = ((name, version(name)) for name in PACKAGES)
    convolution = (("convolution", convolution_path()),) if any(rung.channels for rung in rungs) else ()
    return (("python", platform.python_version()), ("heldout", __version__), *packages, *convolution)


def list_limits(reading: Reading, split: Split, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Say what the model should not be used for, from what was measured."""
    limits = ["rows of another population than these: it was only tested on rows drawn from the same source"]
    if not split.ordered:
        limits.append("predicting the future: the split did not follow time (use --time if rows have a date)")
    if any(item.code == "HO211" and item.severity is not Severity.INFO for item in findings):
        limits.append("new families, patients or sites: rows of one unit stood on both sides of the split")
    if len(split.test) == 0:
        limits.append("any claim that needs an untouched test set: there was none")
    return tuple(limits)


def mark_families(findings: tuple[Finding, ...], has_group: bool) -> tuple[Finding, ...]:
    """Keep family findings as warnings only where no group was declared."""
    if not has_group:
        return findings
    return tuple(replace(item, severity=Severity.INFO) if item.code == "HO211" else item for item in findings)
