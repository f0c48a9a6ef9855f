"""For whom it fails: groups searched on development rows before the test is opened, and shown again on test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.evidence.compare import EARLY_STOPPED_WIDTH
from heldout.evidence.crossfit import deploy_run, has_diverged
from heldout.evidence.harmed import find_harmed
from heldout.evidence.score import compare_losses
from heldout.evidence.subgroups import find_subgroups, measure_slices
from heldout.label_sets import look_up
from heldout.records import (
    Affected,
    Attribute,
    ByHeart,
    ChangeByGroup,
    Choice,
    ConfigurationRun,
    DoubleArray,
    FloatArray,
    IndexArray,
    JudgeSettings,
    Prediction,
    RemedyResult,
    Subgroups,
)
from heldout.report.sentences import name_remedy
from heldout.settings import Settings
from heldout.stages.affecting import judge_outliers
from heldout.stages.attributes import describe_rows
from heldout.stages.delivering import Delivered
from heldout.stages.occluding import find_by_heart
from heldout.stages.preparing import Prepared
from heldout.stages.reading import Reading
from heldout.stages.testing import row_losses
from heldout.stages.training import Crew, Trained

NO_SKILL = (
    "Not asked for whom it fails: it is not better than a constant guess by more than the tolerance, and a guess fails "
    "for all alike."
)
LEAST_SEARCHED_ROWS = 40  # a group and its rest hold twenty rows each
Judged = tuple[Trained, tuple[RemedyResult, ...], JudgeSettings]


@dataclass(frozen=True)
class Groups:
    """What was found about groups of rows and about columns, before the test is opened.

    Args:
        subgroups: for whom it fails; None where there are too few rows.
        affected: who is affected by an outlier rule; None where none is in use.
        by_heart: what was learned by heart; None where it was not looked at.
    """

    subgroups: Subgroups | None
    affected: Affected | None
    by_heart: ByHeart | None


def look_at_groups(
    crew: Crew,
    data: tuple[Reading, Prepared, Delivered],
    *,
    judged: tuple[Trained, tuple[RemedyResult, ...], Choice, JudgeSettings],
) -> Groups:
    """Ask for whom it fails, who is affected by an outlier rule, and what was learned by heart.

    Args:
        crew: settings, plan, executor.
        data: the data, the data as prepared, the delivered networks.
        judged: what was trained, the remedies' results, the choice, what losses are judged against.
    """
    (reading, prepared, delivered), (trained, results, choice, judge) = data, judged
    return Groups(
        find_groups(crew, reading, prepared, delivered, judged=(trained, results, judge)),
        judge_outliers(crew, reading, prepared, judged=(trained, choice, judge)),
        find_by_heart(crew, prepared, judged=(trained, results, judge)),
    )


def find_groups(
    crew: Crew, reading: Reading, prepared: Prepared, delivered: Delivered, *, judged: Judged
) -> Subgroups | None:
    """Search the development rows for groups that the delivered networks, or a remedy that helps, fail.

    Each row's loss comes from networks that had not fitted it. What is listed here stands before the test is opened.

    Args:
        crew: settings and the tensors' order of rows.
        reading: the data.
        prepared: columns and split.
        delivered: the networks' predictions of the development rows.
        judged: what was trained, the remedies' results, and what losses are judged against.

    Returns:
        the groups; None where there are too few rows for any.
    """
    truth = look_up(reading.target, reading.target.values[delivered.order])
    if len(truth) < LEAST_SEARCHED_ROWS:
        return None
    losses, unit = row_losses(delivered.development.values, truth, delivered.bundle), prepared.split.unit
    lead = measure_lead(losses, judged[2], unit[delivered.order])
    attributes = describe_rows(
        reading,
        prepared,
        crew.settings,
        rows=delivered.order,
        truth=truth,
        has_label=lead[0] > judged[2].delta,
    )
    # whoever only guesses fails for all alike; skill that is merely not shown may be hidden by a group it fails for
    if lead[2] < judged[2].delta:
        attributes = tuple(item for item in attributes if item.declared)
        if not attributes:
            return Subgroups(NO_SKILL, (), 0, losses.size, float(losses.mean()), (), 0)
    found = find_subgroups(
        losses,
        mark_hits(delivered.development, truth),
        attributes=attributes,
        unit=unit[delivered.order],
        least=judged[2].delta,
        seed=int(prepared.split.fingerprint[:8], 16),
    )
    rows = prepared.split.development[crew.tensors.order]
    known = look_up(reading.target, reading.target.values[rows])
    attributes = describe_rows(reading, prepared, crew.settings, rows=rows, truth=known)
    return replace(found, harms=find_harms(attributes, judged))


def measure_lead(losses: DoubleArray, judge: JudgeSettings, unit: IndexArray) -> tuple[float, float, float]:
    """Give by how much the delivered networks are better than a constant guess: estimate and 95 % interval.

    Args:
        losses: float64 [M], of rows that the networks had not fitted.
        judge: the constant predictor's losses; their mean where choices were made on other rows.
        unit: int64 [M], unit of each row.
    """
    guess = judge.constant_losses
    constant = guess if guess.size == losses.size else np.full(losses.size, guess.mean())
    return compare_losses(constant, losses, unit)


def show_on_test(
    groups: Subgroups | None,
    test_rows: tuple[Prediction, DoubleArray] | None,
    *,
    data: tuple[Reading, Prepared],
    delivered: Delivered,
    settings: Settings,
) -> Subgroups | None:
    """Show the groups listed on development rows on the test rows, as part of the one opening.

    Args:
        groups: from `find_groups`.
        test_rows: predictions and labels of the opened rows; None without a test set.
        data: the data, columns and split.
        delivered: the networks.
        settings: subgroups.
    """
    if groups is None or test_rows is None or not groups.slices:
        return groups
    (reading, prepared), (prediction, truth) = data, test_rows
    slices = measure_slices(
        groups.slices,
        row_losses(prediction.values, truth, delivered.bundle),
        hits=mark_hits(prediction, truth),
        attributes=describe_rows(reading, prepared, settings, rows=prepared.split.test, truth=truth),
        unit=prepared.split.unit[prepared.split.test],
    )
    return replace(groups, slices=slices)


def mark_hits(prediction: Prediction, truth: DoubleArray) -> DoubleArray | None:
    """Say which rows were predicted rightly (every label): float64 [n] of 0 and 1, None for regression."""
    if not prediction.labels.size:
        return None
    right = prediction.labels == truth
    return (right.all(axis=1) if right.ndim == 2 else right).astype(np.float64)


def find_harms(attributes: Sequence[Attribute], judged: Judged) -> tuple[ChangeByGroup, ...]:
    """Say for each remedy that helps on average whom it hurts; the remedies share one error rate.

    Args:
        attributes: of the validation rows in the pooled order.
        judged: what was trained, the remedies' results, and what losses are judged against.
    """
    trained, results, judge = judged
    helping = [item for item in results if "helps" in (item.outcome, item.outcome_at_end)]
    plain = next(run for run in trained.ladder if run.configuration.rung.index == trained.rung.index)
    if not helping or has_diverged(plain):
        return ()
    harms = []
    for item in helping:
        remedied = trained.find(item.configuration)
        is_early = item.outcome == "helps" or item.name == "early_stopping"
        harms.append(
            find_harmed(
                _pair(item, plain, remedied, judge),
                attributes=attributes,
                unit=judge.unit,
                what=name_remedy(item) if is_early else f"{name_remedy(item)} (at the last epoch)",
                alpha=judge.alpha / len(helping),
                widen=EARLY_STOPPED_WIDTH if is_early else 1.0,
            )
        )
    return tuple(harms)


def _pair(
    item: RemedyResult, plain: ConfigurationRun, remedied: ConfigurationRun, judge: JudgeSettings
) -> FloatArray:
    """Give loss with the remedy minus loss without it, [S, M]: stopped early if it helps there, else at the end."""
    if item.name == "early_stopping":
        return deploy_run(plain, judge).losses - plain.losses[-1]
    n_seeds = min(plain.losses.shape[1], remedied.losses.shape[1])
    if item.outcome == "helps":
        return deploy_run(remedied, judge).losses[:n_seeds] - deploy_run(plain, judge).losses[:n_seeds]
    return remedied.losses[-1, :n_seeds] - plain.losses[-1, :n_seeds]
