"""`look` and `--dry-run`: what would be read and trained, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from heldout.audit.questions import ask_columns
from heldout.audit.untargeted import judge_untargeted
from heldout.errors import DataError
from heldout.label_sets import count_labels
from heldout.plan import count_networks
from heldout.recipe import Recipe
from heldout.records import PART_FIT, PART_TEST, PART_VALIDATION, ArrayColumn, Rung, Table, Task
from heldout.remedies import find_layers, name_setting
from heldout.report import ColumnNote, LookContent, PlanContent
from heldout.settings import Settings, list_layers
from heldout.sources import name_rows, take_rows, tell_reading
from heldout.stages import preparing, telling
from heldout.stages.affecting import preview_rule
from heldout.stages.asking import Questions, add_questions, find_questions, join_questions, keep_texts
from heldout.stages.attributing import tell_affected
from heldout.stages.labelling import settle_labels
from heldout.stages.pasting import name_next
from heldout.stages.reading import Reading, choose_target, link_table, name_source, read_data, read_parts
from heldout.stages.sketching import sketch_columns

MOST_CHANNELS = 8  # named one by one
MOST_LINES = 5


def look_at(source: Any, settings: Settings) -> LookContent:  # noqa: ANN401 - a path or any data frame
    """Read the data as `fit` would and say what each column was read as, why, and what will happen to it.

    Without a target only the columns are shown; where the rows cannot be split, the reason is a finding. Columns whose
    cells have two readings are asked about, all of them, and everything else is shown as it is without them.

    Raises:
        DataError: what is no open question of a column, such as a target without a value.
    """
    table = read_parts(source, settings)
    asked: Questions = ()
    while True:
        left = keep_texts(settings, asked)
        try:
            content = _look_at(table, left, source)
        except DataError as error:
            new = tuple(item for item in error.questions if item[0] not in {name for name, *_ in asked})
            if new:
                asked = (*asked, *new)
                continue
            asked = join_questions(error, asked, find_questions(table, settings), target=settings.target)
            if not asked:
                raise
            content = _look_at_columns(table, keep_texts(settings, asked), source)
        return add_questions(content, asked, source, settings) if asked else content


def _look_at(table: Table, settings: Settings, source: Any) -> LookContent:  # noqa: ANN401 - as above
    if not choose_target(table, settings)[1]:
        return _look_at_columns(table, settings, source)
    reading = link_table(table, settings)
    split = preparing.split_rows(reading, settings)
    reading, rare = settle_labels(reading, split, settings)
    columns = preparing.type_columns(reading, split, settings)
    prepared, lost = preparing.tell_losses(preparing.encode_rows(reading, split, columns, settings))
    found = tell_affected(
        (*preparing.audit_rows(reading, split, columns, settings), *rare, *lost),
        preparing.gather_audit(reading, split, columns, settings),
        reading,
        settings,
    )
    findings = telling.sort_findings(telling.mark_families(found, reading.group is not None))
    nice = [
        line.removeprefix("nice or messy: ") for line in findings.niceness if line.startswith("nice or messy")
    ]
    return LookContent(
        source=name_source(source),
        n_rows=len(reading.table.lines),
        n_columns=len(reading.table.columns),
        columns=(
            *note_arrays(reading.table.arrays, prepared.recipe),
            *sketch_columns(telling.note_columns(columns, prepared.recipe), prepared),
        ),
        target=telling.leave_values_out(reading.target),
        counts=_count_classes(reading),
        read_notes=(
            *tell_reading(reading.table, n_untargeted=len(reading.target.missing)),
            reading.target.why,
            split.method,
            *split.notes,
            *reading.links.notes,
        ),
        n_set_aside=_count_aside(reading.table) + len(reading.target.missing),
        bullets=tuple(line for line in findings.niceness if not line.startswith("nice or messy")),
        nice_or_messy=nice[0] if nice else "",
        findings=findings.findings,
        next_command=name_next("fit", source, settings),
        passed_checks=findings.passed,
        set_aside=(*_count_missing(reading, settings), *_count_reasons(reading.table)),
        affected=preview_rule(reading, prepared, settings),
        losses=prepared.losses,
    )


def plan_study(source: Any, settings: Settings) -> PlanContent:  # noqa: ANN401 - a path or any data frame
    """Say what a study would train and how long that takes."""
    reading = read_data(source, settings)
    prepared, _ = preparing.prepare(reading, settings, strict=False)
    plan = preparing.plan_training(prepared, settings)
    uses = preparing.list_uses(prepared.source.layout, plan, settings)
    expected, most = count_networks(plan, n_uses=len(uses))
    is_subset = plan.n_fit < plan.n_fit_all
    raced = (
        f"{expected} networks are expected, {most} at most: every strength of a remedy and every pair begins with one "
        f"seed, and only what may still be chosen gets all {plan.n_seeds}"
    )
    return PlanContent(
        source=name_source(source),
        target=telling.leave_values_out(reading.target),
        split=telling.summarize_split(prepared.split),
        rungs=plan.rungs,
        remedies=tuple(
            (
                name,
                ", ".join(name_setting(use) for use in uses if use.name == name),
            )
            for name in dict.fromkeys(use.name for use in uses)
        ),
        n_seeds=plan.n_seeds,
        n_epochs=plan.schedule.n_epochs,
        n_networks=expected,
        # measured on 32 draws and 3 studies: a study takes 0.4 to 2.5 times its estimate (docs/engine.md)
        seconds=(0.4 * plan.seconds, 2.5 * plan.seconds),
        notes=(
            raced,
            *([f"ladder and remedies run on {plan.n_fit} of {plan.n_fit_all} fit rows"] if is_subset else []),
            *_note_lacking(plan.rungs, settings),
        ),
    )


def _note_lacking(rungs: Sequence[Rung], settings: Settings) -> list[str]:
    """Say which rungs a remedy cannot be tried at: which one it will be is known only after the ladder."""
    notes = []
    for name, named in list_layers(settings).items():
        lacking = [str(rung.index) for rung in rungs if named and not find_layers(rung, named)]
        if lacking:
            layers = ", ".join(map(str, named))
            notes.append(
                f"{name} is left out if the remedies are tried at rung {' or '.join(lacking)}: no layer {layers} there"
            )
    return notes


def note_arrays(arrays: tuple[ArrayColumn, ...], recipe: Recipe | None) -> tuple[ColumnNote, ...]:
    """Say of each picture or signal how it was read, and what the network sees of it.

    Args:
        arrays: of the table.
        recipe: with the plans of these arrays, or None before there is one.
    """
    plans = {} if recipe is None else {plan.name: plan for plan in recipe.arrays}
    return tuple(
        ColumnNote(
            name=array.name,
            kind=array.kind.value,
            why=f"{_tell_shape(array)}: {array.policy.why}",
            changed_to=plans[array.name].why if array.name in plans else "",
            n_slots=plans[array.name].size if array.name in plans else 0,
        )
        for array in arrays
    )


def _tell_shape(array: ArrayColumn) -> str:
    policy = array.policy
    size = f"{policy.height} x {policy.width} pixels" if policy.height else f"{policy.length} points"
    shown = ", ".join(policy.channels[:MOST_CHANNELS]) + (
        ", ..." if len(policy.channels) > MOST_CHANNELS else ""
    )
    return f"{len(array.values):,} of {size} ({shown})"


def _count_classes(reading: Reading) -> tuple[tuple[str, int], ...]:
    """Rows of each class, the test rows too: their number alone tells nothing of what is to be learned."""
    if reading.target.task is Task.MULTILABEL:
        found = count_labels(reading.target, reading.rows).tolist()
        return tuple(zip(reading.target.classes, found, strict=True))
    values = reading.target.values[~np.isnan(reading.target.values)].astype(np.int64)
    counts = np.bincount(values, minlength=len(reading.target.classes)) if reading.target.classes else ()
    return tuple((name, int(count)) for name, count in zip(reading.target.classes, counts, strict=True))


def _count_reasons(table: Table) -> tuple[tuple[str, int], ...]:
    """Reasons with the lines that they hold for, the most frequent first; of several files, file by file."""
    lines: dict[tuple[str, str], list[int]] = {}
    for row in table.set_aside:
        lines.setdefault((row.reason, row.file), []).append(row.line)
    ordered = sorted(lines.items(), key=lambda item: -len(item[1]))
    return tuple(
        (f"{reason} ({_name_lines(found, file=file)})", len(found)) for (reason, file), found in ordered
    )


def _count_missing(reading: Reading, settings: Settings) -> tuple[tuple[str, int], ...]:
    rows = reading.target.missing
    if not len(rows):
        return ()
    names = name_rows(reading.table)[1]
    lines: dict[str, list[int]] = {}
    for row in rows.tolist():
        lines.setdefault(_name_file(reading.table, row, settings), []).append(int(reading.table.lines[row]))
    where = "; ".join(_name_lines(found, file=file) for file, found in lines.items())
    if names:  # a folder of files has no lines
        shown = ", ".join(names[row] for row in rows[:MOST_LINES].tolist())
        where = shown + (f" and {len(rows) - MOST_LINES} more" if len(rows) > MOST_LINES else "")
    return ((f"no value in the target {reading.target.name!r} ({where})", len(rows)),)


def _name_file(table: Table, row: int, settings: Settings) -> str:
    """The file of a row where validation or test rows are files of their own, as in the table's own source."""
    if not (settings.validation or settings.test) or table.part is None:
        return ""
    names = table.source.split(" + ")  # the main file, then those given, in this order
    extra = [
        part for part, given in ((PART_VALIDATION, settings.validation), (PART_TEST, settings.test)) if given
    ]
    part = int(table.part[row])
    if part in extra:
        return names[len(names) - len(extra) + extra.index(part)]
    return " + ".join(names[: len(names) - len(extra)])


