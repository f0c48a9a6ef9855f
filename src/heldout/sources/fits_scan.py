"""The structure of a FITS file, checked before anything is allocated: extensions, sizes, names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from heldout.errors import DataError

FITS_MAGIC = b"SIMPLE  ="
_BLOCK, _CARD = 2880, 80
_WIDTHS = {8: 1, 16: 2, 32: 4, 64: 8, -32: 4, -64: 8}
_MOST_AXES, _MOST_BYTES, _MOST_HEADER_BLOCKS, _MOST_HDUS = 9, 4_000_000_000, 2_000, 2_000
_TEXT = re.compile(r"'((?:[^']|'')*)'")
# Extensions that accompany an image and are no image of their own.
_COMPANIONS = frozenset(
    {"ERR", "ERROR", "ERRORS", "IVAR", "VAR", "VARIANCE", "DQ", "MASK", "WEIGHT", "WHT", "NOISE", "SRES", "PSF", "EXP",
     "WAVE", "WAVELENGTH", "Z", "CTX", "CON", "RMS", "BKG", "SKY"}
)  # fmt: skip
_MAIN = ("SCI", "SCIENCE", "FLUX", "DATA", "IMAGE", "COADD")


@dataclass(frozen=True)
class HduHead:
    """One extension.

    Args:
        index: its number from 0.
        name: EXTNAME, "" without one.
        is_table: a table (of text or numbers); images packed in a table count as images.
        shape: axes in numpy's order; rows of a table.
        columns: names of a table's columns.
    """

    index: int
    name: str
    is_table: bool
    shape: tuple[int, ...]
    columns: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its number and name, for messages."""
        what = (
            f"table of {self.shape[0]} rows"
            if self.is_table
            else f"image {' x '.join(map(str, self.shape)) or '-'}"
        )
        return f"{self.index} {self.name or '(no name)'}: {what}"


