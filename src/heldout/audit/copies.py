"""Are pictures or texts near copies of one another, and do copies stand on both sides of declared parts?"""

from __future__ import annotations

import numpy as np

from heldout.audit.input import AuditInput, pass_check, skip_check
from heldout.links import NearPairs
from heldout.records import BoolArray, Finding, IndexArray, RowSet, Severity
from heldout.sources import name_rows

MOST_LISTED = 8
NOTABLE_SHARE = 0.01  # assumption: of the rows of a part, from where on a score moves visibly
CRITICAL_SHARE = 0.05  # assumption: beyond it the score with copies is no score of new rows
ROWS = "rows"  # what near pairs of a table are called
_FIRST = "Most alike first: "


def check_copies(data: AuditInput) -> tuple[Finding, ...]:
    """Near copies among the pictures and texts of the development rows, and copies across the declared parts.

    Args:
        data: the audit's input.

    Returns:
        HO241, one finding for each array or column that was compared, and HO242.
    """
    return (*_report_near(data), _report_crossing(data))


def _report_near(data: AuditInput) -> tuple[Finding, ...]:
    title = "near copies of examples"
    compared = [near for near in data.near if near.what != ROWS]  # rows of one part are compared by HO216
    if not compared:
        return (skip_check("HO241", title, "there are no pictures and no texts to compare"),)
    inside = np.zeros(len(data.table.lines), np.bool_)
    inside[data.rows] = True
    return tuple(_tell_near(data, near, inside) for near in compared)


def _say_empty(near: NearPairs) -> str:
    if not near.n_empty:
        return ""
    return (
        f"; {near.n_empty:,} of a few points on an empty ground cannot be told apart so and were not compared"
    )


def _tell_near(data: AuditInput, near: NearPairs, inside: BoolArray) -> Finding:
    title = "near copies of examples"
    kept = inside[near.pairs].all(axis=1)
    pairs, likeness = near.pairs[kept], near.likeness[kept]
    if not len(pairs):
        looked = (
            f"no two of {len(data.rows):,} {near.what} of {near.name!r} are near copies{_say_empty(near)}"
        )
        return pass_check("HO241", title, looked)
    members, n_torn = np.unique(pairs), _count_torn(data, pairs)
    n_members = len(members)
    share = n_members / len(data.rows)
    return Finding(
        "HO241",
        title,
        Severity.WARNING if n_torn or share >= 0.05 else Severity.INFO,
        f"{n_members:,} of {len(data.rows):,} {near.what} of {near.name!r} ({100 * share:.1f} %) are near copies of "
        f"another one: {near.how}{_say_empty(near)}; {n_torn:,} of {len(pairs):,} pairs stand on both sides of a fold. "
        f"{_FIRST}{_name_pairs(data, pairs, likeness)}",
        column=near.name,
        rows=n_members,
        where=RowSet(members),
        action="kept together in every split that heldout makes"
        if near.is_joined
        else "kept, and not kept together, since that would leave too little to split; declare what they share with "
        "--group",
    )


def _count_torn(data: AuditInput, pairs: IndexArray) -> int:
    torn = np.zeros(len(pairs), np.bool_)
    for fold in data.split.folds:
        held, fit = np.isin(pairs, fold.validation), np.isin(pairs, fold.fit)
        torn |= (held & fit[:, ::-1]).any(axis=1)
    return int(torn.sum())


def _report_crossing(data: AuditInput) -> Finding:
    """Copies of development rows among the declared test rows; their labels are not looked at."""
    title = "copies across declared parts"
    test = data.split.test
    if data.table.part is None or not len(test):
        return skip_check(
            "HO242", title, "no test part was declared; a split by heldout keeps copies together"
        )
    side = np.zeros(len(data.table.lines), np.int8)
    side[data.rows], side[test] = 1, 2
    exact = test[np.isin(data.first_of_duplicate[test], data.first_of_duplicate[data.rows])]
    pairs, likeness = _cross(data, side)
    far = np.unique(np.where(side[pairs] == 2, pairs, -1).max(axis=1)) if len(pairs) else exact[:0]
    equal = (
        np.unique(np.where(side[pairs] == 2, pairs, -1).max(axis=1)[likeness == 1.0]) if len(pairs) else far
    )
    exact = np.union1d(exact, equal)
    copied = np.union1d(exact, far)
    if not len(copied):
        return pass_check("HO242", title, f"none of {len(test):,} test rows copies a development row")
    share = len(copied) / len(test)
    critical = share >= CRITICAL_SHARE and share > 2 * _share_repeated(data)
    named = f". {_FIRST}{_name_pairs(data, pairs, likeness)}" if len(pairs) else ""
    return Finding(
        "HO242",
        title,
        Severity.CRITICAL if critical else Severity.WARNING if share >= NOTABLE_SHARE else Severity.INFO,
        f"{len(copied):,} of {len(test):,} declared test rows ({100 * share:.1f} %) are copies of development rows, "
        f"{len(exact):,} of them exact{named}",
        rows=len(copied),
        where=RowSet(copied, looked_at=test),
        action="kept where they were declared; the test score is given with and without them",
    )


def _share_repeated(data: AuditInput) -> float:
    """Share of development rows that repeat another one: how often rows agree where nothing was declared."""
    _, number, sizes = np.unique(data.first_of_duplicate[data.rows], return_inverse=True, return_counts=True)
    return float((sizes[number.reshape(-1)] > 1).mean())


def _cross(data: AuditInput, side: np.ndarray) -> tuple[IndexArray, np.ndarray]:
    """Pairs with one end among the development rows and one among the test rows, the most alike first."""
    if not data.near:
        return np.zeros((0, 2), np.int64), np.zeros(0)
    pairs = np.concatenate([near.pairs for near in data.near])
    likeness = np.concatenate([near.likeness for near in data.near])
    crossing = np.flatnonzero((side[pairs] == 1).any(axis=1) & (side[pairs] == 2).any(axis=1))
    crossing = crossing[np.argsort(-likeness[crossing], kind="stable")]
    return pairs[crossing], likeness[crossing]


def _name_pairs(data: AuditInput, pairs: IndexArray, likeness: np.ndarray) -> str:
    """The first pairs, different ones before equal ones are repeated: names of files or records, else lines."""
    _, names = name_rows(data.table)
    told = [
        f"{_name_row(data, names, one)} and {_name_row(data, names, other)} ({value:.2f})"
        for (one, other), value in zip(pairs[:MOST_LISTED].tolist(), likeness.tolist(), strict=False)
    ]
    more = f"; and {len(pairs) - MOST_LISTED:,} more pairs" if len(pairs) > MOST_LISTED else ""
    return "; ".join(told) + more


def _name_row(data: AuditInput, names: tuple[str, ...], row: int) -> str:
    of_test = "test " * bool(data.table.part is not None and np.isin(row, data.split.test))
    return repr(names[row]) if names else f"{of_test}line {data.table.lines[row]}"
