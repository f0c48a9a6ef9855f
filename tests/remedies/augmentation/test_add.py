from heldout.ladder import plain_hyper
from heldout.records import Rung
from heldout.remedies.augmentation import add_augmentation

PLAIN = plain_hyper(Rung(1, (4,), 9, 0.01))


def test_augmenters_add_up_and_the_same_one_is_replaced():
    once = add_augmentation(PLAIN, 0.1, "noise")
    twice = add_augmentation(once, 0.5, "mixup")
    assert twice.augmentation == (("noise", 0.1), ("mixup", 0.5))
    assert add_augmentation(twice, 0.2, "noise").augmentation == (("mixup", 0.5), ("noise", 0.2))
    assert add_augmentation(once, 0.0, "noise") == PLAIN
