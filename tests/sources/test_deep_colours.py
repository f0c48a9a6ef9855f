"""Colours of 16 bit keep what the decoder would cut, and what is cut is told."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from heldout.records import ArrayPolicy, Kind
from heldout.sources.albums import decode_files
from heldout.sources.deep_colours import count_bits, is_deep_colour, read_deep
from heldout.sources.folders import as_file_set
from heldout.sources.pictures import decide_policy, decode_picture, scan_picture
from heldout.sources.request import Request

RNG = np.random.default_rng(0)
COLOUR, GRAY_ALPHA, ALPHA = 2, 4, 6


def pack_png(levels: np.ndarray, kind: int, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG of 16 bit [H, W, C], written by hand: the library that reads it writes none of more than one channel."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    head = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 16, kind, 0, 0, 0)
    parts = [(b"IHDR", head), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def draw(channels: int = 3, sides: tuple[int, int] = (7, 5)) -> np.ndarray:
    return RNG.integers(0, 65536, (*sides, channels)).astype(np.uint16)


def pack(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def test_all_sixteen_bits_of_colours_are_kept() -> None:
    levels = draw()
    raw = pack_png(levels, COLOUR)
    head = scan_picture(raw)
    assert (head.bits, head.is_deep, head.mode) == (16, True, "RGB")
    policy = decide_policy([head], side=64)
    assert (policy.dtype, policy.divisor, policy.channels) == ("float32", 65535.0, ("red", "green", "blue"))
    np.testing.assert_array_equal(decode_picture(raw, policy), levels.astype(np.float32) / np.float32(65535))


def test_transparent_colours_lie_on_black() -> None:
    levels = draw(4)
    raw = pack_png(levels, ALPHA)
    wanted = levels[..., :3] * (levels[..., 3:] / 65535.0)
    np.testing.assert_allclose(read_deep(raw), wanted, rtol=1e-5, atol=1e-2)


def test_gray_of_colours_is_their_brightness() -> None:
    levels = draw()
    policy = ArrayPolicy(Kind.PICTURE, "float32", ("gray",), height=7, width=5, divisor=65535.0)
    made = decode_picture(pack_png(levels, COLOUR), policy)
    np.testing.assert_allclose(made, (levels @ [0.299, 0.587, 0.114])[..., None] / 65535.0, rtol=1e-5)


def test_eight_bit_colours_among_them_are_brought_to_the_same_scale() -> None:
    deep, shallow = draw(), RNG.integers(0, 256, (7, 5, 3)).astype(np.uint8)
    raws = (pack_png(deep, COLOUR), pack_png(draw(), COLOUR), pack(Image.fromarray(shallow)))
    policy = decide_policy([scan_picture(raw) for raw in raws], side=64)
    made = decode_picture(raws[2], policy)
    np.testing.assert_allclose(made, shallow / 255.0, atol=1e-6)
    assert decode_picture(raws[0], policy).shape == made.shape == (7, 5, 3)


def test_a_network_of_eight_bit_pictures_gets_eight_bit_of_a_deep_one() -> None:
    levels = draw()
    policy = ArrayPolicy(Kind.PICTURE, "uint8", ("red", "green", "blue"), height=7, width=5)
    np.testing.assert_array_equal(decode_picture(pack_png(levels, COLOUR), policy), levels >> 8)


def test_pictures_that_differ_in_the_lower_bits_only_differ() -> None:
    levels = draw()
    files = as_file_set("photos", {"a.png": pack_png(levels, COLOUR), "b.png": pack_png(levels ^ 1, COLOUR)})
    album = decode_files(files, files.files, Request())
    assert (album.array.values[0] != album.array.values[1]).any()
    assert not any("16 bit" in note for note in album.array.notes[1:])


@pytest.mark.parametrize("among", [1, 3])
def test_what_is_read_with_eight_bits_is_told(among: int) -> None:
    """Gray with a transparency is beyond the decoder; a single deep picture among others is read like them."""
    shallow = pack(Image.fromarray(RNG.integers(0, 256, (7, 5, 3)).astype(np.uint8)))
    one = pack_png(draw(2), GRAY_ALPHA) if among == 1 else pack_png(draw(), COLOUR)
    files = as_file_set("photos", {"a.png": one} | {f"b{number}.png": shallow for number in range(among)})
    notes = decode_files(files, files.files, Request()).array.notes
    assert [note for note in notes if "photos: 1 pictures have 16 bit and were read with 8" in note]


def test_other_formats_tell_their_bits() -> None:
    rows = draw().astype(">u2").tobytes()
    with Image.open(io.BytesIO(b"P6 5 7 65535\n" + rows)) as picture:
        assert (count_bits(picture), is_deep_colour(picture)) == (16, False)
    with Image.open(io.BytesIO(b"P6 5 7 255\n" + rows[:105])) as picture:
        assert count_bits(picture) == 8
    with Image.open(io.BytesIO(pack_png(draw(), COLOUR, (b"tRNS", bytes(6))))) as picture:
        assert (count_bits(picture), is_deep_colour(picture)) == (16, False)


def test_a_tiff_of_sixteen_bit_colours_tells_its_bits() -> None:
    levels = draw(sides=(6, 4)).astype("<u2")
    tags = [(256, 4), (257, 6), (259, 1), (262, 2), (273, 200), (277, 3), (278, 6), (279, levels.nbytes)]
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags]
    entries.insert(2, struct.pack("<HHII", 258, 3, 3, 190))
    body = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries) + bytes(4)
    raw = body.ljust(190, b"\0") + struct.pack("<HHH", 16, 16, 16).ljust(10, b"\0") + levels.tobytes()
    head = scan_picture(raw)
    assert (head.mode, head.bits, head.is_deep) == ("RGB", 16, False)
