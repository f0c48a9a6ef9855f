"""Time and memory of reading and typing large tables, kind by kind.

    python bench/reading.py [--rows 100000] [--only KIND]

Each kind is written as CSV of 50 columns (about 100 MB at 100,000 rows) and read in a process of its own, pinned to
nothing: time on the clock and of the processor for reading, declaring and typing, and the memory over that of the
interpreter with its modules, as a multiple of the file.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from shared import describe_machine, print_table

N_COLUMNS = 50
Maker = Callable[[np.random.Generator, int, int], list[str]]


def make_numbers(rng: np.random.Generator, n_rows: int, place: int) -> list[str]:
    return [repr(value) for value in rng.normal(size=n_rows).tolist()]


def make_categories(rng: np.random.Generator, n_rows: int, place: int) -> list[str]:
    return [f"category number {value}" for value in rng.integers(0, 300, n_rows).tolist()]


def make_mixed(rng: np.random.Generator, n_rows: int, place: int) -> list[str]:
    """By place: 20 measurements with gaps, 8 counts, 15 categories, 5 days, a key, a note."""
    if place < 20:
        gone = rng.random(n_rows) < 0.01
        return [
            "" if g else repr(v) for g, v in zip(gone.tolist(), rng.normal(size=n_rows).tolist(), strict=True)
        ]
    if place < 28:
        return [str(value) for value in rng.integers(0, 1000, n_rows).tolist()]
    if place < 43:
        return make_categories(rng, n_rows, place)
    if place < 48:
        days = np.datetime64("1990-01-01") + rng.integers(0, 11_000, n_rows)
        return [f"{day} 00:00:00" for day in days.astype(str).tolist()]
    if place == 48:
        return [f"K{row:07d}Z" for row in range(n_rows)]
    return [f"the note of row {row} says that all is well here and now" for row in range(n_rows)]


KINDS: dict[str, Maker] = {
    "numbers, all different": make_numbers,
    "mixed": make_mixed,
    "categories": make_categories,
}


def write_table(path: Path, kind: str, n_rows: int) -> None:
    """The table of one kind as CSV."""
    rng = np.random.default_rng(0)
    columns = [KINDS[kind](rng, n_rows, place) for place in range(N_COLUMNS)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([f"v{place}" for place in range(N_COLUMNS)])
        writer.writerows(zip(*columns, strict=True))


def measure_peak() -> int:
    """Most memory of this process so far, kB; not that of the process that began it, as getrusage would say."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def read_once(path: Path) -> None:
    """Read, declare and type; prints seconds on the clock and of the processor, and the memory, for the caller."""
    from heldout.cells import declare_columns, type_table
    from heldout.sources import read_table

    before = measure_peak()
    marks = [(time.perf_counter(), time.process_time())]
    table = read_table(path)
    marks.append((time.perf_counter(), time.process_time()))
    specs = declare_columns(table, rows=np.arange(len(table.lines)))
    marks.append((time.perf_counter(), time.process_time()))
    type_table(table, specs)
    marks.append((time.perf_counter(), time.process_time()))
    steps = [later[1] - earlier[1] for earlier, later in zip(marks, marks[1:], strict=False)]
    wall = marks[-1][0] - marks[0][0]
    print(*steps, wall, measure_peak() - before)


def main() -> None:
    """Write, read apart, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", default="", help="kinds whose name contains this word")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        read_once(given.read)
        return
    lines = []
    for kind in KINDS:
        if given.only not in kind:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            write_table(path, kind, given.rows)
            words = [sys.executable, __file__, "--read", str(path)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            read, declare, typed, wall, memory = map(float, done.stdout.split())
            size = path.stat().st_size
        times = f"{read:.1f} + {declare:.1f} + {typed:.1f} = {read + declare + typed:.1f}"
        lines.append([kind, f"{size / 1e6:.0f} MB", times, f"{wall:.1f}", f"{memory * 1024 / size:.2f}"])
    print(f"{describe_machine()}; {given.rows:,} rows, {N_COLUMNS} columns\n")
    print_table(
        ["cells", "file", "s of processor: read + declare + type", "s", "memory over the file"], lines
    )


if __name__ == "__main__":
    main()
