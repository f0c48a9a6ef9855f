import numpy as np

from heldout.audit.input import list_features, read_target
from heldout.stages.suite_leaks import audit_made, check_leak
from heldout.suite import Sizes, draw_sound, make_rng, plant_fault


def test_a_planted_leak_is_asked_about_and_clean_columns_are_not():
    for index in range(3):
        planted, clean = check_leak(1, index)
        assert (planted.promise, planted.value) == ("fault: leak", 1.0)
        assert (clean.promise, clean.value) == ("fault: column as leak", 0.0)


def test_only_the_planted_column_counts_as_caught(monkeypatch):
    """A gate that asks about another column has not caught the leak."""
    monkeypatch.setattr(
        "heldout.stages.suite_leaks.plant_fault", lambda rng, task, fault: _plant_first(rng, task)
    )
    assert check_leak(1, 0)[0].value == 0.0


def _plant_first(rng, task):
    made = plant_fault(rng, task, "leak")
    made.features[:, 0], made.features[:, -1] = made.features[:, -1].copy(), task.features[:, 0]
    return made


def test_the_audit_reads_the_fit_rows_alone():
    task = draw_sound(make_rng("leaks", 1, 0), Sizes(80, 40, 0))
    data = audit_made(task, seed=1)
    assert len(data.rows) == 80
    assert len(list_features(data)) == task.features.shape[1]
    np.testing.assert_array_equal(read_target(data), task.target[:80])
