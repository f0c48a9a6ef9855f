"""heldout's engine beside the ways people train many networks today: one table, ratios in the same run.

    python bench/engine.py [--repeats 5] [--works mlp text ...] [--device gpu] [--brief]

Every figure is wall time of all trials on all cores, compilation included (an empty cache every time), import left
out. Peers run as a user of a tuner runs them: one process a core, one thread each. Peers whose time is linear in the
number of trials run fewer of them (`SHARE`) and are scaled up; `--brief` runs a quarter of those shares, and of
heldout's own trials too. Each ratio is the median over pairs run one after the other; the second one is that of
processor time, which other work on the machine disturbs less. The peers' environment is made with `make bench-peers`;
without it only heldout's own figures are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from engine_data import WORKS

HERE = Path(__file__).resolve().parent
PEERS = Path(os.environ.get("HELDOUT_PEERS", HERE.parent / ".venv-bench" / "bin" / "python"))
GOALS = {
    ("mlp", "torch loop"): 4.0,
    ("mlp", "keras"): 20.0,
    ("mlp", "scikit-learn"): 6.0,
    ("text", "torch loop"): 3.2,
    ("text cnn", "torch loop"): 1.3,
    ("cnn", "torch loop, better layout"): 1.25,
    ("residual", "torch loop, channels last"): 1.0,
    ("residual", "torch loop, default layout"): 1.5,
}
SHARE = {"torch loop": 0.25, "keras": 0.0625, "scikit-learn": 0.125, "stacked": 1.0}


def run_own(work: str, device: str, cache: str, *, share: float = 1.0) -> dict[str, float]:
    """Run heldout on one work in a fresh process with the given cache of compiled programs."""
    environment = {**os.environ, "HELDOUT_CACHE": cache}
    command = [sys.executable, str(HERE / "engine_own.py"), work, "--device", device, "--share", str(share)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_peer(script: str, arguments: list[str], n_trials: int, share: float) -> dict[str, float]:
    """Run a peer in one process a core, trials dealt evenly; seconds are those of the slowest, scaled to all trials."""
    n_cores = len(os.sched_getaffinity(0))
    n_run = min(n_trials, max(n_cores, round(share * n_trials)))
    edges = [round(part * n_run / n_cores) for part in range(n_cores + 1)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    running = [
        subprocess.Popen(
            [str(PEERS), str(HERE / "peers" / script), *arguments[:1], str(first), str(last), *arguments[1:]],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for first, last in zip(edges[:-1], edges[1:], strict=True)
        if last > first
    ]
    found = [json.loads(process.communicate()[0].splitlines()[-1]) for process in running]
    return {
        "seconds": max(item["seconds"] for item in found) * n_trials / n_run,
        "processor": sum(item["processor"] for item in found) * n_trials / n_run,
        "train": statistics.mean(item["train"] for item in found),
    }


def list_peers(work: str) -> dict[str, tuple[str, list[str], float]]:
    """The peers of one work: name -> script, arguments, share of the trials that is run."""
    if work == "mlp":
        return {
            "torch loop": ("torch_loop.py", ["mlp"], SHARE["torch loop"]),
            "torch stacked": ("other_loops.py", ["stacked"], SHARE["stacked"]),
            "keras": ("other_loops.py", ["keras"], SHARE["keras"]),
            "scikit-learn": ("other_loops.py", ["sklearn"], SHARE["scikit-learn"]),
        }
    if work in ("cnn", "residual"):
        return {
            "torch loop, default layout": ("torch_loop.py", [work], 1.0),
            "torch loop, channels last": ("torch_loop.py", [work, "channels_last"], 1.0),
        }
    return {"torch loop": ("torch_loop.py", [work], 0.25 if work == "text" else 1.0)}


def measure_peak() -> float:
    """GFLOP/s of float32 matrix products on all cores, in JAX, 2048 x 2048."""
    code = (
        "import jax, time; import jax.numpy as jnp; a = jnp.ones((2048, 2048)); f = jax.jit(lambda a: a @ a); "
        "f(a).block_until_ready(); best = 9e9\n"
        "for _ in range(8):\n b = time.perf_counter(); f(a).block_until_ready()\n"
        " best = min(best, time.perf_counter() - b)\n"
        "print(2 * 2048**3 / best / 1e9)"
    )
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    return float(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment).stdout
    )


def measure_work(work: str, repeats: int, device: str, *, share: float) -> None:
    """Run one work and its peers in turn and print the lines of the table."""
    own, peers, ratios, processor = [], {}, {}, {}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as cache:
            own.append(run_own(work, device, cache, share=share))
            if not own[0].get("warm"):
                own[0]["warm"] = run_own(work, device, cache, share=0.0)["compile"]
        for name, (script, arguments, part) in (list_peers(work) if PEERS.is_file() else {}).items():
            found = run_peer(script, arguments, WORKS[work].n_trials, share * part)
            peers.setdefault(name, []).append(found)
            ratios.setdefault(name, []).append(found["seconds"] / own[-1]["seconds"])
            processor.setdefault(name, []).append(found["processor"] / own[-1]["processor"])
    if work == "cnn" and ratios:
        for kept in (ratios, processor):
            kept["torch loop, better layout"] = [min(pair) for pair in zip(*kept.values(), strict=True)]
    seconds = statistics.median(item["seconds"] for item in own)
    steady = statistics.median(item["steady"] for item in own)
    print(
        f"| {work} | heldout | {seconds:.2f} | 1 | {statistics.median(i['train'] for i in own):.4f} | compiling "
        f"{statistics.median(i['compile'] for i in own):.2f} s, from the cache {own[0]['warm']:.2f} s; without it "
        f"{steady:.2f} s = {own[0]['flops'] / steady / 1e9:.0f} GFLOP/s, {WORKS[work].n_trials / steady:.2f} trials/s; "
        f"processor {statistics.median(i['processor'] for i in own):.2f} s, without compiling "
        f"{own[0]['flops'] / statistics.median(i['processor_steady'] for i in own) / 1e9:.0f} GFLOP/s a core |",
        flush=True,
    )
    for name, values in ratios.items():
        found = peers.get(name, [{"seconds": float("nan"), "train": float("nan")}])
        shares = processor[name]
        goal = "" if (work, name) not in GOALS else f", goal {GOALS[work, name]:g}"
        print(
            f"| {work} | {name} | {statistics.median(i['seconds'] for i in found):.2f} "
            f"| {statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f}) "
            f"| {statistics.median(i['train'] for i in found):.4f} | processor "
            f"{statistics.median(shares):.2f} ({min(shares):.2f} to {max(shares):.2f}){goal} |",
            flush=True,
        )


def main() -> None:
    """Measure the works asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--works", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--brief", action="store_true", help="a quarter of the trials, scaled up")
    given = parser.parse_args()
    if not PEERS.is_file():
        print(f"no peers: {PEERS} is not there (make bench-peers)")
    if given.device == "cpu":
        print(f"float32 matrix products on all cores: {measure_peak():.0f} GFLOP/s")
    print("| work | engine | s | times heldout's | training loss | |\n|---|---|---|---|---|---|")
    for work in given.works:
        measure_work(work, given.repeats, given.device, share=0.25 if given.brief else 1.0)


if __name__ == "__main__":
    main()
