"""The data of one FITS extension: scaled values, missing ones as NaN, the axis of a spectrum, the header's keywords."""

from __future__ import annotations

import importlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from heldout.errors import DataError
from heldout.records import FloatArray
from heldout.sources.fits_scan import HduHead, find_spectrum_columns
from heldout.sources.workbook import load_extra

# What astropy raises on damaged files (its own tests, and ours).
_FAULTS = (
    OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, MemoryError, EOFError,
    RuntimeError, NotImplementedError, ZeroDivisionError, struct.error, zlib.error,
)  # fmt: skip
# Keywords that describe the file and not what was observed.
_STRUCTURE = frozenset(
    {"SIMPLE", "BITPIX", "NAXIS", "EXTEND", "BSCALE", "BZERO", "BLANK", "CHECKSUM", "DATASUM", "COMMENT", "HISTORY",
     "XTENSION", "PCOUNT", "GCOUNT", "TFIELDS", "EXTNAME", "EXTVER", "EXTLEVEL", "INHERIT", "LONGSTRN", "END", ""}
)  # fmt: skip
_NUMBERED = (
    "NAXIS",
    "TTYPE",
    "TFORM",
    "TUNIT",
    "TDIM",
    "TNULL",
    "TSCAL",
    "TZERO",
    "TDISP",
    "TBCOL",
    "ZNAXIS",
)
_MOST_BANDS = 16


@dataclass(frozen=True)
class FitsContent:
    """The data of one extension and the keywords of its header.

    Args:
        values: float32, NaN where there is no value; [H, W, C] or [T, C].
        axis: float64 [T] for spectra that have one.
        keywords: text of each keyword.
    """

    values: FloatArray
    axis: np.ndarray | None
    keywords: dict[str, str]


def list_faults() -> tuple[type[BaseException], ...]:
    """Everything that reading a damaged file may raise; needs astropy."""
    fits = load_extra("astropy.io.fits", "astro", "FITS data")
    known = (*_FAULTS, fits.VerifyError)
    try:
        # The decompressor's own exception derives from nothing more special than Exception and has no public name.
        inner = importlib.import_module("astropy.io.fits.hdu.compressed._compression")
    except ImportError:
        return known
    return (*known, inner.CfitsioException)


def load_fits(raw: bytes, head: HduHead) -> FitsContent:
    """The data and keywords of one extension.

    Args:
        raw: content of the file.
        head: the extension, from `choose_hdu`.

    Raises:
        DataError: damaged, a checksum that does not fit, no value at all, or axes that are no image or spectrum.
    """
    fits = load_extra("astropy.io.fits", "astro", "FITS data")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with fits.open(io.BytesIO(raw), checksum=True, memmap=False, lazy_load_hdus=False) as opened:
                hdu = opened[head.index]
                keywords = {**_list_header(opened[0].header), **_list_header(hdu.header)}
                values, axis = _take_spectrum(hdu, head) if head.is_table else _take_image(opened, hdu)
    except DataError:
        raise
    except list_faults() as error:
        raise DataError(f"damaged: {str(error)[:200]}") from None
    for item in caught:
        text = str(item.message)
        if "sum verification failed" in text:
            raise DataError(f"its checksum does not fit: {text.strip()}")
    if not np.isfinite(values).any():
        raise DataError("all its values are missing (NaN or BLANK)")
    return FitsContent(values, axis, keywords)


def _list_header(header: Any) -> dict[str, str]:  # noqa: ANN401 - astropy has no types without it
    found: dict[str, str] = {}
    for card in header.cards:
        keyword = card.keyword.upper()
        if keyword in _STRUCTURE or keyword.rstrip("0123456789") in _NUMBERED or keyword in found:
            continue
        value = card.value
        if isinstance(value, str | bool | int | float):
            found[keyword] = value.strip() if isinstance(value, str) else repr(value)
    return found


def _take_image(opened: Any, hdu: Any) -> tuple[FloatArray, np.ndarray | None]:  # noqa: ANN401
    data = np.asarray(hdu.data)
    if data.dtype.kind not in "buif":
        raise DataError(f"its values are {data.dtype}, no real numbers")
    with np.errstate(over="ignore", invalid="ignore"):
        values = data.astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    for other in opened:
        is_quality = (
            other.name.upper() == "DQ" and other is not hdu and getattr(other, "shape", ()) == data.shape
        )
        if is_quality and other.data is not None:
            values[np.asarray(other.data) != 0] = np.nan
    values = values.reshape([length for length in data.shape if length > 1] or [1])
    if values.ndim == 1:
        return values[:, None], _find_axis(hdu.header, len(values))
    if values.ndim == 2:
        return values[..., None], None
    if values.ndim == 3 and values.shape[0] <= _MOST_BANDS:
        return np.moveaxis(values, 0, 2), None
    raise DataError(
        f"its data have the axes {' x '.join(map(str, data.shape))}; an image or a spectrum was expected"
    )


def _find_axis(header: Any, length: int) -> np.ndarray | None:  # noqa: ANN401
    step = header.get("CDELT1", header.get("CD1_1"))
    start, pixel = header.get("CRVAL1"), header.get("CRPIX1", 1.0)
    if not all(isinstance(value, int | float) for value in (step, start, pixel)) or not step:
        return None
    return start + (np.arange(length) + 1 - pixel) * step


def _take_spectrum(hdu: Any, head: HduHead) -> tuple[FloatArray, np.ndarray | None]:  # noqa: ANN401
    names = find_spectrum_columns(head)
    if names is None:
        raise DataError(f"{head.label} is no spectrum")
    flux, wave = (np.asarray(hdu.data[name]) for name in names)
    if flux.ndim != 1 or wave.shape != flux.shape:
        raise DataError(
            f"its columns {names[0]} and {names[1]} have the shapes {flux.shape} and {wave.shape}"
        )
    values = flux.astype(np.float32)
    weight = next((name for name in head.columns if name.casefold() == "ivar"), "")
    if weight:
        values[np.asarray(hdu.data[weight]) == 0] = np.nan
    return values[:, None], wave.astype(np.float64)
