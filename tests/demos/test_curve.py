import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.curve import CUBIC, LARGEST_DEGREE, draw_points, find_truth, make_basis, run_demo
from heldout.demos.page import build_record, render_page


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("curve"), is_small=True))


def test_who_underfits_and_who_overfits(outcome):
    record = outcome.record
    assert record.find(2).word == "underfit"
    assert record.find(3).word in ("good fit", "undecided")
    assert record.find(10).word == "overfit"
    assert record.ladder_word == "overfits from"
    assert 4 <= record.ladder_degree <= 12


def test_training_loss_falls_with_every_degree(outcome):
    training = [found.training.mean() for found in outcome.record.degrees]
    assert np.all(np.diff(training) < 0)


def test_overfitting_goes_away_with_more_points(outcome):
    few, *_, many = outcome.record.sizes
    assert few.find(10).word in ("no skill shown", "overfit", "undecided")
    assert many.find(10).word == "good fit"
    assert many.find(2).word == "underfit"
    gaps = [
        float(np.median(size.find(10).validation - size.find(3).validation)) for size in outcome.record.sizes
    ]
    assert np.all(np.diff(gaps) < 0)


def test_trained_polynomials_are_the_least_squares_ones(outcome):
    assert max(found.off_least_squares for found in outcome.record.degrees) < 0.01


def test_as_many_points_as_freedom_are_met_exactly(outcome):
    few = outcome.record.sizes[0]
    assert few.n_points == 10
    assert few.find(10).training.max() < 1e-3


def test_page_and_record(outcome):
    demo = DEMOS["curve"]
    outline = check_page(render_page(demo, outcome, seed=0))
    assert outline.counts["figure"] == 4
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
    assert len(build_record(demo, outcome, seed=0)["results"]["degrees"]) == 11


def test_truth_is_the_declared_cubic():
    x = np.array([-1.0, 0.5])
    assert find_truth(x).tolist() == pytest.approx([sum(c * v**i for i, c in enumerate(CUBIC)) for v in x])


def test_samples_differ_and_share_the_points_they_are_judged_on():
    small, large = draw_points(10, 3, 50, seed=1), draw_points(30, 3, 50, seed=1)
    assert np.array_equal(small.x_validation, large.x_validation)
    assert not np.array_equal(small.x[0], small.x[1])
    assert np.array_equal(draw_points(10, 3, 50, seed=1).y, small.y)
    assert not np.array_equal(draw_points(10, 3, 50, seed=2).y, small.y)


def test_basis_of_few_points_is_as_long_as_they_are():
    change, n_held = make_basis(np.linspace(-1, 1, 5))
    assert n_held == 5
    assert change.shape == (LARGEST_DEGREE + 1,) * 2
    assert not change[:, 5:].any()
