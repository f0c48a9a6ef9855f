from __future__ import annotations

import dataclasses

import numpy as np

from audit.tables import make_input
from heldout.audit import run_audit
from heldout.records import Kind

CODES = {
    f"HO{number}" for number in (*range(201, 212), *range(213, 232), 233, *range(241, 245), *range(247, 256))
}


def make_table(n_rows: int = 300) -> dict[str, list[str]]:
    rng = np.random.default_rng(0)
    return {
        "patient": [str(k // 3) for k in range(n_rows)],
        "x": ["?" if k % 9 == 0 else f"{v:.4f}" for k, v in enumerate(rng.normal(size=n_rows))],
        "y": ["a", "b"] * (n_rows // 2),
    }


def test_every_question_has_an_answer() -> None:
    data = make_input(make_table(), "y", kinds={"patient": Kind.IDENTIFIER})
    assert {finding.code for finding in run_audit(data)} == CODES


def test_the_same_data_give_the_same_findings() -> None:
    data = make_input(make_table(), "y", kinds={"patient": Kind.IDENTIFIER})
    assert run_audit(data) == run_audit(data)


def test_sealed_labels_and_cells_do_not_move_a_finding() -> None:
    data = make_input(make_table(), "y", kinds={"patient": Kind.IDENTIFIER})
    assert len(data.split.test)
    values = data.target.values.copy()
    values[data.split.test] = 1 - values[data.split.test]
    x = next(column for column in data.columns if column.spec.name == "x")
    cells = x.values.copy()
    cells[data.split.test] = 1e9
    columns = tuple(
        dataclasses.replace(x, values=cells) if column is x else column for column in data.columns
    )
    changed = dataclasses.replace(
        data, target=dataclasses.replace(data.target, values=values), columns=columns
    )
    assert run_audit(changed) == run_audit(data)


def test_a_table_without_features_is_audited() -> None:
    table = make_table()
    data = make_input(table, "y", kinds={"patient": Kind.IDENTIFIER})
    bare = dataclasses.replace(data, columns=tuple(c for c in data.columns if c.spec.name != "x"))
    assert {finding.code for finding in run_audit(bare)} == CODES


def test_a_copy_of_the_target_is_told_once() -> None:
    data = make_input({**make_table(), "again": ["no", "yes"] * 150}, "y", kinds={"patient": Kind.IDENTIFIER})
    told = [finding.code for finding in run_audit(data) if finding.column == "again"]
    assert "HO209" in told
    assert "HO230" not in told
