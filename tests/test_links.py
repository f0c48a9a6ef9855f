from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError, UsageError
from heldout.links import check_pattern, find_first_copies, link_rows, parse_group_option, read_groups
from heldout.records import RawColumn


def column(cells: list[str | None], name: str = "x") -> RawColumn:
    numbers: dict[str, int] = {}
    codes = [-1 if cell is None else numbers.setdefault(cell, len(numbers)) for cell in cells]
    return RawColumn(name, np.array(codes, np.int32), tuple(numbers))


def find_slowly(columns: tuple[RawColumn, ...]) -> list[int]:
    seen: dict[tuple[str, ...], int] = {}
    result = []
    for row in range(len(columns[0].codes)):
        codes = [(item, item.codes[row]) for item in columns]
        key = tuple(item.levels[code].strip() if code >= 0 else "" for item, code in codes)
        result.append(seen.setdefault(key, row))
    return result


cells = st.sampled_from(["a", "b ", " a", "b", "", None])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells, st.sampled_from(["0", "1", "2"])), min_size=1, max_size=14))
def test_copies_equal_the_slow_way(rows: list[tuple[str | None, ...]]) -> None:
    columns = tuple(column(list(part), f"c{i}") for i, part in enumerate(zip(*rows, strict=True)))
    assert find_first_copies(columns).tolist() == find_slowly(columns)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=12, max_size=30))
def test_units_are_the_connected_components(rows: list[tuple[int, int]]) -> None:
    feature, group = column([str(a) for a, _ in rows]), np.array([b for _, b in rows])
    unit = link_rows((feature,), group=group).unit
    label = list(range(len(rows)))
    for _ in rows:
        for i, (a, b) in enumerate(rows):
            for j, (c, d) in enumerate(rows):
                if b == d or a == c:
                    label[i] = label[j] = min(label[i], label[j])
    largest = max(label.count(k) for k in label)
    largest_group = max([b for _, b in rows].count(b) for _, b in rows)
    n_in_sets = sum([a for a, _ in rows].count(a) > 1 for a, _ in rows)
    too_large = largest > max(0.2 * len(rows), largest_group)
    if too_large and (n_in_sets > len(rows) / 2 or largest > len(rows) / 2):
        assert (np.unique(group).size) == unit.max() + 1
    else:
        assert all(
            (unit[i] == unit[j]) == (label[i] == label[j]) for i in range(len(rows)) for j in range(len(rows))
        )


def test_copies_are_stripped_and_counted() -> None:
    links = link_rows((column(["a", "b", " a", "a ", "c", "d", "e", "f", *"ghijklmnop"]),))
    assert links.first_of_duplicate[:4].tolist() == [0, 1, 0, 0]
    assert (links.duplicate_sets, links.duplicate_rows, links.notes) == (1, 2, ())
    assert links.unit[:5].tolist() == [0, 1, 0, 0, 2]


def test_a_null_equals_an_empty_cell() -> None:
    assert find_first_copies((column([None, "", " ", "a"]),)).tolist() == [0, 0, 0, 3]


def test_few_categories_do_not_chain_everything() -> None:
    links = link_rows((column(["a"] * 50 + ["b"] * 50),))
    assert links.unit.tolist() == list(range(100))
    assert links.duplicate_sets == 2
    assert links.duplicate_rows == 98
    assert "100 of 100 rows have an exact copy" in links.notes[0]
    assert "would leave 2 units, the largest of 50 rows (50.0 %)" in links.notes[0]


