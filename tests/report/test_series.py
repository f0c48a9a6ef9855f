"""Points to draw: few, with both ends, and without what diverged."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report.example import make_partial_study, make_study

from heldout.report import series


@given(st.integers(1, 5000), st.integers(0, 5000))
@settings(max_examples=100)
def test_thinned_epochs_keep_ends_and_best(n_epochs: int, keep: int) -> None:
    epochs = series.thin_epochs(n_epochs, keep=keep)
    assert len(epochs) <= series.MOST_POINTS
    assert epochs[0] == 1
    assert epochs[-1] == n_epochs
    assert list(epochs) == sorted(set(epochs))
    if 1 <= keep <= n_epochs:
        assert keep in epochs


def test_diverged_seed_is_absent_from_the_mean() -> None:
    point = series.summarize_seeds(np.array([1.0, np.nan, 3.0], dtype=np.float32), at=1)
    assert (point.mean, point.low, point.high) == (2.0, 1.0, 3.0)
    assert math.isnan(point.seeds[1])


def test_all_seeds_diverged_gives_no_number() -> None:
    assert math.isnan(series.summarize_seeds(np.array([np.inf, np.nan], dtype=np.float32), at=1).mean)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
@settings(max_examples=100)
def test_labels_never_overlap_and_keep_their_order(heights: list[float]) -> None:
    moved = series.spread_labels(heights, gap=0.1)
    stacked = sorted(moved)
    assert all(above - below >= 0.1 - 1e-9 for below, above in zip(stacked, stacked[1:], strict=False))
    assert all(after >= before for before, after in zip(heights, moved, strict=True))


def test_ladder_lists_plain_runs_by_size() -> None:
    runs = series.list_ladder(make_study())
    assert [run.configuration.rung.index for run in runs] == list(range(8))


def test_best_epoch_is_the_judged_one_else_the_lowest_point() -> None:
    study, partial = make_study(), make_partial_study()
    assert series.find_best_epoch(study, study.runs[3]) == 52
    curve = partial.runs[0].validation_curve.mean(axis=0)
    assert series.find_best_epoch(partial, partial.runs[0]) == int(curve.argmin()) + 1


def test_run_is_found_by_name_or_not() -> None:
    assert series.find_run(make_study(), "rung 3") is not None
    assert series.find_run(make_study(), "rung 33") is None


def test_axis_is_cut_only_far_above_the_constant_guess() -> None:
    assert series.find_top([0.1, 2.0], reference=float("nan")) == (2.3, False)
    assert series.find_top([float("nan")], reference=0.7) == (1.0, False)
    assert series.find_top([0.1, 9.0], reference=0.5) == (2.0, True)
    assert series.find_top([0.1, 1.0], reference=1.1)[0] > 1.2
