"""How long and at which pace the networks of a study are trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from heldout.nets import Net, list_layers
from heldout.records import LINEAR_FAMILIES, Hyper, InputLayout, Rung

DEEP_FROM = 16  # assumption: two hidden layers from this width on, one below
RATES = (3e-4, 1e-3, 3e-3)  # candidates for pictures and signals: assumption
# Candidates for tables, by the width of the first layer they hold from. Measured on 14 made and real tables of 400 to
# 4,000 fit rows (docs/engine.md): a tenth of these had left the schedule's 1,000 steps too short for most rungs, up to
# 15 % of the constant predictor's loss above what the same network reaches; a wrong rate fakes underfitting.
TABLE_RATES = ((0, (0.01, 0.03, 0.09)), (DEEP_FROM, (0.003, 0.01, 0.03)), (128, (0.001, 0.005, 0.02)))
PICTURE_FAMILIES = ("cnn", "residual")
TOKEN_RATES = (1e-3, 3e-3, 1e-2)  # assumption: a vector is moved only by the rows that hold its token
SMALLEST_BATCH = 32
CHECKPOINTS = (
    20  # geometric epochs with per-row losses; twenty lose nothing for the verdict (verdicts, section 10)
)


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps every network of a study is trained.

    Args:
        batch_size: rows of one step.
        n_steps: steps of one epoch.
        n_epochs: epochs; ladder and remedy networks always run to the last one.
        checkpoints: epochs (1-based) at which per-row losses are kept.
    """

    batch_size: int
    n_steps: int
    n_epochs: int
    checkpoints: tuple[int, ...]


def candidate_rates(widths: tuple[int, ...]) -> tuple[float, float, float]:
    """Give the three learning rates tried on a rung of fully connected layers: narrower layers take larger steps.

    Example:
        >>> candidate_rates(()), candidate_rates((64, 64))
        ((0.01, 0.03, 0.09), (0.003, 0.01, 0.03))
    """
    width = widths[0] if widths else 0
    return next(rates for least, rates in reversed(TABLE_RATES) if width >= least)


def list_rates(rung: Rung) -> tuple[float, float, float]:
    """Give the three learning rates tried on a rung of any family.

    Example:
        >>> list_rates(Rung(1, (), 100, 0.001, family="text", embedding=8))
        (0.001, 0.003, 0.01)
    """
    if rung.family in LINEAR_FAMILIES:
        return candidate_rates(rung.widths)
    return TOKEN_RATES if rung.embedding and "attention" not in rung.family else RATES


def set_rate(rung: Rung, rates: tuple[float, ...], place: int) -> Rung:
    """Give a rung one of its learning rates, and the rate of its networks with augmentation.

    Without augmentation a network of pictures that overfits within a few epochs does so latest at the lowest rate,
    which is then the best one; with pictures that are turned and moved anew in every epoch it learns far too little at
    that rate. Those networks take the highest.

    Args:
        rung: the size.
        rates: candidates, ascending; a single one where the user asked for it.
        place: which of them is best without augmentation.

    Source:
        Residual network (8, 16, 32), 1,758 pictures of 64 x 64 pixels, 57 epochs, mean of two seeds, lowest validation
        loss at the rates 0.001, 0.003, 0.01: plain 1.021, 1.208, 1.383; turned and moved 1.055, 0.855, 0.856.

    Example:
        >>> rung = set_rate(Rung(1, (), 100, 0.001, family="residual"), (0.0003, 0.001, 0.003), 0)
        >>> rung.learning_rate, rung.augmented_rate
        (0.0003, 0.003)
    """
    augmented = rates[-1] if rung.family in PICTURE_FAMILIES else 0.0
    return replace(rung, learning_rate=rates[place], augmented_rate=augmented)


