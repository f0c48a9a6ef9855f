import json
import os
from pathlib import Path

from heldout import doctor
from heldout.doctor import (
    PinCheck,
    as_json,
    as_text,
    compare_pins,
    examine,
    is_writable,
    measure_memory,
    read_pins,
)


def test_this_installation_is_ready(tmp_path):
    found = examine(runs=tmp_path / "runs")
    assert found.cores >= 1
    assert found.devices[0].startswith("cpu:0")
    assert found.runs_writable
    assert not (tmp_path / "runs").exists()  # looking changes nothing
    text = as_text(found)
    assert f"heldout      {found.heldout}" in text
    assert json.loads(json.dumps(as_json(found), allow_nan=False))["schema"] == "heldout/doctor/1"


def test_problems_are_said(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "read_pins", lambda: {"jax": "0.0.1", "polars": "1"})
    monkeypatch.setattr(doctor, "_direct_dependencies", lambda: {"jax", "polars"})
    monkeypatch.setattr(doctor, "_installed", lambda name: "" if name == "polars" else "9")
    (tmp_path / "file").write_text("")
    found = examine(runs=tmp_path / "file" / "runs")
    assert found.differing == (PinCheck("jax", "0.0.1", "9"), PinCheck("polars", "1", ""))
    text = as_text(found)
    assert "untested: jax 9 (tested 0.0.1), polars absent (tested 1)" in text
    assert "problem      polars is not installed (tested: 1)" in text
    assert "problem      studies cannot be written to" in text
    assert "ready" not in text.splitlines()


def test_the_way_of_convolutions_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", "rows")
    assert "native convolution rows (asked for by HELDOUT_CONVOLUTION)" in as_text(examine(runs=tmp_path))
    monkeypatch.setenv("HELDOUT_CONVOLUTION", "gemm")
    assert "HELDOUT_CONVOLUTION='gemm' is no way to convolve" in as_text(examine(runs=tmp_path))


def test_pins_are_those_of_the_checkout():
    lines = (Path(__file__).parents[1] / "constraints.txt").read_text().splitlines()
    assert len(read_pins()) == sum("==" in line for line in lines)


def test_unknown_pins_are_said(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "read_pins", dict)
    assert "list of tested versions is not part" in as_text(examine(runs=tmp_path))


def test_only_direct_dependencies_are_compared(monkeypatch):
    monkeypatch.setattr(doctor, "_direct_dependencies", lambda: {"numpy"})
    assert [pin.name for pin in compare_pins({"numpy": "0", "pluggy": "0"})] == ["numpy"]


def test_memory_follows_the_container(monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__)
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "max\n")
    assert measure_memory() == 4_096_000
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "1000\n")
    assert measure_memory() == 1000


def test_writable_looks_at_the_nearest_existing_folder(tmp_path):
    assert is_writable(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    assert not is_writable(tmp_path / "file")
