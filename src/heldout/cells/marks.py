"""Which mark separates decimals and which thousands in a column, by a vote of its cells."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import NoReturn

from heldout.cells.characters import clean_cell
from heldout.cells.readings import parse_cells
from heldout.cells.tally import Present
from heldout.errors import DataError
from heldout.toml_lines import paste_column

_CORE = re.compile(r"(?<![0-9A-Za-z.,])[0-9.,][0-9.,' ]*[0-9]|[0-9]")
_GROUPS = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
_ONE_GROUP = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")
_SPACED = re.compile(r"[0-9]{1,3}(?:([' ])[0-9]{3})+(?:[.,][0-9]*)?")
_BOTH = re.compile(
    r"[0-9]{1,3}(?:(,)[0-9]{3})*\.[0-9]*|[0-9]{1,3}(?:(\.)[0-9]{3})*,[0-9]*|[0-9]{1,2}(?:(,)[0-9]{2,3})+\.[0-9]*"
)
_DECIMAL = re.compile(r"[0-9]*([.,])[0-9]*")
_MOSTLY = 0.95
# Cells that name one reading beyond doubt; more than this share of others is a contradiction (assumption).
_TOLERATED = 0.05
_CENTS = ("$", "\u00a3")


@dataclass(frozen=True)
class Marks:
    """The separators of a column.

    Args:
        decimal: "." or ",".
        thousands: ",", ".", " " or "'" where the cells prove one, else "".
        why: the deciding cells in words, "" where nothing had to be decided.
    """

    decimal: str = "."
    thousands: str = ""
    why: str = ""


def choose_marks(present: Present, *, column: str, decimal: str = "", thousands: str | None = None) -> Marks:
    """The separators that a column's cells prove; the point and none where nothing speaks for others.

    Args:
        present: cells that are not missing.
        column: column name for the refusal.
        decimal: what the user says, or "".
        thousands: what the user says, or None.

    Raises:
        DataError: every comma may be a decimal comma or a thousands separator, or some cells have a decimal point and
            too many others a decimal comma.

    Example:
        >>> import numpy as np
        >>> choose_marks(Present(("3,5", "4"), np.array([1, 1]), 2, 0, ""), column="ldl").decimal
        ','
        >>> choose_marks(Present(("1,234", "4"), np.array([1, 1]), 2, 0, ""), column="pop")
        Traceback (most recent call last):
        heldout.errors.DataError: column 'pop': '1,234' may be 1234 or 1.234
          -> say which, in heldout.toml: columns."pop".thousands = "," (or decimal = ",")
    """
    if decimal or thousands is not None:
        chosen = decimal or ("," if thousands == "." else ".")
        return Marks(chosen, (thousands or "") if thousands != chosen else "", "as declared")
    # Plain numbers alone decide nothing: they have no mark but the decimal point.
    if not any(
        "," in text or "'" in text or " " in text or text.count(".") > 1 or not text.isascii()
        for text in present.others
    ):
        return Marks()
    marked = [text for text in present.texts if any(mark in text for mark in ",.' ") or not text.isascii()]
    sure, unsure, example = _count_votes(marked)
    if not sure and not unsure[","]:
        return Marks()
    marks = _decide(sure, unsure, example)
    if marks is not None:
        if _reads_mostly(present, marks):
            return marks
        if sure["decimal."] and sure["decimal,"] and _reads_mostly(present, Marks("."), Marks(",")):
            _ask_decimal(column, example)
        return Marks()
    if _reads_mostly(present, Marks(".", ",")) and _reads_mostly(present, Marks(",", "")):
        digits = example["unsure,"]
        raise DataError(
            f"column {column!r}: {digits!r} may be {digits.replace(',', '')} or {digits.replace(',', '.')}",
            hint=f'say which, in heldout.toml: {paste_column(column, "thousands", ",")} (or decimal = ",")',
        )
    return Marks()


def _count_votes(texts: list[str]) -> tuple[Counter[str], Counter[str], dict[str, str]]:
    """Cells that are sure of a mark ("decimal,", "thousands.", ...), cells that may go either way, and examples."""
    sure: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    example: dict[str, str] = {}
    for text in texts:
        for core in _CORE.findall(clean_cell(text)):
            for vote in _name_votes(core):
                sure[vote] += 1
                example.setdefault(vote, text.strip()[:40])
            one = _ONE_GROUP.fullmatch(core)
            if one and one[1] == "," and any(sign in text for sign in _CENTS):
                # An amount of money has no third decimal.
                sure["thousands,"] += 1
                example.setdefault("thousands,", text.strip()[:40])
            elif one:
                unsure[one[1]] += 1
                example.setdefault(f"unsure{one[1]}", text.strip()[:40])
    return sure, unsure, example


def _name_votes(core: str) -> list[str]:
    if "," not in core and "." not in core and "'" not in core and " " not in core:
        return []
    groups = _GROUPS.fullmatch(core)
    if groups:
        return [f"thousands{groups[1] or ','}"]
    spaced = _SPACED.fullmatch(core)
    if spaced:
        tail = core[-1 - len(core) :].translate({ord(c): None for c in "0123456789' "})
        return [f"thousands{spaced[1]}", *([f"decimal{tail}"] if tail in (".", ",") else [])]
    if "," in core and "." in core:
        if _BOTH.fullmatch(core):
            last = "," if core.rfind(",") > core.rfind(".") else "."
            return [f"decimal{last}", f"thousands{',' if last == '.' else '.'}"]
        return []
    plain = _DECIMAL.fullmatch(core)
    return [f"decimal{plain[1]}"] if plain and not _ONE_GROUP.fullmatch(core) else []


def _decide(sure: Counter[str], unsure: Counter[str], example: dict[str, str]) -> Marks | None:
    """The marks that the sure cells name; None when a comma may be either."""
    other = next((mark for mark in "' " if sure[f"thousands{mark}"]), "")
    if sure["decimal,"] > sure["thousands,"] and sure["decimal,"] >= sure["decimal."]:
        thousands = "." if unsure["."] or sure["thousands."] else other
        return Marks(",", thousands, f"decimal comma, as in {example['decimal,']!r}")
    if sure["thousands."] > sure["decimal."]:
        return Marks(",", ".", f"thousands point, as in {example['thousands.']!r}")
    if sure["thousands,"]:
        return Marks(".", ",", f"thousands comma, as in {example['thousands,']!r}")
    if unsure[","]:
        # A column has one decimal mark: where points are decimals, commas group thousands.
        if sure["decimal."]:
            return Marks(
                ".", ",", f"thousands comma, since points are decimals, as in {example['decimal.']!r}"
            )
        if other:
            return Marks(
                ",", other, f"decimal comma, since thousands are written {example[f'thousands{other}']!r}"
            )
        return None
    return (
        Marks(".", other, f"thousands {other!r}, as in {example[f'thousands{other}']!r}")
        if other
        else Marks()
    )


def _ask_decimal(column: str, example: dict[str, str]) -> NoReturn:
    """Refuse numbers with two decimal marks: under either one alone, too many cells would be lost."""
    decimal, kind = (
        paste_column(column, key, value) for key, value in (("decimal", "."), ("kind", "category"))
    )
    raise DataError(
        f"column {column!r}: {example['decimal.']!r} has a decimal point and {example['decimal,']!r} a decimal comma",
        hint=f"write all of them with one mark; or say, in heldout.toml: {decimal} (cells with a comma then count as "
        f"missing), or {kind} if these are no numbers",
    )


def _reads_mostly(present: Present, *ways: Marks) -> bool:
    """Whether nearly all cells are numbers under one of some marks."""
    read = [parse_cells(present, decimal=marks.decimal, thousands=marks.thousands) for marks in ways]
    good = sum(
        count
        for found, count in zip(zip(*read, strict=True), present.counts.tolist(), strict=True)
        if any(number is not None for number in found)
    )
    return good >= (_MOSTLY - _TOLERATED) * max(present.n_cells, 1)
