"""The idx format: pairs, parts, damage."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import Kind
from heldout.sources.folders import as_file_set
from heldout.sources.idx import find_idx_pair, is_idx, parse_idx, read_idx
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def pack(values: np.ndarray) -> bytes:
    code = CODES[values.dtype.str[1:]]
    head = bytes([0, 0, code, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(values.dtype.newbyteorder(">")).tobytes()


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 9, 8)).astype(np.uint8)


@pytest.mark.parametrize("dtype", list(CODES))
def test_every_number_type_comes_back(dtype: str) -> None:
    values = np.arange(-6, 6).astype(dtype).reshape(3, 4)
    found = parse_idx(pack(values), name="x")
    assert found.dtype == np.dtype(dtype)
    assert (found == values).all()


def test_pairs_and_parts() -> None:
    contents = {
        "train-images-idx3-ubyte.gz": gzip.compress(pack(images(6))),
        "train-labels-idx1-ubyte.gz": gzip.compress(pack(np.arange(6).astype(np.uint8))),
        "t10k-images-idx3-ubyte": pack(images(2, 1)),
        "t10k-labels-idx1-ubyte": pack(np.array([7, 8], np.uint8)),
        "readme.txt": b"hello",
    }
    table = check_ledger(read_idx(as_file_set("digits", contents), Request()))
    labels = [table.columns[0].levels[code] for code in table.columns[0].codes]
    assert labels == ["7", "8", "0", "1", "2", "3", "4", "5"]
    assert table.part is not None
    assert table.part.tolist() == [3, 3, 0, 0, 0, 0, 0, 0]
    assert (table.arrays[0].values[2:, ..., 0] == images(6)).all()
    assert table.arrays[0].kind is Kind.PICTURE
    assert [item.text for item in table.set_aside] == ["readme.txt"]
    assert table.notes[-1] == (
        "digits: the names t10k-images-idx3-ubyte, train-images-idx3-ubyte.gz declare the parts"
    )


def test_one_file_finds_its_labels(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(pack(images(3)))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(pack(np.array([1, 2, 1], np.uint8))))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(pack(np.array([1], np.uint8)))
    table = read_idx(find_idx_pair(tmp_path / "train-images-idx3-ubyte"), Request())
    assert table.columns[0].levels == ("1", "2")
    assert table.part is None


def test_unequal_lengths_and_cut_files() -> None:
    contents = {"a-images-idx3-ubyte": pack(images(3)), "a-labels-idx1-ubyte": pack(np.zeros(2, np.uint8))}
    with pytest.raises(DataError, match="a-images-idx3-ubyte has 3 examples, its label has 2"):
        read_idx(as_file_set("d", contents), Request())
    with pytest.raises(DataError, match="cut short or damaged: its header says 3 x 9 x 8"):
        read_idx(as_file_set("d", {"a-images-idx3-ubyte": pack(images(3))[:-1]}), Request())
    with pytest.raises(DataError, match="x is no idx file: it begins with b'abcd'"):
        parse_idx(b"abcd", name="x")


def test_absurd_sizes_are_refused_before_anything_is_made() -> None:
    head = bytes([0, 0, 8, 4]) + b"\xff" * 16
    with pytest.raises(DataError, match="cut short or damaged"):
        parse_idx(head, name="x")


def test_random_bytes_are_no_idx() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        raw = rng.bytes(40)
        assert not is_idx(raw) or raw[:2] == b"\x00\x00"


def test_a_file_packed_and_unpacked_is_read_once() -> None:
    raw, labels = pack(images(3)), pack(np.array([0, 1, 1], np.uint8))
    contents = {
        "train-images-idx3-ubyte": raw,
        "train-images-idx3-ubyte.gz": gzip.compress(raw),
        "train-labels-idx1-ubyte.gz": gzip.compress(labels),
        "train-labels-idx1-ubyte": labels,
    }
    table = check_ledger(read_idx(as_file_set("d", contents), Request()))
    assert len(table.lines) == 3
    assert [item.text for item in table.set_aside] == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]
