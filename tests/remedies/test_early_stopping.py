import pytest

from heldout.remedies.early_stopping import STRENGTHS, add_early_stopping
from train.made_tensors import make_hyper


@pytest.mark.parametrize("strength", [0.0, 5.0])
def test_the_training_stays_as_it_is(strength):
    """Networks run to the last epoch; when to stop is read from their recorded losses."""
    hyper = make_hyper(dropout=(0.1, 0.2), l1=(0.3, 0.4), l2=(0.5, 0.6))
    assert add_early_stopping(hyper, strength) == hyper


def test_it_costs_no_training():
    assert set(STRENGTHS.values()) == {()}
