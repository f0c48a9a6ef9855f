"""Published effects of the remedies, repeated with heldout's own engine.

    python bench/effects.py [mnist] [imdb] [cifar] [mnist60k] [--seeds 3] [--epochs N]

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
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from effects_data import Rows, read_cifar, read_imdb, read_mnist
from shared import describe_machine, peak_mb, print_table

from heldout.evidence.crossfit import average_outside, deploy_run, pick_epochs
from heldout.evidence.paired import PairedBounds, compare_paired
from heldout.ladder import plain_hyper
from heldout.nets import Net
from heldout.nets.convolution import convolution_path
from heldout.records import (
    Configuration,
    ConfigurationRun,
    Fold,
    Hyper,
    JudgeSettings,
    Rung,
    Task,
    Tensors,
)
from heldout.remedies.augmentation import add_augmentation
from heldout.remedies.dropout import add_dropout
from heldout.remedies.l2 import add_l2
from heldout.tensors import TensorSource, build_tensors
from heldout.train.assemble import assemble_run, join_results, take_member
from heldout.train.device import prepare_device
from heldout.train.member import Data, Shape
from heldout.train.program import (
    MemberResults,
    MemberSpec,
    compile_program,
    group_size,
    put_data,
    run_members,
)

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
        passes: so many passes over the fit rows count as one epoch, after which the judged rows are read: reading
            10,000 pictures costs half a pass. The order of the rows is drawn anew at each epoch only.
        center_bytes: True to bring bytes to mean 0 and spread 1, as pictures are; False to take them as they are.
        augmenters: compiled into the program of all trainings.
    """

    name: str
    task: Task
    rung: Rung
    batch_size: int
    n_epochs: int
    final_rate: float
    passes: int = 1
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


def build(work: Work, rows: Rows) -> tuple[Tensors, Data]:
    """Arrays as the engine takes them, and the same on its devices."""
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
    return tensors, data


