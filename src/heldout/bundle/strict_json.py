"""JSON read without leniency: what a person sees in the file is what the program gets."""

from __future__ import annotations

import json
import math
import re
from functools import partial
from typing import Any, NoReturn

import numpy as np

from heldout.errors import BundleError

MAX_DEPTH = 20
MAX_DIGITS = 18
# Possessive, so that an open quote is read once to the end and never tried again: linear time.
_STRING = re.compile(rb'"(?:[^"\\]|\\.?)*+(?:"|\Z)', re.DOTALL)


def parse_json(data: bytes, *, where: str, max_bytes: int = 1 << 20) -> Any:  # noqa: ANN401 - any JSON value
    """Parse strict UTF-8 JSON.

    Python's parser keeps the last of two equal keys and takes NaN; both let two readers see different files, so
    both are refused, as are deep nesting and endless digits that cost time.

    Args:
        data: the bytes.
        where: member and file, for messages.
        max_bytes: size limit in bytes.

    Returns:
        The parsed value.

    Raises:
        BundleError: too large, not UTF-8, not JSON, a repeated key, NaN or Infinity, numbers of more than 18 digits
            without a decimal point, or nesting deeper than 20.

    Example:
        >>> parse_json(b'{"a": [1, 2.5]}', where="x.json")
        {'a': [1, 2.5]}
        >>> parse_json(b'{"a": 1, "a": 2}', where="x.json")
        Traceback (most recent call last):
        heldout.errors.BundleError: x.json: key 'a' stands twice in one object
    """
    if len(data) > max_bytes:
        raise BundleError(f"{where}: {len(data):,} bytes, at most {max_bytes:,} are allowed")
    depth = _measure_depth(data)
    if depth > MAX_DEPTH:
        raise BundleError(f"{where}: nested {depth} deep, at most {MAX_DEPTH} levels are allowed")

    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=partial(_refuse_repeats, where),
            parse_constant=partial(_refuse_constant, where),
            parse_float=partial(_read_float, where),
            parse_int=partial(_read_int, where),
        )
    except UnicodeDecodeError as error:
        raise BundleError(f"{where}: not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BundleError(
            f"{where}: not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None


def _refuse_repeats(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BundleError(f"{where}: key {key[:100]!r} stands twice in one object")
        found[key] = value
    return found


def _refuse_constant(where: str, word: str) -> NoReturn:
    raise BundleError(f"{where}: {word[:40]} is not JSON; expected a finite number or null")


def _read_float(where: str, text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_constant(where, text)


def _read_int(where: str, text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise BundleError(f"{where}: the number {text[:30]}... has more than {MAX_DIGITS} digits")
    return int(text)


def _measure_depth(data: bytes) -> int:
    """Count the deepest nesting of brackets outside strings before any recursive parser sees them."""
    codes = np.frombuffer(_STRING.sub(b"", data), dtype=np.uint8)
    opened = (codes == ord("[")) | (codes == ord("{"))
    closed = (codes == ord("]")) | (codes == ord("}"))
    steps = opened.astype(np.int64) - closed.astype(np.int64)
    return int(np.max(np.cumsum(steps), initial=0))
