"""Published effects of the remedies, repeated with heldout's own engine.

    python bench/effects.py [mnist] [imdb] [cifar] [--seeds 3] [--epochs N]

A remedy that is wrongly built still trains; it only does not do what it is known for. So each check repeats a
published comparison: the same network with and without the remedy, the same first weights and batches, and asks for an
effect of at least the size named. Sources: MNIST, Srivastava et al. 2014 (error 1.60 % without, 1.25 % with dropout);
IMDB, the notebook "overfit and underfit" of Keras (validation log-loss at the best and at the last of 20 epochs 0.284
and 0.820; with L2 0.283 and 0.463, with dropout 0.280 and 0.604); CIFAR-10, Zhang et al. 2017 (crops and flips: +3.6
points of accuracy) and DeVries & Taylor 2017 (cutout: +0.7), both on all 50,000 pictures.

The last epoch is read, and nothing is chosen by the rows that are judged; early-stopped losses are cross-fitted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from effects_data import Rows, read_cifar, read_imdb, read_mnist
from heldout.evidence.crossfit import deploy_run
from heldout.evidence.paired import PairedBounds, compare_paired
from heldout.ladder import plain_hyper
from heldout.nets import Net
from heldout.records import Configuration, ConfigurationRun, Fold, Hyper, JudgeSettings, Rung, Task
from heldout.remedies.augmentation import add_augmentation
from heldout.remedies.dropout import add_dropout
from heldout.remedies.l2 import add_l2
from heldout.tensors import TensorSource, build_tensors
from heldout.train.assemble import assemble_run, join_results, take_member
from heldout.train.device import prepare_device
from heldout.train.member import Shape
from heldout.train.program import MemberSpec, compile_program, group_size, put_data, run_members
from shared import describe_machine, print_table

PLAIN = "without"
ALPHA = 0.025  # of each bound: both make a 95 % interval


@dataclass(frozen=True)
class Work:
    """One network on one data set.

    Args:
        name: for the table.
        task: decides the loss.
        rung: size and learning rate.
        batch_size: rows of a step.
        n_epochs: epochs; the last one is read.
        final_rate: share of the learning rate left at the last epoch; 1 where the source keeps it constant.
        center_bytes: True to bring bytes to mean 0 and spread 1, as pictures are; False to take them as they are.
        augmenters: compiled into the program of all trainings.
    """

    name: str
    task: Task
    rung: Rung
    batch_size: int
    n_epochs: int
    final_rate: float
    center_bytes: bool = True
    augmenters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One published effect: what was measured and what was asked for.

    Args:
        statement: the effect.
        measured: the figures in words.
        value: the figure that is compared.
        threshold: what it must reach.
        below: True where it must stay below the threshold.
    """

    statement: str
    measured: str
    value: float
    threshold: float
    below: bool = False

    def passes(self) -> bool:
        return self.value < self.threshold if self.below else self.value >= self.threshold

    def list_cells(self) -> list[str]:
        asked = f"{'below' if self.below else 'at least'} {self.threshold:g}"
        return [
            self.statement,
            self.measured,
            f"{self.value:.3f}",
            asked,
            "pass" if self.passes() else "**miss**",
        ]


