"""Planted brightness, length, letters and languages are told in 19 of 20 tables and more, their clean twins in none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit import AuditInput, sample_rows
from heldout.audit.properties import check_properties
from heldout.errors import StudyError
from heldout.records import ArrayColumn, ArrayPolicy, ColumnSpec, Finding, Kind, Severity, Status, TypedColumn
from heldout.stages.measuring import list_properties

N_ROWS, SEEDS, FEW_SEEDS = 300, range(20), range(4)
STRONG, HONEST = 5.0, 1.0  # standard deviations between the classes: an area of 0.9998, and one of 0.76
GERMAN, ENGLISH = "die und der ist nicht ", "the and of is not "


def measure(columns: list[TypedColumn], arrays: list[ArrayColumn], target: list[str]) -> AuditInput:
    """The audit's input with the properties that a study would measure."""
    data = make_input({"number": [str(k) for k in range(len(target))], "y": target}, "y")
    rows = sample_rows(data)
    return replace(data, properties=list_properties(tuple(columns), tuple(arrays), rows), property_rows=rows)


def find(data: AuditInput) -> dict[str, Finding]:
    return {item.column: item for item in check_properties(data) if item.severity is Severity.WARNING}


def make_text(texts: list[str], kind: Kind = Kind.TEXT, name: str = "note") -> TypedColumn:
    levels = tuple(dict.fromkeys(texts))
    codes = np.array([levels.index(text) for text in texts], np.int32)
    return TypedColumn(
        ColumnSpec(name, kind, "in a test"),
        np.full(len(texts), Status.OK, np.uint8),
        np.zeros(0),
        codes,
        levels,
    )


def make_pictures(values: np.ndarray, *, kind: Kind = Kind.PICTURE, mask: bool = False) -> ArrayColumn:
    policy = ArrayPolicy(kind, "float32", ("gray", "mask") if mask else ("gray",), height=6, width=6)
    return ArrayColumn(
        "picture" if kind is Kind.PICTURE else "signal", kind, values.astype(np.float32), policy
    )


def draw_words(rng: np.random.Generator, n: float) -> str:
    return " ".join(rng.choice(["red", "blue", "sun", "moon", "cat", "dog"], max(1, round(n))))


def draw_bases(rng: np.random.Generator, n: int, gc: float = 0.5) -> str:
    return "".join(rng.choice(list("GCAT"), n, p=[gc / 2, gc / 2, (1 - gc) / 2, (1 - gc) / 2]))


