from __future__ import annotations

import dataclasses

import numpy as np

from audit.tables import make_input
from heldout.audit import AuditInput
from heldout.audit.unread import check_unread
from heldout.records import Finding, SetAside, Severity, Status


def make_data(**statuses: tuple[int, Status]) -> AuditInput:
    """A table of 100 rows; of each named column so many first development cells have a status."""
    rng = np.random.default_rng(0)
    columns = {name: [f"{v:.3f}" for v in rng.normal(size=100)] for name in ("a", "b", "c")}
    data = make_input({**columns, "y": ["u", "v"] * 50}, "y")
    typed = []
    for column in data.columns:
        n_cells, status = statuses.get(column.spec.name, (0, Status.OK))
        found = column.status.copy()
        found[data.rows[:n_cells]] = status
        typed.append(dataclasses.replace(column, status=found))
    return dataclasses.replace(data, columns=tuple(typed))


def find(data: AuditInput, code: str) -> list[Finding]:
    return [item for item in check_unread(data) if item.code == code]


def test_cells_are_counted_by_column_with_their_rows() -> None:
    data = make_data(a=(2, Status.UNPARSED), b=(9, Status.UNPARSED), c=(4, Status.CENSORED_ABOVE))
    worst, other = find(data, "HO249")
    assert (worst.column, worst.rows, worst.severity) == ("b", 9, Severity.WARNING)
    assert (other.column, other.rows, other.severity) == ("a", 2, Severity.INFO)
    assert np.array_equal(worst.where.rows, data.rows[:9])
    assert "columns.b.missing" in worst.action
    (limits,) = find(data, "HO250")
    assert (limits.column, limits.rows, limits.severity) == ("c", 4, Severity.INFO)
    assert np.array_equal(limits.where.rows, data.rows[:4])
    assert find(data, "HO251")[0].title == "passed: codes and impossible numbers"


def test_codes_and_numbers_out_of_range_are_told_together() -> None:
    for status in (Status.SENTINEL, Status.OUT_OF_RANGE, Status.CLIPPED):
        (found,) = find(make_data(a=(7, status)), "HO251")
        assert (found.column, found.rows, found.severity) == ("a", 7, Severity.INFO)


def test_cells_of_sealed_rows_are_not_looked_at() -> None:
    data = make_data()
    column = data.columns[0]
    status = column.status.copy()
    status[data.split.test] = Status.UNPARSED
    changed = dataclasses.replace(column, status=status)
    data = dataclasses.replace(data, columns=(changed, *data.columns[1:]))
    assert [item.title for item in check_unread(data) if not item.title.startswith("passed: ")] == []


def test_rows_that_take_no_part_have_their_lines() -> None:
    data = make_data()
    aside = (
        SetAside(7, "too few cells"),
        SetAside(9, "a total", kind="dropped"),
        SetAside(1, "a title", kind="preamble"),
    )
    data = dataclasses.replace(data, table=dataclasses.replace(data.table, set_aside=aside))
    (found,) = find(data, "HO252")
    assert found.where.lines == (7, 9)
    assert (found.rows, found.severity) == (2, Severity.INFO)
    assert "1 could not be read, 1 hold no observation" in found.sentence
    many = dataclasses.replace(
        data, table=dataclasses.replace(data.table, set_aside=tuple(SetAside(k, "bad") for k in range(9)))
    )
    assert find(many, "HO252")[0].severity is Severity.WARNING


def test_rows_without_a_target_are_told_and_compared_with_all() -> None:
    cells = ["u", "v"] * 50
    cells[10:14] = [""] * 4
    data = make_input({"a": [str(k) for k in range(100)], "y": cells}, "y")
    (found,) = find(data, "HO252")
    assert found.where.rows.tolist() == [10, 11, 12, 13]
    assert len(found.where.looked_at) == 100
    assert find(make_data(), "HO252")[0].title == "passed: rows that take no part"
