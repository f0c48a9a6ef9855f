"""The real MNIST and IMDB in a user's folder, in the shapes in which people have them."""

from __future__ import annotations

import gzip
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from heldout.demos.shipped import Pictures, Texts, read_texts
from heldout.errors import DataError
from heldout.records import IndexArray, Table
from heldout.sources import read_examples, read_table

# As published, and with a dot as some copies have it; packed or not.
PACKING = re.compile(r"\.(gz|xz|zip)$", re.IGNORECASE)
IDX_NAME = re.compile(r"train-images[-.]idx3-ubyte(\.gz|\.xz)?", re.IGNORECASE)
TABLE_NAME = re.compile(r"(reviews|.*imdb.*)\.(csv|tsv)(\.gz|\.xz|\.zip)?", re.IGNORECASE)
# What the path of one among several says, the most telling first.
MNIST_PATHS = (r"(^|/)mnist/", "mnist")
IMDB_PATHS = (r"imdb.*/reviews\.", r"imdb[ _-]dataset\.", r"imdb[^/]*review", "imdb")
TEXT_NAMES, LABEL_NAMES = ("text", "review", "sentence"), ("label", "sentiment")
PART_NAMES, TRAIN_WORDS = ("split", "part", "type"), ("train", "training")
_ASKED = (TEXT_NAMES, LABEL_NAMES, PART_NAMES)
SIGNS = {"pos": 1.0, "positive": 1.0, "1": 1.0, "neg": 0.0, "negative": 0.0, "0": 0.0}
NO_SIGN = ("unsup", "unsupervised")  # the part of the published reviews that nobody has judged
LONGEST_HEAD = 4_096  # bytes of a first line in which the names of columns are sought
MOST_TEXTS = 25_000  # the published training part; of a table that names no parts so many are drawn


def find_mnist(folder: Path) -> Pictures:
    """The training pictures of the real MNIST in a user's folder.

    Args:
        folder: holds the idx files (`train-images-idx3-ubyte`, packed or not, and its labels), itself or up to two
            folders below; where other data of that form lie beside it, in a folder called MNIST.

    Raises:
        DataError: they are not there, or in several places.

    Example:
        >>> find_mnist(Path("no/such/folder"))
        Traceback (most recent call last):
        heldout.errors.DataError: no MNIST in 'no/such/folder': expected train-images-idx3-ubyte(.gz) there ...
    """
    pictures = (path for path in _list_below(folder) if IDX_NAME.fullmatch(path.name) and path.is_file())
    found = _choose(folder, (path for path in pictures if _has_labels(path)), MNIST_PATHS)
    if found is None:
        raise DataError(
            f"no MNIST in {str(folder)!r}: expected train-images-idx3-ubyte(.gz) there or up to two folders below",
            hint="put its idx files into one folder",
        )
    table = read_examples(found)
    values = np.asarray(table.arrays[0].values, np.float32)[..., 0]
    label = next(column for column in table.columns if column.name == "label")
    digits = np.array([float(level) for level in label.levels])[label.codes]
    source = "MNIST, from your folder: the published training part; its test part stayed closed."
    return Pictures(values / np.float32(255.0), digits, f"{len(values):,} digits of MNIST", source)


def find_imdb(folder: Path) -> Texts:
    """The training reviews of the real IMDB set in a user's folder.

    Args:
        folder: holds `train/pos` and `train/neg` (as unpacked), or a table (packed or not) called `reviews.csv` or
            with "imdb" in its name, with a column of texts (text, review, sentence), one of judgements (label,
            sentiment: pos, neg, positive, negative, 1, 0) and, if it has the published parts, one that names them
            (split, part, type: train); itself or up to two folders below.

    Returns:
        The reviews of the training part; where none is named, at most 25,000 drawn evenly from all, and `source`
        says so.

    Raises:
        DataError: they are not there, in several places, or the table is another one.
    """
    unpacked = _choose(folder, (path.parent for path in _list_below(folder, "train/pos")), IMDB_PATHS)
    if unpacked is not None:
        table = read_examples(unpacked)
        texts, labels = read_texts(table, "text"), read_texts(table, "label")
        kept = np.array([place for place, label in enumerate(labels) if label in ("pos", "neg")])
        said = "the published training part; its test part stayed closed"
    else:
        tables = [p for p in _list_below(folder) if TABLE_NAME.fullmatch(p.name) and p.is_file()]
        # Tables of films or actors pass too where there is no other: they are refused with what they hold.
        found = _choose(folder, [p for p in tables if _has_reviews(p)] or tables, IMDB_PATHS)
        if found is None:
            raise DataError(
                f"no IMDB reviews in {str(folder)!r}: expected train/pos and train/neg, or reviews.csv, there or "
                "up to two folders below",
                hint="unpack aclImdb_v1.tar.gz there",
            )
        texts, labels, kept, said = _read_reviews(found)
    target = np.array([SIGNS[labels[place].strip().casefold()] for place in kept])
    return Texts(
        tuple(texts[place] for place in kept),
        target,
        f"{len(kept):,} reviews of IMDB",
        f"IMDB reviews (Maas et al. 2011), from your folder: {said}.",
    )


