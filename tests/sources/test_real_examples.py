"""Real pictures, sequences, FITS files and arrays: rows, classes, parts."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from heldout.records import Kind, Table
from heldout.sources.examples import read_examples, recognise_source
from heldout.sources.labels import join_labels
from heldout.sources.ledger import check_ledger
from heldout.sources.read import read_table
from heldout.sources.request import Request

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
needs_astropy = pytest.mark.skipif(
    importlib.util.find_spec("astropy") is None, reason="astropy, the extra 'astro', is not installed"
)


def find(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not in {SHARED}")
    return path


def read(name: str, request: Request | None = None) -> Table:
    return check_ledger(read_examples(find(name), request))


def count(table: Table, name: str) -> Counter[str]:
    column = next(column for column in table.columns if column.name == name)
    return Counter(column.levels[code] for code in column.codes)


def parts(table: Table) -> list[int]:
    assert table.part is not None
    return np.bincount(table.part, minlength=4).tolist()


def test_mnist() -> None:
    table = read("mnist")
    assert parts(table) == [60_000, 0, 0, 10_000]
    assert (table.arrays[0].values.shape, table.arrays[0].values.dtype) == (
        (70_000, 28, 28, 1),
        np.dtype(np.uint8),
    )
    assert count(table, "label")["1"] == 6_742 + 1_135
    assert len(read("mnist/t10k-images-idx3-ubyte.gz").lines) == 10_000


def test_mnist_as_columns() -> None:
    table = read_table(find("mnist_5k/mnist_5k.csv.gz"))
    assert table.arrays[0].values.shape == (5_000, 28, 28, 1)
    assert [column.name for column in table.columns] == ["column_785"]


def test_medmnist() -> None:
    table = read("medmnist/breastmnist.npz")
    assert parts(table) == [0, 546, 78, 156]
    assert set(count(table, "label")) == {"0", "1"}


def test_radio_galaxies() -> None:
    table = read("radio_galaxies/galaxy_data.zip")
    assert parts(table) == [0, 1_758, 200, 200]
    assert count(table, "label") == {"FRI": 495, "FRII": 924, "Compact": 391, "Bent": 348}
    assert table.arrays[0].values.shape == (2_158, 64, 64, 1)
    assert table.ledger is not None
    assert table.ledger.dropped == 2_158


def test_cut_of_cifar10(tmp_path: Path) -> None:
    table = read("starter_small/cifar10_6k_jpeg.tar.xz", Request(cache=tmp_path))
    assert table.arrays[0].values.shape == (6_000, 32, 32, 3)
    assert len(count(table, "label")) == 10


@pytest.mark.slow
def test_cifar10() -> None:
    table = read("cifar10/cifar10_jpeg.tar.xz")
    assert parts(table) == [50_000, 0, 0, 10_000]
    assert set(count(table, "label").values()) == {6_000}
    # A pair of the ciFAIR list: test picture 6611 is nearly training picture 49007.
    index = read_table(find("cifar10/index.csv.gz"))
    by_name = {column.name: column for column in index.columns}
    cells = {name: [column.levels[code] for code in column.codes] for name, column in by_name.items()}
    place = {(s, i): f for s, i, f in zip(cells["split"], cells["index"], cells["file"], strict=True)}
    files = {text: row for row, text in enumerate(table.columns[0].levels)}
    values = table.arrays[0].values
    one, other = (values[files[place[key]]].astype(float) for key in (("test", "6611"), ("train", "49007")))
    assert np.sqrt(((one - other) ** 2).mean()) < 40


def test_fasta_of_biopython() -> None:
    table = read("biopython_fasta")
    assert table.ledger is not None
    assert (table.ledger.used, table.ledger.quarantined, table.ledger.dropped) == (24, 2, 2)
    assert any("4 records repeat an id with the same sequence" in note for note in table.notes)
    assert any(letter.islower() for text in table.columns[2].levels for letter in text)


def test_promoters_and_splice_junctions() -> None:
    table = read("ecoli_promoters")
    assert count(table, "label") == {"Ecoli_non_prom": 3_000, "Ecoli_prom": 839}
    table = read("splice_junction/splice.fasta.gz", Request(label_pattern=r"class=(\w+)"))
    assert count(table, "label") == {"N": 1_655, "IE": 768, "EI": 767}
    assert any("D 2, N 56, R 1, S 1" in note for note in table.notes)


@needs_astropy
def test_fits_of_several_kinds() -> None:
    assert read("fits_misc/MaNGA_test_spectra.fits.gz", Request(hdu="FLUX")).arrays[0].values.shape == (
        8,
        4_563,
        1,
    )
    assert len(read("fits_misc/spec-0385-51783-0396.fits", Request(hdu="SPZLINE")).lines) == 29
    spectrum = read("fits_misc/spec-0385-51783-0396.fits").arrays[0]
    assert (spectrum.kind, spectrum.policy.length) == (Kind.SIGNAL, 1_024)
    table = read("fits_misc")
    assert any("different filters" in note for note in table.notes)
    assert any("hsc_info.csv lies beside the examples, but no column" in note for note in table.notes)


@needs_astropy
def test_spectra_of_miles() -> None:
    table = read("miles_fits/miles_fits.tar.xz")
    assert table.arrays[0].values.shape == (984, 1_024, 1)
    labels = read_table(find("miles_fits/MILES_params.db"))
    joined = check_ledger(join_labels(table, labels, labels.columns[0].name))
    assert len(joined.lines) == 983


@pytest.mark.parametrize(
    "name",
    [
        "imdb50k/reviews.csv.xz",
        "abalone/abalone.csv",
        "sms_spam/SMSSpamCollection",
        "adult/adult-train.csv.gz",
    ],
)
def test_tables_stay_tables(name: str) -> None:
    assert recognise_source(find(name)) == ""
