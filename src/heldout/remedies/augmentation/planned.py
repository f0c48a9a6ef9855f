"""Which augmentations a study tries when its user names none.

Every use costs a training at the remedies' rung, so the lists are short, the likeliest first. None looks at the data's
name or words: a change that would make another thing of an example (a mirrored digit) is tried beside the same change
without it, and the loss on validation rows decides. All figures are assumptions unless a comment says where they were
measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from heldout.remedies.augmentation.batch import AUGMENTERS, list_augmenters
from heldout.remedies.augmentation.combinations import list_parts

Plan = tuple[tuple[str, float], ...]

PICTURE_USES: Plan = (
    ("moves", 1.0),
    ("flip and moves", 1.0),
    ("turn and moves", 1.0),
    ("flip and shift and cutout", 1.0),
    ("light and moves", 1.0),
    ("mixup", 0.5),
    ("flip", 0.5),
    ("moves", 2.0),
    ("flip and moves", 2.0),
    ("turn and moves and light", 1.0),
    ("blur and sharpen and noise", 1.0),
    ("flip and moves and cutout and light", 1.5),
)
# A strand, or where a sequence begins, may carry the label: tried, and decided on validation rows like all others.
RESIDUE_USES: Plan = (
    ("mutation", 0.05),
    ("mixup", 0.5),
    ("mutation", 0.1),
    ("shift and mutation", 1.0),
    ("mutation", 0.02),
    ("shift", 0.05),
    ("mutation", 0.2),
)
BASE_USES: Plan = (
    ("mutation", 0.05),
    ("reverse complement", 0.5),
    ("mixup", 0.5),
    ("mutation", 0.1),
    ("shift and mutation", 1.0),
    ("mutation", 0.02),
    ("reverse complement and mutation", 1.0),
)
# kind of data -> number of strengths (2 quick, 3 standard, 5 thorough) -> uses
PLANNED: dict[str, dict[int, Plan]] = {
    "picture": {2: PICTURE_USES[:4], 3: PICTURE_USES[:7], 5: PICTURE_USES},
    "signal": {
        2: (("noise", 0.1), ("shift and scaling", 1.0)),
        3: (("noise", 0.1), ("shift and scaling", 1.0), ("shift and scaling and noise", 1.0), ("mixup", 0.5)),
        5: (
            ("noise", 0.1),
            ("shift and scaling", 1.0),
            ("shift and scaling and noise", 1.0),
            ("mixup", 0.5),
            ("noise", 0.3),
            ("shift and scaling", 2.0),
            ("shift", 0.05),
        ),
    },
    "bases": {2: BASE_USES[:2], 3: BASE_USES[:4], 5: BASE_USES},
    "bases of either strand": {2: RESIDUE_USES[:2], 3: RESIDUE_USES[:4], 5: RESIDUE_USES},
    "residues": {2: RESIDUE_USES[:2], 3: RESIDUE_USES[:4], 5: RESIDUE_USES},
    "tokens": {
        2: (("word dropout", 0.2), ("span deletion and word dropout", 1.0)),
        3: (
            ("word dropout", 0.1),
            ("span deletion and word dropout", 1.0),
            ("word dropout", 0.3),
            ("word swap and word dropout", 1.0),
        ),
        5: (
            ("word dropout", 0.05),
            ("span deletion and word dropout", 1.0),
            ("word dropout", 0.3),
            ("word swap and word dropout", 1.0),
            ("word dropout", 0.15),
            ("word dropout", 0.5),
            ("word swap and span deletion and word dropout", 1.0),
        ),
    },
    "numbers": {
        2: (("noise", 0.1), ("mixup", 0.5)),
        3: (("noise", 0.1), ("mixup", 0.5), ("noise", 0.3), ("swap noise", 0.1)),
        5: (
            ("noise", 0.1),
            ("mixup", 0.3),
            ("noise", 0.3),
            ("swap noise", 0.05),
            ("noise", 0.05),
            ("mixup", 1.0),
            ("swap noise", 0.15),
        ),
    },
}


def list_planned(n_strengths: int, kind: str, parts: Sequence[str] = ()) -> Plan:
    """List the augmentations tried by default, each with its strength, the likeliest first.

    Args:
        n_strengths: 2, 3 or 5 by preset.
        kind: kind of data (`records.InputLayout.kind`).
        parts: kinds of the parts of a joined row; the likeliest of each kind, then the next of each, as many as the
            longest list has.

    Example:
        >>> list_planned(2, "numbers")
        (('noise', 0.1), ('mixup', 0.5))
        >>> list_planned(2, "joined", ("numbers", "picture"))[:2]
        (('noise', 0.1), ('moves', 1.0))
    """
    lists = [_plan_kind(n_strengths, one) for one in dict.fromkeys(parts or (kind,))]
    longest = max((len(plan) for plan in lists), default=0)
    turns = [plan[turn] for turn in range(longest) for plan in lists if turn < len(plan)]
    fitting = set(list_augmenters(kind, parts))
    kept = [use for use in dict.fromkeys(turns) if fitting.issuperset(list_parts(use[0]))]
    return tuple(kept[:longest])


def _plan_kind(n_strengths: int, kind: str) -> Plan:
    """A kind without a list of its own tries each of its augmenters at its usual strengths."""
    if kind in PLANNED:
        return PLANNED[kind][n_strengths]
    return tuple(
        (name, strength)
        for name, augmenter in AUGMENTERS.items()
        if kind in augmenter.kinds
        for strength in augmenter.strengths[n_strengths]
    )
