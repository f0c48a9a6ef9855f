"""The published table of codes: what each claims, from which threshold on, and how often it is wrong.

One page of docs/codes/ is written from each line by `write_page`.
"""

from heldout.codes.data import DATA_CODES as DATA_CODES
from heldout.codes.fit import FIT_CODES as FIT_CODES
from heldout.codes.fit import LOGGED_CODES as LOGGED_CODES
from heldout.codes.gates import GATE_CODES as GATE_CODES
from heldout.codes.pages import say_measured as say_measured
from heldout.codes.pages import say_mute as say_mute
from heldout.codes.pages import write_index as write_index
from heldout.codes.pages import write_page as write_page
from heldout.codes.proof import EVIDENCE_CODES as EVIDENCE_CODES
from heldout.codes.record import Code as Code
from heldout.codes.record import Measured as Measured
from heldout.codes.table import CODES as CODES
from heldout.codes.table import find_code as find_code
from heldout.codes.table import refuse_mute as refuse_mute
