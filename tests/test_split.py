from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.records import Split, Target, Task
from heldout.split import SplitRequest, find_copies, split_table
from heldout.time_blocks import PIECES


def make_target(values: np.ndarray, *, regression: bool = False) -> Target:
    values = np.asarray(values, dtype=np.float64)
    missing = np.flatnonzero(np.isnan(values))
    if regression:
        return Target("y", Task.REGRESSION, "", (), values, missing)
    classes = tuple("abcdefghijklmnopqrstuvwxyz"[: int(np.nanmax(values)) + 1])
    return Target("y", Task.MULTICLASS, "", classes, values, missing)


def request(
    values: np.ndarray, unit: np.ndarray | None = None, *, regression: bool = False, **more
) -> SplitRequest:
    target = make_target(values, regression=regression)
    rows = np.setdiff1d(np.arange(len(values)), target.missing)
    return SplitRequest(rows, np.arange(len(values)) if unit is None else unit, target, "print", **more)


def check_whole(asked: SplitRequest, split: Split) -> None:
    assert not set(split.test) & set(split.development)
    assert set(split.test) | set(split.development) == set(asked.rows)
    assert not set(asked.unit[split.test]) & set(asked.unit[split.development])
    for fold in split.folds:
        assert not set(asked.unit[fold.fit]) & set(asked.unit[fold.validation])
        assert len(fold.fit)
        assert len(fold.validation)
        assert (np.diff(fold.fit) > 0).all()
        assert (np.diff(fold.validation) > 0).all()
        assert set(fold.fit) | set(fold.validation) == set(split.development)
    if len(split.folds) > 1:
        validated = np.concatenate([fold.validation for fold in split.folds])
        assert sorted(validated) == split.development.tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(10, 400), st.integers(1, 60), st.integers(2, 4), st.integers(0, 3), st.booleans())
def test_every_row_is_used_once_and_units_stay_whole(
    n: int, n_units: int, k: int, seed: int, plain: bool
) -> None:
    rng = np.random.default_rng([n, n_units, k, seed])
    unit = np.arange(n) if plain else rng.integers(0, n_units, n)
    asked = request(rng.integers(0, k, n), unit, split_seed=seed)
    try:
        split = split_table(asked)
    except DataError:
        values = asked.target.values
        lonely = any(len(set(unit[values == value])) < 2 for value in np.unique(values))
        assert lonely or len(set(unit)) < 2 or len(np.unique(values)) < 2
        return
    check_whole(asked, split)


def test_sixteen_rows() -> None:
    split = split_table(request(np.array([0, 1] * 8)))
    assert sorted(len(fold.validation) for fold in split.folds) == [3, 3, 3, 3, 4]
    assert len(split.test) == 0
    assert split.why_no_test == "there are 16 usable rows; a sealed test set needs 200"


def test_seal_is_a_balanced_fifth() -> None:
    values = np.repeat([0, 1, 2], [500, 300, 50])
    asked = request(values)
    split = split_table(asked)
    check_whole(asked, split)
    assert np.bincount(values[split.test]).tolist() == [100, 60, 10]
    assert len(split.folds) == 5
    assert not split.has_groups
    assert not split.ordered


def test_seal_of_a_number_is_balanced_by_its_bins() -> None:
    values = np.random.default_rng(0).lognormal(0, 2, 1_000)
    split = split_table(request(values, regression=True))
    edges = np.quantile(values, np.arange(1, 10) / 10)
    counts = np.bincount(np.searchsorted(edges, values[split.test]), minlength=10)
    assert counts.tolist() == [20] * 10


def test_seal_follows_data_and_split_seed_only() -> None:
    values = np.arange(300) % 2
    first, again = split_table(request(values)), split_table(request(values))
    assert (first.test == again.test).all()
    assert (first.test != split_table(request(values, split_seed=1)).test).any()
    other = SplitRequest(np.arange(300), np.arange(300), make_target(values), "other print")
    assert (first.test != split_table(other).test).any()


def test_new_target_values_do_not_matter_beyond_strata() -> None:
    values = np.random.default_rng(1).normal(size=400)
    scaled = split_table(request(values * 3 + 1, regression=True))
    assert (split_table(request(values, regression=True)).test == scaled.test).all()


@pytest.mark.parametrize(
    ("n_rows", "rarest", "n_folds"),
    [
        (1_000, 400, 5),
        (2_490, 1_000, 5),
        (2_500, 1_000, 1),
        (6_000, 240, 5),
        (6_000, 1_000, 1),
        (26_000, 100, 1),
    ],
)
def test_folds_or_one_division(n_rows: int, rarest: int, n_folds: int) -> None:
    split = split_table(request((np.arange(n_rows) < rarest).astype(int)))
    assert len(split.folds) == n_folds


def test_large_tables_have_five_thousand_validation_rows() -> None:
    split = split_table(request(np.arange(26_000) % 2))
    assert len(split.development) == 20_800
    assert len(split.folds[0].validation) == 5_000