def train(work: Work, rows: Rows, *, arms: dict[str, Hyper], n_seeds: int) -> dict[str, ConfigurationRun]:
    """Train every arm with the same seeds, all in one program."""
    tensors, data = build(work, rows)
    rung = work.rung
    net = Net(
        rung.family, rows.features.shape[1:], tensors.n_outputs, rung.widths, rung.channels, rung.kernel
    )
    n_steps = work.passes * -(-rows.n_fit // work.batch_size)
    shape = Shape(net, work.task, work.batch_size, n_steps, work.n_epochs, work.final_rate, work.augmenters)
    checkpoints = tuple(range(1, work.n_epochs + 1))
    specs = [MemberSpec(hyper, seed, 0) for hyper in arms.values() for seed in range(n_seeds)]
    compile_program(shape, data, checkpoints)
    size = group_size()

    def watch(epoch: int, results: MemberResults) -> bool:
        print(f"{work.name}: {epoch} of {work.n_epochs} epochs", end="\r", file=sys.stderr, flush=True)
        return False

    joined = join_results(
        [
            run_members(shape, specs[first : first + size], data, checkpoints, watch=watch)
            for first in range(0, len(specs), size)
        ]
    )
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


@dataclass(frozen=True)
class Ends:
    """Where a training ends.

    Args:
        last: float32 [S, M], losses at the last epoch.
        stopped: float32 [S, M], at the epoch that each network's own losses on other rows choose.
        strict: float32 [S, M], at the epoch that the other seeds choose on other rows, as verdicts do.
        best: epoch with the lowest mean loss.
    """

    last: np.ndarray
    stopped: np.ndarray
    strict: np.ndarray
    best: int


def read_ends(run: ConfigurationRun) -> Ends:
    n_judged = run.losses.shape[-1]
    settings = JudgeSettings(Task.BINARY, np.full(n_judged, np.log(2.0)), np.arange(n_judged), 0.01)
    deployed = deploy_run(run, settings)
    own = average_outside(run.losses, deployed.folds).argmin(axis=0)
    stopped = pick_epochs(run.losses, own, deployed.folds)
    return Ends(run.losses[-1], stopped, deployed.losses, int(run.checkpoints[deployed.best]))


def check_mnist(n_seeds: int, n_epochs: int | None) -> list[Check]:
    """Ten thousand fit rows: a network that knows them by heart after ten epochs."""
    rows = read_mnist()
    kept = np.r_[:10_000, rows.n_fit : len(rows.target)]
    return compare_dropout(Rows(rows.features[kept], rows.target[kept], 10_000), 128, n_seeds, n_epochs or 60)


def check_whole_mnist(n_seeds: int, n_epochs: int | None) -> list[Check]:
    """All 60,000 fit rows, as in the source, but thirty epochs where the source takes hundreds."""
    return compare_dropout(read_mnist(), 256, n_seeds, n_epochs or 30)


def compare_dropout(rows: Rows, batch_size: int, n_seeds: int, n_epochs: int) -> list[Check]:
    """Dropout of the inputs and hidden layers as in the source: 0.2 and 0.5."""
    rung = Rung(0, (512, 512), 669_706, 1e-3)
    work = Work("mnist", Task.MULTICLASS, rung, batch_size, n_epochs, 0.1)
    plain = plain_hyper(rung)
    arms = {PLAIN: plain, "dropout": add_dropout(add_dropout(plain, 0.2, (0,)), 0.5, (1, 2))}
    runs = train(work, rows, arms=arms, n_seeds=n_seeds)
    gain = compare(read_errors(runs[PLAIN]) - read_errors(runs["dropout"]))
    errors = ", ".join(f"{name} {say_error(run)}" for name, run in runs.items())
    return [
        Check(
            f"MNIST, 784-512-512-10, {rows.n_fit:,} fit rows, {n_epochs} epochs: dropout lowers the test error, points",
            f"error {errors}; gain {say(gain, digits=2)}",
            float(gain.mean),
            0.2,
        )
    ]


def check_imdb(n_seeds: int, n_epochs: int | None) -> list[Check]:
    """L2 on both hidden layers and dropout behind them, a constant learning rate, as in the source."""
    rung = Rung(0, (16, 16), 160_305, 1e-3)
    work = Work("imdb", Task.BINARY, rung, 512, n_epochs or 20, 1.0, center_bytes=False)
    plain = plain_hyper(rung)
    arms = {
        PLAIN: plain,
        "L2 1e-3": add_l2(plain, 1e-3, (0, 1)),
        "dropout 0.5": add_dropout(plain, 0.5, (1, 2)),
    }
    runs = train(work, read_imdb(), arms=arms, n_seeds=n_seeds)
    ends = {name: read_ends(run) for name, run in runs.items()}
    own, net = ends[PLAIN], "IMDB, 10,000-16-16-1"
    checks = [
        Check(
            f"{net}, no remedy: last validation loss over the early-stopped one",
            f"early-stopped {own.stopped.mean():.3f} (best epoch {own.best}), last {own.last.mean():.3f}",
            float(own.last.mean() / own.stopped.mean()),
            2.0,
        )
    ]
    for name, threshold in (("L2 1e-3", 0.2), ("dropout 0.5", 0.1)):
        cut = compare(own.last - ends[name].last)
        measured = f"last {ends[name].last.mean():.3f}, less by {say(cut)}"
        checks.append(Check(f"{net}: {name} cuts the last loss", measured, float(cut.mean), threshold))
    for name in ("L2 1e-3", "dropout 0.5"):
        other = ends[name]
        cut, strict = compare(own.stopped - other.stopped), compare(own.strict - other.strict)
        measured = (
            f"early-stopped {other.stopped.mean():.3f} (best epoch {other.best}), less by {say(cut)}; "
            f"stopped where the other seeds say, less by {say(strict)}"
        )
        statement = f"{net}: {name} changes the early-stopped loss little"
        checks.append(Check(statement, measured, abs(float(cut.mean)), 0.02, below=True))
    return checks


def check_cifar(n_seeds: int, n_epochs: int | None) -> list[Check]:
    """Shifts of up to an eighth of the side, flips of half the pictures, cutout of two fifths of the side."""
    rung = Rung(0, (64,), 101_402, 1e-3, "cnn", (16, 16, 32, 32, 64), 3)
    names = ("shift", "flip", "cutout")
    work = Work("cifar", Task.MULTICLASS, rung, 64, n_epochs or 6, 0.1, passes=4, augmenters=names)
    plain = plain_hyper(rung)
    changed = plain
    for name, strength in zip(names, (0.125, 0.5, 0.4), strict=True):
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
    "mnist60k": check_whole_mnist,
}
USUAL = (
    "mnist",
    "imdb",
    "cifar",
)  # mnist60k is left out: it is known to miss with so few epochs, see docs/results.md


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "data", nargs="*", help=f"any of {', '.join(CHECKS)}; {', '.join(USUAL)} when left out"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="fewer than the check needs, for a quick look")
    given = parser.parse_args()
    if unknown := set(given.data) - set(CHECKS):
        parser.error(f"unknown data {sorted(unknown)}: there are {', '.join(CHECKS)}")
    prepare_device()
    print(f"{describe_machine()}; convolutions {convolution_path()}; {given.seeds} seeds\n")
    table = []
    for name in given.data or USUAL:
        begun, used = time.monotonic(), time.process_time()
        checks = CHECKS[name](given.seeds, given.epochs)
        seconds = f"{time.monotonic() - begun:.0f} ({time.process_time() - used:.0f})"
        table += [[*check.list_cells(), seconds] for check in checks]
    head = ["effect", "measured (95 % interval, crossed over seeds and rows)", "value", "asked", ""]
    print_table([*head, "s (of processor)"], table)
    print(f"\nlargest memory {peak_mb():.0f} MB")


if __name__ == "__main__":
    main()
