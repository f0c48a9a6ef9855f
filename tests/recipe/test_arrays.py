"""Pictures and signals as numbers: fitted on fit rows only, exact, and read back as they were written."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import RecipeError
from heldout.recipe import (
    RecipeOptions,
    apply_recipe,
    find_layout,
    fit_recipe,
    is_bytes_only,
    recipe_from_json,
    recipe_to_json,
)
from heldout.recipe.arrays import encode_array, fit_arrays, list_scales, plan_arrays
from heldout.recipe.zscale import find_limits
from heldout.records import ArrayColumn, ArrayPolicy, Kind
from recipe.sample_columns import number

RNG = np.random.default_rng(0)


def picture(values, *, channels=("gray",), name="picture"):
    values = np.asarray(values)
    policy = ArrayPolicy(Kind.PICTURE, values.dtype.name, channels, values.shape[1], values.shape[2])
    return ArrayColumn(name, Kind.PICTURE, values, policy)


def signal(values, *, channels=("flux",), name="signal"):
    values = np.asarray(values, np.float32)
    return ArrayColumn(
        name, Kind.SIGNAL, values, ArrayPolicy(Kind.SIGNAL, "float32", channels, length=values.shape[1])
    )


BYTES = picture(RNG.integers(0, 256, (20, 6, 5, 3)).astype(np.uint8), channels=("red", "green", "blue"))
FLUX = signal(RNG.normal(5, 2, (20, 9, 1)))
ROWS = (np.arange(0, 12), np.arange(4, 20))


def test_every_channel_has_mean_0_and_spread_1_on_the_fit_rows():
    recipe = fit_recipe((), ROWS, arrays=(BYTES, FLUX))
    for state, rows in enumerate(ROWS):
        made = apply_recipe(recipe, (), arrays=(BYTES, FLUX), state=state, rows=rows)
        assert made.shape == (len(rows), 90 + 9)
        pixels, flux = made[:, :90].reshape(-1, 3), made[:, 90:]
        np.testing.assert_allclose(pixels.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(pixels.std(axis=0), 1, atol=1e-5)
        np.testing.assert_allclose([flux.mean(), flux.std()], [0, 1], atol=1e-5)


def test_other_rows_change_no_bit_of_what_is_fitted():
    changed = replace(BYTES, values=BYTES.values.copy())
    changed.values[12:] = 255 - changed.values[12:]
    one, other = (fit_recipe((), ROWS[:1], arrays=(array,)) for array in (BYTES, changed))
    assert one.states[0].arrays == other.states[0].arrays


def test_bytes_are_kept_as_they_are_where_nothing_else_is_there():
    alone = fit_recipe((), ROWS, arrays=(BYTES,))
    assert is_bytes_only(alone)
    assert not is_bytes_only(fit_recipe((), ROWS, arrays=(BYTES, FLUX)))
    assert not is_bytes_only(fit_recipe((number("x", range(20)),), ROWS, arrays=(BYTES,)))
    scales = list_scales(alone.arrays[0], tuple(state.arrays[0] for state in alone.states))
    by_hand = (BYTES.values.astype(np.float32) - scales.center[1]) / scales.spread[1]
    np.testing.assert_array_equal(apply_recipe(alone, (), arrays=(BYTES,), state=1), by_hand.reshape(20, -1))
    with pytest.raises(RecipeError, match="only bytes are scaled in the program"):
        list_scales(replace(alone.arrays[0], policy=FLUX.policy), ())


def test_a_mask_stays_zero_and_one():
    values = np.concatenate([FLUX.values, RNG.integers(0, 2, (20, 9, 1)).astype(np.float32)], axis=2)
    array = signal(values, channels=("flux", "mask"))
    for scaling in ("set", "each"):
        plans = plan_arrays((array,), ROWS, scaling=scaling)
        made = encode_array(plans[0], fit_arrays(plans, (array,), ROWS[0])[0], array.values)
        np.testing.assert_array_equal(made.reshape(20, 9, 2)[..., 1], values[..., 1])


def test_each_signal_by_its_own_numbers():
    array = signal(np.stack([np.arange(9) * 3.0 + 100, np.full(9, 7.0)])[..., None])
    plans = plan_arrays((array,), (np.arange(2),), scaling="each")
    made = encode_array(plans[0], fit_arrays(plans, (array,), np.arange(2))[0], array.values)
    np.testing.assert_allclose([made[0].mean(), made[0].std()], [0, 1], atol=1e-6)
    assert not made[1].any()  # a constant signal has no spread to divide by


def test_a_dark_sky_is_stretched_and_a_photograph_is_not():
    sky = RNG.normal(100, 1, (10, 20, 20, 1)).astype(np.float32)
    sky[:, 8:12, 8:12] += 5000
    plan, even = plan_arrays((picture(sky), picture(sky[:, :7], name="even")), (np.arange(10),))
    assert (plan.stretch, even.stretch) == ("asinh", "none")
    states = fit_arrays((plan,), (picture(sky),), np.arange(10))
    made = encode_array(plan, states[0], sky)
    assert abs(made).max() < 8  # 5000 background spreads before
    assert abs(made.mean()) < 1e-3
    assert plan_arrays((picture(BYTES.values, channels=BYTES.policy.channels),), ROWS)[0].stretch == "none"


def test_a_recipe_with_arrays_is_read_back_as_it_was():
    recipe = fit_recipe((number("x", range(20)),), ROWS, arrays=(BYTES, FLUX))
    text, arrays = recipe_to_json(recipe)
    again = recipe_from_json(text, arrays)
    assert again == recipe
    assert recipe_to_json(again)[0] == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"height":6', '"height":0', "a picture of shape"),
        ('"height":6', '"height":6.5', "expected a whole number"),
        ('"length":0', '"length":4', "a picture of shape"),
        ('"scaling":"set"', '"scaling":"all"', "expected one of 'set', 'each'"),
        ('"spread":[', '"spread":[1.0,', "numbers for 3 channels"),
        ('"dtype":"uint8"', '"dtype":"object"', "expected one of 'uint8', 'float32'"),
    ],
)
def test_a_damaged_recipe_is_refused(old, new, message):
    text, arrays = recipe_to_json(fit_recipe((), ROWS[:1], arrays=(BYTES,)))
    assert old in text
    with pytest.raises(RecipeError, match=message):
        recipe_from_json(text.replace(old, new, 1), arrays)


def test_arrays_of_another_shape_are_refused():
    recipe = fit_recipe((), ROWS[:1], arrays=(BYTES,))
    with pytest.raises(
        RecipeError, match=r"holds uint8 examples of shape \(5, 5, 3\), the recipe was fitted on"
    ):
        apply_recipe(recipe, (), arrays=(replace(BYTES, values=BYTES.values[:, :5]),))
    with pytest.raises(RecipeError, match="the picture 'picture' is missing; arrays there are: 'signal'"):
        apply_recipe(recipe, (), arrays=(FLUX,))
    with pytest.raises(RecipeError, match="scaling 'row' is not known"):
        plan_arrays((FLUX,), ROWS, scaling="row")


def test_the_layout_names_what_stands_one_after_the_other():
    columns = (number("x", range(20)), number("z", range(20)))
    alone = find_layout(fit_recipe((), ROWS, arrays=(BYTES,)))
    assert (alone.kind, alone.shape) == ("picture", (6, 5, 3))
    recipe = fit_recipe(columns, ROWS, arrays=(BYTES, FLUX))
    mixed = find_layout(recipe)
    assert (mixed.kind, mixed.shape) == ("joined", (recipe.n_features,))
    assert [(part.kind, part.shape) for part in mixed.parts] == [
        ("numbers", (2,)),
        ("picture", (6, 5, 3)),
        ("signal", (9, 1)),
    ]


@settings(max_examples=20, deadline=None)
@given(
    exponent=st.integers(-32, 9),
    seed=st.integers(0, 1000),
    kind=st.sampled_from((picture, signal)),
    scaling=st.sampled_from(("set", "each")),
    stars=st.booleans(),
)
def test_the_unit_of_the_numbers_changes_nothing(exponent, seed, kind, scaling, stars):
    """A flux of 1e-17 erg/s/cm2 is the same sky as one of 1: same decisions, same tensors, within float32's steps."""
    draw = np.random.default_rng(seed)
    values = draw.normal(3.0, 1.0, (24, *((8, 8, 2) if kind is picture else (64, 2))))
    if stars:
        values[:, 2, ...] = draw.uniform(500, 5000, values[:, 2, ...].shape)
    made, plans = [], []
    for unit in (1.0, 10.0**exponent):
        array = kind((values * unit).astype(np.float32), channels=("a", "b"))
        recipe = fit_recipe((), ROWS, arrays=(array,), options=RecipeOptions(signal_scaling=scaling))
        again = recipe_from_json(*recipe_to_json(recipe))
        made.append(apply_recipe(again, (), arrays=(array,), state=1))
        plans.append(recipe.arrays)
    assert plans[0] == plans[1]
    assert (plans[0][0].stretch == "asinh") == (stars and kind is picture)
    assert made[0].std() > 0.5
    # the numbers as read differ by float32's rounding, 6e-8 of at most 7 spreads (or of the brightest star)
    np.testing.assert_allclose(made[1], made[0], atol=5e-6)