def test_coarse_columns_are_no_copies() -> None:
    links = link_rows((column([str(k % 40) for k in range(1_000)]),))
    assert links.unit.tolist() == list(range(1_000))
    assert "would leave 40 units, the largest of 25 rows (2.5 %)" in links.notes[0]
    assert link_rows((column([str(k // 2) for k in range(1_000)]),)).unit.max() == 499


def test_groups_survive_when_copies_would_chain_them() -> None:
    group = np.repeat(np.arange(10), 10)
    links = link_rows((column(["a", "b"] * 50),), group=group)
    assert (links.unit == group).all()


def test_a_large_declared_group_stays_whole() -> None:
    group = np.array([0] * 60 + list(range(1, 41)))
    links = link_rows((column([str(k) for k in range(100)]),), group=group)
    assert (links.unit[:60] == 0).all()
    assert links.unit.max() == 40


def test_refuses_no_columns_and_unequal_lengths() -> None:
    with pytest.raises(DataError, match="no feature column"):
        link_rows(())
    with pytest.raises(DataError, match=r"different numbers of rows: \{'x': 2, '\(group\)': 3\}"):
        link_rows((column(["a", "b"]),), group=np.arange(3))


def test_rows_without_a_group_are_their_own() -> None:
    group = read_groups(column(["p1", "NA", "p1", "", None, "p2", " ? "]))
    assert group.tolist() == [0, -1, 0, -2, -3, 1, -4]
    links = link_rows((column([str(k) for k in range(7)]),), group=group)
    assert links.unit.tolist() == [0, 1, 0, 2, 3, 4, 5]
    assert links.notes == ("4 of 7 rows have no group; each of them is its own group",)


def test_all_different_groups_are_noted() -> None:
    group = read_groups(column(["a", "b", "c"]))
    notes = link_rows((column(["1", "2", "3"]),), group=group).notes
    assert notes == ("all 3 groups hold one row each, so the groups change nothing",)


def test_equal_or_absent_groups_are_refused() -> None:
    with pytest.raises(DataError, match="column 'x' .* every row has the group 'a'"):
        read_groups(column(["a", "a ", "a"]))
    with pytest.raises(DataError, match="no cell holds a group"):
        read_groups(column(["", None]))


def test_a_pattern_reads_the_matched_text() -> None:
    names = column(["phon_R01_S01_1", "phon_R01_S02_1", "phon_R01_S01_2", ""])
    assert read_groups(names, pattern=r"S\d+").tolist() == [0, 1, 0, -1]
    assert read_groups(names, pattern=r"_(S\d+)_").tolist() == [0, 1, 0, -1]
    assert read_groups(names, pattern=r"(?:S)\d+").tolist() == [0, 1, 0, -1]


def test_a_cell_that_does_not_match_is_named() -> None:
    with pytest.raises(DataError, match=r"1 of 3 cells of column 'x' .* first line 7: 'odd'"):
        read_groups(column(["S1", "odd", "S2"]), pattern=r"S\d", lines=np.array([5, 7, 9]))
    with pytest.raises(DataError, match="2 of 2 cells"):
        read_groups(column(["a", "b"]), pattern="x*")


@pytest.mark.parametrize("pattern", ["(a+)+", "(a*)*b", "((a{2,}))+", "(a|b+)?", "(a+){3}"])
def test_a_repeat_on_a_repeat_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="repeats a part that itself repeats"):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"S\d+", "(a|b)+", r"\(a+\)+", "[(+]+", "a+?", "(a+)b+", r"[\]+]+"])
def test_plain_patterns_pass(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize("pattern", ["S(", "a)|(b", "(?=a)", r"(a)\1"])
def test_malformed_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="not a valid regular expression"):
        check_pattern(pattern)


def test_the_length_of_a_pattern_is_bounded() -> None:
    with pytest.raises(UsageError, match="this one has 201"):
        check_pattern("a" * 201)
    with pytest.raises(UsageError, match="this one has 0"):
        parse_group_option("name~")


def test_no_pattern_takes_more_than_linear_time() -> None:
    start = time.perf_counter()
    with pytest.raises(DataError, match="do not match"):
        read_groups(column(["a" * 5_000 + "!", "b"]), pattern="a*a*a*a*a*a*a*a*a*c")
    assert time.perf_counter() - start < 5


def test_group_options() -> None:
    assert parse_group_option("patient_nbr") == ("patient_nbr", None)
    assert parse_group_option("a~b~c") == ("a", "b~c")
    with pytest.raises(UsageError, match="names no column"):
        parse_group_option("~S")


def test_many_rows_are_linked_quickly() -> None:
    rng = np.random.default_rng(0)
    columns = tuple(
        RawColumn(f"c{k}", rng.integers(0, 200, 100_000, dtype=np.int32), tuple(str(v) for v in range(200)))
        for k in range(40)
    )
    start = time.perf_counter()
    links = link_rows(columns)
    assert time.perf_counter() - start < 5
    assert links.duplicate_rows == 0


def test_rows_with_the_same_picture_are_copies_whatever_else_they_hold() -> None:
    words = tuple(str(number) for number in range(12))
    rest = list(range(4, 11))
    age = RawColumn("age", np.arange(12, dtype=np.int32), words)
    picture = RawColumn("picture", np.array([0, 1, 0, 2, 3, *rest], np.int32), words)
    signal = RawColumn("signal", np.array([0, 1, 2, 3, 1, *rest], np.int32), words)
    links = link_rows((age,), examples=(picture,))
    assert links.first_of_duplicate[:5].tolist() == [0, 1, 0, 3, 4]
    assert (links.duplicate_sets, links.duplicate_rows) == (1, 1)
    both = link_rows((), examples=(picture, signal), group=np.array([0, 1, 2, 3, 3, *range(4, 11)]))
    assert both.first_of_duplicate[:5].tolist() == [0, 1, 0, 3, 1]
    assert both.unit[:5].tolist() == [0, 1, 0, 1, 1]
    assert both.unit[5:].tolist() == list(range(2, 9))
