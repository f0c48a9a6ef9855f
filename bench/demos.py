"""How long each piece of `heldout demo` takes, every one a process of its own, beside what is promised.

    python bench/demos.py [NAME ...] [--cold]

Without a name all of `heldout demo --list`. The compiled programs are those of your own cache as it stands; `--cold`
runs each demo twice with a cache of its own: empty, and filled by that first run. `ok` is by wall time; where other
programs share the machine, processor time (of all cores) and the load say what the figure is worth.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from shared import describe_machine, print_table

from heldout.demos.catalogue import DEMOS

GOAL_SECONDS = (60, 150)  # with compiled programs cached, without, on 2 cores
LONGER = {"everything": (120, 240)}  # the whole study phase by phase


@dataclass(frozen=True)
class Took:
    """What one run of a demo cost.

    Args:
        seconds: wall time of the process.
        cpu_seconds: processor time of the process, all cores together.
        peak_mb: largest resident memory.
        load: load average of the last minute as it ended: runnable programs, itself among them.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    load: float


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*", help=f"of {', '.join(DEMOS)}")
    asked.add_argument("--cold", action="store_true", help="with an empty cache too")
    options = asked.parse_args()
    unknown = [name for name in options.names if name not in DEMOS]
    if unknown:
        asked.error(f"no demo {unknown[0]!r}: there are {', '.join(DEMOS)}")
    cores = len(os.sched_getaffinity(0))
    print(f"{describe_machine()}; {cores} of them for each demo, load {os.getloadavg()[0]:.1f}\n")
    rows = []
    for name in options.names or DEMOS:
        with tempfile.TemporaryDirectory() as place:
            cold = run_demo(name, f"{place}/cache") if options.cold else None
            warm = run_demo(name, f"{place}/cache" if options.cold else None)
        rows.append(describe(name, warm, cold))
        print(f"{name}: warm {warm}" + (f", cold {cold}" if cold else ""), file=sys.stderr, flush=True)
    columns = ["demo", "warm", "cold", "goal", "ok", "processor time, warm; cold", "peak", "load"]
    print_table(columns, rows)


def run_demo(name: str, cache: str | None) -> Took:
    """Run one demo as a user does, in an empty folder.

    Args:
        name: of the catalogue.
        cache: folder of compiled programs; the user's own when None.
    """
    environment = dict(os.environ, **({"HELDOUT_CACHE": cache} if cache else {}))
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryFile() as complaints:
        command = [sys.executable, "-m", "heldout", "demo", name, "--out", f"{place}/out"]
        command += ["--quiet", "--progress", "none"]
        begun = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=complaints, env=environment, cwd=place
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            raise SystemExit(f"demo {name}: exit {process.returncode}\n{complaints.read().decode()}")
    return Took(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.getloadavg()[0])


def describe(name: str, warm: Took, cold: Took | None) -> list[str]:
    """Lay out one demo as a row of the table."""
    goals = LONGER.get(name, GOAL_SECONDS)
    runs = [run for run in (warm, cold) if run is not None]
    is_ok = all(run.seconds <= goal for run, goal in zip(runs, goals, strict=False))
    return [
        name,
        f"{warm.seconds:.0f} s",
        f"{cold.seconds:.0f} s" if cold else "",
        f"{goals[0]} / {goals[1]} s",
        "yes" if is_ok else "no",
        "; ".join(f"{run.cpu_seconds:.0f} s" for run in runs),
        f"{max(run.peak_mb for run in runs):.0f} MB",
        f"{max(run.load for run in runs):.1f}",
    ]


if __name__ == "__main__":
    main()
