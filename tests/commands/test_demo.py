import json
from pathlib import Path

import numpy as np
import pytest

from heldout.cli import main
from heldout.demos import DemoOutcome, DemoPage, DemoSection
from heldout.demos.drawing import Axes, Line, Panel, draw_lines
from heldout.errors import StudyInterrupted
from heldout.report.marks import Caption


@pytest.fixture
def lecture(monkeypatch, tmp_path):
    """A piece of the lecture that trains nothing; remembers what it was asked for."""
    asked = []

    def start(demo, request):
        asked.append(request)
        request.report("training", 1, 2)
        request.say("a sentence")
        chart = draw_lines(Caption("c", "T", "F."), Panel("", (Line("a", [1, 2], [1, 2]),)), Axes("x", "y"))
        page = DemoPage("Title", ("one line",), (DemoSection("Why?", charts=(chart,)),))
        return DemoOutcome({"loss": np.float32(0.5)}, page)

    monkeypatch.setattr("heldout.demos.frame.start_demo", start)
    monkeypatch.chdir(tmp_path)
    return asked


def run(capsys, *words):
    code = main(["demo", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_list(capsys):
    code, out, _ = run(capsys, "--list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()][:2] == ["heart", "curve"]
    listed = json.loads(run(capsys, "--list", "--json")[1])
    assert listed["schema"] == "heldout/demos/1"
    assert "remedies" in listed["demos"]


def test_answer_names_the_page(capsys, lecture):
    code, out, err = run(capsys, "curve", "--progress", "lines")
    assert (code, out) == (
        0,
        "one line\n\npage     runs/demo-curve/demo.html\nnumbers  runs/demo-curve/record.json\n",
    )
    assert Path("runs/demo-curve/demo.html").is_file()
    assert "a sentence" in err
    assert run(capsys, "curve")[1].count("runs/demo-curve-2/") == 2


def test_json_holds_the_numbers(capsys, lecture):
    code, out, _ = run(capsys, "curve", "--json", "--seed", "7", "--out", "here", "--quiet")
    record = json.loads(out)
    assert code == 0
    assert (record["seed"], record["results"]) == (7, {"loss": 0.5})
    assert record["page"] == str(Path("here") / "demo.html")
    assert lecture[0].seed == 7


@pytest.mark.parametrize(
    "flag", [["--preset", "quick"], ["--budget", "5m"], ["--resume"], ["--dry-run"], ["--live"], ["--strict"]]
)
def test_options_of_studies_are_refused(capsys, lecture, flag):
    code, _, err = run(capsys, "curve", *flag)
    assert (code, lecture) == (2, [])
    assert f"demo curve takes no {flag[0]}" in err


def test_requirement_is_refused(capsys, lecture):
    assert "takes no --require" in run(capsys, "curve", "--require", "verdict!=overfit")[2]


def test_full(capsys, lecture, tmp_path):
    assert "demo curve has no full version" in run(capsys, "curve", "--full", str(tmp_path))[2]
    assert "the example 'heart' has no full version" in run(capsys, "heart", "--full", str(tmp_path))[2]
    assert "is no folder" in run(capsys, "digits-vs-reviews", "--full", "nowhere")[2]
    assert run(capsys, "digits-vs-reviews", "--full", str(tmp_path))[0] == 0
    assert lecture[-1].full == tmp_path


def test_folder_that_is_a_file(capsys, lecture):
    Path("file").write_text("")
    code, _, err = run(capsys, "curve", "--out", "file")
    assert code == 3
    assert "'file' cannot be made" in err


def test_stop(capsys, monkeypatch, tmp_path):
    def stop(demo, request):
        raise StudyInterrupted(130)

    monkeypatch.setattr("heldout.demos.frame.start_demo", stop)
    code, out, err = run(capsys, "curve", "--out", str(tmp_path / "x"), "--quiet")
    assert (code, out) == (130, "")
    assert "a piece of the lecture is not continued" in err
