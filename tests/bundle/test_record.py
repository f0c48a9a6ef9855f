"""The record: sizes, inputs, and what the fit rows looked like."""

from dataclasses import replace

import numpy as np
import pytest

from heldout.bundle.record import Member, list_inputs, list_sizes, merge_rates
from heldout.errors import BundleError


def make(*layers):
    return Member(tuple(layers), state=0, seed=0, fold=0, epoch=1)


def layer(n_in, n_out, dtype=np.float32):
    return np.zeros((n_in, n_out), dtype), np.zeros(n_out, dtype)


def test_sizes():
    assert list_sizes((make(layer(3, 4), layer(4, 2)),) * 2) == (3, 4, 2)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ((), "at least one network, got 0"),
        ((make(),), "at least one layer, got 0"),
        ((make(layer(3, 1)), make(layer(2, 1))), "network 1 has layers"),
        ((make(layer(3, 4), layer(5, 1)),), "do not fit together"),
        ((make(layer(3, 1, np.float64)),), "expected float32"),
        ((make((np.zeros((3, 1), np.float32), np.zeros(2, np.float32))),), "do not fit together"),
    ],
)
def test_refused_sizes(members, words):
    with pytest.raises(BundleError, match=words):
        list_sizes(members)


def test_inputs_are_the_columns_with_slots(recipe):
    assert [plan.spec.name for plan in list_inputs(recipe)] == ["age", "color", "smoker", "weight"]
    bare = replace(recipe.columns[1], ops=())
    assert len(list_inputs(replace(recipe, columns=(recipe.columns[0], bare)))) == 1


def test_rates_of_two_states_are_merged(recipe):
    rates = [state.columns[0].rates for state in recipe.states]
    merged = merge_rates(recipe, "age")
    assert merged.missing == pytest.approx((rates[0].missing + rates[1].missing) / 2)
    assert merged.low == min(rate.low for rate in rates)
    assert merged.high == max(rate.high for rate in rates)
    assert merged.median == pytest.approx(np.mean([rate.median for rate in rates]))
    assert merge_rates(recipe, "color").median is None
