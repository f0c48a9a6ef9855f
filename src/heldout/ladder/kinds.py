"""The ladders for pictures, tokens and signals: channels, filter size, number of layers and layer size all grow.

The smallest rung is linear (in the pixels, or in the mean of small word vectors), the largest one can memorise the
data. The steps are laid out by hand, smallest first, and thinned to the number of rungs asked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.errors import UsageError
from heldout.ladder.schedule import list_rates, make_net
from heldout.nets import count_layer_parameters, list_layers
from heldout.records import InputLayout, Rung

# sizes that a study of many networks can pay for on two cores: assumption, see bench/engine.py for their cost
_PICTURES = (
    Rung(0, (), 0, 0.0),
    Rung(0, (), 0, 0.0, "cnn", (4,), 3),
    Rung(0, (16,), 0, 0.0, "cnn", (8,), 3),
    Rung(0, (32,), 0, 0.0, "cnn", (8, 16), 3),
    Rung(0, (64,), 0, 0.0, "cnn", (16, 32), 3),
    Rung(0, (64,), 0, 0.0, "cnn", (16, 32), 5),
    Rung(0, (128,), 0, 0.0, "cnn", (16, 16, 32, 32), 3),
    Rung(0, (128,), 0, 0.0, "cnn", (32, 32, 64, 64), 3),
    Rung(0, (256,), 0, 0.0, "cnn", (32, 32, 64, 64), 5),
    Rung(0, (), 0, 0.0, "residual", (32, 64, 128), 3),
    Rung(0, (), 0, 0.0, "residual", (64, 128, 256), 3),
)
_TOKENS = (
    Rung(0, (), 0, 0.0, "text", embedding=2),
    Rung(0, (), 0, 0.0, "text", embedding=8),
    Rung(0, (16,), 0, 0.0, "text", embedding=16),
    Rung(0, (32,), 0, 0.0, "text", embedding=32),
    Rung(0, (), 0, 0.0, "sequence", (32,), 3, 32),
    Rung(0, (64,), 0, 0.0, "text", embedding=64),
    Rung(0, (), 0, 0.0, "sequence", (64,), 5, 64),
    Rung(0, (64,), 0, 0.0, "sequence", (64, 64), 5, 64),
    Rung(0, (128,), 0, 0.0, "sequence", (128, 128), 5, 128),
)
_SIGNALS = (
    Rung(0, (), 0, 0.0),
    Rung(0, (), 0, 0.0, "sequence", (8,), 5),
    Rung(0, (), 0, 0.0, "sequence", (16,), 9),
    Rung(0, (32,), 0, 0.0, "sequence", (16, 32), 9),
    Rung(0, (64,), 0, 0.0, "sequence", (32, 64), 9),
    Rung(0, (64,), 0, 0.0, "sequence", (32, 64, 64), 9),
    Rung(0, (128,), 0, 0.0, "sequence", (64, 64, 128), 9),
    Rung(0, (256,), 0, 0.0, "sequence", (64, 128, 256), 15),
)
LADDERS = {"picture": _PICTURES, "tokens": _TOKENS, "signal": _SIGNALS}


def grow_kind_ladder(
    kind: str, inputs: tuple[int, ...], n_outputs: int, *, n_rungs: int, vocabulary: int = 0
) -> tuple[Rung, ...]:
    """Lay out the rungs for one kind of data, from linear to one that can memorise it.

    Args:
        kind: "picture", "tokens" or "signal".
        inputs: shape of one example.
        n_outputs: outputs.
        n_rungs: number of rungs, at least 2; fewer are given where the kind has fewer sizes.
        vocabulary: number of tokens (tokens only).

    Returns:
        Rungs with strictly growing numbers of parameters.

    Raises:
        UsageError: fewer than two rungs, or an unknown kind.

    Example:
        >>> [rung.channels for rung in grow_kind_ladder("picture", (28, 28, 1), 10, n_rungs=4)]
        [(), (8, 16), (16, 32), (64, 128, 256)]
        >>> grow_kind_ladder("sound", (9,), 1, n_rungs=4)
        Traceback (most recent call last):
        heldout.errors.UsageError: there is no ladder for 'sound'
          -> kinds are picture, tokens, signal
    """
    if kind not in LADDERS:
        raise UsageError(f"there is no ladder for {kind!r}", hint=f"kinds are {', '.join(LADDERS)}")
    if n_rungs < 2:
        raise UsageError(f"a ladder needs at least 2 rungs, got {n_rungs}")
    layout = InputLayout(kind, inputs, vocabulary)
    sized = sorted(
        (_size(rung, layout, n_outputs) for rung in LADDERS[kind]), key=lambda rung: rung.n_parameters
    )
    linear = sized.index(next(rung for rung in sized if rung.family == "mlp" or rung.embedding == 2))
    growing: list[Rung] = []
    for rung in sized[linear:]:
        if not growing or rung.n_parameters > growing[-1].n_parameters:
            growing.append(rung)
    chosen = np.unique(np.linspace(0, len(growing) - 1, n_rungs).round().astype(int))
    return tuple(replace(growing[place], index=index) for index, place in enumerate(chosen))


def _size(rung: Rung, layout: InputLayout, n_outputs: int) -> Rung:
    size = count_layer_parameters(list_layers(make_net(rung, layout, n_outputs)))
    return replace(rung, n_parameters=size, learning_rate=list_rates(rung)[1])
