"""The user's map from target cells to classes: texts, ranges of whole numbers, and "" for missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from heldout.cells.numbers import parse_number
from heldout.errors import UsageError

_RANGE = re.compile(r"\s*([+-]?[0-9]{1,15})\s*\.\.\s*([+-]?[0-9]{1,15})\s*")


@dataclass(frozen=True)
class ClassMap:
    """A target map made ready for look-ups.

    Args:
        texts: stripped cell text -> class ("" is missing).
        numbers: number -> class, so that "1" also finds "1.0".
        ranges: (first, last, class) of whole numbers, both ends included.
        is_complete: True when cells that the map does not name are to be refused: it names at least one class.

    Example:
        >>> ClassMap.parse({"0": "no", "1..4": "yes"}).find(" 3.0")
        'yes'
    """

    texts: dict[str, str]
    numbers: dict[float, str]
    ranges: tuple[tuple[int, int, str], ...]
    is_complete: bool

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> ClassMap:
        """Read a map as it stands in the settings.

        Args:
            given: cell text or range "1..4" -> class name, "" for missing.

        Raises:
            UsageError: a range that ends before it begins, or ranges that overlap with different classes.

        Example:
            >>> ClassMap.parse({"4..1": "yes"})
            Traceback (most recent call last):
            heldout.errors.UsageError: target_map: the range '4..1' ends before it begins
              -> write the smaller number first
        """
        texts: dict[str, str] = {}
        numbers: dict[float, str] = {}
        ranges: list[tuple[int, int, str]] = []
        for key, name in given.items():
            span = _RANGE.fullmatch(key)
            if span:
                ranges.append(_check_range(int(span[1]), int(span[2]), name.strip(), key, ranges))
                continue
            texts[key.strip()] = name.strip()
            number = parse_number(key)
            if number is not None:
                numbers[number] = name.strip()
        return cls(texts, numbers, tuple(ranges), any(name.strip() for name in given.values()))

    def find(self, text: str) -> str | None:
        """The class of a cell, "" when it is mapped to missing, None when the map does not name it.

        An exact text comes before a number of the same value, and that before a range.

        Args:
            text: the cell as read.

        Example:
            >>> ClassMap.parse({"2": "two", "1..4": "few"}).find("2")
            'two'
        """
        clean = text.strip()
        if clean in self.texts:
            return self.texts[clean]
        number = parse_number(clean)
        if number is None:
            return None
        if number in self.numbers:
            return self.numbers[number]
        for first, last, name in self.ranges:
            if first <= number <= last and number == round(number):
                return name
        return None


def _check_range(
    first: int, last: int, name: str, key: str, ranges: list[tuple[int, int, str]]
) -> tuple[int, int, str]:
    if last < first:
        raise UsageError(
            f"target_map: the range {key!r} ends before it begins", hint="write the smaller number first"
        )
    for low, high, other in ranges:
        if first <= high and low <= last and name != other:
            raise UsageError(
                f"target_map: the ranges {key!r} -> {name!r} and '{low}..{high}' -> {other!r} overlap",
                hint="give each number one class",
            )
    return first, last, name


def fold_label(text: str) -> str:
    """A label without what spellings differ by: case, blanks, final dots.

    Example:
        >>> fold_label("<=50K.") == fold_label(" <= 50k")
        True
    """
    return "".join(text.casefold().split()).rstrip(".")


def paste_map(mapping: Mapping[str, str]) -> str:
    r"""A target map as one line to paste into the settings file.

    Example:
        >>> paste_map({"Yes": "yes", 'a"b': ""})
        'target_map = {"Yes" = "yes", "a\\"b" = ""}'
    """
    pairs = ", ".join(f"{_quote(text)} = {_quote(name)}" for text, name in mapping.items())
    return f"target_map = {{{pairs}}}"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
