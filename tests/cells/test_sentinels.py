"""Numbers that may mean missing."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.sentinels import find_impossible, find_sentinels

BODY = np.round(np.random.default_rng(0).normal(120, 20, 300))


def find(*extra: float, body: np.ndarray = BODY) -> list[float]:
    values, counts = np.unique(np.concatenate([body, extra]), return_counts=True)
    return [suspect.value for suspect in find_sentinels(values, counts)]


@pytest.mark.parametrize("code", [-999.0, -9.0, -1.0, 0.0, 999.0, 9999.0])
def test_codes_apart_from_the_rest_are_found(code: float) -> None:
    assert find(code, code, code, code, code, code) == [code]


def test_two_codes_do_not_hide_each_other() -> None:
    assert sorted(find(*[-9.0] * 5, *[-99.0] * 5)) == [-99.0, -9.0]


@pytest.mark.parametrize(
    "body",
    [
        np.random.default_rng(1).poisson(3, 300).astype(float),
        np.round(np.random.default_rng(2).normal(0, 5, 300), 1),
        np.arange(100.0),
        np.round(np.random.default_rng(3).exponential(10, 300), 1),
        np.arange(1.0, 100.0),
    ],
)
def test_honest_columns_have_none(body: np.ndarray) -> None:
    assert find(body=body) == []


def test_one_cell_is_no_code() -> None:
    assert find(-999.0) == []


def test_impossible_values_follow_from_the_name() -> None:
    values, counts = np.array([4.0, 300.0]), np.array([50, 2])
    found = find_impossible(values, counts, name="Age")
    assert found is not None
    assert found.count == 2
    assert find_impossible(values, counts, name="weight") is None
    assert find_impossible(values, counts[::-1], name="age") is None
