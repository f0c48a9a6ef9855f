"""Times with colons."""

from __future__ import annotations

import pytest

from heldout.cells.clock import find_clock, parse_clock
from heldout.errors import DataError


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("14:30", 14.5),
        ("2:30 pm", 14.5),
        ("12:00 am", 0.0),
        ("36:00:00", 36.0),
        ("0:00:36", 0.01),
        ("7:61", None),
        ("13:00 pm", None),
    ],
)
def test_times_are_hours(text: str, hours: float | None) -> None:
    assert parse_clock(text) == (pytest.approx(hours) if hours is not None else None)
    assert parse_clock("1:30", pattern="m:s") == pytest.approx(0.025)


def test_hours_beyond_a_day_may_be_minutes() -> None:
    assert find_clock(["14:30", "9:05"], [1, 1], column="t") == "h:m"
    assert find_clock(["14:30", "x"], [1, 1], column="t") == ""
    with pytest.raises(
        DataError, match="'75:30' may be hours:minutes or minutes:seconds\n  -> write it as 75:30:00"
    ):
        find_clock(["75:30", "12:15"], [1, 1], column="lap")
