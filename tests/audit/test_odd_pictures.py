"""Planted pictures that show nothing are found and named, their clean twins are silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from audit.tables import make_input
from heldout.audit import AuditInput
from heldout.audit.odd_pictures import CONSTANT, FEWEST, check_odd_pictures, find_odd
from heldout.records import ArrayColumn, ArrayPolicy, Kind, Severity
from heldout.sources.columns import encode_cells

N_ROWS, N_PLANTED, SEEDS = 200, 8, range(20)


def make_pictures(values: np.ndarray, *, channels: tuple[str, ...] = ("gray",), divisor: float = 1.0):
    policy = ArrayPolicy(
        Kind.PICTURE, values.dtype.name, channels, values.shape[1], values.shape[2], divisor=divisor
    )
    return ArrayColumn("picture", Kind.PICTURE, values, policy)


def draw_photographs(rng: np.random.Generator) -> np.ndarray:
    """Patches of all sizes under lamps of different strength, with the noise of a camera: uint8 [N, 24, 24, 1]."""
    fine = rng.normal(size=(N_ROWS, 24, 24))
    coarse = np.stack([gaussian_filter(one, 4) for one in rng.normal(size=(N_ROWS, 24, 24))])
    scene = coarse / coarse.std(axis=(1, 2), keepdims=True) + rng.uniform(0.15, 0.5, (N_ROWS, 1, 1)) * fine
    lamp = np.exp(rng.normal(0, 0.25, (N_ROWS, 1, 1)))
    return np.clip(lamp * (110 + 40 * scene), 0, 255).round().astype(np.uint8)[..., None]


def plant(rng: np.random.Generator, values: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Eight pictures each become one value, a tenth as bright, nearly white, blurred by 2 pixels."""
    made, places = values.copy(), rng.permutation(N_ROWS)
    flat, dark, light, blurred = (places[N_PLANTED * k : N_PLANTED * (k + 1)] for k in range(4))
    made[flat] = rng.choice([0, 255, 90], (N_PLANTED, 1, 1, 1))
    made[dark] = (made[dark] * 0.1).astype(np.uint8)
    made[light] = (247 + made[light] * 0.03).astype(np.uint8)
    for place in blurred:
        made[place] = gaussian_filter(made[place].astype(float), (2, 2, 0)).round().astype(np.uint8)
    return made, [flat, dark, light, blurred]


def test_planted_pictures_are_found_and_their_twins_are_silent() -> None:
    """Recall and precision of each kind at least 0.9 over 20 seeds, the bar of every planted defect."""
    hits, said, false = np.zeros(4), np.zeros(4), 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        clean = draw_photographs(rng)
        made, planted = plant(rng, clean)
        found = find_odd(make_pictures(made), np.arange(N_ROWS))
        hits += [len(np.intersect1d(rows, truth)) for (_, rows), truth in zip(found, planted, strict=True)]
        said += [len(rows) for _, rows in found]
        false += sum(len(rows) for _, rows in find_odd(make_pictures(clean), np.arange(N_ROWS)))
    n_planted = N_PLANTED * len(SEEDS)
    assert (hits / n_planted >= 0.9).all(), hits / n_planted
    assert (hits / said >= 0.9).all(), hits / said
    assert false <= 0.002 * N_ROWS * len(SEEDS)
    assert hits[0] == said[0] == n_planted  # one value is exact


def make_study(values: np.ndarray, *, named: bool = True) -> AuditInput:
    n = len(values)
    data = make_input({"number": [str(k) for k in range(n)], "y": [("a", "b")[k % 2] for k in range(n)]}, "y")
    files = encode_cells("file", [f"shot{k}.png" for k in range(n)])
    columns = (files, *data.table.columns) if named else data.table.columns
    return replace(data, table=replace(data.table, arrays=(make_pictures(values),), columns=columns))


def test_the_finding_counts_and_names_them() -> None:
    values = draw_photographs(np.random.default_rng(3))
    data = make_study(values)
    place = int(data.rows[4])
    values[place], values[data.rows[6]] = 0, values[data.rows[6]] // 12
    (found,) = check_odd_pictures(make_study(values))
    assert (found.code, found.severity, found.rows, found.column) == ("HO248", Severity.WARNING, 2, "picture")
    assert f"1 {CONSTANT} ('shot{place}.png')" in found.sentence
    assert "1 far darker than the others" in found.sentence


def test_many_are_named_in_part_and_rows_without_a_file_by_their_line() -> None:
    values = draw_photographs(np.random.default_rng(3))
    rows = make_study(values).rows[:9]
    values[rows] = 255
    (found,) = check_odd_pictures(make_study(values, named=False))
    lines = make_study(values).table.lines
    assert f"9 {CONSTANT} (row {lines[rows[0]]}, " in found.sentence
    assert "and 4 more)" in found.sentence


def test_sealed_pictures_are_not_looked_at() -> None:
    values = draw_photographs(np.random.default_rng(3))
    data = make_study(values)
    sealed = np.setdiff1d(np.arange(N_ROWS), data.rows)
    assert len(sealed)
    values[sealed] = 0
    (found,) = check_odd_pictures(make_study(values))
    assert found.title == "passed: pictures that show nothing"


def test_tables_are_skipped() -> None:
    data = make_input({"number": ["1", "2"] * 20, "y": ["a", "b"] * 20}, "y")
    assert check_odd_pictures(data)[0].title == "not applicable: pictures that show nothing"


@pytest.mark.parametrize("unit", [1e-17, 1.0, 1e9])
def test_fluxes_have_no_black_but_one_value_and_a_blur(unit: float) -> None:
    rng = np.random.default_rng(5)
    values = (rng.normal(size=(60, 16, 16, 2)) * unit).astype(np.float32)
    values[7, ..., 0] = np.float32(unit)
    values[..., 1] = rng.random((60, 16, 16)) < 0.1
    values[9, ..., 0] = gaussian_filter(values[9, ..., 0].astype(float), 2)
    found = find_odd(make_pictures(values, channels=("flux", "mask")), np.arange(60))
    assert [rows.tolist() for _, rows in found] == [[7], [], [], [9]]


def test_sky_that_is_black_everywhere_is_not_dark() -> None:
    """Where most pictures are black but for a point, black is usual."""
    values = np.zeros((60, 32, 32, 1), np.uint8)
    values[:, 16, 16] = 200
    values[:10] = np.random.default_rng(0).integers(100, 255, (10, 32, 32, 1))
    found = find_odd(make_pictures(values), np.arange(60))
    assert not any(len(rows) for _, rows in found)


def test_few_pictures_say_only_what_is_exact() -> None:
    values = draw_photographs(np.random.default_rng(1))[: FEWEST - 2]
    values[3], values[4] = 0, values[4] // 20
    found = find_odd(make_pictures(values), np.arange(len(values)))
    assert [rows.tolist() for _, rows in found] == [[3], [], [], []]
