"""Finding, unpacking and recognising files."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest

from heldout.errors import DataError
from heldout.sources import files
from heldout.sources.files import inflate_bytes, load_bytes

WRONG = [
    (b"", r"t\.csv is empty \(0 bytes\)"),
    (b"\n\r\n \n", "holds only line ends and blanks"),
    (b"PK\x03\x04rest", "Excel workbook"),
    (b"\xd0\xcf\x11\xe0rest", "old Excel"),
    (b"\x89PNG\r\n", "PNG image"),
    (b"%PDF-1.7", "PDF document"),
    (b"\n<!DOCTYPE html><html>", "web page"),
    (b"\xef\xbb\xbf<HTML>", "web page"),
    (b"% a comment\n@RELATION wdbc\n", "ARFF file"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
    (b"\x80\x04\x95\x00", "pickle"),
]


@pytest.mark.parametrize(("content", "message"), WRONG)
def test_content_that_is_no_table_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load_bytes(path)
    assert caught.value.hint
    packed = tmp_path / "t.csv.gz"
    if content:
        packed.write_bytes(gzip.compress(content))
        with pytest.raises(DataError, match="unpacked"):
            load_bytes(packed)


def test_packed_files_are_unpacked_whatever_their_ending(tmp_path: Path) -> None:
    for packed in (gzip.compress(b"a,b\n1,2\n"), lzma.compress(b"a,b\n1,2\n")):
        path = tmp_path / "table.data"
        path.write_bytes(packed)
        assert load_bytes(path) == b"a,b\n1,2\n"


@pytest.mark.parametrize("packed", [gzip.compress(b"a,b\n" * 99), lzma.compress(b"a,b\n" * 99)])
def test_truncated_archives_are_refused(packed: bytes) -> None:
    with pytest.raises(DataError, match="damaged or truncated archive: it ends before its end mark"):
        inflate_bytes(packed[:-10], "t.gz")


def test_damaged_archives_are_refused() -> None:
    packed = bytearray(gzip.compress(b"a,b\n" * 99))
    packed[-6] ^= 0xFF
    with pytest.raises(DataError, match="damaged or truncated archive"):
        inflate_bytes(bytes(packed), "t.gz")


def test_archives_that_inflate_without_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(3_000_000))
    assert len(inflate_bytes(bomb, "t.gz")) == 3_000_000
    monkeypatch.setattr(files, "_RATIO_FROM_BYTES", 1_000_000)
    with pytest.raises(DataError, match="t.gz inflates from"):
        inflate_bytes(bomb, "t.gz")


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "heart.csv").write_text("a,b\n")
    with pytest.raises(DataError, match=r"there is no file .*\n  -> did you mean .*heart\.csv'\?"):
        load_bytes(tmp_path / "haert.csv")
    with pytest.raises(DataError, match="is a folder, a table file was expected"):
        load_bytes(tmp_path)
    with pytest.raises(DataError, match="does not exist or cannot be listed"):
        load_bytes(tmp_path / "nowhere" / "t.csv")
