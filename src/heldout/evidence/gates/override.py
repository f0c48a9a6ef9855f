"""What gates do to verdicts: those that override replace the word, never the answers with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heldout.records import ChosenVerdict, Finding, Gate, LadderVerdict, Severity


def list_overriding(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """Give the gates that override the verdict, in the order given.

    Args:
        gates: all gates.

    Returns:
        those that fired and override.
    """
    return tuple(gate for gate in gates if gate.state == "fired" and gate.overrides)


def override_chosen(verdict: ChosenVerdict, gates: Sequence[Gate]) -> ChosenVerdict:
    """Give the verdict on the delivered configuration, "data or bug" where a gate overrides it.

    The answers stay, as they are what the losses say; only what they were taken to mean goes. "Cannot tell" stays
    "cannot tell": too few rows are too few for any claim.

    Args:
        verdict: what the losses say.
        gates: all gates, passed ones too.

    Returns:
        the same verdict, or word "data or bug" with code HO119.

    Example:
        >>> fault = Gate("HO301", "copies", "fired", "Half of the rows are copies.", overrides=True)
        >>> override_chosen(ChosenVerdict("good fit", "HO116", "Good fit.", ()), [fault]).sentence
        'Data or bug [HO301]: Half of the rows are copies. Without that it would be: good fit.'
    """
    faults = list_overriding(gates)
    if not faults or verdict.word == "cannot tell":
        return verdict
    sentence = f"{_say_faults(faults)} Without that it would be: {verdict.word}."
    return replace(verdict, word="data or bug", code="HO119", sentence=sentence, second=None)


def override_ladder(verdict: LadderVerdict, gates: Sequence[Gate]) -> LadderVerdict:
    """Give the verdict on the ladder, undecided (HO104) where a gate overrides it.

    Args:
        verdict: what the losses say.
        gates: all gates.

    Returns:
        the same verdict, or "undecided" with code HO104 and no rung.

    Example:
        >>> fault = Gate("HO301", "copies", "fired", "Half of the rows are copies.", overrides=True)
        >>> override_ladder(LadderVerdict("overfits from", "HO101", 2, "Overfits.", ()), [fault]).rung
        -1
    """
    faults = list_overriding(gates)
    if not faults:
        return verdict
    sentence = f"Cannot tell whether any size overfits. {_say_faults(faults)} The losses alone say: {verdict.sentence}"
    return replace(verdict, word="undecided", code="HO104", rung=-1, sentence=sentence, second=None)


def list_findings(gates: Sequence[Gate]) -> tuple[Finding, ...]:
    """Give the gates as findings, so that a report lists what fired and, below, what was looked for in vain.

    Args:
        gates: all gates.

    Returns:
        one finding per gate; critical where it overrides, else a warning where it fired.

    Example:
        >>> list_findings([Gate("HO304", "shift", "passed", "They look alike.")])[0].title
        'passed: shift'
    """
    return tuple(_describe(gate) for gate in gates)


def _describe(gate: Gate) -> Finding:
    if gate.state != "fired":
        return Finding(gate.code, f"{gate.state}: {gate.name}", Severity.INFO, gate.sentence)
    severity = Severity.CRITICAL if gate.overrides else Severity.WARNING
    return Finding(gate.code, gate.name, severity, gate.sentence, action=gate.action)


def _say_faults(faults: Sequence[Gate]) -> str:
    first = faults[0]
    more = f" (and {', '.join(gate.code for gate in faults[1:])})" if len(faults) > 1 else ""
    return f"Data or bug [{first.code}]{more}: {first.sentence}"
