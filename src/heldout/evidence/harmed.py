"""Whom a change hurts that may help on average: a remedy, or an outlier rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from heldout.evidence.max_t import contrast_changes
from heldout.evidence.paired import INTERVAL_ALPHA, compare_paired, index_units
from heldout.evidence.slices import count_units, list_slices, measure_overlap
from heldout.evidence.subgroups import LEAST_FAVOURABLE, MOST_LISTED, MOST_OVERLAP
from heldout.evidence.wording import say_change, say_interval
from heldout.records import Attribute, BoolArray, ChangeByGroup, FloatArray, SliceChange


def find_harmed(
    difference: FloatArray,
    *,
    attributes: Sequence[Attribute],
    unit: ArrayLike,
    what: str,
    alpha: float = 0.05,
    widen: float = 1.0,
    extra: Sequence[tuple[str, BoolArray]] = (),
) -> ChangeByGroup:
    """Find the groups that a change hurts, though it may help on average.

    Args:
        difference: [S, M], loss with the change minus loss without it, same seeds and rows.
        attributes: of the rows.
        unit: int [M], unit of each row.
        what: the change in words, e.g. "dropout 0.3".
        alpha: chance of any false "hurt" over all groups.
        widen: factor on standard errors, `compare.EARLY_STOPPED_WIDTH` where the epoch was chosen too.
        extra: further groups (name, bool [M]) that are no slices, e.g. the flagged rows.

    Returns:
        `ChangeByGroup`: groups that are hurt; where none is, those for which the largest harm could not be excluded.

    Example:
        >>> age = Attribute("age", np.repeat([0, 1], 40).astype(np.int32), ("age to 60", "age above 60"))
        >>> rng = np.random.default_rng(0)
        >>> change = np.where(age.codes == 1, 0.3, -0.4) + 0.1 * rng.normal(size=(5, 80))
        >>> found = find_harmed(change, attributes=[age], unit=range(80), what="dropout 0.3")
        >>> found.slices[0].name, found.slices[0].outcome
        ('age above 60', 'hurt')
    """
    units = index_units(unit)
    found = list_slices(attributes, units)
    members = np.concatenate([found.members, *(rows[None] for _, rows in extra if rows.sum() >= 2)])
    names = [" and ".join(parts) for parts in found.parts]
    names += [name for name, rows in extra if rows.sum() >= 2]
    overall = compare_paired(np.asarray(difference), units, alpha=INTERVAL_ALPHA, widen=widen)
    effect = (float(overall.mean), float(overall.low), float(overall.high))
    n_seeds = len(difference)
    if not names:
        sentence = f"{what}: no group holds enough rows to say whom it hurts."
        return ChangeByGroup(what, effect, (), 0, n_seeds, sentence)
    changes = contrast_changes(difference, members, units, seed=0, alpha=alpha, widen=widen)
    parts = [*found.parts, *(() for _ in range(len(names) - len(found.parts)))]
    made = [
        SliceChange(
            name=names[i],
            parts=parts[i],
            n_rows=int(members[i].sum()),
            n_units=count_units(members[i], units),
            change=(float(changes.mean[i]), float(changes.low[i]), float(changes.high[i])),
            p=float(changes.p_up[i]),
            outcome="hurt"
            if changes.low[i] > 0
            else ("helped" if changes.high[i] < 0 else "no change shown"),
        )
        for i in range(len(names))
    ]
    slices = _list_harmed(made, members, {name for name, _ in extra})
    return ChangeByGroup(
        what, effect, slices, len(names), n_seeds, _say_harm(what, effect, slices, len(names), n_seeds)
    )


def _list_harmed(made: list[SliceChange], members: BoolArray, extra: set[str]) -> tuple[SliceChange, ...]:
    """Hurt groups, simplest first among those that overlap; else those whose harm is least excluded."""
    order = sorted(range(len(made)), key=lambda i: (len(made[i].parts), -made[i].change[1]))
    hurt = [i for i in order if made[i].outcome == "hurt"]
    ranked = hurt or sorted(order, key=lambda i: -made[i].change[2])
    kept: list[int] = []
    for index in ranked:
        parts = set(made[index].parts)
        nested = any(made[o].parts and set(made[o].parts) < parts for o in kept)
        if not nested and all(measure_overlap(members[index], members[o]) <= MOST_OVERLAP for o in kept):
            kept.append(index)
    kept = kept[: MOST_LISTED if hurt else LEAST_FAVOURABLE]
    named = [i for i in range(len(made)) if made[i].name in extra and i not in kept]
    kept = sorted(kept, key=lambda i: -made[i].change[1]) if hurt else kept
    return tuple(made[i] for i in [*kept, *named])


def _say_harm(
    what: str,
    effect: tuple[float, float, float],
    slices: tuple[SliceChange, ...],
    n_searched: int,
    n_seeds: int,
) -> str:
    basis = f"{n_seeds} seeds, {n_searched} groups at once"
    overall = f"{what}: overall loss {say_change(effect[0])} ({say_interval(effect[1], effect[2], level=95)})"
    hurt = [item for item in slices if item.outcome == "hurt"]
    if hurt:
        each = "; ".join(
            f"{item.name} ({item.n_rows} rows) {say_change(item.change[0])}, at least {say_change(item.change[1])}"
            for item in hurt[:3]
        )
        return f"{overall}, but it hurts {each} ({basis})."
    widest = max(slices, key=lambda item: item.change[2])
    return (
        f"{overall}; no group is shown to be hurt ({basis}), though harm of up to {say_change(widest.change[2])} is "
        f"not excluded for {widest.name} ({widest.n_rows} rows)."
    )
