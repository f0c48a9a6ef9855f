from __future__ import annotations

import numpy as np

from audit.tables import make_input
from heldout.audit.untargeted import judge_untargeted
from heldout.records import Severity


def judge(table: dict[str, list[str]]) -> dict[str, str]:
    n_rows = len(next(iter(table.values())))
    data = make_input({**table, "target": ["u", "v"] * (n_rows // 2)}, "target")
    columns = tuple(column for column in data.columns if column.spec.name != "target")
    found = judge_untargeted(columns, data.table.columns[:-1], n_rows=n_rows)
    assert [item.code for item in found] == ["HO221", "HO222", "HO223", "HO224"]
    return {item.title: item.sentence for item in found}


def make_table(n_rows: int) -> dict[str, list[str]]:
    rng = np.random.default_rng(0)
    return {
        "x": [f"{value:.6f}" for value in rng.normal(size=n_rows)],
        "town": ["a", "b", "a", "c"] * (n_rows // 4),
        "ill": ["yes"] * 7 + ["no"] * (n_rows - 7),
    }


def test_classes_of_columns_that_could_be_the_target_are_counted() -> None:
    found = judge(make_table(200))
    assert found["each class well represented"] == (
        "cannot be told without --target; rows of the rarest class of columns that could be it: "
        "'ill' 7 (of 2 classes), 'town' 50 (of 3 classes)"
    )
    assert found["one clear truth"] == (
        "cannot be told without --target: no two of 200 rows agree in all columns but one that could be it"
    )
    assert found["labels likely good"].startswith("cannot be told without --target: ")
    assert found["a lot of data"] == "no: 200 rows"


def test_rows_that_differ_in_one_candidate_only_are_counted() -> None:
    table = make_table(1_200)
    for cells in table.values():
        cells[20:24] = [cells[0]] * 4
    table["ill"][21] = "no"
    table["town"][30], table["x"][30], table["ill"][30] = "b", table["x"][40], table["ill"][40]
    found = judge(table)
    # rows 0 and 20 to 23 agree in x and town, and one of them is not ill; rows 30 and 40 differ in the town alone
    assert found["one clear truth"].endswith("differ in the one that would be it: 'ill' 5, 'town' 2")
    assert found["a lot of data"] == (
        "yes: 1,200 rows, 3 of them repeat another in every column that is used; each class needs 100 rows, which "
        "--target tells"
    )


def test_numbers_alone_have_no_classes() -> None:
    found = judge({"x": make_table(60)["x"]})
    assert found["each class well represented"].startswith(
        "cannot be told without --target: no column holds 2 to 20"
    )


def test_little_data_is_a_warning() -> None:
    data = make_input({**make_table(40), "target": ["u", "v"] * 20}, "target")
    assert judge_untargeted(data.columns, data.table.columns, n_rows=40)[3].severity is Severity.WARNING
