"""Planted copies of pictures are found, others are not, and kinds of pictures that are alike by nature join nothing."""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from heldout.lookalikes import MOST_COMPARED, Lookalikes, find_lookalikes
from heldout.records import ArrayColumn, ArrayPolicy, Kind

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
N_OTHERS, N_COPIES = 160, 20
COLOURS, GRAY = ("red", "green", "blue"), ("gray",)


def draw(rng: np.random.Generator, n: int, side: int = 32) -> np.ndarray:
    """Pictures of blurred blobs of many sizes, uint8 [n, side, side, 3]."""
    total = np.zeros((n, side, side, 3))
    for coarse in (4, 8, 16):
        small = rng.normal(size=(n, coarse, coarse, 3))
        for number in range(n):
            for band in range(3):
                layer = Image.fromarray(small[number, :, :, band].astype(np.float32))
                total[number, :, :, band] += np.asarray(layer.resize((side, side), Image.Resampling.BICUBIC))
    return np.clip(128 + 40 * total, 0, 255).astype(np.uint8)


def look(values: np.ndarray, channels: tuple[str, ...] = COLOURS) -> Lookalikes:
    return find_lookalikes(
        ArrayColumn("picture", Kind.PICTURE, values, ArrayPolicy(Kind.PICTURE, str(values.dtype), channels))
    )


def as_image(change: Callable[[Image.Image], Image.Image]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda pixels: np.asarray(change(Image.fromarray(pixels)))


def save_again(picture: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=40)
    return Image.open(stream)


def shift(pixels: np.ndarray) -> np.ndarray:
    return np.pad(pixels, ((2, 0), (0, 3), (0, 0)), mode="edge")[:32, 3:]


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "saved as JPEG of quality 40": as_image(save_again),
    "blurred": as_image(lambda picture: picture.filter(ImageFilter.GaussianBlur(1))),
    "brighter": lambda pixels: np.clip(pixels.astype(float) * 1.2 + 20, 0, 255).astype(np.uint8),
    "shifted": shift,
    "mirrored": lambda pixels: pixels[:, ::-1],
    "zoomed": as_image(
        lambda picture: picture.resize((32, 32), Image.Resampling.BICUBIC, box=(2, 2, 30, 30))
    ),
    "gray": lambda pixels: pixels.mean(axis=2, keepdims=True).repeat(3, 2).astype(np.uint8),
}


@pytest.mark.parametrize("name", CHANGES)
def test_planted_copies_are_found_and_nothing_else(name: str) -> None:
    values = draw(np.random.default_rng(1), N_OTHERS)
    copies = np.stack([CHANGES[name](pixels) for pixels in values[:N_COPIES]])
    found = look(np.concatenate([values, copies]))
    truth = {(number, N_OTHERS + number) for number in range(N_COPIES)}
    pairs = {tuple(pair) for pair in found.pairs.tolist()}
    assert len(pairs & truth) >= 0.95 * N_COPIES
    assert pairs <= truth


