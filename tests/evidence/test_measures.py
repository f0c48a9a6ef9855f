"""Shares, means and functions of sums: what each metric's interval rests on."""

import numpy as np
import pytest

from heldout.evidence.measures import Case, finish_bootstrap, measure_hits, measure_mean, refuse_interval
from heldout.evidence.paired import index_units


def make_case(n_rows=40, unit=None):
    units = index_units(np.arange(n_rows) if unit is None else unit)
    return Case(np.zeros(n_rows), np.zeros((n_rows, 1)), np.zeros(0, np.int64), units, 0)


def test_few_rows_or_groups_have_no_honest_bootstrap():
    assert refuse_interval(make_case()) == ""
    assert refuse_interval(make_case(29)) == "no interval: 29 rows, under 30 none is honest"
    assert refuse_interval(make_case(60, np.repeat(np.arange(20), 3))).startswith(
        "no interval: 20 independent units"
    )


def test_hits_have_an_exact_interval():
    value, (low, high), method = measure_hits(np.ones(16), make_case(16))
    assert (value, round(low, 3), high) == (1.0, 0.794, 1.0)
    assert method == "Clopper-Pearson, exact"


def test_hits_of_few_groups_have_none():
    value, interval, method = measure_hits(np.ones(16), make_case(16, np.repeat(np.arange(8), 2)))
    assert value == 1.0
    assert np.isnan(interval).all()
    assert method == (
        "no interval: 8 independent units (rows of one group, or exact copies, are one), under 10 are too few"
    )


def test_one_row_has_no_interval_as_one_group_has_none():
    for case in (make_case(1), make_case(3, np.zeros(3, np.int64))):
        value, interval, method = measure_hits(np.ones(case.n_rows), case)
        assert value == 1.0
        assert np.isnan(interval).all()
        assert method.startswith("no interval: 1 ")
    assert method.startswith("no interval: 1 independent unit (")


def test_equal_losses_say_nothing_about_fresh_rows():
    value, interval, method = measure_mean(np.full(40, 0.5), make_case())
    assert value == 0.5
    assert np.isnan(interval).all()
    assert method == "no interval: all rows have (nearly) the same loss"


def test_a_function_of_sums_is_resampled_by_units():
    rng = np.random.default_rng(0)
    sums = np.stack([rng.normal(1.0, 1.0, 40), np.ones(40)]).T
    value = float(sums[:, 0].mean())
    found, (low, high), method = finish_bootstrap(
        value, "mean; ", make_case(), components=sums, measure=lambda total: total[:, 0] / total[:, 1]
    )
    assert found == value
    half = 1.96 * sums[:, 0].std() / np.sqrt(40)
    assert (low, high) == pytest.approx((value - half, value + half), abs=0.3 * half)
    assert method == "mean; percentile bootstrap of units"


def test_what_is_not_defined_has_no_interval():
    rest = {"components": np.ones((40, 1)), "measure": lambda total: total[:, 0]}
    assert finish_bootstrap(float("nan"), "", make_case(), **rest)[2] == "not defined on these rows"
    assert finish_bootstrap(1.0, "", make_case(), **rest)[2] == "no interval: the resamples do not differ"
