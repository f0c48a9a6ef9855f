"""The published table of verdict codes: what each claims, from which threshold on, and how often it is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.errors import UsageError


@dataclass(frozen=True)
class VerdictCode:
    """One line of the table of codes.

    Args:
        code: stable code `HO1xx`.
        title: the word of the verdict.
        meaning: what is claimed.
        threshold: the rule, in words.
        error_rate: how often the claim may be wrong.
    """

    code: str
    title: str
    meaning: str
    threshold: str
    error_rate: str


_PER_CLAIM = "at most 5 % of such claims wrong (alpha = 0.05, one-sided)"
_NO_CLAIM = "claims nothing, so it cannot be wrong"

CODES: tuple[VerdictCode, ...] = (
    VerdictCode(
        "HO101",
        "overfits from",
        "this size of network overfits: trained to the end it is worse than at its best epoch, or worse than a "
        "smaller one, by more than the tolerance; larger sizes may recover (second descent)",
        "cross-fitted lower bound above delta in either question, at the error rate the fallback procedure gives "
        "to the rung",
        "at most 5 % of studies name a size that does not overfit",
    ),
    VerdictCode(
        "HO102",
        "no overfitting shown",
        "no size of the ladder loses more than the tolerance by long training or by its size",
        "every upper bound against every epoch and every smaller size below delta",
        _PER_CLAIM,
    ),
    VerdictCode("HO103", "undecided", "the ladder shows neither", "none of the above", _NO_CLAIM),
    VerdictCode(
        "HO110",
        "no skill shown",
        "the network is at most delta better than always giving the constant prediction",
        "upper bound of the gain over the constant predictor below delta",
        _PER_CLAIM,
    ),
    VerdictCode(
        "HO111",
        "no skill shown, memorising",
        "no skill, and permuted labels are fitted as well as the real ones",
        "HO110, training loss below half of the constant predictor's, permuted labels not worse by 2.5 se and delta",
        "as HO110",
    ),
    VerdictCode(
        "HO112",
        "no skill shown, labels do not correspond",
        "the training labels can be learned, yet validation shows nothing: its labels or rows are shuffled, "
        "flipped or otherwise encoded, or the rows come from elsewhere",
        "HO110, and real labels fitted better than permuted ones by 2.5 standard errors and by delta",
        "as HO110; on random labels a fault was named wrongly in about 5 % of simulated studies",
    ),
    VerdictCode(
        "HO113",
        "overfit",
        "the delivered configuration is worse than a simpler or remedied one by more than the tolerance",
        "cross-fitted lower bound above delta",
        _PER_CLAIM,
    ),
    VerdictCode(
        "HO114",
        "underfit",
        "a larger or freer configuration is better by more than the tolerance",
        "cross-fitted lower bound above delta",
        _PER_CLAIM,
    ),
    VerdictCode(
        "HO115",
        "between",
        "smaller and larger ones are both better (the peak of double descent)",
        "HO113 and HO114 together",
        _PER_CLAIM,
    ),
    VerdictCode(
        "HO116",
        "good fit",
        "it has skill, and neither a simpler, nor a larger one, nor another epoch is better by more than delta, "
        "among the configurations that were run",
        "lower bound of skill above 0; all upper bounds below delta",
        _PER_CLAIM,
    ),
    VerdictCode("HO117", "undecided", "the rows and seeds do not decide", "none of the above", _NO_CLAIM),
    VerdictCode(
        "HO118",
        "cannot tell",
        "too few rows or groups for a verdict, or a network of it diverged",
        "under 30 development rows, under 10 groups, or any diverged network",
        _NO_CLAIM,
    ),
)


def find_code(code: str) -> VerdictCode:
    """Look up one verdict code.

    Args:
        code: e.g. "HO101".

    Returns:
        its line of the table.

    Raises:
        UsageError: there is no such code.

    Example:
        >>> find_code("HO116").title
        'good fit'
        >>> find_code("HO999")
        Traceback (most recent call last):
        heldout.errors.UsageError: no verdict code 'HO999'
          -> codes run from HO101 to HO118
    """
    for item in CODES:
        if item.code == code:
            return item
    raise UsageError(f"no verdict code {code!r}", hint=f"codes run from {CODES[0].code} to {CODES[-1].code}")
