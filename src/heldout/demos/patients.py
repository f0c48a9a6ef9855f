"""Patients: what is read from messy cells, and what it changes that visits of one patient stay together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from heldout.cells import cell_text
from heldout.demos.drawing import BLUE, ORANGE, draw_intervals
from heldout.demos.frame import DemoOutcome, DemoPage, DemoRequest, DemoSection, DemoTable
from heldout.demos.patients_table import NUMBER_LOST, OWN_RISK, VISITS, write_patients
from heldout.demos.studies import (
    StudyNumbers,
    draw_studies,
    list_intervals,
    list_studies,
    run_small,
    show_score,
    take_numbers,
)
from heldout.records import Finding, Kind, RawColumn, Score, Severity, Status, TypedColumn
from heldout.report.marks import Caption
from heldout.report.sentences import format_number
from heldout.settings import Settings
from heldout.stages.looking import look_at
from heldout.stages.preparing import split_rows, type_columns
from heldout.stages.reading import read_data
from heldout.study import score
from heldout.toml_lines import paste_column

N_PATIENTS, N_STRANGERS, SMALL_PATIENTS = 160, 150, 90
TARGET, GROUP = "readmitted", "patient"
MOST_EXAMPLES = 4  # spellings shown of one column
EPOCH = date(1970, 1, 1)  # from which the days of a date are counted
# the answer to the question that the look asks; the day of a visit is no property of a patient
ANSWERED = {"glucose": {"missing": [NUMBER_LOST, ""]}, "visit": {"kind": "ignore"}}
STATUS_WORDS = {
    Status.OK: "as it stands",
    Status.REPAIRED: "repaired",
    Status.MISSING: "missing",
    Status.SENTINEL: "missing: the code for it",
    Status.CENSORED_BELOW: "below this limit",
    Status.CENSORED_ABOVE: "above this limit",
    Status.UNPARSED: "not readable, counts as missing",
    Status.UNSEEN: "not seen when the columns were decided",
}


@dataclass(frozen=True)
class CellReading:
    """One raw cell and what is read from it.

    Args:
        column: as in the file.
        text: the cell.
        n_alike: cells of the column with the same shape (digits and letters exchanged).
        parts: name of the read column, kind, value in words, what became of the cell.
    """

    column: str
    text: str
    n_alike: int
    parts: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class PatientsRecord:
    """All numbers of the demo.

    Args:
        n_rows: rows of the table.
        n_patients: patients in it.
        cells: examples of cells with their reading.
        questions: findings of the look at the ungrouped table that wait for an answer or warn of the grouping.
        answered: codes that are still told once the question is answered and the patient named as the group.
        refused: what is said of the same table when its dates are written in two orders.
        refused_hint: what to do about it.
        split_patients: patients with rows both among fit and other rows in the ungrouped split.
        ungrouped: study of rows dealt one by one.
        grouped: study of patients dealt whole.
        strangers_ungrouped: score of the first one's network on new patients.
        strangers_grouped: score of the second one's.
        n_strangers: new patients.
    """

    n_rows: int
    n_patients: int
    cells: tuple[CellReading, ...]
    questions: tuple[Finding, ...]
    answered: tuple[str, ...]
    refused: str
    refused_hint: str
    split_patients: int
    ungrouped: StudyNumbers
    grouped: StudyNumbers
    strangers_ungrouped: Score
    strangers_grouped: Score
    n_strangers: int


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Read messy cells, and study the same rows once dealt one by one and once patient by patient.

    Args:
        request: a small one has half the patients.

    Returns:
        A `PatientsRecord` and its page.
    """
    n_patients = SMALL_PATIENTS if request.is_small else N_PATIENTS
    tables = tuple(request.folder / f"{name}.csv" for name in ("patients", "two-orders", "strangers"))
    write_patients(tables[0], n_patients=n_patients, seed=request.seed)
    write_patients(tables[1], n_patients=n_patients, seed=request.seed, has_two_orders=True)
    write_patients(tables[2], n_patients=N_STRANGERS, seed=request.seed + 1)
    apart = Settings.model_validate(
        {"target": TARGET, "metric": "auc", "columns": ANSWERED | {GROUP: {"kind": "ignore"}}}
    )
    together = Settings.model_validate(
        {"target": TARGET, "metric": "auc", "group": GROUP, "columns": ANSWERED}
    )
    shown = Settings.model_validate(
        {"target": TARGET, "group": GROUP, "columns": {"glucose": ANSWERED["glucose"]}}
    )
    refusal = _refuse(tables[1])
    studies, strangers = [], []
    for name, settings in (("dealt by row", apart), ("dealt by patient", together)):
        options = settings.model_dump(include={"target", "metric", "group", "columns"}, exclude_defaults=True)
        study = run_small(tables[0], request, name=name.replace(" ", "-"), **options)
        studies.append(take_numbers(study, name))
        strangers.append(score(study.folder, tables[2], target=TARGET, group=GROUP).scores[0])
    record = PatientsRecord(
        n_rows=n_patients * VISITS,
        n_patients=n_patients,
        cells=read_examples(tables[0], shown),
        questions=_ask(tables[0], Settings.model_validate({"target": TARGET})),
        answered=tuple(item.code for item in _ask(tables[0], shown)),
        refused=refusal[0],
        refused_hint=refusal[1],
        split_patients=_count_split(tables[0], apart),
        ungrouped=studies[0],
        grouped=studies[1],
        strangers_ungrouped=strangers[0],
        strangers_grouped=strangers[1],
        n_strangers=N_STRANGERS,
    )
    return DemoOutcome(record, show_patients(record))


