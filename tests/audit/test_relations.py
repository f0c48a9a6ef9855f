from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.relations import check_relations

ROWS = 300


def make_table() -> dict[str, list[str]]:
    rng = np.random.default_rng(0)
    a, b = rng.integers(1, 400, ROWS), rng.integers(1, 90, ROWS)
    return {
        "casual": [str(v) for v in a],
        "registered": [str(v) for v in b],
        "other": [f"{v:.3f}" for v in rng.normal(size=ROWS)],
        "y": ["u", "v"] * (ROWS // 2),
    }


def numbers(table: dict[str, list[str]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(table["casual"], float), np.array(table["registered"], float)


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda a, b: a + b, "'casual' + 'registered'"),
        (lambda a, b: a * b, "'casual' * 'registered'"),
    ],
)
def test_sums_and_products_are_found(make, formula) -> None:
    table = make_table()
    table["made"] = [f"{v:.10g}" for v in make(*numbers(table))]
    found = check_relations(make_input(table, "y"))
    assert [item.code for item in found] == ["HO218"]
    assert formula in found[0].sentence


def test_a_difference_is_told_as_the_sum_it_is() -> None:
    table = make_table()
    a, b = numbers(table)
    table["left"] = [f"{v:g}" for v in a - b]
    found = check_relations(make_input(table, "y"))
    assert len(found) == 1
    assert "'casual'" in found[0].sentence
    assert "'left'" in found[0].sentence


def test_a_rounded_ratio_is_found() -> None:
    table = make_table()
    a, b = numbers(table)
    table["rate"] = [f"{v:.4f}" for v in a / b]
    found = check_relations(make_input(table, "y"))
    assert len(found) == 1
    assert "/" in found[0].sentence or "*" in found[0].sentence


def test_a_heading_follows_from_its_code() -> None:
    table = make_table()
    codes = np.random.default_rng(1).integers(0, 12, ROWS)
    table["job"] = [f"job {c}" for c in codes]
    table["branch"] = [f"branch {'abc'[c % 3]}" for c in codes]
    found = check_relations(make_input(table, "y"))
    assert [item.column for item in found] == ["branch"]
    assert "a grouping of 'job'" in found[0].sentence


def test_columns_of_their_own_pass() -> None:
    found = check_relations(make_input(make_table(), "y"))
    assert found[0].title == "passed: functions of other columns"
