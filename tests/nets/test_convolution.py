import functools
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

from heldout.errors import UsageError
from heldout.native import NativeLibrary, find_library
from heldout.nets import convolution
from heldout.nets.convolution import (
    convolution_path,
    convolve,
    convolve_1d,
    max_pool,
    mean_pool,
    normalize_channels,
    place_windows,
)

HAS_LIBRARY = find_library().path is not None
WAYS = [
    pytest.param("native", marks=pytest.mark.skipif(not HAS_LIBRARY, reason=find_library().note)),
    "rows",
    "lax",
]
# height, width, channels, outputs, kernel height, kernel width, stride, padding
CASES = [
    (28, 28, 1, 16, 3, 3, 1, "SAME"),
    (14, 14, 16, 32, 3, 3, 1, "SAME"),
    (17, 13, 3, 10, 5, 5, 1, "VALID"),
    (16, 16, 16, 32, 3, 3, 2, "SAME"),
    (15, 14, 7, 33, 3, 3, 2, "SAME"),
    (16, 16, 16, 32, 1, 1, 2, "SAME"),
    (20, 20, 3, 40, 7, 7, 2, "SAME"),
    (23, 19, 5, 17, 4, 2, 3, "VALID"),
    (1, 50, 8, 48, 1, 5, 1, "VALID"),
    (9, 9, 24, 64, 1, 1, 1, "SAME"),
    (20, 20, 2, 65, 7, 7, 4, "SAME"),
    (11, 11, 4, 3, 6, 6, 4, "VALID"),
    (4, 4, 64, 64, 3, 3, 1, "SAME"),
    (3, 3, 2, 2, 2, 2, 3, "SAME"),
    (1, 50, 8, 9, 1, 5, 3, "SAME"),
    (7, 7, 3, 5, 1, 1, 4, "SAME"),
]


def draw(case):
    height, width, channels, outputs, kernel_h, kernel_w = case[:6]
    rng = np.random.default_rng(sum(case[:7]))
    x = rng.normal(size=(2, height, width, channels))
    weight = rng.normal(size=(kernel_h, kernel_w, channels, outputs)) / np.sqrt(
        kernel_h * kernel_w * channels
    )
    return x, weight, rng.normal(size=outputs)


