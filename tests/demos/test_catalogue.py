import csv
import gzip
from pathlib import Path

import pytest

from heldout.demos import DEMOS, find_demo, list_demos
from heldout.demos.catalogue import DATA, LectureDemo, StudyDemo
from heldout.errors import UsageError
from heldout.settings import load_settings

STUDIES = [name for name, demo in DEMOS.items() if isinstance(demo, StudyDemo)]
LECTURE = [name for name, demo in DEMOS.items() if isinstance(demo, LectureDemo)]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "lecture"


def test_unknown_example_lists_all():
    with pytest.raises(UsageError, match="no example 'xyz'\n.*the examples are: heart, curve"):
        find_demo("xyz")


@pytest.mark.parametrize("name", DEMOS)
def test_row_carries_its_own_name(name):
    assert find_demo(name).name == name
    assert f"{name} " in list_demos()


def test_list_fits_a_terminal():
    assert all(len(line) <= 120 for line in list_demos().splitlines())


@pytest.mark.parametrize("name", LECTURE)
def test_piece_of_the_lecture_has_its_file_and_its_page(name):
    demo = find_demo(name)
    assert (DATA.parent / f"{demo.module}.py").is_file()
    page = (DOCS / f"{name}.md").read_text()
    assert f"heldout demo {name}" in page
    pictures = [line.split("](")[1].split(")")[0] for line in page.splitlines() if line.startswith("![")]
    assert pictures
    assert all((DOCS / picture).is_file() for picture in pictures)


@pytest.mark.parametrize("name", STUDIES)
def test_example_is_complete(name):
    demo = find_demo(name)
    settings = load_settings(demo.settings)
    with demo.table.open(newline="") as lines:
        header, *rows = csv.reader(lines, delimiter=";")
    assert settings.target in header
    assert {len(row) for row in rows} == {len(header)}


def test_everything_shipped_is_described_and_small():
    readme = (DATA / "README").read_text()
    tables = [path for path in DATA.iterdir() if path.suffix in (".csv", ".gz")]
    assert all(path.name in readme for path in tables)
    assert readme.count("Licence:") >= len(tables)
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 600_000


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    published = load_digits()
    with gzip.open(DATA / "digits.csv.gz", "rt", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header[-1] == "digit"
    assert [int(row[-1]) for row in rows] == published.target.tolist()
    assert [[int(cell) for cell in row[:-1]] for row in rows] == published.data.astype(int).tolist()


def test_reviews_are_the_published_sentences(shared_data):
    with gzip.open(DATA / "reviews.csv.gz", "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    files = {"amazon": "amazon_cells_labelled", "imdb": "imdb_labelled", "yelp": "yelp_labelled"}
    for site, name in files.items():
        text = (shared_data / "sentiment_labelled_sentences" / f"{name}.txt").read_bytes().decode()
        given = [line.rpartition("\t")[::2] for line in text.split("\n") if line]
        ours = [
            (row["sentence"], "1" if row["liked"] == "yes" else "0") for row in rows if row["site"] == site
        ]
        assert ours == [(sentence.strip(), label.strip()) for sentence, label in given]


def test_heart_is_the_published_data(shared_data):
    published = shared_data / "heart_disease_uci" / "processed.cleveland.data"
    assert find_demo("heart").table.read_bytes() == published.read_bytes()


def test_heart_counts():
    with find_demo("heart").table.open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert len(rows) == 303
    assert sum(row["heartDisDiagnosis"] != "0" for row in rows) == 139
