"""Coverage of the interval of the choice (BBC bootstrap) with a thousand configurations, on made losses.

python bench/choice.py [--tasks 60] [--configurations 1000]

Nothing is trained: a row has a difficulty that all configurations share, each configuration its own mean and its own
noise on every row. The truth is the chosen configuration's mean over all rows there could be. The more configurations
are alike, the luckier the winner: "alike" gives all of them one mean, "close" lets means differ by a standard error,
"apart" by five.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from shared import describe_machine, print_table

from heldout.evidence import choose
from heldout.evidence.intervals import bound_share
from heldout.records import Configuration, ConfigurationRun, Hyper, JudgeSettings, Outcome, Rung, Task

SIZES = (120, 400, 1000)
SPREADS = {"alike": 0.0, "close": 1.0, "apart": 5.0}
LEVEL, SHARED, OWN, SEEDS = 0.5, 0.3, 0.2, 3
PROMISED = 0.93


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tasks", type=int, default=60)
    asked.add_argument("--configurations", type=int, default=1000)
    options = asked.parse_args()
    print(describe_machine(), "\n")
    rows = []
    for n_rows in SIZES:
        for name, spread in SPREADS.items():
            begun = time.process_time()
            found = np.array(
                [try_choice(index, n_rows, spread, options.configurations) for index in range(options.tasks)]
            )
            covered, naive, best = found.mean(axis=0)
            low, high = bound_share(found[:, 0].sum(), len(found))
            rows.append(
                [
                    f"{n_rows} rows, {name}",
                    f">= {100 * PROMISED:.0f} %",
                    f"{100 * covered:.1f} % ({100 * low:.1f} to {100 * high:.1f})",
                    f"{naive:+.4f}",
                    f"{best:+.4f}",
                    f"{time.process_time() - begun:.0f} s",
                ]
            )
            print(*rows[-1], flush=True)
    print()
    head = ["study", "promised", "covered", "chosen minus its truth", "BBC minus truth", "processor time"]
    print_table(head, rows)


def try_choice(index: int, n_rows: int, spread: float, n_configurations: int) -> tuple[float, float, float]:
    """One study: whether the interval holds the truth, and how far the naive and the corrected score are from it."""
    rng = np.random.default_rng((index, n_rows, int(10 * spread)))
    difficulty = SHARED * (rng.gamma(2.0, 0.5, n_rows) - 1)
    means = LEVEL + spread * OWN / np.sqrt(n_rows) * rng.standard_normal(n_configurations)
    runs = [
        make_run(place, mean + difficulty + OWN * draw_noise(rng, n_rows), int(rng.integers(10, 10_000)))
        for place, mean in enumerate(means)
    ]
    settings = JudgeSettings(Task.BINARY, np.full(n_rows, 0.693), np.arange(n_rows), 0.0139, fold_seed=index)
    choice = choose(runs, settings)
    truth = float(means[int(choice.name)])
    estimate, low, high = choice.loss
    return float(low <= truth <= high), choice.naive_loss - truth, estimate - truth


def draw_noise(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    """What one configuration makes of each row: most of it common to its seeds, variance 1 of their mean or nearly."""
    return rng.standard_normal(n_rows) + 0.3 * rng.standard_normal((SEEDS, n_rows))


def make_run(place: int, losses: np.ndarray, size: int) -> ConfigurationRun:
    """A configuration with one checkpoint."""
    curve = losses.mean(axis=1)[:, None].astype(np.float32)
    blank = np.zeros((SEEDS, 1), np.float32)
    rung = Rung(place, (size,), size, 0.01)
    return ConfigurationRun(
        Configuration(str(place), rung, (), Hyper(0.01, (0.0,), (0.0,), (0.0,))),
        np.array([1], np.int32),
        losses[None].astype(np.float32),
        np.zeros((0, 0, 0), bool),
        curve,
        curve,
        (Outcome.FINISHED,) * SEEDS,
        blank,
        blank,
        500,
    )


if __name__ == "__main__":
    main()
