from __future__ import annotations

from audit.tables import make_input
from heldout.audit.constants import check_constants


def test_constant_and_repeated_columns() -> None:
    number = [str(k) for k in range(60)]
    table = {
        "x": number,
        "copy": [f" {cell}" for cell in number],
        "other": [str(60 - k) for k in range(60)],
        "sex": ["m", "f", "f"] * 20,
        "code": ["1", "2", "2"] * 20,
        "same": ["7"] * 60,
        "gone": ["?"] * 60,
        "nearly": ["7"] * 57 + ["?"] * 3,
        "y": ["a", "b"] * 30,
    }
    constant, *repeats = check_constants(make_input(table, "y"))
    assert constant.sentence.startswith("3 columns have at most one value")
    assert "'same', 'gone', 'nearly'" in constant.sentence
    assert [item.sentence.split(" carry")[0] for item in repeats] == ["'x', 'copy'", "'sex', 'code'"]


def test_nothing_found_passes() -> None:
    data = make_input({"x": [str(k) for k in range(40)], "y": ["a", "b"] * 20}, "y")
    assert [item.title for item in check_constants(data)] == [
        "passed: constant columns",
        "passed: repeated columns",
    ]
