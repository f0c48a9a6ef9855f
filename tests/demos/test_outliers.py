import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.outliers import run_demo, write_people
from heldout.demos.page import build_record, render_page


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("outliers"), is_small=True))


def test_rule_takes_one_group(outcome):
    group = outcome.record.flagged.dropped[0]
    assert group.name == "dialysis = yes"
    assert group.n_flagged / group.n_rows > 0.9
    assert group.rest_share < 0.01


def test_the_group_pays(outcome):
    (result,) = outcome.record.results
    assert result.rule == "drop"
    harm = {item.name: item for item in result.affected.harm.slices}
    assert harm["the rows beyond the limits"].change[0] > 0.3
    assert result.affected.harm.overall[0] < harm["the rows beyond the limits"].change[0] / 3


def test_counts_are_those_of_the_table(outcome):
    record = outcome.record
    assert record.group_counts.sum() == record.n_group
    assert record.group_counts.sum() + record.other_counts.sum() == record.n_rows


def test_people_on_dialysis_are_apart_and_ill(tmp_path):
    creatinine, is_group = write_people(tmp_path / "p.csv", n_people=2000, seed=5)
    assert creatinine[is_group].min() > 3 * creatinine[~is_group].max()
    rows = (tmp_path / "p.csv").read_text().splitlines()[1:]
    ill = np.array([row.endswith(",yes") for row in rows])
    assert ill[is_group].mean() > 0.9
    assert 0.2 < ill[~is_group].mean() < 0.45


def test_page_and_record(outcome):
    demo = DEMOS["outliers"]
    outline = check_page(render_page(demo, outcome, seed=0))
    assert outline.counts["figure"] == 2
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
    assert build_record(demo, outcome, seed=0)["results"]["n_rows"] == 500
