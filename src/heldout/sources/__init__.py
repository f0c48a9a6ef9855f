"""Bytes and frames to a `Table` of raw cells; nothing is typed here."""

from heldout.sources.columns import encode_cells as encode_cells
from heldout.sources.columns import find_column as find_column
from heldout.sources.columns import fingerprint_table as fingerprint_table
from heldout.sources.columns import name_nearest as name_nearest
from heldout.sources.columns import take_rows as take_rows
from heldout.sources.ledger import tell_ledger as tell_ledger
from heldout.sources.parts import join_parts as join_parts
from heldout.sources.parts import mark_parts as mark_parts
from heldout.sources.read import SOURCES as SOURCES
from heldout.sources.read import read_table as read_table