def read_examples(path: Path, settings: Settings) -> tuple[CellReading, ...]:
    """Read some cells of each column as a study reads them: one of each shape, the most frequent shapes.

    Args:
        path: the table.
        settings: target, group, columns.

    Returns:
        In the order of the columns.
    """
    reading = read_data(path, settings)
    columns = type_columns(reading, split_rows(reading, settings), settings)
    return tuple(
        found
        for raw in reading.table.columns
        if raw.name not in (settings.target, settings.group)
        for found in _read_column(
            raw, [item for item in columns if raw.name in (item.spec.source, item.spec.name)]
        )
    )


def _read_column(raw: RawColumn, read: list[TypedColumn]) -> list[CellReading]:
    """Take one cell of each shape, and one of each way in which a cell ends."""
    leaves = [item for item in read if item.spec.source] or read  # of a cell that is taken apart its parts
    found: dict[tuple[str, ...], list[int]] = {}
    for row in range(len(raw.codes)):
        text = cell_text(raw, row) or ""
        shape = re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "9", text))
        case = "lower" if text.islower() else "upper" if text.isupper() else "mixed"
        status = [Status(item.status[row]).name for item in leaves]
        found.setdefault(
            (shape, case if read and read[0].spec.kind is Kind.CATEGORY else "", *status), []
        ).append(row)
    ranked = sorted(found.values(), key=len, reverse=True)[:MOST_EXAMPLES]
    return [
        CellReading(
            raw.name,
            cell_text(raw, rows[0]) or "",
            len(rows),
            tuple(_tell_cell(item, rows[0]) for item in leaves),
        )
        for rows in ranked
    ]


def _tell_cell(item: TypedColumn, row: int) -> tuple[str, str, str, str]:
    status = Status(item.status[row])
    words = STATUS_WORDS.get(status, status.name.lower().replace("_", " "))
    return item.spec.name, item.spec.kind.value, _tell_value(item, row), words


def _tell_value(item: TypedColumn, row: int) -> str:
    if not item.values.size:
        code = int(item.codes[row])
        return item.levels[code] if code >= 0 else "none"
    value = float(item.values[row])
    if np.isnan(value):
        return "none"
    if item.spec.kind is Kind.DATE:
        return (EPOCH + timedelta(days=int(value))).isoformat()
    if item.spec.kind is Kind.YES_NO:
        return "yes" if value else "no"
    return f"{format_number(value)} {item.spec.unit}".strip()


def _ask(path: Path, settings: Settings) -> tuple[Finding, ...]:
    """What the look warns of: questions, and rows that belong together."""
    return tuple(item for item in look_at(path, settings).findings if item.severity.value != "info")


def _refuse(path: Path) -> tuple[str, str]:
    """Why a study would not begin with this table, and the line that settles it."""
    content = look_at(path, Settings.model_validate({"target": TARGET, "group": GROUP}))
    asked = [item for item in content.findings if item.code == "HO215" and item.severity is Severity.CRITICAL]
    return "; ".join(item.sentence for item in asked), " ".join(item.action for item in asked)


def _count_split(path: Path, settings: Settings) -> int:
    """Patients of whom some rows are fitted and others validated or sealed."""
    reading = read_data(path, settings)
    split = split_rows(reading, settings)
    patient = next(column for column in reading.table.columns if column.name == GROUP).codes
    fit = set(patient[split.folds[0].fit].tolist())
    other = set(patient[np.concatenate([split.folds[0].validation, split.test])].tolist())
    return len(fit & other)


