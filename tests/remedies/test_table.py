import re

import pytest

from heldout.errors import UsageError
from heldout.ladder import plain_hyper
from heldout.records import RemedyUse, Rung
from heldout.remedies import REMEDIES, apply_remedies, describe_strength, plan_uses, refuse_layers
from heldout.remedies.augmentation import list_planned

RUNG = Rung(3, (8, 8), 100, 0.002)


def test_remedies_are_those_of_the_lecture():
    assert set(REMEDIES) == {"early_stopping", "fewer_parameters", "augmentation", "dropout", "l1", "l2"}


def by_name(uses):
    """Remedy -> strengths, or augmenter -> strengths."""
    found = {}
    for use in uses:
        found.setdefault(use.detail or use.name, []).append(use.strength)
    return {name: tuple(values) for name, values in found.items()}


@pytest.mark.parametrize("n_strengths", [2, 3, 5])
@pytest.mark.parametrize("kind", ["numbers", "tokens", "signal", "picture"])
def test_without_a_wish_every_remedy_that_trains_has_its_usual_strengths(n_strengths, kind):
    wanted = {name: REMEDIES[name].strengths[n_strengths] for name in ("dropout", "l2", "l1")}
    for detail, strength in list_planned(n_strengths, kind):
        wanted[detail] = (*wanted.get(detail, ()), strength)
    assert by_name(plan_uses(n_strengths, {}, {}, kind=kind)) == wanted


def test_every_remedy_is_tried_once_before_any_is_tried_twice():
    names = [use.name for use in plan_uses(3, {}, {}, kind="picture")]
    assert set(names[:4]) == {"augmentation", "dropout", "l1", "l2"}


def test_named_strengths_replace_the_usual_ones_and_none_leave_the_remedy_out():
    planned = by_name(plan_uses(3, {"dropout": (0.9, 0.1), "l1": (), "augmentation": ()}, {}, kind="numbers"))
    assert planned == {"dropout": (0.9, 0.1), "l2": REMEDIES["l2"].strengths[3]}


def test_named_kinds_are_the_only_ones_tried():
    chosen, kinds = (
        {"dropout": (), "l1": (), "l2": ()},
        {"augmentation": {"flip": (0.5,), "shift": (0.1, 0.2)}},
    )
    assert by_name(plan_uses(3, chosen, kinds, kind="picture")) == {"flip": (0.5,), "shift": (0.1, 0.2)}


def test_an_augmenter_of_other_data_is_refused_before_training():
    with pytest.raises(UsageError, match="augmenter 'flip' does not apply to these data") as caught:
        plan_uses(3, {}, {"augmentation": {"flip": (0.5,)}}, kind="numbers")
    assert caught.value.hint == "augmenters here are noise, swap noise, mixup"
    with pytest.raises(UsageError, match="unknown augmenter 'flop'"):
        plan_uses(3, {}, {"augmentation": {"flop": (0.5,)}}, kind="picture")


def test_several_augmenters_may_be_asked_together():
    planned = plan_uses(2, {}, {"augmentation": {"flip and moves": (1.0, 2.0)}}, kind="picture")
    assert [(use.detail, use.strength) for use in planned if use.name == "augmentation"] == [
        ("flip and moves", 1.0),
        ("flip and moves", 2.0),
    ]
    with pytest.raises(UsageError, match="augmenter 'flip' does not apply to these data"):
        plan_uses(2, {}, {"augmentation": {"noise and flip": (1.0,)}}, kind="signal")
    with pytest.raises(
        UsageError, match=re.escape("flip and moves strength 5 is outside its range 0 <= strength <= 4")
    ):
        plan_uses(2, {}, {"augmentation": {"flip and moves": (5.0,)}}, kind="picture")


def test_a_joined_row_takes_the_augmenters_of_its_parts():
    kinds = {"augmentation": {"flip": (0.5,), "word swap": (0.1,)}}
    assert by_name(
        plan_uses(2, {"dropout": (), "l1": (), "l2": ()}, kinds, kind="joined", parts=("tokens", "picture"))
    )
    with pytest.raises(
        UsageError, match="augmenter 'flip' does not apply to these data: it is for picture, these are"
    ):
        plan_uses(2, {}, kinds, kind="joined", parts=("tokens", "numbers"))


@pytest.mark.parametrize("name", ["dropout", "l1", "l2", "rotate", "mixup", "flip and moves"])
def test_every_strength_can_be_said_in_words(name):
    text = describe_strength(name, 0.25)
    assert name.split(" ")[0] in text
    assert "25 %" in text or "0.25" in text or "12.5 %" in text


def test_what_has_no_strength_cannot_be_described():
    with pytest.raises(UsageError, match="early_stopping has no strength of its own, got 3"):
        describe_strength("early_stopping", 3.0)
    with pytest.raises(UsageError, match="augmentation has no strength of its own") as caught:
        describe_strength("augmentation", 0.5)
    assert caught.value.hint == "of augmentation name the augmenter"
    with pytest.raises(UsageError, match="unknown augmenter 'flop'"):
        describe_strength("flop", 0.5)


