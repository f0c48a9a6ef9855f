import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.digits_vs_reviews import run_demo
from heldout.demos.page import render_page
from heldout.errors import DataError


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("two"), is_small=True))


def test_the_one_hardly_overfits_and_the_other_at_once(outcome):
    digits, reviews = outcome.record.digits, outcome.record.reviews
    assert digits.answer != "yes"
    assert reviews.word == "overfits from"
    assert reviews.answer == "yes"
    assert 1 < reviews.onset <= 8
    assert reviews.n_fit > digits.n_fit


def test_losses_count_constant_guesses(outcome):
    digits, reviews = outcome.record.digits, outcome.record.reviews
    assert digits.constant_loss == pytest.approx(2.303, abs=0.01)
    assert reviews.constant_loss == pytest.approx(0.693, abs=0.01)
    assert reviews.validation[:, -1].min() > 1.0 > reviews.training[:, -1].max()


def test_why(outcome):
    assert outcome.record.rare_share > 0.4
    assert outcome.record.n_words == outcome.record.reviews.n_inputs


def test_page(outcome):
    check_page(render_page(DEMOS["digits-vs-reviews"], outcome, seed=0))
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
    assert outcome.record.is_full is False


def test_folder_without_the_real_data(tmp_path):
    with pytest.raises(DataError, match="no MNIST in"):
        run_demo(DemoRequest(tmp_path, full=tmp_path))
