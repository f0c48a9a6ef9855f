"""The command line: arguments in, the answer on standard output, everything else on standard error.

Nothing heavy is imported here: `heldout --help` must answer in a blink. Each verb imports what it needs.
"""

from __future__ import annotations

import io
import json
import shlex
import sys
import traceback
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated

import typer
from typer.main import get_command

from heldout.commands.answer import tell_error
from heldout.commands.calibrate import CalibrateOptions, run_calibrate
from heldout.commands.compare import CompareOptions, run_compare
from heldout.commands.demo import run_demo
from heldout.commands.diagnose import DiagnoseOptions, run_diagnose
from heldout.commands.doctor import run_doctor
from heldout.commands.fit import run_fit, run_look
from heldout.commands.live import LiveOptions, run_live
from heldout.commands.options import (
    CommonOptions,
    DemoOptions,
    FitOptions,
    LookOptions,
    PredictOptions,
    ReportOptions,
    ScoreOptions,
    build_command,
)
from heldout.commands.use import run_predict, run_report, run_score
from heldout.errors import EXIT_INTERRUPTED, EXIT_UNEXPECTED, EXIT_USAGE, HeldoutError, StudyInterrupted
from heldout.version import __version__

VERBS = {
    "demo": (DemoOptions, run_demo),
    "look": (LookOptions, run_look),
    "fit": (FitOptions, run_fit),
    "score": (ScoreOptions, run_score),
    "predict": (PredictOptions, run_predict),
    "report": (ReportOptions, run_report),
    "live": (LiveOptions, run_live),
    "compare": (CompareOptions, run_compare),
    "diagnose": (DiagnoseOptions, run_diagnose),
    "calibrate": (CalibrateOptions, run_calibrate),
    "doctor": (CommonOptions, run_doctor),
}
ABOUT = """Messy data in, a neural network that generalizes out, with the evidence.

\b
  heldout demo                                  the whole study on a shipped example
  heldout look patients.csv --target outcome    how each column is read, and why
  heldout fit patients.csv --target outcome     the study
  heldout predict runs/patients new.csv         predictions for new rows
  heldout diagnose history.csv                  a training that another tool logged
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after `heldout`; those of the process when None.

    Returns:
        The exit code: 0 done, 2 usage, 3 refused, 4 `--require` not met, 130 or 143 stopped. An unexpected
        error leaves through `sys.excepthook` with exit code 1.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = _has_flag(given, "--json")
    _make_streams_safe()
    _explain_unexpected(as_json=as_json, debug=_has_flag(given, "--debug"))
    try:
        code = get_command(build_app()).main(
            args=given or ["--help"], prog_name="heldout", standalone_mode=False
        )
    except HeldoutError as error:
        _report(error.message, error.hint, code=error.exit_code, kind=type(error).__name__, as_json=as_json)
        return error.exit_code
    except StudyInterrupted as stop:
        hint = f"continue with: {_resume_line(given)}"
        if stop.report:
            hint += f"\n  -> see what there is by now: {stop.report}"
        elif stop.folder:
            hint += f"\n  -> see what there is by now: heldout report {shlex.quote(stop.folder)}"
        _report(
            "stopped; what is done is kept",
            hint,
            code=stop.exit_code,
            kind="StudyInterrupted",
            as_json=as_json,
        )
        return stop.exit_code
    except typer.TyperException as error:
        hint = f"see: {_help_line(given)}"
        _report(_usage_message(error), hint, code=EXIT_USAGE, kind="UsageError", as_json=as_json)
        return EXIT_USAGE
    except typer.Abort:
        return EXIT_INTERRUPTED
    return code if isinstance(code, int) else 0


def build_app() -> typer.Typer:
    """The command line as typer sees it.

    Example:
        >>> [command.name for command in build_app().registered_commands]
        ['demo', 'look', 'fit', 'score', 'predict', 'report', 'live', 'compare', 'diagnose', 'calibrate', 'doctor']
    """
    app = typer.Typer(
        help=ABOUT,
        rich_markup_mode=None,  # plain help: half the start-up time, and it reads well in every terminal
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name, (record, run) in VERBS.items():
        app.command(name)(build_command(record, run))
    app.callback()(_take_global)
    return app


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"heldout {__version__}")
        raise typer.Exit


def _take_global(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


def _make_streams_safe() -> None:
    # A file name or cell that the terminal's encoding cannot show must not end a study.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _explain_unexpected(*, as_json: bool, debug: bool) -> None:
    def explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if debug:
            traceback.print_exception(kind, error, trace)
        words = f"{kind.__name__}: {error}".splitlines()[0]
        hint = "please report this" if debug else "run again with --debug to see where"
        _report(f"unexpected error: {words}", hint, code=EXIT_UNEXPECTED, kind=kind.__name__, as_json=as_json)

    sys.excepthook = explain


def _report(message: str, hint: str, *, code: int, kind: str, as_json: bool) -> None:
    tell_error(message, hint=hint)
    if as_json:
        error = {
            "schema": "heldout/error/1",
            "kind": kind,
            "exit_code": code,
            "message": message,
            "hint": hint,
        }
        typer.echo(json.dumps(error))


def _has_flag(given: list[str], flag: str) -> bool:
    options = given[: given.index("--")] if "--" in given else given
    return flag in options


def _usage_message(error: typer.TyperException) -> str:
    message = getattr(error, "format_message", error.__str__)()
    return message.rstrip(".") or "that cannot be run"


def _help_line(given: list[str]) -> str:
    verb = next((word for word in given if word in VERBS), "")
    return f"heldout {verb} --help" if verb else "heldout --help"


def _resume_line(given: list[str]) -> str:
    options = given if "--resume" in given else [*given, "--resume"]
    return f"heldout {shlex.join(options)}"
