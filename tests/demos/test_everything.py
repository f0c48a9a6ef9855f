import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.everything import run_demo
from heldout.demos.page import build_record, render_page


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("everything"), is_small=True))


def test_every_phase_has_its_numbers(outcome):
    record = outcome.record
    assert record.look.n_rows == 303
    assert dict(record.look.counts) == {"no": 164, "yes": 139}
    assert record.split[1] + record.split[2] == 303
    assert record.n_passed > 10
    assert {"age", "thal"} <= {name for name, *_ in record.columns}
    assert "age" in record.explained
    assert {state for _, _, state, _ in record.gates} <= {"passed", "fired", "not applicable"}
    assert record.test_scores[0].n_rows == record.split[2]


def test_ladder_grows_and_the_delivered_one_is_on_the_board(outcome):
    sizes = [item.n_parameters for item in outcome.record.rungs]
    assert sizes == sorted(set(sizes))
    assert all(item.best.mean() <= item.last.mean() + 1e-9 for item in outcome.record.rungs)
    assert sum(chosen for *_, chosen in outcome.record.candidates) == 1


def test_bundle_answers_raw_rows_in_another_order(outcome):
    sent = outcome.record.sent
    assert sent.names[0] == "thal"
    assert "heartDisDiagnosis" not in sent.names
    assert [row.cells[0] for row in sent.rows] == ["6.0", "?", "7.0"]
    assert all(row.answer in ("no", "yes") and 0.5 <= row.share <= 1 for row in sent.rows)
    assert [bool(row.flags) for row in sent.rows] == [False, True, False]


def test_page_and_record(outcome):
    demo = DEMOS["everything"]
    outline = check_page(render_page(demo, outcome, seed=0))
    assert outline.counts["figure"] == 2
    assert outline.headings.count("h2") >= 11
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
    assert np.isfinite(build_record(demo, outcome, seed=0)["results"]["corrected"]).all()
