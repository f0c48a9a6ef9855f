"""Leaks planted in real tables, and the tables themselves: what `messy_audit.py` measures on."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from shared import DATA

MOST_ROWS = 2_000
STRENGTHS = (1.0, 0.7, 0.4, 0.2)
NOISE = {
    1.0: 0.1,
    0.7: 0.3,
    0.4: 0.6,
    0.2: 0.9,
}  # of the target's standard deviation: correlation .995 to .743
NAMES = ("finding_7", "aux", "note", "m12", "status", "field_b", "extra", "value_k")
Columns = dict[str, list[str]]


@dataclass(frozen=True)
class Real:
    """A real table.

    Args:
        name: for the print-out.
        columns: cells by header.
        target: header of the target.
        known: columns that are known to leak and are no clean ones.
    """

    name: str
    columns: Columns
    target: str
    known: tuple[str, ...] = ()


# file below the data folder, target, whether there is a header, columns known to leak (or the target in other words)
FILES: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    ("heart_disease_uci/processed.cleveland.data", "heartDisDiagnosis", True, ()),
    ("pima/pima-indians-diabetes.csv", "c9", False, ()),
    ("breast_cancer_wisconsin/breast-cancer-wisconsin.data", "c11", False, ()),
    ("titanic/titanic_openML.csv", "survived", True, ("boat", "body")),
    ("titanic/titanic.csv", "survived", True, ("alive",)),
    ("adult/adult-train.csv.gz", "c15", False, ()),
    ("diabetes130/diabetic_data.csv.gz", "readmitted", True, ()),
    ("bike_sharing/bike_sharing.csv.gz", "cnt", True, ("casual", "registered")),
    ("employee_salaries/employee_salaries.csv.gz", "current_annual_salary", True, ()),
    ("california_housing/california_housing.csv.gz", "MedHouseVal", True, ()),
    ("abalone/abalone.csv", "c9", False, ()),
    ("wine_quality/winequality-red.csv", "c12", False, ()),
    ("wine_quality/winequality-white.csv", "c12", False, ()),
    ("parkinsons/parkinsons.csv", "status", True, ()),
    ("sdss_star_galaxy_qso/sdss_skyserver.csv.gz", "class", True, ()),
    ("beijing_pollution/pollution.csv.gz", "pm2.5", True, ()),
)


def load_tables() -> list[Real]:
    """All real tables, at most 2,000 rows of each, drawn once."""
    tables = []
    for file, target, has_header, known in FILES:
        columns = read_columns(DATA / file, has_header=has_header)
        target = target if target in columns else next(name for name in columns if target in name)
        tables.append(Real(Path(file).name.split(".")[0], columns, target, known))
    return [*tables, *load_toys()]


def load_toys() -> list[Real]:
    """The tables that scikit-learn ships."""
    from sklearn import datasets

    made = []
    for name in ("iris", "wine", "breast_cancer", "diabetes", "digits"):
        data = getattr(datasets, f"load_{name}")()
        names = [
            str(item).replace(" ", "_") for item in getattr(data, "feature_names", range(data.data.shape[1]))
        ]
        columns = {f"x_{n}": [f"{v:g}" for v in part] for n, part in zip(names, data.data.T, strict=True)}
        labels = data.target if name == "diabetes" else np.array([f"class {v}" for v in data.target])
        columns["goal"] = [str(value) for value in labels]
        made.append(Real(f"sklearn {name}", columns, "goal"))
    return made


def read_columns(path: Path, *, has_header: bool) -> Columns:
    """Cells by header; a sample of 2,000 rows, the same each time."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    delimiter = ";" if text.partition("\n")[0].count(";") > 3 else ","
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True) if row]
    if not has_header and any(cell[:1].isalpha() and len(cell) > 3 for cell in rows[0]) and ";" in delimiter:
        rows = rows[1:]
    names = rows.pop(0) if has_header else [f"c{k + 1}" for k in range(len(rows[0]))]
    rows = [row for row in rows if len(row) == len(names)]
    if len(rows) > MOST_ROWS:
        kept = np.sort(np.random.default_rng(0).choice(len(rows), MOST_ROWS, replace=False))
        rows = [rows[k] for k in kept]
    return {name.strip() or "row": [row[k].strip() for row in rows] for k, name in enumerate(names)}


def read_goal(table: Real) -> tuple[np.ndarray, bool]:
    """The target as numbers (class index or value), and whether it has classes."""
    cells = table.columns[table.target]
    levels = sorted(set(cells) - {"", "NA"})
    try:
        numbers = np.array([float(cell) if cell not in ("", "NA") else np.nan for cell in cells])
    except ValueError:
        return np.array([levels.index(cell) if cell in levels else np.nan for cell in cells], float), True
    if len(levels) <= 20 and (np.nan_to_num(numbers) == np.round(np.nan_to_num(numbers))).all():
        return np.array([levels.index(cell) if cell in levels else np.nan for cell in cells], float), True
    return numbers, False


def plant_leak(table: Real, family: str, strength: float, seed: int) -> tuple[str, list[str]] | None:
    """A column that leaks: its name and cells; None where the table cannot hold such a leak.

    proxy: the answer times three plus seven, blank where it is not covered. reason: a code filled in from the answer,
    blank elsewhere. missing: a measurement left out when one outcome happened (with a chance of `strength`). noise:
    the answer plus noise.
    """
    rng = np.random.default_rng((seed, len(family), int(100 * strength)))
    goal, is_class = read_goal(table)
    goal = np.where(np.isnan(goal), np.nanmedian(goal), goal)
    covered = rng.random(len(goal)) < strength
    name = NAMES[seed % len(NAMES)] + str(seed % 10)
    if family == "proxy":
        return name, [f"{3 * g + 7:.6g}" if c else "" for g, c in zip(goal, covered, strict=True)]
    if family == "noise":
        spread = NOISE[strength] * float(goal.std())
        return name, [f"{g + e:.6g}" for g, e in zip(goal, rng.normal(0, spread, len(goal)), strict=True)]
    edges = [] if is_class else np.quantile(goal, [0.25, 0.5, 0.75])
    outcome = goal.astype(int) if is_class else np.searchsorted(edges, goal)
    if family == "reason":
        words = ["late", "lost", "done", "sent", "kept"]
        return name, [f"{words[o % 5]}{o}" if c else "" for o, c in zip(outcome, covered, strict=True)]
    if len(np.unique(outcome)) > 10:
        return None
    counts = np.bincount(outcome)
    event = int(np.argsort(counts)[-2]) if is_class else len(edges)
    gone = (outcome == event) & covered
    measured = rng.normal(50, 9, len(goal))
    return name, ["" if g else f"{m:.2f}" for g, m in zip(gone, measured, strict=True)]


FAMILIES = ("proxy", "reason", "missing", "noise")
