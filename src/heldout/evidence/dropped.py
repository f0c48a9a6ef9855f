"""Who is affected by an outlier rule: whose rows it drops, and who pays for that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from heldout.errors import DataError
from heldout.evidence.affected import (
    FALSE_DISCOVERY,
    LEAST_FLAGGED,
    compare_shares,
    draw_rows,
    exceed_odds,
)
from heldout.evidence.paired import Units, index_units, sum_units
from heldout.evidence.slices import list_slices, measure_overlap
from heldout.evidence.subgroups import LEAST_FAVOURABLE, MOST_LISTED, MOST_OVERLAP
from heldout.ranks import adjust_discoveries
from heldout.records import Affected, Attribute, BoolArray, ChangeByGroup, DroppedRate


def find_dropped(
    flags: BoolArray,
    *,
    attributes: Sequence[Attribute],
    unit: ArrayLike,
    seed: int = 0,
) -> tuple[tuple[DroppedRate, ...], int]:
    """Find the groups whose rows a rule flags more often than those of all others.

    Groups are single values and pairs of them; they are compared as every finding's are (`affected`): Fisher's exact
    test on one row of each unit, adjusted by Benjamini and Hochberg, and odds at least 1.2 times those of the others.

    Args:
        flags: bool [M], rows that the rule concerns.
        attributes: of the rows.
        unit: int [M], unit of each row.
        seed: of the draw of one row from each unit.

    Returns:
        groups with q below 0.05 and such odds (the simplest of those that overlap); where there are none, the three
        with the smallest p; and how many groups were compared.

    Raises:
        DataError: flags for another number of rows.

    Example:
        >>> age = Attribute("age", np.repeat([0, 1], 100).astype(np.int32), ("age to 80", "age above 80"))
        >>> flags = np.zeros(200, bool)
        >>> flags[[3, *range(100, 130)]] = True
        >>> found, n = find_dropped(flags, attributes=[age], unit=range(200))
        >>> found[0].name, found[0].n_flagged, found[0].ratio[0]
        ('age above 80', 30, 30.0)
    """
    units = index_units(unit)
    if flags.size != units.code.size:
        raise DataError(f"{flags.size} flags for {units.code.size} rows: expected one per row")
    found = list_slices(attributes, units)
    if not found.parts or int(flags.sum()) < LEAST_FLAGGED:
        return (), len(found.parts)
    one = draw_rows(units.code, np.arange(flags.size), seed=seed)
    members, flagged = found.members[:, one], flags[one]
    inside, size = members[:, flagged].sum(axis=1), members.sum(axis=1)
    alone = compare_shares(inside, size, int(flagged.sum()), len(flagged))
    p = adjust_discoveries(alone)
    order = sorted(range(len(p)), key=lambda i: (len(found.parts[i]), alone[i]))
    hits, sizes = found.members[:, flags].sum(axis=1), found.members.sum(axis=1)
    more = exceed_odds(hits, sizes, int(flags.sum()), flags.size)
    significant = [i for i in order if p[i] < FALSE_DISCOVERY and more[i]]
    ranked = significant or sorted(order, key=lambda i: alone[i])
    kept: list[int] = []
    for index in ranked:
        rows, parts = found.members[index], set(found.parts[index])
        nested = any(set(found.parts[o]) < parts for o in kept)
        if not nested and all(measure_overlap(rows, found.members[o]) <= MOST_OVERLAP for o in kept):
            kept.append(index)
    kept = kept[: MOST_LISTED if significant else LEAST_FAVOURABLE]
    rates = tuple(
        _describe(" and ".join(found.parts[i]), flags, found.members[i], (units, float(p[i]))) for i in kept
    )
    return rates, len(found.parts)


def judge_affected(
    flags: BoolArray,
    *,
    attributes: Sequence[Attribute],
    unit: ArrayLike,
    rule: str,
    harm: ChangeByGroup | None = None,
    alternatives: tuple[str, ...] = (),
    is_applied: bool = True,
) -> Affected:
    """Say whose rows a rule concerns and whom it hurts.

    Args:
        flags: bool [M], rows that the rule concerns.
        attributes: of the rows.
        unit: int [M], unit of each row.
        rule: the rule in words, for the beginning of a sentence, e.g. "The rule of 3 standard deviations drops".
        harm: what the rule does to the losses, by group; None where nothing was retrained.
        alternatives: what to do instead, one phrase each.
        is_applied: True when the study was fitted with the rule.

    Example:
        >>> print(judge_affected(np.zeros(9, bool), attributes=(), unit=range(9), rule="The rule drops").sentence)
        The rule drops none of 9 rows.
    """
    dropped, n_searched = find_dropped(flags, attributes=attributes, unit=unit)
    sentence = _say_dropped(rule, flags, dropped, n_searched)
    return Affected(
        rule=rule,
        is_applied=is_applied,
        n_flagged=int(flags.sum()),
        n_rows=int(flags.size),
        dropped=dropped,
        n_searched=n_searched,
        harm=harm,
        sentence=sentence if harm is None else f"{sentence} {harm.sentence}",
        alternatives=alternatives,
    )


def bound_rate_ratio(flags: BoolArray, rows: BoolArray, units: Units) -> tuple[float, float, float]:
    """Give the ratio of a group's share of flagged rows to that of the others, with its 95 % interval.

    Args:
        flags: bool [M].
        rows: bool [M], the group.
        units: which rows belong together.

    Returns:
        (ratio, low, high) on the logarithmic scale; with no flagged row on one side half a row is added to each.

    Source:
        Katz et al. 1978, Biometrics 34:469, written as influences so that rows of one unit may resemble each other.

    Example:
        >>> rows, flags = np.arange(200) < 100, np.isin(np.arange(200), [*range(20), *range(100, 105)])
        >>> [round(x, 2) for x in bound_rate_ratio(flags, rows, index_units(range(200)))]
        [4.0, 1.56, 10.26]
    """
    size, rest = int(rows.sum()), int((~rows).sum())
    inside, outside = int(flags[rows].sum()), int(flags[~rows].sum())
    if 0 in (inside, outside):
        counts, sizes = np.array([inside, outside]) + 0.5, np.array([size, rest]) + 1.0
        share, other = counts / sizes
        variance = float((1 / counts - 1 / sizes).sum())
    else:
        share, other = inside / size, outside / rest
        influence = np.where(rows, (flags - share) / (size * share), -(flags - other) / (rest * other))
        sums = sum_units(influence, units)
        variance = units.n_units / max(units.n_units - 1, 1) * float(sums @ sums)
    ratio, half = float(share / other), float(ndtri(0.975)) * float(np.sqrt(variance))
    return ratio, ratio * float(np.exp(-half)), ratio * float(np.exp(half))


def _describe(name: str, flags: BoolArray, rows: BoolArray, found: tuple[Units, float]) -> DroppedRate:
    units, p = found
    return DroppedRate(
        name=name,
        n_flagged=int(flags[rows].sum()),
        n_rows=int(rows.sum()),
        rest_share=float(flags[~rows].mean()),
        ratio=bound_rate_ratio(flags, rows, units),
        p=p,
    )


def _is_more(item: DroppedRate, flags: BoolArray) -> bool:
    counts = np.array([item.n_flagged]), np.array([item.n_rows])
    return bool(exceed_odds(*counts, int(flags.sum()), flags.size)[0])


def _say_dropped(rule: str, flags: BoolArray, dropped: tuple[DroppedRate, ...], n_searched: int) -> str:
    if not flags.any():
        return f"{rule} none of {flags.size} rows."
    opening = f"{rule} {int(flags.sum())} of {flags.size} rows"
    if int(flags.sum()) < LEAST_FLAGGED:
        return f"{opening}: too few to say whose."
    if not dropped:
        return f"{opening}; no group holds enough rows to say whose."
    worst = [item for item in dropped if item.p < FALSE_DISCOVERY and _is_more(item, flags)]
    if not worst:
        return f"{opening}; no group is shown to be concerned more often than the rest ({n_searched} groups at once)."
    each = "; ".join(
        f"{100 * item.n_flagged / item.n_rows:.1f} % of {item.name} against {100 * item.rest_share:.1f} % of the rest "
        f"(x{item.ratio[0]:.1f}, {item.ratio[1]:.1f} to {item.ratio[2]:.1f}; q = {item.p:.3g} over {n_searched} groups)"
        for item in worst[:3]
    )
    return f"{opening}: {each}."
