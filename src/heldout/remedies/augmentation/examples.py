"""What augmented examples look like: computed on the host by the functions that training uses.

`augment_examples(layout, values, uses, seed)` gives an array [n_uses, n_examples, ...] in the units of training:
numbers of a table, a signal or a picture are standardized by column or channel (0 is the mean, 1 a standard
deviation), tokens are numbers of words. `show_pattern(shape)` gives an invented example in the same units, for pages
that must not show rows of the data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from heldout.errors import UsageError
from heldout.random_bits import Stream
from heldout.records import InputLayout, RemedyUse
from heldout.remedies.augmentation.batch import augment_batch, find_kinds, list_augmenters
from heldout.remedies.augmentation.combinations import spread_strength

PURPOSE_SHOWN = 90  # random numbers that no training uses
SHOWN_WORDS = 0.8  # share of an invented text that is words; the rest is padding
FIRST_WORD = 2  # 0 is padding, 1 an unknown word


def augment_examples(
    layout: InputLayout,
    values: NDArray[np.generic],
    uses: Sequence[RemedyUse],
    seed: int,
    *,
    blocks: Sequence[int] = (),
) -> NDArray[np.generic]:
    """Change examples the way each use of augmentation changes them at one step of training.

    Args:
        layout: what the numbers of a row are.
        values: [n_examples, *layout.shape] or flat rows, in the units of training: standardized numbers, or numbers of
            words.
        uses: uses of augmentation, each with its augmenter in `detail`; strength 0 gives the examples as they are.
        seed: of the random numbers; the same seed shows the same changes.
        blocks: number of the one-hot block of each feature of a table, -1 for none; empty where there are no blocks.

    Returns:
        [n_uses, n_examples, *layout.shape], dtype of `values`.

    Raises:
        UsageError: a use that is no augmentation, or one that does not apply to such data.

    Example:
        >>> layout = InputLayout("picture", (8, 8, 1))
        >>> pattern = show_pattern(layout.shape)[None]
        >>> shown = augment_examples(layout, pattern, [RemedyUse("augmentation", 1.0, "flip")], seed=0)
        >>> shown.shape, bool((shown[0, 0] == pattern[0, :, ::-1]).all())
        ((1, 1, 8, 8, 1), True)
    """
    names = list_augmenters(layout.kind, find_kinds(layout))
    examples = np.asarray(values).reshape(-1, *layout.shape)
    made = np.empty((len(uses), *examples.shape), examples.dtype)
    for index, use in enumerate(uses):
        asked = _list_asked(use, names, layout)
        wanted = tuple(name for name in names if name in asked)
        strengths = jnp.array([asked[name] for name in wanted], jnp.float32)
        slots = jnp.asarray(blocks, jnp.int32) if blocks else None
        change = jax.jit(partial(augment_batch, wanted, layout=layout, blocks=slots))
        made[index] = np.asarray(
            change(strengths, Stream(seed, PURPOSE_SHOWN, 0, 0), jnp.asarray(examples)).x
        )
    return made


def _list_asked(use: RemedyUse, names: tuple[str, ...], layout: InputLayout) -> dict[str, float]:
    if use.name != "augmentation":
        raise UsageError(f"{use.name!r} changes no examples", hint="show uses of augmentation only")
    asked = dict(spread_strength(use.detail, use.strength))
    for name in asked:
        if name not in names:
            raise UsageError(
                f"augmenter {name!r} does not apply to these data, which are {layout.kind}",
                hint=f"augmenters here are {', '.join(names)}",
            )
    return asked


def show_pattern(shape: tuple[int, ...], *, kind: str = "", number: int = 0) -> NDArray[np.generic]:
    """Give an invented example, for pages that must not show rows of the data.

    It looks different after every change: no mirror image or turn of it is itself, it has fine and coarse detail, and
    its values are standardized by channel as those of real rows are.

    Args:
        shape: of one example: (height, width, channels), (length, channels), or (columns,).
        kind: "tokens" for numbers of words in a row that ends in padding; else it follows from the shape.
        number: patterns of other numbers are moved on by a part of their length: mixup and swap noise only show
            something where the examples beside each other differ.

    Returns:
        float32 [*shape]; int32 for tokens.

    Raises:
        UsageError: a shape of no known kind.

    Example:
        >>> show_pattern((6,), kind="tokens").tolist()
        [2, 3, 4, 5, 0, 0]
        >>> show_pattern((1, 2, 3, 4))
        Traceback (most recent call last):
        heldout.errors.UsageError: there is no pattern of shape (1, 2, 3, 4): expected one to three sides
    """
    if kind == "tokens":
        n_words = max(1, math.floor(SHOWN_WORDS * shape[0]))
        place = np.arange(math.prod(shape))
        return np.where(place < n_words, FIRST_WORD + number * n_words + place, 0).astype(np.int32)
    if not 1 <= len(shape) <= len(PATTERNS):
        raise UsageError(f"there is no pattern of shape {shape}: expected one to three sides")
    drawn = np.roll(PATTERNS[len(shape) - 1](shape), number * math.ceil(shape[0] / 5), axis=0)
    axes = tuple(range(max(1, len(shape) - 1)))
    spread = drawn.std(axis=axes, keepdims=True)
    return ((drawn - drawn.mean(axis=axes, keepdims=True)) / np.maximum(spread, 1e-6)).astype(np.float32)


def _draw_columns(shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.sin(1.0 + 2.4 * np.arange(shape[0]))


def _draw_signal(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Two bells of different height and width on a slow wave, a little later in each channel."""
    time = np.linspace(0.0, 1.0, shape[0])[:, None] - 0.05 * np.arange(shape[1])
    peaks = np.exp(-0.5 * ((time - 0.3) / 0.03) ** 2) + 0.6 * np.exp(-0.5 * ((time - 0.65) / 0.08) ** 2)
    return peaks + 0.15 * np.sin(9.0 * time)


def _draw_picture(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The letter F on a slope of grey with a small chequered patch: it has no symmetry."""
    height, width, n_channels = shape
    down, right = np.meshgrid(_spread(height), _spread(width), indexing="ij")
    strokes = (
        ((abs(right - 0.32) < 0.07) & (abs(down - 0.5) < 0.33))
        | ((abs(down - 0.23) < 0.06) & (abs(right - 0.5) < 0.25))
        | ((abs(down - 0.48) < 0.06) & (abs(right - 0.44) < 0.19))
    )
    chequers = (down > 0.66) & (right > 0.6) & ((down * 16).astype(int) + (right * 16).astype(int)) % 2
    tints = 1.0 + 0.3 * np.sin(2.0 * np.arange(n_channels))
    grey = 0.25 * down + 0.15 * right
    return (grey + 0.8 * strokes + 0.3 * chequers)[..., None] * tints + 0.2 * right[..., None] * (1.0 - tints)


def _spread(side: int) -> NDArray[np.float64]:
    return (np.arange(side) + 0.5) / side


PATTERNS = (_draw_columns, _draw_signal, _draw_picture)
