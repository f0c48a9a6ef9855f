import pytest

from heldout.ladder.expected import (
    CONTENDING_STRENGTHS,
    HALVES,
    MOST_PAIRS,
    RATES_TRIED,
    STRENGTH_SEEDS,
    expect_phases,
)


def count(phases, name):
    return sum(phase.n_networks for phase in phases if phase.name == name)


@pytest.mark.parametrize("n_folds", [1, 2, 5])
def test_every_phase_by_hand(n_folds):
    phases = expect_phases(8, n_seeds=5, n_folds=n_folds, n_uses=12, has_halves=True)
    assert count(phases, "learning rates") == 8 * RATES_TRIED * min(2, n_folds)
    assert count(phases, "ladder") == 8 * 5 * n_folds
    # one seed of each strength, four more of those that stay in the race
    assert count(phases, "remedies") == pytest.approx(12 * (1 + CONTENDING_STRENGTHS * 4) * n_folds)
    assert count(phases, "halves") == HALVES * n_folds
    assert {phase.place for phase in phases if phase.name in ("remedies", "pairs")} == {4, 7}


def test_with_as_many_seeds_as_a_race_begins_with_nothing_is_left_out():
    phases = expect_phases(5, n_seeds=STRENGTH_SEEDS, n_folds=1, n_uses=8, has_halves=False)
    for phase in phases:
        if phase.name != "pairs":
            assert phase.n_networks == pytest.approx(phase.at_most)
    assert count(phases, "halves") == 0


@pytest.mark.parametrize("n_seeds", [1, 3, 5, 8])
@pytest.mark.parametrize("n_uses", [0, 8, 30])
def test_no_more_are_expected_than_there_can_be(n_seeds, n_uses):
    phases = expect_phases(8, n_seeds=n_seeds, n_folds=5, n_uses=n_uses, has_halves=True)
    assert all(0 <= phase.n_networks <= phase.at_most + 1e-6 for phase in phases)
    most = {name: sum(p.at_most for p in phases if p.name == name) for name in ("remedies", "pairs")}
    assert most == {"remedies": n_uses * n_seeds * 5, "pairs": MOST_PAIRS * n_seeds * 5}
