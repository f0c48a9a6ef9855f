"""Pictures made small and comparable: low frequencies, a hash of their signs, and how alike two are laid over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, irfft2, rfft2

from heldout.records import MARK_CHANNELS, ArrayColumn, BoolArray, FloatArray, IndexArray

SIDE = 32  # pixels; larger pictures are shrunk by means over areas, smaller ones keep their size
_AT_ONCE = 1_000
# Frequencies up + across: of brightness and of two colour differences. With them 237 of 249 near copies of CIFAR-10
# are among the 6 nearest pictures; more frequencies find fewer, since copies are shifted.
_OF_BRIGHTNESS, _OF_COLOUR = 9, 5
_COLOUR_WEIGHT = 1.0
_FREQUENCIES = 10
_BANDS = (
    5.0,
    0.7,
)  # standard deviations in pixels of 32: broader light and finer noise than these are taken out
_MARGIN = 1 / 8  # of the side: how far a copy may be shifted
_ZOOMS = (0.93, 0.86)
_FLAT = 1.0  # gray levels of 256: a picture with less structure than this is compared with none


@dataclass(frozen=True)
class Shrunk:
    """Pictures as they are compared.

    Args:
        points: float32 [N, D], embedding of length one.
        bands: int8 [N, H, W], brightness without broad light and noise, each picture by its own scale.
        energy: float32 [N], standard deviation of the bands in gray levels; 0 where there is no structure.
    """

    points: FloatArray
    bands: NDArray[np.int8]
    energy: FloatArray


def _list_frequencies() -> tuple[IndexArray, BoolArray]:
    up, across = np.divmod(np.arange(_FREQUENCIES * _FREQUENCIES), _FREQUENCIES)
    bright = (up + across <= _OF_BRIGHTNESS) & (up + across > 0)
    colour = (up + across <= _OF_COLOUR) & (up + across > 0)
    places = np.concatenate([np.flatnonzero(bright), np.flatnonzero(colour), np.flatnonzero(colour)])
    is_colour = np.arange(len(places)) >= bright.sum()
    return places, is_colour


_PLACES, _IS_COLOUR = _list_frequencies()
MIRROR = np.where(_PLACES % _FREQUENCIES % 2 == 0, 1, -1)


def shrink_pictures(array: ArrayColumn) -> Shrunk:
    """Give the embedding and the bands of pictures, in blocks.

    Args:
        array: pictures; of stored numbers each picture is scaled by its own median and spread (arcsinh).

    Returns:
        `Shrunk`; 1.5 kB a picture.
    """
    n = len(array.values)
    channels = [k for k, name in enumerate(array.policy.channels) if name not in MARK_CHANNELS]
    height, width = (min(SIDE, length) for length in array.values.shape[1:3])
    points = np.zeros((n, len(_PLACES)), np.float32)
    bands = np.zeros((n, height, width), np.int8)
    energy = np.zeros(n, np.float32)
    for start in range(0, n, _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        levels = _scale(np.asarray(array.values[block])[..., channels])
        small = _shrink(levels, height, width)
        bright, differences = _separate(small)
        points[block] = _embed(bright, differences)
        flat = _filter(bright)
        spread = flat.std(axis=(1, 2))
        energy[block] = np.where(spread >= _FLAT, spread, 0.0)
        top = np.abs(flat).max(axis=(1, 2), keepdims=True)
        bands[block] = np.round(flat * (127.0 / np.maximum(top, 1e-6))).astype(np.int8)
    return Shrunk(points, bands, energy)


def hash_pictures(shrunk: Shrunk) -> NDArray[np.uint64]:
    """Give 64 bits for each picture that survive re-coding: the signs of its lowest frequencies.

    Args:
        shrunk: from `shrink_pictures`.

    Returns:
        uint64 [N].

    Source:
        The perceptual hash of Zauner 2010, "Implementation and benchmarking of perceptual image hash functions", with
        the frequencies ordered from low to high.
    """
    up, across = np.divmod(_PLACES, _FREQUENCIES)
    lowest = np.flatnonzero(~_IS_COLOUR)
    lowest = lowest[np.argsort((up + across)[lowest], kind="stable")]
    signs = np.zeros((len(shrunk.points), 64), np.uint64)
    taken = shrunk.points[:, lowest[:64]] > 0
    # Bands of 16 bits hold every fourth frequency, so that each has low ones.
    signs[:, : taken.shape[1]] = taken
    order = np.arange(64).reshape(16, 4).T.reshape(-1)
    return (signs[:, order] << np.arange(64, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)


def lay_over(
    shrunk: Shrunk, candidates: IndexArray, *, is_half: bool = False, is_zoomed: bool = True
) -> FloatArray:
    """Give how alike pictures are where they lie over each other best.

    Args:
        shrunk: from `shrink_pictures`.
        candidates: int64 [P, 3], position, other position, 1 where the other is mirrored.
        is_half: look at every second pixel only (means of four).
        is_zoomed: try the middle of either enlarged by 7 and 14 %, too.

    Returns:
        float32 [P], the highest correlation of the middle of one with any part of the other.
    """
    likeness = np.zeros(len(candidates), np.float32)
    for start in range(0, len(candidates), _AT_ONCE):
        block = candidates[start : start + _AT_ONCE]
        one = shrunk.bands[block[:, 0]].astype(np.float32)
        other = shrunk.bands[block[:, 1]].astype(np.float32)
        other = np.where(block[:, 2, None, None] == 1, other[:, :, ::-1], other)
        if is_half:
            one, other = _halve(one), _halve(other)
        best = _match(one, other)
        for zoom in _ZOOMS if is_zoomed else ():
            best = np.maximum(best, _match(_enlarge(one, zoom), other))
            best = np.maximum(best, _match(_enlarge(other, zoom), one))
        likeness[start : start + _AT_ONCE] = best
    return likeness


def _scale(values: NDArray[np.generic]) -> FloatArray:
    """Give levels from 0 to 255, or, of stored numbers, what corresponds to them."""
    if values.dtype == np.uint8:
        return values.astype(np.float32)
    flat = values.reshape(len(values), -1).astype(np.float64)
    middle = np.median(flat, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(flat - middle), axis=1, keepdims=True)
    spread = np.where(spread > 0, spread, flat.std(axis=1, keepdims=True))
    return (
        (128.0 + 32.0 * np.arcsinh((flat - middle) / np.maximum(spread, 1e-300)))
        .reshape(values.shape)
        .astype(np.float32)
    )


def _shrink(levels: FloatArray, height: int, width: int) -> FloatArray:
    """Means over areas, exact for any size."""
    for axis, length in ((1, height), (2, width)):
        if levels.shape[axis] != length:
            weights = _area_weights(levels.shape[axis], length)
            levels = np.moveaxis(np.tensordot(weights, levels, (1, axis)), 0, axis)
    return levels


@lru_cache(maxsize=8)
def _area_weights(before: int, after: int) -> FloatArray:
    edges = np.arange(after + 1) * before / after
    cells = np.arange(before)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    weights = np.clip(overlap, 0.0, None)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _separate(small: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Brightness [N, H, W] and two differences of colour [N, H, W, 2] (zeros where there are no three channels)."""
    bright = small.mean(axis=3)
    if small.shape[3] != 3:
        return bright, np.zeros((*bright.shape, 2), np.float32)
    red, green, blue = (small[..., k] for k in range(3))
    return bright, np.stack([red - blue, green - (red + blue) / 2], axis=3)


