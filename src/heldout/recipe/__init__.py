"""From typed cells to float32 features: declared steps, values fitted on the fit rows only."""

from heldout.recipe.apply import ColumnProblems as ColumnProblems
from heldout.recipe.apply import apply_recipe as apply_recipe
from heldout.recipe.apply import count_problems as count_problems
from heldout.recipe.apply import unseen_slots as unseen_slots
from heldout.recipe.explain import CellExplanation as CellExplanation
from heldout.recipe.explain import PositionExplanation as PositionExplanation
from heldout.recipe.explain import decode_cell as decode_cell
from heldout.recipe.explain import explain_cell as explain_cell
from heldout.recipe.explain import explain_position as explain_position
from heldout.recipe.fit import RecipeOptions as RecipeOptions
from heldout.recipe.fit import fit_recipe as fit_recipe
from heldout.recipe.fit import refit_recipe as refit_recipe
from heldout.recipe.form import recipe_from_json as recipe_from_json
from heldout.recipe.form import recipe_hash as recipe_hash
from heldout.recipe.form import recipe_to_json as recipe_to_json
from heldout.recipe.record import ColumnPlan as ColumnPlan
from heldout.recipe.record import FitRates as FitRates
from heldout.recipe.record import OpUse as OpUse
from heldout.recipe.record import Recipe as Recipe
from heldout.recipe.record import Role as Role
from heldout.recipe.record import Slot as Slot
from heldout.recipe.record import State as State
from heldout.recipe.schema import recipe_schema as recipe_schema
from heldout.recipe.view import FitView as FitView
from heldout.recipe.view import make_view as make_view
