"""Strict JSON: what is refused, and that refusing takes no time."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.bundle.strict_json import parse_json
from heldout.errors import BundleError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_reads_what_the_standard_library_writes(value):
    assert parse_json(json.dumps(value).encode(), where="x") == value


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_a_value_or_a_refusal(data):
    try:
        value = parse_json(data, where="x")
    except BundleError:
        return
    assert value == json.loads(data.decode("utf-8"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": 1, "a": 1}', "key 'a' stands twice"),
        (b'{"b": {"a": 1, "a": 2}}', "key 'a' stands twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', "1e999 is not JSON"),
        (b'{"a": ' + b"9" * 30 + b"}", "more than 18 digits"),
        (b"9" * 100_000, "more than 18 digits"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"{} {}", "not JSON at line 1, column 4"),
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 21 + b"]" * 21, "nested 21 deep, at most 20"),
        (b'{"a":' * 100_000, "nested 100000 deep"),
        (b" " * (1 << 21), "2,097,152 bytes, at most 1,048,576"),
    ],
)
def test_refuses(data, words):
    with pytest.raises(BundleError, match=words):
        parse_json(data, where="x.json")


def test_brackets_in_texts_do_not_nest():
    assert parse_json(json.dumps(["[" * 50, 'a"[[[' * 20]).encode(), where="x")[0] == "[" * 50


@pytest.mark.parametrize("piece", [b'\\"', b'"', b'"\\', b"[", b"1", b"\\"])
def test_hostile_repetition_takes_linear_time(piece):
    started = time.monotonic()
    with pytest.raises(BundleError):
        parse_json(piece * ((1 << 20) // len(piece)), where="x")
    assert time.monotonic() - started < 5
