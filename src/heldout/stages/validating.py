"""External validation: a finished bundle on new labelled rows, with interval, shift and journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from heldout.bundle import Bundle, load_bundle, score_table
from heldout.cells import read_target
from heldout.errors import DataError
from heldout.links import parse_group_option, read_groups
from heldout.records import DoubleArray, IndexArray, Prediction, Score, Table, Target, Task
from heldout.seal import append_opening, count_openings
from heldout.settings import Settings
from heldout.sources import find_column, fingerprint_table
from heldout.stages.reading import name_column, name_source, read_new
from heldout.stages.testing import JOURNAL, list_metrics, put_first, score_rows

TASK_WORDS = {Task.REGRESSION: "regression", Task.MULTILABEL: "multilabel"}


def score_external(
    model: str | Path,
    source: Any,  # noqa: ANN401 - a path or any data frame
    settings: Settings,
    *,
    allow_shift: bool,
) -> tuple[tuple[Score, ...], tuple[str, ...], int, str, tuple[Score, ...]]:
    """Score a bundle on rows of another source.

    Args:
        model: folder of a study, or a bundle.
        source: new rows with their target.
        settings: target (the bundle's own by default), target_map, group, how to read.
        allow_shift: score although a column looks like another unit or kind.

    Returns:
        Scores with the bundle's metric first, notes, number of rows scored, name of the source, and scores of always
        giving the same answer on these rows.

    Raises:
        DataError: no row has a target, or the labels are not those of the bundle.
    """
    bundle = load_bundle(model)
    table = read_new(source, settings, tuple(plan.policy for plan in bundle.recipe.arrays))
    raw = find_column(table, name_column(table, settings.target or bundle.target))
    target = read_target(
        raw,
        task=TASK_WORDS.get(bundle.task, "classification"),
        target_map=settings.target_map or _read_map(Path(model)) or None,
        classes=bundle.classes or None,
        lines=table.lines,
        override=settings.columns.get(raw.name),
    )
    scored = score_table(bundle, table, target, allow_shift=allow_shift)
    if len(scored.rows) == 0:
        raise DataError(
            f"no row of {name_source(source)!r} has a target in column {raw.name!r}", hint="name another one"
        )
    metrics = list_metrics(bundle.task, ordered=bundle.net is not None and bundle.net.ordered)
    metrics = put_first(bundle.metric, metrics) if bundle.metric else metrics
    unit = _read_units(table, settings)[scored.rows]
    scores = score_rows(scored.truth, scored.prediction, target, metrics=metrics, unit=unit)
    guess = score_constant(bundle, scored.truth, target, metrics=metrics, unit=unit)
    told = (target.why,) if bundle.task is Task.MULTILABEL else ()
    notes = (
        *told,
        *scored.report.notes,
        *scored.report.refused,
        *_journal(model, table, bundle, len(scored.rows)),
    )
    return scores, notes, len(scored.rows), name_source(source), guess


def score_constant(
    bundle: Bundle, truth: DoubleArray, target: Target, *, metrics: tuple[str, ...], unit: IndexArray
) -> tuple[Score, ...]:
    """Score always giving the same answer on the new rows: their own mean, shares of classes or of labels.

    No constant does better by the loss, so that a network that is not better than it is of no use on these rows.

    Args:
        bundle: the delivered networks.
        truth: float64 [n], or [n, labels], of the scored rows.
        target: the target as read from them.
        metrics: to score by.
        unit: int64 [n], unit of each row.
    """
    if bundle.task is Task.REGRESSION:
        values = np.full((len(truth), 1), truth.mean())
        return score_rows(
            truth, Prediction(values, np.zeros(0, np.int32)), target, metrics=metrics, unit=unit
        )
    shares = truth.mean(axis=0) if bundle.task is Task.MULTILABEL else None
    if shares is None:
        shares = np.bincount(truth.astype(int), minlength=len(bundle.classes)) / len(truth)
    values = np.tile(shares, (len(truth), 1))
    labels = values >= 0.5 if bundle.task is Task.MULTILABEL else values.argmax(axis=1)
    return score_rows(truth, Prediction(values, labels.astype(np.int32)), target, metrics=metrics, unit=unit)


def _read_map(study: Path) -> dict[str, str]:
    """Give the study's own map of target texts, so that new rows are read as the first ones were."""
    place = study / "study.json"
    return json.loads(place.read_text(encoding="utf-8"))["settings"]["target_map"] if place.is_file() else {}


def _read_units(table: Table, settings: Settings) -> IndexArray:
    if settings.group is None:
        return np.arange(len(table.lines))
    name, pattern = parse_group_option(settings.group)
    return read_groups(find_column(table, name), pattern=pattern, lines=table.lines)


def _journal(model: str | Path, table: Table, bundle: Bundle, n_rows: int) -> tuple[str, ...]:
    """Record this look in the journal beside the study, and say how often these rows were looked at before."""
    place = Path(model).resolve()
    place = place.parent if (place.parent / "study.json").is_file() else place
    journal, fingerprint = place.parent / JOURNAL, fingerprint_table(table)
    before = count_openings(journal, fingerprint)
    entry = {"fingerprint": fingerprint, "reason": "external validation", "study": place.name, "n": n_rows}
    append_opening(journal, entry)
    if fingerprint == bundle.fingerprint:
        return ("these are the rows the study was made of: this is no external validation",)
    return (
        (
            f"these rows were scored {before} times before: choices made after a look are no longer tested by them",
        )
        if before
        else ()
    )
