"""The table of remedies: a new remedy is one new file and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heldout.errors import UsageError
from heldout.ladder import plain_hyper
from heldout.records import Configuration, Hyper, RemedyUse, Rung
from heldout.remedies import dropout, early_stopping, fewer_parameters, l1, l2


@dataclass(frozen=True)
class Remedy:
    """One remedy.

    Args:
        apply: turns a training into a remedied one, given a strength and the layers it acts on (none: its default).
        strengths: default strengths by their number (2 quick, 3 standard, 5 thorough); empty if it trains nothing.
        largest: largest strength allowed (exclusive).
    """

    apply: Callable[[Hyper, float, tuple[int, ...]], Hyper]
    strengths: Mapping[int, tuple[float, ...]]
    largest: float


REMEDIES: dict[str, Remedy] = {
    "early_stopping": Remedy(early_stopping.add_early_stopping, early_stopping.STRENGTHS, float("inf")),
    "fewer_parameters": Remedy(
        fewer_parameters.add_fewer_parameters, fewer_parameters.STRENGTHS, float("inf")
    ),
    "dropout": Remedy(dropout.add_dropout, dropout.STRENGTHS, 1.0),
    "l2": Remedy(l2.add_l2, l2.STRENGTHS, float("inf")),
    "l1": Remedy(l1.add_l1, l1.STRENGTHS, float("inf")),
}


def plan_strengths(n_strengths: int, chosen: Mapping[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    """Give the strengths of each remedy that needs training.

    Args:
        n_strengths: 2, 3 or 5 by preset.
        chosen: strengths the user named, by remedy; an empty tuple leaves the remedy out.

    Raises:
        UsageError: an unknown remedy, or a strength outside its range.

    Example:
        >>> plan_strengths(3, {"dropout": (0.4,)})["dropout"]
        (0.4,)
        >>> plan_strengths(3, {"dropout": (1.2,)})
        Traceback (most recent call last):
        heldout.errors.UsageError: dropout strength 1.2 is outside its range 0 <= strength < 1
    """
    for name, strengths in chosen.items():
        if name not in REMEDIES:
            raise UsageError(f"unknown remedy {name!r}", hint=f"remedies are {', '.join(REMEDIES)}")
        if strengths and not REMEDIES[name].strengths[2]:
            raise UsageError(
                f"{name} has no strengths to try, got {strengths}",
                hint="it is read from networks that are trained anyway; leave it out of the remedies",
            )
        largest = REMEDIES[name].largest
        for strength in strengths:
            if not 0 <= strength < largest:
                raise UsageError(
                    f"{name} strength {strength:g} is outside its range 0 <= strength < {largest:g}"
                )
    planned = {name: chosen.get(name, remedy.strengths[n_strengths]) for name, remedy in REMEDIES.items()}
    return {name: tuple(dict.fromkeys(strengths)) for name, strengths in planned.items() if strengths}


def apply_remedies(
    rung: Rung, uses: tuple[RemedyUse, ...], *, layers: Mapping[str, tuple[int, ...]] | None = None
) -> Configuration:
    """Name and build the configuration of a rung with some remedies.

    Args:
        rung: the size.
        uses: remedies with their strengths.
        layers: remedy -> layers it acts on, where the user named them.

    Example:
        >>> apply_remedies(Rung(3, (8,), 100, 1e-3), (RemedyUse("l2", 0.01),)).name
        'rung 3 + l2 0.01'
    """
    hyper = plain_hyper(rung)
    for use in uses:
        hyper = REMEDIES[use.name].apply(hyper, use.strength, (layers or {}).get(use.name, ()))
    name = " + ".join([f"rung {rung.index}", *(f"{use.name} {use.strength:g}" for use in uses)])
    return Configuration(name, rung, uses, hyper)
