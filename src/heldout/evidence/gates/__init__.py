"""Gates before any verdict: could a fault of the data or of the training explain the losses?"""

from heldout.evidence.gates.columns import gate_columns as gate_columns
from heldout.evidence.gates.fitting import gate_diverged as gate_diverged
from heldout.evidence.gates.fitting import gate_easier as gate_easier
from heldout.evidence.gates.fitting import gate_few_rows as gate_few_rows
from heldout.evidence.gates.fitting import gate_small_gap as gate_small_gap
from heldout.evidence.gates.floor import find_calibrated_loss as find_calibrated_loss
from heldout.evidence.gates.floor import gate_loss_floor as gate_loss_floor
from heldout.evidence.gates.floor import gate_training_loss as gate_training_loss
from heldout.evidence.gates.labels import gate_flipped as gate_flipped
from heldout.evidence.gates.labels import gate_labels as gate_labels
from heldout.evidence.gates.override import list_findings as list_findings
from heldout.evidence.gates.override import list_overriding as list_overriding
from heldout.evidence.gates.override import override_chosen as override_chosen
from heldout.evidence.gates.override import override_ladder as override_ladder
from heldout.evidence.gates.rows import gate_copies as gate_copies
from heldout.evidence.gates.rows import gate_groups as gate_groups
from heldout.evidence.gates.shift import gate_shift as gate_shift
