"""What augmentation makes of an example: pictures, signals, sequences, texts and rows of a table, on invented ones."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from heldout.errors import UsageError
from heldout.records import InputLayout, RemedyUse
from heldout.report.content import StudyContent
from heldout.report.sentences import show_text

MOST_USES = 8
MOST_PIXELS = 96  # a side; larger pictures are thinned
MOST_POINTS = 200
MOST_WORDS = 16
SEED = 0
LINE = (150, 60)
# An invented sentence: what happens to words, without any word of the data.
SENTENCE = (
    "the small dog that lives next door ran over the old bridge and then slept under a tree by the river"
)


# Two invented rows: three numbers, and a category of three levels as three inputs. Mixtures and swaps take from the
# second one.
INPUTS = (
    "a number",
    "a second number",
    "a third number",
    "category = first",
    "category = second",
    "category = third",
)
ROWS = ((0.9, -1.3, 0.2, 1.0, 0.0, 0.0), (-0.4, 1.1, -1.6, 0.0, 0.0, 1.0))
BLOCKS = (-1, -1, -1, 0, 0, 0)
LEAST_SHOWN = 5e-3  # smaller changes are not seen in two decimals
N_COPIES = 100  # of both in a batch: a swap of one feature in ten leaves two rows of three as they are


@dataclass(frozen=True)
class Example:
    """One example in one form.

    Args:
        label: what was done to it.
        picture: an image or a curve; empty for words.
        words: words or letters; empty for pictures.
    """

    label: str
    picture: Markup = Markup("")
    words: str = ""


@dataclass(frozen=True)
class ExampleStrip:
    """Examples side by side, the unchanged one first.

    Args:
        kind: "picture", "signal", "sequence" or "tokens".
        is_own: True where these are rows of the data.
        items: the examples.
    """

    kind: str
    is_own: bool
    items: tuple[Example, ...]


def show_examples(content: StudyContent) -> ExampleStrip | None:
    """Show each augmentation of the study on an example; None for tables, or where nothing was augmented.

    Args:
        content: the study; with its own `examples` these are shown, else a shipped pattern.
    """
    layout = _find_part(content.layout)
    uses = list_uses(content)
    if layout is None or not uses:
        return None
    # JAX takes a second to load, and most reports have no examples
    from heldout.remedies.augmentation import augment_examples, show_pattern

    is_own = content.examples is not None and content.layout is layout and len(content.examples) > 0
    if is_own:
        values = np.asarray(content.examples).reshape(-1, *layout.shape)
        values = values.astype(np.int32) if layout.kind == "tokens" else values
    else:
        pattern = spell_sequence(layout) if layout.letters else show_pattern(layout.shape, kind=layout.kind)
        values = np.stack([pattern, pattern[::-1]])  # the second one is what mixtures mix in
    items = [_show(layout, values[0], values[0], label="as it is", is_own=is_own)]
    for use in uses:
        try:
            changed = augment_examples(layout, values, [use], SEED)[0, 0]
        except UsageError:  # made for another part of a row that joins several kinds
            continue
        items.append(_show(layout, changed, values[0], label=name_example(use), is_own=is_own))
    kind = "sequence" if layout.letters else layout.kind
    return ExampleStrip(kind, is_own, tuple(items)) if len(items) > 1 else None


@dataclass(frozen=True)
class ExampleRows:
    """Inputs of an invented row, one a line, before and after each augmentation.

    Args:
        labels: headings after that of the inputs: "as it is", "another row", then what was done.
        lines: (input, cells), each cell its number in words and whether it changed.
    """

    labels: tuple[str, ...]
    lines: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]


def show_rows_changed(content: StudyContent) -> ExampleRows | None:
    """Show each augmentation of a table's study on an invented row; None where nothing was augmented, or no table.

    Args:
        content: the study; never a row of its data is shown.
    """
    is_table = content.layout is None or content.layout.kind == "numbers"
    uses = list_uses(content) if is_table and any(note.n_slots for note in content.columns) else ()
    if not uses:
        return None
    changed = [(name_example(use), row) for use in uses if (row := _change_row(use)) is not None]
    if not changed:
        return None
    before, other = ROWS
    lines = tuple(
        (
            name,
            (
                (f"{before[place]:.2f}", False),
                (f"{other[place]:.2f}", False),
                *((f"{row[place]:.2f}", abs(row[place] - before[place]) > LEAST_SHOWN) for _, row in changed),
            ),
        )
        for place, name in enumerate(INPUTS)
    )
    return ExampleRows(("as it is", "another row", *(label for label, _ in changed)), lines)


def _change_row(use: RemedyUse) -> NDArray[np.generic] | None:
    """The first copy of the first row in which something changed; None for an augmenter of other data."""
    from heldout.remedies.augmentation import augment_examples

    layout, rows = InputLayout("numbers", (len(INPUTS),)), np.tile(np.array(ROWS, np.float32), (N_COPIES, 1))
    try:
        made = augment_examples(layout, rows, [use], SEED, blocks=BLOCKS)[0, ::2]
    except UsageError:
        return None
    differs = (np.abs(made - rows[0]) > LEAST_SHOWN).any(axis=1)
    return made[differs.argmax()] if differs.any() else None


def name_example(use: RemedyUse) -> str:
    """Give what was done, with its strength.

    Example:
        >>> name_example(RemedyUse("augmentation", 0.1, "swap_noise"))
        'swap noise 0.1'
    """
    return f"{use.detail.replace('_', ' ') or 'augmentation'} {use.strength:g}"


def list_uses(content: StudyContent) -> tuple[RemedyUse, ...]:
    """The different augmentations that were tried, the first strengths first; at most eight.

    Args:
        content: the study.
    """
    found = {
        (use.detail, use.strength): use
        for run in content.runs
        for use in run.configuration.remedies
        if use.name == "augmentation" and use.strength
    }
    return tuple(found[key] for key in sorted(found))[:MOST_USES]


def _find_part(layout: InputLayout | None) -> InputLayout | None:
    parts = () if layout is None else (layout, *layout.parts)
    return next((part for part in parts if part.kind in ("picture", "signal", "tokens")), None)


def spell_sequence(layout: InputLayout) -> NDArray[np.float32]:
    """Give an invented sequence: its letters stand in an order that differs from its reverse.

    Args:
        layout: length, channels and letters.

    Returns:
        float32 [length, channels], one for the letter of each position.
    """
    length, n_channels = layout.shape
    spelled = np.zeros((length, n_channels), np.float32)
    place = np.arange(length)
    spelled[place, (place * place // 3 + place) % len(layout.letters)] = 1.0
    return spelled


def _show(
    layout: InputLayout, values: NDArray[np.generic], before: NDArray[np.generic], *, label: str, is_own: bool
) -> Example:
    if layout.kind == "picture":
        return Example(label, picture=_paint(values, before, label))
    if layout.letters:
        return Example(label, words=read_letters(values, layout.letters))
    if layout.kind == "signal":
        return Example(label, picture=_plot(values, before, label))
    return Example(label, words=_read_words(values, layout, is_own=is_own))


def _paint(values: NDArray[np.generic], before: NDArray[np.generic], label: str) -> Markup:
    from PIL import Image

    low, high = float(np.min(before)), float(np.max(before))
    step = -(-max(values.shape[:2]) // MOST_PIXELS)
    thin = np.asarray(values, np.float64)[::step, ::step]
    pixels = np.clip(255 * (thin - low) / ((high - low) or 1.0), 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., 0])
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(show_text(label), data)


def _plot(values: NDArray[np.generic], before: NDArray[np.generic], label: str) -> Markup:
    width, height = LINE
    low, high = float(np.min(before)), float(np.max(before))
    margin = 0.25 * ((high - low) or 1.0)
    step = -(-len(values) // MOST_POINTS)
    line = np.asarray(values, np.float64)[::step, 0]
    across = np.linspace(0, width, len(line))
    up = np.clip(height * (1 - (line - low + margin) / (high - low + 2 * margin or 1.0)), 0, height)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, up, strict=True))
    return Markup(
        '<svg class="line" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<polyline fill="none" stroke="var(--train)" stroke-width="1.3" points="{}"/></svg>'
    ).format(show_text(label), width, height, width, height, path)


def read_letters(values: NDArray[np.generic], letters: str) -> str:
    """Give the letters of a one-hot sequence, at most 60; a dot where there is none.

    Args:
        values: [length, channels].
        letters: the letters of the first channels.

    Example:
        >>> read_letters(np.array([[0, 1, 0, 0], [0, 0, 0, 0]]), "ACGT")
        'C·'
    """
    channels = np.asarray(values, np.float64)[:60, : len(letters)]
    most = channels.argmax(axis=1)
    return "".join(letters[k] if channels[i, k] > 0 else "·" for i, k in enumerate(most))


def _read_words(values: NDArray[np.generic], layout: InputLayout, *, is_own: bool) -> str:
    """Numbers of words as words of the invented sentence; rows of the data as their numbers, 0 as a dot."""
    n_words = min(layout.leading or layout.shape[0], MOST_WORDS)
    numbers = np.asarray(values).reshape(-1)[:n_words].astype(int)
    if is_own:
        return " ".join("·" if number == 0 else str(number) for number in numbers)
    words = SENTENCE.split()
    return " ".join(
        "·" if number == 0 else "?" if number == 1 else words[(number - 2) % len(words)] for number in numbers
    )
