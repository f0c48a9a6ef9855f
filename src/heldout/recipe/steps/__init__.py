"""The steps of the recipe, one file each."""

from heldout.recipe.steps.step import Step as Step
from heldout.recipe.steps.table import STEPS as STEPS
