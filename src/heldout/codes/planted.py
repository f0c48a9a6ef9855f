"""What was found of defects planted in tables, by code: lines of docs/results.md in the same words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """How one planted defect was found.

    Args:
        codes: codes that tell it.
        promise: first cell of its line in docs/results.md.
        result: second cell, or its beginning up to a semicolon or bracket.
    """

    codes: tuple[str, ...]
    promise: str
    result: str


PLANTED: tuple[Planted, ...] = (
    Planted(
        ("HO210", "HO230"),
        "Planted leaks (21 real tables, 4 families, 4 strengths): at least 93 %",
        "95.5 % (321 of 336)",
    ),
    Planted(("HO210", "HO230"), "false alarms on clean columns: at most 0.5 %", "0.29 %"),
    Planted(("HO201",), "Exact copies: all found, none on the clean twin", "20 of 20, twins silent"),
    Planted(
        ("HO216",), "Near copies, up to 5 % noise: all rows and no other", "19 of 20 tables, twins silent"
    ),
    Planted(("HO206",), "Missing cells tied to the target (5 % to 13 %)", "19 of 20"),
    Planted(
        ("HO218", "HO219", "HO225", "HO226", "HO227", "HO228", "HO231"),
        "Sums, ratios, sorted rows, dates, time zones, identifiers, missing by sex, shift between parts",
        "20 of 20 each, twins silent",
    ),
    Planted(("HO229",), "Cells 12 standard deviations out: share among the first 20 named", "0.995"),
    Planted(
        ("HO232",),
        "Wrong labels, 5 % flipped, P@k at least 0.75",
        "0.892 (digits), 0.866 (breast cancer), the same as cleanlab on the same probabilities",
    ),
    Planted(("HO217",), "Headers about people", "62 of 62"),
)


def list_planted(code: str) -> tuple[Planted, ...]:
    """List how the planted defects were found that one code tells.

    Args:
        code: e.g. "HO201".

    Example:
        >>> [item.result for item in list_planted("HO217")], list_planted("HO116")
        (['62 of 62'], ())
    """
    return tuple(item for item in PLANTED if code in item.codes)
