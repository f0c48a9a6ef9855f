"""Folders of made pictures and reviews in the shapes in which MNIST and IMDB lie on people's disks."""

import csv
import gzip
import io
import lzma
import struct

import numpy as np

GOOD, BAD = ("fine", "great", "lovely"), ("awful", "poor", "dull")


def draw_digits(n_rows, seed=0):
    """Pictures whose class is where they are dark, with noise; [N, 28, 28] bytes and labels."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n_rows) % 10).astype(np.uint8)
    pictures = rng.integers(0, 60, (n_rows, 28, 28), dtype=np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        row, column = divmod(int(label), 4)
        picture[8 * row : 8 * row + 6, 7 * column : 7 * column + 5] += 180
    return pictures, labels


def write_mnist(folder, n_rows=4, *, dot="-", suffix=".gz"):
    """The four idx files; those of the test part hold other rows."""
    folder.mkdir(parents=True, exist_ok=True)
    pack = {".gz": gzip.compress, ".xz": lzma.compress, "": bytes}[suffix]
    for part, seed in (("train", 0), ("t10k", 1)):
        pictures, labels = draw_digits(n_rows, seed)
        head = struct.pack(">IIII", 0x803, n_rows, 28, 28)
        (folder / f"{part}-images{dot}idx3-ubyte{suffix}").write_bytes(pack(head + pictures.tobytes()))
        head = struct.pack(">II", 0x801, n_rows)
        (folder / f"{part}-labels{dot}idx1-ubyte{suffix}").write_bytes(pack(head + labels.tobytes()))
    return folder


def draw_reviews(n_rows, seed=0):
    """(text, "pos" or "neg"): one telling word in three, and words that mark single reviews."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_rows):
        sign = "pos" if number % 2 else "neg"
        words = [*rng.choice([f"word{at}" for at in range(3 * n_rows)], 12), "film", "the"]
        if number % 3:
            words.append(rng.choice(GOOD if number % 2 else BAD))
        rows.append((" ".join(rng.permutation(words)) + ", a film<br />", sign))
    return rows


def write_unpacked(folder, n_rows):
    """As `aclImdb_v1.tar.gz` unpacks: judged and unjudged reviews, one a file, and lists beside them."""
    for part, seed in (("train", 0), ("test", 1)):
        for number, (text, sign) in enumerate(draw_reviews(n_rows, seed)):
            for name in (sign, "unsup"):
                place = folder / part / name / f"{number}_7.txt"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(f"{part} {text}", encoding="utf-8")
        (folder / part / "urls_pos.txt").write_text("http://example.org/title\n" * n_rows)
        (folder / part / "labeledBow.feat").write_text("9 0:9 1:1 2:4\n" * n_rows)
    (folder / "README").write_text("Large Movie Review Dataset\n")
    return folder


def write_reviews(path, columns, rows):
    """A CSV, packed when its name says so."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(columns)
    writer.writerows(rows)
    raw = lines.getvalue().encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes({".xz": lzma.compress, ".gz": gzip.compress}.get(path.suffix, bytes)(raw))
    return path
