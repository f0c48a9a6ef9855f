import numpy as np
import pytest

from evidence.made_runs import make_settings
from heldout.errors import DataError
from heldout.evidence.gates import gate_columns, gate_copies, gate_groups
from heldout.records import Finding, Severity, Task


def draw(seed=0, *, n_rows=100, shared=40, remembered=0.05, level=0.5):
    """Losses of a network that knows the shared rows by heart."""
    rng = np.random.default_rng(seed)
    rows = rng.gamma(2.0, level / 2, n_rows)
    is_shared = np.arange(n_rows) < shared
    rows[is_shared] *= remembered
    return (rows + rng.normal(0, 0.02, (3, n_rows))).astype(np.float32), is_shared


def test_remembered_copies_override_and_the_move_is_measured():
    losses, is_copy = draw()
    gate = gate_copies(losses, is_copy, make_settings(100))
    assert (gate.code, gate.state, gate.overrides) == ("HO301", "fired", True)
    expected = losses[:, ~is_copy].mean() - losses.mean()
    assert gate.estimate == pytest.approx(expected, abs=1e-6)
    assert gate.low < gate.estimate < gate.high
    assert "40 of 100 validation rows have a copy" in gate.sentence
    assert gate.action


def test_planted_copies_are_always_found_and_clean_rows_never():
    for seed in range(50):
        losses, is_copy = draw(seed, shared=20 + seed)
        assert gate_copies(losses, is_copy, make_settings(100)).overrides
        assert gate_copies(losses, np.zeros(100, bool), make_settings(100)).state == "passed"


def test_one_copy_in_a_thousand_rows_cannot_move_the_score():
    losses, is_copy = draw(n_rows=1000, shared=1)
    gate = gate_copies(losses, is_copy, make_settings(1000))
    assert (gate.state, gate.overrides) == ("fired", False)
    assert gate.high < 0.02


def test_copies_that_were_not_learned_by_heart_do_not_override():
    losses, is_copy = draw(n_rows=2000, shared=400, remembered=1.0)
    gate = gate_copies(losses, is_copy, make_settings(2000, delta=0.05))
    assert (gate.state, gate.overrides) == ("fired", False)


def test_nothing_but_copies_cannot_be_measured_and_overrides():
    losses, _ = draw()
    gate = gate_copies(losses, np.ones(100, bool), make_settings(100))
    assert gate.overrides
    assert "no other rows are left" in gate.sentence


def test_the_interval_of_the_move_covers_what_fresh_rows_would_say():
    covered = 0
    truth = 0.4 * (0.5 - 0.025)  # share of copies times (loss of new rows minus loss of copies)
    for seed in range(300):
        losses, is_copy = draw(seed)
        gate = gate_copies(losses, is_copy, make_settings(100))
        covered += gate.low <= truth <= gate.high + 1e-9
    assert covered / 300 >= 0.86  # two one-sided 95 % bounds, fixed share


def test_declared_groups_override_when_they_can_and_found_ones_when_they_do():
    losses, is_shared = draw(n_rows=60, shared=30, remembered=1.0, level=0.5)
    settings = make_settings(60)
    declared = gate_groups(losses, is_shared, settings, what="'patient'", declared=True)
    found = gate_groups(losses, is_shared, settings, what="'patient'", declared=False)
    assert (declared.state, found.state) == ("fired", "fired")
    assert declared.overrides
    assert not found.overrides
    assert "too high for a new one" in found.sentence
    losses, is_shared = draw(n_rows=200, shared=100)
    assert gate_groups(losses, is_shared, make_settings(200), what="'patient'", declared=False).overrides


def test_groups_that_were_not_cut_pass():
    losses, _ = draw()
    gate = gate_groups(losses, np.zeros(100, bool), make_settings(100), what="'site'", declared=True)
    assert (gate.state, gate.sentence) == ("passed", "No value of 'site' stands on both sides.")


def test_regression_losses_have_their_own_name():
    losses, is_copy = draw()
    gate = gate_copies(losses, is_copy, make_settings(100, task=Task.REGRESSION))
    assert "squared error (standardized target)" in gate.sentence


def test_a_mask_of_another_length_is_refused():
    with pytest.raises(DataError, match="expected one value per validation row"):
        gate_copies(np.zeros((2, 4), np.float32), np.ones(3, bool), make_settings(4))
    with pytest.raises(DataError, match="expected one value per validation row"):
        gate_copies(np.zeros((2, 4), np.float32), np.zeros(3, bool), make_settings(4))


def test_single_columns_are_a_question_and_never_override():
    def finding(code, severity, column=""):
        return Finding(code, "title", severity, "sentence", column=column)

    assert gate_columns([finding("HO201", Severity.INFO)]).state == "not applicable"
    assert gate_columns([finding("HO210", Severity.INFO)]).state == "passed"
    assert gate_columns([finding("HO210", Severity.WARNING, "age")]).state == "passed"
    many = [finding("HO210", Severity.CRITICAL, f"c{number}") for number in range(7)]
    gate = gate_columns([finding("HO209", Severity.CRITICAL, "copy"), *many])
    assert (gate.code, gate.state, gate.overrides) == ("HO303", "fired", False)
    assert "('copy', 'c0', 'c1', 'c2', 'c3' and 3 more)" in gate.sentence
    assert gate.sentence.endswith("is it known at prediction time?")
