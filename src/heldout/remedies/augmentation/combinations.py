"""Augmenters that are asked for together, and what their strengths mean in words.

A use of augmentation names one augmenter ("flip"), whose strength is in its own unit, or several with "and" between
them ("flip and moves"), whose strength is a multiple of what is usual for each: 1 is the usual of all, 0.5 half of it.
"""

from __future__ import annotations

from heldout.errors import UsageError
from heldout.remedies.augmentation.batch import AUGMENTERS, find_augmenter

AND = " and "
# names for what usually goes together
GROUPS: dict[str, tuple[str, ...]] = {
    "moves": ("rotate", "zoom", "shear", "shift"),
    "light": ("brightness", "contrast"),
}
LARGEST_MULTIPLE = 4.0  # of the usual strengths: assumption


def list_parts(detail: str) -> tuple[str, ...]:
    """List the augmenters that a use names, each once.

    Raises:
        UsageError: an unknown augmenter.

    Example:
        >>> list_parts("flip and light")
        ('flip', 'brightness', 'contrast')
    """
    named = (name for word in detail.split(AND) for name in GROUPS.get(word, (word,)))
    parts = tuple(dict.fromkeys(named))
    for name in parts:
        if name not in AUGMENTERS:
            known = ", ".join((*AUGMENTERS, *GROUPS))
            raise UsageError(f"unknown augmenter {name!r}", hint=f"augmenters are {known}")
    return parts


def spread_strength(detail: str, strength: float) -> tuple[tuple[str, float], ...]:
    """Give each augmenter of a use its own strength.

    Of several, each gets its usual strength times the use's, at most its largest usual one: half of the examples
    flipped is as much as can be learned from, all of them flipped would be nothing new.

    Example:
        >>> spread_strength("flip", 0.25)
        (('flip', 0.25),)
        >>> spread_strength("flip and shift", 1.5)
        (('flip', 0.5), ('shift', 0.15))
    """
    parts = list_parts(detail)
    if parts == (detail,):
        return ((detail, strength),)
    return tuple((name, _scale_usual(name, strength)) for name in parts)


def _scale_usual(name: str, strength: float) -> float:
    strengths = AUGMENTERS[name].strengths
    return float(f"{min(strengths[2][0] * strength, max(strengths[5])):.6g}")


def find_largest(detail: str) -> float:
    """Give the largest strength that a use may have, inclusive.

    Example:
        >>> find_largest("rotate"), find_largest("flip and rotate")
        (180.0, 4.0)
    """
    return find_augmenter(detail).largest if detail in AUGMENTERS else LARGEST_MULTIPLE


def describe_augmentation(detail: str, strength: float) -> str:
    """Say in words what a use does to the examples.

    Example:
        >>> describe_augmentation("rotate", 15.0)
        'rotate: up to 15 degrees either way'
        >>> describe_augmentation("flip and shift", 1.0)
        'flip: 50 % mirrored left to right; shift: moved by up to 10 % of the side or length'
    """
    return "; ".join(f"{name}: {_say(name, amount)}" for name, amount in spread_strength(detail, strength))


def _say(name: str, strength: float) -> str:
    augmenter = AUGMENTERS[name]
    if not augmenter.shown:
        return f"{strength:g} ({augmenter.meaning})"
    return augmenter.shown.format(value=strength, percent=100.0 * strength, half=50.0 * strength)
