"""Augmentation as a remedy: an augmenter at a strength, added to a training."""

from __future__ import annotations

from dataclasses import replace

from heldout.records import Hyper


def add_augmentation(hyper: Hyper, strength: float, detail: str) -> Hyper:
    """Change the examples of every step by one augmenter; it replaces the same augmenter at another strength.

    Args:
        hyper: the training to change.
        strength: in the augmenter's own unit; 0 leaves the training as it is.
        detail: name of the augmenter (`AUGMENTERS`).

    Example:
        >>> add_augmentation(Hyper(1e-3, (0.0,), (0.0,), (0.0,)), 0.1, "noise").augmentation
        (('noise', 0.1),)
    """
    others = tuple(pair for pair in hyper.augmentation if pair[0] != detail)
    return replace(hyper, augmentation=(*others, (detail, strength)) if strength else others)
