"""What a user may say about one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class ColumnOverride(Protocol):
    """What a user may say about one column; None means not said."""

    @property
    def kind(self) -> str | None:
        """One of the kinds, or "ignore"."""
        ...

    @property
    def missing(self) -> tuple[str, ...] | None:
        """Further words that mean missing; an empty list switches all but "" off."""
        ...

    @property
    def true(self) -> tuple[str, ...] | None:
        """Words for yes."""
        ...

    @property
    def false(self) -> tuple[str, ...] | None:
        """Words for no."""
        ...

    @property
    def date_format(self) -> str | None:
        """A strptime format."""
        ...

    @property
    def decimal(self) -> str | None:
        """Decimal separator, "." or ","."""
        ...

    @property
    def thousands(self) -> str | None:
        """Thousands separator."""
        ...

    @property
    def unit(self) -> str | None:
        """Unit of the numbers."""
        ...

    @property
    def grammar(self) -> str | None:
        """How cells are taken apart; "whole" for not at all."""
        ...

    @property
    def map(self) -> Mapping[str, str] | None:
        """Cell text -> category."""
        ...

    @property
    def clip(self) -> tuple[float, float] | None:
        """Limits to which values are clipped."""
        ...

    @property
    def range(self) -> tuple[float, float] | None:
        """Limits beyond which values are impossible."""
        ...


@dataclass(frozen=True)
class Said:
    """What was said about one column; None means not said, see `ColumnOverride`."""

    kind: str | None
    missing: tuple[str, ...] | None
    true: tuple[str, ...] | None
    false: tuple[str, ...] | None
    date_format: str | None
    decimal: str | None
    thousands: str | None = None
    unit: str | None = None
    grammar: str | None = None
    map: tuple[tuple[str, str], ...] | None = None
    clip: tuple[float, float] | None = None
    range: tuple[float, float] | None = None


_NOTHING_SAID = Said(None, None, None, None, None, None)


def take_override(override: ColumnOverride | Said | None) -> Said:
    """What was said about one column, from any object that says it.

    Args:
        override: settings of one column, or None.

    Example:
        >>> take_override(None).kind is None
        True
    """
    if override is None or isinstance(override, Said):
        return override or _NOTHING_SAID
    return Said(
        kind=override.kind,
        missing=override.missing,
        true=override.true,
        false=override.false,
        date_format=override.date_format,
        decimal=override.decimal,
        thousands=override.thousands,
        unit=override.unit,
        grammar=override.grammar,
        map=None if override.map is None else tuple(override.map.items()),
        clip=override.clip,
        range=override.range,
    )


def is_silent(said: Said) -> bool:
    """True when the user said nothing about a column.

    Example:
        >>> is_silent(take_override(None))
        True
    """
    return said == _NOTHING_SAID
