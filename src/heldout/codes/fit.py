"""Codes of the verdicts on how networks fit the data."""

from __future__ import annotations

from heldout.codes.record import Code, Measured

_PER_CLAIM = "at most 5 % of such claims wrong (alpha = 0.05, one-sided)"
_NO_CLAIM = "claims nothing, so it cannot be wrong"
_GATES = "all gates together at most 5 % of clean studies"

FIT_CODES: tuple[Code, ...] = (
    Code(
        "HO101",
        "overfits from",
        "this size of network overfits: trained to the end it is worse than at its best epoch, or worse than a "
        "smaller one, by more than the tolerance; larger sizes may recover (second descent)",
        "cross-fitted lower bound above delta in either question, at the error rate the fallback procedure gives "
        "to the rung",
        "at most 5 % of studies name a size that does not overfit",
        measured=(Measured("study says 'overfits from' a size that does not overfit", 0.0, 0.9),),
    ),
    Code(
        "HO102",
        "no overfitting shown",
        "no size of the ladder loses more than the tolerance by long training or by its size",
        "every upper bound against every epoch and every smaller size below delta",
        _PER_CLAIM,
        measured=(Measured("study says 'no overfitting shown' although a size overfits", 0.0, 0.0),),
    ),
    Code("HO103", "undecided", "the ladder shows neither", "none of the above", _NO_CLAIM),
    Code(
        "HO104",
        "undecided, data or bug",
        "a gate found what can explain the losses without overfitting",
        "any overriding gate HO301 to HO311",
        _GATES,
        measured=(Measured("clean data called faulty", 0.0, 0.0, least=0),),
    ),
    Code(
        "HO110",
        "no skill shown",
        "the network is at most delta better than always giving the constant prediction",
        "upper bound of the gain over the constant predictor below delta",
        _PER_CLAIM,
        measured=(Measured("of the claims not SKILL, untrue", 0.0, 13.7),),
    ),
    Code(
        "HO111",
        "no skill shown, memorising",
        "no skill, and permuted labels are fitted as well as the real ones",
        "HO110, training loss below half of the constant predictor's, permuted labels not worse by 2.5 se and delta",
        "as HO110",
    ),
    Code(
        "HO112",
        "no skill shown, labels do not correspond",
        "the training labels can be learned, yet validation shows nothing: its labels or rows are shuffled, "
        "flipped or otherwise encoded, or the rows come from elsewhere",
        "HO110, and real labels fitted better than permuted ones by 2.5 standard errors and by delta",
        "as HO110; on random labels a fault was named wrongly in about 5 % of simulated studies",
        measured=(
            Measured("random labels called a mix-up", 0.0, 0.0, least=0),
            Measured("shuffled validation labels caught", 100.0, 100.0, least=0),
        ),
    ),
    Code(
        "HO113",
        "overfit",
        "the delivered configuration is worse than a simpler or remedied one by more than the tolerance",
        "cross-fitted lower bound above delta",
        _PER_CLAIM,
        measured=(
            Measured("TOO BIG said although untrue, of all where it is untrue", 0.0, 4.6),
            Measured("OVERTRAINED said although untrue, of all where it is untrue", 0.0, 0.6),
        ),
    ),
    Code(
        "HO114",
        "underfit",
        "a larger or freer configuration is better by more than the tolerance",
        "cross-fitted lower bound above delta",
        _PER_CLAIM,
        measured=(Measured("UNDERFIT said although untrue, of all where it is untrue", 0.0, 2.9),),
    ),
    Code(
        "HO115",
        "between",
        "smaller and larger ones are both better (the peak of double descent)",
        "HO113 and HO114 together",
        _PER_CLAIM,
    ),
    Code(
        "HO116",
        "good fit",
        "it has skill, and neither a simpler, nor a larger one, nor another epoch is better by more than delta, "
        "among the configurations that were run",
        "lower bound of skill above 0; all upper bounds below delta",
        _PER_CLAIM,
        measured=(
            Measured("of the claims SKILL, untrue", 0.0, 2.1),
            Measured("of the claims not OVERTRAINED, untrue", 0.0, 5.6),
            Measured("of the claims not TOO BIG, untrue", 0.5, 7.6),
            Measured("of the claims not UNDERFIT, untrue", 0.0, 3.3),
            Measured("chosen: false verdict", 0.5, 0.9),
        ),
    ),
    Code("HO117", "undecided", "the rows and seeds do not decide", "none of the above", _NO_CLAIM),
    Code(
        "HO118",
        "cannot tell",
        "too few rows or groups for a verdict, or a network of it diverged",
        "under 30 development rows, under 10 groups, or any diverged network",
        _NO_CLAIM,
    ),
    Code(
        "HO119",
        "data or bug",
        "a gate found a fault of the data or the training that can move the score by more than the tolerance",
        "any overriding gate HO301 to HO311",
        _GATES,
        measured=(Measured("clean data called faulty", 0.0, 0.0, least=0),),
    ),
)

LOGGED_CODES: tuple[Code, ...] = (
    Code(
        "HO131",
        "overfit",
        "trained to the last logged epoch the network is worse on validation rows than at its best epoch, by more "
        "than the tolerance (from mean curves)",
        "excess above delta + 1.8 times the bounded standard error",
        "0.2 % false alarms with one seed, none with five, on 1,800 simulated runs",
    ),
    Code("HO132", "undecided", "the logged curves do not show it", "none of the above", "claims nothing"),
    Code(
        "HO133",
        "cannot tell",
        "the log lacks what a verdict needs: the number of validation rows, or a loss whose spread is known",
        "no --n-validation, under 16 rows, or a loss that is neither log-loss nor squared error",
        "claims nothing",
    ),
)
