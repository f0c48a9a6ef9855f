"""Convolution and pooling of batches, by the fastest way of the machine at hand.

Three ways give the same numbers up to rounding: `native`, the library of `heldout.native`, on a processor; `rows`,
plain matrix products, on a processor without that library; `lax`, XLA's own convolution, on a GPU. On a processor
XLA's convolution inside a loop is 8 to 30 times slower than the other two, so it is never the choice there.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from heldout.errors import UsageError
from heldout.native import describe_library, find_library

WISH = "HELDOUT_CONVOLUTION"
PATHS = ("native", "rows", "lax")
EPSILON = 1e-5  # added to a variance before its root is taken (the usual value of batch normalization)


@dataclass(frozen=True)
class Windows:
    """Where the windows of a convolution lie along height and width.

    Args:
        stride: pixels from one window to the next.
        counts: windows along each axis.
        before: zeros above and to the left.
        after: zeros below and to the right.
    """

    stride: int
    counts: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]


def convolution_path() -> str:
    """Give the way convolutions are computed in this process: "native", "rows" or "lax".

    It belongs to the identity of a study: the ways differ by rounding. `HELDOUT_CONVOLUTION` asks for one of them.

    Raises:
        UsageError: `HELDOUT_CONVOLUTION` names no way, or one that is not to be had here.

    Example:
        >>> convolution_path() in ("native", "rows")
        True
    """
    return _choose_path(os.environ.get(WISH, ""), jax.default_backend())


def describe_convolution(backend: str) -> str:
    """Say how convolutions are computed, and why, without building or loading anything.

    Args:
        backend: what JAX computes on, `jax.default_backend()`.

    Raises:
        UsageError: as for `convolution_path`, where that shows without a build.

    Example:
        >>> describe_convolution("gpu")
        "lax (XLA's own convolution on gpu)"
    """
    wish = os.environ.get(WISH, "")
    library = describe_library()
    if wish in ("rows", "lax"):
        return f"{wish} (asked for by {WISH})"
    if backend != "cpu" or (wish and (wish not in PATHS or library.path is None)):
        return f"{_choose_path(wish, backend)} (XLA's own convolution on {backend})"
    way = "rows" if library.path is None else "native"
    return f"{way} ({library.note})"


def convolve(
    x: jax.Array,
    weight: jax.Array,
    *,
    stride: int = 1,
    padding: str = "SAME",
    bias: jax.Array | None = None,
    relu: bool = False,
) -> jax.Array:
    """Convolve a batch of pictures; on request add a bias and cut negative sums off in the same pass over memory.

    Args:
        x: float32 [R, H, W, C].
        weight: float32 [kernel height, kernel width, C, O].
        stride: pixels from one window to the next, in both directions, 1 or more.
        padding: "SAME" (ceil(H / stride) windows, zeros around, the odd one below and to the right, as `lax.conv`
            has it) or "VALID" (windows that lie inside).
        bias: float32 [O]; none when left out.
        relu: whether negative results become 0.

    Returns:
        float32 [R, H', W', O].

    Raises:
        ValueError: shapes that do not fit, a stride below 1, an unknown padding, a window larger than the picture.

    Source:
        `bench/convolution.py` measures the ways.

    Example:
        >>> convolve(jnp.ones((1, 4, 4, 1)), jnp.ones((3, 3, 1, 1)), padding="VALID").ravel().tolist()
        [9.0, 9.0, 9.0, 9.0]
        >>> convolve(jnp.ones((1, 2, 2, 1)), jnp.ones((3, 3, 1, 1)), padding="VALID")
        Traceback (most recent call last):
        ValueError: a window of 3 x 3 does not fit into a picture of 2 x 2: use padding='SAME'
    """
    windows = place_windows(x.shape, weight.shape, stride=stride, padding=padding)
    path = convolution_path()
    if path == "native" and x.dtype == weight.dtype == jnp.float32:
        given = jnp.zeros(weight.shape[3], jnp.float32) if bias is None else bias
        return _native(x, weight, given, windows, relu)
    sums = _lax(x, weight, windows) if path == "lax" else _rows(x, weight, windows)
    sums = sums if bias is None else sums + bias
    return jax.nn.relu(sums) if relu else sums


def convolve_1d(
    x: jax.Array,
    weight: jax.Array,
    *,
    stride: int = 1,
    padding: str = "SAME",
    bias: jax.Array | None = None,
    relu: bool = False,
) -> jax.Array:
    """Convolve a batch of sequences: pictures of height 1.

    Args:
        x: float32 [R, T, C].
        weight: float32 [kernel, C, O].
        stride: as for `convolve`, as are `padding`, `bias` and `relu`.
        padding: "SAME" or "VALID".
        bias: float32 [O].
        relu: whether negative results become 0.

    Returns:
        float32 [R, T', O].

    Raises:
        ValueError: as for `convolve`.

    Example:
        >>> convolve_1d(jnp.ones((1, 5, 1)), jnp.ones((3, 1, 1))).ravel().tolist()
        [2.0, 3.0, 3.0, 3.0, 2.0]
    """
    flat = convolve(x[:, None], weight[None], stride=stride, padding=padding, bias=bias, relu=relu)
    return flat[:, 0]


def max_pool(x: jax.Array, size: int | tuple[int, int]) -> jax.Array:
    """Give the largest value of each block of pixels; rows and columns that fill no block are left out ("VALID").

    Args:
        x: [R, H, W, C].
        size: height and width of a block; one number for both.

    Returns:
        [R, H // height, W // width, C]. The gradient goes in equal parts to all pixels that hold the largest value.

    Raises:
        ValueError: a block larger than the picture, or smaller than 1.

    Source:
        Reshape and max took 39 ms a step of a small network, `lax.reduce_window` 69.

    Example:
        >>> max_pool(jnp.arange(15.0).reshape(1, 3, 5, 1), 2).ravel().tolist()
        [6.0, 8.0]
    """
    return _cut_blocks(x, size).max(axis=(2, 4))


def mean_pool(x: jax.Array, size: int | tuple[int, int]) -> jax.Array:
    """Give the mean of each block of pixels; arguments, shapes and refusals as for `max_pool`.

    Example:
        >>> mean_pool(jnp.arange(4.0).reshape(1, 2, 2, 1), 2).ravel().tolist()
        [1.5]
    """
    return _cut_blocks(x, size).mean(axis=(2, 4))


@jax.custom_vjp
def normalize_channels(
    x: jax.Array, scale: jax.Array, shift: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Bring each channel of a batch to mean 0 and variance 1, then scale and shift it: batch normalization.

    The gradient is written out: it reads the batch twice, where the derived one reads it several times.

    Args:
        x: float32 [R, ..., C].
        scale: float32 [C].
        shift: float32 [C].

    Returns:
        The result with the shape of x, and mean and (biased) variance of x by channel [C], which carry no gradient.

    Source:
        Ioffe & Szegedy 2015. Forward and backward of [128, 32, 32, 16] took 8.7 ms, the derived gradient 14.7.

    Example:
        >>> y, mean, variance = normalize_channels(jnp.array([[1.0], [3.0]]), jnp.ones(1), jnp.zeros(1))
        >>> y.round(3).ravel().tolist(), mean.tolist(), variance.tolist()
        ([-1.0, 1.0], [2.0], [1.0])
    """
    mean = _sum_by_channel(x) / (x.size / x.shape[-1])
    # the mean of squares less the squared mean would lose digits in float32 where the mean is large
    variance = _sum_by_channel(jnp.square(x - mean)) / (x.size / x.shape[-1])
    return (x - mean) * (jax.lax.rsqrt(variance + EPSILON) * scale) + shift, mean, variance


def _normalize_forward(
    x: jax.Array, scale: jax.Array, shift: jax.Array
) -> tuple[tuple[jax.Array, jax.Array, jax.Array], tuple[jax.Array, ...]]:
    y, mean, variance = normalize_channels(x, scale, shift)
    return (y, mean, variance), (x, mean, jax.lax.rsqrt(variance + EPSILON), scale)


def _normalize_backward(
    kept: tuple[jax.Array, ...], slopes: tuple[jax.Array, jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array, jax.Array]:
    x, mean, spread, scale = kept
    slope, count = slopes[0], x.size / x.shape[-1]
    by_shift = _sum_by_channel(slope)
    by_scale = _sum_by_channel(slope * (x - mean)) * spread
    gain = spread * scale
    by_x = gain * slope - (gain * spread * by_scale / count) * (x - mean) - gain * by_shift / count
    return by_x, by_scale, by_shift


normalize_channels.defvjp(_normalize_forward, _normalize_backward)


def _sum_by_channel(x: jax.Array) -> jax.Array:
    return x.sum(axis=tuple(range(x.ndim - 1)))


def place_windows(
    x: tuple[int, ...], weight: tuple[int, ...], *, stride: int = 1, padding: str = "SAME"
) -> Windows:
    """Place the windows of a convolution from the shapes of its operands; arguments and refusals as for `convolve`.

    Example:
        >>> place_windows((1, 28, 28, 3), (3, 3, 3, 8), stride=2)
        Windows(stride=2, counts=(14, 14), before=(0, 0), after=(1, 1))
    """
    if len(x) != 4 or len(weight) != 4 or x[3] != weight[2]:
        raise ValueError(
            f"a picture [R, H, W, C] and a weight [h, w, C, O] are expected, got {x} and {weight}"
        )
    if stride < 1:
        raise ValueError(f"a stride is 1 or more, got {stride!r}")
    height, width = x[1:3]
    if padding == "VALID":
        if height < weight[0] or width < weight[1]:
            raise ValueError(
                f"a window of {weight[0]} x {weight[1]} does not fit into a picture of {height} x {width}: "
                "use padding='SAME'"
            )
        counts = ((height - weight[0]) // stride + 1, (width - weight[1]) // stride + 1)
        return Windows(stride, counts, (0, 0), (0, 0))
    if padding != "SAME":
        raise ValueError(f"padding is 'SAME' or 'VALID', got {padding!r}")
    counts = (-(-height // stride), -(-width // stride))
    missing = [
        max(0, (count - 1) * stride + kernel - size)
        for count, kernel, size in zip(counts, weight[:2], (height, width), strict=True)
    ]
    before = (missing[0] // 2, missing[1] // 2)
    return Windows(stride, counts, before, (missing[0] - before[0], missing[1] - before[1]))


@functools.cache
def _choose_path(wish: str, backend: str) -> str:
    if wish and wish not in PATHS:
        raise UsageError(f"{WISH}={wish!r} is no way to convolve", hint=f"use one of {', '.join(PATHS)}")
    if wish in ("rows", "lax"):
        return wish
    if backend != "cpu":
        if wish:
            raise UsageError(
                f"{WISH}={wish!r} cannot be met: the native library computes on a processor, "
                f"JAX computes on {backend!r} here",
                hint=f"unset {WISH}, or set JAX_PLATFORMS=cpu",
            )
        return "lax"
    library = find_library()
    if library.path is None and wish:
        raise UsageError(
            f"{WISH}={wish!r} cannot be met: {library.note}",
            hint=f"unset {WISH}: the portable way 'rows' is here",
        )
    return "rows" if library.path is None else "native"


def _cut_blocks(x: jax.Array, size: int | tuple[int, int]) -> jax.Array:
    high, wide = (size, size) if isinstance(size, int) else size
    rows, height, width, channels = x.shape
    if not (1 <= high <= height and 1 <= wide <= width):
        raise ValueError(f"blocks of {high} x {wide} do not fit into a picture of {height} x {width}")
    whole = x[:, : height // high * high, : width // wide * wide]
    return whole.reshape(rows, height // high, high, width // wide, wide, channels)


def _lax(x: jax.Array, weight: jax.Array, windows: Windows) -> jax.Array:
    sides = tuple(zip(windows.before, windows.after, strict=True))
    strides = (windows.stride, windows.stride)
    return jax.lax.conv_general_dilated(x, weight, strides, sides, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _rows(x: jax.Array, weight: jax.Array, windows: Windows) -> jax.Array:
    """Lay the shifted columns side by side, then add one matrix product for each row of the kernel."""
    kernel_h, kernel_w, channels, outputs = weight.shape
    sides = tuple(zip(windows.before, windows.after, strict=True))
    padded = jnp.pad(x, ((0, 0), *sides, (0, 0)))
    step = windows.stride
    down, across = ((count - 1) * step + 1 for count in windows.counts)
    columns = jnp.concatenate(
        [padded[:, :, shift : shift + across : step] for shift in range(kernel_w)], axis=-1
    )
    table = weight.reshape(kernel_h, kernel_w * channels, outputs)
    products = (columns[:, shift : shift + down : step] @ table[shift] for shift in range(kernel_h))
    return functools.reduce(jnp.add, products)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _native(x: jax.Array, weight: jax.Array, bias: jax.Array, windows: Windows, relu: bool) -> jax.Array:
    shape = (x.shape[0], *windows.counts, weight.shape[3])
    return _call("heldout_convolve", [shape], x, weight, bias, windows=windows, relu=relu)[0]


def _native_forward(
    x: jax.Array, weight: jax.Array, bias: jax.Array, windows: Windows, relu: bool
) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    y: jax.Array = _native(x, weight, bias, windows, relu)  # type: ignore[assignment]  # custom_vjp is untyped
    # the rectifier's gradient needs to know where the result is above 0, nothing else needs the result
    return y, (x, weight, y if relu else jnp.zeros((1, 1, 1, 1), jnp.float32))


def _native_backward(
    windows: Windows, relu: bool, kept: tuple[jax.Array, ...], slopes: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    x, weight, y = kept
    at = {"windows": windows, "relu": relu}
    # two calls, so that XLA drops the first where the gradient by the input is not asked for
    (by_x,) = _call("heldout_convolve_dx", [x.shape], slopes, y, weight, **at)
    by_weight, by_bias = _call("heldout_convolve_dw", [weight.shape, (weight.shape[3],)], x, slopes, y, **at)
    return by_x, by_weight, by_bias


_native.defvjp(_native_forward, _native_backward)


def _call(
    name: str, shapes: list[tuple[int, ...]], *operands: jax.Array, windows: Windows, relu: bool
) -> tuple[jax.Array, ...]:
    """Call a function of the library; under `vmap` it is called once for each element."""
    results = tuple(jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes)
    call = jax.ffi.ffi_call(name, results, vmap_method="sequential")
    stride, top, left = (np.int64(number) for number in (windows.stride, *windows.before))
    return tuple(call(*operands, stride=stride, top=top, left=left, relu=relu))
