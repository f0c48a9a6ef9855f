"""How long the first words take: `heldout --help`, `import heldout`, a verdict on a logged training, and a study.

python bench/start.py [--study]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from shared import CASES, describe_machine, print_table, run_case

TIMES = 7


def main() -> None:
    print(describe_machine(), "\n")
    history = Path(__file__).parents[1] / "tests" / "adapters" / "fixtures" / "keras" / "history.csv"
    told = f"-m heldout diagnose {history} --n-validation 2000 --classes 2".split()
    rows = [
        ["heldout --help", "<= 0.3 s", measure([sys.executable, "-m", "heldout", "--help"])],
        ["import heldout", "<= 0.2 s", measure([sys.executable, "-c", "import heldout"])],
        ["heldout diagnose history.csv", "<= 1 s", measure([sys.executable, *told])],
        ["python alone", "", measure([sys.executable, "-c", "pass"])],
    ]
    print_table(["command", "goal", f"processor time, median of {TIMES}"], rows)
    if "--study" in sys.argv:
        with tempfile.TemporaryDirectory() as cache:
            cold = run_case(CASES["heart"], cache=cache)
            warm = run_case(CASES["heart"], cache=cache)
        print()
        print_table(
            ["standard study of heart", "goal", "wall", "processor", "peak"],
            [
                ["empty cache", "<= 60 s", *describe(cold)],
                ["the same again", "<= 35 s", *describe(warm)],
            ],
        )


def measure(command: list[str]) -> str:
    """Give the median processor time of a command."""
    seconds = []
    for _ in range(TIMES):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds.append(usage.ru_utime + usage.ru_stime)
        time.sleep(0.05)
    return f"{median(seconds):.2f} s"


def describe(measured) -> list[str]:  # noqa: ANN001 - shared.Measured
    """Lay out what a study cost."""
    return [f"{measured.seconds:.0f} s", f"{measured.cpu_seconds:.0f} s", f"{measured.peak_mb:.0f} MB"]


if __name__ == "__main__":
    main()
