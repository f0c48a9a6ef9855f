"""Any source: recognised by content, read by its reader, refused with what was found."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.sources.test_idx import images
from tests.sources.test_idx import pack as pack_idx
from tests.sources.test_pictures import pack

from heldout.errors import DataError
from heldout.sources.examples import read_examples, recognise_source
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request


def level(value: int) -> bytes:
    return pack(Image.new("L", (8, 8), value))


def npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, X=np.zeros((3, 8, 8)), y=np.arange(3))
    return stream.getvalue()


def fill(root: Path, contents: dict[str, bytes]) -> Path:
    for name, raw in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(raw)
    return root


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b">a\nACGT\n", "sequences"),
        (gzip.compress(b"@a\nAC\n+\nII\n"), "sequences"),
        (level(3), "pictures"),
        (npz(), "arrays"),
        (pack_idx(images(2)), "idx"),
        (gzip.compress(pack_idx(images(2))), "idx"),
        (b"SIMPLE  =                    T", "fits"),
        (b"a,b\n1,2\n", ""),
        (gzip.compress(b"a,b\n1,2\n"), ""),
        (b"", ""),
        (b"\x00\x01\x02", ""),
    ],
)
def test_single_files_by_content_under_any_name(tmp_path: Path, raw: bytes, kind: str) -> None:
    (tmp_path / "data.csv").write_bytes(raw)
    assert recognise_source(tmp_path / "data.csv") == kind


FOLDERS = {
    "pictures": {
        "a/1.png": level(1),
        "b/2.png": level(2),
        "b/3.png": b"broken",
        "a/4.png": level(4),
        "notes.txt": b"hi",
    },
    "sequences": {"x.fa": b">a\nACGT\n", "y.fa": b">b\nGGGG\n"},
    "idx": {"train-images-idx3-ubyte": pack_idx(images(2))},
    "signals": {f"{c}/{k}.csv": b"t,y\n0,1\n1,2\n2,3\n3,4\n" for c in "ab" for k in range(3)},
    "texts": {"pos/1.txt": b"a good film", "neg/2.txt": b"a bad film"},
}


@pytest.mark.parametrize("kind", list(FOLDERS))
def test_folders_and_zip_archives_by_their_files(tmp_path: Path, kind: str) -> None:
    folder = fill(tmp_path / "d", FOLDERS[kind])
    assert recognise_source(folder) == kind
    table = check_ledger(read_examples(folder))
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for name, raw in {**FOLDERS[kind], ".hidden": b"x"}.items():
            archive.writestr(name, raw)
    packed = check_ledger(read_examples(tmp_path / "d.zip")) if len(FOLDERS[kind]) > 1 else table
    assert [column.levels for column in packed.columns] == [column.levels for column in table.columns]
    for one, other in zip(table.arrays, packed.arrays, strict=True):
        assert (one.values == other.values).all()


def test_labels_beside_the_pictures_are_joined(tmp_path: Path) -> None:
    contents = {f"img/{k}.png": level(k) for k in range(5)}
    contents["labels.csv"] = b"file_name,target\n" + b"".join(
        f"{k}.png,{'xy'[k % 2]}\n".encode() for k in range(5)
    )
    table = check_ledger(read_examples(fill(tmp_path, contents)))
    column = next(column for column in table.columns if column.name == "target")
    assert [column.levels[code] for code in column.codes] == ["x", "y", "x", "y", "x"]
    contents["labels.csv"] = b"q,target\nu,x\nv,y\n"
    table = check_ledger(read_examples(fill(tmp_path, contents)))
    assert "no column of it names most of them" in table.notes[-1]


def test_a_policy_reads_one_picture_for_prediction(tmp_path: Path) -> None:
    folder = fill(
        tmp_path / "d",
        {f"{c}/{k}.png": pack(Image.new("L", (80 + k, 70), 9 * k)) for c in "ab" for k in range(3)},
    )
    policy = read_examples(folder).arrays[0].policy
    (tmp_path / "new.png").write_bytes(pack(Image.new("L", (30, 200), 77)))
    table = read_examples(tmp_path / "new.png", Request(policies=(policy,)))
    assert table.arrays[0].values.shape == (1, policy.height, policy.width, 1)
    assert (table.arrays[0].values == 77).all()


def test_folders_of_tables_and_of_archives_are_refused_with_the_file_to_give(tmp_path: Path) -> None:
    folder = fill(tmp_path / "d", {"a.csv": b"x,y\nu,v\nw,z\n", "b.csv": b"x,y\nu,v\n"})
    with pytest.raises(
        DataError, match=r"d is a folder of 2 files \(a.csv, b.csv\), which are no examples of one kind"
    ) as caught:
        recognise_source(folder)
    assert "a.csv" in caught.value.hint
    (tmp_path / "e").mkdir()
    with pytest.raises(DataError, match="e holds no files"):
        recognise_source(tmp_path / "e")


def test_cut_npz_and_missing_path(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(npz()[:-30])
    with pytest.raises(DataError, match="x.npz is a damaged or truncated npz archive"):
        read_examples(tmp_path / "x.npz")
    assert recognise_source(tmp_path / "none") == ""
    with pytest.raises(DataError, match="holds no pictures, sequences"):
        read_examples(tmp_path / "none")
