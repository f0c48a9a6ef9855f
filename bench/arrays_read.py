"""Reading of pictures, sequences, FITS files and arrays: rows, seconds, processor seconds, peak memory.

    python bench/arrays_read.py [--data ../shared/data] [--only WORD]

Each source is read in a process of its own, so that the peak of memory is its own; pictures are read twice with a
cache, the second time from it. Sources that are absent, or whose extra is not installed, are said so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = (
    "mnist",
    "medmnist/breastmnist.npz",
    "radio_galaxies/galaxy_data.zip",
    "cifar10/cifar10_jpeg.tar.xz",
    "ecoli_promoters",
    "splice_junction/splice.fasta.gz",
    "miles_fits/miles_fits.tar.xz",
)
READ = """
import json, resource, sys, time
from pathlib import Path
from heldout.errors import HeldoutError
from heldout.sources import Request, read_examples
cache = Path(sys.argv[2])
answer = {"seconds": [], "processor": []}
try:
    for _ in range(2):
        wall, busy = time.perf_counter(), time.process_time()
        table = read_examples(sys.argv[1], Request(cache=cache))
        answer["seconds"].append(time.perf_counter() - wall)
        answer["processor"].append(time.process_time() - busy)
    answer["rows"] = len(table.lines)
    answer["aside"] = len(table.set_aside)
    answer["shape"] = [list(array.values.shape) for array in table.arrays]
except HeldoutError as error:
    answer["refused"] = error.message
answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(json.dumps(answer))
"""


def measure(path: Path) -> str:
    """One line of the table."""
    if not path.exists():
        return "not there"
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path), cache], capture_output=True, text=True, check=False
        )
    if done.returncode:
        return f"failed: {done.stderr.strip().splitlines()[-1]}"
    answer = json.loads(done.stdout)
    if "refused" in answer:
        return f"refused: {answer['refused']}"
    first, second = answer["seconds"]
    return (
        f"{answer['rows']:>7,} rows {answer['aside']:>6,} aside  {first:6.2f} s ({answer['processor'][0]:.2f} s of "
        f"processor), again {second:5.2f} s, {answer['peak_mb']:6.0f} MB  {answer['shape']}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1] / ".." / "shared" / "data")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    for name in SOURCES:
        if arguments.only in name:
            print(f"{name:<34}{measure(arguments.data / name)}", flush=True)


if __name__ == "__main__":
    main()
