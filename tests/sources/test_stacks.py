"""Arrays taken, joined and hashed."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import ArrayColumn, ArrayPolicy, Kind
from heldout.sources.stacks import hash_arrays, hash_rows, join_arrays, take_arrays


def column(values: np.ndarray, name: str = "p") -> ArrayColumn:
    return ArrayColumn(name, Kind.PICTURE, values, ArrayPolicy(Kind.PICTURE, "uint8", ("gray",)))


def test_neighbouring_rows_are_a_view() -> None:
    values = np.arange(10).reshape(5, 2)
    assert take_arrays((column(values),), np.array([1, 2, 3]))[0].values.base is not None
    assert take_arrays((column(values),), np.array([4, 0]))[0].values.tolist() == [[8, 9], [0, 1]]
    assert take_arrays((column(values),), np.array([], np.int64))[0].values.shape == (0, 2)
    assert take_arrays((), np.array([0])) == ()


def test_joined_in_order_and_refused_when_they_differ() -> None:
    a, b = column(np.zeros((2, 3))), column(np.ones((1, 3)))
    assert join_arrays([("a", (a,)), ("b", (b,))])[0].values.tolist() == [[0] * 3, [0] * 3, [1] * 3]
    with pytest.raises(DataError, match="b has no picture 'p', which a has"):
        join_arrays([("a", (a,)), ("b", ())])
    with pytest.raises(DataError, match=r"the pictures of b are \(4,\) float64, those of a \(3,\) float64"):
        join_arrays([("a", (a,)), ("b", (column(np.ones((1, 4))),))])


def test_hash_depends_on_values_shape_and_name() -> None:
    values = np.arange(6, dtype=np.uint8)
    hashes = [
        hash_arrays([column(values)]),
        hash_arrays([column(values[::-1])]),
        hash_arrays([column(values.reshape(2, 3))]),
        hash_arrays([column(values, "q")]),
    ]
    assert len(set(hashes)) == 4
    assert hash_arrays([column(values[::-1])]) == hash_arrays([column(values[::-1].copy())])


def test_rows_have_equal_texts_where_their_values_are_equal() -> None:
    values = np.random.default_rng(0).integers(0, 2, (60, 2, 2)).astype(np.uint8)
    codes = hash_rows(column(values)).codes
    truth = {bytes(row): [] for row in values.reshape(60, -1)}
    for place, row in enumerate(values.reshape(60, -1)):
        truth[bytes(row)].append(codes[place])
    assert all(len(set(found)) == 1 for found in truth.values())
    assert len(set(codes.tolist())) == len(truth)
