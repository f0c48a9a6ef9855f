from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.recipe.record import Role, Slot
from heldout.recipe.steps.kmers import (
    STEP,
    WordsOfLettersAsked,
    count_kmers,
    list_kmers,
    plan_words,
)
from heldout.recipe.view import make_view, take_cells
from recipe.sample_columns import sequence

PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}


def fit(cells, asked):
    return STEP.fit(make_view((sequence("x", cells),), np.arange(len(cells))).columns[0], asked)


def slots_of(fitted):
    plans = STEP.plan((fitted,))
    return tuple(Slot(place, "x", plan.role, plan.label, plan.unit) for place, plan in enumerate(plans))


def count_slowly(text, asked):
    """The same word by word."""
    plain = text.upper().replace("-", "").replace(".", "").replace("U", "T")
    found = Counter()
    for size in range(asked.shortest, asked.longest + 1):
        for start in range(len(plain) - size + 1):
            word = plain[start : start + size]
            if set(word) <= set("ACGT"):
                other = "".join(PAIR[letter] for letter in reversed(word))
                found[min(word, other) if asked.both_strands else word] += 1
    return found


@settings(max_examples=60, deadline=None)
@given(st.text("ACGTUNacg-.", max_size=30), st.booleans())
def test_counts_are_those_of_a_loop(text, both_strands):
    asked = WordsOfLettersAsked("DNA", 1, 3, both_strands=both_strands)
    counts = count_kmers(text, asked)
    found = {word: count for word, count in zip(list_kmers(asked), counts.tolist(), strict=True) if count}
    assert found == dict(count_slowly(text, asked))


def test_words_of_both_strands_are_half_as_many():
    assert len(list_kmers(WordsOfLettersAsked("DNA", 3, 3, both_strands=True))) == 32
    assert len(list_kmers(WordsOfLettersAsked("DNA", 4, 4, both_strands=True))) == 136
    assert len(list_kmers(plan_words("RNA"))) == 64 + 256 + 1024
    assert len(list_kmers(plan_words("DNA", both_strands=True))) == 32 + 136 + 512
    assert len(list_kmers(plan_words("protein"))) == 20 + 400


def test_proteins_have_no_second_strand():
    asked = WordsOfLettersAsked("protein", 1, 1, both_strands=True)
    assert list_kmers(asked) == tuple("ACDEFGHIKLMNPQRSTVWY")
    assert count_kmers("MKMX", asked).sum() == 3


def test_numbers_are_standardized_logs_of_counts():
    cells = ["AAAC", "AACC", "CCCC", "AACA"]
    fitted = fit(cells, WordsOfLettersAsked("DNA", 1, 1))
    made = STEP.apply(take_cells(sequence("x", [*cells, None])), fitted, slots_of(fitted))
    logs = np.log1p([3, 2, 0, 3])
    assert made[:4, 0] == pytest.approx(0.15 * (logs - logs.mean()) / logs.std(), abs=1e-6)
    assert not made[:, 2:].any()  # no G, no T in any fit row
    assert not made[4].any()
    assert "2 words do not differ" in STEP.describe(fitted)


def test_the_length_has_a_slot_only_where_it_differs():
    asked = WordsOfLettersAsked("DNA", 1, 1)
    assert STEP.plan((fit(["ACGT", "TTTT"], asked),))[-1].role is Role.KMER
    fitted = fit(["ACGT", "TT", "A"], asked)
    assert STEP.plan((fitted,))[-1].label == "<length>"
    made = STEP.apply(take_cells(sequence("x", ["ACGT", "TT", "A"])), fitted, slots_of(fitted))
    assert made[:, -1].tolist() == sorted(made[:, -1].tolist(), reverse=True)


def test_a_long_sequence_is_counted_to_its_end():
    fitted = fit(["A" * 5_000 + "C", "A" * 5_001], WordsOfLettersAsked("DNA", 1, 1))
    made = STEP.apply(take_cells(sequence("x", ["A" * 5_000 + "C", "A" * 5_001])), fitted, slots_of(fitted))
    assert made[0, 1] > made[1, 1]


def test_records_that_do_not_fit_are_found():
    fitted = fit(["ACGT", "TTTT"], WordsOfLettersAsked("DNA", 1, 2))
    slots = slots_of(fitted)
    assert STEP.check(fitted, slots) == ""
    for changed, wrong in (
        ({"shortest": 3}, "words of 3 to 2 letters are none"),
        ({"center": np.zeros(3)}, "20 words but 3 centers"),
    ):
        assert wrong in STEP.check(type(fitted)(**{**vars(fitted), **changed}), slots)
    assert "expected 20 slots of words" in STEP.check(fitted, slots[1:])
