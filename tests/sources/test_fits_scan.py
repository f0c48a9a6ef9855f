"""The structure of FITS files, without astropy: sizes are checked before anything is allocated."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.sources.fits_scan import HduHead, choose_hdu, find_spectrum_columns, scan_fits


def card(keyword: str, value: object) -> bytes:
    shown = f"'{value:<8}'" if isinstance(value, str) else "T" if value is True else str(value)
    return f"{keyword:<8}= {shown:>20}".ljust(80).encode("ascii")


def header(*cards: bytes) -> bytes:
    raw = b"".join((*cards, b"END".ljust(80)))
    return raw + b" " * (-len(raw) % 2880)


def make_fits(values: np.ndarray, *more: bytes) -> bytes:
    """A plain FITS image, written by hand."""
    bits = {"u1": 8, "i2": 16, "i4": 32, "f4": -32, "f8": -64}[values.dtype.str[1:]]
    axes = [card(f"NAXIS{place}", length) for place, length in enumerate(values.shape[::-1], start=1)]
    head = header(card("SIMPLE", True), card("BITPIX", bits), card("NAXIS", values.ndim), *axes, *more)
    body = values.astype(values.dtype.newbyteorder(">")).tobytes()
    return head + body + bytes(-len(body) % 2880)


def test_image_and_its_axes() -> None:
    heads = scan_fits(make_fits(np.zeros((3, 5), np.float32)))
    assert heads == (HduHead(0, "", False, (3, 5)),)
    assert choose_hdu(heads).index == 0


def test_extensions_and_tables() -> None:
    extension = header(
        card("XTENSION", "BINTABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 8), card("NAXIS2", 4),
        card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 2), card("TTYPE1", "FLUX"), card("TTYPE2", "WAVE"),
        card("EXTNAME", "it''s"),
    )  # fmt: skip
    heads = scan_fits(make_fits(np.zeros(0, np.uint8)) + extension + bytes(2880))
    assert heads[1] == HduHead(1, "it's", True, (4,), ("FLUX", "WAVE"))
    assert find_spectrum_columns(heads[1]) == ("FLUX", "WAVE")
    assert choose_hdu(heads).index == 1
    assert choose_hdu(heads, "1").index == choose_hdu(heads, "IT'S").index == 1


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"PK\x03\x04", "no FITS file: it begins with b'PK"),
        (
            make_fits(np.zeros((9, 9), np.float64))[:2880],
            "extension 0 is cut short: its header says 648 bytes, 0 are there",
        ),
        (b"SIMPLE  =" + b" " * 5000, "has no END"),
        (header(card("SIMPLE", True), card("BITPIX", 7), card("NAXIS", 0)), "BITPIX is 7"),
        (header(card("SIMPLE", True), card("BITPIX", 8), card("NAXIS", 999_999)), "NAXIS is 999999"),
        (
            header(card("SIMPLE", True), card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", -5)),
            "NAXIS1 is -5",
        ),
        (
            header(card("SIMPLE", True), card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", "x")),
            "a whole number was expected",
        ),
        (
            header(
                card("SIMPLE", True),
                card("BITPIX", -64),
                card("NAXIS", 2),
                card("NAXIS1", 2**31),
                card("NAXIS2", 2**31),
            ),
            "would hold 36,893,488,147,419,103,232 bytes",
        ),
    ],
)
def test_refusals_before_anything_is_allocated(raw: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        scan_fits(raw)


def test_which_extension() -> None:
    empty, sci, err, dq = (
        HduHead(0, "", False, ()),
        HduHead(1, "SCI", False, (4, 4)),
        HduHead(2, "ERR", False, (4, 4)),
        HduHead(3, "DQ", False, (4, 4)),
    )
    assert choose_hdu((empty, sci, err, dq)) is sci
    a, b = HduHead(1, "R", False, (4, 4)), HduHead(2, "G", False, (4, 4))
    with pytest.raises(DataError, match="several extensions could be meant: .*1 R: image 4 x 4; 2 G"):
        choose_hdu((empty, a, b))
    assert choose_hdu((empty, a, b), "g") is b
    with pytest.raises(DataError, match="no extension 'B' in it"):
        choose_hdu((empty, a, b), "B")
    table = HduHead(1, "T", True, (9,), ("a", "b"))
    assert choose_hdu((empty, table)) is table
    with pytest.raises(DataError, match="several extensions could be meant"):
        choose_hdu((empty, table, HduHead(2, "U", True, (9,))))


def test_any_bytes_are_refused_or_described() -> None:
    rng = np.random.default_rng(0)
    seed = make_fits(np.zeros((3, 5), np.float32))
    for _ in range(300):
        raw = bytearray(seed)
        for place in rng.integers(0, 500, 4):
            raw[place] = rng.integers(32, 127)
        try:
            heads = scan_fits(bytes(raw))
        except DataError:
            continue
        assert heads
