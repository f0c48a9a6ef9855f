"""Whatever bytes the reader is given end in a table with a ledger or in a refusal, within five seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bench.fuzz import MOST_SECONDS, PIECES, gather_seeds, make_file, read_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heldout.sources.read import read_table

SEEDS = gather_seeds(4_000)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(raw: bytes, place: Path) -> str:
    begun = time.process_time()
    ended = read_bytes(raw, place)
    assert time.process_time() - begun < MOST_SECONDS
    return ended


@QUICK
@given(raw=st.binary(max_size=2_000))
def test_any_bytes(raw: bytes, tmp_path: Path) -> None:
    assert read(raw, tmp_path / "t.csv") in ("table", "refused")


@QUICK
@given(pieces=st.lists(st.sampled_from([*PIECES, b"a", b"7", b"x,y\n1,2\n"]), max_size=120))
def test_any_pieces_of_tables(pieces: list[bytes], tmp_path: Path) -> None:
    assert read(b"".join(pieces), tmp_path / "t.csv") in ("table", "refused")


@QUICK
@given(seed=st.integers(0, 2**32))
def test_mutations_of_real_and_polluted_files(seed: int, tmp_path: Path) -> None:
    assert read(make_file(seed, SEEDS), tmp_path / "t.csv") in ("table", "refused")


# Each of these once was, or easily is, the worst case of some rule: 100 kB that repeat one thing.
@pytest.mark.parametrize(
    "piece",
    [
        b'"',
        b"(",
        b"a,",
        b"\n",
        b" ",
        b"1/2;",
        b"\xff",
        b'="',
        b"ACGT",
        b"{",
        b"[",
        b"\t\r",
        b"1e9,",
        b"\xc3\xa9",
    ],
)
def test_one_piece_over_and_over(piece: bytes, tmp_path: Path) -> None:
    assert read((piece * 100_000)[:100_000], tmp_path / "t.csv") in ("table", "refused")
    head = b"x,y\n1,2\n3,4\n"
    assert read(head + (piece * 100_000)[:100_000] + b"\n", tmp_path / "t.csv") in ("table", "refused")


def test_a_table_without_a_ledger_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    import bench.fuzz

    monkeypatch.setattr(bench.fuzz, "read_table", lambda place: replace(read_table(place), ledger=None))
    with pytest.raises(AssertionError, match="the ledger does not account for 2 rows"):
        read_bytes(b"x,y\n1,2\n3,4\n", tmp_path / "t.csv")
