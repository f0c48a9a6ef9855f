"""Which networks read sequences of letters best: inner folds of the first training part of `bench/kinds.py`.

    python bench/letters.py [splice] [promoters] [--folds 2] [--seeds 2]

No test part is read. Every size is trained by the study's own engine with dropout 0.5 before its dense layers, and
judged at the checkpoint with the lowest validation loss: loss of one network, loss of all seeds together, share of
right answers, AUC, processor seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from kinds import GOALS
from shared import describe_machine, print_table
from sklearn.metrics import roc_auc_score

from heldout.executors import LocalExecutor
from heldout.executors.local import Job
from heldout.ladder import make_net, plan_schedule
from heldout.nets import count_layer_parameters, list_layers
from heldout.records import Fold, InputLayout, RemedyUse, Rung, Tensors
from heldout.remedies import apply_remedies
from heldout.settings import Settings
from heldout.stages import preparing, reading
from heldout.tensors import build_tensors

N_INNER = 4
HEAD = ["data", "channels", "filter", "hidden", "weights", "loss", "loss together", "right", "AUC", "s"]
# (channels, filter size, hidden layers, learning rate)
SIZES = (
    ((), 0, (), 0.01),
    ((), 0, (32,), 0.003),
    ((), 0, (128,), 0.003),
    ((16,), 3, (32,), 0.001),
    ((32,), 3, (32,), 0.001),
    ((32,), 3, (64,), 0.003),
    ((32,), 9, (64,), 0.001),
    ((32, 32), 5, (32,), 0.001),
    ((32, 32), 9, (32,), 0.001),
)


def make_tensors(file: str, n_folds: int) -> Tensors:
    """Encode the rows as a study does, and divide them anew into inner folds."""
    asked = Settings.model_validate({"target": "label"})
    prepared, _ = preparing.prepare(reading.read_data(file, asked), asked, strict=False)
    source = replace(prepared.source, features=prepared.source.features[:1])
    order = np.random.default_rng(5).permutation(source.features.shape[1])
    parts = np.arange(order.size) % N_INNER
    folds = (Fold(np.sort(order[parts != k]), np.sort(order[parts == k])) for k in range(n_folds))
    return build_tensors(source, tuple(folds))


def measure(executor: LocalExecutor, tensors: Tensors, size: tuple, n_seeds: int) -> list[str]:
    """Train one size on all folds and seeds: the cells of its line."""
    channels, kernel, widths, rate = size
    layout = tensors.layout or InputLayout("numbers", tensors.features.shape[2:])
    rung = Rung(1, widths, 0, rate, "joined", channels, kernel, 0, layout.parts)
    n_weights = count_layer_parameters(list_layers(make_net(rung, layout, tensors.n_outputs)))
    uses = (RemedyUse("dropout", 0.5, ""),) if channels or widths else ()
    configuration = apply_remedies(replace(rung, n_parameters=n_weights), uses)
    begun = time.process_time()
    run = executor.train(Job("letters", (configuration,), tuple(range(n_seeds))))[0]
    seconds = time.process_time() - begun
    best = int(run.losses.mean(axis=(1, 2)).argmin())
    surely = np.exp(-run.losses[best].astype(float)).mean(axis=0)  # of the true class, mean over the seeds
    auc = ""
    if tensors.n_outputs == 1:
        truth = tensors.target[0][tensors.order] > 0.5
        scores = np.where(truth, surely, 1 - surely)
        inside = [tensors.order_fold == k for k in np.unique(tensors.order_fold)]
        auc = f"{np.mean([roc_auc_score(truth[rows], scores[rows]) for rows in inside]):.4f}"
    losses = (run.losses[best].mean(), -np.log(surely).mean())
    cells = (channels, kernel, widths, f"{n_weights:,}", *(f"{loss:.4f}" for loss in losses))
    return [*map(str, cells), f"{run.hits[best].mean():.4f}", auc, f"{seconds:.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["splice", "promoters"], help="splice, promoters")
    parser.add_argument("--folds", type=int, default=2, help="inner folds that are trained, of four")
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    print(describe_machine(), flush=True)
    rows = []
    for name in given.names:
        with tempfile.TemporaryDirectory() as place:
            case = next(iter(GOALS[name].prepare(Path(place))))
            tensors = make_tensors(case.file, given.folds)
        executor = LocalExecutor(tensors, plan_schedule(tensors.fit_rows.shape[1]))
        for size in SIZES:
            rows.append([name, *measure(executor, tensors, size, given.seeds)])
            print(" | ".join(rows[-1]), flush=True)
    print()
    print_table(HEAD, rows)


if __name__ == "__main__":
    main()
