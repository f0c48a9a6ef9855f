"""Colours of 16 bit: how many bits a file holds, and all of them where the decoder would keep eight."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps

from heldout.records import FloatArray

DEEP = 16
_BITS_PER_SAMPLE = 258  # the TIFF tag
_HIGH, _LOW = "16B", "16L"
# Colour in PNG files, which is stored with the high byte first: read as "low byte first" it gives the other byte.
_DEEP_MODES = ("RGB;16B", "RGBA;16B")
_GRAY_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601-2, as for colours of 8 bit


def count_bits(picture: Image.Image) -> int:
    """Count the bits a channel has in the file, 16 or at most 8; call it before the pixels are decoded.

    The decoder (Pillow) keeps the high byte of colours of 16 bit and says nothing: only the header tells.

    Args:
        picture: opened, not loaded.

    Example:
        >>> count_bits(Image.new("RGB", (4, 4)))
        8
    """
    if picture.format == "TIFF":
        bits = picture.tag_v2.get(_BITS_PER_SAMPLE, (8,))  # type: ignore[attr-defined] - TIFF files have it
        return DEEP if max(np.atleast_1d(bits)) >= DEEP and picture.mode not in ("I", "F") else 8
    for tile in getattr(picture, "tile", ()):
        mode = tile[3] if isinstance(tile[3], str) else ""
        most = tile[3][1] if picture.format == "PPM" and isinstance(tile[3], tuple) else 0
        if ";16" in mode or (isinstance(most, int) and most > 255 and tile[0].startswith("ppm")):
            return DEEP
    return 8


def is_deep_colour(picture: Image.Image) -> bool:
    """Whether all 16 bits of its colours can be read: those of PNG files without a colour that stands for nothing.

    Args:
        picture: opened, not loaded.

    Example:
        >>> is_deep_colour(Image.new("RGB", (4, 4)))
        False
    """
    if picture.format != "PNG" or "transparency" in picture.info:
        return False
    tiles = getattr(picture, "tile", [])
    return bool(tiles) and all(tile[3] in _DEEP_MODES for tile in tiles)


def read_deep(raw: bytes, *, gray: bool = False) -> FloatArray:
    """Read colours with all their 16 bits, what is transparent drawn on black.

    The file is decoded twice, once for the high and once for the low bytes: the decoder gives one byte a channel.

    Args:
        raw: content of a PNG file for which `is_deep_colour` holds.
        gray: brightness instead of three colours.

    Returns:
        float32 [height, width, 3] or [height, width, 1], 0 to 65535.
    """
    high, low = (_read_bytes(raw, order) for order in (_HIGH, _LOW))
    levels = high * np.float32(256.0) + low
    colours = levels[..., :3]
    if levels.shape[2] > colours.shape[2]:
        colours = colours * (levels[..., 3:] / np.float32(65535.0))
    return (colours @ _GRAY_WEIGHTS)[..., None] if gray else colours


def _read_bytes(raw: bytes, order: str) -> FloatArray:
    with Image.open(io.BytesIO(raw), formats=("PNG",)) as opened:
        opened.tile = [tile._replace(args=str(tile.args).replace(_HIGH, order)) for tile in opened.tile]
        opened.load()
        turned = ImageOps.exif_transpose(opened) if "exif" in opened.info else opened
        return np.asarray(turned, dtype=np.float32)
