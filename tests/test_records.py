"""The shared words: frozen, documented field by field, and readable by their declared types."""

import inspect
import re
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass
from enum import Enum
from typing import get_type_hints

import numpy as np
import pytest

from heldout import records
from heldout.records import Outcome, Prediction, Severity, Status, Task

ALL = [
    value
    for value in vars(records).values()
    if isinstance(value, type) and value.__module__ == records.__name__
]
RECORDS = [value for value in ALL if is_dataclass(value)]
ENUMS = [value for value in ALL if issubclass(value, Enum)]


def test_there_are_records():
    assert len(RECORDS) > 20
    assert len(ENUMS) >= 5
    assert len(RECORDS) + len(ENUMS) == len(ALL)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_do_not_change(record):
    empty = object.__new__(record)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field"):
        setattr(empty, fields(record)[0].name, 1)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_is_explained_in_order(record):
    described = re.findall(r"^ {4}(\w+): \S", inspect.getdoc(record), flags=re.MULTILINE)
    assert described == [field.name for field in fields(record)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_field_has_a_type_that_resolves(record):
    hints = get_type_hints(record)
    assert set(hints) == {field.name for field in fields(record)}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_defaults_are_shared_by_no_two_records(record):
    for field in fields(record):
        assert field.default is MISSING or isinstance(field.default, str | int | float | tuple | None | Enum)


def test_default_arrays_are_made_anew():
    one, other = (Prediction(np.zeros((1, 1)), np.zeros(1, np.int32)) for _ in range(2))
    assert one.low is not other.low
    assert one.low.shape == one.high.shape == (0,)


def test_states_of_cells_fit_one_byte_and_keep_their_numbers():
    assert [status.value for status in Status] == list(range(10))
    assert np.uint8(Status.MISSING) == Status.MISSING == 2  # the number stands in stored arrays


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_names_are_found_by_value_and_are_distinct(kind):
    assert len({member.value for member in kind}) == len(kind.__members__)
    for member in kind:
        assert kind(member.value) is member


def test_words_are_what_files_and_the_command_line_say():
    assert [task.value for task in Task] == ["binary", "multiclass", "multilabel", "regression"]
    assert [severity.value for severity in Severity] == ["info", "warning", "critical"]
    assert all(str(outcome) == outcome.value for outcome in Outcome)


def test_parts_are_four_different_numbers():
    parts = (records.PART_UNDECLARED, records.PART_FIT, records.PART_VALIDATION, records.PART_TEST)
    assert parts == (0, 1, 2, 3)
