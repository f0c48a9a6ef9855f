"""Whatever bytes are given to the reader end in a table with a ledger or in a refusal, and soon.

`python bench/fuzz.py --minutes 5` makes files of random bytes and mutations of real and polluted tables, reads and
types each, and prints every other exception and every file that took longer than 5 s per 100 kB, with the seed that
makes it again.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from messy_pollutions import make_cases
from shared import DATA

from heldout.cells import declare_columns, type_table
from heldout.errors import HeldoutError
from heldout.sources import read_table

MOST_SECONDS, OF_BYTES = 5.0, 100_000
PIECES = [
    b'"', b'""', b",", b";", b"\n", b"\r\n", b"\r", b"\t", b"'", b"\x00", b"\xff", b"\xef\xbb\xbf", b"|", b"#", b'",',
    b"\xe9", b"", b"\x1a", b"\\", b"1e999", b"-", b"NaN", b"{", b"}", b"[", b"]", b":", b">", b"@", b"\x1e",
    b"\xed\xa0\x80",
    b"1.5", b"2020-02-30", b"F/3", b"<0.5", b"\xc2\xa0", b"999999999999999999999999", b"=", b"%", b"\x80\x81", b"/",
]  # fmt: skip
HEADS = [
    b"", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x1f\x8b\x08", b"\xfd7zXZ\x00", b"PAR1", b"\xd0\xcf\x11\xe0",
    b"SIMPLE  =",
    b"\x93NUMPY\x01\x00", b"$FL2", b"<stata_dta>", b"\x72\x02\x01\x00", b"\xff\xd8\xff", b"GIF89a", b"%PDF", b"BZh9",
    b">s1\n", b"@r1\n", b'{"a": 1}\n', b"[{", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\x08\x03", b"RIFF", b"<?xml",
    b"\x80\x04\x95",
]  # fmt: skip


def gather_seeds(most_bytes: int = 20_000) -> tuple[bytes, ...]:
    """Beginnings of real files beside polluted tables, each at most so long."""
    contents = [case.content[:most_bytes] for case in make_cases(random.Random(0))]
    for path in sorted(DATA.rglob("*")) if DATA.is_dir() else ():
        if path.is_file() and path.suffix in (
            ".csv",
            ".data",
            ".tsv",
            ".fa",
            ".fasta",
            ".fna",
            ".gz",
            ".fits",
            ".npz",
            ".gb",
        ):
            with path.open("rb") as stream:
                raw = stream.read(most_bytes)
            if path.suffix == ".gz":
                with gzip.open(path) as stream:
                    raw = stream.read(most_bytes)
            contents.append(raw)
    return tuple(filter(None, contents))


def make_file(seed: int, seeds: tuple[bytes, ...]) -> bytes:
    """One file: random bytes, pieces in a row, or a mutation, sometimes packed."""
    rng = random.Random(seed)
    way = rng.random()
    if way < 0.1:
        raw = rng.choice(HEADS) + rng.randbytes(rng.randrange(1, 4_000))
    elif way < 0.25:
        raw = rng.choice(HEADS) + b"".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 800)))
    else:
        raw = _mutate(bytearray(rng.choice(seeds)), rng, seeds)
    packing = rng.random()
    if packing < 0.03:
        raw = gzip.compress(raw)[: rng.choice([10**9, len(raw) // 3 + 1])]
    elif packing < 0.06:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr(rng.choice(["t.csv", "a/b.csv", "../t.csv", "xl/workbook.xml"]), raw)
        raw = held.getvalue()
    return raw


def _mutate(raw: bytearray, rng: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at, length = rng.randrange(len(raw) + 1), rng.randrange(1, 400)
        way = rng.randrange(6)
        if way == 0:
            raw[at : at + rng.randrange(3)] = rng.choice(PIECES)
        elif way == 1:
            del raw[at : at + length]
        elif way == 2:
            raw[at:at] = raw[at : at + length] * rng.randrange(1, 30)
        elif way == 3 and at < len(raw):
            raw[at] = rng.randrange(256)
        elif way == 4:
            other = rng.choice(seeds)
            start = rng.randrange(len(other))
            raw[at:at] = other[start : start + length * 4]
        else:
            piece = rng.choice(PIECES)
            raw = bytearray(bytes(raw).replace(rng.choice(PIECES) or b",", piece, rng.randrange(1, 200)))
    return bytes(raw[:100_000])


def read_bytes(raw: bytes, place: Path) -> str:
    """Read a file and say how that ended: "table", or "refused".

    Raises:
        AssertionError: a table without a ledger, or with another number of rows.
    """
    place.write_bytes(raw)
    try:
        table = read_table(place)
        if table.ledger is None or table.ledger.used != len(table.lines):
            raise AssertionError(f"the ledger does not account for {len(table.lines)} rows: {table.ledger}")
        if len(table.lines):
            specs = declare_columns(table, rows=np.arange(len(table.lines)), overrides={}, unused={})
            type_table(table, specs)
    except HeldoutError as error:
        str(error)
        return "refused"
    return "table"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first file")
    parser.add_argument("--only", type=int, help="make and read this one file again, with its traceback")
    given = parser.parse_args()
    seeds = gather_seeds()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "t.csv"
        if given.only is not None:
            print(read_bytes(make_file(given.only, seeds), place))
            return
        ended, faults, slowest = run(given.minutes, given.seed, seeds, place)
    print(
        json.dumps(
            {
                "read": sum(ended.values()),
                **ended,
                "slowest_seconds": round(slowest, 2),
                "faults": len(faults),
            }
        )
    )
    for fault, numbers in faults.items():
        print(f"  x{len(numbers)}, --only {numbers[0]}: {fault}")


def run(
    minutes: float, first: int, seeds: tuple[bytes, ...], place: Path
) -> tuple[Counter[str], dict[str, list[int]], float]:
    """Read files until the time is over; give how they ended, faults by their place, and the longest time."""
    ended: Counter[str] = Counter()
    faults: dict[str, list[int]] = {}
    slowest, until, seed = 0.0, time.monotonic() + 60 * minutes, first
    while time.monotonic() < until:
        raw = make_file(seed, seeds)
        begun = time.process_time()
        try:
            ended[read_bytes(raw, place)] += 1
        except Exception as error:  # noqa: BLE001 - finding them is the point
            where = traceback.extract_tb(error.__traceback__)[-1]
            fault = (
                f"{type(error).__name__}: {str(error)[:120]} at {Path(where.filename).name}:{where.lineno}"
            )
            faults.setdefault(fault, []).append(seed)
        spent = time.process_time() - begun
        if spent > MOST_SECONDS * max(1.0, len(raw) / OF_BYTES):
            faults.setdefault(f"slow: more than {MOST_SECONDS:g} s", []).append(seed)
        slowest = max(slowest, spent)
        seed += 1
    return ended, faults, slowest


if __name__ == "__main__":
    main()
