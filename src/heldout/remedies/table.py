"""The table of remedies: a new remedy is one new file and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heldout.errors import UsageError
from heldout.ladder import nominal_net, plain_hyper
from heldout.nets import find_family
from heldout.records import Configuration, Hyper, RemedyUse, Rung
from heldout.remedies import augmentation, dropout, early_stopping, fewer_parameters, l1, l2

Layers = tuple[int, ...]


@dataclass(frozen=True)
class Remedy:
    """One remedy.

    Args:
        apply: turns a training into a remedied one, given a use and the layers it acts on (none: its default).
        strengths: default strengths by their number (2 quick, 3 standard, 5 thorough); empty if it trains nothing.
        largest: largest strength allowed (exclusive).
        has_kinds: True where each kind (augmenter) has strengths of its own, in place of `strengths`.
    """

    apply: Callable[[Hyper, RemedyUse, Layers], Hyper]
    strengths: Mapping[int, tuple[float, ...]]
    largest: float = float("inf")
    has_kinds: bool = False


NOTHING: dict[int, tuple[float, ...]] = {2: (), 3: (), 5: ()}
REMEDIES: dict[str, Remedy] = {
    "early_stopping": Remedy(
        lambda hyper, use, layers: early_stopping.add_early_stopping(hyper, use.strength, layers),
        early_stopping.STRENGTHS,
    ),
    "fewer_parameters": Remedy(
        lambda hyper, use, layers: fewer_parameters.add_fewer_parameters(hyper, use.strength, layers),
        fewer_parameters.STRENGTHS,
    ),
    "augmentation": Remedy(
        lambda hyper, use, layers: augmentation.add_augmentation(hyper, use.strength, use.detail),
        NOTHING,
        has_kinds=True,
    ),
    "dropout": Remedy(
        lambda hyper, use, layers: dropout.add_dropout(
            hyper, use.strength, layers, scales_test=use.detail == dropout.AT_TEST
        ),
        dropout.STRENGTHS,
        1.0,
    ),
    "l2": Remedy(lambda hyper, use, layers: l2.add_l2(hyper, use.strength, layers), l2.STRENGTHS),
    "l1": Remedy(lambda hyper, use, layers: l1.add_l1(hyper, use.strength, layers), l1.STRENGTHS),
}


def plan_uses(
    n_strengths: int,
    chosen: Mapping[str, tuple[float, ...]],
    kinds: Mapping[str, Mapping[str, tuple[float, ...]]],
    *,
    kind: str,
    scales_test: bool = False,
) -> tuple[RemedyUse, ...]:
    """List the remedies to train, each at each of its strengths: one strength of every remedy, then the next of each.

    A budget that ends early so leaves out strengths, not remedies.

    Args:
        n_strengths: 2, 3 or 5 by preset.
        chosen: strengths the user named, by remedy; an empty tuple leaves the remedy out.
        kinds: remedy -> its kinds -> strengths the user named.
        kind: kind of data (`records.InputLayout.kind`).
        scales_test: whether dropout multiplies at the test instead of dividing while training.

    Raises:
        UsageError: an unknown remedy or augmenter, one that does not apply to such data, or a strength outside its
            range.

    Example:
        >>> uses = plan_uses(2, {"l1": (), "l2": ()}, {}, kind="numbers")
        >>> [(use.name, use.detail, use.strength) for use in uses]
        [('augmentation', 'noise', 0.1), ('dropout', '', 0.25), ('augmentation', 'mixup', 0.5), ('dropout', '', 0.5)]
        >>> plan_uses(2, {"dropout": (1.2,)}, {}, kind="numbers")
        Traceback (most recent call last):
        heldout.errors.UsageError: dropout strength 1.2 is outside its range 0 <= strength < 1
    """
    _check_names({**chosen, **kinds})
    details = {"dropout": dropout.AT_TEST if scales_test else ""}
    planned = {
        name: _plan_kinds(n_strengths, chosen.get(name), kinds.get(name, {}), kind=kind)
        if remedy.has_kinds
        else [
            RemedyUse(name, strength, details.get(name, ""))
            for strength in _check_strengths(name, chosen.get(name, remedy.strengths[n_strengths]))
        ]
        for name, remedy in REMEDIES.items()
    }
    rounds = max((len(uses) for uses in planned.values()), default=0)
    return tuple(uses[turn] for turn in range(rounds) for uses in planned.values() if turn < len(uses))


def _check_names(named: Mapping[str, object]) -> None:
    for name in named:
        if name not in REMEDIES:
            raise UsageError(f"unknown remedy {name!r}", hint=f"remedies are {', '.join(REMEDIES)}")


def _check_strengths(name: str, strengths: tuple[float, ...]) -> tuple[float, ...]:
    remedy = REMEDIES[name]
    if strengths and not remedy.strengths[2]:
        raise UsageError(
            f"{name} has no strengths to try, got {strengths}",
            hint="it is read from networks that are trained anyway; leave it out of the remedies",
        )
    for strength in strengths:
        if not 0 <= strength < remedy.largest:
            raise UsageError(
                f"{name} strength {strength:g} is outside its range 0 <= strength < {remedy.largest:g}"
            )
    return tuple(dict.fromkeys(strengths))


def _plan_kinds(
    n_strengths: int,
    chosen: tuple[float, ...] | None,
    kinds: Mapping[str, tuple[float, ...]],
    *,
    kind: str,
) -> list[RemedyUse]:
    names = augmentation.list_augmenters(kind)
    if chosen:
        raise UsageError(
            f"augmentation strengths {chosen} do not say of which augmenter",
            hint=f"name it, e.g. kinds = {{{names[0]} = [0.1]}}; augmenters here are {', '.join(names)}",
        )
    if chosen is not None and not kinds:
        return []
    for name in kinds:
        augmenter = augmentation.find_augmenter(name)
        if name not in names:
            raise UsageError(
                f"augmenter {name!r} does not apply to these data: it is for {' and '.join(augmenter.kinds)}, "
                f"these are {kind}",
                hint=f"augmenters here are {', '.join(names)}",
            )
    asked = kinds or {name: augmentation.AUGMENTERS[name].strengths[n_strengths] for name in names}
    uses = []
    for name, strengths in asked.items():
        largest = augmentation.AUGMENTERS[name].largest
        for strength in dict.fromkeys(strengths):
            if not 0 <= strength <= largest:
                raise UsageError(
                    f"{name} strength {strength:g} is outside its range 0 <= strength <= {largest:g}"
                )
            uses.append(RemedyUse("augmentation", strength, name))
    return uses


def apply_remedies(
    rung: Rung, uses: tuple[RemedyUse, ...], *, layers: Mapping[str, Layers] | None = None
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
        chosen = (layers or {}).get(use.name) or _default_layers(use.name, rung)
        hyper = REMEDIES[use.name].apply(hyper, use, chosen)
    parts = (" ".join(filter(None, [use.name, use.detail, f"{use.strength:g}"])) for use in uses)
    return Configuration(" + ".join([f"rung {rung.index}", *parts]), rung, uses, hyper)


def _default_layers(name: str, rung: Rung) -> Layers:
    """Dropout acts where its family takes it well; every other remedy has one default for all."""
    if name != "dropout":
        return ()
    return find_family(rung.family).dropped(nominal_net(rung))
