"""The bench of studies of noise takes no answer of another state of the source for one of this."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def noise(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [*sys.path, str(BENCH)])
    return importlib.import_module("bench.noise")


def test_answers_are_kept_apart_for_each_state_of_the_source(
    noise: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "heldout" / "__init__.py"
    source.parent.mkdir()
    source.write_text("A = 1\n")
    monkeypatch.setattr(noise.heldout, "__file__", str(source))
    first = noise.name_source()
    assert noise.name_source() == first
    source.write_text("A = 2\n")
    assert noise.name_source() != first
    assert first.startswith(noise.heldout.__version__)


def test_a_run_that_was_cut_short_is_begun_anew_and_a_finished_one_is_read(
    noise: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "run-0" / "half.json"
    left.parent.mkdir()
    left.write_text("{")
    runs: list[bool] = []

    def fit(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        runs.append(left.parent.exists())
        return subprocess.CompletedProcess(command, 0, '{"made": 1}', "")

    monkeypatch.setattr(noise.subprocess, "run", fit)
    assert [noise.run_study(0, tmp_path) for _ in range(2)] == [{"made": 1}] * 2
    assert runs == [False]
