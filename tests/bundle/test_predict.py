"""Predicting new rows: what may differ changes no bit, what must not is refused, the rest is flagged."""

import re
from dataclasses import replace

import numpy as np
import pytest

from heldout.bundle import RowFlag, predict_table
from heldout.bundle import predict as predict_module
from heldout.errors import DataError
from heldout.records import SetAside
from heldout.sources import read_table


@pytest.fixture(scope="module")
def report(bundle, table):
    return predict_table(bundle, table)


def same_bits(one, other):
    return one.prediction.values.tobytes() == other.prediction.values.tobytes()


def test_probabilities_labels_and_counts(report, bundle, frame):
    values = report.prediction.values
    assert values.shape == (len(frame), 2)
    np.testing.assert_allclose(values.sum(axis=1), 1.0)
    assert (report.prediction.labels == (values[:, 1] >= bundle.threshold)).all()
    counts = {count.name: count for count in report.columns}
    assert counts["age"].missing == (frame.age == "?").sum() == 7
    assert counts["color"].unseen == counts["weight"].unparsed == 0
    assert report.refused == ()


def test_order_of_rows_columns_and_further_columns_change_no_bit(bundle, frame, report):
    order = np.random.default_rng(0).permutation(len(frame))
    shuffled = predict_table(bundle, read_table(frame.iloc[order].reset_index(drop=True)))
    assert shuffled.prediction.values.tobytes() == report.prediction.values[order].tobytes()
    assert (shuffled.flags == report.flags[order]).all()
    assert same_bits(predict_table(bundle, read_table(frame[frame.columns[::-1]])), report)
    extra = predict_table(bundle, read_table(frame.assign(note="=1+1", **{"<b>": "x"})))
    assert same_bits(extra, report)
    assert any(
        "2 columns the networks do not know are not used: 'note', '<b>'" in note for note in extra.notes
    )
    without = predict_table(bundle, read_table(frame.drop(columns="num")))
    assert same_bits(without, report)
    assert not any("target" in note for note in without.notes)
    assert any("the target 'num' is in the table" in note for note in report.notes)


@pytest.mark.parametrize("rows", [[0], [3], [5, 5, 5], [119, 0]])
def test_a_few_rows_are_the_same_as_in_the_whole(rows, bundle, frame, report):
    few = predict_table(bundle, read_table(frame.iloc[rows].reset_index(drop=True)))
    assert few.prediction.values.tobytes() == report.prediction.values[rows].tobytes()


def test_chunks_change_no_bit(bundle, table, report, monkeypatch):
    monkeypatch.setattr(predict_module, "CHUNK", 50)
    again = predict_table(bundle, table)
    assert same_bits(again, report)
    assert (again.flags == report.flags).all()


def test_no_rows(bundle, many, numbers, table):
    empty = replace(
        table, columns=tuple(replace(c, codes=c.codes[:0]) for c in table.columns), lines=table.lines[:0]
    )
    for made, width in ((bundle, 2), (many, 3), (numbers, 1)):
        report = predict_table(made, empty)
        assert report.prediction.values.shape == (0, width)
        assert report.flags.shape == report.lines.shape == (0,)


def test_missing_and_renamed_columns_are_refused(bundle, frame):
    with pytest.raises(
        DataError, match=r"1 column is missing: 'age' \(there is 'AGE', which differs in case"
    ):
        predict_table(bundle, read_table(frame.rename(columns={"age": "AGE"})))
    with pytest.raises(DataError, match=r"2 columns are missing: 'age'.*'color'"):
        predict_table(bundle, read_table(frame[["smoker", "weight"]]))


def test_column_of_another_kind_is_refused_with_line_and_value(bundle, frame):
    table = read_table(frame.assign(weight="heavy"))
    words = re.escape(f"column 'weight': 120 of 120 values cannot be read as number (limit 20%, 0.0% where it was "
                      f"fitted), first 'heavy' in line {table.lines[0]}")  # fmt: skip
    with pytest.raises(DataError, match=words):
        predict_table(bundle, table)
    with pytest.raises(DataError, match="cannot be read as number"):
        predict_table(bundle, table, allow_shift=True)


def test_one_odd_cell_is_flagged(bundle, frame, report):
    weights = frame.weight.where(frame.index != 4, "heavy")
    odd = predict_table(bundle, read_table(frame.assign(weight=weights)))
    assert np.flatnonzero(odd.flags & RowFlag.UNPARSED).tolist() == [4]
    others = np.arange(len(frame)) != 4
    assert odd.prediction.values[others].tobytes() == report.prediction.values[others].tobytes()


def test_another_unit_is_refused_unless_allowed(bundle, frame):
    table = read_table(frame.assign(weight=(frame.weight.astype(float) * 1000).astype(str)))
    with pytest.raises(
        DataError,
        match=r"(?s)the median is 7\d+.*another unit\?.*allow it with --allow-shift \(allow_shift=True in Python\)",
    ):
        predict_table(bundle, table)
    report = predict_table(bundle, table, allow_shift=True)
    assert len(report.refused) == 1
    assert (report.flags & RowFlag.OUTSIDE).all()
    assert np.isfinite(report.prediction.values).all()


def test_new_categories_are_flagged_and_go_to_one_place(bundle, frame, report):
    first, second = (
        predict_table(bundle, read_table(frame.assign(color=frame.color.where(frame.index != 9, word))))
        for word in ("violet", "redd")
    )
    assert np.flatnonzero(first.flags & RowFlag.UNSEEN).tolist() == [9]
    assert same_bits(first, second)
    assert any("1 of 120 values are categories that were never fitted" in note for note in first.notes)
    known = {row.tobytes() for row in (predict_table(bundle, read_table(frame.assign(color=color))).prediction.values[9]
                                       for color in ("red", "green", "blue"))}  # fmt: skip
    assert first.prediction.values[9].tobytes() not in known
    with pytest.raises(
        DataError, match="column 'color': 120 of 120 values are categories that were never fitted"
    ):
        predict_table(bundle, read_table(frame.assign(color="violet")))
    assert predict_table(bundle, read_table(frame.assign(color="violet")), allow_shift=True).refused
    assert not (report.flags & RowFlag.UNSEEN).any()


def test_rows_without_any_value(bundle, frame):
    table = read_table(frame.assign(age="?", color="", smoker="", weight=""))
    empty = predict_table(bundle, table, allow_shift=True)
    assert (empty.flags & RowFlag.EMPTY).all()
    assert len({row.tobytes() for row in empty.prediction.values}) == 1
    assert any("120 of 120 cells are missing" in note for note in empty.notes)


def test_infinite_numbers_are_flagged(bundle, frame):
    report = predict_table(
        bundle, read_table(frame.assign(weight=frame.weight.where(frame.index != 2, "inf")))
    )
    assert report.flags[2] & (RowFlag.UNPARSED | RowFlag.MISSING)
    assert np.isfinite(report.prediction.values).all()


def test_rows_set_aside_are_noted(bundle, table):
    report = predict_table(bundle, replace(table, set_aside=(SetAside(7, "3 cells, expected 5"),)))
    assert any(
        "1 rows were set aside while reading and have no prediction: lines 7" in note for note in report.notes
    )
