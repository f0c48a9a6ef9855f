"""`heldout doctor`: is this installation ready?"""

from __future__ import annotations

from heldout.commands.answer import give_answer, refuse_requirements
from heldout.commands.options import CommonOptions
from heldout.errors import StudyError


def run_doctor(options: CommonOptions) -> None:
    """Show versions, cores, memory, devices, caches and whether studies can be written."""
    from heldout.doctor import as_json, as_text, examine

    refuse_requirements(options)
    diagnosis = examine()
    give_answer(options, text=lambda: as_text(diagnosis), data=lambda: as_json(diagnosis))
    if options.strict and diagnosis.problems:
        raise StudyError(
            f"{len(diagnosis.problems)} problems", hint="see the lines that begin with 'problem'"
        )
