"""How often the shipped rule of sk-autod is wrong on the suite's networks, as a row for docs/error-rates.md.

python bench/curve_peers.py --peer PYTHON [--tasks 12] [--seed 1] [--family binary ...]

PYTHON is an interpreter that has sk-autod (bench/peers/requirements.txt); the rule is asked as it is shipped, with the
curves of the first network of every configuration, as the other rules under "shown for comparison" are. An hour on one
core with all families.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from heldout.train.device import prepare_device

prepare_device()

from heldout.stages.calibrating import (  # noqa: E402 - the device comes first
    BATCH_TASKS,
    SUITE_SEEDS,
    TUNING_SEED,
    summarise,
    write_markdown,
)
from heldout.stages.suite_checks import prepare  # noqa: E402
from heldout.stages.suite_studies import cut_studies  # noqa: E402
from heldout.stages.suite_training import play_tasks  # noqa: E402
from heldout.suite import FAMILIES, draw_task  # noqa: E402
from heldout.suite.promises import Mark  # noqa: E402

RULES = Path(__file__).parent / "peers" / "curve_rules.py"


@dataclass(frozen=True)
class Pair:
    """Two curves of one network, and whether it is overtrained."""

    train: list[float]
    validation: list[float]
    is_true: bool
    family: str
    size: str
    task: int


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--peer", required=True, help="interpreter with sk-autod")
    asked.add_argument("--tasks", type=int, default=12)
    asked.add_argument("--seed", type=int, default=TUNING_SEED)
    asked.add_argument("--family", action="append")
    options = asked.parse_args()
    pairs = [
        pair
        for family in options.family or FAMILIES
        for first in range(0, options.tasks, BATCH_TASKS)
        for pair in train_pairs(family, options.seed, first, min(BATCH_TASKS, options.tasks - first))
    ]
    version, called = ask_peer(options.peer, [(pair.train, pair.validation) for pair in pairs])
    marks = count_marks(pairs, called, version)
    print(write_markdown(summarise(marks), seed=options.seed).split("Not measured here")[0])


def train_pairs(family: str, seed: int, first: int, n_tasks: int) -> list[Pair]:
    """Train a batch as the suite does, and take the curves of the first network of every configuration."""
    batch = range(first, first + n_tasks)
    tasks = [draw_task(family, seed, index) for index in batch]
    seeds = range(1000 * seed + SUITE_SEEDS * first, 1000 * seed + SUITE_SEEDS * (first + 1))
    pairs = []
    for index, played in zip(batch, play_tasks(tasks, seeds=seeds), strict=True):
        for study in cut_studies(played, index):
            if study.seeds[0] != 0 or len(study.seeds) != SUITE_SEEDS // 2:
                continue
            judged = prepare(study)
            for place, run in enumerate(study.runs):
                mark = study.mark("curves", value=0.0)
                pairs.append(
                    Pair(
                        run.train_curve[0].astype(float).tolist(),
                        run.validation_curve[0].astype(float).tolist(),
                        bool(judged.excess("overtrained", place) > study.judge.delta),
                        mark.family,
                        mark.size,
                        mark.task,
                    )
                )
    return pairs


def ask_peer(python: str, curves: list[tuple[list[float], list[float]]]) -> tuple[str, list[bool]]:
    """What the peer says about each pair, in its own interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "curves.json"
        place.write_text(json.dumps(curves), encoding="utf-8")
        done = subprocess.run([python, str(RULES), str(place)], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return str(answer["version"]), list(answer["overfitting"])


def count_marks(pairs: list[Pair], called: list[bool], version: str) -> list[Mark]:
    """One mark a pair: called although untrue, or missed although true."""
    return [
        Mark(
            f"rule sk-autod {version}: {'missed' if pair.is_true else 'false yes'}",
            pair.family,
            pair.size,
            pair.task,
            float(not fires if pair.is_true else fires),
        )
        for pair, fires in zip(pairs, called, strict=True)
    ]


if __name__ == "__main__":
    main()
