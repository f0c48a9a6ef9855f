from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.tables import make_input, make_raw
from heldout.audit.order import check_order, compare_blocks, find_zones, is_time
from heldout.records import Finding, Kind


def find(findings: tuple[Finding, ...], code: str) -> Finding:
    return next(item for item in findings if item.code == code)


def make_table(n_rows: int = 400, *, is_sorted: bool = False) -> dict[str, list[str]]:
    rng = np.random.default_rng(0)
    goal = rng.integers(0, 2, n_rows)
    goal = np.sort(goal) if is_sorted else goal
    return {"x": [f"{v:.6f}" for v in rng.normal(size=n_rows)], "y": ["ab"[k] for k in goal]}


def test_a_sorted_table_is_told() -> None:
    found = find(check_order(make_input(make_table(is_sorted=True), "y")), "HO219")
    assert found.title == "target follows the order of rows"


def test_a_shuffled_table_passes() -> None:
    assert find(check_order(make_input(make_table(), "y")), "HO219").title.startswith("passed")


def test_chance_alone_seldom_looks_like_order() -> None:
    alarms = sum(
        compare_blocks(np.random.default_rng(seed).integers(0, 3, 300).astype(float), classes=True) <= 0.05
        for seed in range(300)
    )
    assert alarms <= 27  # 5 % of 300 and three standard deviations


@pytest.mark.parametrize("classes", [True, False])
def test_constant_targets_and_few_rows_say_nothing(classes: bool) -> None:
    assert compare_blocks(np.zeros(100), classes=classes) == 1.0
    assert compare_blocks(np.arange(6.0), classes=classes) == 1.0


def test_a_date_is_a_hint_to_split_by_time() -> None:
    data = make_input({**make_table(), "d": ["1"] * 400}, "y")
    dates = next(column for column in data.columns if column.spec.name == "d")
    dated = replace(dates, spec=replace(dates.spec, kind=Kind.DATE), values=np.arange(400.0))
    columns = tuple(dated if column is dates else column for column in data.columns)
    found = find(check_order(replace(data, columns=columns)), "HO225")
    assert "--time d" in found.action
    ordered = replace(data, columns=columns, split=replace(data.split, ordered=True))
    assert find(check_order(ordered), "HO225").title.startswith("passed")


@pytest.mark.parametrize(
    ("name", "answer"), [("year_first_hired", True), ("years_to_event", False), ("yield", False)]
)
def test_whole_years_under_such_a_name_are_a_time(name: str, answer: bool) -> None:
    data = make_input({**make_table(), name: [str(1990 + k % 20) for k in range(400)]}, "y")
    assert is_time(next(column for column in data.columns if column.spec.name == name)) is answer


def test_mixed_zones_are_told() -> None:
    cells = [f"2020-01-{1 + k % 28:02d} 10:00:00{'Z' if k % 5 else '+02:00'}" for k in range(400)]
    found = find(check_order(make_input({**make_table(), "taken_time": cells}, "y")), "HO228")
    assert found.title == "several time zones in one column"
    assert "'taken_time'" in found.sentence


def test_rows_in_which_zones_were_not_looked_for_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [f"2020-01-{1 + k % 28:02d} 10:00:{k % 60:02d}{'Z' if k % 5 else '+02:00'}" for k in range(400)]
    data = make_input({**make_table(), "taken_time": cells}, "y")
    whole = find(check_order(data), "HO228")
    assert whole.where is not None
    assert whole.where.looked_at is not None
    assert whole.where.looked_at.tolist() == data.rows.tolist()
    assert "in the first" not in whole.sentence
    monkeypatch.setattr("heldout.audit.order.MOST_LEVELS", 100)
    found = find(check_order(data), "HO228")
    assert found.where is not None
    assert found.where.looked_at is not None
    assert found.where.looked_at.tolist() == data.rows[:100].tolist()
    assert set(found.where.rows.tolist()) <= set(data.rows[:100].tolist())
    assert "several zones in the first 100 rows: " in found.sentence


def test_zones_are_read_behind_a_time_of_day_only() -> None:
    raw = make_raw("t", ["10:00 CET", "2020-01-01", "10:00", "10:00:00.5Z", "a 12"])
    assert find_zones(raw, np.arange(5)) == {"CET": 1, "": 1, "Z": 1}


def test_one_repeated_row_does_not_hide_that_a_table_is_sorted() -> None:
    table = make_table(is_sorted=True)
    twice = {name: [*cells[:1], *cells] for name, cells in table.items()}
    data = make_input(twice, "y")
    assert data.split.has_groups
    assert find(check_order(data), "HO219").title == "target follows the order of rows"


def test_forty_copies_of_a_row_are_no_order() -> None:
    table = make_table()
    copied = {name: [*cells[:1] * 40, *cells] for name, cells in table.items()}
    assert find(check_order(make_input(copied, "y")), "HO219").title.startswith("passed")


def test_rows_of_a_declared_group_stand_together() -> None:
    table = make_table(is_sorted=True)
    data = make_input(table, "y", group=("ward", np.arange(400) // 2))
    found = find(check_order(data), "HO219")
    assert (found.title, "declared" in found.sentence) == (
        "not applicable: target follows the order of rows",
        True,
    )
