"""Whole studies of texts, sequences, pictures, spectra: scores with intervals, verdict, seconds, memory.

    python bench/kinds.py [NAME ...] [--preset quick] [--folds 1]

Each study runs as a process of its own. Where a data set has no test part of its own, it is cut into five parts that
keep the shares of the classes, and each is the test part of one study.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import lzma
import statistics
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from shared import DATA, Case, Measured, describe_machine, print_table, run_case, say_interval

N_FOLDS = 5
HEAD = [
    "data",
    "metric",
    "goal",
    "stretch",
    "value",
    "interval (first)",
    "best baseline",
    "ladder",
    "onset",
    "verdict",
    "chosen",
    "s a run",
    "s allowed",
    "MB",
]


@dataclass(frozen=True)
class Goal:
    """What is asked of one data set.

    Args:
        metric: name in the answer.
        least: value that must be reached.
        stretch: value to strive for.
        minutes: one run may take so long.
        prepare: writes what is studied below a folder, one case for each test part.
    """

    metric: str
    least: float
    stretch: float
    minutes: float
    prepare: Callable[[Path], Iterator[Case]]


def cut_folds(labels: list[str]) -> np.ndarray:
    """Deal rows to five parts so that every class is spread evenly: int64 [N]."""
    fold = np.empty(len(labels), np.int64)
    rng = np.random.default_rng(0)
    for label in sorted(set(labels)):
        rows = np.flatnonzero(np.array(labels) == label)
        fold[rng.permutation(rows)] = np.arange(len(rows)) % N_FOLDS
    return fold


def write_folds(place: Path, name: str, rows: list[tuple[str, str]], *options: str) -> Iterator[Case]:
    """Write pairs of content and label as CSV files, one pair of files for each fold."""
    fold = cut_folds([label for _, label in rows])
    for part in range(N_FOLDS):
        names = [place / f"{name}_{part}_{which}.csv" for which in ("train", "test")]
        for path, chosen in zip(names, (fold != part, fold == part), strict=True):
            with path.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream)
                writer.writerow(["content", "label"])
                writer.writerows(rows[row] for row in np.flatnonzero(chosen))
        yield Case(name, str(names[0]), "label", str(names[1]), options=options)


def read_lines(path: str) -> list[str]:
    """Give the lines of a text file below the data folder; bytes that are no UTF-8 are Latin-1."""
    raw = (DATA / path).read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return [line.strip() for line in text.split("\n") if line.strip()]


def read_fasta(path: str) -> list[tuple[str, str]]:
    """Give (header, sequence) of each record of a packed FASTA file."""
    records = gzip.decompress((DATA / path).read_bytes()).decode().split(">")[1:]
    return [(head, "".join(body.split())) for head, _, body in (record.partition("\n") for record in records)]


def prepare_sms(place: Path) -> Iterator[Case]:
    pairs = (line.partition("\t") for line in read_lines("sms_spam/SMSSpamCollection"))
    # "spam" sorts last and so is the positive class
    return write_folds(place, "sms", [(text, label.lower()) for label, _, text in pairs])


def prepare_polarity(place: Path) -> Iterator[Case]:
    rows = [
        (line, sign) for sign in ("neg", "pos") for line in read_lines(f"sentence_sets/rt-polarity.{sign}")
    ]
    return write_folds(place, "polarity", rows)


def prepare_trec(place: Path) -> Iterator[Case]:
    for which in ("train", "test"):
        lines = (line.partition(" ") for line in read_lines(f"sentence_sets/TREC.{which}"))
        with (place / f"trec_{which}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["question", "label"])
            writer.writerows((text, label.partition(":")[0]) for label, _, text in lines)
    yield Case("trec", str(place / "trec_train.csv"), "label", str(place / "trec_test.csv"))


def prepare_imdb(place: Path) -> Iterator[Case]:
    with lzma.open(DATA / "imdb50k/reviews.csv.xz", "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for which in ("train", "test"):
        with (place / f"imdb_{which}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["review", "label"])
            writer.writerows((row["text"], row["label"]) for row in rows if row["split"] == which)
    yield Case("imdb", str(place / "imdb_train.csv"), "label", str(place / "imdb_test.csv"))


def prepare_splice(place: Path) -> Iterator[Case]:
    text = gzip.decompress((DATA / "splice_junction/splice.dat.gz").read_bytes()).decode()
    lines = [
        line.replace(" ", "").split(",") for line in text.split("\n") if line and not line.startswith("@")
    ]
    return write_folds(place, "splice", [("".join(cells[:-1]), cells[-1]) for cells in lines])


def prepare_promoters(place: Path) -> Iterator[Case]:
    files = {"no": "ecoli_promoters/Ecoli_non_prom.fa.gz", "yes": "ecoli_promoters/Ecoli_prom.fa.gz"}
    return write_folds(
        place,
        "promoters",
        [(sequence, label) for label, path in files.items() for _, sequence in read_fasta(path)],
    )


def prepare_mnist(place: Path) -> Iterator[Case]:
    yield Case("mnist", "mnist/train-images-idx3-ubyte.gz", "label", "mnist/t10k-images-idx3-ubyte.gz")


def prepare_cifar(place: Path) -> Iterator[Case]:
    with tarfile.open(DATA / "cifar10/cifar10_jpeg.tar.xz") as archive:
        archive.extractall(place, filter="data")
    rows = list(
        csv.DictReader(io.StringIO(gzip.decompress((DATA / "cifar10/index.csv.gz").read_bytes()).decode()))
    )
    found = next(place.rglob(rows[0]["file"]))
    root = found.parents[len(Path(rows[0]["file"]).parts) - 1]
    for which in ("train", "test"):
        with (root / f"{which}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["picture", "class"])
            writer.writerows((row["file"], row["class"]) for row in rows if row["split"] == which)
    yield Case("cifar", str(root / "train.csv"), "class", str(root / "test.csv"))


def prepare_radio(place: Path) -> Iterator[Case]:
    yield Case("radio", "radio_galaxies/galaxy_data.zip", "label", options=("--side", "64"))


def prepare_miles(place: Path) -> Iterator[Case]:
    """Resample every spectrum to 512 points by means; the target is log10 of the effective temperature."""
    from astropy.io import fits

    lines = (DATA / "miles_fits/paramsMILES_v9.1.txt").read_text(encoding="latin-1").split("\n")
    kelvin = {}
    for line in lines:
        numbers = [word for word in line[15:].split() if word.isdigit() and len(word) == 4]
        temperature = line[50:58].strip()
        if numbers and temperature.replace(".", "").isdigit():
            kelvin[numbers[0]] = float(temperature)
    spectra, target = [], []
    with tarfile.open(DATA / "miles_fits/miles_fits.tar.xz") as archive:
        for member in archive:
            number = member.name[-10:-6]
            stream = archive.extractfile(member)
            if stream is None or number not in kelvin:
                continue
            with fits.open(io.BytesIO(stream.read())) as hdus:
                flux = np.asarray(hdus[0].data, np.float64).reshape(-1)
            edges = np.linspace(0, len(flux), 513).astype(int)
            spectra.append(np.add.reduceat(flux, edges[:-1]) / np.diff(edges))
            target.append(np.log10(kelvin[number]))
    x, y = np.array(spectra, np.float32)[..., None], np.array(target)
    fold = np.random.default_rng(0).permutation(len(y)) % N_FOLDS
    for part in range(N_FOLDS):
        path = place / f"miles_{part}.npz"
        chosen = {"x_train": fold != part, "x_test": fold == part}
        np.savez(
            path,
            **{name: x[rows] for name, rows in chosen.items()},
            **{name.replace("x", "y"): y[rows] for name, rows in chosen.items()},
        )
        yield Case("miles", str(path), "label", options=("--task", "regression"))


def prepare_sdss(place: Path) -> Iterator[Case]:
    yield Case("sdss", "sdss_star_galaxy_qso/sdss_skyserver.csv.gz", "class")


GOALS = {
    "sms": Goal("f1", 0.95, 0.97, 4, prepare_sms),
    "trec": Goal("accuracy", 0.90, 0.93, 8, prepare_trec),
    "polarity": Goal("accuracy", 0.775, 0.80, 6, prepare_polarity),
    "imdb": Goal("accuracy", 0.908, 0.918, 15, prepare_imdb),
    "splice": Goal("accuracy", 0.968, 0.976, 8, prepare_splice),
    "promoters": Goal("auc", 0.970, 0.985, 10, prepare_promoters),
    "sdss": Goal("accuracy", 0.987, 0.992, 4, prepare_sdss),
    "miles": Goal("r2", 0.966, 0.985, 8, prepare_miles),
    "radio": Goal("accuracy", 0.78, 0.87, 40, prepare_radio),
    "mnist": Goal("accuracy", 0.994, 0.997, 35, prepare_mnist),
    "cifar": Goal("accuracy", 0.78, 0.85, 100, prepare_cifar),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(GOALS), help="data sets; all when left out")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--folds", type=int, default=N_FOLDS, help="test parts that are studied, of five")
    given = parser.parse_args()
    print(f"{describe_machine()}; preset {given.preset}\n", flush=True)
    rows = []
    for name in given.names:
        goal = GOALS[name]
        with tempfile.TemporaryDirectory() as place:
            cases = list(goal.prepare(Path(place)))[: given.folds]
            measured = [run_case(case, "--preset", given.preset) for case in cases]
        rows.append(describe(name, goal, measured))
        print(" | ".join(rows[-1]), flush=True)
    print()
    print_table(HEAD, rows)


def describe(name: str, goal: Goal, measured: list[Measured]) -> list[str]:
    """Lay out the studies of one data set as a line of the table; the value is the mean over the test parts."""
    found = []
    for one in measured:
        scores = one.answer["test"]["scores"] if one.answer["test"] else one.answer["development_scores"]
        found.append({score["metric"]: score for score in scores}[goal.metric])
    values = [score["value"] for score in found]
    simple = [find_simple(one, goal.metric) for one in measured]
    words = sorted({one.answer["verdict"]["chosen"]["word"] for one in measured})
    ladders = [one.answer["verdict"]["ladder"] for one in measured]
    onsets = [rung["onset"] for rung in ladders[0]["rungs"]]
    return [
        f"{name} ({len(measured)})",
        goal.metric,
        f"{goal.least:.3f}",
        f"{goal.stretch:.3f}",
        f"{statistics.mean(values):.4f}" + (f" +- {statistics.stdev(values):.4f}" if len(values) > 1 else ""),
        say_interval(found[0]),
        f"{statistics.mean(value for value, _ in simple):.4f} {simple[0][1]}",
        ", ".join(sorted({ladder["word"] for ladder in ladders})),
        " ".join("-" if onset is None else str(onset) for onset in onsets),
        ", ".join(words),
        measured[0].answer["chosen_configuration"]["name"],
        f"{statistics.mean(one.seconds for one in measured):.0f}",
        f"{goal.minutes * 60:.0f}",
        f"{max(one.peak_mb for one in measured):.0f}",
    ]


def find_simple(one: Measured, metric: str) -> tuple[float, str]:
    """Give the best score of a simple predictor on the same rows, and its name."""
    scores = [
        (score["value"], baseline["name"])
        for baseline in one.answer["baselines"]
        for score in baseline["scores"]
        if score["metric"] == metric
    ]
    return max(scores, default=(float("nan"), ""))


if __name__ == "__main__":
    main()
