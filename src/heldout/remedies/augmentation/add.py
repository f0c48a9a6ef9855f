"""Augmentation as a remedy: augmenters at a strength, added to a training."""

from __future__ import annotations

from dataclasses import replace

from heldout.records import Hyper
from heldout.remedies.augmentation.combinations import spread_strength


def add_augmentation(hyper: Hyper, strength: float, detail: str) -> Hyper:
    """Change the examples of every step; each augmenter replaces itself at another strength.

    Args:
        hyper: the training to change.
        strength: in the augmenter's own unit, or a multiple of the usual where several are named; 0 leaves the
            training as it is.
        detail: an augmenter (`AUGMENTERS`), or several ("flip and moves").

    Example:
        >>> add_augmentation(Hyper(1e-3, (0.0,), (0.0,), (0.0,)), 0.1, "noise").augmentation
        (('noise', 0.1),)
    """
    pairs = spread_strength(detail, strength)
    named = {name for name, _ in pairs}
    others = tuple(pair for pair in hyper.augmentation if pair[0] not in named)
    return replace(hyper, augmentation=(*others, *pairs) if strength else others)
