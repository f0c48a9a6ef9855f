"""The shipped classifier."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from heldout.cells import kindtrees
from heldout.cells.kindtrees import CONFIDENCE_LINE, load_trees, weigh_kinds
from heldout.cells.portrait import Portrait, draw_portrait

SORTINGHAT = Path(__file__).parents[2] / ".." / "shared" / "data" / "sortinghat" / "sortinghat_train.csv.gz"


def test_the_trees_are_small_and_whole() -> None:
    path = Path(kindtrees.__file__).with_name("kind_trees.json")
    assert path.stat().st_size < 500_000
    width = json.loads(path.read_text())["features"]
    assert draw_portrait(Portrait("a", 1, 0, 1, 0, 0, 0, 0, ("x",))).shape == (width,)
    for _, features, values, rights in load_trees().trees:
        assert len(features) == len(values) == len(rights)
        assert all(
            place < right < len(features) for place, right in enumerate(rights) if features[place] >= 0
        )


def test_probabilities_sum_to_one_and_are_ordered() -> None:
    weighed = weigh_kinds(Portrait("created_at", 100, 0, 90, 0, 0, 0, 0, ("2021-03-04", "2021-03-05")))
    assert weighed[0][0] == "datetime"
    assert sum(share for _, share in weighed) == pytest.approx(1)
    assert [share for _, share in weighed] == sorted((share for _, share in weighed), reverse=True)


@pytest.mark.parametrize("name", ["", "\ud800", "x" * 1000])
def test_strange_names_and_empty_columns_are_drawn(name: str) -> None:
    drawn = draw_portrait(Portrait(name, 0, 0, 0, float("nan"), 0, 0, 1e300, ()))
    assert np.isfinite(drawn).all()


def test_trees_read_the_columns_they_were_trained_on() -> None:
    """Not a measure of skill (bench/train_kinds.py --check is), but that training and use draw alike."""
    if not SORTINGHAT.is_file():
        pytest.skip(f"{SORTINGHAT.name} is not there")
    with gzip.open(SORTINGHAT, "rt", encoding="utf-8", errors="replace", newline="") as stream:
        rows = list(csv.DictReader(stream))[::80]
    numbers = ("mean", "std_dev", "min_val", "max_val")
    right = sure = sure_right = 0
    for row in rows:
        values = [float(row[key] or 0) for key in numbers]
        counts = [int(float(row[key])) for key in ("total_vals", "num_nans", "num_of_dist_val")]
        samples = tuple(row[f"sample_{i}"] or "" for i in range(1, 6))
        kind, share = weigh_kinds(Portrait(row["Attribute_name"], *counts, *values, samples))[0]
        right += kind == row["y_act"]
        sure += share >= CONFIDENCE_LINE
        sure_right += share >= CONFIDENCE_LINE and kind == row["y_act"]
    assert right >= 0.95 * len(rows)
    assert sure_right >= 0.985 * sure
    assert sure >= 0.7 * len(rows)
