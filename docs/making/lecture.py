"""Runs the demos that docs/lecture tells of and renews their pictures: `python docs/making/lecture.py [NAME ...]`.

The pages are written by hand. So that their numbers and pictures cannot go stale unseen, docs/making/lecture.json keeps
for each page what the run was made from (`hash_sources`), the pictures it drew and the numbers of the page's tables. A
number of a table that the run does not show is named; it is mended by hand, and then the demo is noted. The tests
compare all three with what lies here; nothing is trained for that. All demos take about five minutes on two cores.
"""

from __future__ import annotations

import ast
import hashlib
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import heldout
from heldout.demos.catalogue import DATA, DEMOS, LectureDemo

DOCS = Path(__file__).resolve().parents[1]
PAGES, RECORD = DOCS / "lecture", DOCS / "making" / "lecture.json"
ROOM = DATA.parent
NAMES = tuple(name for name, demo in DEMOS.items() if isinstance(demo, LectureDemo))
PICTURE = re.compile(r"\]\(([\w.-]+\.svg)\)")
CODE = re.compile(r"`[^`]*`")
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?!\w)")  # 1,711 and 0.650; not the digits of a word
SHOWN = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")  # also x660
# How the pages are laid out and which demos there are decides no number.
NO_NUMBERS = ("page", "catalogue")


def main() -> None:
    """Run the named demos, or all, and note them."""
    names = sys.argv[1:] or NAMES
    strange = [name for name in names if name not in NAMES]
    if strange:
        raise SystemExit(f"no piece of the lecture {strange[0]!r}: there are {', '.join(NAMES)}")
    doubtful = [name for name in names if not renew(name)]
    if doubtful:
        raise SystemExit(f"not noted: {', '.join(doubtful)}; mend these pages and run it again")


def renew(name: str) -> bool:
    """Run one demo, take its pictures, and note it if the page's tables say what it shows."""
    with tempfile.TemporaryDirectory() as place:
        words = [sys.executable, "-m", "heldout", "demo", name, "--out", f"{place}/out", "--progress", "none"]
        done = subprocess.run(words, cwd=place, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{name}: {done.stderr}")
        for picture in list_pictures(name):
            source = Path(place) / "out" / "pictures" / picture.removeprefix(f"{name}-")
            if not source.is_file():
                raise SystemExit(f"{name}: the page shows {picture}, and the demo draws no {source.name}")
            shutil.copyfile(source, PAGES / picture)
        shown = (Path(place) / "out" / "demo.html").read_text(encoding="utf-8")
    sys.stdout.write(f"{name}\n{done.stdout}\n")
    words = html.unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", shown, flags=re.S))
    known = [float(number.replace(",", "")) for number in SHOWN.findall(words)]
    unknown = [number for number in list_numbers(name) if not is_among(number, known)]
    if unknown:
        sys.stdout.write(f"{PAGES / name}.md: the run does not show {', '.join(unknown)}\n")
        return False
    noted = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    noted[name] = describe(name)
    text = json.dumps({key: noted[key] for key in NAMES if key in noted}, indent=1)
    RECORD.write_text(text + "\n", encoding="utf-8")
    return True


def describe(name: str) -> dict[str, Any]:
    """What is noted of a demo: version, sources, pictures, numbers of the tables."""
    pictures = {
        picture: hashlib.sha256((PAGES / picture).read_bytes()).hexdigest() for picture in list_pictures(name)
    }
    return {
        "heldout": heldout.__version__,
        "sources": hash_sources(name),
        "pictures": pictures,
        "numbers": " ".join(list_numbers(name)),
    }


def hash_sources(name: str) -> str:
    """A hash of what decides the numbers: the demo's program, what it takes from its room, and the shipped data.

    Comments, docstrings and blank lines do not count. The engine below does not count either: it changes often, and
    its own tests hold it to the same results.
    """
    demo = DEMOS[name]
    files = sorted(list_modules(demo.module))
    texts = [strip_words((ROOM / f"{module}.py").read_text(encoding="utf-8")) for module in files]
    found = hashlib.sha256("\n".join(texts).encode())
    named = "\n".join([*texts, (ROOM / "catalogue.py").read_text(encoding="utf-8")])
    for path in sorted(DATA.iterdir()):
        if path.name in named:
            found.update(path.read_bytes())
    return found.hexdigest()


def list_modules(module: str) -> set[str]:
    """A file of the demos' room and all it imports from there."""
    found, open_ = set(), [module]
    while open_:
        one = open_.pop()
        if one in found or one in NO_NUMBERS:
            continue
        found.add(one)
        tree = ast.parse((ROOM / f"{one}.py").read_text(encoding="utf-8"))
        imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        open_ += [name.rpartition(".")[2] for name in imports if name.startswith("heldout.demos.")]
    return found


def strip_words(text: str) -> str:
    """A program without docstrings, lines of comment and blank lines."""
    tree, dropped = ast.parse(text), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            dropped |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    kept = [line for number, line in lines if number not in dropped]
    return "\n".join(line.rstrip() for line in kept if line.strip() and not line.lstrip().startswith("#"))


def list_pictures(name: str) -> list[str]:
    """The pictures that a page shows."""
    return PICTURE.findall((PAGES / f"{name}.md").read_text(encoding="utf-8"))


def list_numbers(name: str) -> list[str]:
    """The numbers of a page's tables, in order."""
    lines = (PAGES / f"{name}.md").read_text(encoding="utf-8").splitlines()
    cells = [CODE.sub("", line) for line in lines if line.startswith("|")]
    return [number for line in cells for number in NUMBER.findall(line)]


def is_among(number: str, known: list[float]) -> bool:
    """Whether one of the numbers that a run shows is this one, as exactly as it is written."""
    digits = number.replace(",", "")
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    return any(abs(float(digits) - other) <= half * (1 + 1e-9) for other in known)


if __name__ == "__main__":
    main()
