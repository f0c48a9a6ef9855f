import numpy as np
import pytest

from heldout.errors import DataError
from heldout.evidence.paired import index_units
from heldout.evidence.slices import (
    LEAST_NAMED_ROWS,
    count_units,
    list_slices,
    mark_slice,
    measure_overlap,
    take_rows,
)
from heldout.records import Attribute


def make(name, codes, n_levels=None, **more):
    codes = np.asarray(codes, np.int32)
    levels = tuple(f"{name} = {i}" for i in range(n_levels or int(codes.max()) + 1))
    return Attribute(name, codes, levels, **more)


def naive(attributes, least):
    found = set()
    values = [(a, level) for a, item in enumerate(attributes) for level in range(len(item.levels))]
    n_rows = attributes[0].codes.size
    for a, level in values:
        rows = attributes[a].codes == level
        if least <= rows.sum() <= n_rows - least:
            found.add((attributes[a].levels[level],))
        for b, other in values:
            both = rows & (attributes[b].codes == other)
            if a < b and least <= both.sum() <= n_rows - least:
                found.add((attributes[a].levels[level], attributes[b].levels[other]))
    return found


def test_all_values_and_pairs_with_enough_rows_are_listed():
    rng = np.random.default_rng(0)
    attributes = [make(f"a{i}", rng.integers(-1, 4, 400), 4) for i in range(4)]
    found = list_slices(attributes, index_units(range(400)))
    assert set(found.parts) == naive(attributes, 20)
    assert found.n_left_out == 0
    for parts, rows in zip(found.parts, found.members, strict=True):
        assert (mark_slice(attributes, parts) == rows).all()


def test_one_percent_of_many_rows_is_needed():
    codes = np.zeros(5000, np.int32)
    codes[:49], codes[49:99] = 1, 2
    found = list_slices([make("a", codes)], index_units(range(5000)))
    assert ("a = 2",) in found.parts
    assert ("a = 1",) not in found.parts
    assert found.too_small == ("a = 1 (49 rows)",)


def test_five_units_are_needed():
    unit = np.repeat(np.arange(24), 10)
    codes = np.repeat([0] * 4 + [1] * 20, 10)
    found = list_slices([make("a", codes)], index_units(unit))
    assert found.parts == ()  # four units of one value, and so no rest for the other
    assert found.too_small == ("a = 0 (40 rows)",)
    assert found.n_too_small == 1


def test_tiny_groups_are_counted_and_not_named():
    codes = np.zeros(200, np.int32)
    codes[:3], codes[3 : 3 + LEAST_NAMED_ROWS] = 1, 2
    found = list_slices([make("a", codes)], index_units(range(200)))
    assert found.n_too_small == 2
    assert found.too_small == (f"a = 2 ({LEAST_NAMED_ROWS} rows)",)
    asked = list_slices([make("a", codes, declared=True)], index_units(range(200)))
    assert "a = 1 (3 rows)" in asked.too_small


def test_the_same_rows_appear_once_under_the_simplest_name():
    codes = np.arange(100) % 2
    found = list_slices([make("a", codes), make("b", codes)], index_units(range(100)))
    assert found.parts == (("a = 0",), ("a = 1",))


def test_declared_attributes_come_first():
    rng = np.random.default_rng(0)
    one, other = make("a", rng.integers(0, 2, 100)), make("b", rng.integers(0, 2, 100), declared=True)
    found = list_slices([one, other], index_units(range(100)))
    assert found.parts[0] == ("b = 0",)
    assert found.declared[:2].all()
    assert not found.declared[2:].any()


def test_too_many_groups_lose_the_smallest_pairs():
    rng = np.random.default_rng(0)
    attributes = [make(f"a{i}", rng.integers(0, 3, 600)) for i in range(6)]
    everything = list_slices(attributes, index_units(range(600)))
    some = list_slices(attributes, index_units(range(600)), most=50)
    assert len(some.parts) == 50
    assert some.n_left_out == len(everything.parts) - 50
    left = set(everything.parts) - set(some.parts)
    assert all(len(parts) == 2 for parts in left)


def test_refused_inputs():
    with pytest.raises(DataError, match="attribute 'a' has 3 codes for 4 rows"):
        list_slices([make("a", [0, 1, 0])], index_units(range(4)))
    with pytest.raises(DataError, match="no attribute has the level 'b = 1'"):
        mark_slice([make("a", [0, 1])], ("b = 1",))


def test_rows_overlap_and_units():
    item = take_rows([make("a", [0, 1, 2, 1])], np.array([3, 0]))[0]
    assert item.codes.tolist() == [1, 0]
    assert measure_overlap(np.zeros(2, bool), np.zeros(2, bool)) == 0
    assert count_units(np.array([True, False, True]), index_units([1, 1, 2])) == 2
