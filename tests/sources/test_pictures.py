"""One picture: modes, depths, orientation, sizes, and what is refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from heldout.errors import DataError
from heldout.records import ArrayPolicy, Kind
from heldout.sources.pictures import (
    PictureHead,
    decide_policy,
    decode_picture,
    expected_format,
    is_picture,
    refuse_bombs,
    scan_picture,
)

RGB = ("red", "green", "blue")


def pack(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def exact(
    height: int, width: int, channels: tuple[str, ...], dtype: str = "uint8", divisor: float = 1.0
) -> ArrayPolicy:
    return ArrayPolicy(Kind.PICTURE, dtype, channels, height=height, width=width, divisor=divisor)


def gradient(height: int = 6, width: int = 8) -> np.ndarray:
    return (np.arange(height * width) * 5 % 256).astype(np.uint8).reshape(height, width)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF", "PPM"])
def test_lossless_formats_keep_every_pixel(form: str) -> None:
    raw = pack(Image.fromarray(gradient()), form)
    assert is_picture(raw)
    assert (decode_picture(raw, exact(6, 8, ("gray",)))[..., 0] == gradient()).all()


def test_colours_palette_and_one_bit() -> None:
    colours = np.dstack([gradient(), gradient()[::-1], gradient()[:, ::-1]])
    assert (decode_picture(pack(Image.fromarray(colours)), exact(6, 8, RGB)) == colours).all()
    palette = Image.fromarray(gradient()).convert("P")
    assert (decode_picture(pack(palette), exact(6, 8, RGB))[..., 1] == gradient()).all()
    bits = Image.fromarray(np.eye(8, dtype=bool))
    assert (decode_picture(pack(bits), exact(8, 8, ("gray",)))[..., 0] == np.eye(8) * 255).all()


def test_cmyk_becomes_colours() -> None:
    raw = pack(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF")
    assert decode_picture(raw, exact(8, 8, RGB))[0, 0].tolist() == [255, 0, 0]


def test_transparent_parts_are_black_and_alpha_is_kept_where_wanted() -> None:
    pixels = np.full((4, 4, 4), 200, np.uint8)
    pixels[:2, :, 3] = 0
    pixels[2:, :, 3] = 255
    raw = pack(Image.fromarray(pixels))
    plain = decode_picture(raw, exact(4, 4, RGB))
    assert plain[0, 0].tolist() == [0, 0, 0]
    assert plain[3, 3].tolist() == [200, 200, 200]
    assert decode_picture(raw, exact(4, 4, (*RGB, "alpha")))[:, 0, 3].tolist() == [0, 0, 255, 255]
    assert decode_picture(raw, exact(4, 4, ("gray", "alpha")))[3, 0].tolist() == [200, 255]
    opaque = pack(Image.fromarray(gradient(4, 4)))
    assert (decode_picture(opaque, exact(4, 4, ("gray", "alpha")))[..., 1] == 255).all()


def test_sixteen_bit_is_not_clipped() -> None:
    deep = (np.arange(48, dtype=np.uint16) * 1300).reshape(6, 8)
    raw = pack(Image.fromarray(deep))
    policy = decide_policy([scan_picture(raw)], side=64)
    assert (policy.dtype, policy.divisor) == ("float32", 65535.0)
    np.testing.assert_allclose(decode_picture(raw, policy)[..., 0], deep / 65535, rtol=1e-6)
    shallow = decode_picture(raw, exact(6, 8, ("gray",)))[..., 0]
    assert (shallow == np.round(deep / 257)).all()


def test_floats_stay_as_stored_and_do_not_mix_with_levels() -> None:
    numbers = np.linspace(-3, 900, 48, dtype=np.float32).reshape(6, 8)
    raw = pack(Image.fromarray(numbers), "TIFF")
    policy = decide_policy([scan_picture(raw)], side=64)
    assert (decode_picture(raw, policy)[..., 0] == numbers).all()
    with pytest.raises(DataError, match="numbers .L. are of another kind"):
        decode_picture(pack(Image.fromarray(gradient())), policy)


@pytest.mark.parametrize("form", ["TIFF", "PNG", "WEBP"])
def test_orientation_of_exif_is_applied(form: str) -> None:
    picture = Image.fromarray(gradient())
    exif = picture.getexif()
    exif[0x0112] = 6
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    raw = pack(picture, form, exif=exif, **options)
    head = scan_picture(raw)
    assert (head.height, head.width, head.is_turned) == (8, 6, True)
    assert (decode_picture(raw, exact(8, 6, ("gray",)))[..., 0] == np.rot90(gradient(), -1)).all()


def test_first_frame_of_an_animation() -> None:
    frames = [Image.new("L", (8, 8), level) for level in (10, 200)]
    raw = pack(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert scan_picture(raw).is_animated
    assert decode_picture(raw, exact(8, 8, ("gray",)))[0, 0, 0] == 10


def test_crop_pad_and_scale_against_plain_slices() -> None:
    wide = np.zeros((8, 16), np.uint8)
    wide[:, 4:12] = 90
    raw = pack(Image.fromarray(wide))
    policy = ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), height=8, width=8, fit="crop")
    assert (decode_picture(raw, policy)[..., 0] == 90).all()
    padded = decode_picture(
        pack(Image.new("L", (16, 8), 50)), ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), 16, 16, fit="pad")
    )
    assert (padded == 50).all()
    tall = decode_picture(raw, ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), height=16, width=16, fit="pad"))
    assert (tall[4:12, :, 0] == wide).all()
    assert (tall[:4] == 0).all()


def test_wrong_size_under_an_exact_policy_is_refused() -> None:
    with pytest.raises(DataError, match="6 x 8 pixels .rows x columns. where 9 x 9 were expected"):
        decode_picture(pack(Image.fromarray(gradient())), exact(9, 9, ("gray",)))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)] * 3, (28, 28, "exact")),
        ([(300, 300)] * 3, (64, 64, "scale")),
        ([(480, 640)] * 3, (55, 74, "scale")),
        ([(100, 100), (201, 200)], (64, 64, "scale")),
        ([(100, 120), (120, 100), (90, 90)], (64, 64, "crop")),
        ([(20, 24), (24, 20), (22, 22)], (20, 20, "crop")),
        ([(100, 400), (400, 100), (90, 90)], (64, 64, "pad")),
    ],
)
def test_size_follows_from_the_distribution(
    sizes: list[tuple[int, int]], expected: tuple[int, int, str]
) -> None:
    policy = decide_policy([PictureHead(width, height, "L", "PNG") for height, width in sizes], side=64)
    assert (policy.height, policy.width, policy.fit) == expected
    assert policy.why


def test_channels_follow_from_the_modes() -> None:
    def channels(*modes: str, has_alpha: bool = False) -> tuple[str, ...]:
        return decide_policy([PictureHead(8, 8, mode, "PNG", has_alpha) for mode in modes], side=64).channels

    assert channels("L", "1") == ("gray",)
    assert channels("L", "RGB") == RGB
    assert channels("P") == RGB
    assert channels("RGBA", has_alpha=True) == (*RGB, "alpha")
    assert channels("I;16", "L") == ("gray",)


def header_only(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + start + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def test_what_is_no_usable_picture() -> None:
    good = pack(Image.fromarray(gradient(40, 40)))
    jpeg = pack(Image.fromarray(gradient(64, 64)), "JPEG")
    with pytest.raises(DataError, match="no picture of a known format .*begins with b.<svg"):
        scan_picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(DataError, match="damaged: "):
        decode_picture(good[:-40], exact(40, 40, ("gray",)))
    with pytest.raises(DataError, match="damaged: .*truncated"):
        decode_picture(jpeg[: len(jpeg) // 2], exact(64, 64, ("gray",)))
    with pytest.raises(DataError, match="1 x 1 pixels; at least 4 x 4 are needed"):
        scan_picture(pack(Image.new("L", (1, 1))))
    with refuse_bombs(), pytest.raises(DataError, match="more than 89,478,485"):
        scan_picture(header_only(20_000, 20_000))
    with refuse_bombs(), pytest.raises(DataError, match="damaged|truncated"):
        decode_picture(header_only(5_000, 5_000), exact(64, 64, ("gray",)))


def test_flipped_bit_in_a_png_is_found() -> None:
    raw = bytearray(pack(Image.fromarray(gradient(40, 40))))
    raw[len(raw) // 2] ^= 8
    with pytest.raises(DataError, match="damaged"):
        decode_picture(bytes(raw), exact(40, 40, ("gray",)))


def test_formats_by_ending_and_content() -> None:
    assert expected_format("x.tar.png") == "PNG"
    assert is_picture(b"RIFF....WEBPVP8 ")
    assert not is_picture(b"P,q\n1,2\n")
    assert not is_picture(b"BMI,age\n20,3\n")


def test_any_bytes_are_refused_and_never_crash() -> None:
    rng = np.random.default_rng(0)
    seeds = [
        pack(Image.fromarray(gradient(12, 12)), form)
        for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
    ]
    policy = ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), height=8, width=8, fit="scale")
    n_refused = 0
    with refuse_bombs():
        for seed in seeds:
            for _ in range(60):
                raw = bytearray(seed)
                for place in rng.integers(0, len(raw), 6):
                    raw[place] = rng.integers(0, 256)
                try:
                    pixels = decode_picture(bytes(raw[: rng.integers(1, len(raw) + 1)]), policy)
                except DataError:
                    n_refused += 1
                else:
                    assert pixels.shape == (8, 8, 1)
    assert n_refused > 200
