"""One picture: its header, its pixels by a policy, and the policy that a set of headers asks for."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from heldout.errors import DataError
from heldout.records import ArrayPolicy, FloatArray, Kind
from heldout.sources.deep_colours import count_bits, is_deep_colour, read_deep

# Formats that Pillow reads without other programs; EPS would start one.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
PICTURE_ENDINGS = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".webp",
    ".ppm",
    ".pgm",
    ".pbm",
)
PICTURE_MAGICS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_ENDING_FORMATS = {
    "png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "jpe": "JPEG", "gif": "GIF", "bmp": "BMP", "tif": "TIFF",
    "tiff": "TIFF", "webp": "WEBP", "ppm": "PPM", "pgm": "PPM", "pbm": "PPM",
}  # fmt: skip
# Pillow's own bound against decompression bombs: 0.25 GB of colour.
MOST_PIXELS = 89_478_485
LEAST_SIDE = 4
# Above this, pictures are decoded one at a time, so that threads do not add up their memory.
_LARGE_PIXELS = 20_000_000
_ORIENTATION, _SWAPPED = 0x0112, (5, 6, 7, 8)
_MAKE, _MODEL, _LONGEST_CAMERA = 0x010F, 0x0110, 80
# Everything that Pillow's decoders were seen to raise on damaged bytes (its own fuzzing corpus, and ours).
FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError,
    AttributeError, RuntimeError, ZeroDivisionError, AssertionError, struct.error, zlib.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
# Aspects within this factor count as one (rounding of sizes); cropping loses at most a third of nine pictures in ten.
_SAME_ASPECT, _CROP_ASPECT = 1.03, 1.5

_COLOURS = ("red", "green", "blue")

_LARGE = threading.Lock()


@dataclass(frozen=True)
class PictureHead:
    """What the header of a picture says.

    Args:
        width: columns as seen (after EXIF orientation).
        height: rows as seen.
        mode: Pillow's mode.
        format: Pillow's format.
        has_alpha: it has a transparency of some kind.
        is_animated: it has more than one frame.
        is_turned: EXIF says that it must be turned or mirrored.
        camera: maker and model as EXIF says, "" where it does not.
        bits: bits of a channel in the file, 16 or at most 8.
        is_deep: colours whose 16 bits can all be read.
    """

    width: int
    height: int
    mode: str
    format: str
    has_alpha: bool = False
    is_animated: bool = False
    is_turned: bool = False
    camera: str = ""
    bits: int = 8
    is_deep: bool = False


@contextmanager
def refuse_bombs() -> Iterator[None]:
    """While it lasts, Pillow refuses pictures above its bound instead of warning; enter it before threads start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def is_picture(head: bytes) -> bool:
    """Whether content begins like a picture of a format that is read.

    Example:
        >>> is_picture(b"GIF89a"), is_picture(b"a,b")
        (True, False)
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return True
    return head.startswith(PICTURE_MAGICS) and (not head.startswith(b"BM") or head[6:10] == bytes(4))


def scan_picture(raw: bytes) -> PictureHead:
    """The header of a picture; nothing is decoded.

    Args:
        raw: content of the file.

    Raises:
        DataError: no picture of a known format, a damaged one, one smaller than 4 pixels or larger than the bound.

    Example:
        >>> scan_picture(b"<svg>")
        Traceback (most recent call last):
        heldout.errors.DataError: no picture of a known format (PNG, JPEG, GIF, BMP, TIFF, WEBP, PPM): ...
    """
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            exif = picture.getexif() if _may_have_exif(picture) else Image.Exif()
            turn = exif.get(_ORIENTATION, 1)
            # Pillow turns TIFF itself and gives the size as seen.
            is_swapped = turn in _SWAPPED and picture.format != "TIFF"
            head = PictureHead(
                *(picture.size[::-1] if is_swapped else picture.size),
                mode=picture.mode,
                format=picture.format or "",
                has_alpha=picture.mode in ("RGBA", "LA", "PA", "La", "RGBa")
                or "transparency" in picture.info,
                is_animated=getattr(picture, "n_frames", 1) > 1,
                is_turned=turn not in (0, 1),
                camera=_name_camera(exif),
                bits=count_bits(picture),
                is_deep=is_deep_colour(picture),
            )
            if picture.format == "PNG":
                picture.verify()
    except Image.UnidentifiedImageError:
        raise DataError(
            f"no picture of a known format ({', '.join(FORMATS)}): it begins with {raw[:12]!r}"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"more than {MOST_PIXELS:,} pixels; it was not decoded") from None
    except FAULTS as error:
        raise DataError(f"damaged: {error}") from None
    if head.width * head.height > MOST_PIXELS:
        raise DataError(f"{head.width} x {head.height} pixels, more than {MOST_PIXELS:,}; it was not decoded")
    if min(head.width, head.height) < LEAST_SIDE:
        raise DataError(
            f"{head.width} x {head.height} pixels; at least {LEAST_SIDE} x {LEAST_SIDE} are needed"
        )
    return head


def _name_camera(exif: Image.Exif) -> str:
    words = " ".join(str(exif.get(tag, "")).strip("\x00 ") for tag in (_MAKE, _MODEL)).split()
    return " ".join(dict.fromkeys(words))[:_LONGEST_CAMERA]


def _may_have_exif(picture: Image.Image) -> bool:
    return "exif" in picture.info or picture.format == "TIFF"


def expected_format(file: str) -> str:
    """The format that a file's ending promises, "" when it promises none.

    Example:
        >>> expected_format("a/b.JPG"), expected_format("b")
        ('JPEG', '')
    """
    return _ENDING_FORMATS.get(file.rpartition(".")[2].casefold(), "") if "." in file else ""


def decide_policy(heads: Sequence[PictureHead], *, side: int) -> ArrayPolicy:
    """One size, one number format and one set of channels for all pictures, from their headers.

    Sizes: equal ones stay (above side x side pixels they are scaled down, aspect kept); differing ones of one aspect
    are scaled; else the shorter side is scaled and the centre cropped, or, where that would cut more than a third
    of one picture in ten, the longer side is scaled and the picture padded with the median of its border.

    Args:
        heads: headers of all readable pictures, at least one.
        side: pixels of the largest square.

    Example:
        >>> heads = [PictureHead(300, 200, "L", "PNG"), PictureHead(100, 100, "L", "PNG")]
        >>> policy = decide_policy(heads, side=64)
        >>> policy.height, policy.width, policy.fit, policy.channels
        (64, 64, 'crop', ('gray',))
    """
    sizes = np.array([(head.height, head.width) for head in heads], dtype=np.float64)
    height, width, fit, why = decide_size(sizes, side)
    classes = Counter("16" if head.is_deep else _number_class(head.mode) for head in heads)
    if classes["raw"] > len(heads) / 2:
        dtype, divisor, numbers = "float32", 1.0, "numbers as stored"
    elif classes["16"] and (classes["16"] > len(heads) / 2 or not any(_has_colours(head) for head in heads)):
        dtype, divisor, numbers = "float32", 65535.0, "0 to 1 (16 bit)"
    else:
        dtype, divisor, numbers = "uint8", 1.0, "0 to 255"
    can_colour = [head for head in heads if head.is_deep or dtype == "uint8"]
    is_gray = divisor == 1.0 and dtype == "float32" or not any(_has_colours(head) for head in can_colour)
    channels = ("gray",) if is_gray else _COLOURS
    if any(head.has_alpha for head in heads) and dtype == "uint8":
        channels = (*channels, "alpha")
    return ArrayPolicy(
        Kind.PICTURE,
        dtype,
        channels,
        height=height,
        width=width,
        fit=fit,
        divisor=divisor,
        why=f"{why}; {numbers}",
    )


def _has_colours(head: PictureHead) -> bool:
    return _number_class(head.mode) == "8" and head.mode not in ("1", "L", "LA", "La")


def _number_class(mode: str) -> str:
    if mode.startswith("I;16"):
        return "16"
    return "raw" if mode in ("I", "F") else "8"


def decide_size(sizes: NDArray[np.float64], side: int) -> tuple[int, int, str, str]:
    """Height, width, way of fitting and why, for pictures of these sizes; the rules stand in `decide_policy`.

    Args:
        sizes: [N, 2], rows and columns in pixels.
        side: pixels of the largest square.

    Example:
        >>> decide_size(np.array([[28.0, 28.0]]), 64)[:3]
        (28, 28, 'exact')
    """
    n_sizes = len(np.unique(sizes, axis=0))
    height, width = (int(round(float(part))) for part in np.median(sizes, axis=0))
    aspects = sizes[:, 1] / sizes[:, 0]
    if aspects.max() <= aspects.min() * _SAME_ASPECT:
        shrink = min(1.0, side / float(np.sqrt(height * width)))
        new = (max(LEAST_SIDE, round(height * shrink)), max(LEAST_SIDE, round(width * shrink)))
        if n_sizes == 1 and shrink == 1.0:
            return (*new, "exact", f"all pictures have {height} x {width} pixels (rows x columns)")
        how = f"all have {height} x {width} pixels" if n_sizes == 1 else f"{n_sizes:,} sizes of one aspect"
        return (*new, "scale", f"{how}; scaled to {new[0]} x {new[1]} (rows x columns)")
    long = np.maximum(aspects, 1 / aspects)
    square = max(LEAST_SIDE, min(side, round(float(np.median(sizes.min(axis=1))))))
    low, high = sizes.min(axis=0).astype(int), sizes.max(axis=0).astype(int)
    spread = f"{n_sizes:,} sizes from {low[0]} x {low[1]} to {high[0]} x {high[1]} (rows x columns)"
    if np.quantile(long, 0.9) <= _CROP_ASPECT:
        return square, square, "crop", f"{spread}; shorter side to {square}, then the centre is cropped"
    return square, square, "pad", f"{spread}; longer side to {square}, padded with the median of the border"


def decode_picture(
    raw: bytes, policy: ArrayPolicy, *, head: PictureHead | None = None
) -> NDArray[np.generic]:
    """The pixels of a picture as the policy says.

    Transparent pixels are black, their transparency is the channel "alpha" if the policy has one; of animations the
    first frame is read; EXIF orientation is applied; CMYK, palettes and other colour models become red, green, blue.

    Args:
        raw: content of the file.
        policy: from `decide_policy`, or from the bundle.
        head: its header, if it was scanned already.

    Returns:
        [height, width, channels] of the policy's dtype.

    Raises:
        DataError: as `scan_picture`; or the pixels are damaged or cut short; or the size is not the policy's and the
            policy is "exact".
    """
    head = head or scan_picture(raw)
    try:
        if head.width * head.height < _LARGE_PIXELS:
            return _decode(raw, policy)
        with _LARGE:
            return _decode(raw, policy)
    except DataError:
        raise
    except FAULTS as error:
        raise DataError(f"damaged: {error}") from None


def _decode(raw: bytes, policy: ArrayPolicy) -> NDArray[np.generic]:
    with Image.open(io.BytesIO(raw), formats=FORMATS) as opened:
        if opened.format == "JPEG":
            # libjpeg can halve while it decodes; twice the size needed keeps the scaling below exact enough.
            longest = 2 * max(policy.height, policy.width)
            opened.draft(None, (longest, longest))  # type: ignore[arg-type] - None leaves the mode
        is_deep = is_deep_colour(opened)
        opened.load()
        picture = ImageOps.exif_transpose(opened) if _may_have_exif(opened) else opened
        if _number_class(picture.mode) != "8" or policy.dtype == "float32":
            return _read_numbers(picture, policy, raw if is_deep else None)
        pixels = _fit_size(_convert(picture, policy.channels), policy)
    return pixels.reshape(policy.height, policy.width, len(policy.channels))


def _convert(picture: Image.Image, channels: tuple[str, ...]) -> Image.Image:
    is_gray, has_alpha = channels[0] == "gray", channels[-1] == "alpha"
    is_clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if is_clear or has_alpha:
        # Premultiplied by alpha, which is the same as drawn on black.
        whole = picture if picture.mode in ("RGBA", "LA") else picture.convert("RGBA")
        if is_gray:
            whole = (whole if whole.mode == "LA" else whole.convert("LA")).convert("La")
        else:
            whole = whole.convert("RGBA").convert("RGBa")
        if has_alpha:
            return whole
        # The bands are already multiplied: dropping alpha leaves the picture on black.
        bands = whole.split()
        return bands[0] if is_gray else Image.merge("RGB", bands[:3])
    wanted = "L" if is_gray else "RGB"
    if is_gray and picture.mode not in ("1", "L"):
        picture = picture.convert("RGB")
    return picture if picture.mode == wanted else picture.convert(wanted)


def _read_numbers(picture: Image.Image, policy: ArrayPolicy, deep: bytes | None) -> NDArray[np.generic]:
    numbers = _read_levels(picture, policy, deep)
    if not np.isfinite(numbers).all():
        raise DataError("it holds numbers that are not finite")
    bands = [Image.fromarray(np.ascontiguousarray(band)) for band in np.moveaxis(numbers, 2, 0)]
    fitted = np.stack([np.asarray(_fit_size(band, policy), np.float32) for band in bands], axis=2)
    n_channels = len(policy.channels)
    if policy.dtype == "uint8":  # 16 bit where the others have 8
        gray = np.clip(np.round(fitted / 257.0), 0, 255).astype(np.uint8)
        n_colours = 1 if policy.channels[0] == "gray" else 3
        opaque = np.full_like(gray, 255)
        return np.concatenate([gray] * n_colours + [opaque] * (n_channels - n_colours), axis=2)
    whole = fitted if fitted.shape[2] == n_channels else np.repeat(fitted, n_channels, axis=2)
    return whole / np.float32(policy.divisor)


def _read_levels(picture: Image.Image, policy: ArrayPolicy, deep: bytes | None) -> FloatArray:
    """Levels of 16 bit, or numbers as stored: float32 [height, width, 1], or 3 where the policy has colours."""
    kind = _number_class(picture.mode)
    is_raw = policy.dtype == "float32" and policy.divisor == 1.0
    if is_raw != (kind == "raw"):
        raise DataError(
            f"its numbers ({picture.mode}) are of another kind than those of the other pictures "
            f"({'stored numbers' if is_raw else 'levels of gray or colour'})"
        )
    is_gray = policy.channels[0] == "gray"
    if deep is not None:
        return read_deep(deep, gray=is_gray)
    if kind == "8":
        levels = np.asarray(_convert(picture, ("gray",) if is_gray else _COLOURS), dtype=np.float32) * 257.0
    else:
        levels = np.asarray(picture).astype(np.float32)
    return levels.reshape(picture.height, picture.width, -1)


def _fit_size(picture: Image.Image, policy: ArrayPolicy) -> NDArray[np.generic]:
    """The pixels at the policy's size, [height, width] or [height, width, bands]."""
    width, height = picture.size
    target = (policy.width, policy.height)
    if (width, height) == target:
        return np.asarray(picture)
    if policy.fit == "exact":
        raise DataError(
            f"{height} x {width} pixels (rows x columns) where {policy.height} x {policy.width} were expected"
        )
    ratios = (policy.width / width, policy.height / height)
    if policy.fit == "pad":
        size = (max(1, round(width * min(ratios))), max(1, round(height * min(ratios))))
        return _pad(np.asarray(picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)), policy)
    box = None
    if policy.fit == "crop":
        left, top = (width - policy.width / max(ratios)) / 2, (height - policy.height / max(ratios)) / 2
        box = (left, top, width - left, height - top)
    return np.asarray(picture.resize(target, Image.Resampling.BICUBIC, box=box, reducing_gap=3.0))


def _pad(pixels: NDArray[np.generic], policy: ArrayPolicy) -> NDArray[np.generic]:
    height, width = pixels.shape[0], pixels.shape[1]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    whole = np.empty((policy.height, policy.width, *pixels.shape[2:]), pixels.dtype)
    whole[...] = np.median(border.astype(np.float64), axis=0)
    top, left = (policy.height - height) // 2, (policy.width - width) // 2
    whole[top : top + height, left : left + width] = pixels
    return whole
