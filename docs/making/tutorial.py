"""Writes docs/tutorial.md by running what it tells: `python docs/making/tutorial.py` (a minute of processor time).

The template holds the words. A comment `run:` becomes a block with the command and what it printed, `file:` a file that
is written and shown, `python:` a program that is run and shown, `picture:` a drawing of a study.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import heldout
from heldout.demos.catalogue import find_demo
from heldout.report import notebook
from heldout.report.svg import LIGHT_COLOURS
from heldout.stages.codec import to_plain

DOCS = Path(__file__).resolve().parents[1]
TEMPLATE, PAGE, RECORD = (
    DOCS / "making" / "tutorial.template.md",
    DOCS / "tutorial.md",
    DOCS / "making" / "tutorial.json",
)
STEP = re.compile(r"<!-- (run|file|python|picture): ?(.*?)\s*-->", re.S)
STUDY = "runs/heart"
FONT = "text{font-family:system-ui,sans-serif}"
# The colours of the report in both themes; a picture that is a file of its own follows the reader's system.
DARK_COLOURS = {"--ink": "#e6e9ee", "--soft": "#a9b3bf", "--grid": "#3a424d", "--train": "#6db7ee"} | {
    "--validation": "#f0a066",
    "--last": "#d08be6",
}


def main() -> None:
    """Run the steps of the template one after another in an empty folder and write the page."""
    table = find_demo("heart").table
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(table, folder / "heart.csv")
        page = STEP.sub(
            lambda step: take_step(step[1], step[2], folder), TEMPLATE.read_text(encoding="utf-8")
        )
        content = heldout.load(folder / STUDY).content
    PAGE.write_text(page, encoding="utf-8")
    paths = {
        name: getattr(content, name).split("runs/")[-1]
        for name in ("study_folder", "report_path", "bundle_path")
    }
    kept = replace(content, runs=(), **{name: f"runs/{path}" for name, path in paths.items()})
    record = {"heldout": heldout.__version__, "data": hash_file(table), "content": to_plain(kept)}
    RECORD.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")


def take_step(kind: str, words: str, folder: Path) -> str:
    """One step of the template as Markdown."""
    if kind == "run":
        return run_command(words, folder)
    if kind == "python":
        return run_python(words.strip(), folder)
    if kind == "picture":
        return draw_picture(words, folder)
    name, _, text = words.partition("\n")
    (folder / name).write_text(text + "\n", encoding="utf-8")
    language = "toml" if name.endswith(".toml") else "text"
    return f"`{name}`:\n\n```{language}\n{text}\n```"


def run_command(line: str, folder: Path) -> str:
    """A command and what it printed, or its first lines."""
    command, _, cut = line.partition(" | first ")
    words = shlex.split(command)
    if words[0] == "heldout":
        words = [sys.executable, "-m", *words]
    printed = run(words, folder).splitlines()
    if cut:
        printed = [*printed[: int(cut)], "..."]
    body = "\n".join(printed)
    return f"```\n$ {command}\n{body}\n```"


def run_python(text: str, folder: Path) -> str:
    """A program and what it printed."""
    printed = run([sys.executable, "-c", text], folder)
    return f"```python\n{text}\n```\n\n```\n{printed}\n```"


def run(words: list[str], folder: Path) -> str:
    """What a program printed; a failure ends the writing."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "POLARS_FMT_MAX_COLS": "8"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{shlex.join(words)}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


def draw_picture(words: str, folder: Path) -> str:
    """A picture of a study as a file of its own, readable in light and dark."""
    what, study = words.split()
    content = heldout.load(folder / study).content
    svg = str({"ladder": notebook.draw_ladder_sizes, "epochs": notebook.draw_epochs}[what](content))
    light, dark = (
        ";".join(f"{name}:{colours[name]}" for name in DARK_COLOURS)
        for colours in (LIGHT_COLOURS, DARK_COLOURS)
    )
    style = f"<style>svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}{FONT}</style>"
    start = svg.index(">") + 1
    place = DOCS / "assets" / f"tutorial-{what}.svg"
    place.write_text(svg[:start] + style + svg[start:] + "\n", encoding="utf-8")
    title = re.search(r"<desc[^>]*>(.*?)</desc>", svg)
    return f"![{title[1] if title else what}](assets/{place.name})"


def hash_file(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
