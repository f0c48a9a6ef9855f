"""Arrays of examples: pictures, signals or columns."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import Kind
from heldout.sources.arrays import ArrayPart, build_array_table, describe_array, write_numbers
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request

RNG = np.random.default_rng(0)


def smooth(count: int, points: int) -> np.ndarray:
    return np.sin(np.linspace(0, 6, points) + RNG.normal(size=(count, 1)) * 3)


@pytest.mark.parametrize(
    ("values", "kind", "shape"),
    [
        (np.zeros((3, 28, 28), np.uint8), Kind.PICTURE, (3, 28, 28, 1)),
        (np.zeros((3, 28, 30, 3), np.uint8), Kind.PICTURE, (3, 28, 30, 3)),
        (np.zeros((3, 3, 28, 30), np.uint8), Kind.PICTURE, (3, 28, 30, 3)),
        (np.zeros((3, 32, 32), np.float64), Kind.PICTURE, (3, 32, 32, 1)),
        (np.zeros((3, 500, 2), np.float32), Kind.SIGNAL, (3, 500, 2)),
        (np.zeros((3, 12, 1000), np.float32), Kind.SIGNAL, (3, 1000, 12)),
        (smooth(9, 100), Kind.SIGNAL, (9, 100, 1)),
    ],
)
def test_shapes(values: np.ndarray, kind: Kind, shape: tuple[int, ...]) -> None:
    arrays, columns, notes = describe_array(values, Request(), source="x")
    assert (arrays[0].kind, arrays[0].values.shape, columns) == (kind, shape, ())
    assert notes
    again = describe_array(values, Request(policies=(arrays[0].policy,)), source="x")[0][0]
    assert again.policy == arrays[0].policy
    assert (again.values == arrays[0].values).all()


def test_channels_first_is_turned_not_reshaped() -> None:
    values = RNG.integers(0, 256, (2, 3, 9, 10)).astype(np.uint8)
    array = describe_array(values, Request(), source="x")[0][0]
    assert (array.values[1, 4, 5] == values[1, :, 4, 5]).all()
    assert array.policy.channels == ("red", "green", "blue")


def test_features_in_no_order_are_columns() -> None:
    arrays, columns, _ = describe_array(RNG.normal(size=(20, 40)), Request(), source="x")
    assert arrays == ()
    assert [column.name for column in columns[:2]] == ["x0", "x1"]
    assert len(columns) == 40


def test_whole_numbers_up_to_255_become_bytes_and_others_floats() -> None:
    assert (
        describe_array(np.full((2, 8, 8), 255, np.int64), Request(), source="x")[0][0].values.dtype
        == np.uint8
    )
    assert (
        describe_array(np.full((2, 8, 8), 256, np.int64), Request(), source="x")[0][0].values.dtype
        == np.float32
    )
    bits = describe_array(np.ones((2, 8, 8), np.bool_), Request(), source="x")[0][0]
    assert bits.values.max() == 255


def test_missing_numbers_get_a_mask() -> None:
    values = np.ones((2, 8, 8), np.float32)
    values[0, 0, 0] = np.nan
    values[1, 1, 1] = np.inf
    array = describe_array(values, Request(), source="x")[0][0]
    assert array.policy.channels == ("gray", "mask")
    assert (array.values[..., 0] == 1).all()
    assert np.argwhere(array.values[..., 1]).tolist() == [[0, 0, 0], [1, 1, 1]]
    whole = describe_array(np.ones((1, 8, 8), np.float32), Request(policies=(array.policy,)), source="x")[0][
        0
    ]
    assert whole.values.shape == (1, 8, 8, 2)


def test_refusals() -> None:
    with pytest.raises(DataError, match="type complex128; real numbers were expected"):
        describe_array(np.zeros((2, 8, 8), complex), Request(), source="x")
    with pytest.raises(DataError, match=r"holds no examples: its shape is \(0, 8, 8\)"):
        describe_array(np.zeros((0, 8, 8)), Request(), source="x")
    with pytest.raises(DataError, match="above 3.4e38"):
        describe_array(np.full((2, 8, 8), 1e300), Request(), source="x")
    policy = describe_array(np.zeros((2, 8, 8), np.uint8), Request(), source="x")[0][0].policy
    with pytest.raises(DataError, match=r"the network was trained on \(8, 8\) \(gray\)"):
        describe_array(np.zeros((2, 9, 8), np.uint8), Request(policies=(policy,)), source="x")
    with pytest.raises(DataError, match="x holds float32; the network was trained on whole numbers"):
        describe_array(np.full((2, 8, 8), 0.5), Request(policies=(policy,)), source="x")


def test_parts_of_one_shape() -> None:
    parts = [
        ArrayPart("train", 1, np.zeros((2, 8, 8)), {"label": np.array([0, 1])}),
        ArrayPart("test", 3, np.ones((1, 8, 8)), {}),
    ]
    table = check_ledger(build_array_table(parts, Request(), source="x"))
    assert table.columns[0].codes.tolist() == [0, 1, -1]
    assert table.part is not None
    assert table.part.tolist() == [0, 0, 3]
    with pytest.raises(DataError, match="different shapes: train 8 x 8, test 9 x 8"):
        build_array_table([parts[0], ArrayPart("test", 3, np.ones((1, 9, 8)))], Request(), source="x")
    with pytest.raises(DataError, match="train has 2 examples, its label has 3"):
        build_array_table(
            [ArrayPart("train", 0, np.zeros((2, 8, 8)), {"label": np.zeros(3)})], Request(), source="x"
        )


def test_numbers_are_written_exactly() -> None:
    assert write_numbers(np.array([0.1, 1e20, -2.0, np.nan], np.float64)) == ["0.1", "1e+20", "-2", None]
    assert write_numbers(np.array([0.1], np.float32)) == ["0.1"]
    assert write_numbers(np.array([2**62, -1])) == [str(2**62), "-1"]
    assert write_numbers(np.array([b"a", b"b"])) == ["a", "b"]


def test_large_pictures_are_scaled_and_new_ones_follow() -> None:
    values = np.zeros((2, 40, 20, 1), np.uint8)
    values[0, :20] = 200
    array = describe_array(values, Request(side=14), source="x.npy")[0][0]
    assert (array.values.shape, array.values.dtype) == ((2, 20, 10, 1), np.dtype(np.uint8))
    assert array.values[0, :8].min() >= 195
    assert array.values[0, 12:].max() <= 5
    assert (array.policy.fit, array.policy.height, array.policy.width) == ("scale", 20, 10)
    assert "40 x 20 pixels of 1 channels; scaled to 20 x 10" in array.policy.why
    again = describe_array(values[:1], Request(policies=(array.policy,)), source="y.npy")[0][0]
    assert (again.values == array.values[:1]).all()
    assert again.policy == array.policy


def test_missing_pixels_stay_marked_where_pictures_are_scaled() -> None:
    values = np.ones((1, 32, 32))
    values[0, :16] = np.nan
    array = describe_array(values, Request(side=8), source="x.npy")[0][0]
    assert array.policy.channels == ("gray", "mask")
    assert array.values[0, :, 0, 1].tolist() == [1.0] * 4 + [0.0] * 4
    assert (array.values[..., 0] == 1).all()
