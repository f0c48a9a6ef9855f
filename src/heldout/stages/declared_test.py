"""Test rows that the user declared and that are no test: each is known from the development rows."""

from __future__ import annotations

import numpy as np

from heldout.errors import DataError
from heldout.records import Split
from heldout.split import find_copies
from heldout.stages.reading import Reading

# Assumption: where most development rows have a twin among themselves, the columns are so coarse that rows of
# different objects agree by chance, and agreeing test rows prove nothing.
COARSE_SHARE = 0.5


def refuse_known_test(reading: Reading, split: Split) -> None:
    """Refuse a declared test of which every row is a copy of a development row, or of a group that has some there.

    Such a test measures memory, and no row is left that could say more. Only features and groups are compared: no test
    label is looked at. Rows in the order of time may belong to known groups, as a forecast is asked for them.

    Args:
        reading: the data as read, with its links.
        split: which rows serve what.

    Raises:
        DataError: no declared test row is new.
    """
    test, development = split.test, split.development
    if reading.table.part is None or not len(test):
        return
    first = reading.links.first_of_duplicate
    n_distinct = len(np.unique(first[development]))
    if np.isin(first[test], first[development]).all() and n_distinct > COARSE_SHARE * len(development):
        raise DataError(
            f"all {len(test)} declared test rows are copies of development rows, so they test nothing but memory",
            hint="give --test rows that are not among the others, or leave it out: heldout then seals its own",
        )
    if split.ordered or reading.group is None:
        return
    if len(find_copies(split, reading.links.unit)) == len(test):
        raise DataError(
            f"all {len(test)} declared test rows belong to groups that have development rows too, so nothing tells how "
            "the network does on a new group",
            hint="give --test rows of other groups, or leave --group out if it is to predict new rows of known groups",
        )
