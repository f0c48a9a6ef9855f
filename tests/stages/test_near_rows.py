"""Rows that almost repeat another stay together where that was asked for."""

import numpy as np
import polars as pl
import pytest

from heldout.audit.copies import check_copies
from heldout.errors import UsageError
from heldout.settings import Settings
from heldout.stages import near_rows
from heldout.stages.preparing import gather_audit, split_rows, type_columns
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


def write_parts(folder, frame, changed):
    frame.write_csv(folder / "train.csv")
    changed.write_csv(folder / "test.csv")
    settings = Settings.model_validate({"target": "y", "test": str(folder / "test.csv")})
    return read_data(folder / "train.csv", settings)


def make_test_part(frame, n_known):
    """New rows of the same kind, the first of which repeat rows 0, 1, ... of the other part."""
    rng = np.random.default_rng(5)
    new = pl.DataFrame({f"x{k}": rng.normal(size=60).round(6) for k in range(6)})
    new = new.with_columns(pl.Series("y", rng.choice(["a", "b"], 60)))
    return pl.concat([frame.head(n_known), new.tail(60 - n_known)])


def crossing(reading):
    return {tuple(pair) for near in reading.links.near if near.what == "rows" for pair in near.pairs.tolist()}


def test_a_changed_cell_does_not_hide_a_row_of_a_test_file(tmp_path):
    frame = make_frame(n_near=0)
    changed = make_test_part(frame, 6).with_columns(
        pl.when(pl.int_range(60) < 6).then(9.5).otherwise(pl.col("x2")).alias("x2")
    )
    reading = write_parts(tmp_path, frame, changed)
    assert crossing(reading) == {(k, 200 + k) for k in range(6)}
    assert (reading.links.unit[:6] == reading.links.unit[200:206]).all()


def test_rounded_numbers_do_not_hide_a_row_of_a_test_file(tmp_path):
    frame = make_frame(n_near=0)
    changed = make_test_part(frame, 6).with_columns(pl.col(f"x{k}").round(2) for k in range(6))
    assert crossing(write_parts(tmp_path, frame, changed)) == {(k, 200 + k) for k in range(6)}


def test_noise_does_not_hide_a_row_of_a_test_file(tmp_path):
    frame = make_frame(n_near=0)
    changed = make_test_part(frame, 6).with_columns((pl.col(f"x{k}") + 0.003) for k in range(6))
    assert crossing(write_parts(tmp_path, frame, changed)) == {(k, 200 + k) for k in range(6)}


def test_new_rows_of_a_test_file_are_no_copies(tmp_path):
    frame = make_frame(n_near=0)
    reading = write_parts(tmp_path, frame, make_test_part(frame, 0))
    assert reading.links.near == ()
    assert len(np.unique(reading.links.unit)) == 260


def test_rows_of_coarse_columns_are_no_copies(tmp_path):
    rng = np.random.default_rng(0)
    both = [
        pl.DataFrame(
            {f"x{k}": rng.integers(0, 6, n_rows) for k in range(6)} | {"y": rng.choice(["a", "b"], n_rows)}
        )
        for n_rows in (300, 80)
    ]
    assert not crossing(write_parts(tmp_path, *both))


def test_columns_that_repeat_each_other_make_no_copies(tmp_path):
    rng = np.random.default_rng(0)
    cells = {f"x{k}": rng.integers(0, 8, 500) for k in range(4)}
    frame = pl.DataFrame(
        {f"{name}{k}": column for name, column in cells.items() for k in range(3 if name < "x3" else 1)}
    )
    frame = frame.with_columns(pl.Series("y", rng.choice(["a", "b"], 500)))
    assert not crossing(write_parts(tmp_path, frame.head(400), frame.tail(100)))


def test_rows_that_differ_in_texts_alone_are_near_and_not_exact(tmp_path):
    words = [f"{colour} {k}" for colour in ("red", "blue", "green") for k in range(150)]

    def with_texts(frame, seed):
        rng = np.random.default_rng(seed)
        told = {f"t{k}": [" and ".join(rng.choice(words, 8)) for _ in range(len(frame))] for k in range(2)}
        return frame.with_columns(**{name: pl.Series(name, cells) for name, cells in told.items()})

    frame = make_frame(n_near=0)
    reading = write_parts(tmp_path, with_texts(frame, 0), with_texts(make_test_part(frame, 6), 1))
    assert crossing(reading) == {(k, 200 + k) for k in range(6)}
    (near,) = [near for near in reading.links.near if near.what == "rows"]
    assert near.likeness.tolist() == [0.99] * 6
    assert "texts are not compared" in near.how
    settings = Settings.model_validate({"target": "y", "test": str(tmp_path / "test.csv")})
    split = split_rows(reading, settings)
    asked = gather_audit(reading, split, type_columns(reading, split, settings), settings)
    (found,) = [item for item in check_copies(asked) if item.code == "HO242"]
    assert (
        "6 of 60 declared test rows (10.0 %) are copies of development rows, 0 of them exact"
        in found.sentence
    )