def plan_schedule(n_fit: int, *, effort: float = 1.0, layout: InputLayout | None = None) -> Schedule:
    """Derive batch size, epochs and checkpoints from the number of fit rows.

    Pictures take half the batch and as many epochs: a step of a convolution costs what its rows cost, so that twice as
    many steps are free.

    Args:
        n_fit: fit rows of one network.
        effort: factor on the number of steps (1 standard).
        layout: what the numbers of a row are; None for numbers in any order.

    Source:
        Residual network (8, 16, 32) on 1,758 pictures of 64 x 64 pixels, turned and moved, 57 epochs, mean of two
        seeds: lowest validation loss 0.907 with batches of 64, 0.855 with 32, 0.914 with 16, in equal processor time.

    Example:
        >>> plan_schedule(200).n_epochs, plan_schedule(10_000).batch_size
        (143, 256)
        >>> plan_schedule(10_000, layout=InputLayout("picture", (28, 28, 1))).batch_size
        128
    """
    # measured on heart (194 rows) and california (13,000): about 1,000 steps are past the best epoch of every rung
    # on small data, 1,600 on large ones
    batch = next(
        size
        for size, limit in ((SMALLEST_BATCH, 1500), (64, 4000), (128, 8000), (256, 60_000), (512, 1 << 60))
        if n_fit < limit
    )
    batch = min(batch, n_fit)
    n_steps = -(-n_fit // batch)
    total = effort * (1000 if n_fit < 1500 else 1600)
    n_epochs = int(np.clip(round(total / n_steps), 20, 150))
    if layout is not None and "picture" in {layout.kind, *(part.kind for part in layout.parts)}:
        batch = min(max(batch // 2, SMALLEST_BATCH), n_fit)
        n_steps = -(-n_fit // batch)
    return Schedule(batch, n_steps, n_epochs, _mark_epochs(n_epochs))


def _mark_epochs(n_epochs: int) -> tuple[int, ...]:
    marks = np.unique(np.geomspace(1, n_epochs, CHECKPOINTS).round().astype(int))
    return tuple(int(mark) for mark in marks)


def lengthen(schedule: Schedule, factor: int) -> Schedule:
    """Give a schedule of the same steps with so many times the epochs.

    Args:
        schedule: the ladder's.
        factor: at least 1.

    Example:
        >>> lengthen(Schedule(32, 5, 10, (1, 10)), 3).n_epochs
        30
    """
    n_epochs = factor * schedule.n_epochs
    return replace(schedule, n_epochs=n_epochs, checkpoints=_mark_epochs(n_epochs))


def plain_hyper(rung: Rung, *, learning_rate: float | None = None) -> Hyper:
    """Give the training inputs of a rung without any remedy.

    Example:
        >>> plain_hyper(Rung(0, (), 3, 0.01)).dropout
        (0.0,)
    """
    zeros = (0.0,) * count_layers(rung)
    return Hyper(
        learning_rate or rung.learning_rate,
        dropout=zeros,
        l1=zeros,
        l2=zeros,
        label_smoothing=rung.label_smoothing,
        weight_decay=rung.weight_decay,
    )


def count_layers(rung: Rung) -> int:
    """Count the layers of weights of a rung, which is also the number of places of dropout.

    Example:
        >>> count_layers(Rung(1, (4,), 21, 0.01))
        2
    """
    return len(list_layers(nominal_net(rung)))


def nominal_net(rung: Rung) -> Net:
    """Give a network of a rung's size for inputs of a nominal shape: enough to number its layers.

    Example:
        >>> nominal_net(Rung(1, (4,), 21, 0.01)).widths
        (4,)
    """
    n_outputs = 3 if rung.ordered else 1
    if rung.parts:
        width = sum(math.prod(part.shape) for part in rung.parts)
        return make_net(rung, InputLayout("joined", (width,), parts=rung.parts), n_outputs)
    side = 1 << 7  # no pooling of any rung leaves less than one place
    shapes = {
        "pooled": (side, side, 1),
        "cnn": (side, side, 1),
        "residual": (side, side, 1),
        "sequence": (side, 1),
        "signal": (side, 1),
    }
    inputs = (side,) if rung.embedding else shapes.get(rung.family, (1,))
    return make_net(rung, InputLayout("nominal", inputs, vocabulary=1), n_outputs)


def order_rungs(rungs: tuple[Rung, ...], n_classes: int) -> tuple[Rung, ...]:
    """Turn rungs of one output into rungs of classes in order: a threshold more for each step beyond the first.

    Args:
        rungs: of networks with one output.
        n_classes: steps of the scale, at least 3.

    Example:
        >>> order_rungs((Rung(0, (), 4, 0.01),), 5)[0].n_parameters
        7
    """
    return tuple(
        replace(rung, ordered=True, n_parameters=rung.n_parameters + n_classes - 2) for rung in rungs
    )


def make_net(rung: Rung, layout: InputLayout, n_outputs: int) -> Net:
    """Give the network of a rung for examples of one layout.

    Example:
        >>> make_net(Rung(1, (4,), 21, 0.01), InputLayout("numbers", (3,)), 1).widths
        (4,)
    """
    has_tokens = rung.embedding > 0
    return Net(
        family=rung.family,
        inputs=layout.shape,
        n_outputs=n_outputs,
        widths=rung.widths,
        channels=rung.channels,
        kernel=rung.kernel,
        embedding=rung.embedding,
        vocabulary=layout.vocabulary if has_tokens else 0,
        leading=layout.leading if has_tokens and rung.channels else 0,
        parts=layout.parts if rung.parts else (),
        ordered=rung.ordered,
    )
