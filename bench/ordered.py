"""Classes in order against the same classes without order, on made tables whose classes are steps of one scale.

python bench/ordered.py            # the figures of docs/how-to/ordered-classes.md; half a minute of one core
"""

from __future__ import annotations

import numpy as np
import polars as pl

from heldout.nets import Net
from heldout.records import Hyper, Tensors
from heldout.settings import Settings
from heldout.stages.preparing import Prepared, make_tensors, prepare, thin_folds
from heldout.stages.reading import read_data
from heldout.tensors import constant_losses
from heldout.train.device import prepare_device
from heldout.train.member import Shape
from heldout.train.program import MemberSpec, put_data, run_members

STEPS = ("low", "medium", "high", "severe")
N_ROWS, N_EPOCHS, RATE = 300, 60, 0.02


def make_table(seed: int) -> pl.DataFrame:
    """Five numbers and a city, a fifth of a cell column missing, and four steps of one hidden scale with noise."""
    rng = np.random.default_rng(seed)
    x, city = rng.normal(size=(N_ROWS, 5)), rng.choice(["Rome", "Oslo", "Lima"], N_ROWS)
    place = x @ np.array([1.5, -1.0, 0.7, 0.0, 0.0]) + (city == "Rome") + rng.logistic(size=N_ROWS)
    steps = np.array(STEPS)[np.digitize(place, [-1.5, 0.5, 2.3])]
    dose = [None if rng.random() < 0.05 else float(value) for value in x[:, 1]]
    columns = {name: x[:, at] for at, name in ((0, "age"), (2, "c"), (3, "d"), (4, "e"))}
    return pl.DataFrame({**columns, "dose": dose, "city": city, "pain": steps})


def lowest_loss(tensors: Tensors, widths: tuple[int, ...], *, ordered: bool) -> float:
    """The lowest mean validation loss over the epochs of one network a fold."""
    net = Net("mlp", (tensors.features.shape[2],), len(STEPS), widths, ordered=ordered)
    zeros = (0.0,) * (len(widths) + 1)
    shape = Shape(net, tensors.task, 32, 6, N_EPOCHS, 0.1)
    specs = [MemberSpec(Hyper(RATE, zeros, zeros, zeros), 5, fold) for fold in range(len(tensors.fit_rows))]
    curves = run_members(shape, specs, put_data(tensors), (N_EPOCHS,)).curves[:, :, 1]
    return float(np.average(curves, axis=0, weights=tensors.validation_mask.sum(axis=1)).min())


def prepare_table(seed: int, order: tuple[str, ...]) -> tuple[Prepared, Tensors]:
    """One table with or without the order of its classes."""
    settings = Settings.model_validate({"target": "pain", "target_order": order})
    prepared, _ = prepare(read_data(make_table(seed), settings), settings, strict=False)
    return prepared, make_tensors(prepared, thin_folds(prepared))


def main() -> None:
    """Print the losses of six tables."""
    prepare_device()
    rows = []
    for seed in range(100, 106):
        row = []
        for order in ((), STEPS):
            prepared, tensors = prepare_table(seed, order)
            row += [lowest_loss(tensors, widths, ordered=bool(order)) for widths in ((), (16,))]
        row.append(float(constant_losses(prepared.source, thin_folds(prepared)).mean()))
        rows.append(row)
        print(np.round(row, 3))
    print("classes: linear, 16 units; in order: linear, 16 units; constant")
    print("mean", np.round(np.mean(rows, axis=0), 3))


if __name__ == "__main__":
    main()
