import json
import math
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import StudyError
from heldout.records import (
    Answer,
    Candidate,
    Choice,
    ChosenVerdict,
    Configuration,
    ConfigurationRun,
    Finding,
    FloatArray,
    Fold,
    Hyper,
    LadderVerdict,
    Outcome,
    RemedyUse,
    Rung,
    Severity,
    Split,
    Target,
    Task,
)
from heldout.stages.codec import from_plain, to_json_values, to_plain

ANSWER = Answer("skill", "yes", 0.1, -math.inf, math.nan, 0.0, would_decide=("more rows", "more seeds"))
RUN = ConfigurationRun(
    Configuration(
        "rung 1", Rung(1, (4,), 29, 0.01), (RemedyUse("l1", 0.1),), Hyper(0.01, (0.0,), (0.1,), (0.0,))
    ),
    np.array([1, 5], np.int32),
    np.array([[[0.1, np.nan]], [[np.inf, -0.0]]], np.float32),
    np.array([[[True, False]], [[False, True]]]),
    np.zeros((1, 5), np.float32),
    np.full((1, 5), 1 / 3, np.float32),
    (Outcome.FINISHED, Outcome.DIVERGED),
    np.zeros((0, 2), np.float32),
    np.ones((2, 2), np.float32),
    7,
)
EXAMPLES = [
    ANSWER,
    RUN,
    Finding("HO201", "exact duplicates", Severity.WARNING, "3 rows «twice»", rows=3),
    Target("num", Task.REGRESSION, "numbers", (), np.array([1.5, np.nan]), np.array([1]), "mm"),
    LadderVerdict("undecided", "HO110", -1, "?", ((ANSWER, ANSWER), ()), (-1, 4), (3, 5)),
    ChosenVerdict("good fit", "HO101", "fits", (ANSWER,)),
    Choice(
        "rung 1",
        9,
        "rung 2",
        "simplest",
        (Candidate("rung 1", 29, 0, 9, 0.5, 0.4, math.nan, False, True),),
        (0.5, 0.4, 0.6),
        0.45,
    ),
    Split(
        (Fold(np.array([0, 1]), np.array([2])), Fold(np.array([2]), np.array([], np.int64))),
        np.arange(3),
        np.array([], np.int64),
        np.arange(3),
        "folds",
        False,
        True,
        "too few rows",
        "abc",
        0,
    ),
]


@dataclass(frozen=True)
class Odd:
    """A record of every kind of value that has none above."""

    numbers: tuple[float, ...]
    single: FloatArray
    text: str
    named: dict[str, float]
    count: int | None


def assert_same(one, other, where="value"):
    """Equal with types, dtypes and signs of zero; NaN equals NaN."""
    assert type(one) is type(other), where
    if is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, err_msg=where, strict=True)
        if one.dtype.kind == "f":
            zero = one == 0
            np.testing.assert_array_equal(np.signbit(one[zero]), np.signbit(other[zero]), err_msg=where)
    elif isinstance(one, tuple):
        assert len(one) == len(other), where
        for index, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}[{index}]")
    elif isinstance(one, float) and math.isnan(one):
        assert math.isnan(other), where
    else:
        assert one == other, where


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_records_come_back_through_json(record):
    text = json.dumps(to_plain(record), allow_nan=False)
    assert_same(from_plain(type(record), json.loads(text)), record)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats()), st.lists(st.floats(width=32)), st.text(), st.none() | st.integers())
def test_any_numbers_and_texts_come_back(numbers, singles, text, count):
    made = Odd(tuple(numbers), np.array(singles, np.float32), text, {text: 1.5}, count)
    plain = json.loads(json.dumps(to_plain(made), allow_nan=False))
    assert_same(from_plain(Odd, plain), made)


def test_no_class_name_stands_in_the_file():
    text = json.dumps([to_plain(record) for record in EXAMPLES])
    for name in ("Answer", "ConfigurationRun", "Outcome", "FINISHED", "WARNING"):
        assert name not in text


