"""Finding, unpacking and recognising files."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest

from heldout.errors import DataError
from heldout.sources import files
from heldout.sources.files import (
    check_memory,
    inflate_bytes,
    inflate_zip,
    load_bytes,
    open_content,
    read_head,
)
from heldout.sources.read import read_table

WRONG = [
    (b"", r"t\.csv is empty \(0 bytes\)"),
    (b"\n\r\n \n", "holds only line ends and blanks"),
    (b">seq 1\nACGTACGTACGT\nACGT\n", "FASTA file"),
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


def make_zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def test_a_zip_archive_of_one_table_is_unpacked(tmp_path: Path) -> None:
    packed = make_zip(("__MACOSX/t.csv", b"x"), ("folder/", b""), ("folder/t.csv", b"a,b\n1,2\n"))
    (tmp_path / "t.csv").write_bytes(packed)
    assert load_bytes(tmp_path / "t.csv") == b"a,b\n1,2\n"
    with pytest.raises(
        DataError, match=r"a zip archive of 2 files \(a\.csv, b\.csv\); one table was expected"
    ):
        inflate_zip(make_zip(("a.csv", b"a"), ("b.csv", b"b")), "t.zip")
    with pytest.raises(DataError, match="a zip archive of 0 files"):
        inflate_zip(make_zip(), "t.zip")


def test_damaged_encrypted_and_boundless_zip_archives_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = make_zip(("t.csv", b"a,b\n1,2\n" * 99))
    with pytest.raises(DataError, match="damaged or truncated zip archive"):
        inflate_zip(packed[:-30], "t.zip")
    broken = packed[:45] + b"XXXX" + packed[49:]
    with pytest.raises(DataError, match="damaged or truncated zip archive"):
        inflate_zip(broken, "t.zip")
    at = packed.index(b"PK\x01\x02") + 8
    with pytest.raises(DataError, match="encrypted zip archive"):
        inflate_zip(packed[:at] + b"\x01" + packed[at + 1 :], "t.zip")
    monkeypatch.setattr(files, "_RATIO_FROM_BYTES", 1_000_000)
    with pytest.raises(DataError, match=r"t\.zip inflates from"):
        inflate_zip(make_zip(("t.csv", bytes(3_000_000))), "t.zip")


def test_plain_files_are_given_by_their_path_and_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 50_000)
    assert open_content(path) == path
    assert len(read_head(path)) == 65_536
    table = read_table(path)
    assert table.ledger is not None
    assert table.ledger.lines == 50_001


def test_a_file_whose_table_would_not_fit_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    check_memory(10**9, "t.csv")
    monkeypatch.setattr(files, "_find_free_memory", lambda: 2 * 10**9)
    check_memory(10**8, "t.csv")
    with pytest.raises(
        DataError, match=r"10\.0 GB of text; its table needs about 50\.0 GB of memory and 2\.0 GB are free"
    ):
        check_memory(10**10, "t.csv")
    assert files._find_free_memory() == 2 * 10**9


def test_odd_paths_are_refused_in_words() -> None:
    with pytest.raises(DataError, match="cannot read 'a.x00b'"):
        load_bytes("a\x00b")
