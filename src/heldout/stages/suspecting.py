"""Labels that the networks contradict, for a look by people; known only after training."""

from __future__ import annotations

import numpy as np

from heldout.evidence.suspects import MOST_LISTED, Suspects, find_suspects
from heldout.records import DoubleArray, Finding, IndexArray, Severity, Target, Task

CODE, TITLE = "HO232", "labels to look at"
FEWEST_ROWS = 50


def suspect_labels(
    target: Target, lines: IndexArray, *, order: IndexArray, shares: DoubleArray
) -> tuple[Finding, ...]:
    """Rank labels that networks which had not fitted the row contradict.

    Args:
        target: its classes and values.
        lines: int64 [N], line of each row in its file.
        order: int64 [M], positions of the development rows that were predicted.
        shares: float64 [M, C], their predicted probabilities.

    Returns:
        HO232: the suspects, passed, or why not asked.

    Example:
        >>> target = Target("y", Task.REGRESSION, "", (), np.zeros(3), np.zeros(0, np.int64))
        >>> suspect_labels(target, np.arange(3), order=np.arange(3), shares=np.zeros((3, 1)))[0].title
        'not applicable: labels to look at'
    """
    if target.task is Task.REGRESSION:
        why = "the target is a number"
        return (Finding(CODE, f"not applicable: {TITLE}", Severity.INFO, why),)
    if len(order) < FEWEST_ROWS:
        why = f"{len(order)} predicted rows are fewer than {FEWEST_ROWS}"
        return (Finding(CODE, f"not applicable: {TITLE}", Severity.INFO, why),)
    found = find_suspects(shares, target.values[order].astype(np.int64))
    if not len(found.rows):
        looked = f"no label of {found.n_rows} is contradicted by networks that had not fitted its row"
        return (Finding(CODE, f"passed: {TITLE}", Severity.INFO, looked),)
    return (_report(found, target, lines[order[found.rows]]),)


def _report(found: Suspects, target: Target, lines: IndexArray) -> Finding:
    shown = "; ".join(
        f"line {line}: {target.classes[given]!r}, the networks say {target.classes[guess]!r}"
        for line, given, guess in zip(
            lines[:MOST_LISTED].tolist(), found.given.tolist(), found.guess.tolist(), strict=False
        )
    )
    more = f"; and {len(lines) - MOST_LISTED} more" if len(lines) > MOST_LISTED else ""
    by_class = np.bincount(found.given, minlength=len(target.classes))
    worst = int(by_class.argmax())
    return Finding(
        CODE,
        TITLE,
        Severity.INFO,
        f"{len(found.rows)} of {found.n_rows} labels are contradicted by networks that had not fitted their rows, most "
        f"often {target.classes[worst]!r} ({by_class[worst]}); where classes overlap that is no fault (labels drawn "
        f"from these predictions would contradict them {found.n_expected:.0f} times). Most suspicious first: "
        f"{shown}{more}",
        column=target.name,
        rows=len(found.rows),
        action="compare with the source; about half of such labels are right; nothing was changed or left out",
    )
