"""FITS files: images and spectra as arrays, tables as tables, header keywords as columns; needs the extra `astro`."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from heldout.errors import DataError
from heldout.records import ArrayColumn, ArrayPolicy, FloatArray, Kind, Ledger, RawColumn, Table
from heldout.sources.arrays import ArrayPart, build_array_table, write_numbers
from heldout.sources.cache import make_space
from heldout.sources.columns import encode_cells
from heldout.sources.curve_tables import stack_curves
from heldout.sources.curves import Curve, drop_empty_mask, order_curve
from heldout.sources.file_tables import FileRows, build_file_table
from heldout.sources.fits_content import list_faults, load_fits
from heldout.sources.fits_scan import HduHead, choose_hdu, find_spectrum_columns, scan_fits
from heldout.sources.folders import FileSet
from heldout.sources.header import repair_names
from heldout.sources.pictures import LEAST_SIDE, decide_size
from heldout.sources.placement import place_files
from heldout.sources.request import Request
from heldout.sources.workbook import load_extra

_MOST_KEYWORDS, _OFTEN, _LONGEST_IMAGE = 400, 0.5, 8
_SCALE_OUTLIER = 100.0


def read_fits(files: FileSet, request: Request) -> Table:
    """The table of FITS files: one row a file, an array `picture` or `signal`, and a column for each header keyword.

    A single file whose data are a table is read as that table. BSCALE, BZERO and BLANK are applied, missing pixels
    become the image's median and are marked in the channel "mask"; values stay physical, nothing is stretched.

    Args:
        files: the files; those that are no FITS are set aside.
        request: policy, extension and pattern, if given.

    Raises:
        DataError: astropy is not installed, or no file can be read.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> read_fits(as_file_set("t", {"a.fits": b"SIMPLE  ="}), Request())
        Traceback (most recent call last):
        heldout.errors.DataError: a.fits: the header of extension 0 has no END: the file is cut short
    """
    place = place_files(files.files, name=files.name)
    names = [files.files[number] for number in np.flatnonzero(place.keep)]
    heads, faults = _scan(files, names, request)
    if not heads:
        first = min(faults)
        raise DataError(f"{names[first]}: {faults[first]}")
    load_extra("astropy.io.fits", "astro", f"{files.name} holds FITS files")
    if len(names) == 1 and heads[0].is_table and find_spectrum_columns(heads[0]) is None:
        return _read_table(files.read(names[0]), heads[0], names[0])
    if len(names) == 1 and _is_stack(heads[0]):
        return _read_stack(files.read(names[0]), heads[0], names[0], request)
    usual = Counter(_kind_of(head) for head in heads.values()).most_common(1)[0][0]
    for row in [row for row, head in heads.items() if _kind_of(head) != usual]:
        faults[row] = f"holds {heads.pop(row).label}; most others hold a {usual}"
    if usual is Kind.SIGNAL:
        rows, array, keywords = _read_spectra(files, names, heads, faults, request)
    else:
        rows, array, keywords = _read_images(files, names, heads, faults, request)
    columns, notes = _list_keywords(keywords, files.name, keep_all=request.is_fixed)
    kept = [names[row] for row in rows]
    told = (*notes, *_tell_units(keywords, files.name), *_tell_scales(array, kept, files.name))
    found = FileRows(
        np.array(rows, dtype=np.int64), sorted(faults.items()), "FITS data", (array,), columns, told
    )
    return build_file_table(files, place, found, request)


def _scan(
    files: FileSet, names: Sequence[str], request: Request
) -> tuple[dict[int, HduHead], dict[int, str]]:
    heads: dict[int, HduHead] = {}
    faults: dict[int, str] = {}
    given = next((policy for policy in request.policies), None)
    wanted = request.hdu or (given.unit if given else "")
    for row, name in enumerate(names):
        try:
            heads[row] = choose_hdu(scan_fits(files.read(name)), wanted)
        except DataError as error:
            if len(names) == 1:
                raise DataError(f"{name}: {error.message}", hint=error.hint) from None
            faults[row] = error.message
    return heads, faults


def _kind_of(head: HduHead) -> Kind | None:
    if head.is_table:
        return Kind.SIGNAL if find_spectrum_columns(head) else None
    axes = [length for length in head.shape if length > 1]
    return Kind.SIGNAL if len(axes) == 1 else Kind.PICTURE


def _is_stack(head: HduHead) -> bool:
    axes = [length for length in head.shape if length > 1]
    return not head.is_table and len(axes) == 2 and max(axes) > _LONGEST_IMAGE * min(axes)


def _read_stack(raw: bytes, head: HduHead, name: str, request: Request) -> Table:
    """A single image far longer than high: its rows are signals."""
    values = load_fits(raw, head).values[..., 0]
    values = values if values.shape[0] < values.shape[1] else values.T
    note = f"{name}: extension {head.label} is so long that its {len(values)} rows are read as signals"
    return build_array_table([ArrayPart(name, 0, values[..., None])], request, source=name, notes=(note,))


_Found = tuple[list[int], ArrayColumn, list[dict[str, str]]]


def _read_spectra(
    files: FileSet, names: Sequence[str], heads: dict[int, HduHead], faults: dict[int, str], request: Request
) -> _Found:
    curves: dict[int, Curve] = {}
    keywords: dict[int, dict[str, str]] = {}
    for row, head in sorted(heads.items()):
        try:
            content = load_fits(files.read(names[row]), head)
            if content.values.ndim != 2:
                raise DataError(f"holds {' x '.join(map(str, content.values.shape))} values, no spectrum")
            curves[row] = order_curve(content.values, content.axis)
            keywords[row] = content.keywords
        except DataError as error:
            faults[row] = error.message
    _refuse_empty(curves, names, faults)
    array, failed = stack_curves(curves, ("flux",), request, axis="wavelength", unit=_tell_hdu(heads))
    faults.update(failed)
    rows = [row for row in curves if row not in failed]
    return rows, array, [keywords[row] for row in rows]


def _tell_hdu(heads: dict[int, HduHead]) -> str:
    found = {head.name or str(head.index) for head in heads.values()}
    return next(iter(found)) if len(found) == 1 and found != {"0"} else ""


def _refuse_empty(found: dict, names: Sequence[str], faults: dict[int, str]) -> None:
    if not found:
        first = min(faults)
        raise DataError(
            f"none of the {len(names)} FITS files can be read; the first, {names[first]}: {faults[first]}"
        )


def _read_images(
    files: FileSet, names: Sequence[str], heads: dict[int, HduHead], faults: dict[int, str], request: Request
) -> _Found:
    given = request.policy(Kind.PICTURE)
    policy = given or _decide_images(heads, faults, request)
    n_bands = len(policy.channels) - (policy.channels[-1] == "mask")
    space = make_space((len(heads), policy.height, policy.width, n_bands + 1), "float32")
    keywords: dict[int, dict[str, str]] = {}
    for row, head in sorted(heads.items()):
        if row in faults:
            continue
        try:
            content = load_fits(files.read(names[row]), head)
            space.values[len(keywords)] = _fit_image(content.values, policy, n_bands)
            keywords[row] = content.keywords
        except DataError as error:
            faults[row] = error.message
    _refuse_empty(keywords, names, faults)
    values = space.finish(len(keywords), {})
    if given is None:
        full = replace(policy, channels=(*policy.channels, "mask"))
        values, channels = drop_empty_mask(values, full)  # type: ignore[arg-type]
        policy = replace(policy, channels=channels)
    elif policy.channels[-1] != "mask":
        values = values[..., :-1]
    return (
        list(keywords),
        ArrayColumn("picture", Kind.PICTURE, values, policy, (policy.why,)),
        list(keywords.values()),
    )


def _decide_images(heads: dict[int, HduHead], faults: dict[int, str], request: Request) -> ArrayPolicy:
    shapes = {row: tuple(length for length in head.shape if length > 1) for row, head in heads.items()}
    bands = {row: shape[0] if len(shape) == 3 else 1 for row, shape in shapes.items()}
    usual = Counter(bands.values()).most_common(1)[0][0]
    for row, count in bands.items():
        if count != usual:
            faults[row] = f"has {count} planes, most others have {usual}"
        elif min(shapes[row][-2:]) < LEAST_SIDE:
            faults[row] = (
                f"{' x '.join(map(str, shapes[row]))} pixels; at least {LEAST_SIDE} x {LEAST_SIDE} are needed"
            )
    sizes = np.array([shapes[row][-2:] for row in shapes if row not in faults], dtype=np.float64)
    if not len(sizes):
        raise DataError(f"no image is large enough; the first: {faults[min(faults)]}")
    height, width, fit, why = decide_size(sizes, request.side)
    names = ("gray",) if usual == 1 else tuple(f"plane {number}" for number in range(1, usual + 1))
    why = f"{why}; physical values, not stretched"
    return ArrayPolicy(
        Kind.PICTURE, "float32", names, height=height, width=width, fit=fit, unit=_tell_hdu(heads), why=why
    )


def _fit_image(values: FloatArray, policy: ArrayPolicy, n_bands: int) -> FloatArray:
    if values.ndim != 3:
        raise DataError("holds no image: all axes but one have the length 1")
    if values.shape[2] != n_bands:
        raise DataError(f"has {values.shape[2]} planes where {n_bands} were expected")
    height, width = values.shape[:2]
    if policy.fit == "exact" and (height, width) != (policy.height, policy.width):
        raise DataError(f"{height} x {width} pixels where {policy.height} x {policy.width} were expected")
    missing = np.isnan(values)
    filled = np.where(missing, np.nanmedian(values), values).astype(np.float32)
    planes = [_resize(filled[..., band], policy) for band in range(n_bands)]
    mask = _resize(np.asarray(missing.any(axis=2), dtype=np.float32), policy, is_mask=True)
    return np.stack([*planes, (mask >= 0.5).astype(np.float32)], axis=2)


def _resize(plane: FloatArray, policy: ArrayPolicy, *, is_mask: bool = False) -> FloatArray:
    """One plane at the policy's size, by means over areas, so that no value lies beyond those observed."""
    height, width = plane.shape
    if (height, width) == (policy.height, policy.width):
        return plane
    picture = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    ratios = (policy.width / width, policy.height / height)
    scale = min(ratios) if policy.fit == "pad" else max(ratios)
    if policy.fit == "pad":
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(picture.resize(size, Image.Resampling.BOX))
        whole = np.full(
            (policy.height, policy.width), 1.0 if is_mask else float(np.median(plane)), np.float32
        )
        top, left = (policy.height - small.shape[0]) // 2, (policy.width - small.shape[1]) // 2
        whole[top : top + small.shape[0], left : left + small.shape[1]] = small
        return whole
    left, top = (width - policy.width / scale) / 2, (height - policy.height / scale) / 2
    box = (0.0, 0.0, width, height) if policy.fit == "scale" else (left, top, width - left, height - top)
    size = (policy.width, policy.height)
    return np.asarray(picture.resize(size, Image.Resampling.BOX, box=box), dtype=np.float32)


