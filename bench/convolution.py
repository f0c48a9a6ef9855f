"""One training step (forward, backward, Adam) of three small networks with convolutions, on one core.

    python bench/convolution.py [NAME ...] [--path native|rows] [--devices 2] [--steps 20]

Batches of 128, float32. The networks: `cnn`, 28 x 28 x 1, two 3 x 3 convolutions (16, 32), pooling, 128 units;
`residual` 32 x 32 x 3, 3 stages (16, 32, 64) with batch normalization, and `plain` without it; `text`, 200 tokens,
embedding 64, 128 filters of 5 and the largest of each. `bench/convolution_torch.py` runs the same in torch.
`--devices 2` trains one network on each of two host devices at once.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

STEPS = 20
BATCH = 128
Params = dict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["cnn", "residual", "plain", "text"])
    parser.add_argument("--path", default="")
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    if given.path:
        os.environ["HELDOUT_CONVOLUTION"] = given.path
    flags = f"--xla_force_host_platform_device_count={given.devices}"
    os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    from heldout.nets.convolution import convolution_path

    print("| network | way | devices | processor ms a step | wall ms a step | loss |")
    print("|---|---|---|---|---|---|")
    for name in given.names:
        used, wall, loss = measure(name, given.devices, given.steps)
        print(
            f"| {name} | {convolution_path()} | {given.devices} | {used:.1f} | {wall:.1f} | {loss:.4f} |",
            flush=True,
        )


def measure(name: str, devices: int, steps: int) -> tuple[float, float, float]:
    """Give processor and wall milliseconds of one step of one network, the best of three runs, and the last loss."""
    import jax
    import jax.numpy as jnp

    loss_of, params, x = NETWORKS[name](jax.random.key(0))
    y = jax.random.randint(jax.random.key(1), (BATCH,), 0, 2)
    state = (params, *(jax.tree.map(jnp.zeros_like, params) for _ in range(2)))
    program = make_program(loss_of, steps)
    mesh = jax.sharding.Mesh(jax.devices(), ("net",))
    spread, everywhere = jax.sharding.PartitionSpec("net"), jax.sharding.PartitionSpec()
    run = jax.jit(
        jax.shard_map(
            lambda s, x, y: jax.lax.map(lambda one: program(one, x, y), s),
            mesh=mesh,
            in_specs=(spread, everywhere, everywhere),
            out_specs=spread,
            check_vma=False,
        )
    )
    state = jax.tree.map(lambda leaf: jnp.stack([leaf] * devices), state)
    jax.block_until_ready(run(state, x, y))
    figures = []
    for _ in range(3):
        used, wall = time.process_time(), time.perf_counter()
        _, losses = jax.block_until_ready(run(state, x, y))
        share = 1e3 / steps
        figures.append(((time.process_time() - used) / devices * share, (time.perf_counter() - wall) * share))
    return min(used for used, _ in figures), min(wall for _, wall in figures), float(losses[0, -1])


def make_program(loss_of: Callable, steps: int) -> Callable:
    """Make a loop of Adam steps on one batch."""
    import jax
    import jax.numpy as jnp

    def step(state: tuple, time_step: jax.Array, x: jax.Array, y: jax.Array) -> tuple:
        params, first, second = state
        loss, slopes = jax.value_and_grad(loss_of)(params, x, y)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, slopes)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, slopes)
        one, two = 1 / (1 - 0.9**time_step), 1 / (1 - 0.999**time_step)
        params = jax.tree.map(
            lambda p, m, v: p - 1e-3 * (m * one) / (jnp.sqrt(v * two) + 1e-8), params, first, second
        )
        return (params, first, second), loss

    def program(state: tuple, x: jax.Array, y: jax.Array) -> tuple:
        return jax.lax.scan(lambda s, t: step(s, t, x, y), state, jnp.arange(1.0, steps + 1))

    return program


def draw(key: object, *shape: int) -> object:
    """Draw a weight of He's scale."""
    import jax
    import numpy as np

    return jax.random.normal(jax.random.fold_in(key, sum(shape)), shape) * np.sqrt(2 / np.prod(shape[:-1]))


