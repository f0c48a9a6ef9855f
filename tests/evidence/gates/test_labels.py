import pytest

from heldout.evidence.gates import gate_labels
from heldout.records import Answer


def skill(word):
    return Answer("skill", word, 0.0, -0.01, 0.01, 0.0)


def memorising(word, estimate, low):
    return Answer("memorising", word, estimate, low, 2 * estimate - low, 0.02)


def test_labels_that_are_learned_but_do_not_hold_are_a_fault():
    gate = gate_labels(skill("no"), memorising("no", 0.3, 0.2))
    assert (gate.code, gate.state, gate.overrides) == ("HO305", "fired", True)
    assert "worse with permuted labels" in gate.sentence
    assert gate.estimate == 0.3


@pytest.mark.parametrize(
    ("word", "answer", "state"),
    [
        ("yes", memorising("no", 0.3, 0.2), "passed"),
        ("undecided", memorising("undecided", 0.3, 0.2), "not applicable"),
        (
            "no",
            memorising("yes", 0.001, -0.01),
            "passed",
        ),  # nothing to learn: permuted labels are fitted as well
        ("no", memorising("no", 0.01, 0.005), "passed"),  # below the tolerance
        ("no", memorising("not applicable", float("nan"), float("nan")), "not applicable"),
    ],
)
def test_without_both_signs_there_is_no_fault(word, answer, state):
    gate = gate_labels(skill(word), answer)
    assert (gate.state, gate.overrides) == (state, False)
