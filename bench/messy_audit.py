"""What the audit finds: planted leaks, copies, wrong labels, entry errors, beside targetleak and cleanlab.

    python bench/messy_audit.py [--seeds 20] [--only WORD] [--peer PYTHON]

Leaks are planted in real tables in the manner of targetleak's own benchmark (four families, four strengths); every
other column counts as clean, also the honest ones that predict well. `--peer` names a Python in which the other tools
are installed; they get the same tables.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from messy_labels import measure_labels
from planted_leaks import FAMILIES, STRENGTHS, Columns, Real, load_tables, plant_leak
from shared import describe_machine, print_table

from heldout.audit.absent_groups import check_absent_groups
from heldout.audit.duplicates import check_duplicates
from heldout.audit.identifiers import check_identifiers
from heldout.audit.input import AuditInput
from heldout.audit.leaks import check_leaks
from heldout.audit.missing import check_missing
from heldout.audit.near import embed_rows, find_near
from heldout.audit.order import check_order
from heldout.audit.partial import check_partial
from heldout.audit.parts import check_parts
from heldout.audit.people import find_topic
from heldout.audit.relations import check_relations
from heldout.audit.run import run_audit
from heldout.audit.wild import rank_cells
from heldout.records import ColumnSpec, Finding, Kind, Severity, TypedColumn
from heldout.settings import Settings
from heldout.stages import preparing
from heldout.stages.reading import read_data

Check = Callable[[AuditInput], tuple[Finding, ...]]
LEAK_CODES = ("HO209", "HO210", "HO230")
PEER = Path(__file__).parent / "peers" / "audit_tools.py"


def prepare_input(columns: Columns, target: str, **options: object) -> AuditInput:
    """Cells to what the checks look at, the whole way as in a study."""
    settings = Settings.model_validate({"target": target, **options})
    reading = read_data(pl.DataFrame(columns), settings)
    split = preparing.split_rows(reading, settings)
    typed = preparing.type_columns(reading, split, settings)
    rows = split.development
    first = reading.links.first_of_duplicate
    return AuditInput(typed, reading.table, reading.target, split, rows, first, settings.group or "")


def find_leaking(columns: Columns, target: str) -> dict[str, str]:
    """Columns that are called leaks, with the gravest word."""
    data = prepare_input(columns, target)
    found: dict[str, str] = {}
    for item in (*check_leaks(data), *check_partial(data)):
        if item.code not in LEAK_CODES or item.severity is Severity.INFO or not item.column:
            continue
        if found.get(item.column) != "critical":
            found[item.column] = item.severity.value
    return found


def measure_leaks(peer: str) -> None:
    """Recall on planted leaks by family and strength, false alarms on all other columns."""
    tables = load_tables()
    cases: list[tuple[Real, str, float, Columns, str]] = []
    for table in tables:
        cases.append((table, "", 0.0, table.columns, ""))
        for number, family in enumerate(FAMILIES):
            for place, strength in enumerate(STRENGTHS):
                leak = plant_leak(table, family, strength, 4 * number + place)
                if leak is not None:
                    cases.append((table, family, strength, {**table.columns, leak[0]: leak[1]}, leak[0]))
    answers = {"heldout": [find_leaking(case[3], case[0].target) for case in cases]}
    if peer:
        answers["targetleak"] = ask_peer(peer, [(case[3], case[0].target) for case in cases])
    for tool, found in answers.items():
        _print_leaks(tool, cases, found)


def _print_leaks(
    tool: str, cases: list[tuple[Real, str, float, Columns, str]], answers: list[dict[str, str]]
) -> None:
    hits: dict[tuple[str, float], list[bool]] = {}
    misses, grave, any_word, n_clean = [], [], [], 0
    for (table, family, strength, _, name), found in zip(cases, answers, strict=True):
        if family:
            hits.setdefault((family, strength), []).append(name in found)
            misses += [] if name in found else [f"{table.name}: {family} at {strength:g}"]
            continue
        honest = [item for item in table.columns if item not in (table.target, *table.known)]
        n_clean += len(honest)
        grave += [f"{table.name}: {item}" for item in honest if found.get(item) == "critical"]
        any_word += [f"{table.name}: {item}" for item in honest if item in found]
        misses += [f"{table.name}: known leak {item}" for item in table.known if item not in found]
    total = [hit for found in hits.values() for hit in found]
    print(f"\n{tool}: {sum(total)} of {len(total)} planted leaks found ({100 * np.mean(total):.1f} %)\n")
    rows = []
    for family in FAMILIES:
        counts = [hits.get((family, s), []) for s in STRENGTHS]
        rows.append([family, *(f"{sum(c)}/{len(c)}" for c in counts)])
    print_table(["leak", *(f"{s:g}" for s in STRENGTHS)], rows)
    for word, names in (("critical", grave), ("warning or critical", any_word)):
        print(
            f"\n{word}: {len(names)} of {n_clean} clean columns ({100 * len(names) / n_clean:.2f} %) {names[:40]}"
        )
    if tool == "heldout":
        print("\nMissed:", *(misses or ["none"]), sep="\n  ")


def ask_peer(python: str, tables: list[tuple[Columns, str]]) -> list[dict[str, str]]:
    """What targetleak says about the same tables, in one run."""
    with tempfile.TemporaryDirectory() as place:
        for number, (columns, target) in enumerate(tables):
            pl.DataFrame(columns).write_csv(Path(place) / f"{number:04d}.csv")
            (Path(place) / f"{number:04d}.target").write_text(target, encoding="utf-8")
        done = subprocess.run([python, str(PEER), "leaks", place], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


# ------------------------------------------------------------------------------------------------ other measures
def make_numbers(rng: np.random.Generator, n_rows: int, n_columns: int) -> Columns:
    """Correlated, partly skewed numbers, as tables have them."""
    base = rng.normal(size=(n_rows, 3)) @ rng.normal(size=(3, n_columns)) + rng.normal(
        size=(n_rows, n_columns)
    )
    base[:, ::3] = np.exp(0.6 * base[:, ::3])
    return {f"x{k}": [f"{v:.4f}" for v in base[:, k]] for k in range(n_columns)}


def make_goal(rng: np.random.Generator, n_rows: int) -> list[str]:
    return [("yes", "no")[k] for k in rng.integers(0, 2, n_rows)]


def plant_copies(seed: int) -> tuple[str, bool, bool]:
    """Exact copies: recall and precision of the rows named by the links."""
    rng = np.random.default_rng(seed)
    columns = {**make_numbers(rng, 300, 6), "goal": make_goal(rng, 300)}
    copied = rng.choice(300, 12, replace=False)
    twice = {name: cells + [cells[k] for k in copied] for name, cells in columns.items()}
    data = prepare_input(twice, "goal")
    n_dev = len(np.unique(data.first_of_duplicate)) == 300
    silent = check_duplicates(prepare_input(columns, "goal"))[0].title.startswith("passed")
    return "exact copies", n_dev, silent


def plant_near(seed: int) -> tuple[str, bool, bool]:
    """Copies with noise up to 5 % of a column's spread: all pairs, and no other row."""
    rng = np.random.default_rng(seed)
    n_rows = int(rng.integers(200, 900))
    base = rng.normal(size=(n_rows, 10)) @ rng.normal(size=(10, 10))
    copied = rng.choice(n_rows, 20, replace=False)
    noise = rng.uniform(0.005, 0.05) * base.std(axis=0) * rng.normal(size=(20, 10))
    both = np.vstack([base, base[copied] + noise])
    columns = [
        TypedColumn(
            ColumnSpec(f"x{k}", Kind.NUMBER, ""),
            np.zeros(len(both), np.uint8),
            both[:, k],
            np.zeros(0, np.int32),
        )
        for k in range(10)
    ]
    points = embed_rows(columns, np.arange(len(both)), rng)
    found = find_near(points, np.arange(len(both)))
    wanted = {*copied.tolist(), *range(n_rows, n_rows + 20)}
    clean = find_near(points[:n_rows], np.arange(n_rows))
    return "near copies", set(found.rows.tolist()) == wanted, not len(clean.rows)


