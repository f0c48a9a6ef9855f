"""`look` and `--dry-run`: what would be read and trained, without training."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

import numpy as np

from heldout.plan import MOST_PAIRS
from heldout.records import PART_FIT, Affected, Table
from heldout.remedies import plan_uses
from heldout.report import LookContent, PlanContent
from heldout.settings import Settings, find_strongest_rule, list_kinds, list_strengths, scales_test
from heldout.sources import tell_ledger
from heldout.stages import preparing, telling
from heldout.stages.affecting import preview_outliers
from heldout.stages.reading import Reading, name_source, read_data, read_parts


def look_at(source: Any, settings: Settings) -> LookContent:  # noqa: ANN401 - a path or any data frame
    """Read the data as `fit` would and say what each column was read as, why, and what will happen to it.

    Without a target only the columns are shown; where the rows cannot be split, the reason is a finding.
    """
    if not settings.target:
        return _look_at_columns(read_parts(source, settings), settings, name_source(source))
    reading = read_data(source, settings)
    split = preparing.split_rows(reading, settings)
    columns = preparing.type_columns(reading, split, settings)
    found = preparing.audit_rows(reading, split, columns, settings)
    findings = telling.sort_findings(telling.mark_families(found, reading.group is not None))
    prepared = preparing.encode_rows(reading, split, columns, settings)
    nice = [
        line.removeprefix("nice or messy: ") for line in findings.niceness if line.startswith("nice or messy")
    ]
    return LookContent(
        source=name_source(source),
        n_rows=len(reading.table.lines),
        n_columns=len(reading.table.columns),
        columns=telling.note_columns(columns, prepared.recipe),
        target=reading.target,
        read_notes=(
            *_tell_reading(reading.table),
            reading.target.why,
            split.method,
            *split.notes,
            *reading.links.notes,
        ),
        n_set_aside=_count_aside(reading.table) + len(reading.target.missing),
        bullets=tuple(line for line in findings.niceness if not line.startswith("nice or messy")),
        nice_or_messy=nice[0] if nice else "",
        findings=findings.findings,
        next_command=_name_command("fit", source, settings),
        passed_checks=findings.passed,
        set_aside=_count_reasons(reading.table),
        affected=_preview_rule(reading, prepared, settings),
    )


def plan_study(source: Any, settings: Settings) -> PlanContent:  # noqa: ANN401 - a path or any data frame
    """Say what a study would train and how long that takes."""
    reading = read_data(source, settings)
    prepared, _ = preparing.prepare(reading, settings, strict=False)
    plan = preparing.plan_training(prepared, settings)
    uses = plan_uses(
        plan.n_strengths,
        list_strengths(settings),
        list_kinds(settings),
        kind=prepared.source.layout.kind if prepared.source.layout else "numbers",
        scales_test=scales_test(settings),
    )
    n_configurations = len(plan.rungs) + len(uses) + MOST_PAIRS
    return PlanContent(
        source=name_source(source),
        target=reading.target,
        split=telling.summarize_split(prepared.split),
        rungs=plan.rungs,
        remedies=tuple(
            (
                name,
                ", ".join(
                    " ".join(filter(None, [u.detail, f"{u.strength:g}"])) for u in uses if u.name == name
                ),
            )
            for name in dict.fromkeys(use.name for use in uses)
        ),
        n_seeds=plan.n_seeds,
        n_epochs=plan.schedule.n_epochs,
        n_networks=n_configurations * plan.n_seeds * plan.n_folds,
        seconds=(0.6 * plan.seconds, 1.4 * plan.seconds),
        notes=(f"ladder and remedies run on {plan.n_fit} of {plan.n_fit_all} fit rows",)
        if plan.n_fit < plan.n_fit_all
        else (),
    )


def _name_command(verb: str, source: Any, settings: Settings) -> str:  # noqa: ANN401 - a path or any data frame
    """The line to paste next, with what was said about rows that belong together."""
    given = {
        "target": settings.target,
        "group": settings.group,
        "time": settings.time,
        "split": settings.split,
    }
    options = [f"--{name} {shlex.quote(value)}" for name, value in given.items() if value]
    return " ".join([f"heldout {verb} {shlex.quote(name_source(source))}", *options])


def _tell_reading(table: Table) -> tuple[str, ...]:
    """What was guessed while reading, and where every row and line went."""
    if table.ledger is None:
        return table.notes
    told = tell_ledger(table.ledger, table.source)
    return table.notes if told in table.notes else (*table.notes, told)


def _preview_rule(reading: Reading, prepared: preparing.Prepared, settings: Settings) -> Affected | None:
    """Whose rows would be dropped, before any is; looked at only where a rule was asked for."""
    if find_strongest_rule(settings) == "keep":
        return None
    return preview_outliers(reading, prepared, settings)


def _count_reasons(table: Table) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(row.reason for row in table.set_aside).most_common())


def _count_aside(table: Table) -> int:
    """Rows that take no part; titles, comments and notes are no rows."""
    return sum(row.kind in ("quarantined", "dropped") for row in table.set_aside)


def _look_at_columns(table: Table, settings: Settings, name: str) -> LookContent:
    from heldout.cells import declare_columns, type_table

    everything = np.arange(len(table.lines)) if table.part is None else np.flatnonzero(table.part <= PART_FIT)
    specs = declare_columns(table, rows=everything, overrides=settings.columns, unused={})
    return LookContent(
        source=name,
        n_rows=len(table.lines),
        n_columns=len(table.columns),
        columns=telling.note_columns(type_table(table, specs), None),
        read_notes=_tell_reading(table),
        n_set_aside=_count_aside(table),
        set_aside=_count_reasons(table),
        next_command=f"heldout look {name} --target COLUMN",
    )
