"""The shipped classifier of column kinds: small trees in JSON, evaluated with numpy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from heldout.cells.portrait import Portrait, draw_portrait
from heldout.records import DoubleArray, FloatArray

_FILE = Path(__file__).with_name("kind_trees.json")
# At this confidence at least 98.5 % of columns are right (bench/train_kinds.py --check); below it the column asks.
CONFIDENCE_LINE = 0.8


@dataclass(frozen=True)
class KindTrees:
    """The trees.

    Args:
        classes: names of the nine types.
        base: float64 [classes], score before any tree.
        temperature: scores are divided by it, so that the confidence line holds.
        trees: per tree its class, and per node the feature (-1 for a leaf), the threshold (or the leaf's score) and
            the right child; the left child is the next node.
    """

    classes: tuple[str, ...]
    base: DoubleArray
    temperature: float
    trees: tuple[tuple[int, tuple[int, ...], tuple[float, ...], tuple[int, ...]], ...]


@lru_cache(maxsize=1)
def load_trees() -> KindTrees:
    """Read the shipped trees once.

    Example:
        >>> len(load_trees().classes)
        9
    """
    given = json.loads(_FILE.read_text(encoding="ascii"))
    trees = tuple((label, tuple(f), tuple(v), tuple(r)) for label, f, v, r in given["trees"])
    return KindTrees(tuple(given["classes"]), np.array(given["base"]), float(given["temperature"]), trees)


def weigh_kinds(portrait: Portrait) -> tuple[tuple[str, float], ...]:
    """The types a column may be of with their probabilities, most likely first.

    Args:
        portrait: the column's name, counts and samples.

    Returns:
        Pairs of SortingHat's types: numeric, categorical, datetime, sentence, url, embedded-number, list,
        not-generalizable, context-specific.

    Example:
        >>> weigh_kinds(Portrait("price", 300, 0, 290, 54.4, 9.0, 29.5, 77.1, ("63.2", "67.9", "37.1")))[0][0]
        'numeric'
    """
    trees = load_trees()
    scores = trees.base.copy()
    numbers: FloatArray = draw_portrait(portrait)
    looked = numbers.tolist()
    for label, features, values, rights in trees.trees:
        place = 0
        while features[place] >= 0:
            place = place + 1 if looked[features[place]] <= values[place] else rights[place]
        scores[label] += values[place]
    powered = np.exp((scores - scores.max()) / trees.temperature)
    shares = powered / powered.sum()
    ordered = sorted(zip(trees.classes, shares.tolist(), strict=True), key=lambda item: -item[1])
    return tuple(ordered)