@pytest.mark.parametrize("value", [0.0, 1e-17, 0.1, 1e9])
@pytest.mark.parametrize("scaling", ["set", "each"])
def test_what_never_changes_becomes_zeros_in_any_unit(value, scaling):
    for kind, shape in ((picture, (20, 4, 4, 1)), (signal, (20, 16, 1))):
        array = kind(np.full(shape, value, np.float32))
        recipe = fit_recipe((), ROWS, arrays=(array,), options=RecipeOptions(signal_scaling=scaling))
        assert recipe.arrays[0].stretch == "none"
        assert (np.abs(apply_recipe(recipe, (), arrays=(array,))) <= 1e-7 * max(1.0, value)).all()


def test_the_layout_says_which_channels_are_marks():
    values = np.zeros((20, 4, 4, 3), np.float32)
    array = picture(values + RNG.normal(size=values.shape).astype(np.float32), channels=("r", "g", "mask"))
    layout = find_layout(fit_recipe((), ROWS, arrays=(array,)))
    assert layout is not None
    assert layout.marks == (2,)
    plain = find_layout(fit_recipe((), ROWS, arrays=(BYTES,)))
    assert plain is not None
    assert plain.marks == ()


def make_sky(unit=1.0):
    sky = RNG.normal(100, 5, (20, 8, 8, 2)).astype(np.float32)
    sky[:, 3, 3, 0] = 9e4
    sky[..., 1] = 0
    sky[:, 0, :, 1] = 1
    return picture(sky * np.float32(unit), channels=("flux", "mask"))


