"""The report on disk: charts beside it in the study's folder, alone elsewhere."""

import csv
from dataclasses import replace

import pytest

from heldout.errors import StudyError
from heldout.stages.reporting import drop_rest, leave_report, write_report
from report.example import make_small_study
from stages.test_salvaging import make_unfinished


def test_in_the_studys_folder_the_charts_lie_beside(tmp_path):
    place = write_report(make_small_study(), tmp_path)
    assert place == tmp_path / "report.html"
    assert 'href="charts/scores.csv"' in place.read_text(encoding="utf-8")
    rows = list(csv.reader((tmp_path / "charts" / "scores.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[1][2] == "0.75"
    assert (tmp_path / "charts" / "scores.vl.json").is_file()


def test_elsewhere_the_page_stands_alone(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    place = write_report(make_small_study(), folder, tmp_path / "page.html")
    assert 'href="charts' not in place.read_text(encoding="utf-8")
    assert not (folder / "charts").exists()


def test_a_file_that_is_no_report_is_kept(tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n")
    with pytest.raises(StudyError, match="is there and is no report"):
        write_report(make_small_study(), tmp_path, tmp_path / "data.csv")


def read_all(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_left_of_a_study_never_takes_the_place_of_its_report(tmp_path):
    write_report(make_small_study(), tmp_path)
    before = read_all(tmp_path)
    rest = replace(make_small_study(), partial="damaged", unread=("content.json",), remedies=())
    place = write_report(rest, tmp_path)
    assert place == tmp_path / "report-partial.html"
    assert 'href="charts-partial/scores.csv"' in place.read_text(encoding="utf-8")
    assert (tmp_path / "charts-partial" / "scores.csv").is_file()
    assert {path: text for path, text in read_all(tmp_path).items() if path in before} == before
    with pytest.raises(StudyError, match="can be read only in part"):
        write_report(rest, tmp_path, tmp_path / "report.html")


def test_a_stopped_study_leaves_a_report_until_it_is_whole(tmp_path):
    folder = make_unfinished(tmp_path / "run")
    (folder / "report-partial.html").write_text("of an earlier stop")
    page = leave_report(folder, longest=120.0)
    assert page == folder / "report-partial.html"
    assert "This study is not complete" in page.read_text(encoding="utf-8")
    drop_rest(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "audit.json",
        "events.jsonl",
        "split.json",
        "study.json",
    ]


def test_nothing_is_left_where_the_page_would_show_the_test_score(tmp_path):
    folder = make_unfinished(tmp_path / "run")
    (folder / "test.json").write_text("{}")
    assert leave_report(folder) is None
    assert not (folder / "report-partial.html").exists()


@pytest.mark.parametrize("trouble", ["slow", "damaged", "no study"])
def test_whatever_goes_wrong_with_it_the_stop_goes_on(tmp_path, trouble):
    folder = make_unfinished(tmp_path / "run")
    (folder / "report-partial.html").write_text("of an earlier stop")
    if trouble == "damaged":
        for name in ("study.json", "audit.json", "split.json"):
            (folder / name).write_text("{")
    elif trouble == "no study":
        (folder / "study.json").unlink()
    assert leave_report(folder, longest=0.01 if trouble == "slow" else 120.0) is None


def test_a_second_interruption_ends_the_wait_for_the_page(tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    folder = make_unfinished(tmp_path / "run")
    monkeypatch.setattr("heldout.stages.reporting.subprocess.run", interrupt)
    try:
        assert leave_report(folder) is None
    except KeyboardInterrupt:  # raised here, it would stop all tests
        pytest.fail("a second Ctrl-C went through a function that raises nothing")


def test_a_study_cut_by_its_budget_is_whole(tmp_path):
    assert write_report(replace(make_small_study(), partial="cut"), tmp_path).name == "report.html"
