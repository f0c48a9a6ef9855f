"""A column in numbers, for the classifier of column kinds: counts, samples and its name."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.cells.keynames import split_name
from heldout.cells.numbers import parse_number
from heldout.cells.quantities import parse_quantity
from heldout.records import FloatArray

N_SAMPLES = 5
_NAME_BUCKETS = 192
_DATE = re.compile(
    r"\s*([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[0-9]{1,2}[ -][A-Za-z]{3,9}[ -,]|[A-Za-z]{3,9}[ -][0-9]{1,4}"
    r"|[0-9]{1,2}:[0-9]{2}"
    r"|(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]\s*$)"
)
_URL = re.compile(r"https?://|www\.|\.(com|org|net|gov|edu|jpg|png|html?)\b")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "has",
        "he",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "that",
        "the",
        "to",
        "was",
        "were",
        "will",
        "with",
        "this",
        "or",
    ]
)
_MIXED = re.compile(r"[0-9].*[A-Za-z]|[A-Za-z].*[0-9]")
_EMBEDDED = re.compile(
    r"\s*[$\u20ac\u00a3#]?\s*[+-]?[0-9][0-9.,]*\s*[A-Za-z%$\u20ac\u00b0/+\"']+[A-Za-z0-9%/. ]*"
)
_YEAR = re.compile(r"\s*(1[89]|20)[0-9]{2}(\.0)?\s*")
_WORDS = tuple(
    [
        "id",
        "key",
        "code",
        "no",
        "number",
        "num",
        "nbr",
        "zip",
        "postal",
        "fips",
        "isbn",
        "phone",
        "date",
        "time",
        "year",
        "month",
        "day",
        "week",
        "hour",
        "dt",
        "timestamp",
        "created",
        "updated",
        "count",
        "total",
        "sum",
        "avg",
        "mean",
        "max",
        "min",
        "rate",
        "ratio",
        "pct",
        "percent",
        "amount",
        "price",
        "cost",
        "value",
        "score",
        "age",
        "weight",
        "height",
        "size",
        "length",
        "width",
        "area",
        "latitude",
        "longitude",
        "lat",
        "lon",
        "lng",
        "name",
        "title",
        "description",
        "desc",
        "comment",
        "text",
        "note",
        "summary",
        "url",
        "link",
        "image",
        "type",
        "category",
        "class",
        "group",
        "level",
        "status",
        "flag",
        "gender",
        "sex",
        "race",
        "grade",
        "rank",
        "city",
        "state",
        "country",
        "county",
        "region",
        "address",
        "street",
        "list",
        "tags",
        "keywords",
        "index",
        "unnamed",
        "version",
        "x",
        "y",
        "is",
        "has",
        "q",
        "population",
        "temp",
        "speed",
        "distance",
        "duration",
    ]
)


@dataclass(frozen=True)
class Portrait:
    """What the classifier sees of a column.

    Args:
        name: column name.
        n_cells: rows.
        n_missing: rows without a value.
        n_distinct: distinct values.
        mean: mean of the numbers, 0 for texts.
        spread: standard deviation of the numbers, 0 for texts.
        low: smallest number, 0 for texts.
        high: largest number, 0 for texts.
        samples: up to five distinct cells.
    """

    name: str
    n_cells: int
    n_missing: int
    n_distinct: int
    mean: float
    spread: float
    low: float
    high: float
    samples: tuple[str, ...]


def draw_portrait(portrait: Portrait) -> FloatArray:
    """The numbers that the classifier's trees look at.

    Args:
        portrait: the column.

    Returns:
        float32 [features], finite.

    Example:
        >>> draw_portrait(Portrait("age", 300, 0, 41, 54.4, 9.0, 29, 77, ("63", "67", "37"))).dtype
        dtype('float32')
    """
    samples = [text for text in portrait.samples if text.strip()][:N_SAMPLES]
    cells = max(portrait.n_cells, 1)
    present = max(cells - portrait.n_missing, 1)
    counts = [
        math.log1p(cells),
        portrait.n_missing / cells,
        math.log1p(portrait.n_distinct),
        portrait.n_distinct / cells,
        portrait.n_distinct / present,
        math.log1p(present / max(portrait.n_distinct, 1)),
        *(_shrink(number) for number in (portrait.mean, portrait.spread, portrait.low, portrait.high)),
        _shrink(portrait.spread / abs(portrait.mean)) if portrait.mean else 0.0,
        (portrait.high - portrait.low + 1) / max(portrait.n_distinct, 1)
        if portrait.high - portrait.low < 1e6
        else -1.0,
        float(portrait.low == 0.0),
        float(portrait.low == 1.0),
        float(portrait.high == portrait.n_distinct),
        float(portrait.low == round(portrait.low) and portrait.high == round(portrait.high)),
        float(portrait.low >= 1800 and portrait.high <= 2100),
    ]
    return np.array([*counts, *_draw_samples(samples), *_draw_name(portrait.name)], np.float32)


def _shrink(number: float) -> float:
    bounded = min(max(number, -1e30), 1e30) if number == number else 0.0
    return math.copysign(math.log1p(abs(bounded)), bounded)


def _draw_samples(samples: Sequence[str]) -> list[float]:
    n = max(len(samples), 1)
    numbers = [parse_number(text) for text in samples]
    given = [number for number in numbers if number is not None]
    lengths = [len(text) for text in samples] or [0]
    words = [len(text.split()) for text in samples] or [0]
    tests = (
        [number is not None for number in numbers],
        [number is not None and number == round(number) for number in numbers],
        ["." in text and number is not None for text, number in zip(samples, numbers, strict=True)],
        [text.strip()[:1] == "0" and text.strip().isdigit() and len(text.strip()) > 1 for text in samples],
        [bool(_DATE.match(text)) for text in samples],
        [bool(_URL.search(text)) for text in samples],
        [bool(_MIXED.search(text)) for text in samples],
        [bool(_EMBEDDED.fullmatch(text)) for text in samples],
        [parse_number(text) is None and parse_quantity(text) is not None for text in samples],
        [bool(_YEAR.fullmatch(text)) for text in samples],
        [text.strip().isupper() for text in samples],
        [text.strip().isalpha() for text in samples],
        [text.count(",") >= 1 for text in samples],
        [text.count(",") >= 2 for text in samples],
        [";" in text or "|" in text for text in samples],
        [":" in text for text in samples],
        ["-" in text.strip()[1:] for text in samples],
        ["/" in text for text in samples],
        ["_" in text for text in samples],
        ["@" in text for text in samples],
        [text.strip()[:1] in ("[", "{", "(") for text in samples],
        ["%" in text or "$" in text for text in samples],
        [text.rstrip().endswith((".", "!", "?")) for text in samples],
        [text.strip().casefold() in _BOOLEAN for text in samples],
    )
    stops = [sum(word.casefold() in _STOP for word in text.split()) for text in samples] or [0]
    digits = [sum(c.isdigit() for c in text) / max(len(text), 1) for text in samples] or [0]
    letters = [sum(c.isalpha() for c in text) / max(len(text), 1) for text in samples] or [0]
    spaced = np.diff(given) if len(given) > 1 else np.zeros(1)
    return [
        *(sum(test) / n for test in tests),
        float(np.mean(lengths)), float(np.std(lengths)), float(max(lengths)), float(min(lengths)),
        float(np.mean(words)), float(np.std(words)), float(max(words)),
        float(np.mean(stops)), float(np.mean(digits)), float(np.std(digits)), float(np.mean(letters)),
        len(set(samples)) / n, float(len(samples)),
        _shrink(float(np.mean(given))) if given else 0.0,
        _shrink(float(np.std(given))) if given else 0.0,
        float(bool((spaced == 1).all())), float(bool((spaced > 0).all())),
        float(np.mean([len(text.partition(".")[2]) for text in samples])) if samples else 0.0,
        float(np.mean([text.count(",") + text.count(";") + text.count("|") for text in samples])) if samples else 0.0,
    ]  # fmt: skip


_BOOLEAN = frozenset({"true", "false", "yes", "no", "y", "n", "t", "f"})


def _draw_name(name: str) -> list[float]:
    parts = set(split_name(name))
    lower = name.casefold()
    made = [0.0] * _NAME_BUCKETS
    for size in (3, 4):
        padded = f" {lower[:60]} "
        for start in range(len(padded) - size + 1):
            # CRC-32: the same on every machine, unlike hash().
            made[zlib.crc32(padded[start : start + size].encode("utf-8", "replace")) % _NAME_BUCKETS] = 1.0
    return [
        *(float(word in parts) for word in _WORDS),
        float(lower.endswith("id")),
        float(len(name)),
        float(len(parts)),
        float(name.isupper()),
        sum(c.isdigit() for c in name) / max(len(name), 1),
        *made,
    ]
