from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.partial import check_partial, measure_rest
from heldout.records import Severity

ROWS = 600


def make_table(seed: int = 0, n_classes: int = 2) -> tuple[dict[str, list[str]], np.ndarray]:
    rng = np.random.default_rng(seed)
    goal = rng.integers(0, n_classes, ROWS)
    table = {f"x{k}": [f"{v:.5f}" for v in goal * 0.5 + rng.normal(size=ROWS)] for k in range(3)}
    table["town"] = rng.choice([f"t{k}" for k in range(9)], ROWS).tolist()
    return {**table, "y": ["abcd"[g] for g in goal]}, goal


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("strength", [1.0, 0.7, 0.4, 0.2])
def test_codes_filled_in_from_the_answer_are_found(strength: float, n_classes: int) -> None:
    table, goal = make_table(n_classes=n_classes)
    rng = np.random.default_rng(1)
    table["code"] = [f"r{g}" if c else "" for g, c in zip(goal, rng.random(ROWS) < strength, strict=True)]
    found = check_partial(make_input(table, "y"))
    assert [(item.code, item.column, item.severity) for item in found] == [
        ("HO230", "code", Severity.WARNING)
    ]


def test_a_measurement_left_out_at_one_outcome_is_found() -> None:
    table, goal = make_table()
    rng = np.random.default_rng(1)
    table["lab"] = [
        "" if g and c < 0.3 else f"{v:.2f}"
        for g, c, v in zip(goal, rng.random(ROWS), rng.normal(size=ROWS), strict=True)
    ]
    found = check_partial(make_input(table, "y"))
    assert [item.column for item in found] == ["lab"]
    assert "no value" in found[0].sentence


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_parts_that_fix_a_number_are_found(strength: float) -> None:
    table, _ = make_table()
    rng = np.random.default_rng(2)
    goal = rng.normal(size=ROWS)
    table["y"] = [f"{v:.5f}" for v in goal]
    covered = rng.random(ROWS) < strength
    table["quarter"] = [
        f"q{int(g > 0)}{int(abs(g) > 0.7)}" if c else "" for g, c in zip(goal, covered, strict=True)
    ]
    table["copy"] = [
        f"{2 * g:.5f}" if c else f"{v:.5f}"
        for g, c, v in zip(goal, covered, rng.normal(size=ROWS), strict=True)
    ]
    found = check_partial(make_input(table, "y", regression=True))
    assert "quarter" in {item.column for item in found}
    if strength == 1.0:
        assert "copy" in {item.column for item in found}


@pytest.mark.parametrize("seed", range(12))
def test_a_clean_table_passes(seed: int) -> None:
    table, _ = make_table(seed)
    assert check_partial(make_input(table, "y"))[0].title.startswith("passed")


def test_a_grade_that_tells_throughout_is_an_ordinary_good_column() -> None:
    table, goal = make_table()
    rng = np.random.default_rng(3)
    table["grade"] = [str(int(v)) for v in np.clip(4 * goal + rng.normal(3, 1.6, ROWS), 0, 9)]
    assert check_partial(make_input(table, "y"))[0].title.startswith("passed")


def test_a_number_given_to_some_of_one_outcome_is_found() -> None:
    table, goal = make_table()
    numbers = iter(np.random.default_rng(4).permutation(900))
    table["body"] = [str(next(numbers)) if g and k % 4 == 0 else "" for k, g in enumerate(goal)]
    found = check_partial(make_input(table, "y"))
    assert [item.column for item in found] == ["body"]
    assert "any value" in found[0].sentence


def test_an_order_that_ends_in_pure_values_is_no_mark() -> None:
    rng = np.random.default_rng(5)
    age = rng.integers(17, 67, 4_000)
    goal = rng.random(4_000) < np.clip((age - 24) / 90, 0.0, 1.0)
    table = {"age": [str(v) for v in age], "z": ["1", "2"] * 2_000, "y": ["ab"[int(g)] for g in goal]}
    assert check_partial(make_input(table, "y"))[0].title.startswith("passed")


def test_values_of_one_row_say_nothing_about_the_rest() -> None:
    assert measure_rest(np.eye(2)[np.arange(50) % 2]) == 0.0


@pytest.mark.parametrize("is_marked", [False, True])
def test_visits_of_one_patient_are_one_observation(is_marked: bool) -> None:
    rng = np.random.default_rng(6)
    n_patients, n_visits = 160, 3
    patient = np.repeat(np.arange(n_patients), n_visits)
    ill = rng.random(n_patients) < 0.5
    age = rng.integers(25, 90, n_patients)
    mark = ill & (rng.random(n_patients) < 0.4)
    table = {
        "age": [str(age[who]) for who in patient],
        "code": [str(int(mark[who])) for who in patient] if is_marked else ["1", "0"] * 240,
        "z": [f"{v:.6f}" for v in rng.normal(size=480)],
        "y": [["no", "yes"][int(ill[who])] for who in patient],
    }
    found = check_partial(make_input(table, "y", group=("patient", patient)))
    assert [item.column for item in found] == (["code"] if is_marked else [""])


@pytest.mark.parametrize("seed", range(6))
def test_few_grades_as_a_number_are_no_narrow_range(seed: int) -> None:
    """Most rows have one of two grades, so that any value of a good column goes with those two."""
    rng = np.random.default_rng(seed)
    n_rows = 700
    quality = rng.normal(size=n_rows)
    grade = np.clip(np.round(5.6 + 0.8 * quality), 3, 8).astype(int)
    table = {f"x{k}": [f"{v:.1f}" for v in 10 + 0.6 * quality + rng.normal(size=n_rows)] for k in range(4)}
    table["y"] = [str(g) for g in grade]
    found = check_partial(make_input(table, "y", regression=True))
    assert [item.title.split(":")[0] for item in found] == ["passed"]


@pytest.mark.parametrize(("strength", "has_rest"), [(1.0, False), (0.4, True)])
def test_the_rest_is_named_only_where_there_is_one(strength: float, *, has_rest: bool) -> None:
    table, goal = make_table()
    rng = np.random.default_rng(1)
    # Two codes for each class, so that whole columns of them are no copy of the target.
    table["code"] = [
        f"r{g}{rng.integers(2)}" if c else f"u{rng.integers(3)}"
        for g, c in zip(goal, rng.random(ROWS) < strength, strict=True)
    ]
    (found,) = check_partial(make_input(table, "y"))
    assert ("the rest of the column says little" in found.sentence) is has_rest
