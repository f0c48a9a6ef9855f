import csv

import pytest

from heldout.demos import DEMOS, find_demo
from heldout.errors import UsageError
from heldout.settings import load_settings


def test_unknown_example_lists_all():
    with pytest.raises(UsageError, match="no example 'xyz'\n.*the examples are: heart"):
        find_demo("xyz")


@pytest.mark.parametrize("name", DEMOS)
def test_example_is_complete(name):
    demo = find_demo(name)
    settings = load_settings(demo.settings)
    with demo.table.open(newline="") as lines:
        header, *rows = csv.reader(lines, delimiter=";")
    assert settings.target in header
    assert {len(row) for row in rows} == {len(header)}
    assert "Licence" in demo.table.with_name("README").read_text()


def test_heart_is_the_published_data(shared_data):
    published = shared_data / "heart_disease_uci" / "processed.cleveland.data"
    assert find_demo("heart").table.read_bytes() == published.read_bytes()


def test_heart_counts():
    with find_demo("heart").table.open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert len(rows) == 303
    assert sum(row["heartDisDiagnosis"] != "0" for row in rows) == 139
