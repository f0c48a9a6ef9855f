"""The documentation page of each code, written from the table so that both say the same."""

from __future__ import annotations

import textwrap

from heldout.codes.planted import list_planted
from heldout.codes.record import Code

_KINDS = {
    "1": "a verdict on the fit",
    "2": "a question to the data",
    "3": "a check before any verdict",
    "4": "a limit of the evidence",
}


def write_page(code: Code) -> str:
    """Give the page docs/codes/HOxxx.md.

    Args:
        code: its line of the table.

    Returns:
        Markdown with meaning, threshold, error rate and how to mute.

    Example:
        >>> print(write_page(Code("HO207", "constant columns", "a column has one value", "any", "exact")))
        # HO207: constant columns
        <BLANKLINE>
        A question to the data.
        <BLANKLINE>
        **Meaning.** A column has one value.
        <BLANKLINE>
        **Threshold.** Any.
        <BLANKLINE>
        **Error rate by its rule.** Exact.
        <BLANKLINE>
        **Measured.** Not measured yet on data whose truth is known.
        <BLANKLINE>
        **How to mute.** `mute = ["HO207"]` in `heldout.toml`: the finding then stands only in the report's list of
        muted ones.
        <BLANKLINE>
    """
    parts = (
        f"# {code.code}: {code.title}",
        f"{_KINDS[code.code[2]].capitalize()}.",
        f"**Meaning.** {_say(code.meaning)}",
        f"**Threshold.** {_say(code.threshold)}",
        f"**Error rate by its rule.** {_say(code.error_rate)}",
        f"**Measured.** {say_measured(code)}",
        f"**How to mute.** {say_mute(code)}",
    )
    return "\n\n".join(_wrap(part) for part in parts) + "\n"


def write_index(codes: tuple[Code, ...]) -> str:
    """Give docs/codes/index.md: all codes with their titles, by kind.

    Args:
        codes: the table.

    Example:
        >>> "[HO207](HO207.md)" in write_index((Code("HO207", "constant columns", "", "", ""),))
        True
    """
    lines = [
        "# Codes",
        "",
        "Every verdict and finding has a stable code. A page says what it means, from which threshold on it is said,",
        "how often it may be wrong and how often it was, and how to mute it. All pages are written from one table in",
        "`heldout.codes`.",
    ]
    for digit, kind in _KINDS.items():
        lines += ["", f"## HO{digit}xx: {kind}", ""]
        lines += [f"- [{item.code}]({item.code}.md) {item.title}" for item in codes if item.code[2] == digit]
    return "\n".join(lines) + "\n"


def say_measured(code: Code) -> str:
    """Say how often a code was wrong (or caught what it should) on data whose truth is known.

    Args:
        code: its line of the table.

    Example:
        >>> from heldout.codes.record import Measured
        >>> say_measured(Code("", "", "", "", "", (Measured("clean data called faulty", 0.0, 2.5, least=0),)))
        'clean data called faulty: 0 to 2.5 % by kind of data and suite (docs/error-rates.md).'
    """
    planted = " ".join(
        f"{item.promise[:1].upper()}{item.promise[1:]}: {item.result}." for item in list_planted(code.code)
    )
    planted += " Planted, with clean twins (docs/results.md)." if planted else ""
    if not code.measured:
        return planted or "Not measured yet on data whose truth is known."
    told = "; ".join(
        f"{item.promise}: {item.low:g} to {item.high:g} %"
        if item.low != item.high
        else f"{item.promise}: {item.low:g} %"
        for item in code.measured
    )
    least = max(item.least for item in code.measured)
    kinds = (
        f"by suite and kind of data, kinds with at least {least} claims"
        if least
        else "by kind of data and suite"
    )
    return f"{told} {kinds} (docs/error-rates.md). {planted}".rstrip()


def say_mute(code: Code) -> str:
    """Say how a code is silenced, or why it cannot be.

    Args:
        code: its line of the table.

    Example:
        >>> say_mute(Code("HO101", "overfits from", "", "", ""))
        'A verdict cannot be muted.'
    """
    if code.is_verdict:
        return "A verdict cannot be muted."
    line = (
        f'`mute = ["{code.code}"]` in `heldout.toml`: the finding then stands only in the report\'s list of muted '
        "ones."
    )
    gate = " Where it overrides the verdict, it is critical and is never silenced."
    return line + (gate if code.code.startswith("HO3") else "")


def _say(text: str) -> str:
    told = f"{text[:1].upper()}{text[1:].rstrip('.')}"
    return told if told.endswith("?") else f"{told}."


def _wrap(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)
