"""Labels that the networks contradict, for a look by people; known only after training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heldout.audit.input import pass_check, skip_check
from heldout.evidence.suspects import MOST_LISTED, Suspects, find_suspects
from heldout.records import DoubleArray, Finding, IndexArray, RowSet, Severity, Target, Task

CODE, TITLE = "HO232", "labels to look at"
FEWEST_ROWS = 50


def suspect_labels(
    target: Target,
    lines: IndexArray,
    *,
    order: IndexArray,
    shares: DoubleArray,
    names: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Rank labels that networks which had not fitted the row contradict.

    Args:
        target: its classes and values.
        lines: int64 [N], line of each row in its file.
        order: int64 [M], positions of the development rows that were predicted.
        shares: float64 [M, C], their predicted probabilities.
        names: N names of pictures, texts or sequences (their files or ids); none for rows of a table, which their lines
            name.

    Returns:
        HO232: the suspects, passed, or why not asked.

    Example:
        >>> target = Target("y", Task.REGRESSION, "", (), np.zeros(3), np.zeros(0, np.int64))
        >>> suspect_labels(target, np.arange(3), order=np.arange(3), shares=np.zeros((3, 1)))[0].title
        'not applicable: labels to look at'
    """
    if target.task in (Task.REGRESSION, Task.MULTILABEL):
        why = "the target is a number" if target.task is Task.REGRESSION else "rows have several labels"
        return (skip_check(CODE, TITLE, why),)
    if len(order) < FEWEST_ROWS:
        return (skip_check(CODE, TITLE, f"{len(order)} predicted rows are fewer than {FEWEST_ROWS}"),)
    found = find_suspects(shares, target.values[order].astype(np.int64))
    if not len(found.rows):
        looked = f"no label of {found.n_rows} is contradicted by networks that had not fitted its row"
        return (pass_check(CODE, TITLE, looked),)
    rows = order[found.rows[:MOST_LISTED]].tolist()
    told = _report(found, target, [repr(names[row]) if names else f"line {lines[row]}" for row in rows])
    return (replace(told, where=RowSet(np.sort(order[found.rows]), looked_at=order)),)


def _report(found: Suspects, target: Target, named: list[str]) -> Finding:
    shown = "; ".join(
        f"{name}: {target.classes[given]!r}, the networks say {target.classes[guess]!r}"
        for name, given, guess in zip(named, found.given.tolist(), found.guess.tolist(), strict=False)
    )
    more = f"; and {len(found.rows) - len(named)} more" if len(found.rows) > len(named) else ""
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