def _name_lines(lines: list[int], *, file: str = "") -> str:
    """The first lines, and how many more.

    Example:
        >>> _name_lines([4]), _name_lines([1, 2, 3, 4, 5, 6, 7])
        ('line 4', 'lines 1, 2, 3, 4, 5 and 2 more')
        >>> _name_lines([4, 9], file="new.csv")
        'lines 4, 9 of new.csv'
    """
    shown = ", ".join(map(str, lines[:MOST_LINES]))
    more = f" and {len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else ""
    return f"line{'s' * (len(lines) != 1)} {shown}{more}{f' of {file}' if file else ''}"


def _count_aside(table: Table) -> int:
    """Rows that take no part; titles, comments and notes are no rows."""
    return sum(row.kind in ("quarantined", "dropped") for row in table.set_aside)


def _look_at_columns(table: Table, settings: Settings, source: Any) -> LookContent:  # noqa: ANN401 - as above
    from heldout.cells import declare_columns, type_table

    everything = np.arange(len(table.lines)) if table.part is None else np.flatnonzero(table.part <= PART_FIT)
    specs = declare_columns(table, rows=everything, overrides=settings.columns, unused={})
    # A column of these may become the target: of sealed rows nothing is told of their labels.
    developed = table if table.part is None else take_rows(replace(table, arrays=()), everything)
    typed = type_table(developed, specs)
    nice = judge_untargeted(typed, developed.columns, n_rows=len(everything))
    return LookContent(
        source=name_source(source),
        n_rows=len(table.lines),
        n_columns=len(table.columns),
        columns=(*note_arrays(table.arrays, None), *telling.note_columns(typed, None)),
        read_notes=(*tell_reading(table), *_tell_judged(len(everything), len(table.lines))),
        n_set_aside=_count_aside(table),
        set_aside=_count_reasons(table),
        bullets=telling.sort_findings(nice).niceness,
        findings=ask_columns(specs, n_rows=len(everything), doubts=table.doubts),
        next_command=name_next("look", source, settings.model_copy(update={"target": "COLUMN"})),
    )


def _tell_judged(n_judged: int, n_rows: int) -> tuple[str, ...]:
    if n_judged == n_rows:
        return ()
    left = "the others are declared as validation or test rows"
    return (f"columns are judged, and their cells counted, by {n_judged:,} of {n_rows:,} rows: {left}",)
