"""Findings about particular rows name rows that have what they say, as many as they count."""

from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit import AuditInput, run_audit
from heldout.records import Finding, Kind

N = 300


def ask(columns: dict[str, list[str]], code: str, **options: object) -> tuple[AuditInput, Finding]:
    """The finding of a code, after checking every finding of the audit."""
    rng = np.random.default_rng(5)
    more = {f"n{k}": [f"{v:.4f}" for v in rng.normal(size=N)] for k in range(3)}
    data = make_input({**more, **columns}, "y", **options)
    found = run_audit(data)
    for item in found:
        if item.where is not None:
            looked_at = data.rows if item.where.looked_at is None else item.where.looked_at
            assert len(item.where.rows) + len(item.where.lines) == item.rows, item.code
            assert np.isin(item.where.rows, looked_at).all(), item.code
            assert (np.diff(item.where.rows) > 0).all(), item.code
    return data, next(item for item in found if item.code == code and item.where is not None)


def classes() -> list[str]:
    return ["a", "b"] * (N // 2)


def test_copies_and_conflicts() -> None:
    x = [f"{k}.5" for k in range(N)]
    x[200:220] = x[:20]
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b"], N).tolist()
    data = make_input({"x": x, "y": y}, "y")
    found = {item.code: item for item in run_audit(data)}
    repeats = [row for row in data.rows.tolist() if 200 <= row < 220 and row - 200 in data.rows]
    assert found["HO201"].where.rows.tolist() == repeats
    torn = [row for row in repeats if y[row] != y[row - 200]]
    assert torn
    assert found["HO202"].where.rows.tolist() == sorted([*torn, *(row - 200 for row in torn)])


def test_missing_cells_by_label_and_by_sex() -> None:
    sex = ["f", "m", "m"] * (N // 3)
    x = ["" if k % 6 == 0 else str(k % 17) for k in range(N)]
    data, found = ask({"x": x, "sex": sex, "y": classes()}, "HO205")
    wanted = [row for row in data.rows.tolist() if row % 6 == 0]
    assert found.where.rows.tolist() == wanted
    for code in ("HO206", "HO231"):
        assert ask({"x": x, "sex": sex, "y": classes()}, code)[1].where.rows.tolist() == wanted


def test_part_of_a_column_that_gives_the_target_away() -> None:
    mark = ["died" if k % 2 and k % 3 == 0 else f"w{(k // 2) % 4}" for k in range(N)]
    data, found = ask({"mark": mark, "y": classes()}, "HO230")
    assert found.where.rows.tolist() == [row for row in data.rows.tolist() if mark[row] == "died"]
    assert "y" in found.where.defined_by


def test_times_of_another_zone() -> None:
    when = [f"2020-01-{1 + k % 28:02d} 10:00{'Z' if k % 5 else '+02:00'}" for k in range(N)]
    data, found = ask(
        {"date seen": when, "y": classes()}, "HO228", kinds={"date seen": Kind.CATEGORY, "y": Kind.CATEGORY}
    )
    assert found.where.rows.tolist() == [row for row in data.rows.tolist() if row % 5 == 0]


def test_a_capped_target_and_one_that_is_far() -> None:
    y = [f"{40 + 0.1 * k:.1f}" if k % 10 else "90" for k in range(N)]
    data, found = ask({"y": y}, "HO214", regression=True)
    assert found.where.rows.tolist() == [row for row in data.rows.tolist() if row % 10 == 0]
    y = [f"{k % 50}.5" for k in range(N)]
    y[7] = y[8] = "1e9"
    data, found = ask({"y": y}, "HO213", regression=True)
    assert found.where.rows.tolist() == [row for row in (7, 8) if row in data.rows]


def test_far_cells_of_several_columns_count_each_row_once() -> None:
    one = [f"{k % 40}" for k in range(N)]
    other = list(one)
    for row in (30, 60, 90, 91):
        one[row] = "5000"
    for row in (60, 120):
        other[row] = "-7000"
    data, found = ask({"one": one, "other": other, "y": classes()}, "HO213")
    assert found.where.rows.tolist() == [row for row in (30, 60, 90, 91, 120) if row in data.rows]


@pytest.mark.parametrize("trait", ["<b>so</b> it was said", "caf\u00c3\u00a9 and more"])
def test_damaged_texts(trait: str) -> None:
    words = np.random.default_rng(1).choice(["she", "said", "that", "all", "was", "well", "again"], (N, 6))
    texts = [" ".join(row) + f" {k}" for k, row in enumerate(words)]
    for row in range(0, N, 30):
        texts[row] = f"{trait} {row}"
    data, found = ask({"note": texts, "y": classes()}, "HO247", kinds={"note": Kind.TEXT, "y": Kind.CATEGORY})
    assert found.where.rows.tolist() == [row for row in data.rows.tolist() if row % 30 == 0]


def test_near_copies_are_compared_among_the_rows_looked_at() -> None:
    rng = np.random.default_rng(2)
    table = rng.normal(size=(N, 8))
    table[200:220] = table[:20] + 1e-4 * rng.normal(size=(20, 8))
    columns = {f"v{k}": [f"{v:.6f}" for v in table[:, k]] for k in range(8)}
    data = make_input({**columns, "y": classes()}, "y")
    found = next(item for item in run_audit(data) if item.code == "HO216")
    pairs = [row for row in data.rows.tolist() if 200 <= row < 220 and row - 200 in data.rows]
    assert found.where.rows.tolist() == sorted([*pairs, *(row - 200 for row in pairs)])
    assert np.array_equal(found.where.looked_at, data.rows)
