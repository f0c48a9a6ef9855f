"""Are there pictures that show nothing: of one value, far darker or lighter than the others, or blurred?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.audit.input import AuditInput, list_some, pass_check, skip_check
from heldout.records import (
    MARK_CHANNELS,
    ArrayColumn,
    BoolArray,
    DoubleArray,
    Finding,
    FloatArray,
    IndexArray,
    Kind,
    RowSet,
    Severity,
)
from heldout.sources import name_rows

CODE, TITLE = "HO248", "pictures that show nothing"
MOST_LISTED = 5
FEWEST = 30  # pictures that say what is usual among them (assumption)
MOST_MEASURED = 20_000  # pictures whose light and sharpness are measured: about 0.2 ms each
_AT_ONCE = 500
# Where dark and light begin, as in CleanVision 0.3.7: the brightest hundredth, the darkest twentieth of the pixels.
DARK, LIGHT = 0.32, 0.95
# And they must stand apart from the others: by a factor, and by robust spreads of the side they are on. Measured on
# planted pictures among photographs, digits and galaxies: tests/audit/test_odd_pictures.py.
APART = 4.0
DARK_FACTOR, BLURRED_FACTOR = 0.5, 0.2
_QUARTER = 0.6745  # standard deviations from the median to a quartile of the normal distribution
_LEAST = (
    1 / 512
)  # of white: half a level of a byte; far below the share of fine detail of any picture but a slope
CONSTANT = "of one value everywhere"


@dataclass(frozen=True)
class Light:
    """What is measured of each picture.

    Args:
        bright: the 99 % quantile of its brightness, 0 to 1; NaN where numbers have no black and white.
        dark: the 5 % quantile.
        detail: mean square of the second differences over the variance: how much of it is fine; NaN where there is
            none.
    """

    bright: DoubleArray
    dark: DoubleArray
    detail: DoubleArray


def check_odd_pictures(data: AuditInput) -> tuple[Finding, ...]:
    """Pictures of one value, far darker or lighter than the others, or blurred; as they are given to the network.

    A lens cap, a failed scan or a shot out of focus has a label like any other, and no network can learn it. They are
    told and kept: a rule that drops them would drop the night, too.

    Args:
        data: the audit's input; the pictures stand in its table.

    Returns:
        HO248, one finding for each array of pictures.
    """
    arrays = [array for array in data.table.arrays if array.kind is Kind.PICTURE]
    if not arrays or not len(data.rows):
        return (skip_check(CODE, TITLE, "there are no pictures"),)
    return tuple(_report(data, array) for array in arrays)


def _report(data: AuditInput, array: ArrayColumn) -> Finding:
    groups = find_odd(array, data.rows)
    affected = np.unique(np.concatenate([rows for _, rows in groups]))
    looked = f"{len(data.rows):,} pictures of {array.name!r}"
    if not len(affected):
        return pass_check(
            CODE, TITLE, f"none of {looked} is of one value, far darker, lighter or more blurred"
        )
    told = "; ".join(f"{len(rows):,} {what} ({_name(data, rows)})" for what, rows in groups if len(rows))
    return Finding(
        CODE,
        TITLE,
        Severity.WARNING if len(groups[0][1]) else Severity.INFO,
        f"{len(affected):,} of {looked} show little or nothing: {told}",
        column=array.name,
        rows=len(affected),
        where=RowSet(affected),
        action="look at them: what is no picture of its label should leave the data; heldout kept them",
    )


def _name(data: AuditInput, rows: IndexArray) -> str:
    names = name_rows(data.table)[1]
    words = [
        repr(names[row]) if names else f"row {data.table.lines[row]}" for row in rows[:MOST_LISTED].tolist()
    ]
    return list_some(words + [""] * (len(rows) - len(words)), MOST_LISTED)


def find_odd(array: ArrayColumn, rows: IndexArray) -> tuple[tuple[str, IndexArray], ...]:
    """Find the pictures that show nothing.

    Args:
        array: pictures.
        rows: int64 positions to look at; of more than 20,000 only the search for one value looks at all.

    Returns:
        What is odd, in words, and the int64 positions of the pictures that are: constant ones, dark, light and blurred
        ones. A picture is in one list only. Dark, light and blurred are relative to the other pictures: they are
        searched among 30 and more.

    Example:
        >>> from heldout.records import ArrayPolicy
        >>> values = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 1), dtype=np.uint8)
        >>> values[3], values[5] = 0, values[5] // 20
        >>> policy = ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), 8, 8)
        >>> found = find_odd(ArrayColumn("p", Kind.PICTURE, values, policy), np.arange(40))
        >>> [(what, rows.tolist()) for what, rows in found if len(rows)]
        [('of one value everywhere', [3]), ('far darker than the others', [5])]
    """
    channels = [at for at, name in enumerate(array.policy.channels) if name not in MARK_CHANNELS]
    parts = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
    flat = np.concatenate([_is_constant(np.asarray(array.values[part])[..., channels]) for part in parts])
    left = rows[~flat]
    if len(left) > MOST_MEASURED:
        left = left[np.linspace(0, len(left) - 1, MOST_MEASURED).round().astype(np.int64)]
    measured = _measure(array, left, channels)
    dark = _stand_below(measured.bright, DARK_FACTOR) & (measured.bright < DARK)
    light = _stand_below(1.0 - measured.dark, DARK_FACTOR) & (measured.dark > LIGHT) & ~dark
    blurred = _stand_below(measured.detail, BLURRED_FACTOR) & ~dark & ~light
    return (
        (CONSTANT, rows[flat]),
        ("far darker than the others", left[dark]),
        ("far lighter than the others", left[light]),
        ("far more blurred than the others", left[blurred]),
    )


def _is_constant(values: NDArray[np.generic]) -> BoolArray:
    flat = np.asarray(values).reshape(len(values), -1, values.shape[-1])
    return (flat == flat[:, :1]).all(axis=(1, 2))


def _measure(array: ArrayColumn, rows: IndexArray, channels: list[int]) -> Light:
    """Measure light and detail of each picture, float64 [rows]; brightness is the mean of the channels."""
    top = 255.0 if array.policy.dtype == "uint8" else 1.0 if array.policy.divisor != 1.0 else np.nan
    made = np.full((3, len(rows)), np.nan)
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        shown = np.asarray(array.values[rows[part]])[..., channels].astype(np.float64).mean(axis=3)
        if np.isfinite(top):
            made[:2, part] = np.quantile(shown, [0.99, 0.05], axis=(1, 2)) / top
        made[2, part] = _measure_detail(shown)
    return Light(*made)


def _measure_detail(shown: DoubleArray | FloatArray) -> DoubleArray:
    inner = shown[:, 1:-1, 1:-1]
    around = shown[:, :-2, 1:-1] + shown[:, 2:, 1:-1] + shown[:, 1:-1, :-2] + shown[:, 1:-1, 2:]
    spread = shown.var(axis=(1, 2))
    second = np.square(around - 4.0 * inner).mean(axis=(1, 2))
    return np.where(spread > 0, second / np.where(spread > 0, spread, 1.0), np.nan)


def _stand_below(values: DoubleArray, factor: float) -> BoolArray:
    """Which numbers are below a share of the median, and far below it in spreads of the lower half's logarithm."""
    known = np.isfinite(values)
    if known.sum() < FEWEST:
        return np.zeros(len(values), np.bool_)
    logs = np.log(np.maximum(np.where(known, values, 1.0), _LEAST))
    quarter, middle = np.quantile(logs[known], [0.25, 0.5])
    limit = max(APART * (middle - quarter) / _QUARTER, -np.log(factor))
    return known & (middle - logs > limit)
