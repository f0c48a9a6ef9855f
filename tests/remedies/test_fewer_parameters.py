import pytest

from heldout.remedies.fewer_parameters import STRENGTHS, add_fewer_parameters
from train.made_tensors import make_hyper


@pytest.mark.parametrize("strength", [0.0, 5.0])
def test_the_training_stays_as_it_is(strength):
    """The smaller rungs of the ladder are its strengths, and they have been trained already."""
    hyper = make_hyper(dropout=(0.1, 0.2), l1=(0.3, 0.4), l2=(0.5, 0.6))
    assert add_fewer_parameters(hyper, strength) == hyper


def test_it_costs_no_training():
    assert set(STRENGTHS.values()) == {()}
