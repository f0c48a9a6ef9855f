"""Every bad example in one table: set aside with file and reason, counted in the ledger, and the rest goes on."""

from __future__ import annotations

import gzip
import importlib.util
import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from heldout.errors import DataError
from heldout.records import Table
from heldout.sources import read_table, tell_ledger
from heldout.sources.ledger import check_ledger

N_GOOD = 6
HAS_ASTROPY = importlib.util.find_spec("astropy") is not None
needs_astropy = pytest.mark.skipif(not HAS_ASTROPY, reason="astropy, the extra 'astro', is not installed")
RNG = np.random.default_rng(0)


def draw(form: str = "PNG", size: tuple[int, int] = (16, 16), seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (*size, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


def make_bomb(side: int) -> bytes:
    """A whole PNG of side x side pixels with one bit each, 50 kB for 20,000 x 20,000."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def make_fits(values: np.ndarray | None, *, is_damaged: bool = False) -> bytes:
    from astropy.io import fits

    stream = io.BytesIO()
    header = fits.Header({"FILTER": "r"})
    fits.HDUList([fits.PrimaryHDU(values, header=header)]).writeto(stream, checksum=True)
    raw = bytearray(stream.getvalue())
    if is_damaged:
        raw[2880 + 17] ^= 1
    return bytes(raw)


def good_picture(number: int) -> bytes:
    return draw(seed=number + 1)


def good_text(number: int) -> bytes:
    return f"a short review, number {number}\n".encode()


def good_sequence(number: int) -> bytes:
    letters = "".join(np.random.default_rng(number).choice(list("ACGT"), 40))
    return f">s{number}\n{letters}\n".encode()


def good_image(number: int) -> bytes:
    return make_fits(np.random.default_rng(number).normal(size=(8, 8)).astype(np.float32))


PICTURES = [
    ("cut.png", lambda: draw()[:-60], "damaged|truncated"),
    ("cut.jpg", lambda: draw("JPEG", (64, 64))[:-900], "damaged|truncated"),
    (
        "drawing.png",
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        "no picture of a known format",
    ),
    ("page.jpg", lambda: b"<!DOCTYPE html><title>404</title>", "no picture of a known format"),
    ("dot.png", lambda: draw(size=(1, 1)), r"1 x 1 pixels; at least 4 x 4 are needed"),
    ("huge.png", lambda: make_bomb(20_000), r"pixels.*not decoded"),
    ("empty.png", lambda: b"", r"empty \(0 bytes\)"),
]
TEXTS = [
    ("empty.txt", lambda: b"", r"empty \(0 bytes\)"),
    ("blank.txt", lambda: b" \n\t\n", "holds no text"),
    ("log.txt", lambda: b"word " * 1_000_000, "holds 5,000,000 characters, more than 4,000,000"),
    ("bytes.txt", lambda: bytes(range(256)) * 20, "neither UTF-8 nor cp1252"),
]
SEQUENCES = [
    ("reads.fa", lambda: b"@r1\nACGT\n+\nIIII\n", "is FASTQ"),
    (
        "cut.fa.gz",
        lambda: gzip.compress(good_sequence(9) * 200)[:-20],
        "cut short|damaged|truncated|incomplete",
    ),
    ("empty.fa", lambda: b"", r"empty \(0 bytes\)"),
]
RECORDS = [
    (b">p1\nMKLEFWQRILPMKLEFWQRILPMKLEFWQRILP\n", "p1", "are no letters of DNA"),
    (b">d1\nACGT1ACGT\n", "d1", "'1' at position 5"),
    (b">e1\n\n", "e1", "has no sequence"),
    (b">s1\nACGTACGTAAACGTACGTAA\n", "s1", "stands for 2 records with different sequences"),
]
SKIES = [
    (
        "checksum.fits",
        lambda: make_fits(np.ones((8, 8), np.float32), is_damaged=True),
        "checksum does not fit",
    ),
    ("nan.fits", lambda: make_fits(np.full((8, 8), np.nan, np.float32)), "all its values are missing"),
    ("none.fits", lambda: make_fits(None), "no image and no table in it"),
    ("cube.fits", lambda: make_fits(np.ones((3, 8, 8), np.float32)), "has 3 planes, most others have 1"),
    ("line.fits", lambda: make_fits(np.ones((9,), np.float32)), "most others hold a picture"),
    ("cut.fits", lambda: make_fits(np.ones((40, 40), np.float32))[:4000], "cut short"),
]
CASES = [
    *(pytest.param(good_picture, "png", *case, id=case[0]) for case in PICTURES),
    *(pytest.param(good_text, "txt", *case, id=case[0]) for case in TEXTS),
    *(pytest.param(good_sequence, "fa", *case, id=case[0]) for case in SEQUENCES),
    *(pytest.param(good_image, "fits", *case, id=case[0], marks=needs_astropy) for case in SKIES),
]


def write_good(folder: Path, make: Callable[[int], bytes], ending: str) -> None:
    for number in range(N_GOOD):
        place = folder / ("cat" if number % 2 else "dog")
        place.mkdir(exist_ok=True)
        (place / f"{number}.{ending}").write_bytes(make(number))


def check_aside(table: Table, name: str, reason: str) -> None:
    """One example is set aside, with its name and the reason; all others are there."""
    check_ledger(table)
    assert table.ledger is not None
    assert table.ledger.used == len(table.lines) == N_GOOD
    assert table.ledger.quarantined == 1
    (found,) = (row for row in table.set_aside if row.kind == "quarantined")
    assert name in f"{found.text} {found.reason}"
    assert re.search(reason, found.reason), found.reason
    assert "1 quarantined" in tell_ledger(table.ledger, "t", "files") or "quarantined" in str(table.ledger)


@pytest.mark.parametrize(("make", "ending", "name", "content", "reason"), CASES)
def test_a_bad_file_is_set_aside_and_the_rest_goes_on(
    tmp_path: Path,
    make: Callable[[int], bytes],
    ending: str,
    name: str,
    content: Callable[[], bytes],
    reason: str,
) -> None:
    write_good(tmp_path, make, ending)
    (tmp_path / "cat" / name).write_bytes(content())
    check_aside(read_table(tmp_path), name, reason)


@pytest.mark.parametrize(("make", "ending", "name", "content", "reason"), CASES)
def test_a_bad_file_alone_is_refused_with_its_name(
    tmp_path: Path,
    make: Callable[[int], bytes],
    ending: str,
    name: str,
    content: Callable[[], bytes],
    reason: str,
) -> None:
    if name in ("cube.fits", "line.fits"):
        pytest.skip("alone it is what it is")
    for folder in ("cat", "dog"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content())
    with pytest.raises(DataError, match=f"{re.escape(name)}|no examples of one kind"):
        read_table(tmp_path)


@pytest.mark.parametrize(("record", "name", "reason"), RECORDS, ids=[case[1] for case in RECORDS])
def test_a_bad_record_is_set_aside_and_the_rest_goes_on(
    tmp_path: Path, record: bytes, name: str, reason: str
) -> None:
    file = tmp_path / "all.fa"
    file.write_bytes(
        b"".join(map(good_sequence, range(10, 10 + N_GOOD))) + record + record.replace(b"AAAC", b"TTTC")
    )
    table = check_ledger(read_table(file))
    assert table.ledger is not None
    assert (len(table.lines), table.ledger.quarantined) == (N_GOOD, 2)
    found = [row for row in table.set_aside if row.kind == "quarantined"]
    assert all(name in row.reason and row.line for row in found)
    assert all(re.search(reason, row.reason) for row in found)


def test_a_picture_under_a_wrong_ending_is_read_and_told(tmp_path: Path) -> None:
    write_good(tmp_path, good_picture, "png")
    (tmp_path / "cat" / "photo.png").write_bytes(draw("JPEG"))
    table = check_ledger(read_table(tmp_path))
    assert len(table.lines) == N_GOOD + 1
    assert any(
        "1 pictures are of another format than their ending says (first: cat/photo.png)" in n
        for n in table.notes
    )


@needs_astropy
def test_images_of_several_sizes_are_brought_to_one_and_told(tmp_path: Path) -> None:
    write_good(tmp_path, good_image, "fits")
    (tmp_path / "cat" / "wide.fits").write_bytes(make_fits(RNG.normal(size=(8, 20)).astype(np.float32)))
    table = check_ledger(read_table(tmp_path))
    assert len(table.lines) == N_GOOD + 1
    assert "2 sizes from 8 x 8 to 8 x 20" in table.arrays[0].policy.why