def scan_fits(raw: bytes) -> tuple[HduHead, ...]:
    """The extensions of a FITS file.

    Args:
        raw: content, unpacked.

    Raises:
        DataError: not FITS, a header without END, impossible axes, or data cut short.

    Example:
        >>> scan_fits(b"SIMPLE  = T")
        Traceback (most recent call last):
        heldout.errors.DataError: the header of extension 0 has no END: the file is cut short
    """
    if not raw.startswith(FITS_MAGIC):
        raise DataError(f"no FITS file: it begins with {raw[:12]!r}")
    heads: list[HduHead] = []
    place = 0
    while place < len(raw) and len(heads) < _MOST_HDUS:
        if heads and not raw.startswith(b"XTENSION", place):
            break  # blanks or zeros behind the last extension
        cards, place = _read_cards(raw, place, len(heads))
        size = _measure(cards, len(heads))
        if place + size > len(raw):
            raise DataError(
                f"extension {len(heads)} is cut short: its header says {size:,} bytes, {len(raw) - place:,} are there"
            )
        heads.append(_describe(cards, len(heads)))
        place += -(-size // _BLOCK) * _BLOCK
    return tuple(heads)


def _read_cards(raw: bytes, place: int, number: int) -> tuple[dict[str, str], int]:
    cards: dict[str, str] = {}
    for _ in range(_MOST_HEADER_BLOCKS):
        block = raw[place : place + _BLOCK]
        place += _BLOCK
        for start in range(0, len(block), _CARD):
            card = block[start : start + _CARD].decode("latin-1")
            keyword = card[:8].strip()
            if keyword == "END" and not card[8:].strip():
                return cards, place
            if card[8:10] == "= ":
                cards.setdefault(keyword, card[10:])
        if len(block) < _BLOCK:
            break
    raise DataError(f"the header of extension {number} has no END: the file is cut short")


def _whole(cards: dict[str, str], keyword: str, default: int | None, number: int) -> int:
    text = cards.get(keyword, "").split("/")[0].strip()
    if not text and default is not None:
        return default
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise DataError(f"extension {number}: {keyword} is {text!r}, a whole number was expected")
    return int(text)


def _measure(cards: dict[str, str], number: int) -> int:
    bits = _whole(cards, "BITPIX", None, number)
    n_axes = _whole(cards, "NAXIS", None, number)
    if bits not in _WIDTHS:
        raise DataError(f"extension {number}: BITPIX is {bits}; 8, 16, 32, 64, -32 or -64 was expected")
    if not 0 <= n_axes <= _MOST_AXES:
        raise DataError(f"extension {number}: NAXIS is {n_axes}; 0 to {_MOST_AXES} were expected")
    count = _multiply(cards, "NAXIS", n_axes, number)
    extra, groups = _whole(cards, "PCOUNT", 0, number), _whole(cards, "GCOUNT", 1, number)
    size = _WIDTHS[bits] * groups * (extra + count) if n_axes else 0
    packed = _whole(cards, "ZNAXIS", 0, number)
    if packed and not 0 < packed <= _MOST_AXES:
        raise DataError(f"extension {number}: ZNAXIS is {packed}; 1 to {_MOST_AXES} were expected")
    inflated = _multiply(cards, "ZNAXIS", packed, number) * 8 if packed else 0
    if extra < 0 or groups < 0 or max(size, inflated) > _MOST_BYTES:
        raise DataError(
            f"extension {number} would hold {max(size, inflated):,} bytes; at most {_MOST_BYTES:,} are read"
        )
    return size


def _multiply(cards: dict[str, str], stem: str, n_axes: int, number: int) -> int:
    count = 1
    for axis in range(1, n_axes + 1):
        length = _whole(cards, f"{stem}{axis}", None, number)
        if length < 0:
            raise DataError(f"extension {number}: {stem}{axis} is {length}, which is no length")
        count *= length
    return count


def _describe(cards: dict[str, str], number: int) -> HduHead:
    kind = _text(cards.get("XTENSION", ""))
    is_packed = "ZIMAGE" in cards
    is_table = kind in ("TABLE", "BINTABLE", "A3DTABLE") and not is_packed
    stem = "ZNAXIS" if is_packed else "NAXIS"
    n_axes = _whole(cards, stem, 0, number)
    shape = tuple(_whole(cards, f"{stem}{axis}", 0, number) for axis in range(n_axes, 0, -1))
    if is_table and n_axes != 2:
        raise DataError(f"extension {number}: a table has two axes, this one {n_axes}")
    fields = _whole(cards, "TFIELDS", 0, number) if is_table else 0
    names = tuple(_text(cards.get(f"TTYPE{field}", "")) for field in range(1, min(fields, 999) + 1))
    return HduHead(number, _text(cards.get("EXTNAME", "")), is_table, shape[:1] if is_table else shape, names)


def _text(card: str) -> str:
    found = _TEXT.match(card.strip())
    return found[1].replace("''", "'").strip() if found else ""


def choose_hdu(heads: tuple[HduHead, ...], wanted: str = "") -> HduHead:
    """The extension to read: the one asked for, or the only one that can be meant.

    Args:
        heads: from `scan_fits`.
        wanted: its name or number, "" to find it.

    Raises:
        DataError: no such extension, none with data, or several that could be meant.

    Example:
        >>> heads = (HduHead(0, "", False, ()), HduHead(1, "SCI", False, (4, 4)), HduHead(2, "ERR", False, (4, 4)))
        >>> choose_hdu(heads).index
        1
        >>> choose_hdu((HduHead(0, "", False, ()),))
        Traceback (most recent call last):
        heldout.errors.DataError: no image and no table in it: 0 (no name): image -
    """
    told = "; ".join(head.label for head in heads[:12])
    if wanted:
        for head in heads:
            if wanted.casefold() == head.name.casefold() or wanted == str(head.index):
                return head
        raise DataError(f"no extension {wanted!r} in it: {told}")
    images = [head for head in heads if not head.is_table and head.shape and 0 not in head.shape]
    main = [head for head in images if head.name.upper() not in _COMPANIONS]
    named = [head for head in main if head.name.upper() in _MAIN]
    tables = [head for head in heads if head.is_table]
    spectra = [head for head in tables if find_spectrum_columns(head) is not None]
    for found in (main, named, spectra[:1] if not main else [], tables if not images else []):
        if len(found) == 1:
            return found[0]
    if not images and not tables:
        raise DataError(f"no image and no table in it: {told}")
    raise DataError(
        f"several extensions could be meant: {told}", hint="say which, by name or number (--sheet NAME)"
    )


def find_spectrum_columns(head: HduHead) -> tuple[str, str] | None:
    """The columns of flux and wavelength of a table that is a spectrum, or None.

    Example:
        >>> find_spectrum_columns(HduHead(1, "COADD", True, (9,), ("flux", "loglam", "ivar")))
        ('flux', 'loglam')
    """
    by_fold = {name.casefold(): name for name in head.columns}
    flux = next(
        (by_fold[name] for name in ("flux", "flux_density", "intensity", "counts") if name in by_fold), ""
    )
    waves = ("loglam", "wave", "wavelength", "lambda", "lam", "frequency")
    wave = next((by_fold[name] for name in waves if name in by_fold), "")
    return (flux, wave) if flux and wave else None
