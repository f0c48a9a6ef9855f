"""All steps by name and version: the closed vocabulary of the recipe."""

from __future__ import annotations

from heldout.recipe.steps.bases import STEP as BASES
from heldout.recipe.steps.censored import STEP as CENSORED
from heldout.recipe.steps.date import STEP as DATE
from heldout.recipe.steps.drop import STEP as DROP
from heldout.recipe.steps.kmers import STEP as KMERS
from heldout.recipe.steps.missing import STEP as MISSING
from heldout.recipe.steps.onehot import STEP as ONEHOT
from heldout.recipe.steps.piecewise import STEP as PIECEWISE
from heldout.recipe.steps.set import STEP as SET
from heldout.recipe.steps.standardize import STEP as STANDARDIZE
from heldout.recipe.steps.step import Step
from heldout.recipe.steps.tokens import STEP as TOKENS
from heldout.recipe.steps.words import STEP as WORDS

STEPS: dict[str, Step] = {
    "standardize@1": STANDARDIZE,
    "piecewise@1": PIECEWISE,
    "missing@1": MISSING,
    "censored@1": CENSORED,
    "onehot@1": ONEHOT,
    "date@1": DATE,
    "words@1": WORDS,
    "tokens@1": TOKENS,
    "set@1": SET,
    "bases@1": BASES,
    "kmers@1": KMERS,
    "drop@1": DROP,
}
