"""How often skore's check for overfitting is wrong on the suite's tasks, learned by scikit-learn networks.

python bench/fit_peers.py --peer PYTHON [--tasks 6] [--seed 2] [--family binary ...]

PYTHON is an interpreter that has skore. skore judges the scores of one fitted estimator on its own rows and on
others, so that the suite's networks cannot be given to it; scikit-learn's of the same four sizes learn the same rows
instead. Overfitted is what the suite calls so: the last epoch, or the size itself, is worse by more than the tolerance.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from heldout.evidence.curve_rule import DELTA_SHARE
from heldout.evidence.intervals import bound_grouped_share
from heldout.evidence.paired import index_units
from heldout.records import Task
from heldout.suite import FAMILIES, MadeTask, draw_task

RULES = Path(__file__).parent / "peers" / "fit_rules.py"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--peer", required=True, help="interpreter with skore")
    asked.add_argument("--tasks", type=int, default=6)
    asked.add_argument("--seed", type=int, default=2)
    asked.add_argument("--family", action="append")
    options = asked.parse_args()
    tasks = [
        draw_task(family, options.seed, index)
        for family in options.family or FAMILIES
        for index in range(options.tasks)
    ]
    version, answers = ask_peer(options.peer, tasks)
    checks = np.array(
        [
            (place, called, is_overfitted(size, sizes, find_tolerance(task)))
            for place, (task, sizes) in enumerate(zip(tasks, answers, strict=True))
            for size, (called, _, _) in enumerate(sizes)
        ]
    )
    called, truth = checks[:, 1] > 0, checks[:, 2] > 0
    print(f"skore {version}, {len(tasks)} tasks, {len(checks)} networks")
    print("called overfitted although it is not:", say_share(called[~truth], checks[~truth, 0]))
    print("not called although it is:", say_share(~called[truth], checks[truth, 0]))


def find_tolerance(task: MadeTask) -> float:
    """Two percent of the true loss of the constant prediction."""
    if task.task is Task.REGRESSION:
        mean, variance = task.truth.T
        return DELTA_SHARE * float(variance.mean() + mean.var())
    shares = task.truth.mean(axis=0)
    return DELTA_SHARE * float(-(shares * np.log(shares)).sum())


def is_overfitted(place: int, sizes: list[list[float]], tolerance: float) -> bool:
    """Whether training on, or the size itself, costs more than the tolerance."""
    _, last, lowest = sizes[place]
    smaller = min((size[2] for size in sizes[:place]), default=np.inf)
    return last - lowest > tolerance or lowest - smaller > tolerance


def say_share(events: np.ndarray, tasks: np.ndarray) -> str:
    """A share with its interval, tasks as units."""
    low, high, _ = bound_grouped_share(events.astype(np.float64), index_units(tasks))
    return f"{100 * events.mean():.1f} % ({100 * low:.1f} to {100 * high:.1f}; {events.size} networks)"


def ask_peer(python: str, tasks: list[MadeTask]) -> tuple[str, list[list[list[float]]]]:
    """What the peer says about each task and size, with the true losses, in its own interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        for place, task in enumerate(tasks):
            n_fit, n_seen = task.sizes.n_fit, task.sizes.n_validation
            np.savez(
                Path(folder) / f"task-{place:04d}.npz",
                x_fit=task.features[:n_fit],
                y_fit=task.target[:n_fit],
                x_held=task.features[n_fit : n_fit + n_seen],
                y_held=task.target[n_fit : n_fit + n_seen],
                x_fresh=task.features[n_fit + n_seen :],
                truth=task.truth[n_seen:],
                is_number=task.task is Task.REGRESSION,
            )
        subprocess.run([python, str(RULES), folder], check=True)
        found = json.loads((Path(folder) / "answers.json").read_text(encoding="utf-8"))
    return str(found["version"]), found["answers"]


if __name__ == "__main__":
    main()
