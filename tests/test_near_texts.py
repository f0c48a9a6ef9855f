"""Planted copies of texts are found, others are not; agreement with comparing all pairs."""

from __future__ import annotations

import csv
import lzma
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from heldout.near_texts import LEAST_SHARE, find_near_texts, split_words

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
WORDS = [f"w{number}" for number in range(3000)]


def write(rng: np.random.Generator, n: int, length: int) -> list[str]:
    """Texts of words as frequent as in a language (Zipf)."""
    share = 1 / np.arange(1, len(WORDS) + 1)
    return [" ".join(rng.choice(WORDS, length, p=share / share.sum())) for _ in range(n)]


def edit(rng: np.random.Generator, text: str, share: float) -> str:
    return " ".join(rng.choice(WORDS) if rng.random() < share else word for word in text.split())


@pytest.mark.parametrize(("length", "share"), [(200, 0.1), (200, 0.15), (40, 0.1), (20, 0.05)])
def test_planted_copies_are_found_and_nothing_else(length: int, share: float) -> None:
    rng = np.random.default_rng(0)
    texts = write(rng, 1000, length)
    copies = [edit(rng, text, share) for text in texts[:50]]
    found = {tuple(pair) for pair in find_near_texts(texts + copies).pairs.tolist()}
    truth = {(number, 1000 + number) for number in range(50)}
    assert len(found & truth) >= 48
    assert found <= truth


def test_it_agrees_with_comparing_all_pairs() -> None:
    rng = np.random.default_rng(1)
    texts = write(rng, 60, 60)
    texts += [edit(rng, text, share) for text in texts[:10] for share in (0.05, 0.15, 0.3)]
    sets = [set(zip(split_words(text), split_words(text)[1:], strict=False)) for text in texts]
    near = {
        (one, other)
        for one, other in combinations(range(len(texts)), 2)
        if len(sets[one] & sets[other]) >= LEAST_SHARE * len(sets[one] | sets[other])
    }
    assert {tuple(pair) for pair in find_near_texts(texts).pairs.tolist()} == near


def test_a_formula_of_politeness_makes_no_copy() -> None:
    rng = np.random.default_rng(2)
    closing = " with kind regards from all of us here at the north harbour ward of the old town clinic"
    texts = [text + closing for text in write(rng, 300, 8)]
    assert not len(find_near_texts(texts).pairs)


def test_a_share_of_the_pairs_of_words_finds_the_same_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    texts = write(rng, 200, 200)
    texts += [edit(rng, text, 0.05) for text in texts[:20]]
    whole = find_near_texts(texts)
    monkeypatch.setattr("heldout.near_texts._MOST_PAIRS", 15_000)
    part = find_near_texts(texts)
    assert {tuple(pair) for pair in part.pairs.tolist()} == {tuple(pair) for pair in whole.pairs.tolist()}
    assert sorted(part.likeness.tolist()) != sorted(whole.likeness.tolist())


def test_case_markup_and_punctuation_are_not_compared_and_short_texts_are_left() -> None:
    one = "The film was long, and loud; but my sister liked it."
    assert find_near_texts([one, "go home", f"<br />{one.upper()}!!"]).pairs.tolist() == [[0, 2]]
    assert not len(find_near_texts(["so good", "so good!", "", " "]).pairs)
    assert not len(find_near_texts([]).pairs)


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "imdb50k").is_dir(), reason="no reviews")
def test_copied_reviews_of_imdb() -> None:
    csv.field_size_limit(10**9)
    with lzma.open(DATA / "imdb50k" / "reviews.csv.xz", "rt", encoding="utf-8") as table:
        rows = [(row["split"], row["text"]) for row in csv.DictReader(table)]
    texts = [text for _, text in rows]
    found = find_near_texts(texts)
    crossing = [
        (one, other)
        for one, other in found.pairs.tolist()
        if rows[one][0] != rows[other][0] and texts[one] == texts[other]
    ]
    assert len({other if rows[other][0] == "test" else one for one, other in crossing}) == 123
