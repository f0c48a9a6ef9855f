"""External validation: a finished bundle on new labelled rows, with interval, shift and journal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from heldout.bundle import Bundle, ScoredRows, find_known, load_bundle, score_table, share_repeated
from heldout.bundle.checks import match_columns
from heldout.bundle.record import list_inputs
from heldout.bundle.score import take_rows
from heldout.cells import read_target
from heldout.errors import DataError
from heldout.links import MISSING_GROUP_WORDS, link_rows, match_groups, parse_group_option, read_groups
from heldout.records import (
    BoolArray,
    DoubleArray,
    IndexArray,
    Prediction,
    RawColumn,
    Score,
    Table,
    Target,
    Task,
)
from heldout.report.wording import say_times
from heldout.seal import append_opening, count_openings
from heldout.settings import Settings
from heldout.sources import find_column, fingerprint_table, hash_rows
from heldout.stages.answers import ExternalScore
from heldout.stages.loading import refuse_unfinished
from heldout.stages.reading import name_column, name_source, read_new
from heldout.stages.testing import JOURNAL, list_metrics, put_first, score_rows

OFTEN_REPEATED = 0.1  # assumption: where a tenth of the study's own rows agree, so do new ones by accident
TASK_WORDS = {Task.REGRESSION: "regression", Task.MULTILABEL: "multilabel"}


def score_external(
    model: str | Path,
    source: Any,  # noqa: ANN401 - a path or any data frame
    settings: Settings,
    *,
    allow_shift: bool,
) -> ExternalScore:
    """Score a bundle on rows of another source, with and without those that are rows of the study.

    Args:
        model: folder of a study, or a bundle.
        source: new rows with their target.
        settings: target (the bundle's own by default), target_map, group (the study's own by default), how to read.
        allow_shift: score although a column looks like another unit or kind.

    Raises:
        DataError: no row has a target, or the labels are not those of the bundle.
        StudyError: the study is not finished.
    """
    refuse_unfinished(Path(model))
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
    unit, group, told = read_units(bundle, table, settings)
    known, again = find_known(bundle, table)[scored.rows], _journal(model, table, bundle, len(scored.rows))
    judged = (scored, unit[scored.rows], target)
    fresh = np.flatnonzero(~known)
    apart = bool(known.any() and len(fresh))
    return ExternalScore(
        scores=_score_part(bundle, judged, np.arange(len(known))),
        notes=(
            *((target.why,) if bundle.task is Task.MULTILABEL else ()),
            *scored.report.notes,
            *scored.report.refused,
            *told,
            *again,
        ),
        n_rows=len(scored.rows),
        source=name_source(source),
        constant=score_constant(
            bundle, scored.truth, target, metrics=_name_metrics(bundle), unit=unit[scored.rows]
        ),
        n_known=int(known.sum()),
        without_known=_score_part(bundle, judged, fresh) if apart else (),
        warning=_warn_of_known(bundle, known),
        group=group,
    )


def _name_metrics(bundle: Bundle) -> tuple[str, ...]:
    metrics = list_metrics(bundle.task, ordered=bundle.net is not None and bundle.net.ordered)
    return put_first(bundle.metric, metrics) if bundle.metric else metrics


def _score_part(
    bundle: Bundle, judged: tuple[ScoredRows, IndexArray, Target], rows: IndexArray
) -> tuple[Score, ...]:
    """Score some of the scored rows by every metric that they allow."""
    scored, unit, target = judged
    part = take_rows(scored.prediction, rows)
    return score_rows(scored.truth[rows], part, target, metrics=_name_metrics(bundle), unit=unit[rows])


def _warn_of_known(bundle: Bundle, known: BoolArray) -> str:
    """Say how many rows are rows of the study; "" where none is."""
    n_known, n_rows = int(known.sum()), len(known)
    if not n_known:
        return ""
    which = f"{n_known} of {n_rows} rows repeat rows" if n_known > 1 else f"1 of {n_rows} rows repeats a row"
    if n_known == n_rows > 1:
        which = f"all {n_rows:,} rows repeat rows"
    repeated = share_repeated(bundle.known_rows)
    chance = (
        f" (by accident, perhaps: {100 * repeated:.0f} % of the study's own rows agree with another one)"
        if repeated >= OFTEN_REPEATED
        else ""
    )
    return (
        f"{which} of the study in every cell that the networks read{chance}: on them the networks were trained or "
        "chosen, or they were its test already, so that they do not tell how new rows are predicted"
    )


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


def read_units(bundle: Bundle, table: Table, settings: Settings) -> tuple[IndexArray, str, tuple[str, ...]]:
    """Say which new rows belong together, so that they count as one in intervals: by group, and exact copies.

    Args:
        bundle: its group is taken where none is named.
        table: the new rows.
        settings: group.

    Returns:
        int64 [N]; the column of the groups, "" where none was used; what is to be told of it.

    Raises:
        DataError: a group that was named cannot be read.
    """
    group, name, told = _read_group(bundle, table, settings)
    plans = list_inputs(bundle.recipe)
    columns = match_columns(table, tuple(dict.fromkeys(plan.spec.source or plan.spec.name for plan in plans)))
    links = link_rows(columns, examples=tuple(map(hash_rows, table.arrays)), group=group)
    return links.unit, name, (*told, *links.notes)


def _read_group(
    bundle: Bundle, table: Table, settings: Settings
) -> tuple[IndexArray | None, str, tuple[str, ...]]:
    asked = settings.group or bundle.group
    if not asked:
        return None, "", ()
    name, pattern = parse_group_option(asked)
    if settings.group is not None:
        told = _tell_other_group(settings.group, bundle.group)
        return read_groups(find_column(table, name), pattern=pattern, lines=table.lines), name, told
    if any(column.name == name for column in table.columns):
        return _read_names(find_column(table, name), pattern)
    told = (
        f"the study kept rows of one {name!r} together, and these rows do not name it: the intervals count every "
        "row by itself, and are too narrow if several rows are of one"
    )
    return None, "", (told,)


def _tell_other_group(asked: str, studied: str) -> tuple[str, ...]:
    """Say that the intervals follow another group than the study did; nothing where they do not."""
    if not studied or asked == studied:
        return ()
    names = parse_group_option(studied)[0], parse_group_option(asked)[0]
    own, other = names if names[0] != names[1] else (studied, asked)
    return (
        f"the study kept rows of one {own!r} together; the intervals here follow {other!r}, and are too narrow if "
        f"rows of one {own!r} are alike",
    )


def _read_names(raw: RawColumn, pattern: str | None) -> tuple[IndexArray | None, str, tuple[str, ...]]:
    """Number the study's groups in new rows, whose names may be written otherwise: those are told and never shown."""
    named = _blank_unfitting(raw, pattern)
    nameless = np.flatnonzero(named.codes < 0)
    told: tuple[str, ...] = ()
    if len(nameless):
        unfit = "" if pattern is None else f" or does not fit the study's group pattern {pattern!r}"
        told = (
            f"in {len(nameless):,} of {len(raw.codes):,} rows {raw.name!r} is empty{unfit}: each such row is a unit of "
            "its own, and the intervals are too narrow if several of them belong together",
        )
    if len(nameless) == len(raw.codes):
        return None, "", told
    try:
        group = read_groups(named, pattern=pattern)
    except DataError:  # the one refusal left: all rows are of one group, whose name the refusal would quote
        only = (
            f"no interval: the study kept rows of one {raw.name!r} together, and these rows are of one only"
        )
        return np.zeros(len(raw.codes), np.int64), raw.name, (only,)
    group[nameless] = (
        group.max() + 1 + np.arange(len(nameless))
    )  # told already: no longer rows without a group
    return group, raw.name, told


def _blank_unfitting(raw: RawColumn, pattern: str | None) -> RawColumn:
    """Make a null of every cell that names no group, or does not fit the pattern."""
    texts = [level.strip() for level in raw.levels]
    keys = texts if pattern is None else match_groups(texts, pattern)
    unfit = [
        key is None or text.lower() in MISSING_GROUP_WORDS for key, text in zip(keys, texts, strict=True)
    ]
    blank = np.array([*unfit, True])[raw.codes]  # the last entry is that of nulls, whose code is -1
    return replace(raw, codes=np.where(blank, np.int32(-1), raw.codes))


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
            f"this very table was scored {say_times(before)} before (looks at its rows in another table are not "
            "counted): choices made after a look are no longer tested by these rows",
        )
        if before
        else ()
    )
