"""Near copies of CIFAR-10 and IMDB beside what is known of them: `python bench/near_copies.py` (2 minutes)."""

from __future__ import annotations

import csv
import gzip
import lzma
import time

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shared import DATA, print_table

from heldout.lookalikes import find_lookalikes
from heldout.near_texts import find_near_texts
from heldout.sources import read_examples


def measure_pictures() -> None:
    """Known near copies of CIFAR-10's test pictures that are found, as pairs and in one family."""
    with gzip.open(DATA / "cifar10" / "index.csv.gz", "rt") as table:
        place_of = {row["file"]: (row["split"], int(row["index"])) for row in csv.DictReader(table)}
    table = read_examples(DATA / "cifar10" / "cifar10_jpeg.tar.xz")
    files = table.columns[0]
    keys = [place_of.get(name) or place_of[name.partition("/")[2]] for name in files.levels]
    row_of = {keys[code]: row for row, code in enumerate(files.codes.tolist())}
    begun = time.process_time()
    found = find_lookalikes(table.arrays[0])
    spent = time.process_time() - begun
    pairs = {tuple(pair) for pair in found.pairs.tolist()}
    n = len(table.lines)
    graph = coo_array((np.ones(len(found.pairs), np.int8), tuple(found.pairs.T)), shape=(n, n))
    family = connected_components(graph, directed=False)[1]
    rows = []
    with (DATA / "cifair_duplicates" / "duplicates_cifar10.csv").open() as listed:
        known = list(csv.DictReader(listed))
    for judgment, what in (("1", "near copies"), ("2", "very similar")):
        asked = [item for item in known if item["Judgment"] == judgment]
        ends = [
            sorted((row_of["train", int(item["TrainID"])], row_of["test", int(item["TestID"])]))
            for item in asked
        ]
        as_pair = sum(tuple(pair) in pairs for pair in ends)
        rows.append([what, len(asked), as_pair, sum(family[one] == family[other] for one, other in ends)])
    print(f"\n{n:,} pictures in {spent:.0f} s of one core, {len(pairs):,} pairs from {found.limit:.3f} on\n")
    print_table(["called by people", "pairs", "found", "in one family"], rows)


def measure_texts() -> None:
    """Copies among IMDB's reviews, in all and between train and test."""
    csv.field_size_limit(10**9)
    with lzma.open(DATA / "imdb50k" / "reviews.csv.xz", "rt", encoding="utf-8") as table:
        reviews = [(row["split"], row["text"]) for row in csv.DictReader(table)]
    texts = [text for _, text in reviews]
    begun = time.process_time()
    found = find_near_texts(texts)
    spent = time.process_time() - begun
    crossing = [(one, other) for one, other in found.pairs.tolist() if reviews[one][0] != reviews[other][0]]
    exact = {
        one if reviews[one][0] == "test" else other for one, other in crossing if texts[one] == texts[other]
    }
    every = {one if reviews[one][0] == "test" else other for one, other in crossing}
    print(f"\n{len(texts):,} reviews in {spent:.0f} s of one core: {len(found.pairs):,} pairs\n")
    print_table(
        ["test reviews that copy a train review", "n"], [["exact", len(exact)], ["exact or near", len(every)]]
    )


if __name__ == "__main__":
    measure_texts()
    measure_pictures()
