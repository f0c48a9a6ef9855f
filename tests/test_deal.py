from __future__ import annotations

import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.deal import deal_units


def deal(unit: np.ndarray, label: np.ndarray, shares: tuple[float, ...], seed: int = 0) -> np.ndarray:
    return deal_units(unit, label, shares=shares, rng=np.random.default_rng(seed))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=60), st.integers(2, 5))
def test_units_are_never_cut_and_all_rows_are_dealt(rows: list[tuple[int, int]], n_parts: int) -> None:
    unit, label = np.array([u for u, _ in rows]), np.array([c for _, c in rows])
    part = deal(unit, label, (1.0,) * n_parts)
    assert ((part >= 0) & (part < n_parts)).all()
    assert len(set(zip(unit.tolist(), part.tolist(), strict=True))) == len(set(unit.tolist()))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=5, max_size=80), st.integers(2, 5))
def test_single_rows_are_balanced_to_one_row_per_class(labels: list[int], n_parts: int) -> None:
    label = np.array(labels)
    part = deal(np.arange(len(label)), label, (1.0,) * n_parts)
    for value in np.unique(label):
        counts = np.bincount(part[label == value], minlength=n_parts)
        assert counts.max() - counts.min() <= 1
    sizes = np.bincount(part, minlength=n_parts)
    assert sizes.max() - sizes.min() <= 2


def test_unequal_shares_are_met() -> None:
    label = np.repeat([0, 1], [900, 100])
    part = deal(np.arange(1_000), label, (0.2, 0.8))
    assert np.bincount(part[label == 0]).tolist() == [180, 720]
    assert np.bincount(part[label == 1]).tolist() == [20, 80]


def test_groups_are_balanced_in_size_and_class() -> None:
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(200), rng.integers(1, 9, 200))
    label = (rng.random(200) < 0.3).astype(int)[unit]
    part = deal(unit, label, (1.0,) * 5)
    sizes = np.bincount(part)
    shares = np.array([label[part == k].mean() for k in range(5)])
    assert sizes.max() - sizes.min() <= 8
    assert np.abs(shares - label.mean()).max() < 0.01


def test_a_giant_unit_goes_to_the_larger_part() -> None:
    unit = np.concatenate([np.zeros(50, int), np.arange(1, 51)])
    for seed in range(5):
        part = deal(unit, np.zeros(100, int), (0.2, 0.8), seed)
        assert (part[:50] == 1).all()
        assert (part == 0).sum() == 20


def test_a_class_of_few_groups_is_spread() -> None:
    unit = np.repeat(np.arange(60), 4)
    label = np.where(unit < 5, 1, 0)
    for seed in range(5):
        part = deal(unit, label, (1.0,) * 5, seed)
        assert [len(np.unique(unit[(part == k) & (label == 1)])) for k in range(5)] == [1] * 5


def test_the_seed_alone_decides() -> None:
    unit, label = np.repeat(np.arange(50), 3), np.arange(150) % 2
    assert (deal(unit, label, (1.0, 1.0), 3) == deal(unit, label, (1.0, 1.0), 3)).all()
    assert (deal(unit, label, (1.0, 1.0), 3) != deal(unit, label, (1.0, 1.0), 4)).any()


def test_many_units_are_dealt_quickly() -> None:
    rng = np.random.default_rng(0)
    unit, label = rng.integers(0, 100_000, 300_000), rng.integers(0, 3, 300_000)
    start = time.perf_counter()
    part = deal(unit, label, (0.2, 0.8))
    assert time.perf_counter() - start < 10
    assert abs((part == 0).mean() - 0.2) < 0.001
