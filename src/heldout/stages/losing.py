"""What texts and sequences lose before a network sees them: the middle or end of long ones, words without a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from heldout.audit.missing import compare_missingness
from heldout.recipe import Kept, Recipe, find_lost_words, measure_kept
from heldout.records import (
    BoolArray,
    CodeArray,
    DoubleArray,
    Finding,
    IndexArray,
    RowSet,
    Severity,
    Split,
    Target,
    Task,
    TypedColumn,
)
from heldout.report.losses import ClassLoss, ColumnLoss, say_kept

CUT, UNKNOWN = "HO245", "HO246"
# A class is said to lose more than the others from a tenth of its rows (or words) more on, beyond chance: a difference
# that matters for a score, at a level that a hundred classes and columns do not reach by themselves (conventions).
GAP = 0.1
LEVEL = 0.001
FEWEST_ROWS = 30  # assumption: of fewer rows no share is worth a warning
MOST_CLASSES = 100
HALVES = ("the lower half", "the upper half")  # of a target that is a number


@dataclass(frozen=True, eq=False)
class _Measured:
    """One column by row: which class it is of, how much of it is cut, how much is unknown."""

    column: TypedColumn
    kept: Kept
    fit: IndexArray
    held: IndexArray
    cut: DoubleArray
    unknown: DoubleArray
    classes: dict[str, BoolArray]


def find_losses(
    recipe: Recipe, columns: tuple[TypedColumn, ...], split: Split, target: Target
) -> tuple[tuple[ColumnLoss, ...], tuple[Finding, ...]]:
    """Measure what each column of texts or sequences loses, and tell it.

    Args:
        recipe: fitted, one state for each fold.
        columns: typed, all N rows.
        split: folds; rows of the test are not looked at.
        target: labels of development rows are read.

    Returns:
        one record for each such column, and findings HO245 (cut) and HO246 (unknown words): "passed" where nothing is
        lost, a warning where one class loses much more than the others.
    """
    losses: list[ColumnLoss] = []
    findings: list[Finding] = []
    for column in columns:
        kept = measure_kept(recipe, column)
        if kept is None:
            continue
        made = _measure(column, kept, split, target)
        words = find_lost_words(recipe, column, tuple(fold.validation for fold in split.folds))
        loss = ColumnLoss(
            column.spec.name,
            kept.unit,
            kept.limit,
            kept.place,
            _sum_up(made, "", None),
            tuple(_sum_up(made, name, mask) for name, mask in made.classes.items())[:MOST_CLASSES],
            words,
        )
        losses.append(loss)
        findings += [*_tell_cut(loss, made), *_tell_unknown(loss, made)]
    return tuple(losses), tuple(findings)


def share_unknown(kept: Kept, codes: CodeArray, split: Split) -> DoubleArray:
    """Give for each row the share of its words that are unknown to the state that was not fitted on it.

    Args:
        kept: of its column.
        codes: int32 [N], the row's text, -1 without one.
        split: folds and test rows.

    Returns:
        float64 [N]; of test rows the mean over all states; NaN without a text, and for rows that every state was fitted
        on.
    """
    share = np.full(len(codes), np.nan)
    if kept.unknown is None:
        return share
    padded = np.append(
        kept.unknown / np.maximum(kept.lengths, 1), np.full((len(kept.unknown), 1), np.nan), axis=1
    )
    share[split.test] = padded.mean(axis=0)[codes[split.test]]
    for of_level, fold in zip(padded, split.folds, strict=True):
        share[fold.validation] = of_level[codes[fold.validation]]
    return share


def _measure(column: TypedColumn, kept: Kept, split: Split, target: Target) -> _Measured:
    has_text = column.codes >= 0
    fit = np.unique(np.concatenate([fold.fit for fold in split.folds]))
    held = np.unique(np.concatenate([fold.validation for fold in split.folds]))
    over = np.maximum(kept.lengths - kept.limit, 0) if kept.limit else np.zeros(len(kept.lengths))
    return _Measured(
        column,
        kept,
        fit[has_text[fit]],
        held[has_text[held]],
        np.append(over, 0.0)[column.codes],
        share_unknown(kept, column.codes, split),
        dict(_list_classes(target, split.development)),
    )


def _list_classes(target: Target, rows: IndexArray) -> Iterator[tuple[str, BoolArray]]:
    """Each class with its development rows; of numbers the lower and the upper half. No test label is read."""
    values = np.full(len(target.values), np.nan)
    values[rows] = target.values[rows]
    if target.task is Task.REGRESSION:
        middle = float(np.median(values[rows])) if len(rows) else 0.0
        yield HALVES[0], values <= middle
        yield HALVES[1], values > middle
    elif target.task is Task.MULTILABEL:
        known = np.isfinite(values)
        for number, name in enumerate(target.classes):
            mask = np.zeros(len(values), np.bool_)
            mask[known] = target.sets[values[known].astype(np.int64), number]
            yield name, mask
    else:
        for number, name in enumerate(target.classes):
            yield name, values == number


def _sum_up(made: _Measured, name: str, mask: BoolArray | None) -> ClassLoss:
    fit = made.fit if mask is None else made.fit[mask[made.fit]]
    held = made.held if mask is None else made.held[mask[made.held]]
    lengths = np.append(made.kept.lengths, 0.0)[made.column.codes]
    total, words = lengths[fit].sum(), lengths[held]
    unknown = made.unknown[held]
    return ClassLoss(
        name,
        len(fit),
        int((made.cut[fit] > 0).sum()),
        float(made.cut[fit].sum() / max(total, 1.0)),
        len(held),
        float((unknown * words).sum() / words.sum())
        if made.kept.unknown is not None and words.sum()
        else np.nan,
    )


def _tell_cut(loss: ColumnLoss, made: _Measured) -> list[Finding]:
    """HO245: which rows are cut, and whether some classes more than others."""
    if not loss.limit:
        return []
    title, total = f"{'texts' if loss.place == 'middle' else 'sequences'} that are cut", loss.total
    longest = int(np.append(made.kept.lengths, 0.0)[made.column.codes[made.fit]].max(initial=0))
    if not total.n_cut:
        told = f"{loss.column!r}: {say_kept(loss)}; the longest of {total.n_rows:,} fit rows has {longest:,}"
        return [Finding(CUT, f"passed: {title}", Severity.INFO, told, column=loss.column)]
    uneven = _find_uneven(made.fit, made.cut > 0, made.classes)
    also = ", but the counts of its short words are those of all of it" if loss.place == "end" else ""
    told = (
        f"{say_kept(loss)}: {total.n_cut:,} of {total.n_rows:,} fit rows ({100 * total.n_cut / total.n_rows:.1f} %) "
        f"are longer, at most {longest:,}, and lose their {loss.place}, {100 * total.lost:.1f} % of all "
        f"{loss.unit}{also}. "
        f"{_list_shares(made.fit, made.cut > 0, made.classes)}"
    )
    action = "the same happens at prediction; if what matters stands there, shorten the cells to that part"
    if uneven:
        told += f". {uneven}: what a network learns of long rows it learns for some classes without their {loss.place}"
    severity = Severity.WARNING if uneven else Severity.INFO
    where = RowSet(made.fit[made.cut[made.fit] > 0], looked_at=made.fit)
    return [Finding(CUT, title, severity, told, loss.column, total.n_cut, action, where)]


def _tell_unknown(loss: ColumnLoss, made: _Measured) -> list[Finding]:
    """HO246: words without a number, where a class has many more of them."""
    if made.kept.unknown is None or not loss.total.n_held:
        return []
    title, total = "unknown words", loss.total
    shares = ", ".join(
        f"{_quote(item.name)} {100 * item.unknown:.1f} %"
        for item in loss.classes[:8]
        if item.unknown == item.unknown
    )
    told = (
        f"{100 * total.unknown:.1f} % of the {loss.unit} of {total.n_held:,} rows have no number or weight in a recipe "
        f"that was not fitted on them: {shares}"
    )
    uneven = []
    for name, mask in made.classes.items():
        inside, outside = made.unknown[made.held[mask[made.held]]], made.unknown[made.held[~mask[made.held]]]
        if min(len(inside), len(outside)) < FEWEST_ROWS or inside.mean() - outside.mean() < GAP:
            continue
        p = float(stats.mannwhitneyu(inside, outside, alternative="greater").pvalue) * len(made.classes)
        if p <= LEVEL:
            uneven.append(
                f"{_quote(name)} {100 * inside.mean():.0f} % a row against {100 * outside.mean():.0f} %"
            )
    if not uneven:
        return [Finding(UNKNOWN, f"passed: {title}", Severity.INFO, told, column=loss.column)]
    return [
        Finding(
            UNKNOWN,
            title,
            Severity.WARNING,
            f"{told}. More than in the others: {', '.join(uneven)}",
            loss.column,
            total.n_held,
            "look at the most frequent lost words: another language, another spelling, or codes; more rows of that "
            "class give it more known words, and pieces = 8000 for the column reads parts of words",
        )
    ]


def _quote(name: str) -> str:
    return name if name in HALVES else repr(name)


def _find_uneven(rows: IndexArray, cut: BoolArray, classes: dict[str, BoolArray]) -> str:
    """Classes in which a tenth more rows are cut than in the others, beyond chance."""
    told = []
    for name, mask in classes.items():
        inside = mask[rows]
        if min(inside.sum(), (~inside).sum()) < FEWEST_ROWS:
            continue
        gap = float(cut[rows][inside].mean() - cut[rows][~inside].mean())
        if gap < GAP:
            continue
        p = compare_missingness(cut[rows], inside.astype(np.int64), rng=np.random.default_rng(0)) * len(
            classes
        )
        if p <= LEVEL:
            told.append(f"{_quote(name)} by {100 * gap:.0f} points")
    return f"More often than the others: {', '.join(told[:8])}" if told else ""


def _list_shares(rows: IndexArray, cut: BoolArray, classes: dict[str, BoolArray]) -> str:
    shares = []
    for name, mask in classes.items():
        inside = cut[rows][mask[rows]]
        if len(inside):
            shares.append((float(inside.mean()), f"{_quote(name)} {int(inside.sum()):,} of {len(inside):,}"))
    shares.sort(key=lambda item: -item[0])
    shown = shares if len(shares) <= 8 else [*shares[:4], *shares[-4:]]
    return f"By class: {', '.join(text for _, text in shown)}"
