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

_GATES = "all gates together at most 5 % of clean studies"

GATE_CODES: tuple[VerdictCode, ...] = (
    VerdictCode(
        "HO301",
        "copies of fit rows",
        "validation rows repeat fit rows, so that memory looks like skill",
        "any exact copy; overrides when leaving them out can raise the loss by more than delta",
        "exact: never fires without copies",
    ),
    VerdictCode(
        "HO302",
        "groups on both sides",
        "rows of one group stand among the fit and the validation rows",
        "any shared value; overrides when it can (declared group) or does (found group) move the loss by more than "
        "delta",
        "exact: never fires without shared groups",
    ),
    VerdictCode(
        "HO303",
        "single column gives the target away",
        "one column alone predicts the target almost surely: is it known at prediction time?",
        "lower bound of its AUC (or R2) above 0.95 out of fold; a question, never overrides",
        "at most 5 % of tables without such a column",
    ),
    VerdictCode(
        "HO304",
        "fit and validation rows differ",
        "a classifier can tell them apart (shift)",
        "DeLong's lower 97.5 % bound above 0.55 out of fold; overrides when weighting the rows alike can move the loss "
        "by more than delta, never where the division follows time",
        "at most 2.5 % of clean studies",
    ),
    VerdictCode(
        "HO305",
        "labels do not correspond",
        "the fit rows' labels can be learned, and nothing of it holds on the validation rows",
        "no skill, and real labels fitted better than permuted ones by 2.5 standard errors and by delta",
        "on random labels about 5 % of simulated studies",
    ),
    VerdictCode(
        "HO306",
        "labels turned round",
        "a network too small to overfit is worse than a constant guess on validation rows and better on its fit rows",
        "lower 99 % bound above delta plus the optimism of its size (2 p/n nats)",
        "at most 1 % of clean studies",
    ),
    VerdictCode(
        "HO307",
        "cannot learn 32 rows",
        "the largest network cannot learn 32 rows by heart: optimisation or code are broken",
        "lowest training loss above a tenth of the constant predictor's",
        "not seen on clean data",
    ),
    VerdictCode(
        "HO308",
        "gap of the smallest network",
        "a network with fewer weights than a tenth of its rows has a gap: validation rows come from elsewhere",
        "lower 99 % bound above delta plus the optimism of its size (2 p/n nats)",
        "at most 1 % of clean studies",
    ),
    VerdictCode(
        "HO309",
        "validation rows easier than fit rows",
        "the network knows new rows better than its own: leak, copies, or losses read in the wrong mode",
        "lower 99 % bound of training minus validation loss above delta; never overrides where time divides",
        "at most 1 % of clean studies",
    ),
    VerdictCode(
        "HO310",
        "loss does not fit the accuracy",
        "outputs are held down, for example squashed twice",
        "share of right answers above the surest rows' probability by 0.03 (lower 99 % bound); from means: training "
        "loss above what calibrated outputs have",
        "not seen on honest networks with label noise",
    ),
    VerdictCode(
        "HO311",
        "networks diverged",
        "losses became infinite or not a number",
        "any; overrides when no configuration is left",
        "exact",
    ),
)

LOGGED_CODES: tuple[VerdictCode, ...] = (
    VerdictCode(
        "HO131",
        "overfit",
        "trained to the last logged epoch the network is worse on validation rows than at its best epoch, by more "
        "than the tolerance (from mean curves)",
        "excess above delta + 1.8 times the bounded standard error",
        "0.2 % false alarms with one seed, none with five, on 1,800 simulated runs",
    ),
    VerdictCode(
        "HO132", "undecided", "the logged curves do not show it", "none of the above", "claims nothing"
    ),
    VerdictCode(
        "HO133",
        "cannot tell",
        "the log lacks what a verdict needs: the number of validation rows, or a loss whose spread is known",
        "no --n-validation, under 16 rows, or a loss that is neither log-loss nor squared error",
        "claims nothing",
    ),
)

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
        "HO104",
        "undecided, data or bug",
        "a gate found what can explain the losses without overfitting",
        "any overriding gate HO301 to HO311",
        _GATES,
    ),
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
    VerdictCode(
        "HO119",
        "data or bug",
        "a gate found a fault of the data or the training that can move the score by more than the tolerance",
        "any overriding gate HO301 to HO311",
        _GATES,
    ),
    *GATE_CODES,
    *LOGGED_CODES,
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
          -> codes run from HO101 to HO311
    """
    for item in CODES:
        if item.code == code:
            return item
    raise UsageError(f"no verdict code {code!r}", hint=f"codes run from {CODES[0].code} to {CODES[-1].code}")
