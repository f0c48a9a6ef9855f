"""`heldout doctor`: is this installation ready?"""

from __future__ import annotations

from heldout.commands.answer import fail_after_answer, give_answer, refuse_requirements
from heldout.commands.options import CommonOptions
from heldout.errors import StudyError


def run_doctor(options: CommonOptions) -> None:
    """Show versions, cores, memory, devices, caches and whether studies can be written."""
    from heldout.doctor import as_json, as_text, examine

    refuse_requirements(options)
    diagnosis = examine()
    give_answer(options, text=lambda: as_text(diagnosis), data=lambda: as_json(diagnosis))
    if options.strict and diagnosis.problems:
        found = f"{len(diagnosis.problems)} problems"
        fail_after_answer(StudyError(found, hint="see the lines that begin with 'problem'"))
