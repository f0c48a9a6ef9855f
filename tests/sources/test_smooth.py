"""Whether numbers in a row form a signal."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.sources.smooth import is_smooth

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.8, 0.95])
def test_bound_lies_between_weak_and_strong_correlation(correlation: float) -> None:
    noise = RNG.normal(size=(200, 300))
    values = noise.copy()
    for place in range(1, 300):
        values[:, place] = correlation * values[:, place - 1] + np.sqrt(1 - correlation**2) * noise[:, place]
    assert is_smooth(values) is (correlation > 0.5)


def test_little_or_constant_numbers_are_no_signal() -> None:
    assert not is_smooth(np.ones((50, 50)))
    assert not is_smooth(np.full((50, 50), np.nan))
    assert not is_smooth(np.arange(100.0).reshape(2, 50))
    assert not is_smooth(np.zeros((50, 2)))


def test_gaps_do_not_hide_a_signal() -> None:
    values = np.sin(np.linspace(0, 6, 200) + RNG.normal(size=(50, 1)) * 3)
    values[RNG.random(values.shape) < 0.02] = np.nan
    assert is_smooth(values)
