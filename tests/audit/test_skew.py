from __future__ import annotations

import numpy as np

from audit.tables import make_input
from heldout.audit.skew import check_skew, count_far


def test_a_normal_column_has_no_far_value() -> None:
    assert count_far(np.random.default_rng(0).normal(size=100_000)) == 0
    assert count_far(np.array([1.0, 1.0, 1.0, 9.0])) == 0
    assert count_far(np.array([np.nan, np.inf])) == 0


def test_far_values_are_counted() -> None:
    cells = [str(k) for k in range(98)] + ["1000000", "-1000000"]
    far = check_skew(make_input({"x": cells, "y": ["a", "b"] * 50}, "y"))[0]
    assert far.rows == 2
    assert far.sentence.startswith("2 cells in 1 of 1 columns of numbers")


def test_a_capped_target_is_noticed() -> None:
    values = [str(min(k, 150)) for k in range(180)]
    cap = check_skew(make_input({"x": [str(k) for k in range(180)], "y": values}, "y", regression=True))[1]
    assert (
        cap.sentence
        == "30 of 180 rows (16.7 %) hold exactly the largest target value 150: was it cut off there?"
    )
    whole = [str(k) for k in range(180)]
    assert (
        check_skew(make_input({"x": whole, "y": whole}, "y", regression=True))[1].title
        == "passed: capped target"
    )


def test_without_numbers_it_does_not_apply() -> None:
    data = make_input({"x": [f"w{k}" for k in range(40)], "y": ["a", "b"] * 20}, "y")
    assert check_skew(data)[0].title == "not applicable: far values"
