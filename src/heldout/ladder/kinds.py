"""The ladders for pictures, tokens and signals: channels, filter size, number of layers and layer size all grow.

The smallest rung is linear (in the pixels, or in the mean of small word vectors), the largest one can memorise the
data. The steps are laid out by hand, smallest first, and thinned to the number of rungs asked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.errors import UsageError
from heldout.ladder.schedule import list_rates, make_net
from heldout.nets import check_net, count_layer_parameters, list_layers
from heldout.records import InputLayout, Rung

# Sizes that a study of many networks can pay for on two cores: assumption, see bench/engine.py for their cost. Residual
# networks average each channel over the picture: what something looks like counts, not where it stands, and their size
# does not grow with the picture's. The others end in dense layers that see every place.
_PICTURES = (
    Rung(0, (), 0, 0.0, "pooled"),
    Rung(0, (), 0, 0.0, "residual", (8, 16), 3),
    Rung(0, (), 0, 0.0, "residual", (8, 16, 32), 3),
    Rung(0, (32,), 0, 0.0, "cnn", (8, 8, 16), 3),
    Rung(0, (), 0, 0.0, "residual", (16, 32, 64), 3),
    Rung(0, (256,), 0, 0.0, "cnn", (32, 64, 64, 128, 128), 3),
    Rung(0, (256,), 0, 0.0, "cnn", (32, 64, 64, 128, 128), 5),
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
# "signal" keeps where something stands (spectra, aligned sequences), "sequence" only whether it occurs (light curves)
_SIGNALS = (
    Rung(0, (), 0, 0.0),
    Rung(0, (), 0, 0.0, "sequence", (16,), 9),
    Rung(0, (32,), 0, 0.0, "sequence", (16, 32), 9),
    Rung(0, (16,), 0, 0.0, "signal", (8,), 5),
    Rung(0, (32,), 0, 0.0, "signal", (8, 16), 5),
    Rung(0, (64,), 0, 0.0, "sequence", (32, 64, 64), 9),
    Rung(0, (64,), 0, 0.0, "signal", (16, 32, 32), 7),
    Rung(0, (128,), 0, 0.0, "signal", (32, 64, 64), 7),
    Rung(0, (256,), 0, 0.0, "signal", (32, 64, 128, 128), 9),
)
# Sequences of letters beside the counts of their words; filters keep every place (`nets.joined`). Two of four inner
# folds, two networks with dropout 0.5, lowest validation loss of both together (`bench/letters.py`). Splice junctions:
# linear 0.152; 32 units without filters 0.184; 32 filters of 3 letters without a hidden layer 0.097, with 32 units
# 0.092; pooled, as other signals are, 0.120 (four folds). E. coli promoters: linear 0.190, 32 units 0.190, 16 filters
# of 3 letters 0.187, two layers of 32 filters of 5 letters 0.176, of 9 letters 0.177. Remedies are tried at the
# smallest rung that overfits: every rung but the linear one is of a kind that is worth it.
_LETTERS = (
    Rung(0, (), 0, 0.0),
    Rung(0, (), 0, 0.0, "signal", (16,), 3),
    Rung(0, (32,), 0, 0.0, "signal", (16,), 3),
    Rung(0, (32,), 0, 0.0, "signal", (32, 32), 5),
    Rung(0, (128,), 0, 0.0, "signal", (64,), 3),
    Rung(0, (256,), 0, 0.0, "signal", (128, 256), 9),
)
# Texts beside other columns: the sizes for texts alone, each but the smallest with a hidden layer, because the other
# columns meet the words only there, and the largest with two, as tables have (assumption: sizes).
_MIXED_TOKENS = (
    Rung(0, (), 0, 0.0, "text", embedding=2),
    Rung(0, (16,), 0, 0.0, "text", embedding=8),
    Rung(0, (16,), 0, 0.0, "text", embedding=16),
    Rung(0, (32,), 0, 0.0, "text", embedding=32),
    Rung(0, (32,), 0, 0.0, "sequence", (32,), 3, 32),
    Rung(0, (64, 64), 0, 0.0, "text", embedding=64),
    Rung(0, (64,), 0, 0.0, "sequence", (64,), 5, 64),
    Rung(0, (64, 64), 0, 0.0, "sequence", (64, 64), 5, 64),
    Rung(0, (128, 128), 0, 0.0, "sequence", (128, 128), 5, 128),
)
# What attends costs many times what a convolution does: only studies that may take long have it (assumption: sizes).
_ATTENDED_TOKENS = (
    Rung(0, (64,), 0, 0.0, "attention", (128,), 0, 64),
    Rung(0, (128,), 0, 0.0, "attention", (512,), 0, 128),
)
_ATTENDED_LETTERS = (
    Rung(0, (64,), 0, 0.0, "attention", (64,), 0, 32),
    Rung(0, (256,), 0, 0.0, "attention", (256,), 0, 64),
)
LADDERS = {"picture": _PICTURES, "tokens": _TOKENS, "signal": _SIGNALS}


def grow_kind_ladder(
    layout: InputLayout, n_outputs: int, *, n_rungs: int, attends: bool = False
) -> tuple[Rung, ...]:
    """Lay out the rungs for one kind of data, from linear to one that can memorise it.

    Args:
        layout: what the numbers of a row are; a row of several kinds takes the sizes of the most demanding one.
        n_outputs: outputs.
        n_rungs: number of rungs, at least 2; fewer are given where the kind has fewer sizes.
        attends: whether texts and sequences have networks that attend too.

    Returns:
        Rungs with strictly growing numbers of parameters.

    Raises:
        UsageError: fewer than two rungs, or an unknown kind.

    Example:
        >>> [rung.channels for rung in grow_kind_ladder(InputLayout("picture", (28, 28, 1)), 10, n_rungs=4)]
        [(), (8, 8, 16), (32, 64, 128), (64, 128, 256)]
        >>> grow_kind_ladder(InputLayout("sound", (9,)), 1, n_rungs=4)
        Traceback (most recent call last):
        heldout.errors.UsageError: there is no ladder for 'sound'
          -> kinds are picture, tokens, signal
    """
    if n_rungs < 2:
        raise UsageError(f"a ladder needs at least 2 rungs, got {n_rungs}")
    fitting = [
        rung for rung in _list_rungs(layout, attends) if not check_net(make_net(rung, layout, n_outputs))
    ]
    sized = sorted((_size(rung, layout, n_outputs) for rung in fitting), key=lambda rung: rung.n_parameters)
    linear = sized.index(next(rung for rung in sized if not rung.widths and not rung.channels))
    growing: list[Rung] = []
    for rung in sized[linear:]:
        if not growing or rung.n_parameters > growing[-1].n_parameters:
            growing.append(rung)
    return thin_ladder(tuple(growing), n_rungs)


def thin_ladder(rungs: tuple[Rung, ...], n_rungs: int) -> tuple[Rung, ...]:
    """Keep so many rungs, the first and the last among them, and number them anew.

    Example:
        >>> rungs = tuple(Rung(index, (), 10 * index, 0.01) for index in range(5))
        >>> [(rung.index, rung.n_parameters) for rung in thin_ladder(rungs, 3)]
        [(0, 0), (1, 20), (2, 40)]
    """
    chosen = np.unique(np.linspace(0, len(rungs) - 1, n_rungs).round().astype(int))
    return tuple(replace(rungs[place], index=index) for index, place in enumerate(chosen))


def _list_rungs(layout: InputLayout, attends: bool) -> tuple[Rung, ...]:
    kinds = {part.kind for part in layout.parts} or {layout.kind}
    demanding = next((kind for kind in LADDERS if kind in kinds), "")
    if not demanding:
        raise UsageError(f"there is no ladder for {layout.kind!r}", hint=f"kinds are {', '.join(LADDERS)}")
    has_tokens = "tokens" in kinds
    has_letters = demanding == "signal" and any(part.letters for part in layout.parts)
    rungs = _LETTERS if has_letters else LADDERS[demanding]
    if demanding == "tokens" and layout.parts:
        rungs = _MIXED_TOKENS
    if attends:
        rungs = _attend(rungs, has_letters=has_letters, has_tokens=demanding == "tokens")
    if not layout.parts:
        return rungs
    return tuple(
        _join(rung, layout, has_tokens)
        for rung in rungs
        if rung.family != "sequence" or demanding == "tokens"
    )


def _attend(rungs: tuple[Rung, ...], *, has_letters: bool, has_tokens: bool) -> tuple[Rung, ...]:
    """Put networks that attend in the place of the largest convolution."""
    if has_letters:
        return (*rungs[:-1], *_ATTENDED_LETTERS)
    return (*rungs[:-1], *_ATTENDED_TOKENS) if has_tokens else rungs


def _join(rung: Rung, layout: InputLayout, has_tokens: bool) -> Rung:
    if rung.family == "attention":
        return replace(rung, family="joined attention", parts=layout.parts)
    joined = replace(rung, embedding=_embed(rung) if has_tokens else 0, parts=layout.parts)
    if rung.family == "residual":  # what the picture says and the other columns meet in a hidden layer
        return replace(joined, family="joined residual", widths=(rung.channels[1],))
    return replace(joined, family="joined")


def _embed(rung: Rung) -> int:
    """Give word vectors that grow with the rung where the words stand beside something larger."""
    return rung.embedding or (2 if not rung.channels else min(4 * rung.channels[0], 64))


def _size(rung: Rung, layout: InputLayout, n_outputs: int) -> Rung:
    size = count_layer_parameters(list_layers(make_net(rung, layout, n_outputs)))
    return replace(rung, n_parameters=size, learning_rate=list_rates(rung)[1])
