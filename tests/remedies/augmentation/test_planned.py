import pytest

from heldout.plan import PRESETS
from heldout.remedies.augmentation import AUGMENTERS, find_largest, list_augmenters, list_parts, list_planned
from heldout.remedies.augmentation.planned import PLANNED

MOST = {2: 4, 3: 7, 5: 12}  # each is a training at the remedies' rung


@pytest.mark.parametrize("kind", sorted(PLANNED))
@pytest.mark.parametrize("n_strengths", sorted(MOST))
def test_what_is_tried_applies_lies_in_its_range_and_is_not_too_much(kind, n_strengths):
    planned = list_planned(n_strengths, kind)
    assert 0 < len(planned) <= MOST[n_strengths]
    assert len(set(planned)) == len(planned)
    for detail, strength in planned:
        assert set(list_parts(detail)) <= set(list_augmenters(kind))
        assert 0 < strength <= find_largest(detail)


@pytest.mark.parametrize("kind", sorted(PLANNED))
def test_a_larger_preset_tries_more(kind):
    numbers = [len(list_planned(n_strengths, kind)) for _, _, n_strengths in PRESETS.values()]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("n_strengths", sorted(MOST))
def test_what_can_change_the_label_is_tried_beside_the_same_without_it(n_strengths):
    details = [detail for detail, _ in list_planned(n_strengths, "picture")]
    for change in ("flip", "turn"):
        assert f"{change} and moves" in details
    assert "moves" in details


def test_a_joined_row_tries_the_likeliest_of_each_part_first():
    planned = list_planned(3, "joined", ("tokens", "picture", "numbers"))
    assert planned[:3] == (("word dropout", 0.1), ("moves", 1.0), ("noise", 0.1))
    assert len(planned) <= MOST[3]
    assert "mixup" not in dict(planned)  # rows with words in them are not mixed
    assert list_planned(3, "joined", ("numbers",)) == list_planned(3, "numbers")


def test_a_kind_without_a_list_tries_each_augmenter_at_its_usual_strengths(monkeypatch):
    monkeypatch.delitem(PLANNED, "signal")
    wanted = [
        (name, strength) for name in list_augmenters("signal") for strength in AUGMENTERS[name].strengths[3]
    ]
    assert list(list_planned(3, "signal")) == wanted
