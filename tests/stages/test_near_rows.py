"""Rows that almost repeat another stay together where that was asked for."""

import numpy as np
import polars as pl
import pytest

from heldout.errors import UsageError
from heldout.settings import Settings
from heldout.stages import near_rows
from heldout.stages.reading import read_data


def make_frame(n_rows=200, n_near=10):
    rng = np.random.default_rng(3)
    base = rng.normal(size=(n_rows, 6))
    near = base[:n_near] + 0.001 * rng.normal(size=(n_near, 6))
    values = np.vstack([base, near])
    columns = {f"x{k}": values[:, k].round(6) for k in range(6)}
    return pl.DataFrame({**columns, "y": rng.choice(["a", "b"], len(values))})


def ask(frame, **settings):
    return read_data(frame, Settings.model_validate({"target": "y", **settings})).links


def test_near_rows_are_joined_only_on_request():
    frame = make_frame()
    assert len(np.unique(ask(frame).unit)) == 210
    links = ask(frame, keep_near_rows=True)
    assert len(np.unique(links.unit)) == 200
    assert (links.unit[:10] == links.unit[200:]).all()
    assert any("20 of 210 different rows almost repeat another one" in note for note in links.notes)


def test_the_target_joins_nothing():
    frame = make_frame()
    flipped = frame.with_columns(pl.Series("y", ["a", "b"] * 105))
    one, other = (ask(item, keep_near_rows=True).unit for item in (frame, flipped))
    assert (one == other).all()


def test_rows_without_near_ones_stay_units_of_their_own():
    links = ask(make_frame(n_near=0), keep_near_rows=True)
    assert len(np.unique(links.unit)) == 200
    assert any("no row almost repeats another" in note for note in links.notes)


def test_groups_and_near_rows_form_one_graph():
    frame = make_frame().with_columns(pl.Series("who", [f"p{k // 2}" for k in range(210)]))
    links = ask(frame, keep_near_rows=True, group="who")
    # rows 0 and 1 are one person; rows 200 and 201 almost repeat them and are another one
    assert len({int(links.unit[row]) for row in (0, 1, 200, 201)}) == 1


def test_too_few_columns_are_said():
    links = ask(make_frame().select("x0", "x1", "y"), keep_near_rows=True)
    assert any("too few to find near copies" in note for note in links.notes)


def test_more_rows_than_can_be_compared_are_refused(monkeypatch):
    monkeypatch.setattr(near_rows, "MOST_ROWS", 100)
    with pytest.raises(UsageError, match="210 different rows are more than 100"):
        ask(make_frame(), keep_near_rows=True)
