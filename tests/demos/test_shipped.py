import numpy as np
import pytest

from heldout.demos.shipped import count_words, read_digits, read_reviews, split_rows


def test_shipped_digits_are_dark_where_ink_is():
    digits = read_digits()
    assert digits.values.dtype == np.float32
    assert (float(digits.values.min()), float(digits.values.max())) == (0.0, 1.0)
    assert np.bincount(digits.target.astype(int)).min() >= 170
    assert digits.values[:, 0, 0].max() == 0  # the upper left corner is paper


def test_shipped_reviews():
    reviews = read_reviews()
    assert reviews.texts[0].startswith("So there is no way")
    assert (reviews.target[0], reviews.target[1]) == (0.0, 1.0)


def test_words_of_other_texts_are_no_inputs():
    rows, words = count_words(["new word", "good good film", "a good film"], np.array([1, 2]), most=10)
    assert words == ("film", "good") or words == ("good", "film")
    assert rows[0].tolist() == [0.0, 0.0]


def test_split_keeps_class_shares_and_follows_the_seed():
    target = np.repeat([0.0, 1.0, 2.0], [60, 30, 10])
    fit, validation = split_rows(target, 50, n_validation=40, seed=1)
    assert np.bincount(target[fit].astype(int)).tolist() == pytest.approx([30, 15, 5], abs=1)
    assert not set(fit) & set(validation)
    again, _ = split_rows(target, 50, n_validation=40, seed=1)
    other, _ = split_rows(target, 50, n_validation=40, seed=2)
    assert again.tolist() == fit.tolist() != other.tolist()