def _list_keywords(
    keywords: Sequence[dict[str, str]], name: str, *, keep_all: bool
) -> tuple[tuple[RawColumn, ...], tuple[str, ...]]:
    counts = Counter(key for found in keywords for key in found)
    often = [key for key, count in counts.items() if keep_all or count >= _OFTEN * len(keywords)]
    is_one = keep_all or len(keywords) == 1
    varying = [key for key in often if len({found.get(key) for found in keywords}) > 1 or is_one]
    notes = []
    if len(often) > len(varying):
        notes.append(
            f"{name}: {len(often) - len(varying)} header keywords are equal in all files and were left out"
        )
    if len(counts) > len(often):
        rare = sorted(counts.keys() - set(often))
        notes.append(
            f"{name}: {len(rare)} header keywords stand in less than half of the files and were left out: "
            f"{', '.join(rare[:8])}"
        )
    kept = varying if keep_all else varying[:_MOST_KEYWORDS]
    columns = tuple(encode_cells(f"header/{key}", [found.get(key) for found in keywords]) for key in kept)
    return columns, tuple(notes)


def _tell_units(keywords: Sequence[dict[str, str]], name: str) -> tuple[str, ...]:
    notes = []
    for key, what in (("BUNIT", "units"), ("FILTER", "filters")):
        found = Counter(words.get(key, "none") for words in keywords)
        if len(found) > 1:
            told = ", ".join(f"{text} {count:,}" for text, count in found.most_common(6))
            notes.append(f"{name}: the files have different {what} ({key}: {told})")
    return tuple(notes)


