"""The public data sets of the published effects, read as they come: fit rows first, then the rows that are judged."""

from __future__ import annotations

import csv
import gzip
import io
import lzma
import re
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from shared import DATA

IDX_HEADER = {1: 8, 3: 16}  # bytes before the numbers, by number of axes
WORD = re.compile(r"[a-z0-9']+")
MOST_WORDS = 10_000
CIFAR_FIT = 10_000  # the first of the original five batches of training pictures


@dataclass(frozen=True)
class Rows:
    """Features and classes.

    Args:
        features: uint8 [N, ...].
        target: int64 [N], class index.
        n_fit: so many rows at the beginning are fitted, the others judged.
    """

    features: np.ndarray
    target: np.ndarray
    n_fit: int


def read_mnist() -> Rows:
    """60,000 and 10,000 pictures 28 x 28 of digits."""
    parts = [
        (
            _read_idx(f"{part}-images-idx3-ubyte.gz").reshape(-1, 28, 28, 1),
            _read_idx(f"{part}-labels-idx1-ubyte.gz"),
        )
        for part in ("train", "t10k")
    ]
    (fit, fit_target), (test, test_target) = parts
    return Rows(
        np.concatenate([fit, test]), np.concatenate([fit_target, test_target]).astype(np.int64), len(fit)
    )


def _read_idx(name: str) -> np.ndarray:
    raw = gzip.decompress((DATA / "mnist" / name).read_bytes())
    return np.frombuffer(raw, np.uint8, offset=IDX_HEADER[raw[3]])


def read_imdb() -> Rows:
    """25,000 and 25,000 reviews: which of the 10,000 most frequent words of the fit reviews occur, one byte a word."""
    csv.field_size_limit(1_000_000)
    with lzma.open(DATA / "imdb50k" / "reviews.csv.xz", "rt", encoding="utf-8", newline="") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: row["split"] != "train")
    words = [WORD.findall(row["text"].lower().replace("<br />", " ")) for row in rows]
    n_fit = sum(row["split"] == "train" for row in rows)
    counts = Counter(word for review in words[:n_fit] for word in review)
    place = {word: index for index, (word, _) in enumerate(counts.most_common(MOST_WORDS))}
    features = np.zeros((len(rows), MOST_WORDS), np.uint8)
    for row, review in zip(features, words, strict=True):
        row[[place[word] for word in review if word in place]] = 1
    return Rows(features, np.array([row["label"] == "pos" for row in rows], np.int64), n_fit)


def read_cifar() -> Rows:
    """10,000 pictures 32 x 32 of ten classes (the first original batch), and the 10,000 test pictures."""
    folder = DATA / "cifar10"
    with gzip.open(folder / "index.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        listed = {
            row["file"]: (row["split"] == "test", int(row["index"]), int(row["label"]))
            for row in csv.DictReader(stream)
            if row["split"] == "test" or int(row["index"]) < CIFAR_FIT
        }
    pictures = _read_pictures(folder / "cifar10_jpeg.tar.xz", set(listed))
    names = sorted(pictures, key=lambda name: listed[name][:2])
    return Rows(
        np.stack([pictures[name] for name in names]),
        np.array([listed[name][2] for name in names], np.int64),
        CIFAR_FIT,
    )


def _read_pictures(archive: Path, wanted: set[str]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with tarfile.open(archive, "r:xz") as files:
        for member in files:
            name = "/".join(member.name.split("/")[-3:])
            stream = files.extractfile(member) if name in wanted else None
            if stream is not None:
                found[name] = np.asarray(Image.open(io.BytesIO(stream.read())).convert("RGB"))
    if len(found) != len(wanted):
        raise SystemExit(f"{archive}: {len(found)} of {len(wanted)} pictures found")
    return found
