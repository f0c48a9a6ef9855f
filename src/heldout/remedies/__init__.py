"""The remedies against overfitting: each turns the plain training of a rung into a remedied one."""

from heldout.remedies.table import REMEDIES as REMEDIES
from heldout.remedies.table import Remedy as Remedy
from heldout.remedies.table import apply_remedies as apply_remedies
from heldout.remedies.table import describe_strength as describe_strength
from heldout.remedies.table import find_layers as find_layers
from heldout.remedies.table import name_setting as name_setting
from heldout.remedies.table import name_use as name_use
from heldout.remedies.table import plan_uses as plan_uses
from heldout.remedies.table import refuse_layers as refuse_layers
from heldout.remedies.table import say_lacking as say_lacking
