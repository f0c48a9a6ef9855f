"""The report on disk: charts beside it in the study's folder, alone elsewhere."""

import csv

import pytest

from heldout.errors import StudyError
from heldout.stages.reporting import write_report
from report.example import make_small_study


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
