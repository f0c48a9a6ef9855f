"""What is promised about the evidence, as a table: what is counted, how it is condensed and which bound it keeps."""

from __future__ import annotations

from dataclasses import dataclass

QUESTIONS = ("overtrained", "too big", "underfit", "skill")


@dataclass(frozen=True)
class Mark:
    """One thing that was checked once.

    Args:
        promise: key in `PROMISES`, or of a rule shown for comparison.
        family: where the data came from.
        size: which part of the study, e.g. "400 rows, 5 seeds".
        task: number of the task; checks of one task are not independent.
        value: 1 or 0 for an event, else the number measured.
    """

    promise: str
    family: str
    size: str
    task: int
    value: float


@dataclass(frozen=True)
class Promise:
    """One promise.

    Args:
        key: as in `Mark.promise`.
        text: in words.
        bound: the number promised.
        at_least: True where the measured number must not be below the bound.
        measure: "share" of events, "mean", "median", "p90", "p95" of numbers, or "error" (mean of differences, either
            sign counts).
        by: "family" where it must hold in each family, "size" where in each size of study, "all" where over the suite.
    """

    key: str
    text: str
    bound: float
    at_least: bool = False
    measure: str = "share"
    by: str = "family"


def _promise_question(name: str) -> tuple[Promise, ...]:
    upper = name.upper()
    floors = ((0.35, "1 to 3"), (0.85, "3 to 10"), (0.95, "above 10"))
    claims = (
        Promise(f"{name}: false yes", f"{upper} said although untrue, of all where it is untrue", 0.05),
        Promise(f"{name}: false no", f"not {upper} said although true, of all where it is true", 0.05),
        Promise(f"{name}: wrong yes", f"of the claims {upper}, untrue", 0.05),
        Promise(f"{name}: wrong no", f"of the claims not {upper}, untrue", 0.05),
    )
    if name == "skill":
        return claims
    if name != "overtrained":
        # "wrong yes" of these two depends on how often they are true at all; it is shown, not promised
        return (*claims[:2], claims[3])
    power = tuple(
        Promise(
            f"{name}: power {where}",
            f"{upper} found where the true excess is {where} tolerances (400 rows and more, 5 seeds)",
            floor,
            at_least=True,
        )
        for floor, where in floors
    )
    undecided = Promise(f"{name}: undecided", f"{upper} undecided (400 rows and more, 5 seeds)", 0.35)
    return (*claims, undecided, *power)


PROMISES: tuple[Promise, ...] = (
    *(promise for name in QUESTIONS for promise in _promise_question(name)),
    Promise(
        "overtrained: false yes near the tolerance",
        "OVERTRAINED said at 0.6 to 1 tolerances",
        0.05,
        by="size",
    ),
    Promise("second ladder: false yes", "accuracy called harmed (ladder) although it is not", 0.05),
    Promise("second ladder: false no", "accuracy called not harmed (ladder) although it is", 0.05),
    Promise("second delivered: false yes", "accuracy called harmed (delivered) although it is not", 0.05),
    Promise("second delivered: false no", "accuracy called not harmed (delivered) although it is", 0.05),
    Promise("ladder: false from", "study says 'overfits from' a size that does not overfit", 0.05),
    Promise("ladder: false none", "study says 'no overfitting shown' although a size overfits", 0.05),
    Promise("report: false claim", "reports on clean data with any false claim", 0.10),
    Promise("remedy: null", "a remedy that does nothing is said to help or hurt", 0.06, by="size"),
    Promise(
        "remedy: interval at end",
        "95 % interval of a remedy at the last epoch covers",
        0.935,
        True,
        by="size",
    ),
    Promise(
        "remedy: interval early", "95 % interval of a remedy, stopped early, covers", 0.935, True, by="size"
    ),
    Promise("remedy: interval stopping", "95 % interval of early stopping covers", 0.935, True, by="size"),
    Promise(
        "remedy: width at end", "factor that intervals at the last epoch lack", 1.0, False, "p95", "size"
    ),
    Promise("remedy: width early", "factor that early-stopped intervals lack", 1.0, False, "p95", "size"),
    Promise("choice: interval", "interval of the choice (BBC bootstrap) covers", 0.93, True, by="size"),
    Promise("choice: regret", "loss above the best configuration, % of R0", 1.5, measure="mean", by="all"),
    Promise(
        "choice: regret of the leader", "the same for the lowest loss, % of R0", 1.5, False, "mean", "all"
    ),
    Promise("choice: extra regret", "chosen minus lowest loss, % of R0", 0.1, measure="mean", by="all"),
    Promise("score: log-loss", "95 % interval of the log-loss covers", 0.935, True, by="size"),
    Promise("score: accuracy", "95 % interval of the accuracy covers", 0.935, True, by="size"),
    Promise("score: rmse", "95 % interval of the rmse covers", 0.935, True, by="size"),
    Promise("assurance", "chance to be decided, actual minus predicted", 0.15, measure="error", by="size"),
    Promise("descent: regret median", "random features: median regret, % of R0", 1.0, False, "median"),
    Promise("descent: regret p90", "random features: 90 % of regrets, % of R0", 20.0, False, "p90"),
    Promise("fault: flipped", "flipped validation labels caught", 0.95, True, by="all"),
    Promise("fault: shuffled", "shuffled validation labels caught", 0.85, True, by="all"),
    Promise("fault: random as bug", "random labels called a mix-up", 0.05, by="all"),
    Promise("fault: clean as fault", "clean data called faulty", 0.05, by="all"),
    Promise("fault: duplicates", "copies across the split caught", 0.95, True, by="all"),
    Promise("fault: shift", "one column shifted by one standard deviation caught", 0.95, True, by="all"),
    Promise("fault: leak", "a column that gives the target away caught", 0.95, True, by="all"),
    Promise("fault: column as leak", "clean columns asked about as if they gave it away", 0.05, by="all"),
    Promise("polynomials: wrong claim", "degrees 2, 3, 10: of all claims, untrue", 0.02, by="size"),
    Promise("polynomials: full verdict", "degrees 2, 3, 10: all decided, and rightly", 0.90, True, by="size"),
    Promise("slices: any false", "a slice called weak where none is", 0.07, by="all"),
    Promise("slices: power", "a planted slice of one attribute found", 0.6, True, by="all"),
    Promise(
        "outliers: any false", "an outlier rule said to meet a group where it meets all alike", 0.07, by="all"
    ),
    Promise(
        "outliers: dropped group", "a group that the rule drops six times as often found", 0.6, True, by="all"
    ),
    Promise("sequential: false yes", "OVERTRAINED said although untrue, seeds added until decided", 0.05),
)
