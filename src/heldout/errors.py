"""The error family of heldout: every refusal says what happened, where, what was expected and what to do."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_REQUIREMENT = 4
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class HeldoutError(ValueError):
    """A refusal that a user can act on; printed as one message, never as a traceback.

    Args:
        message: what happened and where, with the received value.
        hint: what to do next, as one sentence or one line to paste.

    Example:
        >>> print(HeldoutError("no column 'nun'", hint="did you mean 'num'?"))
        no column 'nun'
          -> did you mean 'num'?
    """

    exit_code = EXIT_REFUSED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  -> {self.hint}" if self.hint else self.message


class UsageError(HeldoutError):
    """An option or argument that does not fit; exit code 2."""

    exit_code = EXIT_USAGE


class DataError(HeldoutError):
    """Data that cannot be read or judged as they stand; exit code 3.

    Args:
        message: as of `HeldoutError`.
        hint: as of `HeldoutError`.
        questions: (column, what is unclear, line that settles it) where cells have two readings, column by column.
    """

    def __init__(
        self, message: str, *, hint: str = "", questions: tuple[tuple[str, str, str], ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.questions = questions


class RecipeError(HeldoutError):
    """A recipe file or a cell that the recipe cannot take; exit code 3."""


class BundleError(HeldoutError):
    """A bundle that is incomplete, changed, or of an unknown version; exit code 3."""


class StudyError(HeldoutError):
    """A study folder that cannot be used, or a study that cannot go on; exit code 3."""


class RequirementError(HeldoutError):
    """A `--require` gate that was not met; exit code 4."""

    exit_code = EXIT_REQUIREMENT


class StudyInterrupted(Exception):
    """The user or the system asked the study to stop; what is done is kept and can be resumed.

    Args:
        exit_code: 130 after Ctrl-C, 143 after SIGTERM.
        folder: the study's folder, where it is known and there.
        report: the page that shows what there was by then, where one was written.

    Example:
        >>> print(StudyInterrupted(130, folder="runs/a", report="runs/a/report-partial.html"))
        stopped with exit code 130; what is done is kept in 'runs/a', and resume=True goes on; what there is by now: ...
    """

    def __init__(self, exit_code: int = EXIT_INTERRUPTED, *, folder: str = "", report: str = "") -> None:
        super().__init__(f"stopped with exit code {exit_code}")
        self.exit_code = exit_code
        self.folder = folder
        self.report = report

    def __str__(self) -> str:
        parts = [
            str(self.args[0]),
            f"what is done is kept in {self.folder!r}, and resume=True goes on" if self.folder else "",
            f"what there is by now: {self.report}" if self.report else "",
        ]
        return "; ".join(part for part in parts if part)
