"""Columns that change along the rows: found where they were planted, seldom where rows are in random order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audit.tables import find_data, make_input, read_rows
from heldout.audit.drift import check_drift, find_sort_keys, measure_drift
from heldout.records import PART_FIT, PART_VALIDATION, Severity


def make_rows(seed: int, *, order: str = "", how: str = "", n_rows: int = 400) -> dict[str, list[str]]:
    """Six columns that go together and one of categories; a change from row 240 on in two of them."""
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(n_rows, 6)) @ (np.eye(6) + 0.4 * rng.normal(size=(6, 6))) / 1.3
    kind = rng.integers(0, 4, n_rows)
    made[:, 1] += kind
    changed = np.arange(n_rows) >= 0.6 * n_rows
    if how == "step":
        made[changed, :2] += 1.5
    if how == "trend":
        made[:, :2] += 3 * np.linspace(0, 1, n_rows)[:, None]
    if how == "spread":
        made[changed, :2] *= 3
    y = (made[:, 5] + rng.normal(size=n_rows) > 0).astype(int)
    place = {
        "number": np.argsort(made[:, 0]),
        "class": np.argsort(y, kind="stable"),
        "kind": np.argsort(kind),
    }
    rows = place.get(order, np.arange(n_rows))
    table = {f"x{j}": [f"{value:.3f}" for value in made[rows, j]] for j in range(6)}
    if how == "missing":
        gone = rng.random(n_rows) < np.where(changed, 0.5, 0.1)
        table["x4"] = ["" if lost else cell for cell, lost in zip(table["x4"], gone, strict=True)]
    return table | {"kind": [f"k{value}" for value in kind[rows]], "y": ["ab"[value] for value in y[rows]]}


def find(table: dict[str, list[str]]):
    return [item for item in check_drift(make_input(table, "y")) if item.severity is Severity.WARNING]


@pytest.mark.parametrize("order", ["", "number", "class", "kind"])
def test_rows_in_random_order_or_sorted_are_left_alone(order: str) -> None:
    """By the rule 1 % of tables; the page of HO253 quotes this test."""
    assert sum(bool(find(make_rows(seed, order=order))) for seed in range(40)) <= 1


@pytest.mark.parametrize("how", ["step", "trend", "spread", "missing"])
def test_planted_changes_are_found(how: str) -> None:
    found = [find(make_rows(seed, how=how)) for seed in range(12)]
    assert sum(bool(item) for item in found) >= 11
    word = {"spread": "spread of", "missing": "missing cells of 'x4' change "}.get(how, "values of")
    assert sum(item[0].sentence.startswith(word) for item in found if item) >= 10


def test_a_step_is_told_with_its_line() -> None:
    found = find(make_rows(3, how="step"))
    assert {item.column for item in found} >= {"x0", "x1"}
    sentence = next(item.sentence for item in found if item.column == "x0")
    assert "(a step: from about line " in sentence
    line = int(sentence.split("about line ")[1].split()[0])
    assert 232 <= line <= 250  # the header is line 1, row 240 is line 242
    assert "instrument" in found[0].action


def test_a_trend_is_no_step() -> None:
    told = " ".join(item.sentence for seed in range(3) for item in find(make_rows(seed, how="trend")))
    assert told.count("gradually") > told.count("a step")


def test_a_change_within_a_sorted_file_is_found() -> None:
    table = make_rows(0, order="class")
    first = table["y"].count("a")
    table["x3"] = [str(float(cell) + 4 * (first // 2 <= row < first)) for row, cell in enumerate(table["x3"])]
    (found,) = find(table)
    assert found.column == "x3"
    assert f"within runs of 'y', in that of lines 2 to {first + 1} (" in found.sentence
    assert "% of the ranks of that run higher than before" in found.sentence
    data = make_input(table, "y")
    run = data.rows[data.rows < first]
    assert found.where is not None
    assert found.where.looked_at is not None
    assert found.where.looked_at.tolist() == run.tolist()
    after = found.where.rows
    assert found.rows == len(after)
    assert after.tolist() == run[run >= after[0]].tolist()  # up to the end of the run, and no further
    assert abs(after[0] - first // 2) <= 5
    assert (
        f"after line {after[0] + 2}," in found.sentence or f"about line {after[0] + 2} on" in found.sentence
    )


def test_a_change_in_several_runs_is_told_of_the_surest_with_the_number_of_others() -> None:
    table = make_rows(0, order="class")
    first = table["y"].count("a")
    late = [first // 2 <= row < first or row >= (first + 400) // 2 for row in range(400)]
    table["x3"] = [str(float(cell) + 4 * gone) for cell, gone in zip(table["x3"], late, strict=True)]
    (found,) = find(table)
    assert f"in that of lines 2 to {first + 1}, and in 1 further run (" in found.sentence


def test_rows_of_one_unit_side_by_side_are_told_more_often() -> None:
    """The page of HO253 quotes this test."""
    count = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        unit = np.arange(400) // 3
        made = np.sqrt(0.8) * rng.normal(size=(134, 6))[unit] + np.sqrt(0.2) * rng.normal(size=(400, 6))
        table = {f"x{j}": [f"{value:.3f}" for value in made[:, j]] for j in range(6)}
        count += bool(find(table | {"y": ["ab"[value] for value in rng.integers(0, 2, 400)]}))
    assert count <= 8


def test_a_file_sorted_by_a_number_is_not_asked() -> None:
    (told,) = check_drift(make_input(make_rows(0, order="number"), "y"))
    assert told.title.startswith("not applicable")
    assert told.sentence == "rows are sorted by 'x0'"
    data = make_input(make_rows(0, order="kind"), "y")
    assert [name for name, _ in find_sort_keys(data, data.rows)] == ["kind"]
    plain = make_input(make_rows(0), "y")
    assert find_sort_keys(plain, plain.rows) == []


def test_declared_validation_rows_behind_the_fit_rows_are_no_change() -> None:
    data = make_input(make_rows(1, how="step"), "y")
    part = np.where(np.arange(400) >= 240, PART_VALIDATION, PART_FIT).astype(np.int8)
    table = dataclasses.replace(data.table, part=part)
    assert check_drift(dataclasses.replace(data, table=table))[0].title.startswith("passed")


def test_rows_of_a_declared_group_count_once() -> None:
    """Four visits each of 100 patients differ from patient to patient, and not along the rows."""
    rng = np.random.default_rng(0)
    patient = np.arange(400) // 4
    made = rng.normal(size=(100, 3))[patient] + 0.1 * rng.normal(size=(400, 3))
    table = {f"x{j}": [f"{value:.3f}" for value in made[:, j]] for j in range(3)}
    table |= {"patient": [f"p{value}" for value in patient], "y": ["a", "b"] * 200}
    assert check_drift(make_input(table, "y", group=("patient", patient)))[0].title.startswith("passed")


def test_few_rows_are_not_asked() -> None:
    told = check_drift(make_input(make_rows(0, n_rows=50), "y"))[0]
    assert told.title.startswith("not applicable")
    assert "under 60 rows" in told.sentence


def test_the_measure_is_that_of_a_slow_count() -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(size=70), rng.normal(1.5, 1, size=50)])
    ranks = np.argsort(np.argsort(values)) / len(values)
    gaps = [
        abs(ranks[:k].mean() - ranks[k:].mean()) * np.sqrt(k * (120 - k)) for k in range(1, 120)
    ]  # the same order as of weighted sums is not promised, only a place nearby
    drift = measure_drift(values)
    assert abs(drift.place - (1 + int(np.argmax(gaps)))) <= 5
    assert drift.shift == pytest.approx(ranks[drift.place :].mean() - ranks[: drift.place].mean())
    assert measure_drift(np.ones(80)).p_value == 1.0
    assert measure_drift(np.repeat([0.0, 1.0, 0.0], 60)).is_step is False


def test_the_rows_of_the_wine_table_are_no_random_order() -> None:
    path = find_data("wine_quality/winequality-red.csv")
    rows = [row[0].split(";") if len(row) == 1 else row for row in read_rows(path)]
    table = {f"c{j}": [row[j] for row in rows[1:]] for j in range(11)}
    found = find(table | {"y": ["good" if float(row[11]) > 5 else "poor" for row in rows[1:]]})
    assert "c7" in {item.column for item in found}


def test_a_number_that_counts_the_rows_sorts_nothing() -> None:
    table = make_rows(2, how="step") | {"number": [str(100 + 3 * row) for row in range(400)]}
    table["number"][:2] = ["7171717", "7171717"]
    columns = {item.column for item in find(table)}
    assert "x0" in columns
    assert "number" not in columns
    nearly = make_rows(0, order="number")
    nearly["x0"][:2] = ["7171717", "7171717"]
    assert check_drift(make_input(nearly, "y"))[0].sentence == "rows are sorted by 'x0'"
