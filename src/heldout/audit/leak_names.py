"""Does a column's name say that it holds the answer? Only with an association is that worth a question."""

from __future__ import annotations

from heldout.audit.families import split_name

# Words of columns that were made from the answer, or from a guess at it.
ANSWER_WORDS = frozenset(
    [
        *("pred", "preds", "predicted", "prediction", "predictions", "yhat", "forecast", "proba"),
        *("label", "labels", "labelled", "labeled", "outcome", "outcomes", "target"),
    ]
)
_FEWEST_LETTERS = 4  # of a target's name: "y" or "num" is part of too many names


def sounds_like_target(name: str, target: str) -> bool:
    """Tell whether a column's name holds the whole name of the target, or a word for an answer or a guess.

    Args:
        name: of the column.
        target: name of the target.

    Example:
        >>> sounds_like_target("outcome_code", "outcome"), sounds_like_target("y_pred", "y")
        (True, True)
        >>> sounds_like_target("num_visits", "num"), sounds_like_target("pclass", "class")
        (False, False)
    """
    words = [word for word in split_name(name) if not word.isdigit()]
    wanted = [word for word in split_name(target) if not word.isdigit()]
    if "score" in words[:1] and words[1:2] == ["of"]:
        return True
    if not ANSWER_WORDS.isdisjoint(words):
        return True
    if sum(map(len, wanted)) < _FEWEST_LETTERS:
        return False
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))
