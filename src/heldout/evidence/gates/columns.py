"""The gate on single columns: a question to the user, never a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from heldout.evidence.gates.build import skip_gate, write_gate
from heldout.records import Finding, Gate, Severity
from heldout.toml_lines import paste_column

COPY_CODE, SINGLE_CODE = (
    "HO209",
    "HO210",
)  # what the audit found: copies of the target, columns that predict it alone


def gate_columns(findings: Sequence[Finding]) -> Gate:
    """Ask whether a single column gives the target away (lower bound of its AUC above 0.95).

    Whether such a column is known at prediction time only the user knows: on easily separable data it is true and
    harmless. So this gate fires as a question and never overrides.

    Args:
        findings: of the audit, which measured the columns on development rows.

    Returns:
        `Gate` HO303.

    Example:
        >>> gate_columns([]).state
        'not applicable'
    """
    looked = [item for item in findings if item.code in (COPY_CODE, SINGLE_CODE)]
    if not looked:
        return skip_gate("HO303", "single columns were not looked at")
    found = [item for item in looked if item.severity is Severity.CRITICAL]
    if not found:
        return write_gate("HO303", "No single column predicts the target almost surely.", fired=False)
    names = ", ".join(repr(item.column) for item in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return write_gate(
        "HO303",
        f"A single column predicts the target almost surely ({names}{more}): is it known at prediction time?",
        fired=True,
        action=f"if it is not, leave it out: {paste_column(found[0].column, 'kind', 'ignore')}",
    )