def plant_cells(seed: int) -> tuple[str, float, bool]:
    """Twenty cells moved by 12 standard deviations in real measurements: share of them among the first twenty."""
    from sklearn.datasets import load_breast_cancer

    rng = np.random.default_rng(seed)
    values = load_breast_cancer().data.copy()
    rows, columns = rng.choice(len(values), 20, replace=False), rng.integers(0, values.shape[1], 20)
    values[rows, columns] += rng.choice([-12, 12], 20) * values.std(axis=0)[columns]
    typed = [
        TypedColumn(
            ColumnSpec(f"x{k}", Kind.NUMBER, ""), np.zeros(len(values), np.uint8), part, np.zeros(0, np.int32)
        )
        for k, part in enumerate(values.T)
    ]
    wanted = {(f"x{j}", int(i)) for i, j in zip(rows, columns, strict=True)}
    first = [(cell.column, cell.row) for cell in rank_cells(typed, np.arange(len(values)), rng)[:20]]
    return "cells 12 sd out (share in first 20)", len(wanted & set(first)) / 20, True


def plant_simple(seed: int) -> list[tuple[str, bool, bool]]:
    """One plant each of the other kinds, beside the clean twin."""
    rng = np.random.default_rng(seed)
    n_rows = 600
    clean = {**make_numbers(rng, n_rows, 5), "goal": make_goal(rng, n_rows)}
    goal = np.array(clean["goal"])
    results: list[tuple[str, bool, bool]] = []

    def ask(title: str, check: Check, code: str, columns: Columns, **options: object) -> None:
        def fires(table: Columns, **more: object) -> bool:
            found = check(prepare_input(table, "goal", **more))
            return any(f.code == code and not f.title.startswith(("passed", "not applicable")) for f in found)

        results.append((title, fires(columns, **options), not fires(clean)))

    a, b = (np.array(clean[name], float) for name in ("x1", "x2"))
    ask("sum of two columns", check_relations, "HO218", {**clean, "s": [f"{v:.4f}" for v in a + b]})
    ask(
        "ratio of two columns",
        check_relations,
        "HO218",
        {
            **clean,
            "r": [f"{v:.9g}" for v in (np.abs(a) + 1) / (np.abs(b) + 1)],
            "p": [f"{abs(v) + 1:.9g}" for v in a],
            "q": [f"{abs(v) + 1:.9g}" for v in b],
        },
    )
    order = np.argsort(goal + rng.normal(0, 1, n_rows).astype(str), kind="stable")
    ask("rows sorted by target", check_order, "HO219", {k: [v[i] for i in order] for k, v in clean.items()})
    days = np.array("2020-01-01", "datetime64[D]") + rng.integers(0, 900, n_rows)
    ask("date column without --time", check_order, "HO225", {**clean, "visit": [str(d) for d in days]})
    times = [f"{d} 10:{k % 60:02d}:00{'Z' if k % 7 else '+02:00'}" for k, d in enumerate(days)]
    ask("mixed time zones", check_order, "HO228", {**clean, "taken at time": times})
    number = np.empty(n_rows, int)
    number[np.argsort(goal, kind="stable")] = np.arange(n_rows) + 1000
    ask(
        "identifier in order of target",
        check_identifiers,
        "HO226",
        {**clean, "patient_id": [f"P{v}" for v in number]},
    )
    gone = rng.random(n_rows) < np.where(goal == "yes", 0.08, 0.03) * 1.6
    ask(
        "missing tied to target (5 % to 13 %)",
        check_missing,
        "HO206",
        {**clean, "lab": ["" if g else f"{v:.3f}" for g, v in zip(gone, a, strict=True)]},
    )
    sex = rng.choice(["F", "M"], n_rows)
    less = rng.random(n_rows) < np.where(sex == "F", 0.3, 0.1)
    ask(
        "missing tied to sex",
        check_absent_groups,
        "HO231",
        {
            **clean,
            "sex": sex.tolist(),
            "lab": ["" if g else f"{v:.3f}" for g, v in zip(less, a, strict=True)],
        },
    )
    part = rng.choice(["train", "validation"], n_rows, p=[0.7, 0.3])
    shifted = a + 1.5 * a.std() * (part == "validation")
    ask(
        "shift between parts",
        check_parts,
        "HO227",
        {**clean, "x1": [f"{v:.4f}" for v in shifted], "part": part.tolist()},
        split="part",
    )
    return results