def _tell_scales(array: ArrayColumn, names: Sequence[str], name: str) -> tuple[str, ...]:
    """A note when the values of some files are a hundred times those of the others: another unit, most likely."""
    levels = np.array([float(np.median(np.abs(values[..., 0]))) for values in array.values])
    usual = float(np.median(levels))
    if len(levels) < 5 or usual <= 0:
        return ()
    odd = np.flatnonzero((levels > _SCALE_OUTLIER * usual) | (levels < usual / _SCALE_OUTLIER))
    if not 0 < len(odd) < len(levels) / 2:
        return ()
    return (
        f"{name}: the values of {len(odd):,} files are more than {_SCALE_OUTLIER:.0f} times larger or smaller than "
        f"usual, perhaps in another unit (first: {names[odd[0]]})",
    )


def _read_table(raw: bytes, head: HduHead, name: str) -> Table:
    """A FITS table as a table of cells; columns of several numbers become columns `name[1]`, `name[2]`, ..."""
    fits = load_extra("astropy.io.fits", "astro", f"{name} is a FITS file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with fits.open(io.BytesIO(raw), memmap=False) as opened:
                hdu = opened[head.index]
                fields = {column: np.asarray(hdu.data[column]) for column in hdu.columns.names}
    except list_faults() as error:
        raise DataError(f"{name} is damaged: {str(error)[:200]}") from None
    cells = [pair for column, values in fields.items() for pair in _write_field(column, values)]
    n_rows = head.shape[0]
    if not n_rows or not cells:
        raise DataError(f"{name} has no rows in the table {head.label}")
    names, repairs = repair_names([column for column, _ in cells], name=name)
    columns = tuple(encode_cells(column, texts) for column, (_, texts) in zip(names, cells, strict=True))
    lines = np.arange(1, n_rows + 1, dtype=np.int64)
    notes = (f"{PurePosixPath(name).name}: read from extension {head.label}", *repairs)
    return Table(columns, lines, name, notes, ledger=Ledger(rows=n_rows, used=n_rows))


def _write_field(name: str, values: np.ndarray) -> list[tuple[str, list[str | None]]]:
    flat = values.reshape(len(values), -1)
    if flat.shape[1] == 1 or values.ndim == 1:
        return [(name, write_numbers(flat[:, 0]))]
    return [(f"{name}[{place + 1}]", write_numbers(flat[:, place])) for place in range(flat.shape[1])]
