"""How often the evidence is wrong, on made data with known truth: the whole suite, with the two seeds.

python bench/evidence.py [--suite] [--tasks 24] [--cache FOLDER] [--out docs/error-rates.md]

Without --suite only the speed of a verdict is measured.

Batches are kept in the cache folder, so that an interrupted run goes on where it stopped. The first seed is the one
that rules were tuned on, the second one was only measured. Whether the rules of other packages are installed here is
said at the end.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from heldout.train.device import prepare_device

prepare_device()

from heldout.evidence import choose, judge_chosen, judge_ladder  # noqa: E402 - the device comes first
from heldout.records import Configuration, ConfigurationRun, Hyper, JudgeSettings, Outcome, Rung, Task  # noqa: E402
from heldout.stages.calibrating import (  # noqa: E402
    ALL_FAMILIES,
    BATCH_TASKS,
    FRESH_SEED,
    TUNING_SEED,
    measure_tasks,
    summarise,
    write_markdown,
    write_text,
)
from heldout.suite.promises import Mark  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SPEED_RUNS, SPEED_EPOCHS, SPEED_ROWS, SPEED_SEEDS = (
    2000,
    20,
    2000,
    5,
)  # networks, checkpoints, validation rows
SPEED_GOAL_SECONDS, SPEED_GOAL_BYTES = 20.0, 1e9


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tasks", type=int, default=24)
    asked.add_argument("--family", action="append")
    asked.add_argument("--cache", type=Path, default=Path("/tmp/heldout-suite"))
    asked.add_argument("--out", type=Path)
    asked.add_argument("--suite", action="store_true", help="all families; an hour on one core")
    options = asked.parse_args()
    if options.suite:
        pages = []
        for seed in (TUNING_SEED, FRESH_SEED):
            marks = measure_cached(options.family or ALL_FAMILIES, seed, options.tasks, options.cache)
            rates = summarise(marks)
            print(write_text(rates, seed=seed), "\n")
            pages.append(write_markdown(rates, seed=seed))
        if options.out:
            write_page(options.out, pages)
    print(measure_speed())
    for name, reason in find_other_tools().items():
        print(f"{name}: {reason}")


def measure_cached(families, seed: int, n_tasks: int, cache: Path) -> list[Mark]:  # noqa: ANN001 - names
    """Measure batch by batch; what the cache holds is read."""
    cache.mkdir(parents=True, exist_ok=True)
    marks: list[Mark] = []
    for first in range(0, n_tasks, BATCH_TASKS):  # all families grow together: a cut run is still a suite
        for family in families:
            place = cache / f"{family.replace(' ', '_')}-{seed}-{first}.json"
            if not place.exists():
                begun = time.process_time()
                found = measure_tasks(
                    family, seed=seed, first=first, n_tasks=min(BATCH_TASKS, n_tasks - first)
                )
                place.write_text(json.dumps([list(vars(mark).values()) for mark in found]))
                print(f"{family} {seed} {first}: {time.process_time() - begun:.0f} s", flush=True)
            marks += [Mark(*values) for values in json.loads(place.read_text())]
    return marks


def write_page(place: Path, pages: list[str]) -> None:
    """Put the tables between the marks of a page; the words around them are written by hand."""
    start, end = "<!-- rates -->", "<!-- end of rates -->"
    old = place.read_text(encoding="utf-8") if place.exists() else f"{start}\n{end}\n"
    before, after = old.split(start)[0], old.split(end)[1]
    place.write_text(f"{before}{start}\n\n" + "\n".join(pages) + f"\n{end}{after}", encoding="utf-8")


def measure_speed() -> str:
    """Time a verdict over 2,000 networks x 20 checkpoints x 2,000 rows."""
    rng = np.random.default_rng(0)
    n_configurations = SPEED_RUNS // SPEED_SEEDS
    curve = (0.4 + 0.3 * np.exp(-np.arange(SPEED_EPOCHS) / 3)).astype(np.float32)[:, None, None]
    rows = rng.gamma(2, 0.15, SPEED_ROWS).astype(np.float32)
    shape = (SPEED_EPOCHS, SPEED_SEEDS, SPEED_ROWS)
    runs = []
    for index in range(n_configurations):
        losses = rng.standard_normal(shape, dtype=np.float32)
        losses *= np.float32(0.1)
        losses += curve
        losses += rows
        runs.append(make_run(losses, index))
    settings = JudgeSettings(
        Task.BINARY, np.full(SPEED_ROWS, 0.693), np.arange(SPEED_ROWS), 0.0139, fold_seed=0
    )
    begun = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    judge_ladder(runs[:12], settings)
    choice = choose(runs, settings)
    chosen = next(run for run in runs if run.configuration.name == choice.name)
    judge_chosen(chosen, runs, settings, n_rows=SPEED_ROWS)
    seconds = time.process_time() - begun
    held = sum(run.losses.nbytes for run in runs)
    more = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    return (
        f"verdict over {SPEED_RUNS} networks x {SPEED_EPOCHS} checkpoints x {SPEED_ROWS} rows: {seconds:.1f} s "
        f"processor time (goal {SPEED_GOAL_SECONDS:g}), {more / 1e6:.0f} MB beside the losses themselves "
        f"({held / 1e6:.0f} MB; goal {SPEED_GOAL_BYTES / 1e6:g} MB in all)"
    )


def make_run(losses: np.ndarray, index: int) -> ConfigurationRun:
    """A configuration with made losses."""
    n_epochs, n_seeds, _ = losses.shape
    curve = losses.mean(axis=2).T
    zeros = np.zeros((n_seeds, 2), np.float32)
    rung = Rung(index, (index + 1,), 100 * (index + 1), 0.01)
    hyper = Hyper(0.01, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
    return ConfigurationRun(
        Configuration(f"rung {index}", rung, (), hyper),
        np.arange(1, n_epochs + 1, dtype=np.int32),
        losses,
        np.zeros((0, 0, 0), bool),
        curve,
        curve,
        (Outcome.FINISHED,) * n_seeds,
        zeros,
        zeros,
        500,
    )


def find_other_tools() -> dict[str, str]:
    """Say which shipped rules of others can be run here."""
    found = {}
    for name in ("sk-autod", "skore"):
        try:
            found[name] = f"version {version(name)}"
        except PackageNotFoundError:
            found[name] = "not installed here: skipped"
    return found


if __name__ == "__main__":
    main()
