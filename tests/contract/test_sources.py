"""Every kind of source through `read_table`: the rest goes on, what is bad is counted with its file and reason."""

from __future__ import annotations

import gzip
import importlib.util
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.sources.test_fits_scan import make_fits
from tests.sources.test_idx import images
from tests.sources.test_idx import pack as pack_idx
from tests.sources.test_pictures import pack

from heldout.errors import DataError, UsageError
from heldout.sources.ledger import check_ledger
from heldout.sources.read import read_table
from heldout.sources.request import Request

HAS_ASTROPY = importlib.util.find_spec("astropy") is not None
needs_astropy = pytest.mark.skipif(not HAS_ASTROPY, reason="astropy, the extra 'astro', is not installed")
RNG = np.random.default_rng(0)


def fill(root: Path, contents: dict[str, bytes]) -> Path:
    for name, raw in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(raw)
    return root


def photo(seed: int, side: int = 12, form: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)
    return pack(Image.fromarray(pixels), form)


def header_of_png(width: int, height: int) -> bytes:
    """A PNG that says its size and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def sky(value: float) -> bytes:
    return make_fits(np.full((8, 8), value, np.float32))


def cut_checksum() -> bytes:
    from astropy.io import fits

    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(np.ones((8, 8), np.float32))]).writeto(stream, checksum=True)
    raw = bytearray(stream.getvalue())
    raw[2880 + 100] ^= 255
    return bytes(raw)


PHOTOS = {f"{kind}/{k}.png": photo(10 * k + len(kind)) for kind in ("cat", "bird") for k in range(6)}
GENES = {
    "coding.fa": b"".join(b">c%d\nACGTACGTAC%s\n" % (k, b"ACGT"[k : k + 1]) for k in range(4)),
    "other.fa": b"".join(b">o%d\nTTGGTTGGTT%s\n" % (k, b"ACGT"[k : k + 1]) for k in range(4)),
}
REVIEWS = {
    f"{kind}/{k}.txt": f"a {kind} film, number {k}".encode() for kind in ("good", "bad") for k in range(5)
}
SKY = {f"{kind}/{k}.fits": sky(k + 1) for kind in ("star", "galaxy") for k in range(5)}
CURVES = {
    f"{kind}/{k}.csv": b"t,y\n" + b"".join(b"%d,%d\n" % (t, (t * (k + 1)) % 7) for t in range(20))
    for kind in ("flare", "quiet")
    for k in range(5)
}


@dataclass(frozen=True)
class Case:
    """A bad file among good ones, and what becomes of it."""

    good: dict[str, bytes]
    name: str
    raw: bytes | Callable[[], bytes]
    reason: str

    def __repr__(self) -> str:
        return self.name


CASES = [
    Case(PHOTOS, "cat/cut.png", photo(1, 64)[:-400], "damaged: "),
    Case(PHOTOS, "cat/cut.jpg", photo(1, 64, "JPEG")[:900], "damaged: "),
    Case(PHOTOS, "cat/page.jpg", b"<!doctype html><html>log in</html>", "no picture of a known format"),
    Case(
        PHOTOS,
        "cat/drawing.png",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "no picture of a known format",
    ),
    Case(PHOTOS, "cat/empty.png", b"", r"cat/empty.png is empty \(0 bytes\)"),
    Case(PHOTOS, "cat/one.png", photo(1, 1), "1 x 1 pixels; at least 4 x 4 are needed"),
    Case(PHOTOS, "cat/bomb.png", header_of_png(20_000, 20_000), "more than 89,478,485"),
    Case(REVIEWS, "good/empty.txt", b"", r"good/empty.txt is empty \(0 bytes\)"),
    Case(REVIEWS, "good/blank.txt", b" \n\t\n", "holds no text"),
    Case(CURVES, "flare/words.csv", b"t,y\n0,1\n1,many\n", "line 3: 'many' is no number"),
    Case(
        CURVES, "flare/wide.csv", b"t,y,z\n0,1,2\n1,1,2\n", "its columns are t, y, z; most others have t, y"
    ),
]
BAD_SKY = [
    Case(SKY, "star/cut.fits", sky(3)[:3000], "extension 0 is cut short"),
    Case(SKY, "star/sum.fits", cut_checksum, "its checksum does not fit"),
    Case(SKY, "star/nan.fits", sky(float("nan")), "all its values are missing"),
    Case(SKY, "star/none.fits", make_fits(np.zeros(0, np.uint8)), "no image and no table in it"),
    Case(SKY, "star/text.fits", b"hello", "no FITS file"),
    Case(
        SKY,
        "star/cube.fits",
        make_fits(np.zeros((3, 8, 8), np.float32)),
        "has 3 planes, most others have 1",
    ),
]


@pytest.mark.parametrize(
    "case", [*CASES, *(pytest.param(case, marks=needs_astropy) for case in BAD_SKY)], ids=str
)
def test_a_bad_file_is_set_aside_with_its_reason_and_the_rest_goes_on(case: Case, tmp_path: Path) -> None:
    raw = case.raw() if callable(case.raw) else case.raw
    alone = read_table(fill(tmp_path / "good", case.good))
    table = check_ledger(read_table(fill(tmp_path / "all", {**case.good, case.name: raw})))
    assert [(item.text, item.kind) for item in table.set_aside] == [(case.name, "quarantined")]
    assert re.search(case.reason, table.set_aside[0].reason)
    assert table.ledger is not None
    assert (table.ledger.used, table.ledger.quarantined) == (len(case.good), 1)
    assert any(case.name in note for note in table.notes)
    assert [column.levels for column in table.columns] == [column.levels for column in alone.columns]
    for array, other in zip(table.arrays, alone.arrays, strict=True):
        assert (array.values == other.values).all()


@pytest.mark.parametrize(
    ("name", "record", "reason"),
    [
        ("c9", b"ACGTMKVLEF", "holds E, F, L, which are no letters of DNA"),
        ("c9", b"ACGT123ACG", "holds '1' at position 5"),
        ("c9", b"", "has no sequence"),
        ("c9", "ACGT\u0410CGT".encode(), r"\(U\+0410\) at position 5, which is no letter of a sequence"),
        ("c9", b"ACGT--ACGTAC", "holds gaps, but the sequences are not aligned"),
    ],
)
def test_a_bad_record_is_set_aside_with_its_line(
    name: str, record: bytes, reason: str, tmp_path: Path
) -> None:
    contents = {**GENES, "coding.fa": GENES["coding.fa"] + f">{name}\n".encode() + record + b"\n"}
    table = check_ledger(read_table(fill(tmp_path, contents)))
    found = [item for item in table.set_aside if item.kind == "quarantined"]
    assert [(item.line, item.text) for item in found] == [(9, name)]
    assert re.search(reason, found[0].reason)
    assert "(coding.fa)" in found[0].reason
    assert table.ledger is not None
    assert (table.ledger.used, table.ledger.quarantined) == (8, 1)
    assert any("1 of 9 records were set aside" in note for note in table.notes)


def test_an_id_with_two_sequences_is_set_aside_and_one_with_the_same_twice_is_kept(tmp_path: Path) -> None:
    more = b">c0\nGGGGGGGGGG\n>c1\nACGTACGTACC\n"
    table = check_ledger(read_table(fill(tmp_path, {**GENES, "coding.fa": GENES["coding.fa"] + more})))
    aside = [item.reason for item in table.set_aside]
    assert len(aside) == 2
    assert all("has an id that stands for 2 records with different sequences" in reason for reason in aside)
    assert len(table.lines) == 8
    assert any("2 records repeat an id with the same sequence" in note for note in table.notes)


def test_fastq_under_the_name_of_fasta_and_a_cut_archive(tmp_path: Path) -> None:
    contents = {
        **GENES,
        "reads.fa": b"@r1\nACGT\n+\nIIII\n",
        "cut.fa.gz": gzip.compress(GENES["other.fa"])[:-9],
    }
    table = check_ledger(read_table(fill(tmp_path / "d", contents)))
    found = {item.text: item.reason for item in table.set_aside}
    assert "FASTQ" in found["reads.fa"]
    assert "cut.fa.gz is a damaged or truncated archive" in found["cut.fa.gz"]
    assert table.ledger is not None
    assert (table.ledger.used, table.ledger.quarantined) == (8, 2)
    with pytest.raises(DataError, match="FASTQ"):
        read_table(tmp_path / "d" / "reads.fa")
    with pytest.raises(DataError, match=r"cut.fa.gz is a damaged or truncated archive"):
        read_table(tmp_path / "d" / "cut.fa.gz")


def test_a_picture_under_a_wrong_ending_is_read_and_told(tmp_path: Path) -> None:
    table = read_table(fill(tmp_path, {**PHOTOS, "cat/7.jpg": photo(70)}))
    assert len(table.lines) == len(PHOTOS) + 1
    assert any(
        "1 pictures are of another format than their ending says (first: cat/7.jpg)" in n for n in table.notes
    )


def test_a_text_of_half_a_million_words_is_read_and_told_and_one_of_a_million_is_set_aside(
    tmp_path: Path,
) -> None:
    long, longest = b"word " * 500_000, b"word " * 1_000_000
    table = read_table(fill(tmp_path, {**REVIEWS, "good/long.txt": long, "good/longest.txt": longest}))
    texts = next(column for column in table.columns if column.name == "text")
    assert max(map(len, texts.levels)) == 2_500_000
    assert any("1 texts have more than a million characters" in note for note in table.notes)
    assert [(item.text, item.reason) for item in table.set_aside] == [
        ("good/longest.txt", "holds 5,000,000 characters, more than 4,000,000: no single text")
    ]


def test_pictures_of_many_shapes_get_one_and_the_rule_is_told(tmp_path: Path) -> None:
    shapes = {f"a/{k}.png": photo(k, 10 + 4 * k) for k in range(5)}
    table = read_table(fill(tmp_path, {**shapes, "b/wide.png": pack(Image.new("RGB", (60, 12), (1, 2, 3)))}))
    assert table.arrays[0].values.shape[1:] == (16, 16, 3)
    assert any("6 sizes from 10 x 10 to 26 x 60 (rows x columns)" in note for note in table.notes)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"a/1.png": b"x", "a/2.png": b"y", "b/3.png": photo(1)}, "2 of 3 files of d hold no picture"),
        (
            {"train-images-idx3-ubyte": pack_idx(images(3))[:-5]},
            "is cut short or damaged: its header says 3 x 9 x 8",
        ),
        (
            {
                "train-images-idx3-ubyte": pack_idx(images(3)),
                "train-labels-idx1-ubyte": pack_idx(np.zeros(2, np.uint8)),
            },
            "has 3 examples, its label has 2",
        ),
        (
            {
                "train-images-idx3-ubyte": pack_idx(images(3)),
                "t10k-images-idx3-ubyte": pack_idx(np.zeros((2, 10, 10), np.uint8)),
            },
            "the parts of d hold examples of different shapes",
        ),
    ],
)
def test_what_leaves_no_data_is_refused(contents: dict[str, bytes], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read_table(fill(tmp_path / "d", contents))


KINDS = {
    "pictures": (PHOTOS, 12, "label", (12, 12, 12, 3)),
    "sequences": (GENES, 8, "label", None),
    "texts": (REVIEWS, 10, "label", None),
    "signals": (CURVES, 10, "label", (10, 20, 1)),
    "fits": (SKY, 10, "label", (10, 8, 8, 1)),
}


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=needs_astropy) if kind == "fits" else kind for kind in KINDS]
)
def test_a_folder_and_an_archive_give_the_same_table(kind: str, tmp_path: Path) -> None:
    contents, rows, label, shape = KINDS[kind]
    table = read_table(str(fill(tmp_path / "d", contents)))
    assert len(table.lines) == rows
    assert len(next(column for column in table.columns if column.name == label).levels) == 2
    assert [array.values.shape for array in table.arrays] == ([] if shape is None else [shape])
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for name, raw in contents.items():
            archive.writestr(name, raw)
    packed = read_table(tmp_path / "d.zip")
    assert [column.levels for column in packed.columns] == [column.levels for column in table.columns]


@pytest.mark.parametrize("kind", ["pictures", "signals", pytest.param("fits", marks=needs_astropy)])
def test_one_new_example_is_read_by_the_policies_of_the_first(kind: str, tmp_path: Path) -> None:
    contents = KINDS[kind][0]
    table = read_table(fill(tmp_path / "d", contents))
    request = Request(policies=tuple(array.policy for array in table.arrays), is_fixed=True)
    name = sorted(contents)[3]
    again = read_table(fill(tmp_path / "e", {f"new/{Path(name).name}": contents[name]}), request=request)
    row = next(column for column in table.columns if column.name == "file").levels.index(name)
    assert (again.arrays[0].values[0] == table.arrays[0].values[row]).all()
    assert again.arrays[0].policy == table.arrays[0].policy


def test_a_table_with_a_column_of_paths_gets_its_pictures(tmp_path: Path) -> None:
    rows = "".join(f"{k},photos/{k}.png,{'xy'[k % 2]}\n" for k in range(6))
    fill(tmp_path, {f"photos/{k}.png": photo(k) for k in range(5)})
    place = fill(tmp_path, {"t.csv": f"age,photo,kind\n{rows}".encode()}) / "t.csv"
    table = read_table(place)
    assert table.arrays[0].values.shape == (5, 12, 12, 3)
    assert [(item.line, item.reason) for item in table.set_aside] == [
        (7, "its picture cannot be read: there is no file 'photos/5.png'")
    ]
    request = Request(policies=(table.arrays[0].policy,), is_fixed=True)
    one = fill(tmp_path, {"new.csv": b"age,photo\n3,photos/2.png\n"}) / "new.csv"
    assert (read_table(one, request=request).arrays[0].values[0] == table.arrays[0].values[2]).all()
    with pytest.raises(DataError, match="no column 'photo' in old.csv"):
        read_table(fill(tmp_path, {"old.csv": b"age,image\n3,photos/2.png\n"}) / "old.csv", request=request)
    no_pictures = read_table(place, request=Request(is_fixed=True))
    assert (no_pictures.arrays, len(no_pictures.lines)) == ((), 6)


def test_names_of_pictures_elsewhere_and_in_an_archive(tmp_path: Path) -> None:
    rows = "".join(f"{k}.png,{'xy'[k % 2]}\n" for k in range(4))
    place = fill(tmp_path / "a", {"t.csv": f"photo,kind\n{rows}".encode()}) / "t.csv"
    table = read_table(place)
    assert table.arrays == ()
    assert "say --images FOLDER" in table.notes[-1]
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for k in range(4):
            archive.writestr(f"in/{k}.png", photo(k))
    found = read_table(place, request=Request(images=tmp_path / "photos.zip"))
    assert found.arrays[0].values.shape == (4, 12, 12, 3)
    with pytest.raises(DataError, match=r"there is no folder '.*nowhere' for the pictures of column 'photo'"):
        read_table(place, request=Request(images=tmp_path / "nowhere"))
    with pytest.raises(DataError, match="no column of u.csv holds paths of pictures"):
        read_table(
            fill(tmp_path, {"u.csv": b"a,b\n1,2\n3,4\n"}) / "u.csv", request=Request(images=tmp_path / "a")
        )
    declared = read_table(place, request=Request(images=tmp_path / "photos.zip", kept=("photo",)))
    assert declared.arrays == ()


def test_columns_that_form_a_signal_are_found_again_in_any_order(tmp_path: Path) -> None:
    points = np.linspace(0, 6, 40)
    values = np.sin(points + RNG.normal(size=(12, 1)) * 3).round(4)
    names = [f"t{k}" for k in range(40)]
    frame = [{"y": "ab"[row % 2], **dict(zip(names, values[row], strict=True))} for row in range(12)]
    table = read_table(frame)
    assert table.arrays[0].values.shape == (12, 40, 1)
    assert [column.name for column in table.columns] == ["y"]
    request = Request(policies=(table.arrays[0].policy,), is_fixed=True)
    turned = [dict(reversed(row.items())) for row in frame[:1]]
    again = read_table(turned, request=request)
    assert (again.arrays[0].values[0] == table.arrays[0].values[0]).all()
    with pytest.raises(
        DataError, match=r"rows lacks 1 of the 40 columns that form the signal \(columns t0 to t39\): t7"
    ):
        read_table([{key: cell for key, cell in frame[0].items() if key != "t7"}], request=request)
    assert read_table(frame, request=Request(is_fixed=True)).arrays == ()
    assert len(read_table(frame, request=Request(declared=("t1",))).columns) == 3
    assert read_table(frame, request=Request(declared=("t20",))).arrays == ()
    assert read_table(frame, request=Request(kept=("t1",))).arrays == ()


def test_labels_of_another_table_are_joined_by_the_key_or_by_what_fits(tmp_path: Path) -> None:
    fill(tmp_path, {f"d/{k}.png": photo(k) for k in range(5)})
    place = fill(tmp_path, {"l.csv": b"kind,name\nx,0\ny,1\nx,2\ny,3\n"}) / "l.csv"
    for key in ("", "name"):
        table = read_table(tmp_path / "d", request=Request(labels=place, key=key))
        assert [column.name for column in table.columns] == ["file", "kind"]
        assert len(table.arrays[0].values) == 4
        assert table.set_aside[0].reason.startswith("no row of l.csv has its id")
    with pytest.raises(DataError, match="lines 2 and 4 of l.csv have the same id 'x' and differ elsewhere"):
        read_table(tmp_path / "d", request=Request(labels=place, key="kind"))
    other = fill(tmp_path, {"m.csv": b"kind,name\nx,u\ny,v\nx,w\ny,z\n"}) / "m.csv"
    with pytest.raises(DataError, match="no column of m.csv names most of the 5 examples of d") as caught:
        read_table(tmp_path / "d", request=Request(labels=other))
    assert "--key COLUMN, one of: kind, name" in caught.value.hint


@pytest.mark.parametrize(
    ("contents", "options", "message"),
    [
        ({"t.csv": b"a,b\n1,2\n"}, {"hdu": "SCI"}, "--hdu 'SCI' does not apply: the source is delimited"),
        ({"t.csv": b"a,b\n1,2\n"}, {"label_pattern": "(.)"}, r"--label-pattern '\(.\)' does not apply"),
        (
            {"t.fa": b">a\nACGT\n"},
            {"images": Path("x")},
            "--images 'x' does not apply: the source is sequences",
        ),
    ],
)
def test_options_of_another_kind_are_refused(
    contents: dict[str, bytes], options: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        read_table(fill(tmp_path, contents) / next(iter(contents)), request=Request(**options))  # type: ignore[arg-type]


def test_options_of_tables_are_refused_for_examples(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--delimiter ';' does not apply: the source is pictures"):
        read_table(fill(tmp_path, PHOTOS), delimiter=";")


def test_a_file_of_lines_is_read_where_a_pattern_finds_their_labels(tmp_path: Path) -> None:
    lines = "".join(f"{'AB'[k % 2]}:x what is {k}{', and why' * (k % 3)} ?\n" for k in range(30)).encode()
    fill(tmp_path, {"q.train": lines, "q.gz": gzip.compress(lines)})
    for name in ("q.train", "q.gz"):
        table = read_table(tmp_path / name, request=Request(label_pattern=r"^(\w+):\w+ "))
        assert table.columns[0].levels[:2] == ("what is 0 ?", "what is 1, and why ?")
        assert table.columns[1].levels == ("A", "B")
    with pytest.raises(UsageError, match="--label-pattern '\\^x' matches none of the 30 lines"):
        read_table(tmp_path / "q.train", request=Request(label_pattern="^x"))
