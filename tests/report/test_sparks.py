"""Small histograms: one path, safe words, nothing for nothing."""

from __future__ import annotations

from heldout.report.sparks import draw_spark


def test_the_largest_bar_is_as_high_as_the_line() -> None:
    spark = str(draw_spark((1, 4, 0, 2), what="as read"))
    assert spark.count("<path") == 1
    assert spark.count("M") == 3
    assert "v-16.0" in spark
    assert "v-4.0" in spark
    assert 'aria-label="as read: 4 bins, 57 % of rows in bin 2"' in spark


def test_nothing_counted_draws_nothing_and_zeros_draw_no_bar() -> None:
    assert str(draw_spark((), what="x")) == ""
    assert 'd=""' in str(draw_spark((0, 0), what="x"))


def test_words_are_escaped() -> None:
    assert "<b>" not in str(draw_spark((1,), what="<b>"))


def test_forty_of_them_stay_small() -> None:
    assert 80 * len(draw_spark(tuple(range(1, 13)), what="as read")) < 50_000