HEADERS = {
    "sex": "sex Sex SEX gender Gender GENDER gndr patient_sex sex_code Geschlecht sexe sexo Gender/Age PatientGender "
    "SEX_1 applicant.sex genre",
    "origin": "race Race RACE ethnicity Ethnicity ethnic_group race_ethnicity Race/Ethnicity patient_race RaceCode "
    "ethnic ethnie hispanic ancestry nationality",
    "age": "age Age AGE age_years AgeAtOnset age_group patient.age Alter edad birth_year yob Age(years) "
    "age_at_diagnosis",
    "": "stage message voltage average package image usage sextant trace bracelet terrace dosage agent page grace "
    "unisexual essex",
}


def measure_headers() -> None:
    """Headers about people in 45 spellings, and 17 that only look like them."""
    wrong = [
        f"{name}: {find_topic(name)!r}"
        for topic, names in HEADERS.items()
        for name in names.split()
        if find_topic(name) != topic
    ]
    n_names = sum(len(names.split()) for names in HEADERS.values())
    print(f"\nheaders about people: {n_names - len(wrong)} of {n_names} right; wrong: {wrong or 'none'}")


def measure_plants(n_seeds: int) -> None:
    """All other plants, with their clean twins."""
    found: dict[str, list[tuple[float, bool]]] = {}
    for seed in range(n_seeds):
        made = [plant_copies(seed), plant_near(seed), plant_cells(seed), *plant_simple(seed)]
        for title, right, silent in made:
            found.setdefault(title, []).append((float(right), silent))
    rows = [
        [title, f"{np.mean([r for r, _ in items]):.3f}", f"{sum(s for _, s in items)}/{len(items)}"]
        for title, items in found.items()
    ]
    print()
    print_table(["planted", "found", "clean twin silent"], rows)


