"""Whole studies of nine real tables: scores with intervals, baselines, verdict, seconds, memory.

    python bench/tables.py [NAME ...] [--preset quick] [--cold]

Each study runs as a process of its own. `--cold` gives every study an empty cache of compiled programs.
"""

from __future__ import annotations

import argparse
import tempfile

from shared import CASES, Measured, describe_machine, print_table, run_case, say_interval

HEAD = [
    "data",
    "rows",
    "score",
    "further scores",
    "linear",
    "boosting",
    "verdict",
    "overfits from",
    "s",
    "MB",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(CASES), help="data sets; all when left out")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--cold", action="store_true")
    given = parser.parse_args()
    print(
        f"{describe_machine()}; preset {given.preset}, {'cold' if given.cold else 'warm'} compilation cache\n"
    )
    rows = []
    for name in given.names:
        with tempfile.TemporaryDirectory() as cache:
            measured = run_case(CASES[name], "--preset", given.preset, cache=cache if given.cold else None)
        rows.append(describe(name, measured))
        print(" | ".join(rows[-1]), flush=True)
    print()
    print_table(HEAD, rows)


def describe(name: str, measured: Measured) -> list[str]:
    """Lay out one study as a line of the table."""
    answer = measured.answer
    scores = answer["test"]["scores"] if answer["test"] else answer["development_scores"]
    where = "test" if answer["test"] else "development"
    baselines = {item["name"]: item["scores"][0]["value"] for item in answer["baselines"]}
    return [
        name,
        str(scores[0]["n_rows"]),
        f"{where} {scores[0]['metric']} {say_interval(scores[0])}",
        ", ".join(f"{score['metric']} {score['value']:.3f}" for score in scores[1:]),
        f"{baselines.get('linear', float('nan')):.3f}",
        f"{baselines.get('gradient boosting', float('nan')):.3f}",
        answer["verdict"]["chosen"]["word"],
        answer["verdict"]["ladder"]["word"],
        f"{measured.seconds:.0f}",
        f"{measured.peak_mb:.0f}",
    ]


if __name__ == "__main__":
    main()