def test_fields_with_defaults_may_be_missing_and_others_not():
    plain = to_plain(ANSWER)
    del plain["lean"]
    assert from_plain(Answer, plain).lean == ""
    del plain["estimate"]
    with pytest.raises(StudyError, match="answer is not complete: .*'estimate'"):
        from_plain(Answer, plain, where="answer")


def change(record, name, value):
    return {**to_plain(record), name: value}


@pytest.mark.parametrize(
    ("kind", "plain", "message"),
    [
        (Answer, change(ANSWER, "shade", 1), r"record holds unknown fields \['shade'\]"),
        (Answer, [1, 2], r"record holds unknown fields \['list'\]"),
        (Answer, None, r"record holds unknown fields \['NoneType'\]"),
        (Answer, change(ANSWER, "question", 5), r"record\.question is 5, expected str"),
        (Answer, change(ANSWER, "estimate", "much"), r"record\.estimate is 'much', expected float"),
        (Answer, change(ANSWER, "estimate", True), r"record\.estimate is True, expected float"),
        (Answer, change(ANSWER, "estimate", None), r"record\.estimate is None, expected float"),
        (Answer, change(ANSWER, "would_decide", "rows"), r"record\.would_decide is str, expected a list"),
        (Answer, change(ANSWER, "would_decide", ["a", 2]), r"record\.would_decide\[1\] is 2, expected str"),
        (Finding, change(EXAMPLES[2], "rows", "3"), r"record\.rows is '3', expected int"),
        (Finding, change(EXAMPLES[2], "rows", True), r"record\.rows is True, expected int"),
        (Finding, change(EXAMPLES[2], "rows", 3.5), r"record\.rows is 3\.5, expected int"),
        (
            Finding,
            change(EXAMPLES[2], "severity", "bad"),
            r"severity is 'bad', expected one of \['info', 'warning'",
        ),
        (Choice, change(EXAMPLES[6], "loss", [1.0, 2.0]), r"record\.loss has 2 values, expected 3"),
        (Target, change(EXAMPLES[3], "values", [1.0]), r"record\.values is no array"),
        (Target, change(EXAMPLES[3], "values", "[]"), r"record\.values is no array"),
        (
            Target,
            change(EXAMPLES[3], "values", {"shape": [3], "dtype": "float64", "values": [1.0]}),
            r"record\.values is no array: .*reshape",
        ),
        (
            Target,
            change(EXAMPLES[3], "values", {"shape": [1], "dtype": "float65", "values": [1.0]}),
            r"record\.values is no array",
        ),
        (
            Target,
            change(EXAMPLES[3], "values", {"shape": [1], "dtype": "float64", "values": ["one"]}),
            r"record\.values is no array",
        ),
        (dict[str, float], [1.0], r"record is list, expected a table"),
        (dict[str, float], {"a": "b"}, r"record\.a is 'b', expected float"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(kind, plain, message):
    with pytest.raises(StudyError, match=message):
        from_plain(kind, plain)


def test_an_unknown_field_points_to_another_version():
    with pytest.raises(StudyError, match="content holds unknown fields") as caught:
        from_plain(Answer, change(ANSWER, "shade", 1), where="content")
    assert caught.value.hint == "the study was made by another version of heldout"


# ------------------------------------------------------------------------------------------------ for other programs
def test_values_for_other_programs_have_lists_and_nulls():
    values = to_json_values(RUN)
    assert values["losses"][0][0][1] is None
    assert values["losses"][1] == [[None, 0.0]]
    assert values["hits"] == [[[True, False]], [[False, True]]]
    assert values["configuration"]["rung"]["widths"] == [4]
    assert values["outcomes"] == [Outcome.FINISHED.value, Outcome.DIVERGED.value]
    json.dumps(values, allow_nan=False)


@pytest.mark.parametrize("kind", [float, np.float64, np.float32, np.float16])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_unknown_numbers_are_null_whatever_their_kind(kind, number):
    assert to_json_values({"a": (kind(number), kind(0.5))}) == {"a": [None, 0.5]}


def test_single_numpy_values_become_plain():
    for value in (np.int64(3), np.bool_(True), np.float32(0.5), np.str_("a")):
        for made in (to_plain(value), to_json_values(value)):
            assert made == value
            assert type(made) in (int, bool, float, str)
