import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.depth import find_half, run_demo, shift_pictures
from heldout.demos.page import render_page
from heldout.nets import FAMILIES


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("depth"), is_small=True))


def test_families_are_gone_afterwards(outcome):
    assert "sigmoid" not in FAMILIES


def test_only_a_mean_over_the_picture_is_blind_to_shifts(outcome):
    results = {result.name: result for result in outcome.record.shift_results}
    assert all((result.agreement[:, 0] == 1).all() for result in results.values())
    blind = results["mean over the picture"].agreement.mean(axis=0)
    assert blind[1:3].min() > 0.9
    for name in ("no convolution", "no pooling", "one pooling", "two poolings"):
        assert results[name].agreement[:, 3].mean() < 0.6 * blind[3]


def test_gradient_vanishes_in_the_plain_tower_only(outcome):
    towers = {tower.name: tower for tower in outcome.record.towers}
    assert towers["sigmoid"].first_over_last < 0.01
    for name in ("sigmoid, batch norm", "sigmoid, residual", "sigmoid, both", "ReLU"):
        assert towers[name].first_over_last > 0.1
    assert towers["sigmoid"].gradients.shape == (2, 6)


def test_first_gradient_falls_with_depth(outcome):
    plain, both = outcome.record.first_gradients.mean(axis=1)
    assert np.all(np.diff(plain) < 0)
    assert plain[-1] < 0.01 * both[-1]


def test_page(outcome):
    page = render_page(DEMOS["depth"], outcome, seed=0)
    assert check_page(page).counts["figure"] == 5
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110


@pytest.mark.parametrize(("down", "right"), [(1, 0), (-2, 0), (0, 2), (0, -1), (1, -1), (0, 0)])
def test_shift_is_that_of_a_loop(down, right):
    picture = np.arange(1.0, 13.0).reshape(1, 4, 3)
    expected = np.zeros_like(picture)
    for row in range(4):
        for column in range(3):
            if 0 <= row + down < 4 and 0 <= column + right < 3:
                expected[0, row + down, column + right] = picture[0, row, column]
    assert np.array_equal(shift_pictures(picture, down, right, paper=0.0), expected)


def test_half_at_once():
    assert find_half(np.array([1.0, 0.0])) == 0.5
