"""Files of folders and archives: listed, read in place, junk and traps ignored and counted."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from heldout.errors import DataError
from heldout.sources.folders import collect_names, list_files, list_named

CONTENT = {"a/1.txt": b"one", "b/2.txt": b"two", "b/3.txt.gz": gzip.compress(b"three")}


def make_folder(root: Path) -> Path:
    for name, raw in CONTENT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(raw)
    return root


def make_zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in CONTENT.items():
            archive.writestr(name, raw)
        archive.writestr("__MACOSX/a/._1.txt", b"x")
    return path


def make_tar(path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, raw in CONTENT.items():
            item = tarfile.TarInfo(name)
            item.size = len(raw)
            archive.addfile(item, io.BytesIO(raw))
        link = tarfile.TarInfo("b/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


def test_folder_and_archives_hold_the_same_files(tmp_path: Path) -> None:
    sources = [
        make_folder(tmp_path / "plain"),
        make_zip(tmp_path / "x.zip"),
        make_tar(tmp_path / "x.tar", "w"),
        make_tar(tmp_path / "x.tar.gz", "w:gz"),
        make_tar(tmp_path / "x.tar.xz", "w:xz"),
    ]
    for source in sources:
        files = list_files(source)
        assert files is not None
        assert files.files == tuple(sorted(CONTENT))
        assert [files.read(name) for name in files.files] == [b"one", b"two", b"three"]


def test_junk_links_and_pipes_are_ignored_with_their_reason(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "plain")
    (root / ".DS_Store").write_bytes(b"x")
    (root / "a" / "Thumbs.db").write_bytes(b"x")
    os.mkfifo(root / "a" / "pipe")
    (root / "a" / "gone").symlink_to(root / "nowhere")
    (root / "a" / "loop").symlink_to(root)
    (root / "empty").mkdir()
    files = list_files(root)
    assert files is not None
    assert files.files == tuple(sorted(CONTENT))
    assert {item.text: item.reason for item in files.ignored} == {
        ".DS_Store": "a hidden file or one that a file manager left behind",
        "a/Thumbs.db": "a hidden file or one that a file manager left behind",
        "a/pipe": "no regular file",
        "a/gone": "no regular file",
    }
    assert files.notes == ("plain has folders without a file: empty",)
    archive = list_files(make_tar(tmp_path / "x.tar", "w"))
    assert archive is not None
    assert [(item.text, item.reason) for item in archive.ignored] == [("b/link", "no regular file")]


def test_one_plain_file_is_no_file_set(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 90))
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("t.csv", "a,b\n")
    assert list_files(tmp_path / "t.csv.gz") is None
    assert list_files(tmp_path / "one.zip") is None
    assert list_files(tmp_path / "no-such") is None


def test_damaged_members_are_refused_one_by_one(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip")
    raw = bytearray(path.read_bytes())
    raw[raw.find(b"a/1.txt") + 8] ^= 255
    path.write_bytes(raw)
    files = list_files(path)
    assert files is not None
    with pytest.raises(DataError, match="a/1.txt is damaged in the archive"):
        files.read("a/1.txt")
    assert files.read("b/2.txt") == b"two"


def test_truncated_archives_and_files(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "plain")
    (root / "b" / "3.txt.gz").write_bytes(gzip.compress(b"three")[:-6])
    (root / "b" / "4.txt").write_bytes(b"")
    files = list_files(root)
    assert files is not None
    with pytest.raises(DataError, match="b/3.txt.gz is a damaged or truncated archive"):
        files.read("b/3.txt.gz")
    with pytest.raises(DataError, match=r"b/4.txt is empty \(0 bytes\)"):
        files.read("b/4.txt")
    packed = make_tar(tmp_path / "x.tar.gz", "w:gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(packed[: len(packed) - 12])
    with pytest.raises(DataError, match="cut.tar.gz is a damaged or truncated archive"):
        list_files(tmp_path / "cut.tar.gz")


def test_bombs_are_not_inflated(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"x")
        archive.writestr("b.txt", bytes(120_000_000))
    files = list_files(tmp_path / "x.zip")
    assert files is not None
    with pytest.raises(DataError, match="b.txt would inflate from"):
        files.read("b.txt")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no files"):
        list_files(tmp_path)


def test_named_files_are_found_without_listing_the_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"1")
    (tmp_path / "b.png").write_bytes(b"22")
    found = list_named(tmp_path, ["in/a.png", "b.png", "", "b.png"])
    assert found is not None
    assert (found.files, found.sizes, found.read("in/a.png")) == (("b.png", "in/a.png"), (2, 1), b"1")
    assert list_named(tmp_path, ["b.png", "c.png"]) is None
    assert list_named(tmp_path, ["", ""]) is None
    assert list_named(tmp_path, ["a\x00.png"]) is None
    assert collect_names(tmp_path, most=10) == {"a.png", "b.png"}
    assert collect_names(tmp_path, most=1) == {"b.png"}
