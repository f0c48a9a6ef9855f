"""Are these data nice or messy? The four questions to ask before training, one short line each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.audit.duplicates import measure_floor
from heldout.audit.input import AuditInput, is_classification, read_target
from heldout.counts import count_things
from heldout.links import find_first_copies
from heldout.records import Finding, IndexArray, Severity

LITTLE_ROWS, LITTLE_PER_CLASS = 1_000, 100  # assumption: below it most verdicts on tables stay undecided
MANY_WITHOUT_TARGET = 0.05
LONGEST_NAME = 24


def judge_niceness(data: AuditInput, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Four answers and their sum, one line each.

    Args:
        data: the audit's input.
        findings: what the other checks found.

    Returns:
        Five findings: HO221 one clear truth, HO222 labels likely good, HO223 each class well represented, HO224 a
        lot of data, HO220 nice or messy and why. A warning is a "no"; a line that could not be checked begins with
        "cannot be told" and is no "yes".
    """
    lines = (
        _judge_truth(data, findings),
        _judge_labels(data, findings),
        _judge_classes(data, findings),
        _judge_amount(data),
    )
    against = [line.title for line in lines if line.severity is not Severity.INFO]
    open_ends = [line.title for line in lines if line.sentence.startswith("cannot be told")]
    others = sorted({f.title for f in findings if f.severity is Severity.CRITICAL})
    # Who declared a group has answered that question.
    others += ["rows of one unit were split"] if _warns(findings, "HO211") and not data.group else []
    if against or others:
        why = "; ".join([f"not: {title}" for title in against] + others)
        verdict = Finding("HO220", "nice or messy", Severity.WARNING, f"messy ({why})")
    else:
        untold = f"; cannot be told before training: {', '.join(open_ends)}" if open_ends else ""
        holds = (
            "all four conditions hold" if not open_ends else f"{4 - len(open_ends)} of four conditions hold"
        )
        verdict = Finding("HO220", "nice or messy", Severity.INFO, f"nice: {holds}{untold}")
    return (verdict, *lines)


def _warns(findings: tuple[Finding, ...], *codes: str) -> list[Finding]:
    return [item for item in findings if item.code in codes and item.severity is not Severity.INFO]


def _judge_truth(data: AuditInput, findings: tuple[Finding, ...]) -> Finding:
    code, title = "HO221", "one clear truth"
    _, family = np.unique(data.first_of_duplicate[data.rows], return_inverse=True)
    family = family.reshape(-1)
    n_repeating = int((np.bincount(family) > 1)[family].sum())
    n_rows = len(data.rows)
    if not n_repeating:
        untold = f"cannot be told: no two of {n_rows:,} rows agree in all features"
        return Finding(code, title, Severity.INFO, untold)
    values, classes = read_target(data), is_classification(data)
    floor, disagreeing = measure_floor(family, values, classes=classes)
    if not disagreeing:
        return Finding(code, title, Severity.INFO, _tell_agreement(n_repeating, _count_apart(data, family)))
    # How many copies differ says little (numbers nearly always do): what is left unexplained is what a network loses.
    if classes:
        told = f"at most {100 * (1 - floor / n_rows):.1f} % of {n_rows:,} rows can be right, copies contradict the rest"
    else:
        total = float(((values - values.mean()) ** 2).sum())
        lost = 100 * floor / total if total > 0 else 0.0
        told = f"{lost:.1f} % of the variance no function can explain: {disagreeing:,} rows differ from their copies"
    if _warns(findings, "HO202"):
        return Finding(code, title, Severity.WARNING, f"no: {told}")
    return Finding(code, title, Severity.INFO, f"yes: {told}")


def _tell_agreement(n_repeating: int, n_apart: int) -> str:
    """Say what copies that agree show: a line that was pasted twice brings its target along, whatever the truth."""
    if not n_apart:
        return f"cannot be told: {count_things(n_repeating, 'row')} repeat another, but as whole lines, target included"
    pasted = n_repeating - n_apart
    aside = f" ({pasted:,} more as whole lines)" if pasted else ""
    return f"yes: {n_apart:,} rows repeat another's features, and agree in the target{aside}"


def _count_apart(data: AuditInput, family: IndexArray) -> int:
    """Count rows with the features of another one, each line of the table once: whole-line copies are one line."""
    repeating = np.flatnonzero((np.bincount(family) > 1)[family])
    rows = data.rows[repeating]  # of these alone are the cells read: the target of the test is none of them
    columns = tuple(replace(column, codes=column.codes[rows]) for column in data.table.columns)
    line = find_first_copies(columns) if columns else np.zeros(len(rows), np.int64)
    lines = np.unique(np.stack([family[repeating], line]), axis=1)
    sizes = np.bincount(lines[0])
    return int(sizes[sizes > 1].sum())


def _judge_labels(data: AuditInput, findings: tuple[Finding, ...]) -> Finding:
    code, title = "HO222", "labels likely good"
    n_missing, n_all = len(data.target.missing), len(data.target.values)
    reasons = []
    if _warns(findings, "HO204"):
        reasons.append("class names differ only in case or spaces")
    if cap := _warns(findings, "HO214"):
        reasons.append(f"{cap[0].rows:,} rows hold exactly the largest or smallest target")
    if n_missing > MANY_WITHOUT_TARGET * n_all:
        reasons.append(f"{n_missing:,} of {n_all:,} rows have no target")
    if reasons:
        return Finding(code, title, Severity.WARNING, f"no: {'; '.join(reasons)}")
    untold = f"cannot be told before training, which ranks suspects; {n_missing:,} of {n_all:,} rows lack one"
    return Finding(code, title, Severity.INFO, untold)


def _judge_classes(data: AuditInput, findings: tuple[Finding, ...]) -> Finding:
    code, title, values = "HO223", "each class well represented", read_target(data)
    if not is_classification(data):
        holds = (
            f"does not apply: a number, {values.min():g} to {values.max():g}, median {np.median(values):g}"
        )
        return Finding(code, title, Severity.INFO, holds)
    counts = np.bincount(values.astype(np.int64), minlength=len(data.target.classes))
    name = data.target.classes[int(counts.argmin())]
    name = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    rarest = f"the rarest of {len(counts)}, {name!r}, has {counts.min():,} of {len(values):,} rows"
    if _warns(findings, "HO203"):
        return Finding(code, title, Severity.WARNING, f"no: {rarest}")
    return Finding(code, title, Severity.INFO, f"yes: {rarest}")


def _judge_amount(data: AuditInput) -> Finding:
    n_rows, n_units = len(data.rows), len(np.unique(data.split.unit[data.rows]))
    units = "" if n_units == n_rows or data.split.ordered else f" in {n_units:,} units"
    sentence = f"{n_rows:,} development rows{units}"
    per_class = n_rows
    if is_classification(data):
        per_class = int(np.unique(read_target(data), return_counts=True)[1].min())
        sentence += f", {per_class:,} in the rarest class"
    # With time the units are pieces of time, which say how sure an interval is and not how much there is to learn.
    little = (n_rows if data.split.ordered else min(n_rows, n_units)) < LITTLE_ROWS or (
        is_classification(data) and per_class < LITTLE_PER_CLASS
    )
    severity = Severity.WARNING if little else Severity.INFO
    return Finding("HO224", "a lot of data", severity, f"{'no' if little else 'yes'}: {sentence}")
