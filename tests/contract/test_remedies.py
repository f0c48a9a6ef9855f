"""What every remedy keeps, whatever it does: one suite over the table of remedies."""

import math
import re
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.ladder import plain_hyper
from heldout.records import Hyper, RemedyUse, Rung
from heldout.remedies import REMEDIES, apply_remedies, plan_uses
from heldout.remedies.augmentation import list_augmenters
from heldout.train.program import MemberSpec, put_data, run_members
from train.made_tensors import (
    CHECKPOINTS,
    assert_same_bits,
    make_hyper,
    make_shape,
    make_tensors,
    take_members,
)

RUNGS = (Rung(0, (), 6, 0.01), Rung(1, (4,), 29, 0.01), Rung(2, (16, 16), 400, 0.001))
# a training that already has something of everything, so that a remedy that forgets or overwrites is seen
FULL = make_hyper(dropout=(0.1, 0.2), l1=(1e-3, 2e-3), l2=(3e-3, 4e-3), label_smoothing=0.05)
TRAINED = [name for name in REMEDIES if any(REMEDIES[name].strengths.values()) or REMEDIES[name].has_kinds]
STRONG = [name for name in TRAINED if not REMEDIES[name].has_kinds]  # those with strengths of their own
AUGMENTERS = list_augmenters("numbers")


@pytest.fixture(params=sorted(REMEDIES))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def data():
    return put_data(make_tensors())


def train(data, *hypers):
    specs = [MemberSpec(hyper, seed, fold) for hyper in hypers for seed, fold in ((0, 0), (1, 1))]
    return run_members(make_shape(augmenters=AUGMENTERS), specs, data, CHECKPOINTS)


def apply(name, hyper, strength):
    detail = AUGMENTERS[0] if REMEDIES[name].has_kinds else ""
    return REMEDIES[name].apply(hyper, RemedyUse(name, strength, detail), ())


def usual_strength(name):
    strengths = [value for values in REMEDIES[name].strengths.values() for value in values]
    return max(strengths, default=1.0)


def test_the_same_strength_gives_the_same_training(name):
    strength = usual_strength(name)
    one, other = (apply(name, FULL, strength) for _ in range(2))
    assert one == other
    assert isinstance(one, Hyper)


def test_nothing_given_is_changed(name):
    before = replace(FULL)
    apply(name, FULL, usual_strength(name))
    assert before == FULL


def test_at_most_one_field_is_changed_and_its_length_kept(name):
    for rung in RUNGS:
        plain = plain_hyper(rung)
        remedied = apply(name, plain, usual_strength(name))
        changed = [f.name for f in fields(Hyper) if getattr(plain, f.name) != getattr(remedied, f.name)]
        assert len(changed) == (name in TRAINED)
        for field in set(changed) - {"augmentation"}:
            assert len(getattr(remedied, field)) == len(rung.widths) + 1


def test_strength_zero_leaves_the_training_unchanged_bit_for_bit(name, data):
    plain = make_hyper()
    assert apply(name, plain, 0.0) == plain
    results = train(data, plain, apply(name, plain, 0.0))
    assert_same_bits(take_members(results, [2, 3]), take_members(results, [0, 1]))


def test_strength_zero_equals_the_limit_of_small_strengths(name, data):
    """No jump at zero: a hardly noticeable strength hardly changes the network."""
    plain = make_hyper()
    results = train(data, plain, apply(name, plain, 1e-7))
    # the losses, not the weights: L1 takes away weights that no data gradient holds, however weak it is
    np.testing.assert_allclose(results.curves[2:], results.curves[:2], atol=1e-4)


def test_a_usual_strength_changes_a_training_and_two_runs_agree(name, data):
    plain = make_hyper()
    remedied = apply(name, plain, usual_strength(name))
    results = train(data, plain, remedied)
    changed = (results.weights[0][:2] != results.weights[0][2:]).any()
    assert changed == (name in TRAINED)
    assert results.alive.all()
    assert_same_bits(train(data, plain, remedied), results)


@pytest.mark.parametrize("name", STRONG)
@pytest.mark.parametrize("strength", [-0.1, -1e-9, math.nan, math.inf, -math.inf])
def test_impossible_strengths_are_refused(name, strength):
    text = f"{name} strength {strength:g} is outside its range 0 <= strength < {REMEDIES[name].largest:g}"
    with pytest.raises(UsageError, match=f"^{re.escape(text)}"):
        plan_uses(3, {name: (0.0, strength)}, {}, kind="numbers")


@pytest.mark.parametrize("strength", [-0.1, 0.0, 0.5, math.nan, math.inf])
@pytest.mark.parametrize("name", sorted(set(REMEDIES) - set(TRAINED)))
def test_what_trains_nothing_has_no_strengths(name, strength):
    with pytest.raises(UsageError, match=f"^{name} has no strengths to try") as refusal:
        plan_uses(3, {name: (strength,)}, {}, kind="numbers")
    assert "leave it out of the remedies" in refusal.value.hint
    assert name not in {use.name for use in plan_uses(3, {name: ()}, {}, kind="numbers")}


@pytest.mark.parametrize("name", STRONG)
def test_the_largest_strength_is_exclusive(name):
    largest = REMEDIES[name].largest
    with pytest.raises(UsageError, match="is outside its range"):
        plan_uses(3, {name: (largest,)}, {}, kind="numbers")
    below = math.nextafter(largest, 0.0)
    uses = plan_uses(3, {name: (below,)}, {}, kind="numbers")
    assert [use.strength for use in uses if use.name == name] == [below]


@pytest.mark.parametrize("n_strengths", [2, 3, 5])
def test_usual_strengths_are_as_many_as_the_preset_says_growing_and_allowed(name, n_strengths):
    strengths = REMEDIES[name].strengths[n_strengths]
    assert len(strengths) == (n_strengths if name in STRONG else 0)
    assert all(0 < value < REMEDIES[name].largest for value in strengths)
    assert all(weaker < stronger for weaker, stronger in pairwise(strengths))


def test_the_name_says_remedy_and_strength(name):
    detail = AUGMENTERS[0] if REMEDIES[name].has_kinds else ""
    configuration = apply_remedies(RUNGS[1], (RemedyUse(name, 0.25, detail),))
    assert configuration.name == f"rung 1 + {name}{' ' if detail else ''}{detail} 0.25"
    assert configuration.rung == RUNGS[1]
    assert configuration.hyper == apply(name, plain_hyper(RUNGS[1]), 0.25)