def _embed(bright: FloatArray, differences: FloatArray) -> FloatArray:
    planes = [bright, differences[..., 0] * _COLOUR_WEIGHT, differences[..., 1] * _COLOUR_WEIGHT]
    n_bright = int((~_IS_COLOUR).sum())
    n_colour = int(_IS_COLOUR.sum()) // 2
    bounds = np.cumsum([0, n_bright, n_colour, n_colour])
    points = np.zeros((len(bright), len(_PLACES)), np.float32)
    for k, plane in enumerate(planes):
        part = slice(bounds[k], bounds[k + 1])
        points[:, part] = _transform(plane)[:, _PLACES[part]]
    return points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-6)


def _transform(plane: FloatArray) -> FloatArray:
    """The lowest frequencies [N, 100]; zeros for those that a picture of few pixels does not have."""
    found = np.asarray(dct(np.asarray(dct(plane, axis=1, norm="ortho")), axis=2, norm="ortho"))
    found = found[:, :_FREQUENCIES, :_FREQUENCIES]
    whole = np.zeros((len(plane), _FREQUENCIES, _FREQUENCIES), np.float32)
    whole[:, : found.shape[1], : found.shape[2]] = found
    return whole.reshape(len(plane), -1)


def _filter(bright: FloatArray) -> FloatArray:
    """Brightness without broad light and pixel noise."""
    broad, fine = (_blur(bright, width) for width in _BANDS)
    return fine - broad