def cross_entropy(logits: object, y: object) -> object:
    """Give the mean log-loss of a batch."""
    import jax
    import jax.numpy as jnp

    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1))


def make_cnn(key: object) -> tuple:
    """Give loss, parameters and a batch of the small network."""
    import jax
    import jax.numpy as jnp

    from heldout.nets.convolution import convolve, max_pool

    params = {
        "a": (draw(key, 3, 3, 1, 16), jnp.zeros(16)),
        "b": (draw(key, 3, 3, 16, 32), jnp.zeros(32)),
        "c": (draw(key, 14 * 14 * 32, 128), jnp.zeros(128)),
        "d": (draw(key, 128, 10), jnp.zeros(10)),
    }

    def loss_of(p: Params, x: jax.Array, y: jax.Array) -> jax.Array:
        hidden = convolve(x, p["a"][0], bias=p["a"][1], relu=True)
        hidden = max_pool(convolve(hidden, p["b"][0], bias=p["b"][1], relu=True), 2)
        hidden = jax.nn.relu(hidden.reshape(BATCH, -1) @ p["c"][0] + p["c"][1])
        return cross_entropy(hidden @ p["d"][0] + p["d"][1], y)

    return loss_of, params, jax.random.normal(key, (BATCH, 28, 28, 1))


def make_residual(key: object, *, norm: bool = True) -> tuple:
    """Give loss, parameters and a batch of the residual network."""
    import jax
    import jax.numpy as jnp

    from heldout.nets.convolution import convolve, normalize_channels

    shapes = {
        "0": (3, 3, 3, 16),
        "1a": (3, 3, 16, 16),
        "1b": (3, 3, 16, 16),
        "2a": (3, 3, 16, 32),
        "2b": (3, 3, 32, 32),
        "3a": (3, 3, 32, 64),
        "3b": (3, 3, 64, 64),
    }
    params = {name: (draw(key, *s), jnp.ones(s[3]), jnp.zeros(s[3])) for name, s in shapes.items()}
    params |= {"2s": (draw(key, 1, 1, 16, 32),), "3s": (draw(key, 1, 1, 32, 64),), "d": (draw(key, 64, 10),)}

    def layer(p: tuple, x: jax.Array, stride: int, *, relu: bool) -> jax.Array:
        if not norm:
            return convolve(x, p[0], stride=stride, bias=p[2], relu=relu)
        sums = convolve(x, p[0], stride=stride)
        y = normalize_channels(sums, p[1], p[2])[0]
        return jax.nn.relu(y) if relu else y

    def loss_of(p: Params, x: jax.Array, y: jax.Array) -> jax.Array:
        hidden = layer(p["0"], x, 1, relu=True)
        for stage in "123":
            stride = 1 if stage == "1" else 2
            inner = layer(p[stage + "b"], layer(p[stage + "a"], hidden, stride, relu=True), 1, relu=False)
            past = hidden if stage == "1" else convolve(hidden, p[stage + "s"][0], stride=2)
            hidden = jax.nn.relu(inner + past)
        return cross_entropy(hidden.mean((1, 2)) @ p["d"][0], y)

    return loss_of, params, jax.random.normal(key, (BATCH, 32, 32, 3))


def make_text(key: object) -> tuple:
    """Give loss, parameters and a batch of the network for texts."""
    import jax
    import jax.numpy as jnp

    from heldout.nets.convolution import convolve_1d

    params = {
        "e": draw(key, 10_000, 64),
        "c": (draw(key, 5, 64, 128), jnp.zeros(128)),
        "d": (draw(key, 128, 2), jnp.zeros(2)),
    }

    def loss_of(p: Params, x: jax.Array, y: jax.Array) -> jax.Array:
        hidden = convolve_1d(p["e"][x], p["c"][0], bias=p["c"][1], relu=True, padding="VALID")
        return cross_entropy(hidden.max(1) @ p["d"][0] + p["d"][1], y)

    return loss_of, params, jax.random.randint(key, (BATCH, 200), 0, 10_000)


NETWORKS = {
    "cnn": make_cnn,
    "residual": make_residual,
    "plain": lambda key: make_residual(key, norm=False),
    "text": make_text,
}

if __name__ == "__main__":
    main()