def show_patients(record: PatientsRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
    """
    apart, together = record.ungrouped, record.grouped
    return DemoPage(
        title="Patients: messy cells, and visits that belong together",
        answer=(
            f"A synthetic table: {record.n_patients} patients at {VISITS} visits each, {record.n_rows} rows.",
            f"Dealt row by row, {record.split_patients} patients have visits on both sides of the split.",
            f"Rows dealt one by one: {show_score(apart.test)} on sealed rows.",
            f"Patients dealt whole:  {show_score(together.test)} on sealed rows.",
            f"The same two networks on {record.n_strangers} new patients:",
            f"  dealt by row:     {show_score(record.strangers_ungrouped)}",
            f"  dealt by patient: {show_score(record.strangers_grouped)}",
            f"Verdict by row: {apart.headline} [{apart.code}].",
            f"Verdict by patient: {together.headline} [{together.code}].",
        ),
        sections=(_show_cells(record), _show_questions(record), _show_scores(record), _show_verdicts(record)),
        sources=(
            "The patients are synthetic, drawn by src/heldout/demos/patients_table.py; nobody is among them.",
        ),
    )


def _show_cells(record: PatientsRecord) -> DemoSection:
    rows = tuple(
        (item.column, repr(item.text), str(item.n_alike), name, kind, value, status)
        for item in record.cells
        for name, kind, value, status in item.parts
    )
    columns = ("column", "cell", "cells alike", "read as", "kind", "value", "what became of it")
    return DemoSection(
        "What is read from a messy cell?",
        (
            "One quantity is written in many ways here: centimetres, metres, feet and inches; kilograms, pounds, "
            "'ca. 70 kg'; two things in one cell; a laboratory that writes '<0.5' where it cannot measure. None of "
            "that needs cleaning by hand. Each column is decided once, from the rows it may look at, and every "
            "other cell is read by that decision.",
        ),
        tables=(DemoTable("Cells and what the network gets to see of them", columns, rows),),
        after=(
            "A value below the limit of detection keeps the limit and gets a mark of its own, because 'too little "
            "to measure' is knowledge. A missing cell is filled from the fit rows, and marked.",
        ),
    )


def _show_questions(record: PatientsRecord) -> DemoSection:
    rows = tuple(
        (
            item.code,
            item.severity.value,
            item.column,
            item.sentence,
            item.action,
            "still told" if item.code in record.answered else "not told any more",
        )
        for item in record.questions
    )
    return DemoSection(
        "What is asked instead of guessed?",
        (
            f"A number such as {NUMBER_LOST} may be a code for missing or a measurement; only whoever wrote it knows. "
            "So the look asks, with the line that answers it, and until then reads a number. Here the answer was "
            f"given: {paste_column('glucose', 'missing', (str(NUMBER_LOST), ''))}.",
            "Dates may be written in several forms side by side as long as each cell has one reading. When half of "
            "the slashed ones are month first, as after two wards were merged, that is no longer so. The table is "
            f"refused: {record.refused}.",
            f"With the way out: {record.refused_hint}",
        ),
        tables=(
            DemoTable(
                "Warnings on the table before anything is said about it",
                ("code", "severity", "column", "what was found", "what to do", "after both answers"),
                rows,
            ),
        ),
    )


def _show_scores(record: PatientsRecord) -> DemoSection:
    shown = [
        ("by row: its own sealed rows", record.ungrouped.test, ORANGE),
        ("by row: new patients", record.strangers_ungrouped, ORANGE),
        ("by patient: its own sealed rows", record.grouped.test, BLUE),
        ("by patient: new patients", record.strangers_grouped, BLUE),
    ]
    metric = record.strangers_grouped.metric
    return DemoSection(
        "What does it change that a patient stays whole?",
        (
            f"Whether a patient is readmitted is the same at each of the {VISITS} visits. What decides it was drawn "
            f"from two sources whose spreads are as 1 to {OWN_RISK:g}: what the columns say, and something that is "
            "in no column. Whoever knows a patient again, by height, age and usual blood values, knows the answer "
            "without having learned anything about illness.",
            f"Dealt row by row, {record.split_patients} of {record.n_patients} patients have visits on both sides, "
            "although the column with their names was left out. The sealed rows then ask: have you met this person? "
            "Dealt by patient they ask: what about the next one?",
        ),
        charts=(
            draw_intervals(
                Caption(
                    "promise",
                    "What was promised, and what new patients get",
                    _tell_promise(record),
                    f"{metric}, with 95 % intervals. New patients: {record.n_strangers} from the same source, in "
                    "neither table.",
                ),
                list_intervals(shown),
                title=metric,
            ),
        ),
        after=(
            "In a real study nobody hands you the new patients. The split is the only place where this mistake can "
            "be seen, which is why it comes before everything else: --group patient.",
        ),
    )


def _tell_promise(record: PatientsRecord) -> str:
    parts = [
        f"{name}: {format_number(study.test.value)} on its sealed rows, {format_number(new.value)} on new patients."
        for name, study, new in (
            ("Dealt by row", record.ungrouped, record.strangers_ungrouped),
            ("Dealt by patient", record.grouped, record.strangers_grouped),
        )
        if study.test is not None
    ]
    return " ".join(parts)


def _show_verdicts(record: PatientsRecord) -> DemoSection:
    studies = (record.ungrouped, record.grouped)
    return DemoSection(
        "What do the two studies say?",
        (
            "Both are whole studies: sizes, remedies, choice, checks, sealed rows opened once. They differ in which "
            "rows stay together, and in nothing else.",
        ),
        tables=(list_studies("The two studies", studies),),
        charts=(draw_studies(studies),),
    )
