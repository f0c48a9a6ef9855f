"""Numpy's files: names tell inputs, labels and parts; Python objects are never loaded."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.sources.folders import as_file_set
from heldout.sources.ledger import check_ledger
from heldout.sources.numpy_files import Role, list_npz, name_role, parse_npy, read_numpy
from heldout.sources.request import Request

PICTURES = np.arange(4 * 64).reshape(4, 8, 8).astype(np.uint8)


def npz(**arrays: np.ndarray):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return list_npz(stream.getvalue(), name="d.npz")


def npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def cells(table, name: str) -> list[str | None]:
    column = next(column for column in table.columns if column.name == name)
    return [column.levels[code] if code >= 0 else None for code in column.codes]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train_images.npy", Role("input", 1)),
        ("x_test.npy", Role("input", 3)),
        ("yVal.npy", Role("label", 2)),
        ("X.npy", Role("input", 0)),
        ("patient_id.npy", Role("patient_id", 0)),
        ("test.npy", Role("input", 3)),
    ],
)
def test_roles(name: str, role: Role) -> None:
    assert name_role(name) == role


def test_parts_of_one_archive() -> None:
    files = npz(
        train_images=PICTURES, train_labels=np.array([[0], [1], [0], [1]]),
        val_images=PICTURES[:1], val_labels=np.array([[1]]),
        test_images=PICTURES[:2], test_labels=np.array([[0], [0]]),
    )  # fmt: skip
    table = check_ledger(read_numpy(files, Request()))
    assert table.part is not None
    assert table.part.tolist() == [3, 3, 1, 1, 1, 1, 2]
    assert cells(table, "label") == ["0", "0", "0", "1", "0", "1", "1"]


def test_unnamed_arrays_one_hot_groups_and_leftovers() -> None:
    files = npz(arr_0=PICTURES, arr_1=np.eye(4)[[2, 0, 1, 3]])
    with pytest.raises(DataError, match="which array holds the examples cannot be told"):
        read_numpy(files, Request())
    table = read_numpy(npz(arr_0=PICTURES, arr_1=np.array([5, 6, 7, 8])), Request())
    assert cells(table, "label") == ["5", "6", "7", "8"]
    files = npz(
        X=PICTURES, y=np.eye(4)[[2, 0, 1, 3]], patient=np.array(["a", "a", "b", "b"]), mean=np.array(3.0)
    )
    table = check_ledger(read_numpy(files, Request()))
    assert cells(table, "label") == ["2", "0", "1", "3"]
    assert cells(table, "patient") == ["a", "a", "b", "b"]
    assert [item.text for item in table.set_aside] == ["mean.npy"]


def test_several_labels_are_columns() -> None:
    table = read_numpy(npz(X=PICTURES, y=np.array([[1, 1], [0, 1], [0, 0], [1, 0]])), Request())
    assert [column.name for column in table.columns] == ["label/0", "label/1"]


def test_unequal_lengths() -> None:
    with pytest.raises(DataError, match="X.npy has 4 examples, y.npy has 3"):
        read_numpy(npz(X=PICTURES, y=np.zeros(3)), Request())


def test_objects_are_never_loaded() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="holds Python objects, which can run code"):
        parse_npy(stream.getvalue(), name="x.npy")


def test_damage_and_bombs() -> None:
    with pytest.raises(DataError, match="x.npy is no intact numpy file"):
        parse_npy(npy(PICTURES)[:-9], name="x.npy")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(120_000_000))
    with pytest.raises(DataError, match="x.npz would inflate from"):
        list_npz(stream.getvalue(), name="x.npz")
    header = npy(np.zeros(1)).replace(b"(1,), ", b"(9999999999999,), ")
    with pytest.raises(DataError, match="x.npy is no intact numpy file"):
        parse_npy(header, name="x.npy")


def test_any_bytes_are_refused_and_never_crash() -> None:
    rng = np.random.default_rng(0)
    seed = npy(PICTURES)
    for _ in range(100):
        raw = bytearray(seed)
        for place in rng.integers(0, 130, 3):
            raw[place] = rng.integers(0, 256)
        try:
            read_numpy(as_file_set("d", {"x.npy": bytes(raw)}), Request())
        except DataError:
            continue
