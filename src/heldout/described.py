"""Answers and gates as plain values, as the answers for machines of a study and of `diagnose` hold them."""

from __future__ import annotations

import math
from typing import Any

from heldout.records import Answer, Gate


def describe_answer(answer: Answer) -> dict[str, Any]:
    """Give an answer as plain values; the tolerance stands elsewhere where all answers share it.

    Args:
        answer: of one question; what is not known is NaN.

    Example:
        >>> describe_answer(Answer("skill", "yes", 0.5, 0.4, 0.6, 0.0))["lean"] is None
        True
    """
    return {
        "question": answer.question,
        "answer": answer.answer,
        "estimate": answer.estimate,
        "low": answer.low,
        "high": answer.high,
        "lean": answer.lean or None,
        "sentence": answer.sentence,
        "would_decide": list(answer.would_decide),
    }


def describe_gate(gate: Gate) -> dict[str, Any]:
    """Give a gate as plain values.

    Args:
        gate: asked or not; what is not known is NaN.
    """
    return {
        "code": gate.code,
        "name": gate.name,
        "state": gate.state,
        "overrides": gate.overrides,
        "estimate": gate.estimate,
        "low": gate.low,
        "high": gate.high,
        "tolerance": gate.tolerance,
        "sentence": gate.sentence,
        "action": gate.action or None,
    }


def replace_unknown(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Give plain values as JSON takes them: numbers of NumPy as Python's, NaN and infinity as null.

    Args:
        value: dictionaries and lists of texts, numbers, None.

    Example:
        >>> replace_unknown({"low": float("nan"), "n": [1, 2.5]})
        {'low': None, 'n': [1, 2.5]}
    """
    if isinstance(value, dict):
        return {str(key): replace_unknown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [replace_unknown(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    # Numbers may be NumPy scalars, which JSON does not know.
    number = value.item() if hasattr(value, "item") else value
    return None if isinstance(number, float) and not math.isfinite(number) else number
