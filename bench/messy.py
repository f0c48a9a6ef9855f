"""All measures on messy tables in one go: files, cells, audit; side by side with the other tools that are installed.

    python bench/messy.py [--seeds 20] [--peer PYTHON]

`--peer` names a Python in which targetleak and cleanlab are installed (`bench/peers/requirements.txt`); pandas, polars
and skrub are asked where this Python has them. Each part names its misses.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Run the three benches one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--peer", default="", help="a Python with targetleak and cleanlab")
    given = parser.parse_args()
    others = [name for name in ("pandas", "polars", "skrub") if find_spec(name)]
    seeds = ["--seeds", str(given.seeds)]
    peer = ["--peer", given.peer] if given.peer else []
    parts = (
        ("Files", ["messy_files.py", "--tool", "heldout", *(name for name in others if name != "skrub")]),
        ("Cells", ["messy_cells.py", *seeds, "--others", *others]),
        ("Audit", ["messy_audit.py", *seeds, *peer]),
    )
    failed = []
    for title, words in parts:
        print(f"\n# {title}\n", flush=True)
        done = subprocess.run([sys.executable, str(HERE / words[0]), *words[1:]], check=False)
        failed += [title] if done.returncode else []
    if failed:
        raise SystemExit(f"did not finish: {', '.join(failed)}")


if __name__ == "__main__":
    main()
