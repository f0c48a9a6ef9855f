"""Augmented examples: on an invented pattern, on own rows only where given, as pictures, curves, letters, words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.records import InputLayout, RemedyUse
from heldout.report.examples import list_uses, read_letters, show_examples, spell_sequence
from heldout.report.html import render_report
from report.example import make_study
from report.made_studies import make_augmented

PICTURE = InputLayout("picture", (12, 12, 1))
FLIP = RemedyUse("augmentation", 1.0, "flip")


def test_tables_have_no_examples() -> None:
    assert show_examples(make_study()) is None
    assert show_examples(replace(make_study(), layout=PICTURE)) is None


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
