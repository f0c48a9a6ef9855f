"""Whole studies of tables in which nothing can be learned: what `heldout fit` claims although it cannot be true.

python bench/noise.py [--studies 30] [--folder FOLDER]

Seven columns and a target drawn apart from them, two classes or numbers, 300 rows and more, at the quick preset: rate
search, racing, remedies, gates, groups and the sealed test run as in any study (20 s of processor time each). Finished
studies are kept in the folder, apart for each state of the source. False are: skill, "good fit" or "underfit", a gate,
a remedy that changes the loss of networks that stop early, a warning about the data, an interval of the test score
without the value of guessing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from shared import describe_machine

import heldout
from heldout.evidence.intervals import bound_share

SEED, PROMISED = 77, 0.10


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--studies", type=int, default=30)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "heldout-noise")
    options = asked.parse_args()
    folder = options.folder / name_source()
    folder.mkdir(parents=True, exist_ok=True)
    print(describe_machine(), "\n")
    found = [list_false(run_study(index, folder)) for index in range(options.studies)]
    for index, claims in enumerate(found):
        print(f"study {index}: {', '.join(claims) or 'nothing false'}")
    wrong = sum(map(bool, found))
    low, high = bound_share(float(wrong), float(len(found)))
    print(
        f"\nstudies with a false claim: {wrong} of {len(found)} "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %; promised {100 * PROMISED:.0f} %)"
    )


def name_source() -> str:
    """The version with a hash of the program and of this file: answers of another state are not these."""
    found = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(Path(heldout.__file__).parent.rglob("*.py")):
        found.update(path.read_bytes())
    return f"{heldout.__version__}-{found.hexdigest()[:12]}"


def run_study(index: int, folder: Path) -> dict[str, Any]:
    """One study's answer; read where the same source made it before."""
    place = folder / f"{index}.json"
    if not place.exists():
        table = draw_table(index, folder / f"{index}.csv")
        command = [sys.executable, "-m", "heldout", "fit", str(table), "--target", "y", "--preset", "quick"]
        out = folder / f"run-{index}"
        if out.exists():  # of a run that was cut short
            shutil.rmtree(out)
        done = subprocess.run(
            [*command, "--out", str(out), "--json", "--quiet"],
            capture_output=True,
            text=True,
            check=True,
        )
        place.write_text(done.stdout, encoding="utf-8")
    return json.loads(place.read_text(encoding="utf-8"))


def draw_table(index: int, place: Path) -> Path:
    """Columns of several kinds and a target that knows nothing of them; every third one of numbers."""
    rng = np.random.default_rng((SEED, index))
    n_rows = 300 + 10 * index
    columns = {f"a{number}": rng.normal(size=n_rows).round(3) for number in range(4)}
    columns["site"] = rng.choice(["north", "south", "east"], n_rows)
    columns["sex"] = rng.choice(["f", "m"], n_rows)
    columns["dose"] = rng.gamma(2, 3, n_rows).round(2)
    is_number = index % 3 == 2
    columns["y"] = rng.normal(size=n_rows).round(3) if is_number else rng.choice(["no", "yes"], n_rows)
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def list_false(study: dict[str, Any]) -> list[str]:
    """What is claimed although nothing can be learned."""
    chosen, score = study["verdict"]["chosen"], study["test"]["scores"][0]
    claims = {
        "skill": any(item["question"] == "skill" and item["answer"] == "yes" for item in chosen["answers"]),
        f"verdict {chosen['word']}": chosen["word"] in ("good fit", "underfit", "between", "data or bug"),
        "a gate": any(gate["state"] not in ("passed", "not applicable") for gate in study["gates"]),
        "a remedy": any(item["early_stopped"]["outcome"] in ("helps", "hurts") for item in study["remedies"]),
        "a warning": any(item["severity"] in ("warning", "critical") for item in study["findings"]),
        "permutation p": (study["permutation_p"] or 1) < 0.05,
        "test score": score["metric"] == "accuracy" and not score["low"] <= 0.5 <= score["high"],
    }
    return [name for name, is_claimed in claims.items() if is_claimed]


if __name__ == "__main__":
    main()
