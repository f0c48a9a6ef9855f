"""The codes of verdicts and gates, as the evidence uses them; the table itself stands in `heldout.codes`."""

from heldout.codes import CODES as CODES
from heldout.codes import GATE_CODES as GATE_CODES
from heldout.codes import LOGGED_CODES as LOGGED_CODES
from heldout.codes import find_code as find_code
