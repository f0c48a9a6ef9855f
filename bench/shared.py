"""What the benchmarks share: where the data are, how a study is run and measured, how a table is printed."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("HELDOUT_DATA", ROOT / ".." / "shared" / "data")).resolve()


@dataclass(frozen=True)
class Case:
    """One data set as it is studied.

    Args:
        name: for the table.
        file: path below the data folder.
        target: target column.
        test: test file below the data folder, or "".
        toml: further settings as text of a heldout.toml.
        options: further options of `heldout fit`.
    """

    name: str
    file: str
    target: str
    test: str = ""
    toml: str = ""
    options: tuple[str, ...] = field(default=())


HEART_MAP = '[target_map]\n"0" = "no"\n"1..4" = "yes"\n'
CASES = {
    case.name: case
    for case in (
        Case("heart", "heart_disease_uci/processed.cleveland.data", "heartDisDiagnosis", toml=HEART_MAP),
        Case(
            "adult",
            "adult/adult-train.csv.gz",
            "column_15",
            test="adult/adult-test.csv.gz",
            # the labels of the test file end with a dot
            toml='header = "no"\n[target_map]\n"<=50K" = "<=50K"\n">50K" = ">50K"\n'
            '"<=50K." = "<=50K"\n">50K." = ">50K"\n',
        ),
        Case("pima", "pima/pima-indians-diabetes.csv", "column_9", toml='header = "no"\n'),
        Case(
            "breast cancer",
            "breast_cancer_wisconsin/breast-cancer-wisconsin.data",
            "column_11",
            toml='header = "no"\ngroup = "column_1"\n',
        ),
        Case(
            "titanic",
            "titanic/titanic.csv",
            "survived",
            toml='[columns.alive]\nkind = "ignore"\n',  # the target again in words
        ),
        Case("california", "california_housing/california_housing.csv.gz", "MedHouseVal"),
        Case("abalone", "abalone/abalone.csv", "column_9", toml='header = "no"\n'),
        Case("wine red", "wine_quality/winequality-red.csv", "column_12", toml='header = "no"\n'),
        Case(
            "bike",
            "bike_sharing/bike_sharing.csv.gz",
            "cnt",
            # casual + registered = cnt
            toml='[columns.casual]\nkind = "ignore"\n[columns.registered]\nkind = "ignore"\n',
        ),
    )
}


@dataclass(frozen=True)
class Measured:
    """One study's answer and what it cost.

    Args:
        answer: the object of `--json`.
        seconds: wall time of the whole process.
        peak_mb: largest resident memory of the process.
        cpu_seconds: processor time of the process.
    """

    answer: dict[str, Any]
    seconds: float
    peak_mb: float
    cpu_seconds: float


def run_case(case: Case, *options: str, cache: str | None = None) -> Measured:
    """Run one study as a process of its own, as a user would.

    Args:
        case: the data set.
        *options: further options of `heldout fit`.
        cache: folder of compiled programs; the user's own when left out.
    """
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "heldout.toml"
        config.write_text(case.toml, encoding="utf-8")
        command = [sys.executable, "-m", "heldout", "fit", str(DATA / case.file), "--target", case.target]
        command += ["--config", str(config), "--out", f"{place}/study", "--json", "--progress", "none"]
        command += ["--test", str(DATA / case.test)] if case.test else []
        environment = dict(os.environ, **({"HELDOUT_CACHE": cache} if cache else {}))
        begun = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(
                [*command, *case.options, *options], stdout=out, stderr=complaints, env=environment, cwd=place
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - begun
            out.seek(0)
            complaints.seek(0)
            if process.returncode not in (0, 4):
                raise SystemExit(f"{case.name}: exit {process.returncode}\n{complaints.read().decode()}")
            answer = json.loads(out.read())
        return Measured(answer, seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def fit_case(case: Case, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
    """Run one study inside this process, where programs stay compiled; gives the object of `--json`.

    Args:
        case: the data set; its `options` are not used.
        **options: settings by name.
    """
    import heldout

    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "heldout.toml"
        config.write_text(case.toml, encoding="utf-8")
        study = heldout.fit(
            DATA / case.file,
            target=case.target,
            config=config,
            out=f"{place}/study",
            progress="none",
            **options,
        )
        return study.answer_json()


def describe_machine() -> str:
    """Name the machine and the versions that the figures depend on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    versions = ", ".join(f"{name} {version(name)}" for name in ("heldout", "jax", "numpy", "scikit-learn"))
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}, {versions}"


def print_table(head: list[str], rows: list[list[str]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)


def say_interval(score: dict[str, Any]) -> str:
    """Show a score with its interval."""
    low, high = score["low"], score["high"]
    return f"{score['value']:.3f}" + ("" if low is None else f" ({low:.3f} to {high:.3f})")


def peak_mb() -> float:
    """Give the largest resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