def test_zscale_clips_to_limits_of_the_fit_rows_alone():
    sky = make_sky()
    changed = replace(sky, values=sky.values.copy())
    changed.values[12:, ..., 0] *= 3
    made = [
        fit_recipe((), ROWS[:1], arrays=(one,), options=RecipeOptions(stretch="zscale"))
        for one in (sky, changed)
    ]
    assert made[0].states == made[1].states
    plan, state = made[0].arrays[0], made[0].states[0].arrays[0]
    assert (plan.stretch, state.low[1], state.high[1]) == ("zscale", 0.0, 1.0)
    assert (state.low[0], state.high[0]) == find_limits(sky.values[:12, ..., 0].astype(np.float64))
    assert 100 < state.high[0] < 200  # the star is cut off
    seen = apply_recipe(made[0], (), arrays=(sky,), rows=ROWS[0]).reshape(-1, 2)
    clipped = np.clip(sky.values[:12, ..., 0].astype(np.float64), state.low[0], state.high[0]).reshape(-1)
    np.testing.assert_allclose(seen[:, 0], (clipped - clipped.mean()) / clipped.std(), atol=1e-5)
    assert set(seen[:, 1].tolist()) == {0.0, 1.0}
    again = recipe_from_json(*recipe_to_json(made[0]))
    assert again == made[0]


@pytest.mark.parametrize("stretch", ["none", "asinh", "zscale"])
def test_a_stretch_that_is_asked_for_is_taken(stretch):
    sky = make_sky()
    plans = plan_arrays((sky, FLUX), ROWS, stretch=stretch)
    assert [plan.stretch for plan in plans] == [stretch, "none"]
    assert plan_arrays((sky,), ROWS)[0].stretch == "asinh"


def test_a_stretch_of_what_has_none_is_refused():
    with pytest.raises(RecipeError, match="stretch 'log' is not known; choose auto, none, asinh or zscale"):
        plan_arrays((), ROWS, stretch="log")
    with pytest.raises(RecipeError, match="'zscale' was asked for, but there are no pictures of numbers"):
        plan_arrays((BYTES, FLUX), ROWS, stretch="zscale")
    assert plan_arrays((BYTES,), ROWS, stretch="none")[0].stretch == "none"