def train(work: Work, rows: Rows, *, arms: dict[str, Hyper], n_seeds: int) -> dict[str, ConfigurationRun]:
    """Train every arm with the same seeds, all in one program."""
    place = np.arange(len(rows.target))
    n_classes = int(rows.target.max()) + 1
    unseen = np.full(rows.features.shape[-1], -1, np.int32)
    source = TensorSource(
        rows.features[None], rows.target.astype(float), work.task, n_classes, None, False, unseen
    )
    tensors = build_tensors(source, (Fold(place[: rows.n_fit], place[rows.n_fit :]),))
    data = put_data(tensors)
    if not work.center_bytes:
        data = data._replace(center=0.0 * data.center, spread=0.0 * data.spread + 1.0)
    rung = work.rung
    net = Net(rung.family, rows.features.shape[1:], tensors.n_outputs, rung.widths, rung.channels, rung.kernel)
    n_steps = -(-rows.n_fit // work.batch_size)
    shape = Shape(net, work.task, work.batch_size, n_steps, work.n_epochs, work.final_rate, work.augmenters)
    checkpoints = tuple(range(1, work.n_epochs + 1))
    specs = [MemberSpec(hyper, seed, 0) for hyper in arms.values() for seed in range(n_seeds)]
    compile_program(shape, data, checkpoints)
    size = group_size()
    groups = [
        run_members(shape, specs[first : first + size], data, checkpoints)
        for first in range(0, len(specs), size)
    ]
    joined = join_results(groups)
    runs = {}
    for index, (name, hyper) in enumerate(arms.items()):
        own = join_results([take_member(joined, index * n_seeds + seed) for seed in range(n_seeds)])
        runs[name] = assemble_run(Configuration(name, rung, (), hyper), own, tensors, checkpoints, n_seeds)
    return runs


def compare(difference: np.ndarray) -> PairedBounds:
    """Mean of a paired difference [S, M], its interval crossed over seeds and rows."""
    return compare_paired(difference, np.arange(difference.shape[-1]), alpha=ALPHA)


def say(bounds: PairedBounds, *, factor: float = 1.0, digits: int = 3) -> str:
    numbers = (factor * float(value) for value in (bounds.mean, bounds.low, bounds.high))
    mean, low, high = (f"{number:.{digits}f}" for number in numbers)
    return f"{mean} ({low} to {high})"


def read_errors(run: ConfigurationRun) -> np.ndarray:
    """Whether the last epoch's network is wrong, in percent: float64 [S, M]."""
    return 100.0 * (1.0 - run.hits[-1])


def say_error(run: ConfigurationRun) -> str:
    return say(compare(read_errors(run)), digits=2) + " %"


def check_mnist(n_seeds: int, n_epochs: int | None) -> list[Check]:
    """Dropout of the inputs and hidden layers as in the source: 0.2 and 0.5."""
    rung = Rung(0, (512, 512), 669_706, 1e-3)
    work = Work("mnist", Task.MULTICLASS, rung, 256, n_epochs or 30, 0.1)
    plain = plain_hyper(rung)
    arms = {PLAIN: plain, "dropout": add_dropout(add_dropout(plain, 0.2, (0,)), 0.5, (1, 2))}
    runs = train(work, read_mnist(), arms=arms, n_seeds=n_seeds)
    gain = compare(read_errors(runs[PLAIN]) - read_errors(runs["dropout"]))
    errors = ", ".join(f"{name} {say_error(run)}" for name, run in runs.items())
    return [
        Check(
            "MNIST, 784-512-512-10, 60,000 fit rows: dropout lowers the test error, points",
            f"{errors}; gain {say(gain, digits=2)}",
            float(gain.mean),
            0.2,
        )
    ]


def check_imdb(n_seeds: int, n_epochs: int | None) -> list[Check]:
    """L2 on both hidden layers and dropout behind them, as in the source."""
    rung = Rung(0, (16, 16), 160_305, 1e-3)
    work = Work("imdb", Task.BINARY, rung, 512, n_epochs or 20, 1.0, center_bytes=False)
    plain = plain_hyper(rung)
    arms = {PLAIN: plain, "L2 1e-3": add_l2(plain, 1e-3, (0, 1)), "dropout 0.5": add_dropout(plain, 0.5, (1, 2))}
    rows = read_imdb()
    runs = train(work, rows, arms=arms, n_seeds=n_seeds)
    n_judged = len(rows.target) - rows.n_fit
    settings = JudgeSettings(Task.BINARY, np.full(n_judged, np.log(2.0)), np.arange(n_judged), 0.01)
    stopped = {name: deploy_run(run, settings).losses for name, run in runs.items()}
    last = {name: run.losses[-1] for name, run in runs.items()}
    best = {
        name: int(run.checkpoints[run.losses.mean(axis=(1, 2)).argmin()]) for name, run in runs.items()
    }
    head = "IMDB, 10,000-16-16-1"
    ratio = float(last[PLAIN].mean() / stopped[PLAIN].mean())
    doubled = f"best {stopped[PLAIN].mean():.3f} (epoch {best[PLAIN]}), last {last[PLAIN].mean():.3f}"
    checks = [
        Check(f"{head}: last over best validation loss without a remedy", doubled, ratio, 2.0)
    ]
    for name, threshold in (("L2 1e-3", 0.2), ("dropout 0.5", 0.1)):
        cut = compare(last[PLAIN] - last[name])
        measured = f"last {last[name].mean():.3f}; cut {say(cut)}"
        checks.append(Check(f"{head}: {name} cuts the last loss", measured, float(cut.mean), threshold))
    for name in ("L2 1e-3", "dropout 0.5"):
        left = compare(stopped[PLAIN] - stopped[name])
        measured = f"best {stopped[name].mean():.3f} (epoch {best[name]}); gain {say(left)}"
        statement = f"{head}: early-stopped, {name} makes no difference"
        checks.append(Check(statement, measured, abs(float(left.mean)), 0.02, below=True))
    return checks


def check_cifar(n_seeds: int, n_epochs: int | None) -> list[Check]:
    """Shifts of up to an eighth of the side, flips of half the pictures, cutout of half the side."""
    rung = Rung(0, (128,), 0, 1e-3, "cnn", (16, 16, 32, 32), 3)
    names = ("shift", "flip", "cutout")
    work = Work("cifar", Task.MULTICLASS, rung, 128, n_epochs or 30, 0.1, augmenters=names)
    plain = plain_hyper(rung)
    changed = plain
    for name, strength in zip(names, (0.125, 0.5, 0.5), strict=True):
        changed = add_augmentation(changed, strength, name)
    runs = train(work, read_cifar(), arms={PLAIN: plain, "augmented": changed}, n_seeds=n_seeds)
    gain = compare(read_errors(runs[PLAIN]) - read_errors(runs["augmented"]))
    errors = ", ".join(f"{name} {say_error(run)}" for name, run in runs.items())
    return [
        Check(
            "CIFAR-10, 10,000 fit rows, CNN: shift, flip and cutout together raise the test accuracy, points",
            f"error {errors}; gain {say(gain, digits=2)}",
            float(gain.mean),
            2.0,
        )
    ]


CHECKS: dict[str, Callable[[int, int | None], list[Check]]] = {
    "mnist": check_mnist,
    "imdb": check_imdb,
    "cifar": check_cifar,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="*", choices=[*CHECKS, []])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    given = parser.parse_args()
    prepare_device()
    print(f"{describe_machine()}; {given.seeds} seeds\n")
    table = []
    for name in given.data or CHECKS:
        begun, used = time.monotonic(), time.process_time()
        checks = CHECKS[name](given.seeds, given.epochs)
        seconds = f"{time.monotonic() - begun:.0f} ({time.process_time() - used:.0f})"
        table += [[*check.list_cells(), seconds] for check in checks]
    head = ["effect", "measured (95 % interval, crossed over seeds and rows)", "value", "asked", "", "s (cpu)"]
    print_table(head, table)


if __name__ == "__main__":
    main()
