"""Languages, sizes, cameras and headers are groups, and are told where they give the target away."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from tests.test_languages import SENTENCES
from tests.test_lookalikes import draw
from tests.test_near_texts import edit, write

from heldout.records import Attribute, Finding
from heldout.settings import Settings
from heldout.stages.attributes import make_attributes
from heldout.stages.preparing import Prepared, prepare
from heldout.stages.reading import Reading, read_data

HAS_ASTROPY = importlib.util.find_spec("astropy") is not None


def prepare_source(
    source: object, **settings: object
) -> tuple[Reading, Prepared, tuple[Finding, ...], Settings]:
    chosen = Settings.model_validate(settings)
    reading = read_data(source, chosen)
    prepared, findings = prepare(reading, chosen, strict=False)
    return reading, prepared, findings, chosen


def list_groups(reading: Reading, prepared: Prepared, chosen: Settings) -> dict[str, Attribute]:
    return {item.name: item for item in make_attributes(reading, prepared, chosen)}


def find(findings: tuple[Finding, ...], code: str) -> list[Finding]:
    return [
        item for item in findings if item.code == code and not item.title.startswith(("passed", "not app"))
    ]


def save_pictures(folder: Path, n: int, *, parts: bool = False) -> np.ndarray:
    """Cats have 32 x 32 pixels and one camera, dogs 40 x 40 and another; every fifth is a test picture."""
    values = draw(np.random.default_rng(0), n)
    values[5] = np.roll(values[0], 1, axis=1)  # 5 and 0 are test pictures
    values[10] = np.roll(values[1], 1, axis=1)
    for number in range(n):
        part = "" if not parts else "test" if number % 5 == 0 else "train"
        is_dog = number % 2 == 1
        place = folder / part / ("dog" if is_dog else "cat")
        place.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = "Make", "Make A1" if is_dog else "B2"
        picture = Image.fromarray(values[number]).resize((40, 40) if is_dog else (32, 32))
        picture.save(place / f"{number:03d}.jpg", quality=95, exif=exif)
    return values


def test_sizes_and_cameras_of_pictures_are_groups_and_tell_the_class(tmp_path: Path) -> None:
    save_pictures(tmp_path, 120)
    reading, prepared, findings, chosen = prepare_source(tmp_path)
    told = {item.column: item.sentence for item in find(findings, "HO243")}
    assert set(told) == {"picture/height", "picture/width", "picture/camera"}
    assert "AUC 1.000" in told["picture/camera"]
    groups = list_groups(reading, prepared, chosen)
    assert set(groups["picture/camera"].levels) == {"picture/camera = Make A1", "picture/camera = Make B2"}
    assert groups["picture/width"].levels == ("picture/width = 32", "picture/width = 40")
    assert all(name in reading.unused for name in told)


def test_near_copies_of_pictures_are_kept_together_and_told(tmp_path: Path) -> None:
    save_pictures(tmp_path, 120)
    reading, _, findings, _ = prepare_source(tmp_path)
    table = reading.table
    names = [table.columns[0].levels[code] for code in table.columns[0].codes]
    unit = {name.rpartition("/")[2]: int(reading.links.unit[row]) for row, name in enumerate(names)}
    assert unit["010.jpg"] == unit["001.jpg"]
    assert unit["005.jpg"] == unit["000.jpg"]
    assert len(set(unit.values())) == 118
    assert not find(findings, "HO242")


def test_copies_across_folders_of_parts_are_told_by_file(tmp_path: Path) -> None:
    save_pictures(tmp_path, 120, parts=True)
    _, prepared, findings, _ = prepare_source(tmp_path)
    (found,) = find(findings, "HO242")
    assert f"1 of {len(prepared.split.test)} declared test rows" in found.sentence
    assert "'test/cat/010.jpg' and 'train/dog/001.jpg'" in found.sentence


def test_copied_reviews_across_declared_parts_are_counted() -> None:
    rng = np.random.default_rng(1)
    texts = write(rng, 200, 60)
    texts[150:155] = texts[:5]
    texts[155:158] = [edit(rng, text, 0.05) for text in texts[5:8]]
    frame = pl.DataFrame(
        {"text": texts, "label": ["good", "bad"] * 100, "part": ["train"] * 150 + ["test"] * 50}
    )
    _, _, findings, _ = prepare_source(frame, target="label", split="part")
    (found,) = find(findings, "HO242")
    assert (
        "8 of 50 declared test rows (16.0 %) are copies of development rows, 5 of them exact"
        in found.sentence
    )
    assert "line 1 and test line 151 (1.00)" in found.sentence


def test_languages_of_texts_are_groups() -> None:
    rng = np.random.default_rng(2)
    english, german = (SENTENCES[name].split() for name in ("English", "German"))
    texts = [" ".join(rng.permutation(german if number % 3 == 0 else english)) for number in range(120)]
    texts[7] = "zzz"
    frame = pl.DataFrame({"text": texts, "label": rng.choice(["good", "bad"], 120)})
    reading, prepared, _, chosen = prepare_source(frame, target="label", columns={"text": {"kind": "text"}})
    made = list_groups(reading, prepared, chosen)["language of text"]
    assert made.levels == ("language of text = English", "language of text = German")
    assert made.codes[[0, 1, 7]].tolist() == [1, 0, -1]


def test_one_language_makes_no_group() -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.permutation(SENTENCES["English"].split())) for _ in range(80)]
    frame = pl.DataFrame({"text": texts, "label": rng.choice(["good", "bad"], 80)})
    reading, prepared, _, chosen = prepare_source(frame, target="label", columns={"text": {"kind": "text"}})
    assert "language of text" not in list_groups(reading, prepared, chosen)


@pytest.mark.skipif(not HAS_ASTROPY, reason="astropy, the extra 'astro', is not installed")
def test_exposure_by_class_is_told_and_a_group(tmp_path: Path) -> None:
    from astropy.io import fits

    rng = np.random.default_rng(4)
    for number in range(80):
        place = tmp_path / ("galaxy" if number % 2 else "star")
        place.mkdir(exist_ok=True)
        header = fits.Header(
            {"EXPTIME": 30.0 * (1 + number % 2) + float(rng.normal(0, 3)), "FILTER": "ri"[number % 4 < 2]}
        )
        fits.PrimaryHDU(rng.normal(size=(8, 8)).astype(np.float32), header=header).writeto(
            place / f"{number}.fits"
        )
    reading, prepared, findings, chosen = prepare_source(tmp_path)
    (found,) = find(findings, "HO243")
    assert found.column == "header/EXPTIME"
    assert "permuted targets reach" in found.sentence
    groups = list_groups(reading, prepared, chosen)
    assert {"header/EXPTIME", "header/FILTER"} <= set(groups)
