"""Polluted tables: which reader gives the right rows, which asks, which is silently wrong.

    python bench/messy_files.py [--only WORD] [--tool NAME ...] [--seeds 2] [--show]

A clean table is written and then polluted in one way at a time, in the manner of Pollock (Vitagliano et al., VLDB
2023): delimiter, quotes, escape, line ends, header, preamble, footer, ragged rows, several tables, encodings, wrong
kinds of file. Every tool reads with its defaults, but all cells as text, so that only rows, names and cells count.

right: names and rows as in the clean table; rows that the pollution destroyed are missing AND reported with their
line; or a refusal where nothing else is right (a web page, two tables). asked: another refusal. wrong: the rest.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from messy_pollutions import POLLUTIONS, Case, make_cases


class Refused(Exception):
    """A tool said that it cannot read the file."""


Result = tuple[list[str], list[list[str]], set[int]]


def read_heldout(path: Path) -> Result:
    from heldout.errors import HeldoutError
    from heldout.sources import read_table

    try:
        table = read_table(path)
    except HeldoutError as error:
        raise Refused(str(error)) from None
    columns = [
        [column.levels[code] if code >= 0 else "" for code in column.codes] for column in table.columns
    ]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return [column.name for column in table.columns], rows, {row.line for row in table.set_aside}


def read_pandas(path: Path) -> Result:
    import pandas

    try:
        frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, UnicodeError, OSError, EOFError) as error:
        raise Refused(str(error)) from None
    rows = [["" if cell is None or cell != cell else str(cell) for cell in row] for row in frame.to_numpy()]
    return [str(name) for name in frame.columns], rows, set()


def read_polars(path: Path) -> Result:
    import polars

    try:
        frame = polars.read_csv(path, infer_schema=False)
    except (polars.exceptions.PolarsError, ValueError, OSError) as error:
        raise Refused(str(error)) from None
    return frame.columns, [["" if cell is None else cell for cell in row] for row in frame.rows()], set()


def read_duckdb(path: Path) -> Result:
    import duckdb

    try:
        with duckdb.connect() as connection:
            found = connection.execute("SELECT * FROM read_csv(?, all_varchar=true)", [str(path)])
            names = [item[0] for item in found.description]
            rows = [["" if cell is None else cell for cell in row] for row in found.fetchall()]
    except (duckdb.Error, UnicodeError) as error:
        raise Refused(str(error)) from None
    return names, rows, set()


def read_clevercsv(path: Path) -> Result:
    import clevercsv

    try:
        rows = clevercsv.read_table(str(path))
    except (clevercsv.Error, clevercsv.exceptions.NoDetectionResult, ValueError, UnicodeError) as error:
        raise Refused(str(error)) from None
    except (TypeError, AttributeError, StopIteration, IndexError) as error:
        raise Refused(f"crash: {error!r}") from None
    if not rows:
        raise Refused("no rows")
    return rows[0], rows[1:], set()


TOOLS: dict[str, Callable[[Path], Result]] = {
    "heldout": read_heldout,
    "pandas": read_pandas,
    "polars": read_polars,
    "duckdb": read_duckdb,
    "clevercsv": read_clevercsv,
}


def judge(case: Case, path: Path, tool: str) -> tuple[str, str]:
    """Give "right", "asked" or "wrong" and what was seen."""
    try:
        names, rows, reported = TOOLS[tool](path)
    except Refused as error:
        return ("right" if case.must_ask else "asked"), str(error).replace("\n", " ")[:160]
    if case.must_ask:
        return "wrong", f"read as {len(rows)} rows x {len(names)}"
    from heldout.sources import read_table

    if tool == "heldout" and (doubts := read_table(path).doubts):
        return "asked", f"read, with an open question: {doubts[0].question}"
    clean = [[cell.strip() for cell in row] for row in rows]
    wanted = [[cell.strip() for cell in row] for i, row in enumerate(case.rows) if i not in case.destroyed]
    is_also = bool(case.also) and clean == [[cell.strip() for cell in row] for row in case.also]
    if clean != wanted and not is_also:
        return "wrong", describe_difference(clean, wanted)
    if case.names is not None and [name.strip() for name in names] != list(case.names):
        return "wrong", f"names {names[:6]} instead of {list(case.names)[:6]}"
    unreported = set() if is_also else set(case.destroyed.values()) - reported
    if unreported:
        return "wrong", f"lines {sorted(unreported)[:5]} are missing without a word"
    return "right", ""


def describe_difference(rows: list[list[str]], wanted: list[list[str]]) -> str:
    if len(rows) != len(wanted):
        return f"{len(rows)} rows instead of {len(wanted)}; first {rows[:1]}"
    where = next(i for i, (row, want) in enumerate(zip(rows, wanted, strict=True)) if row != want)
    return f"row {where}: {rows[where]} instead of {wanted[where]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="pollutions whose name contains this word")
    parser.add_argument("--tool", nargs="*", default=list(TOOLS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="misses of every tool, not only of heldout")
    parser.add_argument("--keep", type=Path, help="write the files here")
    given = parser.parse_args()
    cases = [
        case
        for seed in range(given.seeds)
        for case in make_cases(random.Random(seed))
        if given.only in case.name
    ]
    print(f"{len(cases)} files, {len(POLLUTIONS)} pollutions, {given.seeds} seeds\n")
    for tool in given.tool:
        print_tool(tool, cases, given)


def print_tool(tool: str, cases: list[Case], given: argparse.Namespace) -> None:
    counts: Counter[str] = Counter()
    misses: dict[tuple[str, str], list[str]] = {}
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(exist_ok=True, parents=True)
        for number, case in enumerate(cases):
            path = place / f"{number:04d}-{case.file_name}"
            path.write_bytes(case.content)
            start = time.perf_counter()
            word, why = judge(case, path, tool)
            slowest = max(slowest, time.perf_counter() - start)
            counts[word] += 1
            if word != "right":
                misses.setdefault((word, case.name.split("@")[0]), []).append(
                    f"{path.name[:4]} {case.name}: {why}"
                )
    n = len(cases)
    accepted = sum(case.must_ask is False for case in cases)
    print(
        f"{tool}: right {counts['right']} ({counts['right'] / n:.1%}), asked {counts['asked']} "
        f"({counts['asked'] / n:.1%}), silently wrong {counts['wrong']} ({counts['wrong'] / n:.2%}); right where not "
        f"refused {counts['right'] / max(1, n - counts['asked']):.2%}; {accepted} readable; slowest {slowest:.1f} s"
    )
    if tool == "heldout" or given.show:
        for (word, _), lines in sorted(misses.items(), reverse=True):
            print(f"  {word} x{len(lines)}: {lines[0][:330]}")
    else:
        names = Counter(name for (word, name), lines in misses.items() if word == "wrong" for _ in lines)
        print("  silently wrong: " + ", ".join(f"{name} x{count}" for name, count in names.most_common(60)))
    print()


if __name__ == "__main__":
    main()
