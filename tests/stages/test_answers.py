import json
from dataclasses import replace

import pytest

from heldout.errors import StudyError
from heldout.records import Score
from heldout.stages.answers import ExternalScore, Look, PlannedStudy
from report.example import make_look, make_plan


@pytest.mark.parametrize(
    ("made", "schema"), [(Look(make_look()), "heldout/look/1"), (PlannedStudy(make_plan()), "heldout/plan/1")]
)
def test_what_comes_back_shows_its_record(made, schema):
    assert str(made) == made.text()
    answer = json.loads(json.dumps(made.json(), allow_nan=False))
    assert answer["schema"] == schema
    assert answer["source"] == "heart.csv"
    assert made._repr_html_().startswith('<div class="heldout"')
    assert "\n" not in repr(made)


def test_a_look_is_written_as_a_page_and_never_over_another_file(tmp_path):
    look = Look(make_look())
    assert look.write_html(tmp_path / "a.html").read_text().startswith("<!doctype html>")
    (tmp_path / "data.csv").write_text("a\n")
    with pytest.raises(StudyError, match="is there and is no report"):
        look.write_html(tmp_path / "data.csv")


def test_a_score_on_new_rows_says_its_rows_and_notes():
    score = Score("accuracy", 0.8, 0.7, 0.9, 50, 50, "exact")
    made = ExternalScore((score,), ("a column is in another unit",), 50, "later.csv")
    assert made.text().splitlines() == [
        "later.csv: 50 rows scored",
        "  accuracy 0.800 (0.700 to 0.900; exact)",
        "  note: a column is in another unit",
    ]
    assert made.json()["schema"] == "heldout/score/1"


def test_rows_that_count_as_one_are_told_by_group_only_where_one_was_used():
    score = Score("accuracy", 0.8, 0.7, 0.9, 80, 40, "exact")
    left = replace(score, n_rows=60, n_units=30)
    made = ExternalScore((score,), (), 80, "a.csv", n_known=20, without_known=(left,))
    by_group = replace(made, group="site")
    assert [line for line in made.text().splitlines() if line[0] != " "] == [
        "a.csv: 80 rows scored, 40 of them different",
        "without them, 60 rows, 30 of them different:",
    ]
    assert [line for line in by_group.text().splitlines() if line[0] != " "] == [
        "a.csv: 80 rows scored, in 40 units by 'site'",
        "without them, 60 rows, in 30 units by 'site':",
    ]
    assert by_group.json()["group"] == "site"
