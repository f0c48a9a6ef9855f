"""The layout for graphics cards: on any machine against the mapped layout, and on CUDA where there is one."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
import pytest

from heldout.nets import Net
from heldout.records import Hyper, Task
from heldout.train.member import Shape
from heldout.train.program import Layout, MemberSpec, plan_layout, put_data, run_members
from train.made_tensors import BATCH, CHECKPOINTS, N_EPOCHS, N_STEPS, make_shape, make_tensors

TOLERANCE = 1e-5  # of losses near 0.7 after 18 steps; 4e-7 was measured between the layouts on a CPU
TESTS = Path(__file__).resolve().parents[1]


def make_specs(n_layers):
    """Members that differ in everything that is traced."""
    zeros = (0.0,) * n_layers
    plain = Hyper(0.03, zeros, zeros, zeros)
    some = (0.3,) * n_layers
    hypers = (
        plain,
        Hyper(0.01, some, zeros, zeros),
        Hyper(0.01, some, zeros, zeros, scales_test=True),
        Hyper(0.03, zeros, (0.003,) * n_layers, (0.01,) * n_layers, label_smoothing=0.1, weight_decay=0.1),
    )
    return [MemberSpec(hyper, seed, seed % 2) for seed, hyper in enumerate(hypers)]


def make_case(family):
    """A program with its data: numbers, or pictures of bytes."""
    if family == "mlp":
        return make_shape(), make_tensors(), 2
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (1, 30, 6, 6, 1)).astype(np.uint8)
    tensors = make_tensors(features=pictures, slot_unseen=np.zeros(0, np.int32))
    net = Net("cnn", (6, 6, 1), 1, (4,), (3,), kernel=3)
    return Shape(net, Task.BINARY, BATCH, N_STEPS, N_EPOCHS), tensors, 3


def train(family, layout):
    shape, tensors, n_layers = make_case(family)
    return run_members(shape, make_specs(n_layers), put_data(tensors), CHECKPOINTS, layout=layout)


def assert_close(got, wanted):
    assert got.alive.all()
    np.testing.assert_allclose(got.curves, wanted.curves, rtol=TOLERANCE, atol=TOLERANCE)
    np.testing.assert_allclose(got.losses, wanted.losses, rtol=10 * TOLERANCE, atol=10 * TOLERANCE)


@pytest.mark.parametrize("family", ["mlp", "cnn"])
def test_stacked_members_learn_what_mapped_members_learn(family):
    mapped = train(family, Layout(stacked=False, places=4))
    stacked = train(family, Layout(stacked=True, places=4))
    assert np.unique(mapped.curves[:, -1, 1]).size == 4
    assert_close(stacked, mapped)


def test_the_layout_follows_the_device():
    assert plan_layout().stacked == (jax.default_backend() != "cpu")


def train_apart(platforms, place):
    """Train both cases in a process of its own, whose devices this process cannot have."""
    words = (
        "import numpy as np, jax; from train.test_gpu import train; from heldout.train.program import plan_layout; "
        "found = {f: train(f, plan_layout()).curves for f in ('mlp', 'cnn')}; "
        f"np.savez({str(place)!r}, backend=jax.default_backend(), **found)"
    )
    environment = os.environ | {"JAX_PLATFORMS": platforms, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        [sys.executable, "-c", words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done, (np.load(place) if done.returncode == 0 else None)


def test_a_cuda_device_learns_what_the_cpu_learns(tmp_path):
    if not any(find_spec(name) for name in ("jax_cuda13_plugin", "jax_cuda12_plugin")):
        pytest.skip("JAX has no CUDA plugin here")
    done, on_card = train_apart("cuda,cpu", tmp_path / "cuda.npz")
    if on_card is None and "initialize backend" in done.stderr:
        pytest.skip("there is no CUDA device here")
    assert on_card is not None, done.stderr
    assert on_card["backend"] == "gpu"
    done, on_cpu = train_apart("cpu", tmp_path / "cpu.npz")
    assert on_cpu is not None, done.stderr
    for family in ("mlp", "cnn"):
        np.testing.assert_allclose(on_card[family], on_cpu[family], rtol=0.01, atol=0.01)
