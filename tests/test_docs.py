"""The documentation: links and anchors, what the reference names, and pages that are written by running something."""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
import unicodedata
from pathlib import Path

import pytest
from typer.main import get_command

import heldout
from heldout.cli import VERBS, build_app, main

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "making" not in page.parts)
FENCED = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
LINK = re.compile(r"(?<!\\)\[(?:[^\]\\]|\\.)*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")


def test_python_names_of_the_pages_exist():
    named = {
        name
        for page in [*PAGES, ROOT / "README.md"]
        for name in re.findall(r"\bheldout\.([a-z_]+)\(", page.read_text(encoding="utf-8"))
    }
    assert {"fit", "dry_run", "compare"} <= named
    assert [name for name in named if name not in dir(heldout)] == []


def without_code(text):
    return re.sub(r"`[^`\n]*`", "`code`", FENCED.sub("", text))


def slug(heading):
    """The anchor of a heading as Markdown's table of contents makes it."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def anchors_of(page):
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", text, re.M):
        named = re.search(r"\{#([\w.-]+)\}$", heading)
        name = named[1] if named else slug(heading)
        seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}_{seen[name]}" if seen[name] else name)
    return found | set(re.findall(r"^::: ([\w.]+)", text, re.M)) | set(re.findall(r'id="([^"]+)"', text))


def broken_links(page):
    broken = []
    for target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        has_anchor = not anchor or place.suffix != ".md" or (place.exists() and anchor in anchors_of(place))
        if not place.exists() or not has_anchor:
            broken.append(target)
        elif DOCS in page.parents and DOCS not in place.parents:
            broken.append(f"{target} (leads out of the documentation)")
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_link_and_anchor_leads_somewhere(page):
    assert broken_links(page) == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "a.md"
    page.write_text("# One\n\n## A `b` c\n\n[x](#a-b-c) [y](#nowhere) [z](gone.md) ![p](p.svg) `[c](code)`\n")
    assert broken_links(page) == ["#nowhere", "gone.md", "p.svg"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_no_page_shows_anything_from_elsewhere(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"!\[[^\]]*\]\(\s*https?:|<(?:img|script|iframe|link)[^>]+https?:|```mermaid", text)


def test_every_public_name_is_on_the_reference_page():
    page = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    assert [name for name in heldout.__all__ if f"heldout.{name}" not in page] == []


def test_the_reference_names_only_what_exists():
    for page in (DOCS / "reference").glob("*.md"):
        for name in re.findall(r"^::: ([\w.]+)", page.read_text(encoding="utf-8"), re.M):
            module, _, attribute = name.rpartition(".")
            if importlib.util.find_spec(name if module == "heldout" else module) is None:
                raise AssertionError(name)
            if module != "heldout":
                assert hasattr(importlib.import_module(module), attribute), name


def load_program(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / "making" / f"{name}.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def test_the_page_of_the_command_line_is_what_the_program_says():
    program = load_program("command_line")
    written = program.PAGE.read_text(encoding="utf-8")
    assert written == program.write_page(), "run: .venv/bin/python docs/making/command_line.py"


def test_the_navigation_names_only_what_exists():
    text = (DOCS / ".nav.yml").read_text()
    named = re.findall(r"- (?:[\w ]+: )?([\w./-]+)$", text, re.M)
    assert len(named) >= 10
    assert [name for name in named if not (DOCS / name).exists()] == []
    assert "append_unmatched: true" in text


def test_the_tools_of_the_documentation_are_pinned_apart():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["docs"]
    lines = [
        line for line in (ROOT / "docs-constraints.txt").read_text().splitlines() if not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==\S+", line) for line in lines)
    pinned = {line.partition("==")[0].lower() for line in lines}
    assert {re.match(r"[\w-]+", name)[0] for name in wanted} <= pinned
    core = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"^mkdocs", core, re.M)


# ------------------------------------------------------------------------------------------------ the tutorial
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```\n\$ (.*?)\n(.*?)\n```$", TUTORIAL, re.M | re.S))
RECORD = json.loads((DOCS / "making" / "tutorial.json").read_text(encoding="utf-8"))
AGAIN = "the tutorial is stale; run: .venv/bin/python docs/making/tutorial.py"


def printed_block(start):
    return next(text for command, text in BLOCKS.items() if command.startswith(start))


def test_the_tutorial_is_of_this_version_and_table():
    assert RECORD["heldout"] == heldout.__version__, AGAIN
    table = ROOT / "src" / "heldout" / "demos" / "data" / "heart.csv"
    assert RECORD["data"] == hashlib.sha256(table.read_bytes()).hexdigest(), AGAIN


def test_the_words_of_the_tutorial_are_those_of_its_template():
    template = (DOCS / "making" / "tutorial.template.md").read_text(encoding="utf-8")
    at = 0
    for words in re.split(r"<!-- (?:run|file|python|picture):.*?-->", template, flags=re.S):
        found = TUTORIAL.find(words.strip("\n"), at)
        assert found >= 0, AGAIN
        at = found


def test_the_answer_in_the_tutorial_is_the_one_its_study_gives():
    from heldout.report import StudyContent, answer_text
    from heldout.stages.codec import from_plain
    from heldout.stages.loading import name_paths

    content = from_plain(StudyContent, RECORD["content"])
    shown = answer_text(content.__class__(**{**vars(content), **name_paths(Path("runs/heart"))}))
    kept = "\n".join(line.rstrip() for line in shown.rstrip().splitlines())
    assert printed_block("heldout fit heart.csv --config heldout.toml --out") == kept, AGAIN


def test_what_the_tutorial_shows_of_look_and_plan_is_printed_today(tmp_path, monkeypatch):
    """Everything before the training is cheap enough to be done again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shutil.copy(ROOT / "src" / "heldout" / "demos" / "data" / "heart.csv", tmp_path)
    (tmp_path / "heldout.toml").write_text(re.search(r"```toml\n(.*?)```", TUTORIAL, re.S)[1])

    def mask(text):  # times are estimates of this machine
        return re.sub(r"(?<=time ).*", "#", "\n".join(line.rstrip() for line in text.rstrip().splitlines()))

    for command, text in BLOCKS.items():
        words = shlex.split(command)
        if words[0] == "heldout" and (words[1] == "look" or "--dry-run" in words):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                assert main(words[1:]) == 0
            assert mask(out.getvalue()) == mask(text), AGAIN


