import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe.rules import (
    Rule,
    check_keys,
    describe_rules,
    read_array,
    read_fields,
    read_list,
    read_value,
    shorten,
)


@pytest.mark.parametrize(
    ("given", "rule", "message"),
    [
        (True, Rule("number"), "expected a number"),
        ("1", Rule("number"), "expected a number"),
        (10**400, Rule("number"), "a whole number of 1329 bits"),
        (float("inf"), Rule("number"), "expected a number"),
        (1.5, Rule("count", low=0), "expected a whole number"),
        (-1, Rule("count", low=0), "got -1"),
        (1, Rule("flag"), "expected true or false"),
        ("c", Rule("choice", choices=("a", "b")), "expected one of 'a', 'b', got 'c'"),
        (3, Rule("text"), "expected a text"),
        ("long", Rule("text", longest=3), "at most 3 characters"),
        ("abc", Rule("texts"), "expected a list"),
        ([1], Rule("texts"), "expected a text"),
        ([1, "x"], Rule("numbers"), "expected a number"),
        ([1, 2, 3], Rule("numbers", longest=2), "at most 2 items"),
        (
            [],
            Rule("record", record=dict, rules={"a": Rule("flag")}),
            "expected an object, got a list of 0 items",
        ),
    ],
)
def test_values_out_of_bounds_are_refused(given, rule, message):
    with pytest.raises(RecipeError, match=message):
        read_value(given, rule, "here")


def test_good_values_are_read():
    assert read_value(None, Rule("maybe number"), "") is None
    assert isinstance(read_value(3, Rule("number"), ""), float)
    assert read_value([1, 2], Rule("numbers"), "") == (1.0, 2.0)
    assert read_value({"a": True}, Rule("record", record=dict, rules={"a": Rule("flag")}), "") == {"a": True}


def test_keys_must_be_exactly_the_known_ones():
    with pytest.raises(RecipeError, match="key 'b' is missing"):
        check_keys({"a": 1}, ("a", "b"), "here")
    with pytest.raises(RecipeError, match="here: expected an object, got 3"):
        check_keys(3, (), "here")
    with pytest.raises(RecipeError, match="unknown key 'b'"):
        read_fields({"a": 1, "b": 2}, {"a": Rule("count", low=0)}, "here")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0], "expected an array of float64 with one axis, got a list"),
        (np.zeros(2, np.float32), "got float32"),
        (np.zeros((1, 1)), "one axis"),
        (np.zeros(9), "at most 3 numbers"),
        (np.array([np.inf]), "number 0 is inf"),
        (np.array(["x"], object), "got object"),
    ],
)
def test_arrays_of_another_form_are_refused(given, message):
    with pytest.raises(RecipeError, match=message):
        read_array(given, Rule("array", dtype="float64", longest=3), "here")


def test_arrays_are_copied_and_read_only():
    given = np.zeros(2)
    kept = read_array(given, Rule("array", dtype="float64"), "here")
    given[0] = 1
    assert kept.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


def test_lists_and_short_texts():
    with pytest.raises(RecipeError, match="expected a list, got {0,1}an object of 0 items"):
        read_list({}, 3, "here")
    assert len(shorten("x" * 10_000)) == 60
    assert shorten([1, 2]) == "a list of 2 items"


def test_arrays_do_not_stand_in_the_schema():
    assert describe_rules({"idf": Rule("array")})["properties"] == {}
