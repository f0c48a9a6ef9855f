"""Bytes and frames to a `Table` of raw cells; nothing is typed here."""

from heldout.sources.columns import encode_cells as encode_cells
from heldout.sources.columns import find_column as find_column
from heldout.sources.columns import fingerprint_table as fingerprint_table
from heldout.sources.columns import name_nearest as name_nearest
from heldout.sources.columns import take_rows as take_rows
from heldout.sources.damage import find_rows as find_rows
from heldout.sources.describe import describe_columns as describe_columns
from heldout.sources.describe import find_label as find_label
from heldout.sources.describe import name_rows as name_rows
from heldout.sources.examples import read_examples as read_examples
from heldout.sources.examples import recognise_source as recognise_source
from heldout.sources.labels import join_labels as join_labels
from heldout.sources.ledger import tell_ledger as tell_ledger
from heldout.sources.ledger import tell_reading as tell_reading
from heldout.sources.parts import find_split_column as find_split_column
from heldout.sources.parts import join_parts as join_parts
from heldout.sources.parts import mark_parts as mark_parts
from heldout.sources.read import SOURCES as SOURCES
from heldout.sources.read import read_table as read_table
from heldout.sources.request import Request as Request
from heldout.sources.stacks import hash_arrays as hash_arrays
from heldout.sources.stacks import hash_rows as hash_rows
from heldout.sources.stacks import join_arrays as join_arrays
from heldout.sources.stacks import take_arrays as take_arrays
