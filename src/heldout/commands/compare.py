"""`heldout compare`: two finished studies side by side on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from heldout.commands.answer import give_answer, narrate, refuse_requirements
from heldout.commands.options import CommonOptions


@dataclass(frozen=True, kw_only=True)
class CompareOptions(CommonOptions):
    """Options of `compare`."""

    first: Annotated[Path, typer.Argument(help="A study's folder.", metavar="RUN", show_default=False)]
    second: Annotated[Path, typer.Argument(help="Another study's folder.", metavar="RUN", show_default=False)]
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write it as one HTML page too.", metavar="FILE", show_default=False
        ),
    ] = None


def run_compare(options: CompareOptions) -> None:
    """Compare two finished studies on the rows both validated; nothing is trained, no test label is read.

    heldout compare runs/patients runs/patients-2 --out compare.html
    """
    from heldout.stages.comparing import compare

    refuse_requirements(options)
    found = compare(options.first, options.second)
    if options.out is not None:
        narrate(options, f"the page is {found.write_html(options.out)}")
    give_answer(options, text=found.text, data=found.json)
