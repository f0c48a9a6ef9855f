"""What texts and sequences lose is told with its rows, class by class, and warned of where classes differ."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from heldout.recipe import Kept
from heldout.records import Finding, Fold, Severity, Split
from heldout.report.losses import ColumnLoss
from heldout.settings import Settings
from heldout.stages.looking import look_at
from heldout.stages.losing import share_unknown
from heldout.stages.preparing import Prepared, prepare
from heldout.stages.reading import read_data

WORDS = [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in "lmnr"]


def draw_texts(*, long: tuple[float, float], strange: tuple[int, int], n: int = 200) -> pl.DataFrame:
    """Texts of two classes: the share of each that is long, and how many words nobody else uses."""
    rng = np.random.default_rng(0)
    rows = []
    for row in range(n):
        label = row % 2
        size = 460 if rng.random() < long[label] else 30
        own = [f"own{row}x{place}" for place in range(strange[label])]
        rows.append((" ".join([*rng.choice(WORDS, size), *own]), "yn"[label]))
    return pl.DataFrame(rows, schema=["note", "y"], orient="row")


def prepare_frame(frame: pl.DataFrame) -> tuple[Prepared, tuple[Finding, ...]]:
    chosen = Settings.model_validate({"target": "y", "preset": "quick"})
    return prepare(read_data(frame, chosen), chosen, strict=False)


def find(findings: tuple[Finding, ...], code: str) -> Finding:
    (found,) = [item for item in findings if item.code == code]
    return found


def test_cut_texts_are_counted_by_class_and_an_uneven_cut_is_a_warning() -> None:
    prepared, findings = prepare_frame(draw_texts(long=(0.1, 0.6), strange=(0, 0)))
    (loss,) = prepared.losses
    assert (loss.unit, loss.limit, loss.place) == ("words", 400, "middle")
    column = next(item for item in prepared.columns if item.spec.name == "note")
    lengths = np.array([len(column.levels[code].split()) for code in column.codes])
    development = prepared.split.development
    values = prepared.reading.target.values
    for number, item in enumerate(loss.classes):
        of_class = lengths[development][values[development] == number]
        assert (item.n_rows, item.n_cut) == (len(of_class), (of_class > 400).sum())
        assert item.lost == pytest.approx(np.maximum(of_class - 400, 0).sum() / of_class.sum())
    told = find(findings, "HO245")
    assert told.severity is Severity.WARNING
    assert told.rows == (lengths[development] > 400).sum()
    assert "'n' by" in told.sentence


def test_an_even_cut_is_told_without_a_warning() -> None:
    _, findings = prepare_frame(draw_texts(long=(0.3, 0.3), strange=(0, 0)))
    told = find(findings, "HO245")
    assert told.severity is Severity.INFO
    assert "lose their middle" in told.sentence


def test_texts_of_usual_length_lose_nothing() -> None:
    prepared, findings = prepare_frame(draw_texts(long=(0.0, 0.0), strange=(0, 0)))
    assert prepared.losses[0].total.n_cut == 0
    assert find(findings, "HO245").title.startswith("passed:")
    assert find(findings, "HO246").title.startswith("passed:")


def test_unknown_words_are_counted_by_the_recipe_that_has_not_seen_the_row() -> None:
    """Every own word stands in one row only: it is unknown wherever the row was not fitted on, and in all of them."""
    prepared, findings = prepare_frame(draw_texts(long=(0.0, 0.0), strange=(0, 10)))
    (loss,) = prepared.losses
    shares = {item.name: item.unknown for item in loss.classes}
    assert shares["y"] < 0.02
    assert shares["n"] == pytest.approx(0.25, abs=0.02)
    told = find(findings, "HO246")
    assert told.severity is Severity.WARNING
    assert "More than in the others: 'n'" in told.sentence


def make_split(n_folds: int) -> Split:
    rows = np.arange(8)
    one, two = (Fold(rows[:4], rows[4:6]),), (Fold(rows[3:6], rows[:3]), Fold(rows[:3], rows[3:6]))
    folds = one if n_folds == 1 else two
    return Split(folds, rows[:6], rows[6:], rows, "", False, False, "", "", 0)


def test_each_row_is_asked_of_the_state_that_validates_it() -> None:
    kept = Kept("words", 0, "", np.array([2.0, 4.0]), np.array([[0.0, 1.0], [2.0, 3.0]]))
    codes = np.array([0, 1, -1, 0, 1, 1, 0, 1], np.int32)
    share = share_unknown(kept, codes, make_split(2))
    assert share[[0, 1, 3, 4, 5]].tolist() == [0, 0.25, 1.0, 0.75, 0.75]
    assert np.isnan(share[2])
    assert share[6:].tolist() == [0.5, 0.5]  # the test rows are new to both


def test_rows_every_state_was_fitted_on_have_no_share() -> None:
    kept = Kept("words", 0, "", np.array([2.0]), np.array([[1.0]]))
    share = share_unknown(kept, np.zeros(8, np.int32), make_split(1))
    assert np.isnan(share[:4]).all()
    assert share[4:].tolist() == [0.5] * 4


def test_look_tells_it_in_words_and_to_machines() -> None:
    look = look_at(draw_texts(long=(0.1, 0.6), strange=(0, 0)), Settings.model_validate({"target": "y"}))
    assert all(isinstance(item, ColumnLoss) for item in look.losses)
    assert [item.column for item in look.losses] == ["note"]


def test_weights_of_words_have_a_number_too() -> None:
    frame = draw_texts(long=(0.0, 0.0), strange=(0, 10)).with_columns(
        pl.col("note").str.split(" ").list.slice(26).list.join(" ")
    )
    frame = frame.with_columns(age=pl.Series(np.random.default_rng(1).normal(size=frame.height)))
    prepared, _ = prepare_frame(frame)
    assert [item.column for item in prepared.losses] == ["note"]
    assert prepared.losses[0].total.unknown > 0


def test_halves_of_a_number_take_the_place_of_classes() -> None:
    rng = np.random.default_rng(0)
    frame = draw_texts(long=(0.0, 0.7), strange=(0, 0))
    frame = frame.with_columns(y=pl.Series(np.arange(200) % 2 * 10 + rng.normal(size=200)))
    prepared, findings = prepare_frame(frame)
    assert [item.name for item in prepared.losses[0].classes] == ["the lower half", "the upper half"]
    assert find(findings, "HO245").severity is Severity.WARNING
