"""Planted leaks: a column that gives the target away, held against what the audit and its gate ask."""

from __future__ import annotations

import numpy as np

from heldout.audit.input import AuditInput
from heldout.audit.leaks import check_leaks
from heldout.evidence.gates import gate_columns
from heldout.records import (
    ColumnSpec,
    Kind,
    RawColumn,
    Severity,
    Split,
    Status,
    Table,
    Target,
    Task,
    TypedColumn,
)
from heldout.stages.suite_faults import FAULT_SIZES
from heldout.suite import N_VALIDATION, MadeTask, Sizes, draw_sound, make_rng, plant_fault
from heldout.suite.promises import Mark


def check_leak(seed: int, index: int) -> list[Mark]:
    """Plant a column that gives the target away, and see whether the audit's gate (HO303) asks about it, and no other.

    Nothing is trained: the gate rests on what the audit measures of single columns.

    Args:
        seed: of the suite.
        index: number of the task.

    Returns:
        one mark of the planted column and one of the same task without it.
    """
    rng = make_rng("leaks", seed, index)
    sound = draw_sound(rng, Sizes(int(rng.choice(FAULT_SIZES)), N_VALIDATION, 0))
    planted = plant_fault(rng, sound, "leak")
    size = "all columns"
    asked = [_name_columns(task, seed=index) for task in (planted, sound)]
    last = f"x{sound.features.shape[1] - 1}"
    return [
        Mark("fault: leak", "leaks", size, index, float(last in asked[0])),
        Mark("fault: column as leak", "leaks", size, index, float(bool(asked[1]))),
    ]


def _name_columns(task: MadeTask, *, seed: int) -> list[str]:
    """The columns that the gate asks about."""
    findings = check_leaks(audit_made(task, seed=seed))
    if gate_columns(findings).state != "fired":
        return []
    return [item.column for item in findings if item.severity is Severity.CRITICAL]


def audit_made(task: MadeTask, *, seed: int) -> AuditInput:
    """Give a made task as the audit reads a table: the fit rows as development rows, every column a number.

    Args:
        task: a two-class task.
        seed: of the split that the record names.

    Returns:
        `AuditInput`.
    """
    n_rows = task.sizes.n_fit
    rows, none = np.arange(n_rows), np.zeros(0, np.int64)
    columns = tuple(
        TypedColumn(
            ColumnSpec(f"x{place}", Kind.NUMBER, "made"),
            np.full(n_rows, Status.OK, np.uint8),
            values[:n_rows].astype(np.float64),
            np.zeros(0, np.int32),
        )
        for place, values in enumerate(task.features.T)
    )
    raws = tuple(
        RawColumn(item.spec.name, rows.astype(np.int32), tuple(map(repr, item.values.tolist())))
        for item in columns
    )
    target = Target("y", Task.BINARY, "made", ("0", "1"), task.target[:n_rows].astype(np.float64), none)
    split = Split((), rows, none, rows, "made", False, False, "", "", seed)
    return AuditInput(columns, Table(raws, rows + 1, "made"), target, split, rows, rows)
