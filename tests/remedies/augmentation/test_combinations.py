import pytest

from heldout.errors import UsageError
from heldout.remedies.augmentation import AUGMENTERS
from heldout.remedies.augmentation.combinations import (
    GROUPS,
    describe_augmentation,
    find_largest,
    list_parts,
    spread_strength,
)


def test_one_augmenter_keeps_its_own_unit_and_several_get_multiples_of_the_usual():
    assert spread_strength("rotate", 33.0) == (("rotate", 33.0),)
    assert dict(spread_strength("rotate and zoom", 0.5)) == {"rotate": 5.0, "zoom": 0.05}
    assert dict(spread_strength("moves", 2.0)) == {"rotate": 20.0, "zoom": 0.2, "shear": 0.2, "shift": 0.2}


def test_no_multiple_exceeds_the_largest_usual_strength():
    for detail in (*GROUPS, "flip and turn and cutout and mixup and word dropout"):
        for name, strength in spread_strength(detail, find_largest(detail)):
            assert strength <= max(AUGMENTERS[name].strengths[5]) <= AUGMENTERS[name].largest
    assert dict(spread_strength("flip and shift", 4.0))["flip"] == 0.5  # flipping all would be nothing new


def test_an_augmenter_named_twice_counts_once():
    assert list_parts("shift and moves") == ("shift", "rotate", "zoom", "shear")


def test_names_of_groups_and_augmenters_can_be_told_apart():
    assert not set(GROUPS) & set(AUGMENTERS)
    assert not any(" and " in name for name in (*GROUPS, *AUGMENTERS))


def test_an_unknown_name_among_several_is_named():
    with pytest.raises(UsageError, match="unknown augmenter 'flop'") as caught:
        list_parts("flip and flop")
    assert "moves" in caught.value.hint


@pytest.mark.parametrize("name", sorted(AUGMENTERS))
def test_a_strength_in_words_has_its_number(name):
    text = describe_augmentation(name, 0.5)
    assert text.startswith(f"{name}: ")
    assert any(number in text for number in ("0.5", "50 %", "25 %"))
