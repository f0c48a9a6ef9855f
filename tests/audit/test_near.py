from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.input import make_rng
from heldout.audit.near import check_near, embed_rows, find_near, pick_columns
from heldout.records import Kind, Severity


def make_points(seed: int, n_rows: int = 400, n_columns: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, n_columns)).astype(np.float32)


@pytest.mark.parametrize("seed", range(8))
def test_noisy_copies_are_found_and_nothing_else(seed: int) -> None:
    points = make_points(seed)
    rng = np.random.default_rng(seed)
    copied = rng.choice(400, 20, replace=False)
    noise = 0.03 * points.std(axis=0) * rng.normal(size=(20, 8))
    both = np.vstack([points, points[copied] + noise]).astype(np.float32)
    found = find_near(both, np.arange(420))
    assert set(found.rows.tolist()) == {*copied.tolist(), *range(400, 420)}
    assert find_near(points, np.arange(400)).rows.size == 0


@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_few_columns_need_a_closer_copy(n_columns: int) -> None:
    points = np.random.default_rng(0).normal(size=(500, n_columns)).astype(np.float32)
    assert find_near(points, np.arange(500)).rows.size <= 2


def test_the_nearest_rows_are_those_of_brute_force() -> None:
    points = make_points(3, n_rows=90)
    found = find_near(points, np.arange(90))
    apart = np.linalg.norm(points[:, None].astype(float) - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.isclose(found.median, np.median(apart.min(axis=1)), rtol=1e-5)


def make_table(n_rows: int = 300) -> dict[str, list[str]]:
    rng = np.random.default_rng(1)
    table = {f"x{k}": [f"{v:.5f}" for v in rng.normal(size=n_rows)] for k in range(6)}
    table["town"] = rng.choice(["a", "b", "c"], n_rows).tolist()
    table["y"] = ["u", "v"] * (n_rows // 2)
    return table


def test_near_copies_in_a_table_are_told_with_their_lines() -> None:
    table = make_table()
    for name, cells in table.items():
        if name != "y":
            source = [cells[k] for k in range(40)]
            cells[40:80] = [f"{float(v) + 1e-4:.5f}" if name[0] == "x" else v for v in source]
    found = check_near(make_input(table, "y"))[0]
    assert found.code == "HO216"
    assert found.severity is Severity.WARNING
    assert "first pair in lines" in found.sentence
    assert found.rows >= 50


def test_a_clean_table_passes_and_a_narrow_one_is_not_asked() -> None:
    table = make_table()
    assert check_near(make_input(table, "y"))[0].title == "passed: near copies"
    narrow = {name: table[name] for name in ("x0", "y")}
    assert check_near(make_input(narrow, "y"))[0].title == "not applicable: near copies"


def test_categories_and_missing_cells_keep_rows_apart() -> None:
    table = make_table()
    table["x0"][0] = "?"
    data = make_input(table, "y")
    columns = pick_columns(data)
    assert {column.spec.kind for column in columns} == {Kind.NUMBER, Kind.CATEGORY}
    points = embed_rows(columns, np.arange(300), make_rng(data, "codes"))
    again = embed_rows(columns, np.arange(300), make_rng(data, "codes"))
    assert np.isfinite(points).all()
    assert (points == again).all()
