from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.input import list_features, make_rng
from heldout.errors import StudyError
from heldout.records import Kind


def test_sealed_rows_are_refused() -> None:
    data = make_input({"x": [str(k) for k in range(300)], "y": ["a", "b"] * 150}, "y")
    with pytest.raises(StudyError, match="1 of 2 rows are not, first position"):
        dataclasses.replace(data, rows=np.array([data.split.development[0], data.split.test[0]]))


def test_identifiers_and_the_target_are_no_features() -> None:
    table = {"id": [str(k) for k in range(40)], "x": [str(k) for k in range(40)], "y": ["a", "b"] * 20}
    data = make_input(table, "y", kinds={"id": Kind.IDENTIFIER})
    assert [column.spec.name for column in list_features(data)] == ["x"]


def test_random_numbers_follow_the_data() -> None:
    data = make_input({"x": [str(k) for k in range(40)], "y": ["a", "b"] * 20}, "y")
    assert make_rng(data, "a").random() == make_rng(data, "a").random()
    assert make_rng(data, "a").random() != make_rng(data, "b").random()
