"""The table of augmenters, and how a batch passes through those that are compiled in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from heldout.errors import UsageError
from heldout.random_bits import Stream, draw_uniform
from heldout.records import InputLayout
from heldout.remedies.augmentation import geometry, light, numbers, pixels, sequences, tokens

MIXUP = "mixup"
MEASURED, PICTURES, WORDS = ("numbers", "picture", "signal"), ("picture",), ("tokens",)
PART_STRIDE = 1000  # streams of the parts of a joined row are this far apart: above every `Augmenter.place`


class Batch(NamedTuple):
    """A batch after augmentation.

    Args:
        x: [R, ...], shape and dtype as before.
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
        apply: (stream, values [R, ...], strength) -> values, and what `takes` names as keywords; for mixup a batch.
        place: number of its stream of random numbers, unique in the table, so that the numbers of one do not depend
            on which others are compiled in.
        kinds: kinds of data it is for, as `find_kinds` names them.
        strengths: by number of strengths (2 quick, 3 standard, 5 thorough); the first for 2 is the usual one.
        largest: largest strength, inclusive.
        meaning: what the strength is.
        shown: a strength in words, with {value} in its own unit or {percent} for shares.
        takes: what it must know beside the values: "leading" (`InputLayout.leading`) or "blocks" (one-hot blocks).
        matrix: (stream, R, strength) -> matrices [R, 2, 2] of `geometry.resample`; those asked together are
            multiplied, and the pictures are resampled once.
        spares_marks: it changes how bright things are or what is seen of them, not where they are: channels that are
            marks (`InputLayout.marks`) stay as they are.
    """

    apply: Callable[..., jax.Array | Batch]
    place: int
    kinds: tuple[str, ...]
    strengths: dict[int, tuple[float, ...]]
    largest: float
    meaning: str
    shown: str = ""
    takes: tuple[str, ...] = ()
    matrix: Callable[[Stream, int, jax.Array], jax.Array] | None = None
    spares_marks: bool = False


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
    return Batch(factor * x + (1.0 - factor) * jnp.roll(x, -1, axis=0), partner, share)


def _use_matrix(
    matrix: Callable[[Stream, int, jax.Array], jax.Array],
) -> Callable[[Stream, jax.Array, jax.Array], jax.Array]:
    return lambda stream, x, strength: geometry.resample(x, matrix(stream, x.shape[0], strength))


# In the order in which they act: where things are, how bright they are, what covers them, what is mixed with them.
# Strengths are assumptions in the range of common use unless a row says otherwise.
AUGMENTERS: dict[str, Augmenter] = {
    "rotate": Augmenter(
        _use_matrix(geometry.rotate_matrix),
        7,
        PICTURES,
        {2: (10.0,), 3: (10.0, 20.0), 5: (5.0, 10.0, 20.0, 45.0)},
        180.0,
        "largest angle in degrees, either way",
        "up to {value:g} degrees either way",
        matrix=geometry.rotate_matrix,
    ),
    "zoom": Augmenter(
        _use_matrix(geometry.zoom_matrix),
        8,
        PICTURES,
        {2: (0.1,), 3: (0.1, 0.25), 5: (0.05, 0.1, 0.25, 0.5)},
        1.0,
        "largest change of size: from 1 / (1 + strength) to 1 + strength times",
        "up to {percent:g} % larger, or as many times smaller",
        matrix=geometry.zoom_matrix,
    ),
    "shear": Augmenter(
        _use_matrix(geometry.shear_matrix),
        9,
        PICTURES,
        {2: (0.1,), 3: (0.1, 0.2), 5: (0.05, 0.1, 0.2, 0.4)},
        1.0,
        "largest slant: sideways shift of a row as a share of its height above the middle",
        "slanted by up to {percent:g} % of the height",
        matrix=geometry.shear_matrix,
    ),
    "shift": Augmenter(
        pixels.shift,
        2,
        ("picture", "signal", *sequences.LETTERS),
        {2: (0.1,), 3: (0.05, 0.12), 5: (0.03, 0.07, 0.12, 0.2)},
        pixels.LARGEST_SHIFT,
        "largest shift in each direction, as a share of the side or of the length",
        "moved by up to {percent:g} % of the side or length",
    ),
    "reverse complement": Augmenter(
        sequences.reverse_complement,
        40,
        (sequences.NUCLEIC,),
        {2: (0.5,), 3: (0.5,), 5: (0.25, 0.5)},
        1.0,
        "share of the sequences read from the other strand",
        "{percent:g} % read from the other strand",
    ),
    "mutation": Augmenter(
        sequences.mutate,
        41,
        sequences.LETTERS,
        {2: (0.05,), 3: (0.05, 0.1), 5: (0.02, 0.05, 0.1, 0.2)},
        1.0,
        "share of the letters that are replaced by another one",
        "{percent:g} % of the letters replaced",
    ),
    "turn": Augmenter(
        geometry.turn,
        10,
        PICTURES,
        {2: (0.875,), 3: (0.875,), 5: (0.5, 0.875)},
        1.0,
        "share of examples put into another of their eight positions (quarter turns, mirrored or not)",
        "{percent:g} % turned or mirrored as a whole",
    ),
    "flip": Augmenter(
        pixels.flip,
        3,
        PICTURES,
        {2: (0.5,), 3: (0.5,), 5: (0.25, 0.5)},
        1.0,
        "share of examples mirrored left to right",
        "{percent:g} % mirrored left to right",
    ),
    "brightness": Augmenter(
        light.change_brightness,
        11,
        PICTURES,
        {2: (0.2,), 3: (0.2, 0.5), 5: (0.1, 0.2, 0.5, 1.0)},
        5.0,
        "largest number added to or taken from all values, in standard deviations of the channel",
        "up to {value:g} standard deviations brighter or darker",
        spares_marks=True,
    ),
    "contrast": Augmenter(
        light.change_contrast,
        12,
        PICTURES,
        {2: (0.2,), 3: (0.2, 0.5), 5: (0.1, 0.2, 0.5, 1.0)},
        4.0,
        "contrast from 1 / (1 + strength) to 1 + strength times",
        "up to {percent:g} % more contrast, or as many times less",
        spares_marks=True,
    ),
    "blur": Augmenter(
        light.blur,
        13,
        PICTURES,
        {2: (0.7,), 3: (0.7,), 5: (0.5, 1.0)},
        light.LARGEST_BLUR,
        "largest standard deviation of the blur, in pixels",
        "blurred by up to {value:g} pixels",
        spares_marks=True,
    ),
    "sharpen": Augmenter(
        light.sharpen,
        14,
        PICTURES,
        {2: (1.0,), 3: (1.0,), 5: (0.5, 1.5)},
        5.0,
        "largest share of the fine detail that is added again",
        "fine detail raised by up to {percent:g} %",
        spares_marks=True,
    ),
    "scaling": Augmenter(
        numbers.scale_values,
        17,
        ("signal",),
        {2: (0.2,), 3: (0.1, 0.3), 5: (0.1, 0.2, 0.5)},
        4.0,
        "height of the signal from 1 / (1 + strength) to 1 + strength times",
        "up to {percent:g} % higher, or as many times lower",
        spares_marks=True,
    ),
    "noise": Augmenter(
        numbers.add_noise,
        1,
        MEASURED,
        {2: (0.1,), 3: (0.1, 0.3), 5: (0.05, 0.1, 0.3)},
        10.0,
        "standard deviation of normal noise, in standard deviations of the values",
        "normal noise of {value:g} standard deviations",
        spares_marks=True,
    ),
    "swap noise": Augmenter(
        numbers.swap_values,
        18,
        ("numbers",),
        {2: (0.1,), 3: (0.1,), 5: (0.05, 0.15)},
        1.0,
        "share of the features that take the value of another row of the batch",
        "{percent:g} % of the features taken from other rows",
        takes=("blocks",),
    ),
    "cutout": Augmenter(
        pixels.cut_out,
        4,
        PICTURES,
        {2: (0.4,), 3: (0.25, 0.5), 5: (0.15, 0.3, 0.5)},
        1.0,
        "side of the square that is blanked, as a share of the shorter side",
        "a blank square of {percent:g} % of the side",
        spares_marks=True,
    ),
    "word swap": Augmenter(
        tokens.swap_words,
        15,
        WORDS,
        {2: (0.1,), 3: (0.1,), 5: (0.05, 0.2)},
        1.0,
        "share of the words that change places with a neighbour",
        "{percent:g} % of the words swapped with a neighbour",
        takes=("leading",),
    ),
    "span deletion": Augmenter(
        tokens.delete_span,
        16,
        WORDS,
        {2: (0.3,), 3: (0.3,), 5: (0.2, 0.5)},
        1.0,
        "largest share of a text that is left out in one piece",
        "one stretch of up to {percent:g} % of the text left out",
        takes=("leading",),
    ),
    "word dropout": Augmenter(
        tokens.drop_words,
        6,
        WORDS,
        {2: (0.2,), 3: (0.1, 0.3), 5: (0.05, 0.15, 0.3, 0.5)},
        0.95,
        "share of words that are left out",
        "{percent:g} % of the words left out",
        takes=("leading",),
    ),
    MIXUP: Augmenter(
        mix_rows,
        5,
        (*MEASURED, *sequences.LETTERS),
        {2: (0.5,), 3: (0.5,), 5: (0.3, 1.0)},
        1.0,
        "largest share of another example, times two",
        "mixed with up to {half:g} % of another example",
    ),
}


def find_kinds(layout: InputLayout | None) -> tuple[str, ...]:
    """Name the kinds of data that a row holds, one for each part; sequences of letters have kinds of their own.

    Example:
        >>> find_kinds(None), find_kinds(InputLayout("signal", (60, 4), letters="ACGT"))
        (('numbers',), ('bases',))
    """
    if layout is None:
        return ("numbers",)
    return tuple(sequences.name_kind(part) for part in layout.parts or (layout,))


def list_augmenters(kind: str, parts: Sequence[str] = ()) -> tuple[str, ...]:
    """List the augmenters for one kind of data in the order they act, mixup last.

    Args:
        kind: kind of data (`find_kinds`).
        parts: kinds of the parts of a joined row. An augmenter acts on the parts it is for; mixup, which mixes whole
            rows, is left out where a part is no measurement.

    Example:
        >>> list_augmenters("numbers")
        ('noise', 'swap noise', 'mixup')
        >>> list_augmenters("joined", ("numbers", "tokens"))
        ('noise', 'swap noise', 'word swap', 'span deletion', 'word dropout')
    """
    kinds = set(parts or (kind,))
    found = [name for name, augmenter in AUGMENTERS.items() if kinds & set(augmenter.kinds)]
    if MIXUP in found and not kinds <= set(AUGMENTERS[MIXUP].kinds):
        found.remove(MIXUP)
    return tuple(found)


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


def augment_batch(
    names: tuple[str, ...],
    strengths: jax.Array,
    stream: Stream,
    x: jax.Array,
    *,
    layout: InputLayout | None = None,
    blocks: jax.Array | None = None,
) -> Batch:
    """Pass a batch through the augmenters that are compiled in; strength 0 leaves it as it is.

    What happens to a row follows from the stream and the row's place in the batch, not from how many rows there are or
    which other augmenters are compiled in; only swap noise and mixup read other rows.

    Args:
        names: augmenters, in the order they act; mixup must be the last, because it mixes targets too.
        strengths: float32 [len(names)].
        stream: random numbers of this step; its place is set for each augmenter.
        x: [R, ...], standardized numbers or numbers of words.
        layout: what the numbers of a row are: how many words lead a row of tokens, and the parts of a joined row.
        blocks: int32 [D], number of the one-hot block of each feature of a table, -1 for none.

    Raises:
        UsageError: an unknown augmenter.

    Example:
        >>> x = jnp.ones((2, 3))
        >>> augment_batch(("noise",), jnp.zeros(1), Stream(0, 4, 0, 0), x).x.tolist() == x.tolist()
        True
    """
    for name in names:
        find_augmenter(name)
    pairs = [(name, strengths[index]) for index, name in enumerate(names)]
    single = [pair for pair in pairs if pair[0] != MIXUP]
    if layout is not None and layout.parts:
        x = _augment_parts(single, stream, x, layout=layout, blocks=blocks)
    else:
        x = _augment_alone(single, stream, x, layout=layout, blocks=blocks)
    if len(single) == len(pairs):
        return Batch(x)
    return mix_rows(stream._replace(place=AUGMENTERS[MIXUP].place), x, pairs[-1][1])


def _augment_parts(
    pairs: Sequence[tuple[str, jax.Array]],
    stream: Stream,
    x: jax.Array,
    *,
    layout: InputLayout,
    blocks: jax.Array | None,
) -> jax.Array:
    """Change each part of a joined row by the augmenters that are for its kind."""
    made, first = [], 0
    for index, part in enumerate(layout.parts):
        last = first + math.prod(part.shape)
        values = x[:, first:last].reshape(-1, *part.shape)  # [R, D] -> [R, ...]
        own = stream._replace(place=PART_STRIDE * index)
        (kind,) = find_kinds(part)
        fitting = [pair for pair in pairs if kind in AUGMENTERS[pair[0]].kinds]
        slots = None if blocks is None else blocks[first:last]
        values = _augment_alone(fitting, own, values, layout=part, blocks=slots)
        made.append(values.reshape(len(x), -1))
        first = last
    return jnp.concatenate(made, axis=1)


def _augment_alone(
    pairs: Sequence[tuple[str, jax.Array]],
    stream: Stream,
    x: jax.Array,
    *,
    layout: InputLayout | None,
    blocks: jax.Array | None,
) -> jax.Array:
    """Change values of one kind by one augmenter after the other."""
    given = {"leading": layout.leading if layout else 0, "blocks": blocks}
    moving = [(name, strength) for name, strength in pairs if AUGMENTERS[name].matrix is not None]
    if moving:  # where things are comes before everything else
        strongest = jnp.stack([strength for _, strength in moving]).max()
        x = jax.lax.cond(strongest > 0, lambda values: _resample(moving, stream, values), _keep, x)
    for name, strength in pairs:
        augmenter = AUGMENTERS[name]
        if augmenter.matrix is not None:
            continue
        taken = {option: given[option] for option in augmenter.takes}
        change = partial(augmenter.apply, _of_augmenter(stream, name), strength=strength, **taken)
        if layout and layout.marks and augmenter.spares_marks:
            change = partial(_spare_marks, change, layout.marks)
        x = jax.lax.cond(strength > 0, change, _keep, x)
    return x


def _spare_marks(change: Callable[..., Any], marks: tuple[int, ...], x: jax.Array) -> jax.Array:
    """Change the channels that are no marks; the others draw the same random numbers as if there were no marks."""
    is_mark = jnp.isin(jnp.arange(x.shape[-1]), jnp.array(marks))
    return jnp.where(is_mark, x, change(x))


def _keep(values: jax.Array) -> jax.Array:
    return values


def _of_augmenter(stream: Stream, name: str) -> Stream:
    return stream._replace(place=stream.place + AUGMENTERS[name].place)


def _resample(moving: Sequence[tuple[str, jax.Array]], stream: Stream, x: jax.Array) -> jax.Array:
    """Multiply the matrices that are asked together and resample once; a strength of 0 gives the unit matrix."""
    matrices = [
        augmenter.matrix(_of_augmenter(stream, name), len(x), strength)
        for name, strength in moving
        if (augmenter := AUGMENTERS[name]).matrix is not None
    ]
    return geometry.resample(x, reduce(jnp.matmul, matrices))
