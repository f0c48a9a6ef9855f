"""What is promised of the main job, measured on real tables.

    python bench/acceptance.py [heart] [permuted] [parkinsons] [large]

heart       test accuracy over split seeds 0 to 9: mean at least 0.80, at least 8 of 10 intervals hold 0.83
permuted    with permuted labels "skill" is claimed in at most 1 of 20 permutations, on three tables
parkinsons  AUC without groups minus AUC by subject over split seeds 0 to 9: interval above 0; the report warns
large       adult and california: the floors of accuracy, AUC, log-loss, RMSE and R2; skill on both
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import stats
from shared import CASES, DATA, Case, describe_machine, fit_case, print_table, run_case, say_interval


def check_heart() -> None:
    """Study heart disease under ten split seeds."""
    rows, values, held = [], [], 0
    for seed in range(10):
        score = run_case(CASES["heart"], "--split-seed", str(seed)).answer["test"]["scores"][0]
        values.append(score["value"])
        held += score["low"] <= 0.83 <= score["high"]
        rows.append([str(seed), say_interval(score)])
        print(" | ".join(rows[-1]), flush=True)
    print_table(["split seed", "test accuracy"], rows)
    verdict("heart: mean test accuracy", np.mean(values), ">= 0.80", np.mean(values) >= 0.80)
    verdict("heart: intervals that hold 0.83", held, ">= 8 of 10", held >= 8)


def check_permuted() -> None:
    """Permute the labels of three tables twenty times each."""
    for name in ("heart", "pima", "breast cancer"):
        claimed = 0
        for seed in range(20):
            with tempfile.TemporaryDirectory() as place:
                case = permute_target(CASES[name], Path(place), seed)
                answer = fit_case(case, preset="quick")
            answers = {item["question"]: item["answer"] for item in answer["verdict"]["chosen"]["answers"]}
            claimed += answers.get("skill") == "yes"
            print(name, seed, answers.get("skill"), answer["verdict"]["chosen"]["word"], flush=True)
        verdict(f"{name}: skill claimed of 20 permutations", claimed, "<= 1", claimed <= 1)


def permute_target(case: Case, place: Path, seed: int) -> Case:
    """Write a copy of a table whose target column is permuted."""
    path = DATA / case.file
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    delimiter = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    first = 0 if 'header = "no"' in case.toml else 1
    column = int(case.target.split("_")[1]) - 1 if first == 0 else rows[0].index(case.target)
    order = np.random.default_rng(seed).permutation(np.arange(first, len(rows)))
    labels = [rows[index][column] for index in order]
    for row, label in zip(rows[first:], labels, strict=True):
        row[column] = label
    copy = place / "permuted.csv"
    with copy.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return replace(case, file=str(copy))


def check_parkinsons() -> None:
    """Study Parkinson's recordings with and without keeping subjects together."""
    case = Case("parkinsons", "parkinsons/parkinsons.csv", "status")
    differences, warned, rows = [], 0, []
    for seed in range(10):
        loose = fit_case(case, preset="quick", split_seed=seed)
        strict = fit_case(case, preset="quick", split_seed=seed, group=r"name~S\d+")
        pair = [find_score(answer, "auc") for answer in (loose, strict)]
        differences.append(pair[0] - pair[1])
        warned += any("HO211" in item["code"] and item["severity"] != "info" for item in loose["findings"])
        rows.append([str(seed), f"{pair[0]:.3f}", f"{pair[1]:.3f}", f"{differences[-1]:+.3f}"])
        print(" | ".join(rows[-1]), flush=True)
    print_table(["split seed", "AUC ungrouped", "AUC by subject", "difference"], rows)
    mean = float(np.mean(differences))
    half = float(stats.t.ppf(0.975, 9) * np.std(differences, ddof=1) / np.sqrt(10))
    verdict(
        "parkinsons: AUC difference",
        f"{mean:+.3f} ({mean - half:+.3f} to {mean + half:+.3f})",
        "> 0",
        mean > half,
    )
    verdict("parkinsons: ungrouped reports that warn", warned, "10 of 10", warned == 10)


def check_large() -> None:
    """Study adult and california with the standard preset."""
    floors = {
        "adult": (("accuracy", 0.855, 1), ("auc", 0.910, 1), ("logloss", 0.315, -1)),
        "california": (("rmse", 0.50, -1), ("r2", 0.80, 1)),
    }
    for name, wanted in floors.items():
        measured = run_case(CASES[name])
        answers = {
            item["question"]: item["answer"] for item in measured.answer["verdict"]["chosen"]["answers"]
        }
        verdict(f"{name}: skill", answers["skill"], "yes", answers["skill"] == "yes")
        for metric, bound, sign in wanted:
            value = find_score(measured.answer, metric)
            verdict(
                f"{name}: {metric}",
                f"{value:.4f}",
                f"{'>=' if sign > 0 else '<='} {bound}",
                sign * value >= sign * bound,
            )
        print(f"{name}: {measured.seconds:.0f} s, {measured.peak_mb:.0f} MB")


def find_score(answer: dict, metric: str) -> float:
    """Give a metric on the test rows, else on the development rows."""
    scores = answer["test"]["scores"] if answer["test"] else answer["development_scores"]
    return next(score["value"] for score in scores if score["metric"] == metric)


def verdict(what: str, value: object, wanted: str, is_met: bool) -> None:
    """Print one line of the result."""
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    print(f"{'met   ' if is_met else 'MISSED'}  {what}: {shown}  (wanted {wanted})", flush=True)


PARTS = {
    "heart": check_heart,
    "permuted": check_permuted,
    "parkinsons": check_parkinsons,
    "large": check_large,
}

if __name__ == "__main__":
    print(describe_machine(), json.dumps(sys.argv[1:]))
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
