from __future__ import annotations

from dataclasses import replace

from audit.tables import make_input
from heldout.audit.balance import check_balance
from heldout.records import Severity


def test_counts_are_exact_and_rare_classes_warned_of() -> None:
    data = make_input({"x": [str(k) for k in range(100)], "y": ["no"] * 94 + ["yes"] * 6}, "y")
    balance = check_balance(data)[0]
    assert balance.severity is Severity.WARNING
    assert balance.rows == 6
    assert "2 classes in 100 development rows: 'no' 94 (94.0 %), 'yes' 6 (6.0 %)" in balance.sentence
    assert "'yes', has 6 rows in 6 units" in balance.sentence


def test_rare_whole_numbers_may_be_amounts() -> None:
    grades = [str(k % 5) for k in range(95)] + ["7"] * 5
    data = make_input({"x": [str(k) for k in range(100)], "y": grades}, "y")
    assert check_balance(data)[0].action.startswith("read the scores per class")  # as declared
    target = replace(
        data.target, why="classification, because 6 different whole numbers; say --task regression"
    )
    guessed = check_balance(replace(data, target=target))[0]
    assert guessed.action.startswith(
        "if these are amounts say --task regression; else read the scores per class"
    )


def test_even_classes_pass() -> None:
    data = make_input({"x": [str(k) for k in range(100)], "y": ["no", "yes"] * 50}, "y")
    assert check_balance(data)[0].title == "passed: class balance"


def test_ten_even_classes_pass() -> None:
    data = make_input({"x": [str(k) for k in range(1_000)], "y": [str(k % 11) for k in range(1_000)]}, "y")
    assert check_balance(data)[0].title == "passed: class balance"


def test_spellings_are_listed_not_merged() -> None:
    data = make_input({"x": [str(k) for k in range(90)], "y": ["ill", "ILL", "well"] * 30}, "y")
    assert check_balance(data)[1].sentence.endswith("'ILL', 'ill'")


def test_a_number_has_no_classes() -> None:
    data = make_input(
        {"x": [str(k) for k in range(40)], "y": [str(k) for k in range(40)]}, "y", regression=True
    )
    assert [item.title for item in check_balance(data)] == [
        "not applicable: class balance",
        "not applicable: spelling of classes",
    ]
