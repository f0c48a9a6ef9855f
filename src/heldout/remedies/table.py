"""The table of remedies: a new remedy is one new file and one row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from heldout.errors import UsageError
from heldout.ladder import count_layers, nominal_net, plain_hyper
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
        shown: a strength in words, with {value} in its own unit or {percent} for shares.
    """

    apply: Callable[[Hyper, RemedyUse, Layers], Hyper]
    strengths: Mapping[int, tuple[float, ...]]
    largest: float = float("inf")
    has_kinds: bool = False
    shown: str = ""


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
        shown="{percent:g} % of the units set to zero at each step",
    ),
    "l2": Remedy(
        lambda hyper, use, layers: l2.add_l2(hyper, use.strength, layers),
        l2.STRENGTHS,
        shown="{value:g} times the sum of squared weights added to the mean loss",
    ),
    "l1": Remedy(
        lambda hyper, use, layers: l1.add_l1(hyper, use.strength, layers),
        l1.STRENGTHS,
        shown="{value:g} times the sum of absolute weights added to the mean loss",
    ),
}


def plan_uses(
    n_strengths: int,
    chosen: Mapping[str, tuple[float, ...]],
    kinds: Mapping[str, Mapping[str, tuple[float, ...]]],
    *,
    kind: str,
    parts: Sequence[str] = (),
    scales_test: bool = False,
) -> tuple[RemedyUse, ...]:
    """List the remedies to train, each at each of its strengths: one strength of every remedy, then the next of each.

    A budget that ends early so leaves out strengths, not remedies. Which augmentations are tried follows from the kind
    of data alone (`augmentation.list_planned`): what changes the label is dropped by its validation loss.

    Args:
        n_strengths: 2, 3 or 5 by preset.
        chosen: strengths the user named, by remedy; an empty tuple leaves the remedy out.
        kinds: remedy -> its kinds -> strengths the user named; several augmenters together are joined by "and", their
            strength is a multiple of the usual ones.
        kind: kind of data (`records.InputLayout.kind`).
        parts: kinds of the parts of a joined row.
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
        name: _plan_kinds(n_strengths, chosen.get(name), kinds.get(name, {}), kind=kind, parts=parts)
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
    parts: Sequence[str],
) -> list[RemedyUse]:
    names = augmentation.list_augmenters(kind, parts)
    if chosen:
        raise UsageError(
            f"augmentation strengths {chosen} do not say of which augmenter",
            hint=f"name it, e.g. kinds = {{{names[0]} = [0.1]}}; augmenters here are {', '.join(names)}",
        )
    if chosen is not None and not kinds:
        return []
    if not kinds:
        planned = augmentation.list_planned(n_strengths, kind, parts)
        return [RemedyUse("augmentation", strength, detail) for detail, strength in planned]
    for detail, strengths in kinds.items():
        _check_kind(detail, strengths, names, kind=kind)
    return [
        RemedyUse("augmentation", strength, detail)
        for detail, strengths in kinds.items()
        for strength in dict.fromkeys(strengths)
    ]


def _check_kind(detail: str, strengths: tuple[float, ...], names: tuple[str, ...], *, kind: str) -> None:
    for name in augmentation.list_parts(detail):
        if name not in names:
            suited = " and ".join(augmentation.find_augmenter(name).kinds)
            raise UsageError(
                f"augmenter {name!r} does not apply to these data: it is for {suited}, these are {kind}",
                hint=f"augmenters here are {', '.join(names)}",
            )
    largest = augmentation.find_largest(detail)
    for strength in strengths:
        if not 0 <= strength <= largest:
            raise UsageError(
                f"{detail} strength {strength:g} is outside its range 0 <= strength <= {largest:g}"
            )


def describe_strength(name: str, value: float) -> str:
    """Say in words what a strength of a remedy or of an augmenter means, with its unit.

    Args:
        name: a remedy (`REMEDIES`), an augmenter, or several ("flip and moves").
        value: its strength.

    Raises:
        UsageError: nothing of this name has a strength.

    Example:
        >>> describe_strength("dropout", 0.3)
        'dropout: 30 % of the units set to zero at each step'
        >>> describe_strength("rotate", 10.0)
        'rotate: up to 10 degrees either way'
    """
    if name not in REMEDIES:
        return augmentation.describe_augmentation(name, value)
    if not REMEDIES[name].shown:
        raise UsageError(
            f"{name} has no strength of its own, got {value:g}",
            hint="of augmentation name the augmenter" if REMEDIES[name].has_kinds else "",
        )
    return f"{name}: {REMEDIES[name].shown.format(value=value, percent=100.0 * value)}"


def name_use(use: RemedyUse) -> str:
    """Name one use of a remedy as configurations, events and plans name it: remedy, detail, strength.

    Example:
        >>> name_use(RemedyUse("augmentation", 0.1, "noise")), name_use(RemedyUse("l2", 0.01))
        ('augmentation noise 0.1', 'l2 0.01')
    """
    return f"{use.name} {name_setting(use)}"


def name_setting(use: RemedyUse) -> str:
    """Name what one use of a remedy has of its own, beside the remedy's name: detail and strength.

    Example:
        >>> name_setting(RemedyUse("augmentation", 0.1, "noise")), name_setting(RemedyUse("l2", 0.01))
        ('noise 0.1', '0.01')
    """
    return " ".join(filter(None, [use.detail, f"{use.strength:g}"]))


def apply_remedies(
    rung: Rung, uses: tuple[RemedyUse, ...], *, layers: Mapping[str, Layers] | None = None
) -> Configuration:
    """Name and build the configuration of a rung with some remedies.

    Args:
        rung: the size.
        uses: remedies with their strengths.
        layers: remedy -> layers it acts on, where the user named them; see `find_layers`.

    Raises:
        UsageError: the rung has none of the layers named: it would be the plain network under another name.

    Example:
        >>> apply_remedies(Rung(3, (8,), 100, 1e-3), (RemedyUse("l2", 0.01),)).name
        'rung 3 + l2 0.01'
        >>> apply_remedies(Rung(0, (), 100, 1e-3), (RemedyUse("l2", 0.01),), layers={"l2": (1,)})
        Traceback (most recent call last):
        heldout.errors.UsageError: l2 on layer 1: rung 0 has layer 0
    """
    is_augmented = any(use.name == "augmentation" for use in uses)
    hyper = plain_hyper(rung, learning_rate=rung.augmented_rate if is_augmented else None)
    for use in uses:
        named = (layers or {}).get(use.name, ())
        chosen = find_layers(rung, named) if named else _default_layers(use.name, rung)
        if named and not chosen:
            raise UsageError(f"{use.name} on {_name_layers(named)}: rung {rung.index} has {_span(rung)}")
        hyper = REMEDIES[use.name].apply(hyper, use, chosen)
    name = " + ".join([f"rung {rung.index}", *map(name_use, uses)])
    return Configuration(name, rung, uses, hyper)


def find_layers(rung: Rung, named: Layers) -> Layers:
    """Give those of some layers that a rung has.

    Example:
        >>> find_layers(Rung(1, (8,), 100, 1e-3), (0, 1, 2))
        (0, 1)
    """
    return tuple(layer for layer in named if layer < count_layers(rung))


def refuse_layers(rungs: Sequence[Rung], layers: Mapping[str, Layers]) -> None:
    """Refuse layers that no network of the ladder has.

    Args:
        rungs: the planned ladder.
        layers: remedy -> layers the user named.

    Raises:
        UsageError: says which layers there are.

    Example:
        >>> refuse_layers([Rung(0, (), 9, 1e-3), Rung(1, (8,), 100, 1e-3)], {"dropout": (0, 9)})
        Traceback (most recent call last):
        heldout.errors.UsageError: dropout on layer 9: the networks of this study have layers 0 to 1
          -> layer 0 is the input and i the i-th hidden layer; for l1 and l2 the weights that follow it
    """
    deepest = max(rungs, key=count_layers)
    for name, named in layers.items():
        beyond = tuple(layer for layer in named if layer not in find_layers(deepest, named))
        if beyond:
            raise UsageError(
                f"{name} on {_name_layers(beyond)}: the networks of this study have {_span(deepest)}",
                hint="layer 0 is the input and i the i-th hidden layer; for l1 and l2 the weights that follow it",
            )


def say_lacking(rung: Rung, name: str, named: Layers) -> str:
    """Say what becomes of a remedy at a rung that lacks some of its layers.

    Args:
        rung: where it is tried.
        name: the remedy.
        named: layers the user named; none for its usual ones.

    Returns:
        "" where the rung has them all.

    Example:
        >>> say_lacking(Rung(0, (), 9, 1e-3), "dropout", (1, 2))
        'dropout on layers 1, 2 was left out: rung 0 has layer 0'
        >>> say_lacking(Rung(1, (8,), 100, 1e-3), "l2", (1, 2))
        'l2 acts on layer 1, not on layer 2: rung 1 has layers 0 to 1'
    """
    there = find_layers(rung, named)
    lacking = tuple(layer for layer in named if layer not in there)
    if not lacking:
        return ""
    has = f"rung {rung.index} has {_span(rung)}"
    if not there:
        return f"{name} on {_name_layers(named)} was left out: {has}"
    return f"{name} acts on {_name_layers(there)}, not on {_name_layers(lacking)}: {has}"


def _name_layers(layers: Layers) -> str:
    return f"layer{'s' * (len(layers) > 1)} {', '.join(map(str, layers))}"


def _span(rung: Rung) -> str:
    last = count_layers(rung) - 1
    return f"layers 0 to {last}" if last else "layer 0"


def _default_layers(name: str, rung: Rung) -> Layers:
    """Dropout acts where its family takes it well; every other remedy has one default for all."""
    if name != "dropout":
        return ()
    return find_family(rung.family).dropped(nominal_net(rung))
