"""`heldout diagnose`: the verdict on a training that another tool ran and logged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from heldout.commands.answer import (
    check_requirements,
    fail_after_answer,
    give_answer,
    parse_requirements,
)
from heldout.commands.options import CommonOptions
from heldout.errors import RequirementError


@dataclass(frozen=True, kw_only=True)
class DiagnoseOptions(CommonOptions):
    """Options of `diagnose`."""

    files: Annotated[
        list[Path],
        typer.Argument(
            help="Logs of one configuration, one per seed; files or folders.",
            metavar="FILE...",
            show_default=False,
        ),
    ]
    n_validation: Annotated[
        int | None,
        typer.Option(
            "--n-validation", help="Validation rows behind each loss; without it no verdict.", metavar="N"
        ),
    ] = None
    constant_loss: Annotated[
        float | None,
        typer.Option(
            "--constant-loss", help="Loss of always predicting the class shares or the mean.", metavar="X"
        ),
    ] = None
    classes: Annotated[
        int | None,
        typer.Option("--classes", help="Number of classes, where the constant loss is unknown.", metavar="K"),
    ] = None
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance", help="Rise of the loss that does not matter; 2 % of the constant loss otherwise."
        ),
    ] = None
    loss: Annotated[
        Literal["log-loss", "squared error", "other"] | None,
        typer.Option(
            "--loss", help="What the loss is: log-loss, 'squared error' or other.", show_default=False
        ),
    ] = None
    format: Annotated[
        str, typer.Option("--format", help="Whose log it is; recognised by default.", metavar="NAME")
    ] = "auto"
    train_loss: Annotated[
        str, typer.Option("--train-loss", help="Column of the training loss.", metavar="COL")
    ] = ""
    val_loss: Annotated[
        str, typer.Option("--val-loss", help="Column of the validation loss.", metavar="COL")
    ] = ""
    accuracy: Annotated[
        str, typer.Option("--accuracy", help="Column of the validation accuracy.", metavar="COL")
    ] = ""
    epoch: Annotated[str, typer.Option("--epoch", help="Column of the epoch or step.", metavar="COL")] = ""
    seed_column: Annotated[
        str,
        typer.Option("--seed-column", help="Column that tells trainings of one file apart.", metavar="COL"),
    ] = ""


def run_diagnose(options: DiagnoseOptions) -> None:
    """Judge the curves that another tool logged: overfitted or not, from which epoch on, how sure.

    heldout diagnose history.csv --n-validation 2000 --classes 2
    """
    from heldout.adapters.record import Roles
    from heldout.evidence.logged_records import LoggedSettings
    from heldout.stages.diagnosing import diagnose
    from heldout.stages.diagnosis import build_json

    requirements = parse_requirements(options.require)
    settings = LoggedSettings(
        options.n_validation, options.constant_loss, options.classes, options.tolerance, options.loss or ""
    )
    columns = Roles(
        options.train_loss, options.val_loss, options.accuracy, options.epoch, options.seed_column
    )
    found = diagnose(list(options.files), settings=settings, format=options.format, columns=columns)
    give_answer(options, text=lambda: str(found), data=lambda: build_json(found))
    try:
        check_requirements(requirements, verdict=found.word)
    except RequirementError as error:
        fail_after_answer(error)
