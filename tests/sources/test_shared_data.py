"""Tables of real files: their shape, what is noted and what is set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from heldout.errors import DataError
from heldout.sources.read import read_table

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"

# file, rows, columns, name of the first column, rows set aside
TABLES = [
    ("heart_disease_uci/processed.cleveland.data", 303, 14, "age", 0),
    ("heart_disease_uci/processed.hungarian.data", 294, 14, "age", 0),
    ("heart_disease_uci/processed.switzerland.data", 123, 14, "age", 0),
    ("adult/adult-train.csv.gz", 32_561, 15, "column_1", 0),
    ("adult/adult-test.csv.gz", 16_281, 15, "column_1", 0),
    ("abalone/abalone.csv", 4_177, 9, "column_1", 0),
    ("wine_quality/winequality-red.csv", 1_599, 12, "column_1", 0),
    ("wine_quality/winequality-white.csv", 4_898, 12, "column_1", 0),
    ("wine_quality/wine_cultivars.csv", 178, 14, "column_1", 0),
    ("titanic/titanic.csv", 891, 15, "survived", 0),
    ("titanic/titanic_train_kaggle.csv", 891, 12, "PassengerId", 0),
    ("titanic/titanic_openML.csv", 1_309, 14, "pclass", 0),
    ("pima/pima-indians-diabetes.csv", 768, 9, "column_1", 0),
    ("pima/PimaIndiansDiabetes2.csv", 768, 9, "pregnant", 0),
    ("breast_cancer_wisconsin/breast-cancer-wisconsin.data", 699, 11, "column_1", 0),
    ("california_housing/california_housing.csv.gz", 20_640, 9, "MedInc", 0),
    ("employee_salaries/employee_salaries.csv.gz", 9_228, 9, "gender", 0),
    ("bike_sharing/bike_sharing.csv.gz", 17_379, 11, "date", 0),
    ("beijing_pollution/pollution.csv.gz", 43_824, 13, "No", 0),
    ("parkinsons/parkinsons.csv", 195, 24, "name", 0),
    ("phex16/phex_t002.csv", 16, 7, "Family No.", 0),
    ("phex16/phex_t002.tsv", 16, 7, "Family No.", 0),
    ("phex16/phex_t002_with_footnote.csv", 16, 7, "Family No.", 2),
    ("sms_spam/SMSSpamCollection", 5_574, 2, "column_1", 0),
    ("sdss_star_galaxy_qso/sdss_skyserver.csv.gz", 10_000, 18, "objid", 0),
]


def find_file(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not in {SHARED}")
    return path


@pytest.mark.parametrize(("name", "rows", "columns", "first", "aside"), TABLES)
def test_real_tables_have_their_known_shape(
    name: str, rows: int, columns: int, first: str, aside: int
) -> None:
    table = read_table(find_file(name))
    assert (len(table.lines), len(table.columns), len(table.set_aside)) == (rows, columns, aside)
    assert table.columns[0].name == first
    is_numbered = any("has no header" in note for note in table.notes)
    assert is_numbered is (first == "column_1")


def test_both_forms_of_the_same_table_hold_the_same_cells() -> None:
    csv_table, tsv_table = (read_table(find_file(f"phex16/phex_t002.{ending}")) for ending in ("csv", "tsv"))
    assert [column.levels for column in csv_table.columns] == [column.levels for column in tsv_table.columns]


def test_messages_with_unbalanced_quotes_are_all_read() -> None:
    table = read_table(find_file("sms_spam/SMSSpamCollection"))
    assert sorted(table.columns[0].levels) == ["Ham", "Spam"]
    assert any("quotation marks are unbalanced" in note for note in table.notes)
    assert table.lines.tolist() == list(range(1, 5_575))


def test_arff_is_refused() -> None:
    with pytest.raises(DataError, match=r"wdbc\.dat is an ARFF file"):
        read_table(find_file("breast_cancer_wisconsin/wdbc.dat"))


def test_three_tables_in_one_file_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"IDs_mapping\.csv seems to hold two tables: after a blank line, line 11"
    ):
        read_table(find_file("diabetes130/IDs_mapping.csv"))


def test_identifiers_that_a_spreadsheet_rounded_are_told() -> None:
    table = read_table(find_file("sdss_star_galaxy_qso/sdss_skyserver.csv.gz"))
    assert sum("a long number that a spreadsheet rounded" in note for note in table.notes) == 2