def test_few_groups_mean_folds_and_no_test() -> None:
    few = split_table(request(np.arange(4_000) % 2, np.arange(4_000) % 29))
    assert few.why_no_test == "there are 29 units; a sealed test set needs 30"
    assert len(few.folds) == 5
    assert few.has_groups
    some = split_table(request(np.arange(6_000) % 2, np.arange(6_000) // 30))
    assert len(some.test) == 1_200
    assert len(some.folds) == 5


def test_parkinsons_like_groups_are_balanced() -> None:
    unit = np.repeat(np.arange(32), 6)
    values = np.isin(unit, np.arange(8)).astype(int)
    asked = request(np.append(values, values[:10]), np.append(unit, unit[:10]))
    split = split_table(asked)
    check_whole(asked, split)
    for fold in split.folds:
        assert set(asked.target.values[fold.fit]) == {0.0, 1.0}


def test_a_scarce_class_stays_in_development() -> None:
    values = np.zeros(400)
    values[:2], values[2:200] = 2, 1
    split = split_table(request(values))
    assert set(split.test) & {0, 1} == set()
    assert "class 'c' has fewer than 3 units: none of them is in the test rows" in split.notes
    assert "class 'c' has no test row" in split.notes


def test_a_class_always_keeps_two_units_in_development() -> None:
    for seed in range(20):
        values = np.repeat([0, 1, 2], [150, 150, 3])
        split = split_table(request(values, split_seed=seed))
        assert (values[split.development] == 2).sum() >= 2


def test_a_giant_unit_is_noted_with_the_achieved_ratio() -> None:
    unit = np.concatenate([np.zeros(100, int), np.arange(1, 201)])
    values = np.arange(300) % 2
    split = split_table(request(values, unit))
    sizes = [100 * len(fold.validation) / len(split.development) for fold in split.folds]
    assert "one of 201 units holds 100 of 300 rows (33.3 %)" in split.notes[0]
    assert f"validation {sizes[0]:.1f} %" in split.notes[0]
    assert f"test {100 * len(split.test) / 300:.1f} % of all rows" in split.notes[0]


def test_rows_without_target_take_no_part() -> None:
    values = (np.arange(300) % 2).astype(float)
    values[:20] = np.nan
    asked = request(values)
    check_whole(asked, split_table(asked))


# ------------------------------------------------------------------------------------------------ refusals
def test_refusals() -> None:
    with pytest.raises(DataError, match="there are 9 rows with a target; a study needs at least 10"):
        split_table(request(np.arange(9) % 2))
    with pytest.raises(DataError, match="has one value only, 'b', in all 20 rows"):
        split_table(request(np.ones(20)))
    with pytest.raises(DataError, match="has one value only, 3, in all 20 rows"):
        split_table(request(np.full(20, 3.0), regression=True))
    with pytest.raises(DataError, match="all 20 rows belong to one unit"):
        split_table(request(np.arange(20) % 2, np.zeros(20, int)))
    with pytest.raises(DataError, match="class 'c' of 'y' has 1 row in one unit"):
        split_table(request(np.append(np.arange(20) % 2, 2)))
    with pytest.raises(DataError, match="class 'b' of 'y' has 10 rows in one unit"):
        split_table(request(np.repeat([0, 1], [20, 10]), np.append(np.arange(20), np.full(10, 30))))
    asked = request(np.arange(20) % 2)
    asked.target.values[3] = np.nan
    with pytest.raises(DataError, match="1 of 20 rows have no value in the target column 'y'"):
        split_table(asked)


# ------------------------------------------------------------------------------------------- parts of the user
def make_parts(n_fit: int, n_validation: int, n_test: int) -> np.ndarray:
    return np.repeat(np.array([1, 2, 3], np.int8), [n_fit, n_validation, n_test])


def test_all_parts_are_taken_as_declared() -> None:
    asked = request(np.arange(60) % 2, part=make_parts(40, 8, 12))
    split = split_table(asked)
    check_whole(asked, split)
    assert split.test.tolist() == list(range(48, 60))
    assert split.folds[0].validation.tolist() == list(range(40, 48))
    assert split.why_no_test == ""
    assert "12 test rows as you declared" in split.method


def test_only_a_test_part_leaves_folds() -> None:
    split = split_table(request(np.arange(60) % 2, part=make_parts(40, 0, 20)))
    assert len(split.folds) == 5
    assert split.test.tolist() == list(range(40, 60))


def test_only_a_validation_part_still_seals_a_test() -> None:
    asked = request(np.arange(600) % 2, part=make_parts(500, 100, 0))
    split = split_table(asked)
    check_whole(asked, split)
    assert len(split.test) == 100
    assert split.folds[0].validation.tolist() == list(range(500, 600))


def test_copies_across_parts_are_found_and_counted() -> None:
    unit = np.arange(60)
    unit[55:] = [0, 1, 42, 58, 59]
    asked = request(np.arange(60) % 2, unit, part=make_parts(40, 8, 12))
    split = split_table(asked)
    assert find_copies(split).tolist() == [55, 56, 57]
    assert any(note.startswith("3 of 12 test rows belong to a unit") for note in split.notes)


def test_copies_between_fit_and_validation_are_noted() -> None:
    unit = np.arange(60)
    unit[40:44] = [0, 1, 2, 3]
    split = split_table(request(np.arange(60) % 2, unit, part=make_parts(40, 8, 12)))
    assert any(note.startswith("4 of 8 validation rows belong to a unit") for note in split.notes)


def test_test_rows_without_target_are_set_aside() -> None:
    values = (np.arange(60) % 2).astype(float)
    values[58:] = np.nan
    split = split_table(request(values, part=make_parts(48, 0, 12)))
    assert len(split.test) == 10
    assert "2 of your test rows have no target and are set aside" in split.notes
    values[48:] = np.nan
    assert (
        split_table(request(values, part=make_parts(48, 0, 12))).why_no_test
        == "none of your test rows has a target"
    )


def test_parts_without_fit_rows_are_refused() -> None:
    with pytest.raises(DataError, match="none is left to fit"):
        split_table(request(np.arange(20) % 2, part=make_parts(0, 0, 20)))
    with pytest.raises(DataError, match="0 fit rows and 10 validation rows"):
        split_table(request(np.arange(20) % 2, part=make_parts(0, 10, 10)))


def test_a_class_that_only_the_test_has_is_noted() -> None:
    values = np.append(np.arange(40) % 2, [2, 2, 0, 1])
    split = split_table(request(values, part=make_parts(40, 0, 4)))
    assert "class 'c' has 0 unit(s) in the development rows" in split.notes
    assert "class 'c' has no fit row in 5 of 5 folds" in split.notes


# ----------------------------------------------------------------------------------------------------- time
def test_time_goes_forward() -> None:
    rng = np.random.default_rng(0)
    time = rng.permutation(500).astype(float)
    split = split_table(request(rng.integers(0, 2, 500), time=time))
    assert split.ordered
    assert len(split.test) == 100
    assert time[split.development].max() < time[split.test].min()
    assert [len(fold.fit) for fold in split.folds] == [80, 160, 240, 320]
    assert [len(fold.validation) for fold in split.folds] == [80, 80, 80, 80]
    for fold in split.folds:
        assert time[fold.fit].max() < time[fold.validation].min()
    validated = np.concatenate([fold.validation for fold in split.folds])
    assert len(np.unique(split.unit[validated])) == 4 * PIECES
    assert split.has_groups


def test_a_gap_is_left_out_everywhere() -> None:
    split = split_table(request(np.arange(500) % 2, time=np.arange(500.0), gap=5))
    assert split.development.tolist() == list(range(395))
    assert "5 rows before the test rows are the gap and are used for nothing" in split.notes
    for fold in split.folds:
        assert fold.validation.min() - fold.fit.max() == 6


def test_equal_times_and_units_are_not_cut() -> None:
    time = np.repeat(np.arange(50.0), 8)
    unit = np.arange(400)
    unit[[0, 390]] = 0
    asked = request(np.arange(400) % 2, unit, time=time)
    split = split_table(asked)
    assert not set(time[split.test][1:]) & set(time[split.development])
    assert {0, 390} <= set(split.test)


def test_large_tables_in_time_have_one_division() -> None:
    split = split_table(request(np.arange(30_000) % 2, time=np.arange(30_000.0)))
    assert [len(fold.validation) for fold in split.folds] == [5_000]
    assert split.folds[0].validation.min() > split.folds[0].fit.max()


def test_few_rows_in_time_have_no_test() -> None:
    split = split_table(request(np.arange(50) % 2, time=np.arange(50.0)))
    assert len(split.test) == 0
    assert len(split.folds) == 4


def test_a_class_that_comes_late_is_noted() -> None:
    values = np.arange(500) % 2
    values[300:310] = 2
    split = split_table(request(values, time=np.arange(500.0)))
    assert "class 'c' has no fit row in 3 of 4 folds" in split.notes


def test_copies_are_found_with_time_and_parts() -> None:
    unit = np.arange(60)
    unit[55] = 0
    asked = request(np.arange(60) % 2, unit, part=make_parts(48, 0, 12), time=np.arange(60.0))
    split = split_table(asked)
    assert find_copies(split, asked.unit).tolist() == [55]


def test_a_gap_that_leaves_too_little_is_refused() -> None:
    with pytest.raises(DataError, match="a gap of 235 rows leaves 5 rows before the test rows"):
        split_table(request(np.arange(300) % 2, time=np.arange(300.0), gap=235))


def test_many_scarce_classes_are_one_note():
    values = np.concatenate([np.repeat(np.arange(12), 2), np.full(200, 12), np.full(100, 13)])
    split = split_table(request(values))
    told = [note for note in split.notes if "fewer than 3 units" in note]
    assert len(told) == 1
    assert told[0].startswith("12 classes have fewer than 3 units, none of them is in the test rows: ")
    assert told[0].endswith("and 4 more")
