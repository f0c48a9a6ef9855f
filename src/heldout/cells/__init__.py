"""Raw cells to typed values with a status each, and the reading of the target."""

from heldout.cells.encoding import ENCODING_GRAMMAR as ENCODING_GRAMMAR
from heldout.cells.encoding import find_damaged as find_damaged
from heldout.cells.encoding import show_damage as show_damage
from heldout.cells.keynames import PERSON_WORDS as PERSON_WORDS
from heldout.cells.keynames import is_key_name as is_key_name
from heldout.cells.kinds import declare_column as declare_column
from heldout.cells.kinds import declare_columns as declare_columns
from heldout.cells.numbers import parse_number as parse_number
from heldout.cells.overrides import ColumnOverride as ColumnOverride
from heldout.cells.sentinels import find_sentinels as find_sentinels
from heldout.cells.target import CHANGE_TO_NUMBERS as CHANGE_TO_NUMBERS
from heldout.cells.target import read_target as read_target
from heldout.cells.typed import cell_text as cell_text
from heldout.cells.typed import type_column as type_column
from heldout.cells.typed import type_table as type_table
