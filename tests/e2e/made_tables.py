"""Small tables with a known rule, and ways to run a study on them, for the tests of whole studies."""

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heldout.cli import main

# One remedy, one strength: the smallest study that still walks through every phase. Augmentation has a program of its
# own, which takes seconds to compile for each shape of table: where it matters, a test says so with `AUGMENTED`.
AUGMENTED = {"dropout": (0.5,), "l1": (), "l2": ()}
SMALL = {"preset": "quick", "remedies": AUGMENTED | {"augmentation": ()}}
SMALL_REMEDIES = "[remedies]\naugmentation = []\ndropout = [0.5]\nl1 = []\nl2 = []\n"
SMALL_TOML = f'preset = "quick"\n{SMALL_REMEDIES}'
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


def run_here(*arguments):
    """Run a command in this process: no second start of Python, the same code path from `main` on."""
    out, err, hook = io.StringIO(), io.StringIO(), sys.excepthook
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([str(word) for word in arguments])
    finally:
        sys.excepthook = hook
    return Outcome(code, out.getvalue(), err.getvalue())


def command(*arguments):
    return [sys.executable, "-m", "heldout", *(str(word) for word in arguments)]


def environment():
    return os.environ | {"OMP_NUM_THREADS": "1"}  # two test processes must not fight for the cores


def run_apart(*arguments, cwd=None, timeout=300):
    """Run a command as a user does, in a fresh process."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=timeout,
        env=environment(),
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def write_table(path, columns):
    """Write columns (name -> cells) as CSV and give the path."""
    rows = zip(*columns.values(), strict=True)
    path.write_text(
        "\n".join([",".join(columns), *(",".join(str(cell) for cell in row) for row in rows)]) + "\n"
    )
    return path


def read_rows(path):
    header, *rows = Path(path).read_text().splitlines()
    return header, rows


def make_binary(n_rows=300, *, seed=1):
    """Two numbers and a colour decide, with some noise, who is ill."""
    rng = np.random.default_rng(seed)
    age, dose = rng.normal(size=n_rows), rng.normal(size=n_rows)
    colour = rng.choice(["red", "green", "blue"], n_rows)
    score = 1.5 * age - dose + (colour == "red") + 0.7 * rng.logistic(size=n_rows)
    return {
        "age": [f"{50 + 10 * value:.2f}" for value in age],
        "dose": [f"{value:.3f}" for value in dose],
        "colour": list(colour),
        "ill": ["yes" if value > 0 else "no" for value in score],
    }


def with_parts(columns, *, validation=60, test=60):
    """Add a column that says which part each row belongs to."""
    n_rows = len(next(iter(columns.values())))
    words = ["train"] * (n_rows - validation - test) + ["validation"] * validation + ["test"] * test
    return columns | {"part": words}


def make_numbers(n_rows=300, *, seed=2, positive=False):
    """A regression table: price = 3 size - 2 rooms, or its exponential."""
    rng = np.random.default_rng(seed)
    size, rooms = rng.normal(size=n_rows), rng.normal(size=n_rows)
    price = 3 * size - 2 * rooms + 0.3 * rng.normal(size=n_rows)
    price = np.exp(0.3 * price + 2) if positive else price
    return {
        "size": [f"{value:.4f}" for value in size],
        "rooms": [f"{value:.4f}" for value in rooms],
        "price": [f"{value:.4f}" for value in price],
    }


def load_answer(folder):
    return json.loads((Path(folder) / "verdict.json").read_text())


def drop_times(value):
    """Leave out of an answer what differs between two runs of the same study: times, folders, memory."""
    changing = {"seconds", "created", "opened", "study_folder", "report", "path", "n_networks"}
    if isinstance(value, dict):
        return {key: drop_times(item) for key, item in value.items() if key not in changing}
    return [drop_times(item) for item in value] if isinstance(value, list) else value
