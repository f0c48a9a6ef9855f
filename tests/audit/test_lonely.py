from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.leaks import check_leaks
from heldout.audit.lonely import find_lonely, make_scores, measure_tie, number_strata
from heldout.records import Severity

ROWS = 500


def make_table(seed: int, *, regression: bool) -> tuple[dict[str, list[str]], np.ndarray]:
    """Measurements that share a cause beside the target, so that they move together within a class."""
    rng = np.random.default_rng(seed)
    goal = rng.normal(size=ROWS) if regression else rng.integers(0, 2, ROWS).astype(float)
    body = rng.normal(size=ROWS)
    table = {f"x{k}": [f"{v:.5f}" for v in 1.5 * goal + body + 0.7 * rng.normal(size=ROWS)] for k in range(4)}
    table["y"] = [f"{g:.5f}" if regression else "ab"[int(g)] for g in goal]
    return table, goal


@pytest.mark.parametrize("regression", [False, True])
def test_a_noisy_copy_of_the_answer_is_lonely_and_measurements_are_not(regression: bool) -> None:
    n_found = 0
    for seed in range(8):
        table, goal = make_table(seed, regression=regression)
        rng = np.random.default_rng(100 + seed)
        table["copy"] = [f"{v:.5f}" for v in goal + 0.8 * goal.std() * rng.normal(size=ROWS)]
        data = make_input(table, "y", regression=regression)
        assert find_lonely(data, ["x0", "x1", "x2", "x3"]) == frozenset()
        found = [f for f in check_leaks(data) if f.code == "HO210" and f.severity is Severity.WARNING]
        n_found += [item.column for item in found] == ["copy"]
        assert all("like a noisy copy of the answer" in item.sentence for item in found)
    assert n_found >= 6  # one in twenty is tied to something by chance


@pytest.mark.parametrize("kind", ["one of several", "by class", "number"])
def test_a_good_column_among_unrelated_ones_is_no_copy(kind: str) -> None:
    """A simulation or an experiment: no column moves with another, so that being alone says nothing."""
    n_asked = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(ROWS, 5))
        if kind == "by class":
            goal = rng.integers(0, 2, ROWS)
            x[:, 0] += 1.3 * goal
        elif kind == "number":
            goal = x[:, 0] + 0.8 * rng.normal(size=ROWS)
        else:
            goal = (x[:, 0] + 0.4 * x[:, 1] + 0.6 * rng.normal(size=ROWS) > 0).astype(int)
        table = {f"x{k}": [f"{v:.4f}" for v in x[:, k]] for k in range(5)}
        table["y"] = [f"{g:.4f}" if kind == "number" else "ab"[int(g)] for g in goal]
        data = make_input(table, "y", regression=kind == "number")
        n_asked += bool(find_lonely(data, ["x0"]))
    assert n_asked == 0


def test_rows_of_one_patient_make_no_column_sociable() -> None:
    rng = np.random.default_rng(4)
    patient = np.repeat(np.arange(60), 6)
    body = rng.normal(size=(60, 4))
    goal = (body[:, 0] + 0.5 * rng.normal(size=60) > 0)[patient]
    x = body[patient] + 0.2 * rng.normal(size=(360, 4))
    table = {f"m{k}": [f"{v:.4f}" for v in x[:, k]] for k in range(4)}
    table |= {"patient": [f"p{k}" for k in patient], "y": ["ab"[int(g)] for g in goal]}
    assert find_lonely(make_input(table, "y", group=("patient", patient)), ["m0"]) == frozenset()


def test_nobody_is_asked_without_names_or_other_columns() -> None:
    table, _ = make_table(0, regression=False)
    data = make_input({name: table[name] for name in ("x0", "y")}, "y")
    assert find_lonely(data, ["x0"]) == frozenset()
    assert find_lonely(data, []) == frozenset()


def test_chance_alone_seldom_ties() -> None:
    ties = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        ties += measure_tie(rng.normal(size=200), rng.normal(size=(200, 20)), rng.integers(0, 3, 200)) <= 0.05
    assert ties <= 20  # 5 % and three standard deviations


def test_few_rows_in_each_stratum_cannot_show_loneliness() -> None:
    rng = np.random.default_rng(0)
    assert measure_tie(rng.normal(size=40), rng.normal(size=(40, 3)), np.arange(40)) == 0.0


def test_strata_hold_equal_targets() -> None:
    assert number_strata(np.array([3.0, 1.0, 3.0]), classes=True).tolist() == [1, 0, 1]
    assert number_strata(np.arange(40.0), classes=False).tolist() == np.repeat(range(4), 10).tolist()


def test_scores_do_not_follow_one_wild_number() -> None:
    assert np.abs(make_scores(np.append(np.arange(99.0), 1e12))).max() < 3