def _read_reviews(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], IndexArray, str]:
    """Texts, labels, which of them count, and in words which these are."""
    table = read_table(path)
    text_name, label_name, part_name = (_find_name(table, names) for names in _ASKED)
    if not text_name or not label_name:
        raise DataError(
            f"{str(path)!r} has the columns {', '.join(column.name for column in table.columns)}; expected one of "
            f"{', '.join(TEXT_NAMES)} and one of {', '.join(LABEL_NAMES)}",
            hint="rename its columns, or unpack aclImdb_v1.tar.gz there",
        )
    texts, labels = read_texts(table, text_name), read_texts(table, label_name)
    judged = _find_judged(labels, f"{str(path)!r}, column {label_name}")
    if not judged.size:
        raise DataError(
            f"{str(path)!r}: none of its {len(labels):,} reviews is judged: {label_name} says "
            f"{', '.join(sorted({repr(label.strip()) for label in labels}))} throughout",
            hint="give the table with the training reviews and their judgements (pos, neg)",
        )
    if not part_name:
        drawn = np.sort(np.random.default_rng(0).permutation(judged)[:MOST_TEXTS])
        said = (
            f"{len(drawn):,} of its {len(judged):,}; which are the published test part the file does not say"
        )
        return texts, labels, drawn, said
    parts = read_texts(table, part_name)
    kept = np.array([place for place in judged if parts[place].strip().casefold() in TRAIN_WORDS], np.int64)
    if not kept.size:
        raise DataError(
            f"{str(path)!r} holds no review of the training part: {part_name} never says train",
            hint="give the table with the training reviews",
        )
    return texts, labels, kept, f"the rows whose {part_name} is train; the others stayed closed"


def _find_name(table: Table, names: tuple[str, ...]) -> str:
    """The column of one of these names, whatever its capitals, or ""."""
    by_name = {column.name.strip().casefold(): column.name for column in table.columns}
    return next((by_name[name] for name in names if name in by_name), "")


def _find_judged(labels: tuple[str, ...], where: str) -> IndexArray:
    """Positions of the reviews with a judgement; a word that is none is refused."""
    signs = [label.strip().casefold() for label in labels]
    strange = next((place for place, sign in enumerate(signs) if sign not in (*SIGNS, *NO_SIGN)), None)
    if strange is not None:
        raise DataError(
            f"{where}, review {strange + 1}: {labels[strange]!r}; expected {', '.join((*SIGNS, *NO_SIGN))}",
            hint="is this another table?",
        )
    return np.array([place for place, sign in enumerate(signs) if sign in SIGNS], np.int64)


def _list_below(folder: Path, name: str = "*") -> Iterable[Path]:
    """What matches in a folder or up to two folders below, the nearest first."""
    return (path for depth in ("", "*/", "*/*/") for path in sorted(folder.glob(depth + name)))


def _has_labels(path: Path) -> bool:
    return any("train-labels" in beside.name.casefold() for beside in path.parent.iterdir())


def _has_reviews(path: Path) -> bool:
    """Whether the first line names a column of texts and one of judgements; a file that cannot be opened has none."""
    try:
        if path.suffix.casefold() == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as stream:
                head = stream.readline(LONGEST_HEAD)
        else:
            opener = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix.casefold(), open)
            with opener(path, "rb") as stream:
                head = stream.readline(LONGEST_HEAD)
    except (OSError, EOFError, IndexError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile):
        return False
    names = {
        name.strip("\ufeff\"' ")
        for name in re.split(r"[,;\t|]", head.decode("utf-8", "replace").strip().casefold())
    }
    return not names.isdisjoint(TEXT_NAMES) and not names.isdisjoint(LABEL_NAMES)


def _choose(folder: Path, found: Iterable[Path], telling: tuple[str, ...]) -> Path | None:
    """The one that is meant: a file and its packed copy are one; of several the one with the most telling path."""
    copies: dict[str, Path] = {}
    for path in found:
        copies.setdefault(PACKING.sub("", path.relative_to(folder).as_posix().casefold()), path)
    for pattern in (*telling, ""):
        candidates = [path for name, path in copies.items() if re.search(pattern, name)]
        if len(candidates) > 1:
            raise DataError(
                f"{str(folder)!r} holds several: {', '.join(str(path) for path in candidates)}",
                hint="give a folder that holds one of them",
            )
        if candidates:
            return candidates[0]
    return None
