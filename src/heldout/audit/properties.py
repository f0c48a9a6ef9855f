"""Does one number of the whole example give its class away: how bright a picture is, how long a text or a sequence?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.audit.input import AuditInput, is_classification, make_rng, pass_check, skip_check
from heldout.audit.leaks import CRITICAL, ColumnScore, score_columns
from heldout.records import Finding, IndexArray, Severity

CODE, TITLE = "HO244", "one number of the whole example tells its target"
# Rows that are measured: an area of 0.98 is then known to 0.002, and 10,000 examples cost less than a second.
MOST_MEASURED = 4_000
_OF_PICTURES, _OF_SIGNALS = ("brightness", "contrast"), ("level", "spread")
_OF_SEQUENCES = ("length", "GC share", "share of N")


def sample_rows(data: AuditInput) -> IndexArray:
    """Rows whose examples are measured as a whole: all development rows, of many a sample that follows from the data.

    Args:
        data: the audit's input.

    Returns:
        int64, ascending, at most 4,000.
    """
    if len(data.rows) <= MOST_MEASURED:
        return data.rows
    return np.sort(make_rng(data, "properties").choice(data.rows, MOST_MEASURED, replace=False))


def check_properties(data: AuditInput) -> tuple[Finding, ...]:
    """Brightness, contrast, length, share of GC or N, language, ... that alone tell the target.

    A network that finds such a number needs nothing else of the example. It may be the true reason (stars are brighter
    than galaxies), so this is a question, asked only where a single column would be called a leak: the lower bound of
    its score is above 0.95, and above all permuted targets.

    Args:
        data: the audit's input, with `properties`.

    Returns:
        HO244, one finding for each property, the strongest first.
    """
    if not data.properties:
        return (skip_check(CODE, TITLE, "there are no pictures, signals, texts or sequences that differ so"),)
    asked = replace(data, rows=data.property_rows)
    scores = score_columns(asked, list(data.properties), null_from=CRITICAL)
    measure = "AUC" if is_classification(data) else "R2"
    found = [item for item in scores if item.low > CRITICAL and item.score > item.null]
    if found:
        return tuple(_report(asked, item, measure, len(scores)) for item in found)
    best = f"the best, {scores[0].name}, has {measure} {scores[0].score:.3f}"
    return (pass_check(CODE, TITLE, f"none of {len(scores)} such numbers decides it; {best}"),)


def _report(data: AuditInput, item: ColumnScore, measure: str, n_properties: int) -> Finding:
    return Finding(
        CODE,
        TITLE,
        Severity.WARNING,
        f"the {item.name!r} alone tells the target {data.target.name!r} with {measure} {item.score:.3f} (at least "
        f"{item.low:.3f} after correction for {n_properties} such numbers; permuted targets reach {item.null:.3f}). It "
        f"may be the true reason: {_ask(item.name)}",
        column=item.name,
        rows=len(data.rows),
        action="if it is not the reason, take all classes alike or make the examples alike in it before; the groups of "
        "the report show how the network does where it differs",
    )


def _ask(name: str) -> str:
    """The question, in the words of the kind of data that the property is counted of."""
    what = name.partition(" of ")[0] if not name.startswith(_OF_SEQUENCES[-1]) else _OF_SEQUENCES[-1]
    if what in _OF_PICTURES or name.startswith("share not observed"):
        how = "how the pictures were taken"
    elif what in _OF_SIGNALS:
        how = "how the signals were recorded"
    elif what in _OF_SEQUENCES:
        how = "how the sequences were chosen and cut"
    else:
        how = "how the texts were collected"
        what = "number of words" if what == "words" else what
    return f"is the {what} known to be a cause, or {how}?"
