"""Records to plain JSON values and back, by their declared types: no class name ever stands in a file."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from heldout.errors import StudyError


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any record
    """Turn a record into values that JSON can hold; a number that is not finite becomes a word.

    Example:
        >>> to_plain((1.5, float("nan")))
        [1.5, 'nan']
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in _list_written(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return {
            "shape": list(value.shape),
            "dtype": str(value.dtype),
            "values": to_plain(value.ravel().tolist()),
        }
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def to_json_values(value: Any) -> Any:  # noqa: ANN401 - any record
    """Turn a record into JSON values for other programs: arrays become lists, unknown numbers null.

    Example:
        >>> to_json_values((1.5, float("nan")))
        [1.5, None]
    """
    if isinstance(value, np.ndarray):
        return to_json_values(value.tolist())
    if isinstance(value, np.generic):
        return to_json_values(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json_values(getattr(value, field.name)) for field in _list_written(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_values(item) for item in value]
    return to_plain(value)


def _list_written(record: Any) -> list[Field[Any]]:  # noqa: ANN401 - any record
    """Fields that belong in a file: not those for work in memory alone."""
    return [field for field in fields(record) if field.metadata.get("written", True)]


def from_plain(kind: Any, value: Any, *, where: str = "record") -> Any:  # noqa: ANN401 - any record
    """Build a record of the given type from plain values.

    Args:
        kind: the type, e.g. a record class or `tuple[Rung, ...]`.
        value: what `to_plain` made.
        where: place in the file, for messages.

    Raises:
        StudyError: a field is missing or unknown, or a value has another type.

    Example:
        >>> from_plain(tuple[float, ...], [1.5, "nan"])
        (1.5, nan)
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        rest = [argument for argument in arguments if argument is not type(None)]
        return None if value is None else from_plain(rest[0], value, where=where)
    if origin is tuple:
        return _read_tuple(arguments, value, where)
    if origin is np.ndarray:
        return _read_array(value, where)
    if origin is dict:
        return _read_table(arguments, value, where)
    if is_dataclass(kind):
        return _read_record(kind, value, where)
    return _read_leaf(kind, value, where)


def _read_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:  # noqa: ANN401
    if not isinstance(value, list):
        raise StudyError(f"{where} is {type(value).__name__}, expected a list")
    kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
    if len(kinds) != len(value):
        raise StudyError(f"{where} has {len(value)} values, expected {len(kinds)}")
    return tuple(
        from_plain(kind, item, where=f"{where}[{i}]")
        for i, (kind, item) in enumerate(zip(kinds, value, strict=True))
    )


def _read_table(arguments: tuple[Any, ...], value: Any, where: str) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise StudyError(f"{where} is {type(value).__name__}, expected a table")
    return {key: from_plain(arguments[1], item, where=f"{where}.{key}") for key, item in value.items()}


def _read_array(value: Any, where: str) -> np.ndarray:  # noqa: ANN401
    try:
        flat = [float(item) if isinstance(item, str) else item for item in value["values"]]
        return np.array(flat, dtype=np.dtype(value["dtype"])).reshape(value["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError(f"{where} is no array: {error}") from None


def _read_record(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401
    hints = get_type_hints(kind)
    if not isinstance(value, dict) or set(value) - set(hints):
        unknown = sorted(set(value) - set(hints)) if isinstance(value, dict) else [type(value).__name__]
        raise StudyError(
            f"{where} holds unknown fields {unknown}", hint="the study was made by another version of heldout"
        )
    given = {name: from_plain(hints[name], item, where=f"{where}.{name}") for name, item in value.items()}
    try:
        return kind(**given)
    except TypeError as error:
        raise StudyError(f"{where} is not complete: {error}") from None


def _read_leaf(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401
    if kind is Any or kind is object:
        return value
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError:
            raise StudyError(
                f"{where} is {value!r}, expected one of {[item.value for item in kind]}"
            ) from None
    if kind is float and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            raise StudyError(f"{where} is {value!r}, expected {kind.__name__}") from None
    if isinstance(value, kind) and (kind is not int or not isinstance(value, bool)):
        return value
    raise StudyError(f"{where} is {value!r}, expected {kind.__name__}")
