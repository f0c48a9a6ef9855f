"""`heldout fit` and `heldout look`: from a table to an answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from heldout.commands.answer import (
    check_requirements,
    choose_progress,
    fail_after_answer,
    give_answer,
    narrate,
    parse_requirements,
    refuse_requirements,
)
from heldout.commands.live import show_beside
from heldout.commands.options import FitOptions, LookOptions, StudyOptions, collect_settings
from heldout.errors import DataError, RequirementError, StudyInterrupted

if TYPE_CHECKING:
    from heldout.settings import Settings


def run_fit(options: FitOptions) -> None:
    """Find, train and judge a network for one column of a table.

    heldout fit patients.csv --target outcome --group family
    """
    from heldout.settings import load_settings

    settings = load_settings(options.config, **collect_settings(options))
    run_study(options, options.file, settings, name=options.file)


def run_look(options: LookOptions) -> None:
    """Show how every column is read, why, and what to decide; trains nothing.

    heldout look patients.csv --target outcome --html patients.html
    """
    from heldout import study
    from heldout.records import Severity
    from heldout.settings import load_settings

    refuse_requirements(options)
    settings = load_settings(options.config, **collect_settings(options))
    result = study.look(str(options.file), settings)
    if options.html is not None:
        narrate(options, f"the page is {result.write_html(options.html)}")
    give_answer(options, text=result.text, data=result.json)
    critical = [finding for finding in result.content.findings if finding.severity is Severity.CRITICAL]
    if result.content.refusal:
        asked = [finding.action for finding in critical if finding.code == "HO215" and finding.action]
        fail_after_answer(DataError(result.content.refusal, hint="\n     ".join(asked)))
    if options.strict and critical:
        hint = critical[0].action or "leave out --strict to go on"
        fail_after_answer(DataError(f"critical: {critical[0].sentence}", hint=hint))


def run_study(options: StudyOptions, source: Path, settings: Settings, *, name: str | Path) -> None:
    """Run a study on a file and give its answer: what `fit` and the study of `demo` share.

    Args:
        options: of the verb.
        source: the table.
        settings: all settings.
        name: what the folder is named after where no `--out` was given.

    Raises:
        HeldoutError: whatever the study refuses.
    """
    from heldout.folder import default_name
    from heldout.signals import catch_signals
    from heldout.train.device import prepare_device

    requirements = parse_requirements(options.require)
    device = prepare_device(device=settings.device)
    if device.note:
        narrate(options, device.note)
    from heldout import study

    if options.dry_run:
        plan = study.dry_run(str(source), settings)
        give_answer(options, text=plan.text, data=plan.json)
        return
    out = options.out or default_name(name, resume=options.resume)
    with show_beside(options, Path(out), is_wanted=options.live), catch_signals():
        try:
            result = study.fit(
                str(source),
                settings,
                out=out,
                resume=options.resume,
                progress=choose_progress(options),
                strict=options.strict,
            )
        except StudyInterrupted as stop:
            # before the plan is written there is nothing that a report could show
            stop.folder = str(out) if (Path(out) / "study.json").is_file() else ""
            raise
    give_answer(options, text=result.answer_text, data=result.answer_json)
    if requirements:
        chosen = result.answer_json()["verdict"]["chosen"] or {"word": ""}
        try:
            check_requirements(requirements, verdict=chosen["word"])
        except RequirementError as error:
            fail_after_answer(error)
