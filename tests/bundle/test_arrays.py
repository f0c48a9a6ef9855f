"""Safetensors with a header that is checked before arrays are made."""

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import load

from heldout.bundle.arrays import read_arrays, write_arrays
from heldout.errors import BundleError

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array([1.5, -0.0]),
    "c": np.array([2**64 - 1], np.uint64),
    "d": np.zeros((0, 4), np.int32),
    "e": np.array([True, False]),
    "f": np.array(7, np.int64),
    "g": np.array([1, 2], np.uint8),
}


def with_header(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_round_trip_equals_the_library():
    data = write_arrays(ARRAYS)
    assert data == write_arrays(dict(reversed(ARRAYS.items())))
    ours, theirs = read_arrays(data, where="x"), load(data)
    assert set(ours) == set(ARRAYS)
    for name, array in ARRAYS.items():
        for read in (ours[name], theirs[name]):
            assert read.dtype == array.dtype
            assert read.shape == array.shape
            assert read.tobytes() == array.tobytes()


def test_nothing_is_an_empty_set():
    assert read_arrays(write_arrays({}), where="x") == {}


def test_objects_are_not_written():
    with pytest.raises(BundleError, match="array 'o' is object, expected one of BOOL"):
        write_arrays({"o": np.array([{}], dtype=object)})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "header is said to have -1 bytes"),
        (struct.pack("<Q", 1 << 60) + b"{}", "header is said to have 1152921504606846976 bytes"),
        (with_header(b"[]"), "the header is list, expected an object"),
        (
            with_header(
                b'{"a":' + json.dumps(entry()).encode() + b',"a":' + json.dumps(entry()).encode() + b"}"
            ),
            "key 'a' stands twice",
        ),
        (with_header({"a": entry() | {"class": "os.system"}}, b"1234"), "must have exactly dtype, shape"),
        (with_header({"__metadata__": {"k": "v"}}), "must have exactly dtype, shape"),
        (with_header({"a": entry(dtype="F16")}, b"1234"), "has type 'F16'"),
        (with_header({"a": entry(dtype=["F32"])}, b"1234"), r"has type \['F32'\]"),
        (with_header({"a": entry(shape=(-1,))}, b"1234"), r"has shape \[-1\]"),
        (with_header({"a": entry(shape=(True,))}, b"1234"), r"has shape \[True\]"),
        (with_header({"a": entry(shape=(2,))}, b"1234"), "do not fit its shape"),
        (with_header({"a": entry(shape=(10**9, 10**9), offsets=(0, 4))}, b"1234"), "do not fit its shape"),
        (with_header({"a": entry(offsets=(4, 8))}, b"12345678"), "do not fit its shape or its neighbours"),
        (with_header({"a": entry(), "b": entry()}, b"1234"), "do not fit its shape or its neighbours"),
        (with_header({"a": entry(offsets=(8, 4))}, b"1234"), "data_offsets"),
        (with_header({"a": entry()}, b"1234more"), "4 bytes behind the last array"),
        (with_header({"a": entry()}, np.float32("nan").tobytes()), "not finite"),
        (with_header({"a": entry()}, np.float32("-inf").tobytes()), "not finite"),
    ],
)
def test_refuses(data, words):
    with pytest.raises(BundleError, match=words):
        read_arrays(data, where="x")


def test_expected_names_shapes_and_types():
    data = write_arrays({"w": np.ones((2, 1), np.float32)})
    assert read_arrays(data, where="x", expected={"w": ((2, 1), "F32")})["w"].shape == (2, 1)
    with pytest.raises(BundleError, match="unknown array 'w', expected v"):
        read_arrays(data, where="x", expected={"v": ((2, 1), "F32")})
    with pytest.raises(BundleError, match="array 'v' is missing"):
        read_arrays(data, where="x", expected={"w": ((2, 1), "F32"), "v": ((1,), "F32")})
    with pytest.raises(BundleError, match=r"is F32 \(2, 1\), expected F64 \(2, 1\)"):
        read_arrays(data, where="x", expected={"w": ((2, 1), "F64")})
