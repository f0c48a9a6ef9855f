import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe import RecipeOptions, apply_recipe, explain_position, fit_recipe
from heldout.recipe.explain_arrays import explain_point, locate_array_position
from heldout.records import ArrayColumn, ArrayPolicy, Kind
from recipe.sample_columns import number

N = 30


def make_arrays(seed=0):
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (N, 4, 5, 3)).astype(np.uint8)
    sky = rng.normal(100, 1, (N, 6, 6, 2)).astype(np.float32)
    sky[:, 2:4, 2:4, 0] += 5000
    sky[..., 1] = rng.random((N, 6, 6)) < 0.1
    flux = rng.normal(3, 2, (N, 7, 1)).astype(np.float32)
    channels = ("red", "green", "blue")
    grid = {"fit": "grid", "start": 4000.0, "step": 10.0, "axis": "wavelength"}
    policies = (
        ArrayPolicy(Kind.PICTURE, "uint8", channels, 4, 5, fit="crop"),
        ArrayPolicy(Kind.PICTURE, "float32", ("flux", "mask"), 6, 6, unit="SCI"),
        ArrayPolicy(Kind.SIGNAL, "float32", ("flux",), length=7, **grid),
    )
    return tuple(
        ArrayColumn(name, policy.kind, values, policy)
        for name, values, policy in zip(("photo", "sky", "flux"), (photo, sky, flux), policies, strict=True)
    )


@pytest.fixture(scope="module", params=["set", "each"])
def fitted(request):
    columns, arrays = (number("dose", np.arange(float(N)).tolist()),), make_arrays()
    rows = (np.arange(20), np.arange(10, 30))
    options = RecipeOptions(signal_scaling=request.param)
    return columns, arrays, fit_recipe(columns, rows, arrays=arrays, options=options)


def test_every_number_of_an_example_goes_where_it_is_said_to_go(fitted):
    columns, arrays, recipe = fitted
    seen = []
    for state in range(2):
        encoded = apply_recipe(recipe, columns, arrays=arrays, state=state)[4]
        for array in arrays:
            for at in np.ndindex(array.values.shape[1:]):
                told = explain_point(recipe, array.name, array.values[4], at, state=state)
                assert told.after == encoded[told.position]
                assert told.before == array.values[(4, *at)]
                plan, place = locate_array_position(recipe, told.position)
                assert (plan.name, place) == (array.name, at)
                seen.append(told.position)
    assert sorted(seen[: len(seen) // 2]) == list(range(recipe.n_slots, recipe.n_features))


def test_a_position_says_which_number_becomes_0_and_how_much_one_unit_is(fitted):
    columns, arrays, recipe = fitted
    for position in range(recipe.n_slots, recipe.n_features):
        told = explain_position(recipe, position)
        plan, place = locate_array_position(recipe, position)
        assert told.sentence.startswith(f"[{position}] ")
        assert repr(plan.name) in told.sentence
        if plan.scaling == "each":
            assert told.zero_is is None
            continue
        array = next(item for item in arrays if item.name == plan.name)
        example = array.values[0].astype(np.float64)
        example[place] = told.zero_is
        assert explain_point(recipe, plan.name, example, place).after == pytest.approx(0, abs=2e-3)
        example[place] = told.zero_is + 1e-3 * told.one_unit
        assert explain_point(recipe, plan.name, example, place).after == pytest.approx(1e-3, abs=2e-3)


def test_sentences_name_file_extension_size_and_scaling(fitted):
    _, arrays, recipe = fitted
    photo = explain_point(recipe, "photo", arrays[0].values[0], (3, 4, 1), file="a.png")
    start = recipe.n_slots
    assert photo.position == start + 3 * 15 + 4 * 3 + 1
    assert photo.sentence.startswith("photo of 'a.png': row 3, column 4, green = ")
    assert "as read and brought to 4 x 5 (crop): [" in photo.sentence
    sky = explain_point(recipe, "sky", arrays[1].values[0], (2, 2, 0))
    assert sky.unit == "SCI"
    assert sky.sentence.startswith("sky, SCI: row 2, column 2, flux = ")
    assert "asinh; then less" in sky.sentence
    mask = explain_point(recipe, "sky", arrays[1].values[0], (2, 2, 1))
    assert mask.before == mask.after
    flux = explain_point(recipe, "flux", arrays[2].values[0], (3,))
    assert flux.at == (3, 0)
    assert "point 3 (wavelength 4030 to 4040), flux = " in flux.sentence


def test_places_that_are_not_there_are_refused(fitted):
    _, arrays, recipe = fitted
    values = arrays[0].values[0]
    with pytest.raises(
        RecipeError, match=r"a number at each \(row, column, channel\), got \(1, 2\)\n.*4 x 5 x 3"
    ):
        explain_point(recipe, "photo", values, (1, 2))
    with pytest.raises(RecipeError, match="has no column 5; it has columns 0 to 4"):
        explain_point(recipe, "photo", values, (1, 5, 0))
    with pytest.raises(RecipeError, match="has no row -1"):
        explain_point(recipe, "photo", values, (-1, 0, 0))
    with pytest.raises(RecipeError, match="no picture or signal 'foto'\n.*photo"):
        explain_point(recipe, "foto", values, (0, 0, 0))
    with pytest.raises(RecipeError, match="no state 2"):
        explain_point(recipe, "photo", values, (0, 0, 0), state=2)
    with pytest.raises(RecipeError, match=f"there is no position {recipe.n_features}"):
        explain_position(recipe, recipe.n_features)


def test_the_pixels_of_the_file_are_named_where_its_size_is_known(fitted):
    _, arrays, recipe = fitted
    told = explain_point(recipe, "photo", arrays[0].values[4], (1, 2, 0), file_size=(16, 20))
    assert (
        "brought to 4 x 5 (crop) from rows 4 to 7, columns 8 to 11 of the file of 16 x 20: " in told.sentence
    )
    flux = explain_point(recipe, "flux", arrays[2].values[4], (3,), file_size=(16, 20))
    assert "of the file" not in flux.sentence


def test_zscale_is_said_with_its_limits():
    sky = make_arrays()[1]
    recipe = fit_recipe((), (np.arange(20),), arrays=(sky,), options=RecipeOptions(stretch="zscale"))
    told = explain_point(recipe, "sky", sky.values[4], (1, 1, 0))
    state = recipe.states[0].arrays[0]
    assert f"clipped to {state.low[0]:.6g} to {state.high[0]:.6g} (zscale); then less " in told.sentence
    assert "zscale" not in explain_point(recipe, "sky", sky.values[4], (1, 1, 1)).sentence
