"""Many pictures to one array: order, faults, channels, cache."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.sources.test_pictures import gradient, pack

from heldout.errors import DataError
from heldout.records import Kind
from heldout.sources.albums import decode_files, keep_channels, run_parallel
from heldout.sources.folders import as_file_set
from heldout.sources.request import Request


def files_of(**contents: bytes):
    return as_file_set("photos", {name.replace("_", "."): raw for name, raw in contents.items()})


def gray_as_colours(level: int) -> bytes:
    return pack(Image.new("RGB", (8, 8), (level, level, level)))


def test_order_is_kept_and_broken_files_leave_no_gap() -> None:
    good = {f"{number:03}.png": pack(Image.new("L", (8, 8), number)) for number in range(0, 250)}
    good["007.png"] = b"broken"
    good["100.png"] = good["100.png"][:-20]
    files = as_file_set("photos", good)
    album = decode_files(files, files.files, Request())
    assert [row for row, _ in album.faults] == [7, 100]
    assert album.array.values[:, 0, 0, 0].tolist() == [
        number for number in range(250) if number not in (7, 100)
    ]
    assert album.rows.tolist() == album.array.values[:, 0, 0, 0].tolist()


def test_colourless_pictures_become_gray_and_opaque_ones_lose_alpha() -> None:
    files = files_of(a_png=gray_as_colours(3), b_png=pack(Image.new("RGBA", (8, 8), (9, 9, 9, 255))))
    album = decode_files(files, files.files, Request())
    assert album.array.policy.channels == ("gray",)
    assert album.array.values[:, 0, 0].tolist() == [[3], [9]]
    coloured = files_of(a_png=gray_as_colours(3), b_png=pack(Image.new("RGB", (8, 8), (9, 8, 9))))
    assert decode_files(coloured, coloured.files, Request()).array.policy.channels == ("red", "green", "blue")


def test_keep_channels_of_gray_with_alpha() -> None:
    values = np.arange(4).reshape(1, 1, 1, 4)
    kept = keep_channels(values, ("red", "green", "blue", "alpha"), ("gray", "alpha"))
    assert kept.tolist() == [[[[0, 3]]]]


def test_a_given_policy_reads_further_pictures_the_same_way() -> None:
    files = files_of(
        a_png=pack(Image.fromarray(gradient(40, 60))), b_png=pack(Image.fromarray(gradient(60, 40)))
    )
    policy = decode_files(files, files.files, Request(side=16)).array.policy
    one = files_of(b_png=pack(Image.fromarray(gradient(60, 40))))
    again = decode_files(one, one.files, Request(policies=(policy,))).array
    assert again.policy == policy
    whole = decode_files(files, files.files, Request(side=16)).array.values
    assert (again.values[0] == whole[1]).all()


def test_oddities_are_counted_in_notes() -> None:
    files = files_of(
        a_jpg=pack(Image.new("L", (8, 8))),
        b_png=pack(Image.new("CMYK", (8, 8)), "TIFF"),
        c_png=pack(Image.new("RGB", (8, 8), (1, 2, 3))),
    )
    notes = "\n".join(decode_files(files, files.files, Request()).array.notes)
    assert "2 pictures are of another format than their ending says (first: a.jpg)" in notes
    assert "1 pictures are CMYK" in notes


def shoot(camera: tuple[str, str], size: int, form: str) -> bytes:
    """A picture with the maker and model of a camera in its EXIF data."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = camera
    stream = io.BytesIO()
    Image.new("RGB", (size, 8), (size, 0, 9)).save(stream, form, exif=exif)
    return stream.getvalue()


def test_how_pictures_were_stored_is_told_where_it_differs(tmp_path: Path) -> None:
    files = files_of(
        a_jpg=shoot(("Make", "Make A1"), 8, "JPEG"),
        b_png=b"no",
        c_png=gray_as_colours(5),
        d_jpg=shoot(("Other\x00", ""), 16, "JPEG"),
    )
    for _ in range(2):  # the second time from the cache
        album = decode_files(files, files.files, Request(cache=tmp_path))
        told = {
            column.name: [column.levels[code] if code >= 0 else None for code in column.codes]
            for column in album.columns
        }
        assert told == {
            "picture/width": ["8", "8", "16"],
            "picture/format": ["JPEG", "PNG", "JPEG"],
            "picture/camera": ["Make A1", None, "Other"],
        }
    one = files_of(a_png=gray_as_colours(3), b_png=gray_as_colours(4))
    assert decode_files(one, one.files, Request()).columns == ()
    fixed = Request(policies=(album.array.policy,), is_fixed=True)
    assert [column.name for column in decode_files(one, one.files, fixed).columns][:2] == [
        "picture/height",
        "picture/width",
    ]


def test_cache_is_found_again_and_made_again_when_damaged(tmp_path: Path) -> None:
    files = files_of(a_png=gray_as_colours(3), b_png=b"no", c_png=gray_as_colours(5))
    first = decode_files(files, files.files, Request(cache=tmp_path))
    entry = next(tmp_path.iterdir())
    stamp = entry.stat().st_mtime_ns
    second = decode_files(files, files.files, Request(cache=tmp_path))
    assert next(tmp_path.iterdir()).stat().st_mtime_ns == stamp
    assert isinstance(second.array.values.base, np.memmap) or isinstance(second.array.values, np.memmap)
    for one in (first, second):
        assert one.array.values[:, 0, 0, 0].tolist() == [3, 5]
        assert one.faults == ((1, one.faults[0][1]),)
    assert (first.array.policy, first.array.notes) == (second.array.policy, second.array.notes)
    raw = bytearray((entry / "values.npy").read_bytes())
    raw[-1] ^= 255
    (entry / "values.npy").write_bytes(raw)
    third = decode_files(files, files.files, Request(cache=tmp_path))
    assert third.array.values[:, 0, 0, 0].tolist() == [3, 5]
    other = files_of(a_png=gray_as_colours(4), b_png=b"no", c_png=gray_as_colours(5))
    assert decode_files(other, other.files, Request(cache=tmp_path)).array.values[0, 0, 0, 0] == 4
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".heldout-tmp-")]


def test_nothing_left_when_no_picture_can_be_read(tmp_path: Path) -> None:
    files = files_of(a_png=pack(Image.fromarray(gradient(40, 40)), "JPEG")[:200])
    with pytest.raises(DataError, match="none of the 1 .*photos"):
        decode_files(files, files.files, Request(cache=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_parallel_keeps_order() -> None:
    assert run_parallel(lambda number: number * 2, list(range(1000))) == list(range(0, 2000, 2))


def test_kind_of_the_array() -> None:
    files = files_of(a_png=gray_as_colours(3))
    array = decode_files(files, files.files, Request(), column="photo").array
    assert (array.name, array.kind) == ("photo", Kind.PICTURE)
