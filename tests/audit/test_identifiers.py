from __future__ import annotations

import numpy as np

from audit.tables import make_input
from heldout.audit.identifiers import check_identifiers
from heldout.records import Kind


def make_table(n_rows: int = 300) -> tuple[dict[str, list[str]], np.ndarray]:
    rng = np.random.default_rng(0)
    goal = rng.integers(0, 2, n_rows)
    return {"x": [f"{v:.5f}" for v in rng.normal(size=n_rows)], "y": ["ab"[g] for g in goal]}, goal


def test_an_identifier_given_in_order_of_the_answer_is_told() -> None:
    table, goal = make_table()
    number = np.empty(300, int)
    number[np.argsort(goal, kind="stable")] = np.arange(300)
    table["case"] = [f"P{v:04d}" for v in number]
    found = check_identifiers(make_input(table, "y", kinds={"case": Kind.IDENTIFIER}))
    assert [item.title for item in found] == ["an identifier tells the target"]


def test_an_identifier_without_order_passes() -> None:
    table, _ = make_table()
    table["case"] = [f"P{v}" for v in np.random.default_rng(1).permutation(300)]
    found = check_identifiers(make_input(table, "y", kinds={"case": Kind.IDENTIFIER}))
    assert found[0].title == "passed: identifiers"


def test_running_numbers_and_names_among_the_features_are_told() -> None:
    table, _ = make_table()
    table["count"] = [str(k) for k in np.random.default_rng(1).permutation(300)]
    table["label"] = [f"row {k}" for k in range(300)]
    found = check_identifiers(make_input(table, "y"))
    assert {item.column for item in found} == {"count", "label"}


def test_measured_whole_numbers_are_no_identifier() -> None:
    table, _ = make_table()
    rng = np.random.default_rng(1)
    table["price"] = [str(v) for v in rng.choice(10_000_000, 300, replace=False)]
    table["dose"] = [str(v) for v in rng.integers(0, 40, 300)]
    assert check_identifiers(make_input(table, "y"))[0].title == "passed: identifiers"


def test_one_repeated_row_does_not_hide_an_order_of_numbers() -> None:
    table, goal = make_table()
    number = np.empty(300, int)
    number[np.argsort(goal, kind="stable")] = np.arange(300)
    table["case"] = [f"P{v:04d}" for v in number]
    twice = {name: [*cells[:1], *cells] for name, cells in table.items()}
    data = make_input(twice, "y", kinds={"case": Kind.IDENTIFIER})
    assert data.split.has_groups
    assert [item.title for item in check_identifiers(data)] == ["an identifier tells the target"]
    grouped = make_input(twice, "y", kinds={"case": Kind.IDENTIFIER}, group=("ward", np.arange(301) // 2))
    assert check_identifiers(grouped)[0].title == "passed: identifiers"


def test_rows_of_one_key_do_not_make_an_order_of_their_own() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(60), 10)
    goal = rng.permutation(np.arange(60) % 2)[person]  # every person has one answer
    table = {"x": [f"{v:.5f}" for v in rng.normal(size=600)], "y": ["ab"[g] for g in goal]}
    table["patient_id"] = [str(100 + p) for p in person]
    found = check_identifiers(make_input(table, "y", kinds={"patient_id": Kind.IDENTIFIER}))
    assert found[0].title == "passed: identifiers"
