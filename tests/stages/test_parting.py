import numpy as np

from evidence.made_runs import make_settings
from heldout.evidence.gates import gate_shift
from heldout.stages.parting import score_out_of_fold, weigh_classes

N_FIT, N_HELD = 240, 100


def ask(seed, *, held_share=0.15, moved=0.0, within=True):
    """Two classes whose features lie far apart, 60 % of the fit rows in the second; HO304 on rows drawn within them."""
    rng = np.random.default_rng(seed)
    is_validation = np.arange(N_FIT + N_HELD) >= N_FIT
    stratum = (rng.random(is_validation.size) < np.where(is_validation, held_share, 0.6)).astype(np.int64)
    features = rng.normal(size=(is_validation.size, 4)) + 2.0 * stratum[:, None]
    features[:, 0] += moved * is_validation
    unit = np.arange(is_validation.size)
    weight = weigh_classes(stratum, is_validation) if within else None
    score = score_out_of_fold(features, is_validation, unit=unit, rng=rng, weight=weight)
    losses = rng.gamma(2.0, 0.25, (3, N_HELD)).astype(np.float32)
    given = stratum if within else None
    return gate_shift(score, is_validation, unit, losses, make_settings(N_HELD), stratum=given)


def test_other_class_shares_alone_are_no_shift():
    assert all(
        ask(seed, within=False).state == "fired" for seed in range(3)
    )  # what the classes alone would tell
    fired = sum(ask(seed).state == "fired" for seed in range(25))
    assert fired <= 2  # 25 times 2.5 %: more than two in 2 % of such counts


def test_a_shift_within_classes_is_found_beside_other_class_shares():
    gates = [ask(seed, moved=1.0) for seed in range(8)]
    assert sum(gate.state == "fired" for gate in gates) == 8
    assert "tells them apart within classes with AUC" in gates[0].sentence


def test_fit_rows_weigh_as_the_classes_of_the_validation_rows():
    stratum = np.array([0] * 8 + [1] * 2 + [0] * 3 + [1] * 3)
    sides = np.arange(16) >= 10
    weight = weigh_classes(stratum, sides)
    assert (weight[sides] == 1).all()
    assert weight[~sides].mean() == 1
    assert np.average(stratum[~sides], weights=weight[~sides]) == 0.5
