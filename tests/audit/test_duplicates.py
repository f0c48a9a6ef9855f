from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.tables import find_data, make_input, read_table
from heldout.audit.duplicates import check_duplicates, measure_floor
from heldout.records import Severity


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=30))
def test_the_floor_is_what_the_best_table_gets_wrong(rows: list[tuple[int, int]]) -> None:
    families = sorted({a for a, _ in rows})
    wrong, torn = 0, 0
    for number in families:
        labels = [b for a, b in rows if a == number]
        wrong += len(labels) - max(labels.count(label) for label in labels)
        torn += len(labels) if len(set(labels)) > 1 else 0
    family = np.array([families.index(a) for a, _ in rows])
    assert measure_floor(family, np.array([float(b) for _, b in rows]), classes=True) == (wrong, torn)


def test_copies_and_conflicts_are_counted_exactly() -> None:
    cells = [str(k) for k in range(96)] + ["0", "1", "1", "2"]
    labels = ["a", "b"] * 48 + ["a", "b", "a", "a"]
    copies, conflicts = check_duplicates(make_input({"x": cells, "y": labels}, "y"))
    assert copies.rows == 4
    assert copies.sentence == "4 of 100 rows (4.0 %) repeat an earlier row in all features, in 3 sets"
    # rows 1, 97, 98 are b, b, a; rows 0, 96 are a, a; rows 2, 99 are a, a
    assert conflicts.rows == 3
    assert "right on more than 99.00 % of these 100 rows (1 must be wrong)" in conflicts.sentence


def test_conflicts_of_a_number_bound_the_variance() -> None:
    cells = [str(k) for k in range(40)] + ["0"]
    numbers = [str(float(k)) for k in range(40)] + ["2.0"]
    conflict = check_duplicates(make_input({"x": cells, "y": numbers}, "y", regression=True))[1]
    values = np.append(np.arange(40.0), 2.0)
    share = 2.0 / ((values - values.mean()) ** 2).sum()
    assert f"more than {100 * (1 - share):.2f} %" in conflict.sentence
    assert conflict.rows == 2


def test_clean_rows_pass() -> None:
    data = make_input({"x": [str(k) for k in range(40)], "y": ["a", "b"] * 20}, "y")
    assert [item.title for item in check_duplicates(data)] == [
        "passed: exact duplicates",
        "passed: conflicting labels",
    ]


def test_wine() -> None:
    names = [str(k) for k in range(11)] + ["quality"]
    table = read_table(find_data("wine_quality/winequality-red.csv"), names)
    data = make_input({name: cells for name, cells in table.items() if cells[0]}, "quality", regression=True)
    rows = [tuple(table[name][row] for name in names[:-1]) for row in data.rows]
    copies = check_duplicates(data)[0]
    assert copies.rows == len(rows) - len(set(rows))
    assert copies.severity is Severity.WARNING