def by_lax(x, weight, bias, case, relu):
    sums = bias + jax.lax.conv_general_dilated(
        x, weight, (case[6],) * 2, case[7], dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    return jnp.maximum(sums, 0.0) if relu else sums


def with_gradients(function, operands, slopes):
    """Result and gradients as one program, as networks are trained: far fewer to compile than one an operation."""

    def run(operands, slopes):
        y, pull = jax.vjp(function, *operands)
        return (y, *pull(slopes))

    return jax.jit(run)(list(map(jnp.asarray, operands)), jnp.asarray(slopes))


@functools.cache
def expected(case, relu):
    """Result and gradients of lax.conv in float64."""
    with jax.enable_x64(True):
        given = draw(case)
        shape = jax.eval_shape(lambda *operands: by_lax(*operands, case, relu), *given).shape
        slopes = np.random.default_rng(7).normal(size=shape)
        found = with_gradients(lambda *operands: by_lax(*operands, case, relu), given, slopes)
        return slopes, [np.asarray(value) for value in found]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(
    ("way", "relu"),
    # the portable ways cut off with jax.nn.relu, after the sums
    [pytest.param("native", True, marks=WAYS[0].marks), pytest.param("native", False, marks=WAYS[0].marks)]
    + [("rows", False), ("lax", False)],
)
def test_result_and_gradients_equal_float64(way, case, relu, monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", way)
    slopes, wanted = expected(case, relu)
    given = [jnp.asarray(array, jnp.float32) for array in draw(case)]

    def own(x, weight, bias):
        return convolve(x, weight, stride=case[6], padding=case[7], bias=bias, relu=relu)

    found = with_gradients(own, given, jnp.float32(slopes))
    for name, got, right in zip(("y", "x", "weight", "bias"), found, wanted, strict=True):
        assert got.shape == right.shape
        # 2e-6 of the largest value is what all shapes were measured to keep; ten times that is still a tight bar
        np.testing.assert_allclose(
            got, right, rtol=0, atol=2e-5 * max(np.abs(right).max(), 1.0), err_msg=name
        )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_sequences_equal_pictures_of_height_one(way, padding, monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", way)
    rng = np.random.default_rng(0)
    x, weight = jnp.float32(rng.normal(size=(3, 21, 4))), jnp.float32(rng.normal(size=(5, 4, 6)))
    right = jax.lax.conv_general_dilated(x, weight, (2,), padding, dimension_numbers=("NWC", "WIO", "NWC"))
    np.testing.assert_allclose(convolve_1d(x, weight, stride=2, padding=padding), right, atol=1e-4)


def slopes_of(x, weight):
    return jax.grad(lambda w: jnp.sum(jnp.sin(convolve(x, w, relu=True))))(weight)


@pytest.fixture
def stack():
    rng = np.random.default_rng(3)
    x = jnp.float32(rng.normal(size=(4, 2, 9, 8, 3)))
    weights = jnp.float32(rng.normal(size=(4, 3, 3, 3, 20)))
    return x, weights, np.stack([slopes_of(a, b) for a, b in zip(x, weights, strict=True)])


@pytest.mark.parametrize("way", WAYS[:2])
def test_one_after_the_other_and_mapped(way, stack, monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", way)
    x, weights, alone = stack
    mapped = jax.jit(lambda a, b: jax.lax.map(lambda pair: slopes_of(*pair), (a, b)))(x, weights)
    scanned = jax.jit(lambda a, b: jax.lax.scan(lambda c, pair: (c, slopes_of(*pair)), 0, (a, b))[1])(
        x, weights
    )
    stacked = jax.jit(jax.vmap(slopes_of))(x, weights)
    for got in (mapped, scanned, stacked):
        np.testing.assert_allclose(got, alone, rtol=1e-4, atol=1e-4)
    one_weight = jax.vmap(slopes_of, in_axes=(0, None))(x, weights[0])
    np.testing.assert_allclose(one_weight[0], alone[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("way", WAYS[:2])
def test_spread_over_two_devices(way, stack, monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", way)
    x, weights, alone = stack
    split = PartitionSpec("member")
    run = jax.jit(
        jax.shard_map(
            lambda a, b: jax.lax.map(lambda pair: slopes_of(*pair), (a, b)),
            mesh=Mesh(np.array(jax.devices("cpu")[:2]), ("member",)),
            in_specs=(split, split),
            out_specs=split,
            check_vma=False,
        )
    )
    first = np.asarray(run(x, weights))
    np.testing.assert_allclose(first, alone, rtol=1e-4, atol=1e-4)
    for _ in range(5):  # a race would show as other bits
        np.testing.assert_array_equal(np.asarray(run(x, weights)), first)


@pytest.mark.parametrize("way", WAYS[:2])
def test_threads_do_not_disturb_each_other(way, stack, monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", way)
    x, weights, alone = stack
    run = jax.jit(slopes_of)
    wrong = []

    def repeat(index):
        for _ in range(20):
            if not np.allclose(run(x[index], weights[index]), alone[index], rtol=1e-4, atol=1e-4):
                wrong.append(index)

    threads = [threading.Thread(target=repeat, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not HAS_LIBRARY, reason=find_library().note)
def test_gradient_by_the_input_is_dropped_where_it_is_not_needed(stack, monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", "native")
    text = jax.jit(slopes_of).lower(stack[0][0], stack[1][0]).compile().as_text()
    assert "heldout_convolve_dw" in text
    assert "heldout_convolve_dx" not in text


@pytest.mark.skipif(not HAS_LIBRARY, reason=find_library().note)
def test_not_a_number_is_not_hidden(monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", "native")
    x = jnp.ones((1, 4, 4, 1)).at[0, 0, 0, 0].set(jnp.nan)
    y = convolve(x, jnp.ones((3, 3, 1, 1)), relu=True)
    assert np.isnan(y[0, 0, 0, 0])
    assert float(y[0, 3, 3, 0]) == 4.0


def test_other_number_types_are_computed_too():
    y = convolve(jnp.ones((1, 4, 4, 1), jnp.bfloat16), jnp.ones((3, 3, 1, 1), jnp.bfloat16))
    assert y.dtype == jnp.bfloat16
    assert float(y[0, 1, 1, 0]) == 9.0


@pytest.mark.parametrize(
    ("size", "shape"), [(2, (2, 3, 2, 3)), ((7, 1), (2, 1, 5, 3)), ((1, 5), (2, 7, 1, 3))]
)
def test_pools_equal_loops(size, shape):
    x = np.random.default_rng(0).normal(size=(2, 7, 5, 3)).astype(np.float32)
    high, wide = (size, size) if isinstance(size, int) else size
    shape = (2, 7 // high, 5 // wide, 3)
    for pool, reduce in ((max_pool, np.max), (mean_pool, np.mean)):
        got = np.asarray(pool(jnp.asarray(x), size))
        assert got.shape == shape
        for row in range(shape[1]):
            for col in range(shape[2]):
                block = x[:, row * high : (row + 1) * high, col * wide : (col + 1) * wide]
                np.testing.assert_allclose(got[:, row, col], reduce(block, axis=(1, 2)), rtol=1e-6)


def test_normalized_channels_and_their_gradient_equal_the_formula():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(3.0, 2.0, (4, 3, 5, 6)), rng.normal(size=(4, 3, 5, 6))
    scale, shift = rng.normal(size=6), rng.normal(size=6)

    def formula(x, scale, shift):
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        return (x - mean) / jnp.sqrt(variance + convolution.EPSILON) * scale + shift, mean, variance

    def gradients(function, given):
        return jax.grad(lambda *a: jnp.sum(function(*a)[0] * jnp.asarray(weight, a[0].dtype)), (0, 1, 2))(
            *given
        )

    with jax.enable_x64(True):
        exact = [jnp.asarray(array) for array in (x, scale, shift)]
        wanted = [np.asarray(part) for part in (*formula(*exact), *gradients(formula, exact))]
    given = [jnp.float32(array) for array in (x, scale, shift)]
    for got, right in zip(
        (*normalize_channels(*given), *gradients(normalize_channels, given)), wanted, strict=True
    ):
        np.testing.assert_allclose(got, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pool", [max_pool, mean_pool])
def test_too_large_blocks_are_refused(pool):
    with pytest.raises(ValueError, match="blocks of 5 x 5 do not fit into a picture of 4 x 9"):
        pool(jnp.ones((1, 4, 9, 1)), 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": (1, 5, 5)}, "a picture .* is expected|are expected, got"),
        ({"weight": (3, 3, 4, 1)}, "are expected, got"),
        ({"stride": 0}, "a stride is 1 or more, got 0"),
        ({"padding": "valid"}, "padding is 'SAME' or 'VALID', got 'valid'"),
        (
            {"weight": (6, 3, 3, 1), "padding": "VALID"},
            "a window of 6 x 3 does not fit into a picture of 5 x 5",
        ),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    given = {"x": (1, 5, 5, 3), "weight": (3, 3, 3, 1), "stride": 1, "padding": "SAME"} | change
    with pytest.raises(ValueError, match=message):
        place_windows(given["x"], given["weight"], stride=given["stride"], padding=given["padding"])


def test_wishes_that_cannot_be_met_are_refused(monkeypatch):
    choose = convolution._choose_path.__wrapped__
    with pytest.raises(UsageError, match="HELDOUT_CONVOLUTION='winograd' is no way(.|\n)*native, rows, lax"):
        choose("winograd", "cpu")
    with pytest.raises(UsageError, match="cannot be met(.|\n)*JAX computes on 'gpu'"):
        choose("native", "gpu")
    monkeypatch.setattr(convolution, "find_library", lambda: NativeLibrary(None, "no C++ compiler"))
    with pytest.raises(UsageError, match="cannot be met: no C\\+\\+ compiler(.|\n)*'rows' is here"):
        choose("native", "cpu")
    assert choose("", "cpu") == "rows"
    assert choose("", "gpu") == "lax"
    assert choose("lax", "cpu") == "lax"


def test_the_way_is_described_without_a_build(monkeypatch):
    describe = convolution.describe_convolution
    monkeypatch.setattr(convolution, "find_library", lambda: pytest.fail("built"))
    monkeypatch.setattr(convolution, "describe_library", lambda: NativeLibrary(None, "no C++ compiler"))
    assert describe("cpu") == "rows (no C++ compiler)"
    monkeypatch.setattr(convolution, "describe_library", lambda: NativeLibrary(Path("a.so"), "a.so"))
    assert describe("cpu") == "native (a.so)"
    monkeypatch.setenv("HELDOUT_CONVOLUTION", "lax")
    assert describe("cpu") == "lax (asked for by HELDOUT_CONVOLUTION)"
    monkeypatch.setenv("HELDOUT_CONVOLUTION", "gemm")
    with pytest.raises(UsageError, match="'gemm' is no way to convolve"):
        describe("cpu")


def test_the_wish_is_read(monkeypatch):
    monkeypatch.setenv("HELDOUT_CONVOLUTION", "rows")
    assert convolution_path() == "rows"
