"""`heldout live` and `--live`: the page of a study, while it runs and afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from heldout.commands.answer import narrate, refuse_requirements
from heldout.commands.options import CommonOptions
from heldout.errors import StudyError


@dataclass(frozen=True, kw_only=True)
class LiveOptions(CommonOptions):
    """Options of `live`."""

    model: Annotated[Path, typer.Argument(help="A study's folder, running or finished.", metavar="RUN")]
    port: Annotated[
        int | None, typer.Option("--port", help="First port to try.", metavar="N", min=0, max=65535)
    ] = None
    open: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False


def run_live(options: LiveOptions) -> None:
    """Show a study in the browser, running or finished; Ctrl-C ends the page, never the study.

    heldout live runs/patients
    """
    refuse_requirements(options)
    folder = options.model
    if not (folder / "events.jsonl").is_file():
        raise StudyError(
            f"{str(folder)!r} holds no study to show: it has no events.jsonl",
            hint="name the folder of a study, e.g. runs/patients",
        )
    from heldout.live import open_door, serve

    door = open_door() if options.port is None else open_door(options.port)
    _tell_address(options, door.address)
    if options.open:
        import webbrowser

        webbrowser.open(door.address)
    try:
        serve(folder, door)
    except KeyboardInterrupt:
        narrate(options, "the page is closed; the study is as it was")


@contextmanager
def show_beside(options: CommonOptions, folder: Path, *, is_wanted: bool) -> Iterator[None]:
    """Show a study beside its training where that was asked for.

    Args:
        options: what the user asked for.
        folder: the study's folder, which need not be there yet.
        is_wanted: whether `--live` was given.
    """
    if not is_wanted:
        yield
        return
    from heldout.live import open_door, start_beside

    door = open_door()
    # also with --quiet: without its address the page that was asked for could not be opened
    typer.echo(f"Live page: {door.address}  (close it any time)", err=True)
    with start_beside(folder, door):
        yield


def _tell_address(options: CommonOptions, address: str) -> None:
    if options.json:
        typer.echo(json.dumps({"schema": "heldout/live/1", "address": address}))
    else:
        typer.echo(f"Live page: {address}  (Ctrl-C ends it)", err=True)
