"""Made data with known truth, to measure how often the evidence is wrong."""

from heldout.suite.faults import FAULTS as FAULTS
from heldout.suite.faults import draw_sound as draw_sound
from heldout.suite.faults import permute_labels as permute_labels
from heldout.suite.faults import plant_fault as plant_fault
from heldout.suite.record import FIT_SIZES as FIT_SIZES
from heldout.suite.record import N_VALIDATION as N_VALIDATION
from heldout.suite.record import PARTS as PARTS
from heldout.suite.record import MadeTask as MadeTask
from heldout.suite.record import Sizes as Sizes
from heldout.suite.record import integrate_losses as integrate_losses
from heldout.suite.record import integrate_misses as integrate_misses
from heldout.suite.record import read_logits as read_logits
from heldout.suite.slices import MadeSlices as MadeSlices
from heldout.suite.slices import draw_outlier_flags as draw_outlier_flags
from heldout.suite.slices import draw_slices as draw_slices
from heldout.suite.solved import SolvedLadder as SolvedLadder
from heldout.suite.solved import draw_double_descent as draw_double_descent
from heldout.suite.solved import draw_polynomials as draw_polynomials
from heldout.suite.table import FAMILIES as FAMILIES
from heldout.suite.table import draw_task as draw_task
from heldout.suite.table import make_rng as make_rng
