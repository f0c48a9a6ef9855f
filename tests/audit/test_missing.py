from __future__ import annotations

import numpy as np
from scipy import stats

from audit.tables import make_input
from heldout.audit.missing import check_missing, compare_missingness
from heldout.records import Severity

RNG = np.random.default_rng(0)


def test_tests_agree_with_scipy() -> None:
    absent, classes = np.arange(400) % 5 == 0, (np.arange(400) // 7) % 3
    table = np.array([[(absent & (classes == k)).sum(), (~absent & (classes == k)).sum()] for k in range(3)])
    assert np.isclose(compare_missingness(absent, classes, rng=RNG), stats.chi2_contingency(table).pvalue)
    few, two = np.arange(30) < 4, (np.arange(30) < 10).astype(int)
    table = np.array([[(few & (two == k)).sum(), (~few & (two == k)).sum()] for k in range(2)])
    assert np.isclose(compare_missingness(few, two, rng=RNG), stats.fisher_exact(table)[1])


def test_random_tables_give_the_exact_probability() -> None:
    # 3 missing cells, all in the first of three classes of 4 rows: 3 * C(4, 3) of C(12, 3) tables are as far off.
    absent, classes = np.arange(12) < 3, np.arange(12) // 4
    assert abs(compare_missingness(absent, classes, rng=RNG) - 12 / 220) < 0.01


def test_no_difference_without_both_kinds_of_cells() -> None:
    assert compare_missingness(np.zeros(9, bool), np.arange(9) % 2, rng=RNG) == 1.0
    assert compare_missingness(np.ones(9, bool), np.arange(9) % 2, rng=RNG) == 1.0


def plant(n_rows: int, share_a: float, share_b: float, seed: int) -> tuple[dict[str, list[str]], int]:
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(n_rows) < 0.5, "a", "b")
    gone = rng.random(n_rows) < np.where(labels == "a", share_a, share_b)
    cells = [
        "?" if absent else f"{value:.6f}" for absent, value in zip(gone, rng.normal(size=n_rows), strict=True)
    ]
    return {"x": cells, "z": [str(k) for k in range(n_rows)], "y": labels.tolist()}, int(gone.sum())


def test_missing_cells_are_counted() -> None:
    table, _ = plant(150, 0.7, 0.7, 0)
    data = make_input(table, "y")
    n_gone = sum(table["x"][row] == "?" for row in data.rows)
    first, second = check_missing(data)[:2]
    assert first.rows == n_gone
    assert first.sentence.startswith(f"{n_gone} of 300 feature cells")
    assert second.sentence == "more than half of the cells are missing in 'x'"


def test_planted_ties_are_found_and_noise_is_not() -> None:
    found = sum(
        check_missing(make_input(plant(1_000, 0.09, 0.01, seed)[0], "y"))[-1].severity is Severity.WARNING
        for seed in range(10)
    )
    false = sum(
        check_missing(make_input(plant(300, 0.1, 0.1, seed)[0], "y"))[-1].severity is Severity.WARNING
        for seed in range(40)
    )
    assert found >= 9
    assert false <= 6  # 40 tests at 5 %: more than 6 in 1.4 % of such experiments; the seeds are fixed


def test_a_tie_with_a_number_is_found() -> None:
    numbers = np.arange(300.0)
    cells = ["?" if value > 250 else str(value) for value in numbers]
    table = {"x": cells, "z": [str(k) for k in range(300)], "y": [str(value) for value in numbers]}
    tie = check_missing(make_input(table, "y", regression=True))[-1]
    assert tie.column == "x"
    assert "median target" in tie.sentence


def test_complete_columns_pass() -> None:
    data = make_input({"x": [str(k) for k in range(40)], "y": ["a", "b"] * 20}, "y")
    assert [item.title for item in check_missing(data)] == [
        "passed: missing cells",
        "passed: missingness tied to the target",
    ]


def test_copies_are_no_groups_in_words() -> None:
    table, _ = plant(1_000, 0.09, 0.01, 0)
    twice = {name: [*cells[:1], *cells] for name, cells in table.items()}
    told = check_missing(make_input(twice, "y"))[-1]
    grouped = check_missing(make_input(twice, "y", group=("ward", np.arange(1_001) // 2)))[-1]
    assert ("rows of one group" in told.sentence, "rows of one group" in grouped.sentence) == (False, True)
