"""Are these data nice or messy? The four questions to ask before training."""

from __future__ import annotations

import numpy as np

from heldout.audit.input import AuditInput, is_classification, read_target
from heldout.records import Finding, Severity

LITTLE_ROWS, LITTLE_PER_CLASS = 1_000, 100  # assumption: below it most verdicts on tables stay undecided


def judge_niceness(data: AuditInput, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Four answers and their sum, one line each.

    Args:
        data: the audit's input.
        findings: what the other checks found.

    Returns:
        Five findings: HO221 one clear truth, HO222 labels likely good, HO223 each class well represented, HO224 a
        lot of data, HO220 nice or messy and why. A warning is a "no".
    """
    lines = (
        _judge_truth(findings),
        _judge_labels(data, findings),
        _judge_classes(data, findings),
        _judge_amount(data),
    )
    against = [line.title for line in lines if line.severity is not Severity.INFO]
    others = sorted({f.title for f in findings if f.severity is Severity.CRITICAL})
    others += ["rows of one unit were split"] if _warns(findings, "HO211") else []
    if not against and not others:
        verdict = Finding("HO220", "nice or messy", Severity.INFO, "nice: all four conditions hold")
    else:
        why = "; ".join([f"not: {title}" for title in against] + others)
        verdict = Finding("HO220", "nice or messy", Severity.WARNING, f"messy ({why})")
    return (verdict, *lines)


def _warns(findings: tuple[Finding, ...], *codes: str) -> list[Finding]:
    return [item for item in findings if item.code in codes and item.severity is not Severity.INFO]


def _answer(code: str, title: str, *, against: str, holds: str) -> Finding:
    if against:
        return Finding(code, title, Severity.WARNING, f"no: {against}")
    return Finding(code, title, Severity.INFO, f"yes: {holds}")


def _judge_truth(findings: tuple[Finding, ...]) -> Finding:
    conflicts = _warns(findings, "HO202")
    against = conflicts[0].sentence if conflicts else ""
    known = [item for item in findings if item.code == "HO202"]
    return _answer(
        "HO221", "one clear truth", against=against, holds=known[0].sentence if known else "not contradicted"
    )


def _judge_labels(data: AuditInput, findings: tuple[Finding, ...]) -> Finding:
    n_missing = len(data.target.missing)
    spelling, cap = _warns(findings, "HO204"), _warns(findings, "HO214")
    reasons = [item.sentence for item in (*spelling, *cap)]
    n_all = len(data.target.values)
    if n_missing > 0.05 * n_all:
        reasons.append(f"{n_missing} of {n_all} rows have no target and were set aside")
    holds = f"{n_missing} of {n_all} rows lack a target; wrong labels can show only after training"
    return _answer("HO222", "labels likely good", against="; ".join(reasons), holds=holds)


def _judge_classes(data: AuditInput, findings: tuple[Finding, ...]) -> Finding:
    if not is_classification(data):
        values = read_target(data)
        holds = (
            f"the target is a number from {values.min():g} to {values.max():g}, median {np.median(values):g}"
        )
        return _answer("HO223", "each class well represented", against="", holds=holds)
    balance = _warns(findings, "HO203")
    known = [item.sentence for item in findings if item.code == "HO203"]
    return _answer(
        "HO223",
        "each class well represented",
        against=balance[0].sentence if balance else "",
        holds=known[0] if known else f"{len(data.target.classes)} classes",
    )


def _judge_amount(data: AuditInput) -> Finding:
    n_rows, n_units = len(data.rows), len(np.unique(data.split.unit[data.rows]))
    per_class = n_rows
    if is_classification(data):
        per_class = int(np.unique(read_target(data), return_counts=True)[1].min())
    units = "" if n_units == n_rows or data.split.ordered else f" in {n_units} units"
    sentence = f"{n_rows} development rows{units}"
    if is_classification(data):
        sentence += f", {per_class} in the rarest class"
    # With time the units are pieces of time, which say how sure an interval is and not how much there is to learn.
    little = (n_rows if data.split.ordered else min(n_rows, n_units)) < LITTLE_ROWS or (
        is_classification(data) and per_class < LITTLE_PER_CLASS
    )
    return _answer("HO224", "a lot of data", against=sentence if little else "", holds=sentence)
