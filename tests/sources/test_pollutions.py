"""Polluted tables and random bytes: right, asked for or refused, never silently wrong, never a crash."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bench.messy_files import judge
from bench.messy_pollutions import MAKERS, POLLUTIONS, make_cases

from heldout.errors import HeldoutError
from heldout.sources.read import read_table

CASES = make_cases(random.Random(11))
PIECES = [
    b'"',
    b",",
    b";",
    b"\n",
    b"\r\n",
    b"\t",
    b"'",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"|",
    b"#",
    b'",',
    b"\xe9",
    b"",
]


@pytest.mark.parametrize("table", [maker(random.Random(0)).name for maker in MAKERS])
def test_no_pollution_is_read_silently_wrong(table: str, tmp_path: Path) -> None:
    wrong, asked = [], []
    # A third of the pollutions of each table, another third for the next one.
    place = [maker(random.Random(0)).name for maker in MAKERS].index(table)
    cases = [case for case in CASES if case.name.endswith(f"@{table}")][place % 3 :: 3]
    for case in cases:
        path = tmp_path / case.file_name
        path.write_bytes(case.content)
        word, why = judge(case, path, "heldout")
        if word != "right":
            (wrong if word == "wrong" else asked).append(f"{case.name}: {why}")
    assert wrong == []
    assert len(asked) <= 0.05 * len(POLLUTIONS) / 3 + 1, asked


@pytest.mark.parametrize("seed", range(3))
def test_mutated_files_give_a_table_with_a_ledger_or_a_refusal(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = tmp_path / "t.csv"
    for _ in range(40):
        raw = bytearray(rng.choice(CASES).content)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(raw) + 1)
            raw[at : at + rng.randrange(3)] = rng.choice(PIECES)
        path.write_bytes(bytes(raw[: rng.randrange(len(raw) + 1)] if rng.random() < 0.3 else raw))
        try:
            table = read_table(path)
        except HeldoutError as error:
            # Refusals say which file they are about.
            if "t.csv" not in str(error):
                raise
            continue
        assert table.ledger is not None
        assert table.ledger.used == len(table.lines)
        assert len({column.name for column in table.columns}) == len(table.columns)
