import numpy as np

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.evidence.codes import CODES, GATE_CODES
from heldout.evidence.gates import list_findings, list_overriding, override_chosen, override_ladder
from heldout.evidence.gates.build import skip_gate, write_gate
from heldout.evidence.verdict import judge_chosen, judge_ladder
from heldout.records import ChosenVerdict, Severity

FAULT = write_gate("HO301", "Half of the rows are copies.", fired=True, overrides=True, action="look")
QUESTION = write_gate("HO303", "A column says it all.", fired=True)
PASSED = write_gate("HO304", "They look alike.", fired=False, overrides=True)
SKIPPED = skip_gate("HO310", "a number is predicted")


def make_ladder():
    rng = np.random.default_rng(0)
    rows = rng.gamma(2.0, 0.1, 400)
    curves = ([0.7, 0.5, 0.5], [0.6, 0.4, 0.9], [0.6, 0.4, 1.0])
    return [
        make_run(draw_losses(rng, curve, n_rows=400, rows=rows), size=10 * 4**i, index=i)
        for i, curve in enumerate(curves)
    ]


def test_only_gates_that_fired_and_can_move_the_score_override():
    assert list_overriding([FAULT, QUESTION, PASSED, SKIPPED]) == (FAULT,)
    assert not PASSED.overrides  # what did not fire overrides nothing
    assert (SKIPPED.state, SKIPPED.sentence) == ("not applicable", "A number is predicted.")


def test_the_ladder_is_undecided_with_its_own_code_and_keeps_its_answers():
    runs, settings = make_ladder(), make_settings(400)
    plain = judge_ladder(runs, settings)
    assert plain.code == "HO101"
    assert override_ladder(plain, [QUESTION, PASSED]).sentence == plain.sentence
    verdict = override_ladder(plain, [QUESTION, FAULT])
    assert (verdict.word, verdict.code, verdict.rung) == ("undecided", "HO104", -1)
    assert str(verdict.per_rung) == str(plain.per_rung)
    assert "Data or bug [HO301]: Half of the rows are copies." in verdict.sentence
    assert plain.sentence in verdict.sentence


def test_the_chosen_verdict_is_data_or_bug_and_keeps_its_answers():
    runs, settings = make_ladder(), make_settings(400)
    plain = judge_chosen(runs[0], runs, settings, n_rows=400)
    verdict = judge_chosen(runs[0], runs, settings, gates=[FAULT], n_rows=400)
    assert (verdict.word, verdict.code) == ("data or bug", "HO119")
    assert str(verdict.answers) == str(plain.answers)
    assert verdict.sentence.endswith(f"Without that it would be: {plain.word}.")


def test_several_faults_are_all_named():
    other = write_gate("HO306", "Labels are turned.", fired=True, overrides=True)
    verdict = override_chosen(ChosenVerdict("good fit", "HO116", "", ()), [FAULT, other])
    assert verdict.sentence.startswith("Data or bug [HO301] (and HO306): Half")


def test_cannot_tell_stays_cannot_tell():
    verdict = ChosenVerdict("cannot tell", "HO118", "Cannot tell: 12 rows.", ())
    assert override_chosen(verdict, [FAULT]) == verdict


def test_gates_are_listed_as_findings():
    found = list_findings([FAULT, QUESTION, PASSED, SKIPPED])
    assert [item.severity for item in found] == [
        Severity.CRITICAL,
        Severity.WARNING,
        Severity.INFO,
        Severity.INFO,
    ]
    assert found[0].action == "look"
    assert found[2].title == "passed: fit and validation rows differ"
    assert found[3].title.startswith("not applicable: ")


def test_every_gate_has_its_row_in_the_published_table():
    assert [item.code for item in GATE_CODES] == [f"HO3{number:02}" for number in range(1, 12)]
    assert {"HO104", "HO119"} <= {item.code for item in CODES}
    assert all(item.title and item.meaning and item.threshold and item.error_rate for item in GATE_CODES)
