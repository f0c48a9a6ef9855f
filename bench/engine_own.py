"""One work of the engine benchmark by heldout's own engine, in a process of its own.

    python engine_own.py WORK [--device cpu|gpu] [--share 1]

Prints JSON: seconds of compiling and of training (all trials, every core), wall and processor time, losses, and the
floating point operations. With a share only so many trials are trained and their time is scaled up: mapped networks
are computed one after the other.
"""

from __future__ import annotations

import argparse
import json
import time

from engine_data import LEARNING_RATE, WORKS, Work, draw_data, draw_trials

from heldout.train.device import prepare_device


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--share", type=float, default=1.0)
    given = parser.parse_args()
    prepare_device()
    import jax

    if given.device == "gpu" and jax.default_backend() != "gpu":
        raise SystemExit(f"no graphics card: the devices are {jax.devices()}")
    print(json.dumps(measure(WORKS[given.work], given.share)))


def measure(work: Work, share: float) -> dict[str, float]:
    import numpy as np

    from heldout.nets import Net, count_products, find_family, list_layers
    from heldout.records import Fold, Hyper, InputLayout, Task
    from heldout.tensors import TensorSource, build_tensors
    from heldout.train.member import Shape
    from heldout.train.program import MemberSpec, compile_program, group_size, put_data, run_members

    x, y = draw_data(work)
    net = Net(
        work.family,
        work.inputs,
        work.n_outputs,
        work.widths,
        work.channels,
        work.kernel,
        work.embedding,
        work.vocabulary,
    )
    task = Task.BINARY if work.n_outputs == 1 else Task.MULTICLASS
    n = work.n_fit + work.n_validation
    unseen = np.full(x.shape[1] if x.ndim == 2 else 1, -1, np.int32)
    layout = InputLayout("tokens", work.inputs, work.vocabulary) if work.vocabulary else None
    source = TensorSource(
        x[None], y.astype(float), task, max(2, work.n_outputs), None, False, unseen, layout=layout
    )
    tensors = build_tensors(source, (Fold(np.arange(work.n_fit), np.arange(work.n_fit, n)),))
    data = put_data(tensors)
    n_steps = -(-work.n_fit // work.batch_size)
    shape = Shape(net, task, work.batch_size, n_steps, work.n_epochs)
    checkpoints = (1, work.n_epochs)
    n_trials = max(2, round(share * work.n_trials))
    begun, worked = time.perf_counter(), time.process_time()
    compile_program(shape, data, checkpoints)
    compiled, worked_compiling = time.perf_counter(), time.process_time() - worked
    layers, places = list_layers(net), find_family(work.family).dropped(net)
    specs = [
        MemberSpec(
            Hyper(
                LEARNING_RATE,
                tuple(rate if place in places else 0.0 for place in range(len(layers))),
                (0.0,) * len(layers),
                (strength,) * len(layers),
            ),
            seed,
            0,
        )
        for rate, strength, seed in draw_trials(work)[:n_trials]
    ]
    losses = []
    for first in range(0, len(specs), group_size()):
        results = run_members(shape, specs[first : first + group_size()], data, checkpoints)
        losses.extend(results.curves[:, -1, 0])
    whole = work.n_trials / n_trials
    steady = (time.perf_counter() - compiled) * whole
    worked_training = (time.process_time() - worked - worked_compiling) * whole
    flops = 6.0 * count_products(layers) * work.batch_size * n_steps * work.n_epochs * work.n_trials
    return {
        "compile": compiled - begun,
        "seconds": compiled - begun + steady,
        "steady": steady,
        "processor": worked_compiling + worked_training,
        "processor_steady": worked_training,
        "train": float(np.mean(losses)),
        "flops": flops,
    }


if __name__ == "__main__":
    main()
