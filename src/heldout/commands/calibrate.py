"""`heldout calibrate`: how often the verdicts are wrong, measured on made data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from heldout.commands.answer import give_answer, narrate, refuse_requirements
from heldout.commands.options import CommonOptions
from heldout.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class CalibrateOptions(CommonOptions):
    """Options of `heldout calibrate`."""

    family: Annotated[
        list[str] | None,
        typer.Option(
            "--family", help="Only this family of data. Repeatable; all when left out.", metavar="NAME"
        ),
    ] = None
    tasks: Annotated[int, typer.Option("--tasks", help="Data sets of each family.", metavar="N", min=1)] = 4
    seed: Annotated[
        int, typer.Option("--seed", help="Another seed makes other data sets.", metavar="SEED", min=0)
    ] = 1
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write the table as a Markdown page too.", metavar="FILE", show_default=False
        ),
    ] = None


def run_calibrate(options: CalibrateOptions) -> None:
    """Measure on made data with known truth how often the verdicts are wrong: promise, measured, interval, n.

    heldout calibrate --family binary --tasks 8
    """
    from heldout.train.device import prepare_device

    refuse_requirements(options)
    prepare_device()
    from heldout.stages.calibrating import (
        ALL_FAMILIES,
        measure_suite,
        summarise,
        write_markdown,
        write_object,
        write_text,
    )

    families = tuple(options.family or ALL_FAMILIES)
    unknown = [name for name in families if name not in ALL_FAMILIES]
    if unknown:
        raise UsageError(f"unknown family {unknown[0]!r}", hint=f"families are {', '.join(ALL_FAMILIES)}")

    def report(family: str, done: int, total: int) -> None:
        narrate(options, f"{family}: {done} of {total} data sets")

    marks = measure_suite(families, seed=options.seed, n_tasks=options.tasks, report=report)
    rates = summarise(marks)
    give_answer(
        options,
        text=lambda: write_text(rates, seed=options.seed),
        data=lambda: write_object(rates, seed=options.seed, n_tasks=options.tasks),
    )
    if options.out is not None:
        options.out.write_text(write_markdown(rates, seed=options.seed), encoding="utf-8")
        narrate(options, f"the table is in {options.out}")
