"""Limits of display as astronomers know them."""

import numpy as np
import pytest

from heldout.recipe.zscale import find_limits


@pytest.mark.parametrize("seed", range(6))
def test_the_same_limits_as_the_usual_library(seed: int) -> None:
    visual = pytest.importorskip("astropy.visualization")
    rng = np.random.default_rng(seed)
    sky = rng.normal(100, 5, (60, 70)) + (seed % 3) * np.linspace(0, 8, 70)
    sky[rng.random(sky.shape) < 0.02 * seed] += rng.exponential(4000)
    for samples in (1000, 4200):
        wanted = visual.ZScaleInterval(n_samples=samples).get_limits(sky)
        np.testing.assert_allclose(find_limits(sky, samples=samples), wanted, rtol=1e-7)


def test_numbers_on_no_line_keep_their_range() -> None:
    values = np.concatenate([np.zeros(40), np.geomspace(1, 1e12, 60)])
    low, high = find_limits(values)
    assert 0.0 <= low < high <= 1e12


def test_few_numbers_are_their_own_limits() -> None:
    assert find_limits(np.array([2.0])) == (2.0, 2.0)
    assert find_limits(np.array([1.0, 2.0, 3.0])) == (1.0, 3.0)


@pytest.mark.parametrize("unit", [1e-17, 1e9])
def test_the_unit_changes_nothing(unit: float) -> None:
    sky = np.random.default_rng(0).normal(3, 1, 5000)
    sky[:50] += 500
    np.testing.assert_allclose(find_limits(sky * unit), np.array(find_limits(sky)) * unit, rtol=1e-9)
