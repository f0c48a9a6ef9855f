"""The shipped examples: real data with an open licence, and the settings a person would choose for them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from heldout.errors import UsageError

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Demo:
    """One shipped example.

    Args:
        name: its name on the command line.
        table: the data.
        settings: its `heldout.toml`.
        about: one sentence for people.
    """

    name: str
    table: Path
    settings: Path
    about: str


DEMOS = {
    "heart": Demo(
        name="heart",
        table=DATA / "heart.csv",
        settings=DATA / "heart.toml",
        about="303 patients of the Cleveland clinic, 13 measurements: is a coronary artery narrowed?",
    ),
}


def find_demo(name: str) -> Demo:
    """The example of this name.

    Raises:
        UsageError: there is no such example.

    Example:
        >>> find_demo("heart").table.name
        'heart.csv'
        >>> find_demo("hart")
        Traceback (most recent call last):
        heldout.errors.UsageError: no example 'hart'
          -> did you mean 'heart'?
    """
    if name in DEMOS:
        return DEMOS[name]
    close = difflib.get_close_matches(name, list(DEMOS), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the examples are: {', '.join(DEMOS)}"
    raise UsageError(f"no example {name!r}", hint=hint)
