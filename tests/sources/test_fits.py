"""FITS files against astropy: scaling, missing values, several extensions, tables, spectra, headers."""

from __future__ import annotations

import importlib.util
import io

import numpy as np
import pytest
from tests.sources.test_fits_scan import card, make_fits

from heldout.errors import DataError
from heldout.records import Kind, Table
from heldout.sources.fits import read_fits
from heldout.sources.folders import as_file_set
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request

HAS_ASTROPY = importlib.util.find_spec("astropy") is not None
needs_astropy = pytest.mark.skipif(not HAS_ASTROPY, reason="astropy, the extra 'astro', is not installed")


def read(request: Request | None = None, /, **contents: bytes) -> Table:
    raw = {f"{name}.fits": content for name, content in contents.items()}
    return check_ledger(read_fits(as_file_set("sky", raw), request or Request()))


def cells(table: Table, name: str) -> list[str | None]:
    column = next(column for column in table.columns if column.name == name)
    return [column.levels[code] if code >= 0 else None for code in column.codes]


def pack(*hdus: object, checksum: bool = False) -> bytes:
    from astropy.io import fits

    stream = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(stream, checksum=checksum)
    return stream.getvalue()


@pytest.mark.skipif(HAS_ASTROPY, reason="astropy is installed")
def test_without_astropy_the_extra_is_named() -> None:
    with pytest.raises(DataError, match="sky holds FITS files; reading it needs the extra 'astro'"):
        read(a=make_fits(np.ones((8, 8), np.float32)))


@needs_astropy
def test_scale_zero_and_blank_are_applied_as_astropy_does() -> None:
    stored = np.arange(64, dtype=np.int16).reshape(8, 8)
    more = (card("BSCALE", 0.37), card("BZERO", 1000.25), card("BLANK", 5))
    raw = make_fits(stored, *more)
    table = read(a=raw)
    array = table.arrays[0]
    from astropy.io import fits

    with fits.open(io.BytesIO(raw)) as opened:
        truth = opened[0].data.astype(np.float32)
    assert array.policy.channels == ("gray", "mask")
    assert np.argwhere(array.values[0, ..., 1]).tolist() == [[0, 5]]
    known = ~np.isnan(truth)
    assert (array.values[0, ..., 0][known] == truth[known]).all()
    assert array.values[0, 0, 5, 0] == np.float32(np.nanmedian(truth))


@needs_astropy
def test_headers_become_columns_and_equal_ones_are_left_out() -> None:
    pictures = {
        f"{name}{k}": make_fits(
            np.full((8, 8), k, np.float32),
            card("EXPTIME", 10.5 * k),
            card("CLASS", name),
            card("TELESCOP", "X"),
        )
        for name in "ab"
        for k in (1, 2)
    }
    table = read(**pictures)
    assert cells(table, "header/EXPTIME") == ["10.5", "21.0", "10.5", "21.0"]
    assert cells(table, "header/CLASS") == ["a", "a", "b", "b"]
    assert "header/TELESCOP" not in [column.name for column in table.columns]
    assert any("1 header keywords are equal in all files" in note for note in table.notes)
    assert table.arrays[0].policy.channels == ("gray",)


@needs_astropy
def test_broken_files_are_set_aside_with_their_reason() -> None:
    from astropy.io import fits

    good = [make_fits(np.full((8, 8), k, np.float32)) for k in range(8)]
    checked = bytearray(pack(fits.PrimaryHDU(np.ones((8, 8), np.float32)), checksum=True))
    checked[2880 + 100] ^= 255
    table = read(
        **{f"g{k}": raw for k, raw in enumerate(good)},
        x_cut=good[0][:3000],
        x_nan=make_fits(np.full((8, 8), np.nan, np.float32)),
        x_sum=bytes(checked),
        x_tiny=make_fits(np.zeros((2, 2), np.float32)),
        x_none=make_fits(np.zeros(0, np.uint8)),
        x_text=b"hello",
    )
    found = {item.text: item.reason for item in table.set_aside}
    assert found["x_cut.fits"].startswith("extension 0 is cut short")
    assert found["x_nan.fits"] == "all its values are missing (NaN or BLANK)"
    assert found["x_sum.fits"].startswith("its checksum does not fit")
    assert found["x_tiny.fits"].startswith("2 x 2 pixels; at least 4 x 4")
    assert found["x_none.fits"].startswith("no image and no table in it")
    assert found["x_text.fits"].startswith("no FITS file")
    assert table.arrays[0].values[:, 0, 0, 0].tolist() == list(range(8))


