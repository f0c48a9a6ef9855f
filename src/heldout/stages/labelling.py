"""Targets with several labels a row, before training: rare labels left out by name, leaks asked label by label."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import numpy as np

from heldout.audit import AuditInput
from heldout.audit.leaks import check_leaks
from heldout.errors import DataError
from heldout.label_sets import count_labels, keep_labels, take_label
from heldout.records import BoolArray, Finding, IndexArray, RowSet, Severity, Split, Target, Task
from heldout.settings import Settings
from heldout.stages.reading import Reading

SHOWN_LABELS = 20
LABELS_ASKED = (
    20  # labels for which leaks are searched, the most frequent: more would take longer than they are worth
)
ABOUT_CLASSES = (
    "HO203",
    "HO204",
)  # balance and spelling of classes: how often each label occurs is said by HO234


def settle_labels(reading: Reading, split: Split, settings: Settings) -> tuple[Reading, tuple[Finding, ...]]:
    """Leave out labels that too few development rows have, or lack, and say so; test labels are not counted.

    Args:
        reading: the data as read.
        split: which rows are development rows.
        settings: `label_rows`.

    Returns:
        The data with the labels that are left (rows keep the others, if any), and HO234; the data unchanged and no
        finding where rows have one class or a number.

    Raises:
        DataError: no label has rows enough.
    """
    target = reading.target
    if target.task is not Task.MULTILABEL:
        return reading, ()
    counts, kept = _weigh_labels(target, split.development, settings.label_rows)
    told = [f"{name!r} {count}" for name, count in zip(target.classes, counts.tolist(), strict=True)]
    rare = [text for text, is_kept in zip(told, kept.tolist(), strict=True) if not is_kept]
    if not kept.any():
        _refuse_labels(target, rare, f"{len(split.development)} development rows", settings.label_rows)
    settled = replace(reading, target=keep_labels(target, kept))
    return settled, (_report_rare(rare, target, settled.target, split, least=settings.label_rows),)


def refuse_rare_labels(reading: Reading, settings: Settings) -> None:
    """Refuse a target none of whose labels has rows enough, before any row is assigned; other targets pass.

    Raises:
        DataError: no label has rows enough, even with the test rows.
    """
    target = reading.target
    if target.task is Task.MULTILABEL:
        counts, kept = _weigh_labels(target, reading.rows, settings.label_rows)
        told = [f"{name!r} {count}" for name, count in zip(target.classes, counts.tolist(), strict=True)]
        if not kept.any():
            _refuse_labels(target, told, f"{len(reading.rows)} rows", settings.label_rows)


def _weigh_labels(target: Target, rows: IndexArray, least: int) -> tuple[IndexArray, BoolArray]:
    """Rows with each label, and whether rows enough have it and lack it."""
    counts = count_labels(target, rows)
    return counts, np.minimum(counts, len(rows) - counts) >= least


def _refuse_labels(target: Target, told: list[str], rows: str, least: int) -> NoReturn:
    raise DataError(
        f"no label of {target.name!r} has {least} rows with and without it: of {rows} {', '.join(told[:SHOWN_LABELS])}",
        hint="join labels by target_map, collect more rows, or say label_rows = 5 in heldout.toml",
    )


def _report_rare(rare: list[str], before: Target, after: Target, split: Split, *, least: int) -> Finding:
    code, title = "HO234", "rare labels"
    needed = f"{least} development rows with and without it"
    if not rare:
        counts = sorted(zip(count_labels(before, split.development).tolist(), before.classes, strict=True))
        told = ", ".join(f"{name!r} {count}" for count, name in reversed(counts[-SHOWN_LABELS:]))
        sentence = f"each of {len(before.classes)} labels has at least {needed}: {told}"
        return Finding(code, f"passed: {title}", Severity.INFO, sentence, column=before.name)
    rows = split.development.astype(np.int64)
    n_before = before.sets.sum(axis=1)[before.values[rows].astype(np.int64)]
    n_after = after.sets.sum(axis=1)[after.values[rows].astype(np.int64)]
    shorter = rows[n_before > n_after]
    lost, emptied = len(shorter), int(((n_before > 0) & (n_after == 0)).sum())
    more = f" and {len(rare) - SHOWN_LABELS} more" if len(rare) > SHOWN_LABELS else ""
    return Finding(
        code,
        title,
        Severity.WARNING,
        f"{len(rare)} of {len(before.classes)} labels lack {needed} and are not learned: "
        f"{', '.join(rare[:SHOWN_LABELS])}{more}; {int((n_before - n_after).sum())} mentions in {lost} of {len(rows)} "
        f"development rows are left out, and {emptied} rows have no other label",
        column=before.name,
        rows=lost,
        where=RowSet(shorter, looked_at=rows),
        action="join them with others by target_map, collect more rows, or lower label_rows",
    )


def add_labels(found: tuple[Finding, ...], asked: AuditInput, target: Target) -> tuple[Finding, ...]:
    """Give the audit's findings with what gives single labels away, and without what is only true of classes.

    Args:
        found: with one class a row in place of its labels.
        asked: what the audit looked at.
        target: with its labels; one of another task changes nothing.
    """
    if target.task is not Task.MULTILABEL:
        return found
    kept = [item for item in found if item.code not in ABOUT_CLASSES]
    known = {(item.code, item.column) for item in kept}
    order = np.argsort(-count_labels(target, asked.rows), kind="stable")[:LABELS_ASKED]
    for at in order.tolist():
        for item in check_leaks(replace(asked, target=take_label(target, at))):
            # twenty labels are twenty chances of a false alarm: only what is beyond doubt is told, each column once
            is_sure = item.severity is Severity.CRITICAL
            if is_sure and (item.code, item.column) not in known:
                known.add((item.code, item.column))
                kept.append(replace(item, sentence=f"label {target.classes[at]!r}: {item.sentence}"))
    return tuple(kept)