# Each plants a difference of so many standard deviations between the classes, and names the property.
def plant_brightness(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    level = 120 + 10 * (rng.normal(size=len(side)) + shift * side)
    values = rng.normal(level[:, None, None, None], 5, (len(side), 6, 6, 1))
    return "brightness of picture", measure([], [make_pictures(values)], name_sides(side))


def plant_contrast(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    spread = 30 + 4 * (rng.normal(size=len(side)) + 2 * shift * side)
    values = 120 + rng.normal(size=(len(side), 6, 6, 1)) * np.maximum(spread, 1)[:, None, None, None]
    return "contrast of picture", measure([], [make_pictures(values)], name_sides(side))


def plant_length(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    lengths = np.round(100 + 8 * (rng.normal(size=len(side)) + shift * side)).astype(int)
    texts = [draw_bases(rng, n) for n in lengths]
    return "length of dna", measure([make_text(texts, Kind.SEQUENCE, "dna")], [], name_sides(side))


def plant_gc(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    shares = np.clip(0.4 + 0.03 * (rng.normal(size=len(side)) + 1.8 * shift * side), 0.05, 0.95)
    texts = [draw_bases(rng, 100, gc) for gc in shares]
    return "GC share of dna", measure([make_text(texts, Kind.SEQUENCE, "dna")], [], name_sides(side))


def plant_n(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    counts = np.clip(np.round(8 + 2 * (rng.normal(size=len(side)) + shift * side)), 0, 40).astype(int)
    texts = [draw_bases(rng, 100 - n) + "N" * n for n in counts]
    return "share of N in dna", measure([make_text(texts, Kind.SEQUENCE, "dna")], [], name_sides(side))


def plant_words(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    lengths = 40 + 5 * (rng.normal(size=len(side)) + shift * side)
    return "words of note", measure([make_text([draw_words(rng, n) for n in lengths])], [], name_sides(side))


def plant_language(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    german = rng.random(len(side)) < np.where(side, 0.5 + 0.1 * shift, 0.5 - 0.1 * shift)
    texts = [f"{4 * (GERMAN if one else ENGLISH)}{draw_words(rng, 30)}" for one in german]
    return "language of note", measure([make_text(texts)], [], name_sides(side))


def plant_rare(rng: np.random.Generator, side: np.ndarray, shift: float) -> tuple[str, AuditInput]:
    counts = np.clip(np.round(6 + 1.5 * (rng.normal(size=len(side)) + shift * side)), 0, 30).astype(int)
    texts = [
        f"{draw_words(rng, 30)} {' '.join(f'code{row}x{k}' for k in range(n))}"
        for row, n in enumerate(counts)
    ]
    return "share of words of note that no other text holds", measure(
        [make_text(texts)], [], name_sides(side)
    )


def name_sides(side: np.ndarray) -> list[str]:
    return ["b" if one else "a" for one in side]


PLANTS = [
    plant_brightness,
    plant_contrast,
    plant_length,
    plant_gc,
    plant_n,
    plant_words,
    plant_language,
    plant_rare,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_what_alone_tells_the_class_is_told_and_honest_twins_are_not(
    plant: Callable[..., tuple[str, AuditInput]],
) -> None:
    hits = alarms = 0
    seeds = SEEDS if plant in (plant_brightness, plant_length) else FEW_SEEDS
    for seed in seeds:
        rng = np.random.default_rng(seed)
        side = rng.permutation(np.arange(N_ROWS) % 2)
        name, data = plant(rng, side, STRONG)
        hits += name in find(data)
        alarms += len(find(plant(rng, side, HONEST)[1])) + len(find(plant(rng, side, 0.0)[1]))
    assert hits >= 0.95 * len(seeds)
    assert alarms == 0


def test_the_question_is_in_the_words_of_the_kind_of_data() -> None:
    rng, side = np.random.default_rng(0), np.arange(N_ROWS) % 2
    told = {name: find(data)[name] for name, data in (plant(rng, side, 6.0) for plant in PLANTS[:6])}
    brightness = told["brightness of picture"].sentence
    assert "alone tells the target 'y' with AUC 0.9" in brightness or "AUC 1.0" in brightness
    assert "permuted targets reach 0." in brightness
    assert (
        "may be the true reason: is the brightness known to be a cause, or how the pictures were taken?"
        in brightness
    )
    assert "is the share of N known to be a cause, or how the sequences were chosen and cut?" in (
        told["share of N in dna"].sentence
    )
    assert "is the number of words known to be a cause" in told["words of note"].sentence
    assert "or how the texts were collected?" in told["words of note"].sentence


def test_signals_and_masks_are_measured_too() -> None:
    rng, side = np.random.default_rng(1), np.arange(N_ROWS) % 2
    values = rng.normal(size=(N_ROWS, 6, 1)) + 9 * side[:, None, None]
    found = find(measure([], [make_pictures(values, kind=Kind.SIGNAL)], name_sides(side)))
    assert "how the signals were recorded" in found["level of signal"].sentence
    masked = rng.normal(size=(N_ROWS, 6, 6, 2))
    masked[..., 1] = rng.random((N_ROWS, 6, 6)) < (0.1 + 0.6 * side)[:, None, None]
    found = find(measure([], [make_pictures(masked, mask=True)], name_sides(side)))
    assert list(found) == ["share not observed of picture"]


def test_a_number_is_told_by_the_brightness() -> None:
    rng = np.random.default_rng(2)
    level = rng.uniform(0, 200, N_ROWS)
    data = make_input(
        {"x": [str(k) for k in range(N_ROWS)], "y": [f"{one:.3f}" for one in level]}, "y", regression=True
    )
    pictures = make_pictures(level[:, None, None, None] + rng.normal(size=(N_ROWS, 6, 6, 1)))
    rows = sample_rows(data)
    found = find(replace(data, properties=list_properties((), (pictures,), rows), property_rows=rows))
    assert "R2 0.9" in found["brightness of picture"].sentence


def test_sealed_rows_are_neither_measured_nor_allowed() -> None:
    rng, side = np.random.default_rng(3), np.arange(N_ROWS) % 2
    _, data = plant_brightness(rng, side, 0.0)
    sealed = data.split.test
    assert len(sealed)
    assert np.isnan(data.properties[0].values[sealed]).all()
    assert np.isfinite(data.properties[0].values[data.rows]).all()
    with pytest.raises(StudyError, match="development rows only"):
        replace(data, property_rows=sealed)


def test_nothing_to_measure_is_said() -> None:
    data = make_input({"x": ["1", "2"] * 60, "y": ["a", "b"] * 60}, "y")
    (found,) = check_properties(data)
    assert found.title == "not applicable: one number of the whole example tells its target"
    same = measure([make_text(["ACGT"] * 120, Kind.SEQUENCE)], [], ["a", "b"] * 60)
    assert same.properties == ()
