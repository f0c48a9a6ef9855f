import numpy as np
import pytest

from heldout.suite import draw_outlier_flags, draw_slices


@pytest.mark.parametrize(("depth", "share"), [(0, 0.0), (1, 1 / 4), (2, 1 / 16)])
def test_a_planted_slice_has_its_size_and_a_higher_loss(depth, share):
    made = draw_slices(np.random.default_rng(0), 40_000, depth=depth)
    np.testing.assert_allclose(made.weak.mean(), share, atol=0.01)
    if depth:
        assert made.losses[made.weak].mean() > 1.5 * made.losses[~made.weak].mean()


def test_an_outlier_rule_meets_the_last_group_as_often_as_asked():
    flags, group = draw_outlier_flags(np.random.default_rng(0), 60_000, ratio=5.0)
    np.testing.assert_allclose(flags[group == 5].mean(), 0.10, atol=0.01)
    np.testing.assert_allclose(flags[group < 5].mean(), 0.02, atol=0.005)
