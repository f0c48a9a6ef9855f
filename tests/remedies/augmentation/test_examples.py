import jax.numpy as jnp
import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.random_bits import Stream
from heldout.records import InputLayout, RemedyUse
from heldout.remedies.augmentation import augment_batch, augment_examples, list_planned, show_pattern
from heldout.remedies.augmentation.examples import PURPOSE_SHOWN


def use(detail, strength=1.0):
    return RemedyUse("augmentation", strength, detail)


def test_examples_are_what_training_would_see():
    layout = InputLayout("picture", (8, 8, 1))
    values = np.random.default_rng(0).normal(size=(5, 8, 8, 1)).astype(np.float32)
    shown = augment_examples(
        layout, values, [use("flip", 0.5), use("noise", 0.0), use("flip and shift")], seed=4
    )
    assert shown.shape == (3, 5, 8, 8, 1)
    assert shown.dtype == np.float32
    direct = augment_batch(("flip",), jnp.array([0.5]), Stream(4, PURPOSE_SHOWN, 0, 0), jnp.asarray(values))
    np.testing.assert_array_equal(shown[0], direct.x)
    np.testing.assert_array_equal(shown[1], values)
    again = augment_examples(layout, values, [use("flip and shift")], seed=4)
    np.testing.assert_array_equal(again[0], shown[2])
    assert (augment_examples(layout, values, [use("flip and shift")], seed=5)[0] != shown[2]).any()


@pytest.mark.parametrize(
    "layout",
    [
        InputLayout("numbers", (5,)),
        InputLayout("signal", (20, 2)),
        InputLayout("picture", (9, 7, 3)),
        InputLayout("tokens", (11,), 30, 6),
    ],
    ids=lambda layout: layout.kind,
)
def test_every_planned_use_can_be_shown_on_the_pattern(layout):
    values = np.stack([show_pattern(layout.shape, kind=layout.kind, number=number) for number in range(4)])
    assert values.shape == (4, *layout.shape)
    assert len(np.unique(values.reshape(4, -1), axis=0)) == 4
    uses = [use(detail, strength) for detail, strength in list_planned(2, layout.kind)]
    shown = augment_examples(layout, values.reshape(4, -1), uses, seed=0)  # flat rows are taken too
    assert shown.dtype == values.dtype
    for changed in shown:
        assert (changed != values).any()


def test_the_pattern_is_standardized_and_has_no_symmetry():
    pattern = show_pattern((16, 16, 3))
    np.testing.assert_allclose(pattern.mean(axis=(0, 1)), 0.0, atol=1e-5)
    np.testing.assert_allclose(pattern.std(axis=(0, 1)), 1.0, atol=1e-4)
    for times in range(4):
        for mirrored in (False, True):
            turned = np.rot90(pattern, times)
            turned = turned[:, ::-1] if mirrored else turned
            assert np.array_equal(turned, pattern) == (times == 0 and not mirrored)
    assert show_pattern((30, 1)).std() == pytest.approx(1.0, abs=1e-4)
    assert show_pattern((1, 1, 1)).tolist() == [[[0.0]]]  # nothing to see, nothing breaks


def test_what_is_no_augmentation_or_does_not_apply_is_refused():
    layout = InputLayout("tokens", (6,), 10)
    values = show_pattern((6,), kind="tokens")
    with pytest.raises(UsageError, match="'dropout' changes no examples"):
        augment_examples(layout, values, [RemedyUse("dropout", 0.5)], seed=0)
    with pytest.raises(UsageError, match="augmenter 'flip' does not apply to these data, which are tokens"):
        augment_examples(layout, values, [use("flip")], seed=0)
    with pytest.raises(UsageError, match=r"there is no pattern of shape \(\)"):
        show_pattern(())
