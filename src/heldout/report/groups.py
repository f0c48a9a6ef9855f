"""What a study says about groups of rows and about columns: for whom it fails, who is affected, what is by heart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from heldout.counts import count_things
from heldout.records import Affected, ByHeart, ChangeByGroup, ColumnHelp, Slice, SliceChange, Subgroups
from heldout.report.content import StudyContent
from heldout.report.sentences import format_change, format_interval, format_number

MOST_COLUMNS_SHOWN = 20
Row = tuple[str, ...]


@dataclass(frozen=True)
class GroupTables:
    """The tables of the report's part on groups; an empty table is not shown.

    Args:
        has_any: False when nothing was looked at, so that the part is left out.
        slices: groups against the rest.
        sealed: the same groups on the test rows.
        harms: (sentence, rows) per remedy that helps on average.
        dropped: how often an outlier rule concerns each group.
        rule_harm: what the rule does to each group.
        columns: what each column is worth on fit and validation rows.
    """

    has_any: bool
    slices: tuple[Row, ...] = ()
    sealed: tuple[Row, ...] = ()
    harms: tuple[tuple[str, tuple[Row, ...]], ...] = ()
    dropped: tuple[Row, ...] = ()
    rule_harm: tuple[Row, ...] = ()
    columns: tuple[Row, ...] = ()


def list_groups(content: StudyContent) -> GroupTables:
    """Give the tables of the part "For whom does it fail?".

    Args:
        content: the study.
    """
    found, affected, by_heart = content.subgroups, content.affected, content.by_heart
    if found is None and affected is None and by_heart is None:
        return GroupTables(False)
    slices = found.slices if found else ()
    harm = affected.harm if affected else None
    return GroupTables(
        has_any=True,
        slices=tuple(_list_slice(item) for item in slices),
        sealed=tuple(_list_sealed(item) for item in slices if item.test is not None),
        harms=tuple((item.sentence, _list_changes(item)) for item in (found.harms if found else ())),
        dropped=tuple(
            (
                item.name,
                f"{item.n_flagged:,} of {item.n_rows:,}",
                f"{100 * item.rest_share:.1f} %",
                f"x{item.ratio[0]:.1f}",
                format_interval(item.ratio[1], item.ratio[2]),
                format_number(item.p),
            )
            for item in (affected.dropped if affected else ())
        ),
        rule_harm=_list_changes(harm) if harm else (),
        columns=_list_columns(by_heart) if by_heart else (),
    )


def tell_groups(content: StudyContent) -> tuple[str, ...]:
    """The one or two lines for the first screen: for whom it fails, and whom a rule or remedy hurts.

    Args:
        content: the study.

    Returns:
        nothing where no group was searched.
    """
    lines = []
    if content.subgroups is not None:
        lines.append(_tell_subgroups(content.subgroups))
        lines += [
            f"{item.what.capitalize()} helps on average but hurts {_name_hurt(item)}."
            for item in content.subgroups.harms
            if _list_hurt(item)
        ]
    if content.affected is not None and content.affected.harm is not None:
        harm = content.affected.harm
        if _list_hurt(harm):
            lines.append(f"{harm.what} outliers hurts {_name_hurt(harm)}.")
    return tuple(lines)


def describe_groups(content: StudyContent) -> dict[str, Any]:
    """Give subgroups, affected and by_heart as plain values for the JSON answer; null where not looked at.

    Args:
        content: the study.
    """
    return {
        "subgroups": None if content.subgroups is None else _describe_subgroups(content.subgroups),
        "affected": None if content.affected is None else _describe_affected(content.affected),
        "by_heart": None if content.by_heart is None else _describe_by_heart(content.by_heart),
    }


def _tell_subgroups(found: Subgroups) -> str:
    worse = [item for item in found.slices if item.outcome == "worse"]
    if not worse:
        searched = f"{count_things(found.n_searched, 'group')} searched"
        if not found.n_searched:
            return found.sentence
        small = f"; {count_things(found.n_too_small, 'value')} too rare to judge" if found.n_too_small else ""
        return f"No group is shown to fare worse ({searched}{small}); small differences cannot be excluded."
    first = worse[0]
    right = "" if math.isnan(first.accuracy[0]) else f", right in {100 * first.accuracy[0]:.0f} %"
    more = f", and {len(worse) - 1} more" if len(worse) > 1 else ""
    sealed = _tell_sealed(first)
    return (
        f"Fails more for {first.name} ({count_things(first.n_rows, 'row')}{right}, loss "
        f"{format_change(first.difference[0])} against the rest{sealed}){more}."
    )


def _tell_sealed(item: Slice) -> str:
    test = item.test
    if test is None or test.too_small or math.isnan(test.difference[0]):
        return ""
    return f"; {format_change(test.difference[0])} on {count_things(test.n_rows, 'test row')}"


def _list_hurt(change: ChangeByGroup) -> list[SliceChange]:
    return [item for item in change.slices if item.outcome == "hurt"]


def _name_hurt(change: ChangeByGroup) -> str:
    hurt = _list_hurt(change)
    more = f" and {len(hurt) - 1} more" if len(hurt) > 1 else ""
    return f"{hurt[0].name} ({count_things(hurt[0].n_rows, 'row')}, loss {format_change(hurt[0].change[0])}){more}"


def _share(numbers: tuple[float, float, float]) -> str:
    if math.isnan(numbers[0]):
        return ""
    if math.isnan(numbers[1]):
        return f"{100 * numbers[0]:.0f} % (too few groups for an interval)"
    return f"{100 * numbers[0]:.0f} % ({100 * numbers[1]:.0f} to {100 * numbers[2]:.0f})"


def _size(n_rows: int, n_units: int) -> str:
    return f"{n_rows:,}" if n_units in (0, n_rows) else f"{n_rows:,} of {n_units:,} groups"


def _list_slice(item: Slice) -> Row:
    return (
        f"{item.name}{' (asked for)' if item.declared else ''}",
        _size(item.n_rows, item.n_units),
        format_number(item.loss),
        format_change(item.difference[0]),
        format_interval(item.difference[1], item.difference[2], signed=True),
        format_number(item.p),
        format_number(item.rank_p),
        _share(item.accuracy),
        item.outcome,
    )


def _list_sealed(item: Slice) -> Row:
    test = item.test
    if test is None:
        return ()
    return (
        item.name,
        _size(test.n_rows, test.n_units),
        format_number(test.loss),
        format_change(test.difference[0]),
        format_interval(test.difference[1], test.difference[2], signed=True),
        _share(test.accuracy),
        "too small to judge" if test.too_small else "",
    )


def _list_changes(change: ChangeByGroup) -> tuple[Row, ...]:
    return tuple(
        (
            item.name,
            _size(item.n_rows, item.n_units),
            format_change(item.change[0]),
            format_interval(item.change[1], item.change[2], signed=True),
            item.outcome,
        )
        for item in change.slices
    )


def _list_columns(found: ByHeart) -> tuple[Row, ...]:
    rows = []
    for index, item in enumerate(found.columns[:MOST_COLUMNS_SHOWN]):
        after = "; ".join(
            f"{what}: {format_change(columns[index].gap[0])}" for what, columns in found.remedied
        )
        rows.append(
            (
                item.column,
                format_change(item.fit[0]),
                f"{format_change(item.validation[0])} ({_within(item)})",
                f"{format_change(item.gap[0])} ({format_interval(item.gap[1], item.gap[2], signed=True)})",
                item.outcome,
                after,
            )
        )
    return tuple(rows)


def _within(item: ColumnHelp) -> str:
    return format_interval(item.validation[1], item.validation[2], signed=True)


def describe_interval(numbers: tuple[float, float, float]) -> dict[str, Any]:
    """Give an estimate with its bounds as plain values.

    Example:
        >>> describe_interval((0.5, 0.25, 0.75))
        {'estimate': 0.5, 'low': 0.25, 'high': 0.75}
    """
    return dict(zip(("estimate", "low", "high"), numbers, strict=True))


def _describe_slice(item: Slice) -> dict[str, Any]:
    test = item.test
    return {
        "name": item.name,
        "parts": list(item.parts),
        "declared": item.declared,
        "n_rows": item.n_rows,
        "n_units": item.n_units,
        "loss": item.loss,
        "difference": describe_interval(item.difference),
        "p": item.p,
        "rank_p": item.rank_p,
        "accuracy": describe_interval(item.accuracy),
        "outcome": item.outcome,
        "test": None
        if test is None
        else {
            "n_rows": test.n_rows,
            "n_units": test.n_units,
            "loss": test.loss,
            "difference": describe_interval(test.difference),
            "accuracy": describe_interval(test.accuracy),
            "too_small": test.too_small,
        },
    }


def _describe_change(change: ChangeByGroup) -> dict[str, Any]:
    return {
        "what": change.what,
        "overall": describe_interval(change.overall),
        "slices": [
            {
                "name": item.name,
                "parts": list(item.parts),
                "n_rows": item.n_rows,
                "n_units": item.n_units,
                "change": describe_interval(item.change),
                "p": item.p,
                "outcome": item.outcome,
            }
            for item in change.slices
        ],
        "n_searched": change.n_searched,
        "n_seeds": change.n_seeds,
        "sentence": change.sentence,
    }


def _describe_subgroups(found: Subgroups) -> dict[str, Any]:
    return {
        "sentence": found.sentence,
        "slices": [_describe_slice(item) for item in found.slices],
        "n_searched": found.n_searched,
        "n_rows": found.n_rows,
        "loss": found.loss,
        "too_small": list(found.too_small),
        "n_too_small": found.n_too_small,
        "notes": list(found.notes),
        "harms": [_describe_change(item) for item in found.harms],
    }


def _describe_affected(found: Affected) -> dict[str, Any]:
    return {
        "rule": found.rule,
        "is_applied": found.is_applied,
        "n_flagged": found.n_flagged,
        "n_rows": found.n_rows,
        "dropped": [
            {
                "name": item.name,
                "n_flagged": item.n_flagged,
                "n_rows": item.n_rows,
                "rest_share": item.rest_share,
                "ratio": describe_interval(item.ratio),
                "p": item.p,
            }
            for item in found.dropped
        ],
        "n_searched": found.n_searched,
        "harm": None if found.harm is None else _describe_change(found.harm),
        "sentence": found.sentence,
        "alternatives": list(found.alternatives),
    }


def _describe_column(item: ColumnHelp) -> dict[str, Any]:
    return {
        "column": item.column,
        "fit": describe_interval(item.fit),
        "validation": describe_interval(item.validation),
        "gap": describe_interval(item.gap),
        "outcome": item.outcome,
    }


def _describe_by_heart(found: ByHeart) -> dict[str, Any]:
    return {
        "configuration": found.configuration,
        "columns": [_describe_column(item) for item in found.columns],
        "remedied": [
            {"remedy": what, "columns": [_describe_column(item) for item in columns]}
            for what, columns in found.remedied
        ],
        "sentences": list(found.sentences),
        "n_networks": found.n_networks,
        "notes": list(found.notes),
    }
