import dataclasses
import json
from enum import Enum

import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoOutcome, DemoPage, DemoSection, DemoTable
from heldout.demos.drawing import Axes, Line, Panel, draw_lines
from heldout.demos.page import DARK_COLOURS, build_record, export_svg, make_plain, render_page, write_demo
from heldout.errors import StudyError
from heldout.report.html import read_packaged
from heldout.report.marks import Caption
from heldout.report.svg import LIGHT_COLOURS


class Mood(Enum):
    GOOD = "good"


@dataclasses.dataclass(frozen=True)
class Numbers:
    loss: float
    curve: np.ndarray
    mood: Mood
    parts: tuple


def make_outcome(name="<b>"):
    chart = draw_lines(
        Caption("one", "Title", f"Finding {name}.", "Note."),
        Panel("", (Line(f"line {name}", [1, 2, 3], [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]),)),
        Axes("epoch", "loss"),
    )
    table = DemoTable("Verdicts", ("a", "b"), ((name, "2"),))
    page = DemoPage(
        f"What {name}?",
        ("one", "", f"  two {name}"),
        (DemoSection("Why?", ("Because.",), (table,), (chart,)),),
        ("Made.",),
    )
    return DemoOutcome(Numbers(float("nan"), np.array([0.5, np.inf]), Mood.GOOD, (1, "x", None, True)), page)


def test_page_is_whole_and_escapes_what_it_shows():
    outline = check_page(render_page(DEMOS["curve"], make_outcome("<script>alert(1)</script>"), seed=3))
    assert outline.counts["figure"] == 1
    assert outline.counts["table"] == 2


def test_check_catches_a_script_and_a_request():
    page = render_page(DEMOS["curve"], make_outcome(), seed=0)
    for bad in ("<script></script>", '<img src="http://a/b.png">', '<p onclick="x">a</p>'):
        with pytest.raises(AssertionError, match="script|src|onclick"):
            check_page(page.replace("</main>", f"{bad}</main>"))


def test_record_is_plain():
    record = build_record(DEMOS["curve"], make_outcome(), seed=4)
    assert record["results"] == {
        "loss": None,
        "curve": [0.5, None],
        "mood": "good",
        "parts": [1, "x", None, True],
    }
    assert record["answer"] == ["one", "two <b>"]
    assert (record["schema"], record["demo"], record["seed"]) == ("heldout/demo/1", "curve", 4)


def test_value_without_a_plain_form_is_refused():
    with pytest.raises(TypeError, match="a record holds a value of type object"):
        make_plain({"a": [object()]})


def test_files(tmp_path):
    files = write_demo(DEMOS["curve"], make_outcome(), tmp_path / "new", seed=0)
    assert json.loads(files.record.read_text())["demo"] == "curve"
    assert files.page.read_text().startswith("<!doctype html>")
    assert [path.name for path in files.pictures] == ["one.svg"]


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"cannot be written: .*\n.*--out"):
        write_demo(DEMOS["curve"], make_outcome(), tmp_path / "file", seed=0)


def test_picture_of_its_own_knows_all_colours():
    chart = make_outcome().page.sections[0].charts[0]
    text = export_svg(chart)
    used = {part.split(")")[0] for part in text.split("var(")[1:]}
    assert used <= set(LIGHT_COLOURS) | {"--good"}
    assert all(f"{name}:" in text for name in used)
    assert text.count("prefers-color-scheme:dark") == 1


def test_dark_colours_are_those_of_the_page():
    dark = read_packaged("report.css").split("prefers-color-scheme: dark")[1].split("}")[0]
    assert all(f"{name}: {colour}" in dark for name, colour in DARK_COLOURS.items() if name != "--paper")
    assert set(LIGHT_COLOURS) <= set(DARK_COLOURS)
