"""Columns whose names say that they hold the answer."""

from __future__ import annotations

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.leak_names import sounds_like_target
from heldout.audit.leaks import check_leaks


@pytest.mark.parametrize(
    ("name", "target", "is_like"),
    [
        ("outcome_code", "outcome", True), ("target_2", "y", True), ("y_pred", "y", True), ("Predicted", "y", True),
        ("score_of_risk", "y", True), ("survived_flag", "survived", True), ("credit score", "default", False),
        ("num_visits", "num", False), ("y", "x", False), ("pclass", "class", False), ("predator", "y", False),
        ("", "y", False), ("target organ", "", True),
    ],
)  # fmt: skip
def test_names_of_answers(name: str, target: str, is_like: bool) -> None:
    assert sounds_like_target(name, target) is is_like


@pytest.mark.parametrize("name", ["outcome_code", "target_2", "y_pred"])
@pytest.mark.parametrize("is_tied", [True, False])
def test_a_name_is_asked_only_with_an_association(name: str, is_tied: bool) -> None:
    rng = np.random.default_rng(0)
    goal = rng.integers(0, 2, 400)
    table = {"x": [f"{v:.4f}" for v in rng.normal(size=400)], "outcome": ["ab"[g] for g in goal]}
    table[name] = [f"{v + 1.2 * g * is_tied:.4f}" for v, g in zip(rng.normal(size=400), goal, strict=True)]
    asked = [
        item.column for item in check_leaks(make_input(table, "outcome")) if item.title == "name of an answer"
    ]
    assert asked == [name] * is_tied


def test_the_same_association_under_another_name_is_none() -> None:
    rng = np.random.default_rng(0)
    goal = rng.integers(0, 2, 400)
    table = {"marker": [f"{v + 1.2 * g:.4f}" for v, g in zip(rng.normal(size=400), goal, strict=True)]}
    table["outcome"] = ["ab"[g] for g in goal]
    assert not [
        item for item in check_leaks(make_input(table, "outcome")) if item.title == "name of an answer"
    ]
