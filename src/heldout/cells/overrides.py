"""What a user may say about one column."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Said:
    """What was said about one column; None means not said, see `ColumnOverride`."""

    kind: str | None
    missing: tuple[str, ...] | None
    true: tuple[str, ...] | None
    false: tuple[str, ...] | None
    date_format: str | None
    decimal: str | None


_NOTHING_SAID = Said(None, None, None, None, None, None)


def take_override(override: ColumnOverride | None) -> Said:
    """What was said about one column, from any object that says it.

    Args:
        override: settings of one column, or None.

    Example:
        >>> take_override(None).kind is None
        True
    """
    if override is None:
        return _NOTHING_SAID
    return Said(
        override.kind, override.missing, override.true, override.false, override.date_format, override.decimal
    )
