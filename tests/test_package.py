"""The package as a whole: what importing it costs, and what it depends on."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import heldout

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {
    "jax",
    "numpy",
    "scipy",
    "sklearn",
    "polars",
    "duckdb",
    "altair",
    "clevercsv",
    "pydantic",
    "rich",
    "pandas",
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def imported_by(code):
    program = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stderr.split()}


def test_import_loads_nothing_heavy():
    assert imported_by("import heldout") & HEAVY == set()


def test_help_loads_nothing_heavy():
    assert imported_by("from heldout.cli import main; main(['fit', '--help'])") & HEAVY <= {
        "pydantic"
    }  # typer's own


def test_names_are_fetched_when_used():
    from heldout.settings import Settings

    assert heldout.Settings is Settings
    assert "fit" in dir(heldout)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(
        AttributeError,
        match=r"no attribute 'fitt'; it has Settings, __version__, callbacks, compare, diagnose, dry_run, fit",
    ):
        heldout.fitt  # noqa: B018


def test_module_runs_as_program():
    done = subprocess.run(
        [sys.executable, "-m", "heldout", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"heldout {heldout.__version__}\n"


def requirement_names(lines):
    return {re.match(r"[A-Za-z0-9._-]+", line).group().lower().replace("_", "-") for line in lines}


def pinned():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==\S+", line) for line in lines)
    return requirement_names(lines)


def test_every_core_and_dev_dependency_is_pinned():
    extras = PROJECT["optional-dependencies"]
    own, *dev = extras["dev"]
    asked = re.fullmatch(r"heldout\[([a-z,]+)\]", own).group(1).split(",")
    wanted = requirement_names(
        PROJECT["dependencies"] + dev + [line for name in asked for line in extras[name]]
    )
    assert wanted - pinned() == set()


def test_nothing_pulls_in_another_engine():
    everything = PROJECT["dependencies"] + [
        line for lines in PROJECT["optional-dependencies"].values() for line in lines
    ]
    assert (
        requirement_names(everything) & {"torch", "tensorflow", "keras", "flax", "skrub", "cleanlab"} == set()
    )
    assert not any(name.startswith(("torch", "nvidia")) for name in pinned())


def test_licence_is_shipped_whole():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_contributing_is_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 60


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda page: page.name
)
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_setting_is_explained():
    from heldout.settings import Settings

    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name}" not in page] == []


def test_pages_name_only_verbs_that_exist():
    from heldout.cli import VERBS

    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    named = {
        verb
        for page in pages
        for verb in re.findall(r"^(?:\.venv/bin/)?heldout (\w+)", page.read_text(), re.M)
    }
    assert named
    assert named <= set(VERBS)
