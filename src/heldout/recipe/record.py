"""The recipe as a frozen record: what is done to each column, where it lands, and what was fitted on which rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from heldout.records import ArrayPolicy, ColumnSpec

SCHEMA = "heldout/recipe/1"


class Role(StrEnum):
    """What one number of the encoded row stands for.

    Example:
        >>> Role("unseen") is Role.UNSEEN
        True
    """

    VALUE = "value"
    BIN = "bin"
    PART = "part"
    CATEGORY = "category"
    RARE = "rare"
    MISSING = "missing"
    UNSEEN = "unseen"
    UNPARSED = "unparsed"
    BELOW = "below"
    ABOVE = "above"
    WORD = "word"
    TOKEN = "token"
    BASE = "base"
    KMER = "k-mer"
    UNKNOWN = "unknown"
    LENGTH = "length"


@dataclass(frozen=True)
class Slot:
    """One position of the encoded row.

    Args:
        position: 0-based position among the features.
        column: name of the column it comes from.
        role: what it stands for.
        label: the category, the word, the bin, ... it stands for; "" where the role says it all.
        unit: the unit of its number: "sd" (standard deviations of the fit rows), "yes/no" (0 or 1), "share" or
            "weight".

    Example:
        >>> Slot(position=3, column="sex", role=Role.CATEGORY, label="f", unit="yes/no").label
        'f'
    """

    position: int
    column: str
    role: Role
    label: str = ""
    unit: str = ""


@dataclass(frozen=True)
class OpUse:
    """One step of one column: what was asked and which slots it fills.

    Args:
        op: name and version, a key of `STEPS`, e.g. "standardize@1".
        asked: the step's own record of asked parameters.
        slots: the slots it fills, in order of position; empty for a step that fills none.
    """

    op: str
    asked: object
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class ColumnPlan:
    """What is done to one column, the same in all fitted states.

    Args:
        spec: how its cells are read.
        ops: its steps in order.
        why: why these steps, one sentence.
    """

    spec: ColumnSpec
    ops: tuple[OpUse, ...]
    why: str


@dataclass(frozen=True)
class FitRates:
    """What the fit rows of one state looked like, for checks when new rows come.

    Args:
        missing: share of fit rows without a value, 0 to 1.
        unseen: expected share of rows with a value that no fit row has, estimated from the fit rows alone as
            the share of rows whose value occurs once (Good 1953, "The population frequencies of species").
        unparsed: share of fit rows whose cell could not be read, 0 to 1.
        low: 1 % quantile of the values (numbers and dates), else None.
        median: 50 % quantile.
        high: 99 % quantile.
    """

    missing: float
    unseen: float
    unparsed: float
    low: float | None = None
    median: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ColumnState:
    """What was fitted for one column in one state.

    Args:
        fitted: for each of the column's ops, that step's record of fitted values.
        rates: what the fit rows looked like.
    """

    fitted: tuple[object, ...]
    rates: FitRates


@dataclass(frozen=True)
class ArrayPlan:
    """What is done to pictures or signals, the same in all fitted states.

    Args:
        name: name of the array.
        policy: how files become arrays of one shape; new examples are read by it too.
        scaling: "set": center and spread by channel from the fit rows; "each": every example by its own.
        stretch: "none"; "asinh": numbers far above the background are compressed before they are scaled; "zscale": they
            are clipped to the limits of display that astronomers use.
        why: why these steps, one sentence.
    """

    name: str
    policy: ArrayPolicy
    scaling: str
    stretch: str
    why: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example: (height, width, channels) or (length, channels)."""
        sides = (self.policy.height, self.policy.width) if self.policy.height else (self.policy.length,)
        return (*sides, len(self.policy.channels))

    @property
    def size(self) -> int:
        """Number of numbers of one example."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class ArrayState:
    """What was fitted for one array in one state; every tuple holds one number a channel.

    Args:
        low: smaller numbers are clipped to this one before a stretch.
        high: larger ones to this one.
        middle: background level, taken away before a stretch.
        width: spread of the background, the unit of a stretch.
        center: mean of the numbers (after the stretch); 0 for a mask and where every example has its own.
        spread: their standard deviation; 1 for a mask and where every example has its own.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    middle: tuple[float, ...]
    width: tuple[float, ...]
    center: tuple[float, ...]
    spread: tuple[float, ...]


@dataclass(frozen=True)
class State:
    """All values fitted on one set of fit rows.

    Args:
        rows: number of fit rows.
        sha256: of the sorted fit row positions (int64, little endian): which rows these were.
        columns: one state per column of the recipe, in its order.
        arrays: one state per array of the recipe, in its order.
    """

    rows: int
    sha256: str
    columns: tuple[ColumnState, ...]
    arrays: tuple[ArrayState, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """From typed cells to numbers: declared steps, one layout, and one or more fitted states.

    Args:
        columns: what is done to each column, in table order.
        states: fitted values, one state per set of fit rows (fold), all on the same layout.
        arrays: what is done to pictures and signals; in the encoded row they follow the columns' slots.
    """

    columns: tuple[ColumnPlan, ...]
    states: tuple[State, ...]
    arrays: tuple[ArrayPlan, ...] = ()

    @property
    def layout(self) -> tuple[Slot, ...]:
        """All slots in order of position."""
        return tuple(slot for column in self.columns for op in column.ops for slot in op.slots)

    @property
    def n_slots(self) -> int:
        """Number of slots of the columns."""
        return sum(len(op.slots) for column in self.columns for op in column.ops)

    @property
    def n_features(self) -> int:
        """Width of the encoded rows: the columns' slots and the numbers of the arrays."""
        return self.n_slots + sum(plan.size for plan in self.arrays)
