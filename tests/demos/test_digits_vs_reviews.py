from dataclasses import replace

import pytest
from tests.demos.page_checks import check_page
from tests.demos.real_shapes import draw_reviews, write_mnist, write_reviews, write_unpacked

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.digits_vs_reviews import run_demo, show_sides
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


def test_each_seed_is_judged_by_itself(outcome):
    digits, reviews = outcome.record.digits, outcome.record.reviews
    assert len(reviews.seed_onsets) == len(digits.seed_onsets) == 5
    assert 1 < min(reviews.seed_onsets) <= max(reviews.seed_onsets) <= 12
    assert digits.seed_onsets.count(-1) >= 3
    assert any(
        "each seed's network by itself: 5 of 5 overfit, onset at epoch" in line
        for line in outcome.page.answer
    )


@pytest.mark.parametrize("shape", ["unpacked", "table"])
def test_full_reads_both_shapes_and_says_what_came_out(tmp_path, shape):
    write_mnist(tmp_path / "mnist", 300)
    if shape == "unpacked":
        write_unpacked(tmp_path / "aclImdb", 300)
    else:
        rows = [(text, sign, "train") for text, sign in draw_reviews(300)]
        write_reviews(tmp_path / "imdb50k" / "reviews.csv.xz", ("text", "label", "split"), rows)
    found = run_demo(DemoRequest(tmp_path, full=tmp_path, is_small=True))
    digits, reviews = found.record.digits, found.record.reviews
    assert found.record.is_full
    assert (digits.n_fit, digits.n_validation, reviews.n_fit) == (240, 60, 240)
    assert "300 digits of MNIST" in digits.what
    assert "stayed closed" in found.page.sources[0]
    assert len(found.page.answer) <= 20
    assert max(map(len, found.page.answer)) <= 110
    check_page(render_page(DEMOS["digits-vs-reviews"], found, seed=0))


def claim(record, *, onsets, word):
    told = replace(
        record,
        is_full=True,
        reviews=replace(record.reviews, seed_onsets=onsets),
        digits=replace(record.digits, word=word),
    )
    return show_sides(told, sources=()).answer[-2]


def test_what_is_known_of_the_real_data_is_said_only_where_the_numbers_carry_it(outcome):
    record, fine = outcome.record, "no overfitting shown"
    said = claim(record, onsets=(3, 3, 4, 3, 5), word=fine)
    assert said == "IMDB overfits in every seed, onset by epoch 5; MNIST is not overfit by its headline."
    for onsets, word, instead in (
        (
            (3, 3, 4, 3, -1),
            fine,
            "IMDB overfits by epoch 5 in 4 of 5 seeds (known: all); MNIST: no overfitting shown",
        ),
        (
            (3, 3, 4, 3, 6),
            fine,
            "IMDB overfits by epoch 5 in 4 of 5 seeds (known: all); MNIST: no overfitting shown",
        ),
        (
            (3, 3, 4, 3, 5),
            "undecided",
            "IMDB overfits by epoch 5 in 5 of 5 seeds (known: all); MNIST: undecided",
        ),
    ):
        assert claim(record, onsets=onsets, word=word) == f"{instead} (known: not)."