def test_strengths_of_augmentation_without_a_kind_are_ambiguous():
    with pytest.raises(UsageError, match="do not say of which augmenter"):
        plan_uses(3, {"augmentation": (0.1,)}, {}, kind="numbers")


def test_an_unknown_remedy_lists_the_known_ones():
    with pytest.raises(UsageError, match="unknown remedy 'droput'") as caught:
        plan_uses(3, {"droput": (0.1,)}, {}, kind="numbers")
    assert caught.value.hint == f"remedies are {', '.join(REMEDIES)}"


def test_the_first_impossible_strength_is_named():
    text = re.escape("dropout strength 1 is outside its range 0 <= strength < 1")
    with pytest.raises(UsageError, match=text):
        plan_uses(3, {"l2": (5.0,), "dropout": (0.2, 1.0, 7.0)}, {}, kind="numbers")
    with pytest.raises(
        UsageError, match=re.escape("flip strength 1.5 is outside its range 0 <= strength <= 1")
    ):
        plan_uses(3, {}, {"augmentation": {"flip": (1.5,)}}, kind="picture")


def test_a_plain_rung_has_a_plain_name_and_training():
    configuration = apply_remedies(RUNG, ())
    assert (configuration.name, configuration.remedies) == ("rung 3", ())
    assert configuration.hyper == plain_hyper(RUNG)


def test_pairs_are_applied_together_and_named_in_order():
    uses = (RemedyUse("dropout", 0.3), RemedyUse("l2", 0.001))
    configuration = apply_remedies(RUNG, uses)
    assert configuration.name == "rung 3 + dropout 0.3 + l2 0.001"
    assert configuration.remedies == uses
    assert configuration.hyper.dropout == (0.0, 0.3, 0.3)
    assert configuration.hyper.l2 == (0.001,) * 3
    assert configuration.hyper.l1 == (0.0,) * 3
    turned = apply_remedies(RUNG, uses[::-1])
    assert turned.hyper == configuration.hyper
    assert turned.name != configuration.name


def test_strengths_that_differ_have_names_that_differ():
    strengths = [value for values in REMEDIES["l1"].strengths.values() for value in values]
    names = {apply_remedies(RUNG, (RemedyUse("l1", value),)).name for value in strengths}
    assert len(names) == len(set(strengths))


def test_a_rung_without_the_layers_named_is_never_trained_as_plain():
    with pytest.raises(UsageError, match=re.escape("dropout on layer 9: rung 3 has layers 0 to 2")):
        apply_remedies(RUNG, (RemedyUse("dropout", 0.3),), layers={"dropout": (9,)})
    some = apply_remedies(RUNG, (RemedyUse("dropout", 0.3),), layers={"dropout": (2, 9)})
    assert some.hyper.dropout == (0.0, 0.0, 0.3)


def test_layers_that_no_rung_has_are_refused_and_the_range_is_named():
    rungs = [Rung(0, (), 9, 0.01), RUNG]
    refuse_layers(rungs, {"dropout": (2,), "l1": (0, 1), "l2": ()})
    with pytest.raises(UsageError, match="l1 on layers 3, 9: the networks of this study have layers 0 to 2"):
        refuse_layers(rungs, {"dropout": (2,), "l1": (0, 3, 9)})
    with pytest.raises(UsageError, match="l2 on layer 1: the networks of this study have layer 0"):
        refuse_layers(rungs[:1], {"l2": (1,)})
    residual = Rung(1, (), 100, 0.01, "residual", (8, 16), 3)
    last = len(plain_hyper(residual).dropout) - 1
    refuse_layers([residual], {"dropout": (last,)})
    with pytest.raises(UsageError, match=f"have layers 0 to {last}"):
        refuse_layers([residual], {"dropout": (last + 1,)})


def test_what_all_networks_are_trained_with_stays_under_every_remedy():
    rung = Rung(3, (8, 8), 100, 0.002, weight_decay=0.01, label_smoothing=0.1)
    hyper = apply_remedies(rung, (RemedyUse("l2", 0.01), RemedyUse("dropout", 0.3))).hyper
    assert (hyper.weight_decay, hyper.label_smoothing, hyper.learning_rate) == (0.01, 0.1, 0.002)


@pytest.mark.parametrize(
    ("uses", "rate"),
    [
        ((), 0.001),
        ((RemedyUse("l2", 0.01),), 0.001),
        ((RemedyUse("augmentation", 1.0, "moves"),), 0.01),
        ((RemedyUse("l2", 0.01), RemedyUse("augmentation", 1.0, "moves")), 0.01),
    ],
)
def test_augmented_pictures_have_a_rate_of_their_own(uses, rate):
    rung = Rung(1, (), 100, 0.001, family="residual", channels=(8,), kernel=3, augmented_rate=0.01)
    assert apply_remedies(rung, uses).hyper.learning_rate == rate
    alone = Rung(1, (), 100, 0.001, family="residual", channels=(8,), kernel=3)
    assert apply_remedies(alone, uses).hyper.learning_rate == 0.001
