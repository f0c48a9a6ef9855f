"""Real tables are read without a question, but for those that are truly ambiguous; which these are stands here."""

from __future__ import annotations

import pytest

from heldout import look
from heldout.records import Finding

# (file, settings): column -> a word of the question that only a person can answer
TABLES = {
    ("heart_disease_uci/processed.cleveland.data", "heartDisDiagnosis", ""): {},
    ("heart_disease_uci/processed.hungarian.data", "heartDisDiagnosis", ""): {},
    ("heart_disease_uci/processed.switzerland.data", "heartDisDiagnosis", ""): {},
    ("diabetes130/diabetic_data.csv.gz", "readmitted", ""): {},
    ("employee_salaries/employee_salaries.csv.gz", "current_annual_salary", ""): {},
    ("titanic/titanic.csv", "alive", ""): {},
    ("titanic/titanic_openML.csv", "survived", ""): {},
    ("titanic/titanic_train_kaggle.csv", "Survived", ""): {},
    ("bike_sharing/bike_sharing.csv.gz", "cnt", ""): {},
    ("phex16/phex_t002.csv", "Inheritance", ""): {},
    # Zeros among glucose, pressure, skin fold, insulin and body mass index stand for missing; no name says so.
    ("pima/pima-indians-diabetes.csv", "column_9", "no"): {f"column_{k}": "cells are 0" for k in range(2, 7)},
    # 99999 may be a limit of the form or a word for missing.
    ("adult/adult-train.csv.gz", "column_15", "no"): {"column_11": "cells are 99999"},
    # The numbers of samples, without a header that says so.
    ("breast_cancer_wisconsin/breast-cancer-wisconsin.data", "column_11", "no"): {
        "column_1": "only name the rows"
    },
}


@pytest.mark.parametrize(("given", "expected"), TABLES.items(), ids=[name for name, _, _ in TABLES])
def test_only_truly_ambiguous_columns_ask(
    shared_data, given: tuple[str, str, str], expected: dict[str, str]
) -> None:
    name, target, header = given
    if not (shared_data / name).exists():
        pytest.skip(f"{name} is not there")
    # Of the large tables only the reading of the columns is looked at: their audit takes a minute.
    is_large = name.endswith(".gz")
    said = {"header": header} if header else {}
    content = look(shared_data / name, **said if is_large else {"target": target, **said}).content
    asked = {finding.column: finding for finding in content.findings if finding.code == "HO215"}
    assert set(asked) == set(expected), [finding.sentence for finding in asked.values()]
    for column, word in expected.items():
        assert word in asked[column].sentence
        assert_answerable(asked[column])


def assert_answerable(finding: Finding) -> None:
    """Every question comes with the line that answers it."""
    assert f'columns."{finding.column}".' in finding.sentence
