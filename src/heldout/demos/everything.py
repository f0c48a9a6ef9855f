"""Everything in a row: the rule of thumb from messy data to the sealed test, each phase with its numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from heldout.bundle import RowFlag
from heldout.demos.catalogue import DATA
from heldout.demos.everything_page import show_everything
from heldout.demos.everything_record import (
    CheckedRow,
    EverythingRecord,
    LookNumbers,
    PredictedRow,
    RungNumbers,
    SentRows,
)
from heldout.demos.frame import DemoOutcome, DemoRequest
from heldout.demos.studies import FEW_REMEDIES, run_small, take_numbers
from heldout.records import ConfigurationRun, Finding
from heldout.report.content import StudyContent
from heldout.settings import load_settings
from heldout.stages.answers import Study
from heldout.stages.looking import look_at
from heldout.study import predict

TABLE, SETTINGS = DATA / "heart.csv", DATA / "heart.toml"
EXPLAINED = "age"  # whose cell is followed into the network
N_SENT, MISSING_AT = 3, ("thal", 1)  # rows sent to the bundle, and the cell that is made a "?"
MOST_CANDIDATES = 8


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Go through a whole study phase by phase, on the shipped heart data.

    Args:
        request: a small one tries one remedy.

    Returns:
        An `EverythingRecord` and its page.
    """
    settings = load_settings(SETTINGS)
    looked = look_at(TABLE, settings)
    remedies = FEW_REMEDIES if request.is_small else {}
    study = run_small(TABLE, request, name="study", config=SETTINGS, remedies=remedies)
    content = study.content
    found = {item.code for item in looked.findings}
    record = EverythingRecord(
        look=LookNumbers(
            n_rows=looked.n_rows,
            n_columns=looked.n_columns,
            counts=looked.counts,
            bullets=(looked.nice_or_messy, *looked.bullets),
            notes=looked.read_notes,
        ),
        split=(
            content.split.method,
            content.split.n_development,
            content.split.n_test,
            content.split.n_folds,
        ),
        findings=tuple(_check(item) for item in looked.findings),
        later=tuple(_check(item) for item in content.findings if item.code not in found),
        n_passed=len(looked.passed_checks),
        columns=tuple((item.name, item.kind, item.why, item.changed_to) for item in content.columns),
        explained=study.explain(TABLE, 0, EXPLAINED).sentence,
        rungs=list_rungs(content),
        study=take_numbers(study, "heart"),
        gates=tuple((item.code, item.name, item.state, item.sentence) for item in content.gates),
        candidates=_list_candidates(content),
        choice=content.choice.sentence if content.choice else "",
        corrected=content.choice.loss if content.choice else (np.nan, np.nan, np.nan),
        naive=content.choice.naive_loss if content.choice else np.nan,
        test_scores=content.test_scores,
        baselines=tuple(item.sentence for item in content.baselines),
        whom=content.subgroups.sentence if content.subgroups else "",
        seconds=content.costs.seconds,
        sent=send_rows(study, request.folder / "new.csv"),
    )
    return DemoOutcome(record, show_everything(record))


def _check(item: Finding) -> CheckedRow:
    return CheckedRow(item.code, item.severity.value, item.column, item.sentence)


def list_rungs(content: StudyContent) -> tuple[RungNumbers, ...]:
    """Give the sizes of the ladder with their losses, the smallest first.

    Args:
        content: of a finished study.

    Returns:
        One a size that was trained without remedies.
    """
    plain = [run for run in content.runs if not run.configuration.remedies]
    found = {run.configuration.rung.index: run for run in plain}
    return tuple(_measure_rung(found[index]) for index in sorted(found))


def _measure_rung(run: ConfigurationRun) -> RungNumbers:
    rung = run.configuration.rung
    validation = np.asarray(run.validation_curve, np.float64)
    return RungNumbers(
        name=run.configuration.name,
        widths=rung.widths,
        n_parameters=rung.n_parameters,
        training=np.asarray(run.train_curve, np.float64)[:, -1],
        best=validation[:, int(validation.mean(axis=0).argmin())],
        last=validation[:, -1],
        best_epoch=int(validation.mean(axis=0).argmin()) + 1,
        n_epochs=validation.shape[1],
    )


def _list_candidates(content: StudyContent) -> tuple[tuple[str, int, float, float, float, bool], ...]:
    if content.choice is None:
        return ()
    best = content.choice.candidates[:MOST_CANDIDATES]
    chosen = [item for item in content.choice.candidates[MOST_CANDIDATES:] if item.chosen]
    return tuple(
        (item.name, item.n_parameters, item.loss, item.low, item.high, item.chosen)
        for item in (*best, *chosen)
    )


def send_rows(study: Study, path: Path) -> SentRows:
    """Send raw rows to the bundle as a colleague would: other order of columns, no diagnosis, a cell missing.

    Args:
        study: a finished study of the heart data.
        path: file to write the rows to.

    Returns:
        What was sent and what came back.
    """
    with TABLE.open(newline="", encoding="utf-8") as stream:
        header, *rows = list(csv.reader(stream, delimiter=";"))[: N_SENT + 1]
    rows[MISSING_AT[1]][header.index(MISSING_AT[0])] = "?"
    order = [place for place in reversed(range(len(header))) if header[place] != study.content.target.name]
    names = tuple(header[place] for place in order)
    sent = tuple(tuple(row[place] for place in order) for row in rows)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([names, *sent])
    report = predict(study.folder / "bundle.zip", path)
    predicted = tuple(
        PredictedRow(
            cells=cells,
            answer=report.classes[label],
            share=float(values[label]),
            flags=tuple(
                flag.name.lower().replace("_", " ") for flag in RowFlag if flags & flag and flag.name
            ),
        )
        for cells, label, values, flags in zip(
            sent,
            report.prediction.labels.tolist(),
            report.prediction.values,
            report.flags.tolist(),
            strict=True,
        )
    )
    return SentRows(names, predicted, report.notes)
