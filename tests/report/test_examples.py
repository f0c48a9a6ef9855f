"""Augmented examples: on an invented pattern, on own rows only where given, as pictures, curves, letters, words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heldout.records import InputLayout, RemedyUse
from heldout.report.examples import (
    INPUTS,
    ROWS,
    list_uses,
    read_letters,
    show_examples,
    show_rows_changed,
    spell_sequence,
)
from heldout.report.html import render_report
from report.example import make_study
from report.made_studies import make_augmented

PICTURE = InputLayout("picture", (12, 12, 1))
FLIP = RemedyUse("augmentation", 1.0, "flip")


def test_tables_have_no_examples() -> None:
    assert show_examples(make_study()) is None
    assert show_examples(replace(make_study(), layout=PICTURE)) is None


def use(name: str, strength: float) -> RemedyUse:
    return RemedyUse("augmentation", strength, name)


def show_one(name: str, strength: float) -> np.ndarray:
    """The first invented row after one augmentation, and which of its inputs are marked as changed."""
    shown = show_rows_changed(make_augmented(None, use(name, strength)))
    assert shown is not None
    assert shown.labels == ("as it is", "another row", f"{name} {strength:g}")
    assert tuple(line[0] for line in shown.lines) == INPUTS
    for place, (_, cells) in enumerate(shown.lines):
        assert [float(text) for text, _ in cells[:2]] == [ROWS[0][place], ROWS[1][place]]
        assert cells[2][1] == (abs(float(cells[2][0]) - ROWS[0][place]) > 5e-3)
    return np.array([float(cells[2][0]) for _, cells in shown.lines])


def test_noise_changes_every_number_of_a_row() -> None:
    assert (np.abs(show_one("noise", 1.0) - ROWS[0]) > 5e-3).all()


def test_a_mixture_lies_between_both_rows() -> None:
    mixed, (first, second) = show_one("mixup", 1.0), np.array(ROWS)
    share = (mixed - second)[first != second] / (first - second)[first != second]
    assert share.min() >= 0.5
    np.testing.assert_allclose(share, share[0], atol=0.02)


@pytest.mark.parametrize("strength", [0.1, 0.02])
def test_a_swap_takes_numbers_and_whole_categories_of_the_other_row(strength: float) -> None:
    swapped, (first, second) = show_one("swap noise", strength), np.array(ROWS)
    assert ((swapped == first) | (swapped == second)).all()
    assert (swapped != first).any()
    assert swapped[3:].sum() == 1.0


def test_rows_are_shown_for_tables_only() -> None:
    assert show_rows_changed(make_study()) is None  # nothing was augmented
    assert show_rows_changed(make_augmented(None, use("flip", 1.0))) is None
    assert show_rows_changed(make_augmented(PICTURE, use("noise", 0.1))) is None
    assert show_rows_changed(replace(make_augmented(None, use("noise", 0.1)), columns=())) is None
    page = render_report(
        make_augmented(None, use("noise", 0.1), use("mixup", 0.5)), charts={}, show_rows=True
    )
    assert "Shown on an invented row, never on a row of these data" in page
    assert "What does augmentation do to an example?" not in page


def test_pictures_stand_as_images_within_the_page() -> None:
    study = make_augmented(PICTURE, FLIP)
    strip = show_examples(study)
    assert strip is not None
    assert (strip.kind, strip.is_own) == ("picture", False)
    assert [item.label for item in strip.items] == ["as it is", "flip 1"]
    before, after = (str(item.picture) for item in strip.items)
    assert before.startswith('<img alt="as it is" src="data:image/png;base64,')
    assert before.partition("src=")[2] != after.partition("src=")[2]
    page = render_report(study, charts={})
    assert "never on a row of these data" in page
    assert page.count("data:image/png") == 2


def test_own_rows_are_shown_only_with_show_rows() -> None:
    own = np.random.default_rng(0).normal(size=(2, 12, 12, 1)).astype(np.float32)
    study = make_augmented(PICTURE, FLIP, examples=own)
    strip = show_examples(study)
    assert strip is not None
    assert strip.is_own
    assert "never on a row of these data" in render_report(study, charts={})
    assert "A row of these data" in render_report(study, charts={}, show_rows=True)


def test_signals_are_curves() -> None:
    strip = show_examples(
        make_augmented(InputLayout("signal", (64, 1)), RemedyUse("augmentation", 0.3, "noise"))
    )
    assert strip is not None
    assert strip.kind == "signal"
    assert all("<polyline" in item.picture for item in strip.items)


def test_sequences_are_letters() -> None:
    layout = InputLayout("signal", (20, 5), letters="ACGT")
    spelled = spell_sequence(layout)
    spelled[7] = 0.0
    words = read_letters(spelled, "ACGT")
    assert len(words) == 20
    assert words[7] == "·"
    assert set(words) == set("ACGT·")
    assert words != words[::-1]


def test_texts_are_invented_words() -> None:
    layout = InputLayout("tokens", (24,), vocabulary=50, leading=24)
    strip = show_examples(make_augmented(layout, RemedyUse("augmentation", 0.5, "word dropout")))
    assert strip is not None
    assert strip.items[0].words.startswith("the small dog")
    assert strip.items[1].words != strip.items[0].words


def test_an_augmenter_of_another_part_is_left_out() -> None:
    assert show_examples(make_augmented(PICTURE, RemedyUse("augmentation", 0.5, "word dropout"))) is None


def test_uses_are_listed_once_and_at_most_eight() -> None:
    uses = [RemedyUse("augmentation", strength / 10, "flip") for strength in range(12)]
    assert len(list_uses(make_augmented(PICTURE, *uses, *uses))) == 8
