"""Words for less than can be measured, and clean twins."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.kinds import declare_column
from heldout.cells.typed import type_column
from heldout.records import Kind, RawColumn, Status, TypedColumn
from heldout.settings import ColumnSettings


def read(cells: list[str], **said: object) -> TypedColumn:
    levels = list(dict.fromkeys(cells))
    raw = RawColumn("crp", np.array([levels.index(cell) for cell in cells], np.int32), tuple(levels))
    override = ColumnSettings.model_validate(said) if said else None
    return type_column(raw, declare_column(raw, rows=np.arange(len(cells)), override=override))


@pytest.mark.parametrize(
    "word", ["trace", "Trace ", "undetectable", "not detected", "neg", "NEGATIVE", "BDL"]
)
def test_a_word_for_less_than_can_be_measured_is_a_limit(word: str) -> None:
    typed = read(["3.5", "0.7", "12.25", "8", "2.5", "4.1", "6", word])  # one in eight cells
    assert (typed.spec.kind, typed.spec.question) == (Kind.NUMBER, "")
    assert (typed.values[-1], typed.status[-1]) == (0.7, Status.CENSORED_BELOW)
    assert "read as <0.7" in typed.spec.why


def test_a_stated_limit_a_comma_and_a_unit_are_respected() -> None:
    assert read([*[f"{k}.5" for k in range(1, 30)], "<0.2", "trace"]).values[-1] == 0.2
    comma = read([*[f"{k},5" for k in range(1, 30)], "trace"])
    assert (comma.values[-1], comma.status[-1]) == (1.5, Status.CENSORED_BELOW)
    assert read([*[f"{k} mg" for k in range(2, 30)], "trace"]).values[-1] == 2
    declared = read([*[f"{k}" for k in range(2, 30)], "trace"], kind="number")
    assert (declared.values[-1], declared.status[-1]) == (2, Status.CENSORED_BELOW)


def test_the_user_may_say_what_a_word_is() -> None:
    cells = [*[f"{k}" for k in range(2, 30)], "trace", "clotted"]
    said = read(cells, map={"trace": "<0.5", "clotted": ""})
    assert (said.values[-2], said.status[-2]) == (0.5, Status.CENSORED_BELOW)


@pytest.mark.parametrize(
    "cells",
    [
        ["neg", "trace", "1+", "2+", "3+"] * 9,
        ["negative", "positive"] * 9,
        ["trace", "none", "heavy"] * 9,
        ["0", "1", "2", "3", "negative"] * 9,
    ],
)
def test_grades_and_answers_stay_categories(cells: list[str]) -> None:
    assert read(cells).spec.kind is Kind.CATEGORY


def test_beside_negative_numbers_no_limit_is_known() -> None:
    typed = read([*[f"{k}.5" for k in range(-30, 30)], "trace"])
    assert (typed.spec.kind, typed.status[-1]) == (Kind.NUMBER, Status.UNPARSED)


def test_beside_other_words_nothing_is_decided() -> None:
    typed = read([*[f"{k}.5" for k in range(1, 40)], *["positive"] * 6, "negative"])
    assert typed.status[-1] != Status.CENSORED_BELOW
