"""What the simple predictors see of rows: numbers as the network sees them, texts as weights of their words."""

from __future__ import annotations

import numpy as np

from heldout.baselines import shrink_pictures
from heldout.errors import RecipeError
from heldout.recipe import Recipe, Role, apply_recipe, fit_recipe
from heldout.records import FloatArray, IndexArray, TypedColumn
from heldout.stages.preparing import Prepared, encode_other_rows


def plain_features(prepared: Prepared, rows: IndexArray) -> FloatArray:
    """Give what the simple predictors see of some rows: float32 [K, rows, features]; of other than the development
    rows as the first state alone sees them.

    Of pictures of bytes that is their brightness from 0 to 1, coarse where there are many pixels. The numbers of words
    mean nothing to them: beside other columns the weights of words stand instead, after everything else.

    Args:
        prepared: arrays, recipe and columns.
        rows: positions in the table.
    """  # noqa: D205 - one sentence over two lines
    if prepared.source.scales is not None:
        pixels = shrink_pictures(np.asarray(prepared.arrays[0].values)[rows])
        return np.broadcast_to(pixels, (len(prepared.folds), *pixels.shape))
    if rows is prepared.split.development:
        features = np.asarray(prepared.source.features, np.float32)
    else:
        features = encode_other_rows(prepared, rows)[0][None]
    tokens = list_token_positions(prepared.recipe)
    if not count_beside(prepared):
        return features
    weights = _weigh_words(prepared, rows)[: len(features)]
    return np.concatenate([np.delete(features, tokens, axis=2), weights], axis=2)


def take_texts(prepared: Prepared, rows: IndexArray) -> tuple[str, ...]:
    """Give the texts of some rows that are read as rows of words, several of a row one after the other.

    Args:
        prepared: columns and recipe.
        rows: positions in the table.

    Returns:
        one a row; nothing where no text is read so, or pictures or signals stand beside it.
    """
    columns = _list_texts(prepared)
    if prepared.arrays or not columns:
        return ()
    texts = [
        [column.levels[code] if code >= 0 else "" for code in column.codes[rows].tolist()]
        for column in columns
    ]
    return tuple("\n".join(several) for several in zip(*texts, strict=True))


def count_beside(prepared: Prepared) -> int:
    """Count the numbers of a row that stand beside texts read as rows of words; 0 where there are no such texts."""
    n_tokens = len(list_token_positions(prepared.recipe))
    return prepared.recipe.n_features - n_tokens if n_tokens else 0


def list_token_positions(recipe: Recipe) -> list[int]:
    """List the positions that hold numbers of words.

    Example:
        >>> list_token_positions(Recipe((), ()))
        []
    """
    return [slot.position for slot in recipe.layout if slot.role is Role.TOKEN]


def _list_texts(prepared: Prepared) -> tuple[TypedColumn, ...]:
    names = {slot.column for slot in prepared.recipe.layout if slot.role is Role.TOKEN}
    return tuple(column for column in prepared.columns if column.spec.name in names)


def _weigh_words(prepared: Prepared, rows: IndexArray) -> FloatArray:
    """Weigh the frequent words of the texts, fitted on each fold's own fit rows: float32 [K, rows, words]."""
    columns = _list_texts(prepared)
    development = prepared.split.development
    try:
        recipe = fit_recipe(columns, tuple(development[fold.fit] for fold in prepared.folds))
    except RecipeError:  # no word stands in enough rows
        return np.zeros((len(prepared.folds), len(rows), 0), np.float32)
    return np.stack([apply_recipe(recipe, columns, state=k, rows=rows) for k in range(len(prepared.folds))])