@needs_astropy
def test_extensions_planes_quality_and_packed_images() -> None:
    from astropy.io import fits

    values = np.arange(64, dtype=np.float32).reshape(8, 8)
    quality = np.zeros((8, 8), np.int16)
    quality[2, 3] = 4
    several = pack(fits.PrimaryHDU(), fits.ImageHDU(values, name="SCI"), fits.ImageHDU(quality, name="DQ"))
    table = read(a=several)
    assert np.argwhere(table.arrays[0].values[0, ..., 1]).tolist() == [[2, 3]]
    assert table.arrays[0].policy.unit == "SCI"
    cube = read(a=make_fits(np.stack([values, values + 100, values + 200])))
    assert cube.arrays[0].values[0, 1, 1].tolist() == [9, 109, 209]
    packed = pack(fits.PrimaryHDU(), fits.CompImageHDU(values.astype(np.int32)))
    assert (read(a=packed).arrays[0].values[0, ..., 0] == values).all()
    two = pack(fits.PrimaryHDU(), fits.ImageHDU(values, name="R"), fits.ImageHDU(values + 1, name="G"))
    with pytest.raises(DataError, match="a.fits: several extensions could be meant"):
        read(a=two)
    assert read(Request(hdu="G"), a=two).arrays[0].values[0, 0, 0, 0] == 1


@needs_astropy
def test_spectra_on_their_axis() -> None:
    def spectrum(start: float, count: int) -> bytes:
        places = start + 2.0 * np.arange(count)
        more = (card("CRVAL1", start), card("CDELT1", 2.0), card("CRPIX1", 1.0))
        return make_fits((places / 1000).astype(np.float64), *more)

    table = read(a=spectrum(4000, 200), b=spectrum(4010, 200), c=spectrum(4000, 205))
    array = table.arrays[0]
    assert (array.kind, array.policy.fit, array.policy.axis) == (Kind.SIGNAL, "grid", "wavelength")
    grid = array.policy.start + array.policy.step * np.arange(array.policy.length)
    inside = (
        array.values[..., -1] == 0
        if array.policy.channels[-1] == "mask"
        else np.ones(array.values.shape[:2], bool)
    )
    for row in range(3):
        np.testing.assert_allclose(
            array.values[row, :, 0][inside[row]], (grid / 1000)[inside[row]], atol=0.002
        )
    again = read(Request(policies=(array.policy,)), c=spectrum(4000, 205)).arrays[0]
    assert (again.values[0] == array.values[2]).all()


@needs_astropy
def test_tables_are_tables() -> None:
    from astropy.io import fits

    columns = [
        fits.Column("name", "3A", array=np.array(["a", "bcd"])),
        fits.Column("mag", "E", array=np.array([1.5, np.nan])),
        fits.Column("pair", "2J", array=np.array([[1, 2], [3, 4]])),
    ]
    table = read(a=pack(fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns, name="CAT")))
    assert {column.name: cells(table, column.name) for column in table.columns} == {
        "name": ["a", "bcd"],
        "mag": ["1.5", None],
        "pair[1]": ["1", "3"],
        "pair[2]": ["2", "4"],
    }


@needs_astropy
def test_units_and_scales_that_differ_are_told() -> None:
    unit = {f"a{k}": make_fits(np.full((8, 8), 1.0 + k, np.float32), card("BUNIT", "Jy")) for k in range(6)}
    unit["z"] = make_fits(np.full((8, 8), 5e6, np.float32), card("BUNIT", "uJy"))
    notes = "\n".join(read(**unit).notes)
    assert "different units (BUNIT: Jy 6, uJy 1)" in notes
    assert "the values of 1 files are more than 100 times larger or smaller than usual" in notes


@needs_astropy
def test_any_bytes_are_refused_and_never_crash() -> None:
    from astropy.io import fits

    rng = np.random.default_rng(0)
    values = np.arange(64, dtype=np.float32).reshape(8, 8)
    seeds = [
        make_fits(values, card("BSCALE", 2.0)),
        pack(fits.PrimaryHDU(), fits.CompImageHDU(values.astype(np.int32))),
        pack(fits.PrimaryHDU(), fits.BinTableHDU.from_columns([fits.Column("a", "E", array=np.ones(4))])),
    ]
    n_refused = 0
    for seed in seeds:
        for _ in range(40):
            raw = bytearray(seed)
            for place in rng.integers(0, len(raw), 12):
                raw[place] = rng.integers(0, 256)
            try:
                read(a=bytes(raw))
            except DataError:
                n_refused += 1
    assert n_refused > 10