# ------------------------------------------------------------------------------------------------- the lecture
LECTURE = load_program("lecture")


@pytest.mark.parametrize("name", LECTURE.NAMES)
def test_numbers_and_pictures_of_the_lecture_come_from_the_code_at_hand(name):
    """What was noted when its demo last ran is what lies here now: its program and data, the pictures, the tables."""
    again = f"docs/lecture/{name}.md is stale; run: .venv/bin/python docs/making/lecture.py {name}"
    noted = json.loads(LECTURE.RECORD.read_text(encoding="utf-8")).get(name, {})
    now = LECTURE.describe(name)
    assert [part for part in now if noted.get(part) != now[part]] == [], again


def test_a_changed_program_a_changed_picture_and_a_changed_number_are_seen(tmp_path, monkeypatch):
    before = LECTURE.describe("curve")
    room, pages = tmp_path / "demos", tmp_path / "lecture"
    shutil.copytree(LECTURE.ROOM, room)
    shutil.copytree(LECTURE.PAGES, pages)
    monkeypatch.setattr(LECTURE, "ROOM", room)
    monkeypatch.setattr(LECTURE, "PAGES", pages)

    def change(path, old, new):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def changed():
        return {part for part, value in LECTURE.describe("curve").items() if value != before[part]}

    change(room / "curve.py", "from __future__", "# a comment decides nothing\n\nfrom __future__")
    change(room / "depth.py", "import", "import os\nimport")  # another demo's
    assert changed() == set()
    change(room / "training.py", "import jax\n", "import jax\nimport os\n")
    assert changed() == {"sources"}
    change(pages / "curve-fits.svg", "<svg", "<svg ")
    assert changed() == {"sources", "pictures"}
    change(pages / "curve.md", "0.451", "0.452")
    assert changed() == {"sources", "pictures", "numbers"}


def test_a_number_of_a_table_is_looked_for_as_exactly_as_it_is_written():
    shown = [0.4648, 660.0, 4687.0]
    assert all(LECTURE.is_among(number, shown) for number in ("0.46", "0.465", "660", "4,687"))
    assert not any(LECTURE.is_among(number, shown) for number in ("0.47", "0.464", "661", "4,688"))


def test_every_command_of_the_documentation_can_be_typed():
    commands = get_command(build_app()).commands
    lines = [
        (page.name, shlex.split(line, comments=True))
        for page in [ROOT / "README.md", *PAGES]
        for line in re.findall(r"^(?:\$ )?(heldout [a-z].*)$", page.read_text(encoding="utf-8"), re.M)
        if "[OPTIONS]" not in line and "|" not in line and "..." not in line
    ]
    assert len(lines) > 30
    for page, words in lines:
        assert words[1] in VERBS or words[1].startswith("-"), (page, words)
        if words[1] in VERBS:
            known = {
                flag
                for option in commands[words[1]].params
                for flag in [*option.opts, *option.secondary_opts]
            }
            flags = {word.partition("=")[0] for word in words[2:] if word.startswith("--")}
            assert flags <= known | {"--help"}, (page, words)


MKDOCS = ROOT / ".venv-docs" / "bin" / "mkdocs"


@pytest.mark.slow
@pytest.mark.skipif(
    not MKDOCS.exists(), reason="the tools for the documentation are not installed (make docs)"
)
def test_the_site_is_built_without_a_warning_and_asks_for_nothing(tmp_path):
    words = [str(MKDOCS), "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) >= len(PAGES)
    asked = re.compile(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["']?(?:https?:)?//""")
    assert [page.name for page in pages if asked.search(page.read_text(encoding="utf-8"))] == []