def measure_speed() -> None:
    """Processor time of the whole audit of 100,000 rows and 50 columns."""
    rng = np.random.default_rng(0)
    n_rows = 100_000
    columns = make_numbers(rng, n_rows, 30)
    columns |= {
        f"c{k}": rng.choice([f"level {j}" for j in range(5 + 3 * k)], n_rows).tolist() for k in range(20)
    }
    columns["goal"] = make_goal(rng, n_rows)
    data = prepare_input(columns, "goal")
    start, wall = time.process_time(), time.perf_counter()
    run_audit(data)
    used, passed = time.process_time() - start, time.perf_counter() - wall
    print(f"\naudit of {n_rows} x 50: {used:.1f} s of processor time, {passed:.1f} s wall")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "leaks": lambda given: measure_leaks(given.peer),
    "plants": lambda given: measure_plants(given.seeds),
    "headers": lambda given: measure_headers(),
    "labels": lambda given: measure_labels(given.seeds, given.peer),
    "speed": lambda given: measure_speed(),
}


def main(arguments: list[str] | None = None) -> None:
    """Plant, look, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="", choices=["", *PARTS])
    parser.add_argument("--peer", default="", help="a Python with targetleak and cleanlab")
    given = parser.parse_args(arguments)
    print(describe_machine())
    for name, measure in PARTS.items():
        if given.only in ("", name):
            start = time.process_time()
            measure(given)
            print(f"\n({name}: {time.process_time() - start:.0f} s of processor time)")


if __name__ == "__main__":
    main()