def test_pictures_without_copies_give_no_pair_and_pairs_are_ordered() -> None:
    values = draw(np.random.default_rng(2), N_OTHERS)
    assert not len(look(values).pairs)
    copies = np.concatenate([values[5:6], np.roll(values[9:10], 1, axis=2)])
    found = look(np.concatenate([values, copies]))
    assert found.pairs.tolist() == [[5, N_OTHERS], [9, N_OTHERS + 1]]
    assert (np.diff(found.likeness) <= 0).all()
    assert found.likeness[0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("side", [8, 12, 20, 64])
def test_sides_stored_numbers_and_masks(side: int) -> None:
    gray = draw(np.random.default_rng(3), 80, side)[..., :1]
    values = (np.exp(gray / 40.0) * 1e-9).astype(np.float32)
    values[70] = values[3] * 2.5 + 1e-7
    rng = np.random.default_rng(4)
    whole = np.concatenate([values, rng.integers(0, 2, values.shape).astype(np.float32)], axis=3)
    assert look(whole, ("gray", "mask")).pairs.tolist() == [[3, 70]]


def test_constant_pictures_and_few_pictures_are_compared_with_none() -> None:
    values = draw(np.random.default_rng(5), 80)
    values[10:40] = 77
    assert not len(look(values).pairs)
    assert not len(look(values[:30].repeat(1, 0)).pairs)


def draw_sources(rng: np.random.Generator, n: int) -> np.ndarray:
    """Two blobs on an empty sky, at any distance and angle: each picture lies over many others, none is a copy."""
    row, column = np.indices((64, 64))
    sky = np.zeros((n, 64, 64))
    for picture in sky:
        angle, apart = rng.uniform(0, np.pi), rng.uniform(3, 6)
        for side in (-1, 1):
            down, right = 31.5 + side * apart * np.sin(angle), 31.5 + side * apart * np.cos(angle)
            picture += rng.uniform(150, 250) * np.exp(-((row - down) ** 2 + (column - right) ** 2) / 3)
    return np.clip(sky + rng.normal(0, 0.5, sky.shape), 0, 255).astype(np.uint8)[..., None]


def test_a_few_points_on_an_empty_ground_are_no_copies_of_one_another() -> None:
    sources = draw_sources(np.random.default_rng(8), 200)
    found = look(sources, ("gray",))
    assert (len(found.pairs), found.n_empty) == (0, 200)
    # beside them pictures that can be told from others still find their copies
    values = draw(np.random.default_rng(3), 80, 64)[..., :1]
    values[70] = np.roll(values[3], 1, axis=1)
    both = look(np.concatenate([values, sources]), ("gray",))
    assert both.pairs.tolist() == [[3, 70]]
    assert both.n_empty == 200


def test_a_kind_of_picture_that_runs_on_below_the_limit_is_no_family() -> None:
    rng = np.random.default_rng(6)
    base = draw(rng, 1).astype(float)
    noise = draw(rng, 300).astype(float)
    share = rng.uniform(0.2, 0.9, 300)[:, None, None, None]  # likeness of all degrees to one picture
    values = np.clip(share * base + (1 - share) * noise, 0, 255).astype(np.uint8)
    assert len(look(values).pairs) <= 3


def test_beyond_the_bound_only_hashes_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heldout.lookalikes.MOST_COMPARED", 100)
    assert MOST_COMPARED >= 60_000
    values = draw(np.random.default_rng(7), N_OTHERS)
    copies = np.stack([CHANGES["saved as JPEG of quality 40"](pixels) for pixels in values[:N_COPIES]])
    found = look(np.concatenate([values, copies]))
    assert found.by_hash
    truth = {(number, N_OTHERS + number) for number in range(N_COPIES)}
    pairs = {tuple(pair) for pair in found.pairs.tolist()}
    assert len(pairs & truth) >= 0.8 * N_COPIES  # those whose bits all change are missed
    assert pairs <= truth


def read_known() -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The pictures of the published pairs of CIFAR-10 and 2,000 others, and the pairs called near copies."""
    with gzip.open(DATA / "cifar10" / "index.csv.gz", "rt") as table:
        file_of = {(row["split"], int(row["index"])): row["file"] for row in csv.DictReader(table)}
    with (DATA / "cifair_duplicates" / "duplicates_cifar10.csv").open() as table:
        listed = [row for row in csv.DictReader(table) if row["Judgment"] == "1"]
    pairs = [(("train", int(row["TrainID"])), ("test", int(row["TestID"]))) for row in listed]
    rng = np.random.default_rng(0)
    wanted = {key for pair in pairs for key in pair} | {
        ("train", int(k)) for k in rng.choice(50_000, 2000, replace=False)
    }
    names = {file_of[key]: key for key in wanted}
    found = {}
    with tarfile.open(DATA / "cifar10" / "cifar10_jpeg.tar.xz") as archive:
        for member in archive:
            key = names.get(member.name) or names.get(member.name.partition("/")[2])
            stream = archive.extractfile(member) if key else None
            if stream is not None:
                found[key] = np.asarray(Image.open(io.BytesIO(stream.read())).convert("RGB"))
    place = {key: number for number, key in enumerate(sorted(found))}
    values = np.stack([found[key] for key in sorted(found)])
    return values, [tuple(sorted((place[one], place[other]))) for one, other in pairs]


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "cifair_duplicates").is_dir(), reason="no list of known copies")
def test_known_near_copies_of_cifar10() -> None:
    values, known = read_known()
    found = {tuple(pair) for pair in look(values).pairs.tolist()}
    assert len(known) == 249
    assert sum(pair in found for pair in known) >= 224
