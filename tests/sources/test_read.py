"""`read_table` on every kind of source: the same cells, whatever they stand in."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import polars as pl
import pytest

from heldout.errors import DataError, UsageError
from heldout.sources.columns import fingerprint_table
from heldout.sources.read import SOURCES, read_table, recognise_kind

ROWS = [{"age": "63", "sex": "M"}, {"age": "67", "sex": "F"}]
TEXT = b"age,sex\n63,M\n67,F\n"


def test_all_sources_of_the_same_cells_have_the_same_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(TEXT)
    (tmp_path / "t.dat").write_bytes(TEXT.replace(b",", b"\t"))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(TEXT))
    (tmp_path / "t.csv.xz").write_bytes(lzma.compress(TEXT))
    (tmp_path / "t.jsonl").write_bytes(b'{"age": 63, "sex": "M"}\n{"age": 67, "sex": "F"}\n')
    pl.DataFrame(ROWS).write_parquet(tmp_path / "t.parquet")
    sources = [*sorted(tmp_path.iterdir()), str(tmp_path / "t.csv"), ROWS, pl.DataFrame(ROWS)]
    prints = {fingerprint_table(read_table(source)) for source in sources}
    assert len(sources) == 9
    assert len(prints) == 1


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"PAR1..", "parquet"),
        (b'\xef\xbb\xbf {"a"', "jsonl"),
        (b'[\n{"a"', "jsonl"),
        (b"[0-10),a", "delimited"),
    ],
)
def test_kinds_are_judged_by_content(raw: bytes, kind: str) -> None:
    assert recognise_kind(raw) == kind
    assert kind in SOURCES


def test_options_that_do_not_apply_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(b'{"a": 1}')
    with pytest.raises(UsageError, match="--delimiter ';' does not apply: the source is jsonl"):
        read_table(tmp_path / "t.jsonl", delimiter=";")
    with pytest.raises(UsageError, match="--header 'no' does not apply: the source is dicts"):
        read_table(ROWS, header="no")
    with pytest.raises(UsageError, match="cannot read a table from int"):
        read_table(3)


def test_options_reach_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("näme:wert\nä:1\n".encode("latin-1"))
    table = read_table(path, delimiter=":", encoding="latin-1", header="yes")
    assert [column.name for column in table.columns] == ["näme", "wert"]
    with pytest.raises(DataError, match="cannot be read as utf-8"):
        read_table(path, encoding="utf-8")
