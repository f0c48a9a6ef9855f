from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.input import AuditInput
from heldout.audit.parts import check_parts, compare_parts
from heldout.records import PART_FIT, PART_VALIDATION


def make_data(*, shift: float = 0.0, town: tuple[float, float] = (0.5, 0.5), seed: int = 0) -> AuditInput:
    rng = np.random.default_rng(seed)
    part = rng.choice([PART_FIT, PART_VALIDATION], 500, p=[0.7, 0.3]).astype(np.int8)
    held = part == PART_VALIDATION
    table = {
        "x": [f"{v:.5f}" for v in rng.normal(size=500) + shift * held],
        "town": ["uv"[int(rng.random() < town[int(h)])] for h in held],
        "y": ["a", "b"] * 250,
    }
    data = make_input(table, "y")
    return replace(data, table=replace(data.table, part=part))


def test_shifted_columns_are_told() -> None:
    found = check_parts(make_data(shift=1.0, town=(0.3, 0.7)))
    assert {item.column for item in found} == {"x", "town"}
    assert all(item.code == "HO227" for item in found)


@pytest.mark.parametrize("seed", range(10))
def test_parts_drawn_by_chance_pass(seed: int) -> None:
    assert check_parts(make_data(seed=seed))[0].title.startswith("passed")


def test_without_parts_it_is_not_asked() -> None:
    data = make_data()
    found = check_parts(replace(data, table=replace(data.table, part=None)))
    assert found[0].title == "not applicable: shift between declared parts"


def test_a_difference_too_small_to_matter_passes_however_sure() -> None:
    data = make_data()
    column = next(c for c in data.columns if c.spec.name == "x")
    large = replace(
        column, values=np.random.default_rng(0).normal(size=40_000) + 0.1 * (np.arange(40_000) >= 20_000)
    )
    p_value, change = compare_parts(large, np.arange(20_000), np.arange(20_000, 40_000))
    assert p_value < 1e-6
    assert change < 0.1
