import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.page import build_record, render_page
from heldout.demos.patients import run_demo


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("patients"), is_small=True))


def test_messy_cells_are_read(outcome):
    read = {(cell.column, part[0], part[1], part[3]) for cell in outcome.record.cells for part in cell.parts}
    assert ("sex/age", "sex/age/age", "number", "as it stands") in read
    assert ("visit", "visit", "date", "as it stands") in read
    assert ("crp", "crp", "number", "below this limit") in read
    assert ("glucose", "glucose", "number", "missing: the code for it") in read
    shown = {cell.text: cell.parts[0][2] for cell in outcome.record.cells}
    inches = next(text for text in shown if "'" in text)
    feet, rest = inches.rstrip('"').split("'")
    assert shown[inches] == f"{2.54 * (12 * int(feet) + int(rest)):.0f} cm"


def test_what_is_ambiguous_is_asked_or_refused(outcome):
    asked = {(item.code, item.column) for item in outcome.record.questions}
    assert ("HO215", "glucose") in asked
    assert "HO215" not in outcome.record.answered
    assert "dates in two orders" in outcome.record.refused
    assert "date_format" in outcome.record.refused_hint


def test_rows_of_one_patient_are_cut_or_not(outcome):
    record = outcome.record
    assert record.split_patients > record.n_patients / 2
    assert record.ungrouped.n_units == record.ungrouped.n_development
    assert record.grouped.n_units == record.grouped.n_development / 3
    assert record.grouped.test.n_units == record.grouped.test.n_rows / 3


def test_promise_of_cut_patients_is_not_kept(outcome):
    record = outcome.record
    assert record.ungrouped.test.value > record.strangers_ungrouped.high
    assert record.ungrouped.word == "data or bug"
    assert record.grouped.word != "data or bug"


def test_page_and_record(outcome):
    demo = DEMOS["patients"]
    outline = check_page(render_page(demo, outcome, seed=0))
    assert outline.counts["figure"] == 2
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
    assert build_record(demo, outcome, seed=0)["results"]["n_strangers"] == 150
