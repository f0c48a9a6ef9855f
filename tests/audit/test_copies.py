"""Near copies are named with their pairs, inside the development rows and across declared parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit.tables import make_input, make_raw
from heldout.audit import AuditInput
from heldout.audit.copies import check_copies
from heldout.links import NearPairs
from heldout.records import Finding, Severity


def make(
    pairs: list[tuple[int, int]], *, likeness: list[float] | None = None, is_joined: bool = True
) -> AuditInput:
    data = make_input({"x": [f"{k / 7:.3f}" for k in range(300)], "y": ["a", "b"] * 150}, "y")
    values = np.array(likeness if likeness is not None else [0.9] * len(pairs))
    table = replace(
        data.table, columns=(make_raw("file", [f"{k}.png" for k in range(300)]), *data.table.columns)
    )
    near = NearPairs(
        "picture", "pictures", np.array(pairs, np.int64).reshape(-1, 2), values, "they agree", is_joined
    )
    return replace(data, table=table, near=(near,))


def declare(data: AuditInput) -> AuditInput:
    return replace(data, table=replace(data.table, part=np.zeros(300, np.int8)))


def find(data: AuditInput, code: str) -> Finding:
    return next(item for item in check_copies(data) if item.code == code)


def test_pairs_are_counted_and_named_by_file() -> None:
    rows = make([]).rows[:3].tolist()
    found = find(make([(rows[0], rows[1]), (rows[1], rows[2])], likeness=[0.97, 0.9]), "HO241")
    assert found.rows == 3
    assert f"Most alike first: '{rows[0]}.png' and '{rows[1]}.png' (0.97)" in found.sentence
    assert "pictures of 'picture'" in found.sentence
    assert found.action == "kept together in every split that heldout makes"


def test_torn_pairs_warn_and_say_that_they_are_apart() -> None:
    empty = make([])
    fold = empty.split.folds[0]
    pair = tuple(sorted((int(fold.fit[0]), int(fold.validation[0]))))
    found = find(make([pair], is_joined=False), "HO241")
    assert "1 of 1 pairs stand on both sides of a fold" in found.sentence
    assert found.severity is Severity.WARNING
    assert "--group" in found.action


def test_nothing_found_and_nothing_compared() -> None:
    assert find(make([]), "HO241").title == "passed: near copies of examples"
    assert find(replace(make([]), near=()), "HO241").title == "not applicable: near copies of examples"


def test_pictures_that_were_not_compared_are_told_in_either_case() -> None:
    for pairs in ([], [(0, 1)]):
        data = make(pairs)
        data = replace(data, near=(replace(data.near[0], n_empty=7),))
        assert "7 of a few points on an empty ground" in find(data, "HO241").sentence


def test_sealed_rows_count_only_across_declared_parts() -> None:
    empty = make([])
    one, other = int(empty.rows[0]), int(empty.split.test[0])
    data = make([tuple(sorted((one, other)))])
    assert find(data, "HO241").title == "passed: near copies of examples"
    assert find(data, "HO242").title == "not applicable: copies across declared parts"
    found = find(declare(data), "HO242")
    assert f"1 of {len(data.split.test)} declared test rows" in found.sentence
    assert ", 0 of them exact. Most alike first: " in found.sentence


def test_exact_copies_across_parts_are_counted_once() -> None:
    empty = make([])
    rows, test = empty.rows[:2].tolist(), empty.split.test[:3].tolist()
    first = np.arange(300)
    pairs = [tuple(sorted(pair)) for pair in zip(rows, test, strict=False)]
    first[max(pairs[0])] = min(pairs[0])
    data = declare(replace(make(pairs, likeness=[1.0, 1.0]), first_of_duplicate=first))
    found = find(data, "HO242")
    assert found.rows == 2
    assert "2 of them exact" in found.sentence
    assert found.severity is Severity.WARNING
    clean = find(declare(make([])), "HO242")
    assert clean.title == "passed: copies across declared parts"


def test_test_labels_are_not_looked_at() -> None:
    empty = make([])
    data = declare(make([(int(empty.rows[0]), int(empty.split.test[-1]))]))
    values = data.target.values.copy()
    values[data.split.test] = 1 - values[data.split.test]
    assert check_copies(replace(data, target=replace(data.target, values=values))) == check_copies(data)


def test_near_rows_of_a_table_count_across_parts_only() -> None:
    empty = make([])
    one, other = int(empty.rows[0]), int(empty.split.test[0])
    data = declare(make([tuple(sorted((one, other)))]))
    data = replace(data, near=(replace(data.near[0], name="the rows", what="rows"),))
    assert find(data, "HO241").title == "not applicable: near copies of examples"
    data = replace(data, table=replace(data.table, columns=data.table.columns[1:]))
    found = find(data, "HO242").sentence
    lines = data.table.lines
    assert f"test line {lines[other]}" in found
    assert f"test line {lines[one]}" not in found
