from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.skew import check_skew, count_far
from heldout.records import Severity


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


def test_a_target_of_a_million_million_is_a_warning_with_its_line() -> None:
    rng = np.random.default_rng(0)
    table = {"x": [f"{v:.3f}" for v in rng.normal(size=220)], "y": [f"{v:.3f}" for v in rng.normal(size=220)]}
    clean = check_skew(make_input(table, "y", regression=True))
    assert all(item.title != "far values in the target" for item in clean)
    data = make_input(table, "y", regression=True)
    row = int(data.rows[5])
    table["y"][row] = "1e12"
    found = {item.title: item for item in check_skew(make_input(table, "y", regression=True))}
    finding = found["far values in the target"]
    assert finding.severity is Severity.WARNING
    assert f"'1e+12' in line {data.table.lines[row]}" in finding.sentence
    assert finding.action.endswith("--target-map '1e+12='")


def test_codes_for_missing_targets_are_asked_about() -> None:
    rng = np.random.default_rng(1)
    table = {
        "x": [f"{v:.3f}" for v in rng.normal(size=300)],
        "y": [f"{v:.1f}" for v in 50 + 9 * rng.normal(size=300)],
    }
    for row in range(0, 300, 30):
        table["y"][row] = "99999"
    found = {item.title: item for item in check_skew(make_input(table, "y", regression=True))}
    assert "cells are 99999, all others lie from" in found["far values in the target"].sentence
    assert "--target-map '99999='" in found["far values in the target"].action


@pytest.mark.parametrize("seed", range(8))
def test_heavy_tails_of_an_honest_target_are_no_slips(seed: int) -> None:
    rng = np.random.default_rng(seed)
    draws = (np.exp(1.2 * rng.normal(size=400)), rng.standard_t(4, 400), rng.exponential(size=400))
    for values in draws:
        table = {"x": [f"{v:.3f}" for v in rng.normal(size=400)], "y": [f"{v:.5f}" for v in values]}
        found = check_skew(make_input(table, "y", regression=True))
        assert all(item.title != "far values in the target" for item in found)
