"""Near copies of CIFAR-10 and IMDB beside what is known of them, and planted ones across the parts of real tables.

`python bench/near_copies.py` (2 minutes), or `--only rows` for the tables (half a minute).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import lzma
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shared import DATA, print_table

from heldout.lookalikes import find_lookalikes
from heldout.near_texts import find_near_texts
from heldout.settings import Settings
from heldout.sources import read_examples, read_table
from heldout.stages.reading import read_data


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


TABLES = {
    "pima/pima-indians-diabetes.csv": "no",
    "heart_disease_uci/processed.cleveland.data": "auto",
    "abalone/abalone.csv": "auto",
    "titanic/titanic.csv": "auto",
    "parkinsons/parkinsons.csv": "auto",
    "bike_sharing/bike_sharing.csv.gz": "auto",
    "california_housing/california_housing.csv.gz": "auto",
    "adult/adult-train.csv.gz": "no",
    "employee_salaries/employee_salaries.csv.gz": "auto",
    "breast_cancer_wisconsin/breast-cancer-wisconsin.data": "no",
    "diabetes130/diabetic_data.csv.gz": "auto",
}
MOST_ROWS = 6_000


def measure_rows() -> None:
    """Rows of a test file that repeat a training row but for a cell, or in rounded numbers: found, and false alarms."""
    rows = []
    for name, header in TABLES.items():
        table = read_table(DATA / name, header=header)
        rng = np.random.default_rng(0)
        kept = rng.permutation(len(table.lines))[:MOST_ROWS]
        cells = {
            column.name: [column.levels[code] if code >= 0 else "" for code in column.codes[kept]]
            for column in table.columns
        }
        whole = pl.DataFrame(cells)
        test, train = whole.head(len(whole) // 4), whole.tail(len(whole) - len(whole) // 4)
        found = [_count_found(way, train, test, rng) for way in ("", "cell", "decimals")]
        rows.append([name.split("/")[0], str(len(whole)), *found])
    told = ["table", "rows", "clean: called near", "one cell changed", "a decimal less"]
    print_table(told, rows)


def _count_found(way: str, train: pl.DataFrame, test: pl.DataFrame, rng: np.random.Generator) -> str:
    """Of a twentieth of the test rows, made copies of training rows, those that are found, and others."""
    n_copies = max(5, len(test) // 20) if way else 0
    copies = train.head(n_copies)
    if way == "cell":
        rows = [list(row) for row in copies.rows()]
        for row in rows:
            place = int(rng.integers(len(row) - 1))
            row[place] = test[test.columns[place]][int(rng.integers(len(test)))]
        copies = pl.DataFrame(rows, schema=train.schema, orient="row")
    made = pl.concat([copies, test.tail(len(test) - n_copies)])
    if way == "decimals":
        made = made.with_columns(pl.Series(name, list(map(_round_text, made[name]))) for name in made.columns)
    with tempfile.TemporaryDirectory() as folder:
        train.write_csv(Path(folder) / "train.csv")
        made.write_csv(Path(folder) / "test.csv")
        said = {"target": train.columns[-1], "test": f"{folder}/test.csv", "header": "yes", "delimiter": ","}
        links = read_data(Path(folder) / "train.csv", Settings.model_validate(said)).links
    near = {int(row) - len(train) for each in links.near if each.what == "rows" for row in each.pairs[:, 1]}
    exact = {row for row in range(len(made)) if links.first_of_duplicate[len(train) + row] < len(train)}
    if not way:
        return f"{len(near)} of {len(made)}"
    return f"{sum(row < n_copies for row in near | exact)} of {n_copies}, {sum(row >= n_copies for row in near)} others"


def _round_text(text: str) -> str:
    whole, dot, decimals = text.partition(".")
    if not dot or not decimals.isdigit() or not whole.lstrip("-").isdigit():
        return text
    return f"{float(text):.{len(decimals) - 1}f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", choices=["", "rows", "texts", "pictures"])
    only = parser.parse_args().only
    for what, measure in (("rows", measure_rows), ("texts", measure_texts), ("pictures", measure_pictures)):
        if only in ("", what):
            measure()
