"""Signals brought to one length."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import ArrayPolicy, Kind
from heldout.sources.curves import Curve, decide_curve_policy, drop_empty_mask, fit_curve, order_curve


def curve(values: np.ndarray, axis: np.ndarray | None = None) -> Curve:
    return order_curve(np.asarray(values, dtype=np.float64)[:, None], axis)


def test_equal_lengths_stay_as_they_are() -> None:
    curves = [curve(np.arange(20) + k) for k in range(3)]
    policy = decide_curve_policy(curves, ["y"])
    assert (policy.fit, policy.length) == ("exact", 20)
    assert fit_curve(curves[2], policy)[:, 0].tolist() == list(range(2, 22))
    with pytest.raises(DataError, match="19 points where 20 were expected"):
        fit_curve(curve(np.arange(19)), policy)


def test_long_signals_are_means_of_blocks() -> None:
    values = np.random.default_rng(0).normal(size=4096)
    policy = decide_curve_policy([curve(values)], ["y"])
    assert (policy.fit, policy.length) == ("stretch", 1024)
    np.testing.assert_allclose(
        fit_curve(curve(values), policy)[:, 0], values.reshape(1024, 4).mean(axis=1), atol=1e-5
    )


def test_shorter_signals_are_padded_and_marked() -> None:
    policy = decide_curve_policy([curve(np.arange(8)), curve(np.arange(10))], ["y"])
    assert policy.fit == "pad"
    assert fit_curve(curve(np.arange(8)), policy).tolist() == [
        *([float(k), 0.0] for k in range(8)),
        [7.0, 1.0],
        [7.0, 1.0],
    ]


def test_very_different_lengths_are_stretched() -> None:
    policy = decide_curve_policy([curve(np.arange(10)), curve(np.arange(10)), curve(np.arange(400))], ["y"])
    assert (policy.fit, policy.length) == ("stretch", 400)
    line = fit_curve(curve(np.linspace(0, 1, 10)), policy)[:, 0]
    assert np.abs(line - np.linspace(0, 1, 400)).max() < 0.06


def test_common_grid_and_gaps_of_the_axis() -> None:
    axis = np.concatenate([np.arange(0, 50.0), np.arange(80.0, 100)])
    policy = ArrayPolicy(
        Kind.SIGNAL, "float32", ("y", "mask"), length=100, fit="grid", start=0.0, step=1.0, axis="t"
    )
    fitted = fit_curve(curve(axis, axis), policy)
    np.testing.assert_allclose(fitted[:, 0], np.arange(100.0), atol=0.01)
    assert np.flatnonzero(fitted[:, 1]).tolist() == list(range(51, 79))


def test_ragged_axes_share_what_half_of_them_cover() -> None:
    curves = [curve(np.arange(100), np.arange(100) + start) for start in (0.0, 10.0, 20.0)]
    policy = decide_curve_policy(curves, ["y"], axis="t")
    assert (policy.fit, policy.start, policy.step, policy.length) == ("grid", 10.0, 1.0, 100)
    assert fit_curve(curves[2], policy)[:10, 1].sum() == 10
    apart = [curve(np.arange(9), np.arange(9) + 100.0 * k) for k in range(4)]
    with pytest.raises(DataError, match="do not share a part of their axis"):
        decide_curve_policy(apart, ["y"], axis="t")


def test_missing_points_do_not_enter_means() -> None:
    values = np.ones(4096)
    values[::2] = np.nan
    policy = decide_curve_policy([curve(np.ones(4096))], ["y"])
    fitted = fit_curve(curve(values), policy)
    assert (fitted[:, 0] == 1).all()
    values[:400] = np.nan
    assert np.flatnonzero(fit_curve(curve(values), policy)[:, 1]).tolist() == list(range(100))


def test_refusals() -> None:
    with pytest.raises(DataError, match="a signal of 3 points; at least 4"):
        curve(np.arange(3))
    with pytest.raises(DataError, match="no point of the signal was observed"):
        curve(np.full(9, np.inf))
    policy = ArrayPolicy(Kind.SIGNAL, "float32", ("a", "b", "mask"), length=9)
    with pytest.raises(DataError, match=r"1 channels where 2 were expected \(a, b\)"):
        fit_curve(curve(np.arange(9)), policy)
    policy = ArrayPolicy(Kind.SIGNAL, "float32", ("a", "mask"), length=9, fit="grid", axis="t", step=1)
    with pytest.raises(DataError, match="no axis where t was expected"):
        fit_curve(curve(np.arange(9)), policy)


def test_mask_stays_only_where_something_is_missing() -> None:
    policy = ArrayPolicy(Kind.SIGNAL, "float32", ("y", "mask"), length=2)
    values = np.zeros((2, 2, 2), np.float32)
    assert drop_empty_mask(values, policy)[0].shape == (2, 2, 1)
    values[1, 1, 1] = 1
    assert drop_empty_mask(values, policy)[1] == ("y", "mask")
