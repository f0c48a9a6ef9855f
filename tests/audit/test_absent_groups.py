from __future__ import annotations

import numpy as np

from audit.tables import make_input
from heldout.audit.absent_groups import check_absent_groups


def make_table(seed: int, gap: float) -> dict[str, list[str]]:
    rng = np.random.default_rng(seed)
    sex = rng.choice(["F", "M"], 600)
    gone = rng.random(600) < np.where(sex == "F", 0.1 + gap, 0.1)
    return {
        "sex": sex.tolist(),
        "lab": ["" if g else f"{v:.3f}" for g, v in zip(gone, rng.normal(size=600), strict=True)],
        "y": ["a", "b"] * 300,
    }


def test_cells_missing_for_one_sex_are_told() -> None:
    found = check_absent_groups(make_input(make_table(0, 0.25), "y"))
    assert [item.code for item in found] == ["HO231"]
    assert "'sex' = 'F'" in found[0].sentence


def test_chance_alone_seldom_speaks() -> None:
    alarms = [
        not check_absent_groups(make_input(make_table(seed, 0.0), "y"))[0].title.startswith("passed")
        for seed in range(40)
    ]
    assert sum(alarms) <= 6


def test_without_groups_or_missing_cells_it_is_not_asked() -> None:
    table = make_table(0, 0.2)
    without = {name: table[name] for name in ("lab", "y")}
    assert check_absent_groups(make_input(without, "y"))[0].title.startswith("not applicable")
    whole = {**table, "lab": ["1.5", "2.5"] * 300}
    assert check_absent_groups(make_input(whole, "y"))[0].title.startswith("not applicable")


def test_ages_are_taken_in_quarters_and_hospitals_as_places() -> None:
    rng = np.random.default_rng(0)
    age, site = rng.integers(18, 90, 600), rng.choice(["north", "south"], 600)
    gone = rng.random(600) < np.where(age > 70, 0.5, 0.1)
    also = rng.random(600) < np.where(site == "north", 0.4, 0.05)
    table = {
        "age": [str(v) for v in age],
        "hospital": site.tolist(),
        "time_in_hospital": [str(v) for v in rng.integers(1, 9, 600)],
        "a": ["" if g else f"{v:.3f}" for g, v in zip(gone, rng.normal(size=600), strict=True)],
        "b": ["" if g else f"{v:.3f}" for g, v in zip(also, rng.normal(size=600), strict=True)],
        "y": ["a", "b"] * 300,
    }
    found = {item.column: item.sentence for item in check_absent_groups(make_input(table, "y"))}
    assert "'age'" in found["a"]
    assert "to highest" in found["a"]
    assert "'hospital' = 'north'" in found["b"]
