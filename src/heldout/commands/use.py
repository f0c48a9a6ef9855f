"""`heldout predict`, `heldout score` and `heldout report`: what to do with a finished study."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import typer

from heldout.commands.answer import give_answer, narrate, refuse_requirements
from heldout.commands.options import PredictOptions, ReportOptions, ScoreOptions, collect_settings

if TYPE_CHECKING:
    from heldout.bundle import PredictionReport


def run_predict(options: PredictOptions) -> None:
    """Predict the rows of a table with a finished study, as CSV, Parquet or JSON lines.

    heldout predict runs/patients new.csv --out predictions.csv
    """
    from heldout import study
    from heldout.bundle import write_predictions

    refuse_requirements(options)

    report = study.predict(
        options.model,
        str(options.file),
        allow_shift=options.allow_shift,
        **collect_settings(options),
    )
    for note in (*report.notes, *report.refused):
        narrate(options, note)
    if options.json:
        typer.echo(json.dumps(_as_object(report, flags=options.flags), allow_nan=False))
    if options.out or not options.json:
        write_predictions(report, options.out or "-", flags=options.flags)
    if options.out:
        narrate(options, f"{len(report.lines)} predictions in {options.out}")


def run_score(options: ScoreOptions) -> None:
    """Score a finished study on rows whose target is known.

    heldout score runs/patients later.csv
    """
    from heldout import study
    from heldout.settings import load_settings

    refuse_requirements(options)
    settings = load_settings(options.config, **collect_settings(options))
    scored = study.score(options.model, str(options.file), settings, allow_shift=options.allow_shift)
    give_answer(options, text=scored.text, data=scored.json)


def run_report(options: ReportOptions) -> None:
    """Write the report of a study as one HTML page; of one that is not finished or damaged, what can be read.

    heldout report runs/patients --out report.html
    """
    from heldout import study

    refuse_requirements(options)
    opened = study.salvage(options.model)
    if opened.content.partial:
        narrate(options, f"Not complete: {opened.content.partial}")
    place = opened.report(options.out, show_rows=options.show_rows)
    if opened.content.unread and options.out is None:
        narrate(options, f"Only a part could be read; it is {place.name}, and no other report was touched.")
    give_answer(
        options, text=lambda: str(place), data=lambda: {"schema": "heldout/report/1", "path": str(place)}
    )


def _as_object(report: PredictionReport, *, flags: bool) -> dict[str, Any]:
    from heldout.bundle.write import list_columns

    columns = {
        name: [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]
        for name, values in list_columns(report, flags=flags).items()
    }
    return {
        "schema": "heldout/predictions/1",
        "target": report.target,
        "source": report.source,
        "columns": columns,
        "notes": list(report.notes),
        "refused": list(report.refused),
    }
