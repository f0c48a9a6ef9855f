import numpy as np
import pytest

from heldout.suite import FAULTS, Sizes, draw_sound, permute_labels, plant_fault
from heldout.suite.faults import copied_rows

SIZES = Sizes(100, 300, 50)


@pytest.fixture
def sound():
    return draw_sound(np.random.default_rng(1), SIZES)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_leaves_its_ground_alone(sound, fault):
    before = sound.features.copy(), sound.target.copy()
    planted = plant_fault(np.random.default_rng(2), sound, fault)
    assert planted.planted == fault
    np.testing.assert_array_equal(sound.features, before[0])
    np.testing.assert_array_equal(sound.target, before[1])
    if fault != "leak":
        np.testing.assert_array_equal(planted.features[:100], before[0][:100])
    np.testing.assert_array_equal(planted.target[:100], before[1][:100])


def test_copies_are_found_where_they_were_planted(sound):
    assert copied_rows(sound).size == 0
    copied = copied_rows(plant_fault(np.random.default_rng(2), sound, "duplicates"))
    assert 60 < copied.size < 120


def test_a_leak_tells_the_target(sound):
    planted = plant_fault(np.random.default_rng(2), sound, "leak")
    np.testing.assert_array_equal(planted.features[:, -1] > 0.5, planted.target > 0.5)


def test_a_shift_moves_validation_rows_only(sound):
    moved = plant_fault(np.random.default_rng(2), sound, "shift").features[:, 0] - sound.features[:, 0]
    np.testing.assert_array_equal(moved[:100], 0)
    np.testing.assert_allclose(moved[100:400], sound.features[:100, 0].std(), rtol=1e-4)
    np.testing.assert_array_equal(moved[400:], 0)


def test_flipped_and_shuffled_labels(sound):
    flipped = plant_fault(np.random.default_rng(2), sound, "flipped").target
    np.testing.assert_array_equal(flipped[100:400], 1 - sound.target[100:400])
    shuffled = plant_fault(np.random.default_rng(2), sound, "shuffled").target
    assert shuffled[100:400].sum() == sound.target[100:400].sum()
    assert (shuffled != sound.target).any()


def test_permuted_fit_labels_keep_their_counts(sound):
    permuted = permute_labels(np.random.default_rng(2), sound).target
    assert permuted[:100].sum() == sound.target[:100].sum()
    np.testing.assert_array_equal(permuted[100:], sound.target[100:])
