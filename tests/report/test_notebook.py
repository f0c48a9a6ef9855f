import ast
import html
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from heldout.report import notebook
from heldout.report.notebook import STYLE, show_comparison, show_look, show_plan, show_study
from heldout.stages.answers import Look, PlannedStudy, Study
from report.example import (
    make_look,
    make_partial_study,
    make_plan,
    make_regression_study,
    make_small_study,
    make_study,
)
from report.made_comparison import make_comparison

CARDS = {
    "study": lambda: show_study(make_study()),
    "small": lambda: show_study(make_small_study()),
    "partial": lambda: show_study(make_partial_study()),
    "regression": lambda: show_study(make_regression_study()),
    "look": lambda: show_look(make_look()),
    "plan": lambda: show_plan(make_plan()),
    "comparison": lambda: show_comparison(make_comparison()),
}


@pytest.mark.parametrize("make", CARDS.values(), ids=CARDS)
def test_a_card_is_small_whole_and_asks_for_nothing(make):
    card = make()
    assert len(card.encode()) < 60_000
    ElementTree.fromstring(card.replace("&nbsp;", " "))  # every element is closed
    assert "<script" not in card
    assert not re.search(r"(?:src|href)=|url\(http|@import", card)
    assert make() == card


def test_the_card_of_a_study_says_what_the_answer_says():
    study = make_study()
    card = html.unescape(show_study(study))
    assert "disease: good fit" in card
    assert study.chosen.sentence in card
    assert study.ladder.sentence in card
    assert "accuracy 0.837" in card
    assert card.count("<svg") == 2
    assert "HO230" in card  # the critical finding is not left out


def test_what_was_not_recorded_is_not_drawn():
    assert "<svg" not in show_study(make_small_study())
    assert "Not complete: Stopped by the user" in show_study(make_partial_study())


def test_pictures_have_names_and_ids_of_their_own():
    card = show_study(make_study())
    ids = re.findall(r'\bid="([^"]+)"', card)
    assert len(ids) == len(set(ids)) == 4
    for label in re.findall(r'aria-labelledby="([^"]+)"', card):
        assert set(label.split()) <= set(ids)


def test_a_diverged_seed_and_a_flat_curve_can_be_drawn():
    study = make_study()
    run = study.runs[-1]
    curve = run.validation_curve.copy()
    curve[0, 5:] = np.inf
    curve[:, 50:] = np.nan
    runs = (*study.runs[:-1], replace(run, validation_curve=curve, train_curve=np.zeros_like(curve)))
    card = show_study(replace(study, runs=runs, constant_loss=float("nan")))
    assert "nan" not in "".join(re.findall(r' d="([^"]+)"', card))
    assert "inf" not in "".join(re.findall(r' d="([^"]+)"', card))


def test_names_are_text():
    evil = "<script>alert(1)</script>\u202e"
    study = replace(make_study(), chosen_name=evil, target=replace(make_study().target, name=evil))
    look = replace(make_look(), source=evil, columns=(replace(make_look().columns[0], name=evil, why=evil),))
    for card in (show_study(study), show_look(look)):
        assert "<script" not in card
        assert "\u202e" not in card
        assert "&lt;script&gt;" in card


def test_a_wide_table_is_cut_and_says_so():
    look = make_look()
    columns = tuple(replace(look.columns[0], name=f"column {i}") for i in range(500))
    card = show_look(replace(look, columns=columns))
    assert len(card.encode()) < 60_000
    assert "and 440 more columns" in card


def test_the_objects_of_the_package_show_their_cards():
    assert Study(Path("x"), make_study())._repr_html_() == show_study(make_study())
    assert Look(make_look())._repr_html_() == show_look(make_look())
    assert PlannedStudy(make_plan())._repr_html_() == show_plan(make_plan())
    assert str(Look(make_look())).startswith("heart.csv: 736 rows")
    assert str(PlannedStudy(make_plan())).startswith("Plan for heart.csv")
    shown = [
        repr(item) for item in (Study(Path("x"), make_study()), Look(make_look()), PlannedStudy(make_plan()))
    ]
    assert shown == [  # a notebook stores it beside the card: one line, not the whole record
        "<Study 'x': good fit; print it for the answer>",
        "<Look at 'heart.csv': 736 rows, 14 columns; print it for all>",
        "<Plan for 'disease': 325 networks; print it for all>",
    ]


def test_a_card_is_written_without_what_draws_or_trains():
    """Only the record, the sentences and the cleaning of SVG are needed: a notebook must not wait for its own repr."""
    tree = ast.parse(Path(notebook.__file__).read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any("charts" in name or "html" in name or "stages" in name for name in modules)


def luminance(colour):
    parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(colour, other, share):
    return [share * a + (1 - share) * b for a, b in zip(colour, other, strict=True)]


@pytest.mark.parametrize(
    ("paper", "ink"),
    [(255, 0), (255, 0x21), (17, 255), (0x1E, 0xCC)],
    ids=["white", "light", "black", "dark"],
)
def test_colours_are_readable_in_light_and_dark(paper, ink):
    page, text = [paper] * 3, [ink] * 3
    soft = re.search(r"--soft:color-mix\(in srgb,currentColor (\d+)%,transparent", STYLE)
    assert contrast(mix(text, page, int(soft[1]) / 100), page) >= 4.5
    lines = re.findall(r"--(train|validation|last):color-mix\(in srgb,#(\w{6}) (\d+)%,currentColor", STYLE)
    assert len(lines) == 3
    for _, colour, share in lines:
        own = [int(colour[i : i + 2], 16) for i in (0, 2, 4)]
        assert contrast(mix(own, text, int(share) / 100), page) >= 4.5