def _blur(plane: FloatArray, width: float) -> FloatArray:
    up, across = (_blur_weights(length, width * length / SIDE) for length in plane.shape[1:])
    return _weigh(planes=plane, up=up, across=across)


@lru_cache(maxsize=16)
def _blur_weights(length: int, width: float) -> FloatArray:
    """A Gaussian as a matrix; at the ends the picture is reflected."""
    places = np.arange(length)
    weights = np.zeros((length, length))
    for shift in (places, -1 - places, 2 * length - 1 - places):
        weights[:, places] += np.exp(-0.5 * ((places[:, None] - shift) / width) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _halve(planes: FloatArray) -> FloatArray:
    return _shrink(planes[..., None], max(planes.shape[1] // 2, 1), max(planes.shape[2] // 2, 1))[..., 0]


def _enlarge(planes: FloatArray, zoom: float) -> FloatArray:
    up, across = (_zoom_weights(length, zoom) for length in planes.shape[1:])
    return _weigh(planes=planes, up=up, across=across)


@lru_cache(maxsize=16)
def _zoom_weights(length: int, zoom: float) -> FloatArray:
    """The middle part of a line, stretched to the whole of it, as a matrix."""
    middle = (length - 1) / 2
    at = middle + zoom * (np.arange(length) - middle)
    low = np.clip(np.floor(at).astype(int), 0, max(length - 2, 0))
    weights = np.zeros((length, length))
    weights[np.arange(length), low] = 1 - (at - low)
    weights[np.arange(length), np.minimum(low + 1, length - 1)] += at - low
    return weights.astype(np.float32)


def _match(one: FloatArray, other: FloatArray) -> FloatArray:
    """The highest correlation of the middle of one with a part of the other, over all shifts within the margin."""
    height, width = one.shape[1:]
    up, across = max(1, round(height * _MARGIN)), max(1, round(width * _MARGIN))
    inner = (height - 2 * up, width - 2 * across)
    middle = one[:, up : up + inner[0], across : across + inner[1]]
    middle = middle - middle.mean(axis=(1, 2), keepdims=True)
    middle = middle / np.maximum(np.sqrt((middle**2).sum(axis=(1, 2), keepdims=True)), 1e-3)
    totals, squares = _sum_windows(other, inner), _sum_windows(other**2, inner)
    spread = np.sqrt(np.maximum(squares - totals**2 / (inner[0] * inner[1]), 1.0))
    # The rest of the template is zero and as wide as the margin, so that no shift of interest wraps around.
    template = np.zeros_like(other)
    template[:, : inner[0], : inner[1]] = middle
    turned = np.conj(np.asarray(rfft2(template)))
    found = np.asarray(irfft2(np.asarray(rfft2(other)) * turned, s=(height, width)))
    return (found[:, : 2 * up + 1, : 2 * across + 1] / spread).max(axis=(1, 2))


def _sum_windows(planes: FloatArray, inner: tuple[int, int]) -> FloatArray:
    """Sums over all windows of a size; exact in float32, as they stay below 2**24."""
    up, across = (_window_weights(length, size) for length, size in zip(planes.shape[1:], inner, strict=True))
    return _weigh(planes=planes, up=up, across=across)


def _weigh(*, planes: FloatArray, up: FloatArray, across: FloatArray) -> FloatArray:
    """Sums along both axes of each plane."""
    return np.matmul(np.matmul(up, planes), across.T, dtype=np.float32)


@lru_cache(maxsize=16)
def _window_weights(length: int, size: int) -> FloatArray:
    """One row for each window of a line, with ones where it lies."""
    start = np.arange(length - size + 1)[:, None]
    place = np.arange(length)
    return ((place >= start) & (place < start + size)).astype(np.float32)
