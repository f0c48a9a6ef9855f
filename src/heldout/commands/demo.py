"""`heldout demo`: the whole study on shipped data, or one piece of the lecture as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from heldout.commands.answer import choose_progress, give_answer, narrate, tell_error
from heldout.commands.fit import run_study
from heldout.commands.options import DemoOptions, collect_settings
from heldout.demos.catalogue import DEMOS, LectureDemo, find_demo, list_demos
from heldout.errors import StudyError, StudyInterrupted, UsageError

if TYPE_CHECKING:
    from heldout.demos.frame import DemoOutcome, DemoRequest
    from heldout.demos.page import DemoFiles


def run_demo(options: DemoOptions) -> None:
    """Show what it does: the whole study on a shipped example, or one piece of the lecture. Needs no file, no network.

    heldout demo               the whole study on 303 patients
    heldout demo --list        all pieces of the lecture
    heldout demo curve         one of them, as a page
    """
    if options.shows_list:
        data = {"schema": "heldout/demos/1", "demos": {name: demo.about for name, demo in DEMOS.items()}}
        give_answer(options, text=list_demos, data=lambda: data)
        return
    demo = find_demo(options.name)
    if isinstance(demo, LectureDemo):
        _run_lecture(options, demo)
        return
    if options.full is not None:
        raise UsageError(
            f"the example {demo.name!r} has no full version",
            hint="leave --full out; your own table: heldout fit FILE --target COLUMN",
        )
    from heldout.settings import load_settings

    narrate(options, f"{demo.table.name}: {demo.about}")
    settings = load_settings(demo.settings, **collect_settings(options))
    run_study(options, demo.table, settings, name="demo")


def _run_lecture(options: DemoOptions, demo: LectureDemo) -> None:
    from heldout.folder import default_name

    _refuse_options_of_studies(options, demo)
    narrate(options, f"{demo.name}: {demo.about}")
    folder = Path(options.out or default_name(f"demo-{demo.name}"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(
            f"{str(folder)!r} cannot be made: {error.strerror}", hint="name another folder with --out"
        ) from None
    try:
        outcome, written = _compute(options, demo, folder)
    except StudyInterrupted as stop:
        tell_error("stopped; a piece of the lecture is not continued", hint=f"heldout demo {demo.name}")
        raise typer.Exit(stop.exit_code) from None
    _tell(options, demo, outcome, written)


def _compute(options: DemoOptions, demo: LectureDemo, folder: Path) -> tuple[DemoOutcome, DemoFiles]:
    from heldout.signals import catch_signals
    from heldout.train.device import prepare_device

    device = prepare_device()  # before anything imports JAX
    if device.note:
        narrate(options, device.note)
    from heldout.demos.frame import start_demo
    from heldout.demos.page import write_demo
    from heldout.events import Events, open_display

    with catch_signals(), Events(None, open_display(choose_progress(options))) as events:
        outcome = start_demo(demo, _make_request(options, folder, events=events))
        return outcome, write_demo(demo, outcome, folder, seed=options.seed or 0)


def _make_request(options: DemoOptions, folder: Path, *, events: Any) -> DemoRequest:  # noqa: ANN401 - imported late
    from heldout.demos.frame import DemoRequest

    def report(phase: str, done: int, total: int) -> None:
        if phase != events.phase:
            events.start_phase(phase, total=total)
        events.advance(done)

    return DemoRequest(folder, options.seed or 0, options.full, report=report, say=events.say)


def _tell(options: DemoOptions, demo: LectureDemo, outcome: DemoOutcome, written: DemoFiles) -> None:
    from heldout.demos.page import build_record

    lines = (*outcome.page.answer, "", f"page     {written.page}", f"numbers  {written.record}")

    def data() -> dict[str, Any]:
        record = build_record(demo, outcome, seed=options.seed or 0)
        return record | {"page": str(written.page), "record": str(written.record)}

    give_answer(options, text=lambda: "\n".join(lines), data=data)


def _refuse_options_of_studies(options: DemoOptions, demo: LectureDemo) -> None:
    """Refuse what a piece of the lecture would silently pass over."""
    given = {
        "--preset": options.preset is not None,
        "--budget": options.budget is not None,
        "--resume": options.resume,
        "--dry-run": options.dry_run,
        "--live": options.live,
        "--strict": options.strict,
        "--require": bool(options.require),
    }
    unfit = [flag for flag, is_given in given.items() if is_given]
    if unfit:
        raise UsageError(
            f"demo {demo.name} takes no {unfit[0]}",
            hint=f"that is for the study: heldout demo {unfit[0]} ...",
        )
    if options.full is not None and not demo.has_full:
        names = [name for name, row in DEMOS.items() if isinstance(row, LectureDemo) and row.has_full]
        raise UsageError(f"demo {demo.name} has no full version", hint=f"--full is for: {', '.join(names)}")
    if options.full is not None and not options.full.is_dir():
        raise UsageError(
            f"--full {str(options.full)!r} is no folder", hint="name the folder with the real data"
        )
