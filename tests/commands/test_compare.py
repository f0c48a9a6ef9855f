import json

import pytest

from heldout.cli import main
from stages.made_folders import draw_runs, make_split, write_study


@pytest.fixture
def pair(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    split = make_split()
    write_study(tmp_path / "one", split=split, runs=draw_runs(split, seed=1))
    write_study(tmp_path / "other", split=split, runs=draw_runs(split, base=0.5, seed=2))
    return tmp_path


def test_the_answer_is_printed(pair, capsys):
    assert main(["compare", "one", "other"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("one is better than other: validation log-loss of one minus other")
    assert len(out.splitlines()) <= 25


def test_one_object_on_standard_output(pair, capsys):
    assert main(["compare", "one", "other", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["outcome"]) == ("heldout/comparison/1", "first is better")


def test_a_page_is_written(pair, capsys):
    assert main(["compare", "one", "other", "--out", "page.html"]) == 0
    assert (pair / "page.html").read_text().startswith("<!doctype html>")
    assert "the page is page.html" in capsys.readouterr().err


def test_a_file_that_is_no_page_is_kept(pair, capsys):
    (pair / "data.csv").write_text("a,b\n")
    assert main(["compare", "one", "other", "--out", "data.csv"]) == 3
    assert "is there and is no report" in capsys.readouterr().err
    assert (pair / "data.csv").read_text() == "a,b\n"


def test_refusals_have_their_exit_codes(pair, capsys):
    assert main(["compare", "one", "one"]) == 3
    assert "are the same study" in capsys.readouterr().err
    assert main(["compare", "one", "nothing"]) == 3
    assert "'nothing' holds no finished study" in capsys.readouterr().err
    assert main(["compare", "one"]) == 2
    assert main(["compare", "one", "other", "--require", "verdict!=overfit"]) == 2
