from __future__ import annotations

import pytest

from heldout.executors.pace import AUGMENTED_COMPILE, Offer, Pace


def test_a_slow_machine_is_expected_to_stay_slow() -> None:
    assert Pace(spent=30.0, estimated=10.0).expect(4.0) == 12.0
    assert Pace().expect(4.0) == 4.0


@pytest.mark.parametrize(("seconds", "kept"), [(0.0, []), (4.0, [0]), (9.0, [0, 1]), (100.0, [0, 1, 2])])
def test_a_ladder_ends_at_the_first_rung_that_does_not_fit(seconds: float, kept: list[int]) -> None:
    offers = [Offer(4.0, "a"), Offer(5.0, "a"), Offer(1.0, "a")]
    assert Pace().count_affordable(offers, seconds, least=0) == kept


def test_a_dear_remedy_is_passed_over_for_cheaper_ones() -> None:
    pace = Pace(compiled=3.0)
    offers = [
        Offer(1.0, "augmented", augments=True, is_optional=True),
        Offer(1.0, "plain", is_optional=True),
        Offer(1.0, "plain", is_optional=True),
    ]
    assert pace.count_affordable(offers, 3.0, least=0, there=["plain"]) == [1, 2]
    enough = 3.0 * AUGMENTED_COMPILE + 3.0
    assert pace.count_affordable(offers, enough, least=0, there=["plain"]) == [0, 1, 2]


def test_the_least_is_trained_whatever_it_takes() -> None:
    offers = [Offer(50.0, "a"), Offer(60.0, "b"), Offer(70.0, "c")]
    assert Pace().count_affordable(offers, -5.0, least=2) == [0, 1]
