import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.page import render_page
from heldout.demos.remedies import HAND_MADE, draw_rows, name_arm, read_stops, run_demo
from heldout.records import RemedyUse, Rung
from heldout.remedies import apply_remedies


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("remedies"), is_small=True))


@pytest.fixture(scope="module")
def record(outcome):
    return outcome.record


def test_without_a_remedy_it_overfits_and_knows_the_wrong_labels(record):
    assert record.plain_word == "overfits from"
    assert record.arms[0].known_by_heart > 0.9


def test_all_five_remedies_are_there_and_few_seeds_help_nobody(record):
    names = [row.name for row in record.remedies]
    assert names == ["early stopping", "fewer parameters", "augmentation", "dropout", "L1", "L2"]
    assert record.n_seeds == 3
    assert not any("helps" in (row.outcome, row.outcome_at_end) for row in record.remedies)


def test_l1_gives_exact_zeros_and_l2_none(record):
    zeros = {item.name.split()[0]: item.zeros for item in record.weights}
    assert zeros["L1"] > 0.2
    assert zeros["L1"] > zeros["L2"]
    assert zeros["L2"] == zeros["plain"] == 0.0


def test_l2_shortens_large_weights(record):
    plain, _, l2 = (item.counts for item in record.weights)
    far = np.abs(record.edges[:-1] + record.edges[1:]) / 2 > 0.4
    assert l2[far].sum() < 0.5 * plain[far].sum()
    assert plain.sum() == pytest.approx(100 * 64)


def test_augmentation_can_hurt_and_can_leave_memorising_alone(record):
    arms = {arm.name: arm for arm in record.list_arms("augmentation")}
    assert arms["noise 4"].outcome == "hurts"
    assert arms["noise 0.3"].known_by_heart > 0.8 * record.arms[0].known_by_heart
    assert arms["shift by 1 place"].known_by_heart < 0.6


def test_smaller_networks_know_less_by_heart(record):
    shares = [arm.known_by_heart for arm in record.list_arms("fewer parameters")]
    assert shares == sorted(shares)
    assert shares[0] < record.arms[0].known_by_heart


def test_both_ways_of_dropout_are_the_same_network(record):
    assert 0 < record.dropout.largest_difference < 1e-5


def test_three_faults_are_priced(record):
    assert len(record.fault_sentences) == len(record.fault_costs) == 3
    assert "reads the test loss" in record.fault_sentences[0]


def test_pseudocode_keeps_the_worse_weights_and_stops_at_the_first_bump():
    rows = {(HAND_MADE.index(row.losses), row.rule): row for row in read_stops()}
    assert rows[0, "pseudocode"].kept_loss > rows[0, "patience 1"].kept_loss == min(HAND_MADE[0])
    assert rows[1, "pseudocode"].stops == 3
    assert rows[1, "patience 3"].kept_loss == min(HAND_MADE[1])
    assert not rows[1, "best epoch"].has_fired
    assert rows[2, "patience 1"].kept_loss > rows[2, "patience 3"].kept_loss == min(HAND_MADE[2])


def test_wrong_labels_are_wrong(tmp_path):
    rows = draw_rows(DemoRequest(tmp_path, is_small=True))
    true = draw_rows(DemoRequest(tmp_path, is_small=True, seed=0))
    assert 0.1 < len(rows.wrong) / len(rows.fit) < 0.3
    assert set(rows.wrong) <= set(rows.fit)
    assert np.array_equal(rows.given, true.given)


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (RemedyUse("augmentation", 0.1, "shift"), "shift by 1 place"),
        (RemedyUse("dropout", 0.3, "at test"), "dropout 0.3"),
        (RemedyUse("l1", 1e-3), "L1 0.001"),
    ],
)
def test_names(use, name):
    assert name_arm(apply_remedies(Rung(3, (64, 64), 1, 0.003), (use,))) == name


def test_page(outcome):
    outline = check_page(render_page(DEMOS["remedies"], outcome, seed=0))
    assert outline.headings.count("h2") == 7
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
