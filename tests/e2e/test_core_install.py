"""What `make demo` installs is enough: the program with nothing but its core dependencies, and without a network."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Hides what is not installed with the core: looking for it finds nothing, as in an environment without it.
HIDE = """
import json, sys
from importlib.machinery import PathFinder
hidden = json.loads(sys.stdin.readline())
class Core:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in hidden["modules"] else PathFinder.find_spec(name, path, target)
    @staticmethod
    def find_distributions(context):
        return (one for one in PathFinder.find_distributions(context) if one.name not in hidden["distributions"])
sys.meta_path = [Core if finder is PathFinder else finder for finder in sys.meta_path]
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        raise SystemExit(f"the network was asked: {event} {arguments[1:]}")
sys.addaudithook(refuse)
"""
IMPORT_ALL = """
import importlib, pkgutil
import heldout
names = [found.name for found in pkgutil.walk_packages(heldout.__path__, "heldout.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""
# two sizes and two seeds: the way is the same
DEMO = """
import sys
from heldout.train.device import prepare_device
prepare_device(cores=2)
from heldout import plan
plan.PRESETS["quick"], plan.LEAN, plan.LEAST_WAIT = (2, 2, 2), (), 8.0
from heldout.cli import main
sys.exit(main(["demo", "--out", "run", "--progress", "none"]))
"""


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def list_core():
    """The distributions that the core dependencies bring, by plain name."""
    found, open_ = {"heldout"}, [Requirement(line) for line in PROJECT["dependencies"]]
    while open_:
        asked = open_.pop()
        name = plain(asked.name)
        extras = ["", *asked.extras]
        if asked.marker is not None and not any(asked.marker.evaluate({"extra": one}) for one in extras):
            continue
        if name in found and not asked.extras:
            continue
        found.add(name)
        for line in metadata.requires(name) or []:
            inner = Requirement(line)
            if inner.marker is None or any(inner.marker.evaluate({"extra": one}) for one in extras):
                inner.marker = None
                open_.append(inner)
    return found


def list_hidden():
    """Modules and distributions that are here and not in a core install."""
    core = list_core()
    owners = metadata.packages_distributions()
    modules = [name for name, of in owners.items() if not {plain(one) for one in of} & core]
    names = {one.name for one in metadata.distributions() if plain(one.name) not in core}
    return {"modules": sorted(modules), "distributions": sorted(names)}


def run_core(program, place):
    hidden = json.dumps(list_hidden()) + "\n"
    words = [sys.executable, "-c", HIDE + program]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        words, input=hidden, capture_output=True, text=True, cwd=place, env=environment, timeout=300
    )


def test_what_is_hidden_are_the_tools_and_the_extras():
    hidden = set(list_hidden()["modules"])
    assert {"pytest", "hypothesis", "playwright", "pyright", "ruff", "pandas", "astropy"} <= hidden
    assert (
        hidden & {"jax", "numpy", "scipy", "sklearn", "polars", "duckdb", "typer", "PIL", "heldout"} == set()
    )


def test_the_hidden_cannot_be_imported_and_the_network_is_refused(tmp_path):
    done = run_core(
        "import importlib.util as u\nassert u.find_spec('pytest') is None\nimport pytest", tmp_path
    )
    assert "No module named 'pytest'" in done.stderr
    done = run_core("import socket\nsocket.create_connection(('127.0.0.1', 9))", tmp_path)
    assert "the network was asked: socket.getaddrinfo" in done.stderr


def test_every_module_is_imported_without_tools_and_extras(tmp_path):
    done = run_core(IMPORT_ALL, tmp_path)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200


@pytest.mark.slow
def test_the_demo_runs_with_the_core_alone_and_without_a_network(tmp_path):
    done = run_core(DEMO, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "heldout predict run NEW.csv" in done.stdout
    assert (tmp_path / "run" / "report.html").is_file()
    assert (tmp_path / "run" / "bundle.zip").is_file()
