"""The table of augmenters, and how a batch passes through those that are compiled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from heldout.errors import UsageError
from heldout.random_bits import Stream, draw_uniform
from heldout.remedies.augmentation import numbers, pixels, tokens

MIXUP = "mixup"
MEASURED, PICTURES = ("numbers", "picture", "signal"), ("picture",)


class Batch(NamedTuple):
    """A batch after augmentation.

    Args:
        x: float32 [R, ...].
        partner: int32 [R], the row that each row was mixed with; None where nothing is mixed.
        share: float32 [R], share of the row itself.
    """

    x: jax.Array
    partner: jax.Array | None = None
    share: jax.Array | None = None


@dataclass(frozen=True)
class Augmenter:
    """One way to change an example.

    Args:
        apply: (stream, values [R, ...], strength) -> values; for mixup a batch.
        place: number of its stream of random numbers, unique in the table, so that the numbers of one do not depend
            on which others are compiled in.
        kinds: kinds of data it is for (`records.InputLayout.kind`).
        strengths: by number of strengths (2 quick, 3 standard, 5 thorough).
        largest: largest strength, inclusive.
        meaning: what the strength is.
    """

    apply: Callable[[Stream, jax.Array, jax.Array], jax.Array | Batch]
    place: int
    kinds: tuple[str, ...]
    strengths: dict[int, tuple[float, ...]]
    largest: float
    meaning: str


def mix_rows(stream: Stream, x: jax.Array, strength: jax.Array) -> Batch:
    """Add to each row a share of the next one, up to half of `strength`; rows are in random order anyway.

    Args:
        stream: random numbers of this step.
        x: float32 [R, ...].
        strength: 0 to 1; 1 mixes evenly between all of the row itself and half of it.

    Source:
        Zhang et al. 2018, "mixup"; strength 1 is their Beta(1, 1), folded so that the row itself prevails.

    Example:
        >>> mix_rows(Stream(0, 4, 0, 0), jnp.ones((2, 3)), 1.0).partner.tolist()
        [1, 0]
    """
    n_rows = x.shape[0]
    share = 1.0 - 0.5 * strength * draw_uniform(stream, (n_rows,))
    partner = (jnp.arange(n_rows) + 1) % n_rows
    factor = share.reshape(-1, *(1,) * (x.ndim - 1))
    return Batch(factor * x + (1.0 - factor) * x[partner], partner, share)


AUGMENTERS: dict[str, Augmenter] = {
    "noise": Augmenter(
        numbers.add_noise,
        1,
        MEASURED,
        {2: (0.1,), 3: (0.1, 0.3), 5: (0.05, 0.1, 0.3)},
        10.0,
        "standard deviation of normal noise, in standard deviations of the values",
    ),
    "shift": Augmenter(
        pixels.shift,
        2,
        PICTURES,
        {2: (0.1,), 3: (0.05, 0.12), 5: (0.03, 0.07, 0.12, 0.2)},
        pixels.LARGEST_SHIFT,
        "largest shift in each direction, as a share of the side",
    ),
    "flip": Augmenter(
        pixels.flip,
        3,
        PICTURES,
        {2: (0.5,), 3: (0.5,), 5: (0.25, 0.5)},
        1.0,
        "share of examples mirrored left to right",
    ),
    "cutout": Augmenter(
        pixels.cut_out,
        4,
        PICTURES,
        {2: (0.4,), 3: (0.25, 0.5), 5: (0.15, 0.3, 0.5)},
        1.0,
        "side of the square that is blanked, as a share of the shorter side",
    ),
    "word dropout": Augmenter(
        tokens.drop_words,
        6,
        ("tokens",),
        {2: (0.2,), 3: (0.1, 0.3), 5: (0.05, 0.15, 0.3, 0.5)},
        0.95,
        "share of words that are left out",
    ),
    MIXUP: Augmenter(
        mix_rows,
        5,
        MEASURED,
        {2: (0.5,), 3: (0.5,), 5: (0.3, 1.0)},
        1.0,
        "largest share of another example, times two",
    ),
}


def list_augmenters(kind: str) -> tuple[str, ...]:
    """List the augmenters for one kind of data, mixup last.

    Example:
        >>> list_augmenters("numbers")
        ('noise', 'mixup')
    """
    return tuple(name for name, augmenter in AUGMENTERS.items() if kind in augmenter.kinds)


def find_augmenter(name: str) -> Augmenter:
    """Give an augmenter by its name.

    Raises:
        UsageError: there is none of this name.

    Example:
        >>> find_augmenter("flip").kinds
        ('picture',)
    """
    if name not in AUGMENTERS:
        raise UsageError(f"unknown augmenter {name!r}", hint=f"augmenters are {', '.join(AUGMENTERS)}")
    return AUGMENTERS[name]


def augment_batch(names: tuple[str, ...], strengths: jax.Array, stream: Stream, x: jax.Array) -> Batch:
    """Pass a batch through the augmenters that are compiled in; strength 0 leaves it as it is.

    Args:
        names: augmenters, in the order they act; mixup must be the last, because it mixes targets too.
        strengths: float32 [len(names)].
        stream: random numbers of this step; its place is set for each augmenter.
        x: float32 [R, ...].

    Raises:
        UsageError: an unknown augmenter.

    Example:
        >>> x = jnp.ones((2, 3))
        >>> augment_batch(("noise",), jnp.zeros(1), Stream(0, 4, 0, 0), x).x.tolist() == x.tolist()
        True
    """
    for index, name in enumerate(names):
        augmenter = find_augmenter(name)
        own = stream._replace(place=augmenter.place)
        if name == MIXUP:
            return mix_rows(own, x, strengths[index])
        x = jax.lax.cond(
            strengths[index] > 0,
            lambda values, augmenter=augmenter, own=own, index=index: augmenter.apply(
                own, values, strengths[index]
            ),
            lambda values: values,
            x,
        )
    return Batch(x)
