"""All codes in one tuple, and how one is looked up."""

from __future__ import annotations

from heldout.codes.data import DATA_CODES
from heldout.codes.fit import FIT_CODES, LOGGED_CODES
from heldout.codes.gates import GATE_CODES
from heldout.codes.proof import EVIDENCE_CODES
from heldout.codes.record import Code
from heldout.errors import UsageError

CODES: tuple[Code, ...] = (*FIT_CODES, *LOGGED_CODES, *DATA_CODES, *GATE_CODES, *EVIDENCE_CODES)


def find_code(code: str) -> Code:
    """Look up one code.

    Args:
        code: e.g. "HO101".

    Returns:
        its line of the table.

    Raises:
        UsageError: there is no such code.

    Example:
        >>> find_code("HO116").title
        'good fit'
        >>> find_code("HO999")
        Traceback (most recent call last):
        heldout.errors.UsageError: no code 'HO999'
          -> codes run from HO101 to HO404; the documentation has a page for each under Codes
    """
    for item in CODES:
        if item.code == code:
            return item
    hint = f"codes run from {CODES[0].code} to {CODES[-1].code}; the documentation has a page for each under Codes"
    raise UsageError(f"no code {code!r}", hint=hint)


def refuse_mute(codes: tuple[str, ...]) -> str:
    """Say why one of these codes cannot be silenced; empty when all can.

    A verdict is what the study is for, and silencing it would leave a report without an answer.

    Args:
        codes: what the user wants to hear no more of.

    Example:
        >>> refuse_mute(("HO217",)), refuse_mute(("HO101",))
        ('', "'HO101' is a verdict and cannot be muted")
        >>> refuse_mute(("HO2",))
        "there is no code 'HO2'"
    """
    known = {item.code: item for item in CODES}
    for code in codes:
        if code not in known:
            return f"there is no code {code!r}"
        if known[code].is_verdict:
            return f"{code!r} is a verdict and cannot be muted"
    return ""
