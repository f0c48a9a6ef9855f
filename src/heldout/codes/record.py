"""One line of the published table of codes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """How often a promise was seen broken (or held) on data whose truth is known.

    Args:
        promise: what was counted, a line of docs/error-rates.md in the same words.
        low: the lowest share over kinds of data and suite seeds, in percent.
        high: the highest.
        least: lines of fewer claims are left out: one false claim of one says nothing of the rate. 0 where every line
            is as short. "SKILL, untrue" leaves out random labels, where every such claim is untrue by construction.

    Example:
        >>> Measured("clean data called faulty", 0.0, 0.0, least=0).high
        0.0
    """

    promise: str
    low: float
    high: float
    least: int = 100


@dataclass(frozen=True)
class Code:
    """What one code claims, from which threshold on, how often it may be wrong, and how often it was.

    Args:
        code: stable code: `HO1xx` fit, `HO2xx` data, `HO3xx` gates before the verdict, `HO4xx` evidence.
        title: the word of the verdict, or the name of the check.
        meaning: what is claimed.
        threshold: the rule, in words.
        error_rate: how often the claim may be wrong by its rule.
        measured: how often it was; empty where nobody has measured it yet.

    Example:
        >>> Code("HO207", "constant columns", "a column has one value", "exact", "exact").measured
        ()
    """

    code: str
    title: str
    meaning: str
    threshold: str
    error_rate: str
    measured: tuple[Measured, ...] = ()

    @property
    def is_verdict(self) -> bool:
        """Whether it is a verdict, which `--require` reads and nothing may silence."""
        return self.code.startswith("HO1")
