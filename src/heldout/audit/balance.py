"""Is each class well represented?"""

from __future__ import annotations

import numpy as np

from heldout.audit.input import AuditInput, is_classification, name_some, pass_check, read_target, skip_check
from heldout.cells import CHANGE_TO_NUMBERS
from heldout.records import Finding, Severity

RARE_SHARE = 0.10  # below it balanced accuracy replaces accuracy as the second metric
RARE_ROWS = 30  # assumption: below it no interval for the class is useful


def check_balance(data: AuditInput) -> tuple[Finding, ...]:
    """How many rows and units each class has, and whether class names differ only in spelling.

    Args:
        data: the audit's input.

    Returns:
        Findings HO203 (balance) and HO204 (spelling of classes).
    """
    if not is_classification(data):
        why = f"the target {data.target.name!r} is a number"
        return skip_check("HO203", "class balance", why), skip_check("HO204", "spelling of classes", why)
    return _report_balance(data), _report_spelling(data)


def _report_balance(data: AuditInput) -> Finding:
    values = read_target(data).astype(np.int64)
    counts = np.bincount(values, minlength=len(data.target.classes))
    order = np.argsort(-counts, kind="stable")
    listed = ", ".join(
        f"{data.target.classes[k]!r} {counts[k]} ({100 * counts[k] / len(values):.1f} %)" for k in order[:10]
    )
    more = f" and {len(order) - 10} more classes" if len(order) > 10 else ""
    rarest = int(order[-1])
    units = len(np.unique(data.split.unit[data.rows[values == rarest]]))
    share = counts[rarest] / len(values)
    sentence = f"{len(counts)} classes in {len(values)} development rows: {listed}{more}"
    if share >= RARE_SHARE and counts[rarest] >= RARE_ROWS:
        return pass_check("HO203", "class balance", sentence)
    # Ten even classes have 10 % each: what matters there is the number of rows, and that one is much rarer.
    if counts[rarest] >= RARE_ROWS and share * len(counts) >= 0.5:
        return pass_check("HO203", "class balance", sentence)
    is_guess = len(counts) > 2 and CHANGE_TO_NUMBERS in data.target.why
    amounts = f"if these are amounts {CHANGE_TO_NUMBERS}; else " if is_guess else ""
    return Finding(
        "HO203",
        "class balance",
        Severity.WARNING,
        f"{sentence}; the rarest, {data.target.classes[rarest]!r}, has {counts[rarest]} rows in {units} units",
        column=data.target.name,
        rows=int(counts[rarest]),
        action=f"{amounts}read the scores per class; collect more of the rare class, merge it, or use --class-weight "
        "balanced",
    )


def _report_spelling(data: AuditInput) -> Finding:
    plain: dict[str, list[str]] = {}
    for name in data.target.classes:
        plain.setdefault(" ".join(name.split()).casefold(), []).append(name)
    variants = [names for names in plain.values() if len(names) > 1]
    if not variants:
        return pass_check("HO204", "spelling of classes", "no two class names differ only in case or spaces")
    return Finding(
        "HO204",
        "spelling of classes",
        Severity.WARNING,
        f"class names that differ only in case or spaces: {'; '.join(name_some(names) for names in variants)}",
        column=data.target.name,
        action="kept apart; join them with target_map if they mean the same",
    )
