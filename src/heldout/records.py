"""The words all rooms share: frozen records without logic.

Rooms (source, split, recipe, training, evidence, report) exchange these records and never import each other.
Row numbers are positions 0..n-1 in the `Table` unless a field says otherwise. Axis letters: C configurations,
E recorded epochs (checkpoints), S seeds, M validation rows, K folds, N rows, D features.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from heldout.packed import Texts

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
CodeArray = NDArray[np.int32]
StatusArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]


# --------------------------------------------------------------------------------------------- data as read
# Fewer rows are scored and judged by nobody: measured on simulated studies, no rule keeps its error rate below, and no
# interval of a loss is honest (docs/error-rates.md).
MIN_ROWS = 30


@dataclass(frozen=True)
class SetAside:
    """A row that was read but not used.

    Args:
        line: 1-based line in the file (row number for frames).
        reason: why, in words.
        text: the beginning of the row as it stands in the file.
        kind: "quarantined" (a row that cannot be read), "dropped" (a row without an observation: a repeated header,
            empty cells, totals), "preamble", "footer" or "comment" (lines that are no rows).
        file: where lines of several files stand in one table, the file of this one; else "".
    """

    line: int
    reason: str
    text: str = ""
    kind: str = "quarantined"
    file: str = ""


@dataclass(frozen=True)
class Ledger:
    """Where every row and every line of a source went; checked each time a table is read.

    `rows = used + quarantined + dropped`, and for text files `lines` is the sum of all `lines_...`.

    Args:
        rows: rows found in the table's area.
        used: rows of the table.
        quarantined: rows that could not be read (too many or too few cells, an open quotation mark).
        dropped: rows that hold no observation (repeated header, empty cells, totals).
        lines: lines of the file, counted independently of the parser; 0 where the source has no lines.
        lines_used: lines of the rows used (a quoted cell may span several).
        lines_quarantined: lines of the quarantined rows.
        lines_dropped: lines of the dropped rows.
        lines_header: lines of the header.
        lines_outside: lines above and below the table (titles, notes).
        lines_comment: comment lines.
        lines_blank: blank lines.
    """

    rows: int
    used: int
    quarantined: int = 0
    dropped: int = 0
    lines: int = 0
    lines_used: int = 0
    lines_quarantined: int = 0
    lines_dropped: int = 0
    lines_header: int = 0
    lines_outside: int = 0
    lines_comment: int = 0
    lines_blank: int = 0


@dataclass(frozen=True)
class RawColumn:
    """A column of cells exactly as read, stored once per distinct text.

    Args:
        name: the unique name used everywhere (repaired when the file repeats a name: `age`, `age#2`).
        codes: int32 [N], index into `levels`; -1 where the source holds a true null (Parquet, frames).
        levels: the distinct cell texts in order of first appearance, nothing stripped; a tuple, or packed where they
            are many.
    """

    name: str
    codes: CodeArray
    levels: Texts


@dataclass(frozen=True)
class Doubt:
    """Cells of a column of which the file does not say for sure what they are: read in one way, and asked about.

    Args:
        column: its name.
        question: what is unclear, and what settles it.
        rows: cells concerned.
    """

    column: str
    question: str
    rows: int


@dataclass(frozen=True)
class Table:
    """Rows as read from one source, as strings.

    Args:
        columns: all columns, each with the same number of rows.
        lines: int64 [N], 1-based line number of each row in its file.
        source: what was read, for messages (a path or "frame").
        notes: one sentence per guess made while reading (delimiter, header, encoding).
        set_aside: rows read but not used, each with its reason.
        part: int8 [N], 0 = undeclared, 1 = fit, 2 = validation, 3 = test, as the user declared with
            `--validation`, `--test` or `--split`.
        ledger: where every row and line of the source went; None for tables that were not read.
        arrays: pictures and signals, one entry a row each.
        doubts: open questions about how cells were read.
    """

    columns: tuple[RawColumn, ...]
    lines: IndexArray
    source: str
    notes: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    part: NDArray[np.int8] | None = None
    ledger: Ledger | None = None
    arrays: tuple[ArrayColumn, ...] = ()
    doubts: tuple[Doubt, ...] = ()


PART_UNDECLARED, PART_FIT, PART_VALIDATION, PART_TEST = 0, 1, 2, 3
MARK_CHANNELS = ("mask", "alpha")  # channels that say where something is, not how bright it is


@dataclass(frozen=True)
class ArrayPolicy:
    """How files or cells became an array; with it further examples become arrays of the same shape and meaning.

    Nothing in it was fitted to values: it holds sizes, rules and units only, all of them plain values.

    Args:
        kind: picture or signal.
        dtype: "uint8" (0 to 255) or "float32".
        channels: meaning of each channel: "gray", "red", "green", "blue", "alpha", "mask" (one where no value was
            observed), a name or a number. The last axis of the array has their length.
        height: rows of a picture.
        width: columns of a picture.
        length: points of a signal.
        fit: how other sizes are brought to this one. Pictures: "exact" (refused), "scale" (aspect kept by all),
            "crop" (shorter side, then the centre), "pad" (longer side, then a border). Signals: "exact", "pad" (at
            the end), "stretch" (to the same number of points), "grid" (means over the steps of a common axis).
        divisor: what stored numbers are divided by: 65535 for 16 bit pictures, else 1.
        start: first value of the axis of a signal ("grid" only).
        step: distance of two values of the axis ("grid" only).
        axis: name of the axis of a signal ("grid" only).
        unit: the part of a file that was read: name or number of a FITS extension, "" where there is one only.
        why: how this was decided, one sentence.
    """

    kind: Kind
    dtype: str
    channels: tuple[str, ...]
    height: int = 0
    width: int = 0
    length: int = 0
    fit: str = "exact"
    divisor: float = 1.0
    start: float = 0.0
    step: float = 0.0
    axis: str = ""
    unit: str = ""
    why: str = ""


@dataclass(frozen=True)
class ArrayColumn:
    """Pictures or signals of a table, one for each row.

    Args:
        name: unique among the names of columns and arrays.
        kind: picture or signal.
        values: [N, height, width, channels] or [N, length, channels], uint8 or float32; may be a memory map.
        policy: how they were read.
        notes: one sentence per guess made.
    """

    name: str
    kind: Kind
    values: NDArray[np.generic]
    policy: ArrayPolicy
    notes: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------ typed cells
class Status(IntEnum):
    """What became of one cell."""

    OK = 0
    REPAIRED = 1
    MISSING = 2
    SENTINEL = 3
    CENSORED_BELOW = 4
    CENSORED_ABOVE = 5
    UNPARSED = 6
    UNSEEN = 7
    CLIPPED = 8
    OUT_OF_RANGE = 9


class Kind(StrEnum):
    """What a column is read as."""

    NUMBER = "number"
    CATEGORY = "category"
    YES_NO = "yes/no"
    DATE = "date"
    TEXT = "text"
    SET = "set"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"
    SEQUENCE = "sequence"
    PICTURE = "picture"
    SIGNAL = "signal"


@dataclass(frozen=True)
class ColumnSpec:
    """How one column is read, and why.

    Args:
        name: column name.
        kind: what it is read as.
        why: the evidence for the decision, as a sentence with numbers.
        decided: "auto" or "user".
        missing_words: cell texts that count as missing in this column (after stripping, any case).
        true_words: cell texts that mean yes (kind yes/no only).
        false_words: cell texts that mean no (kind yes/no only).
        date_format: strptime format (kind date only).
        decimal: decimal separator of numbers.
        used: False when the column leaves the features (identifier, constant, group, time, target).
        source: the raw column this one is a part of; "" when it is the whole column of the same name.
        grammar: how a cell is taken apart before it is read ("template", "variant", "range", ...); "" for not at all.
        pattern: the grammar's parameter, such as the template "{}/{}" or the separators of a list.
        part: which part of the cell this column is, in the grammar's words.
        unit: unit of the numbers; cells in other units of the same dimension are converted to it.
        thousands: thousands separator of numbers where the cells prove one, else "".
        spellings: pairs (folded text, text it is read as), one after the other, for categories and sets; among numbers
            words for an amount, "trace" for "<0.5".
        low: smallest possible value, None without a limit.
        high: largest possible value, None without a limit.
        beyond: what becomes of values beyond the limits: "clip" moves them there, "impossible" takes them out.
        question: what could not be settled from the cells and was not guessed, with the line that answers it.
    """

    name: str
    kind: Kind
    why: str
    decided: str = "auto"
    missing_words: tuple[str, ...] = ()
    true_words: tuple[str, ...] = ()
    false_words: tuple[str, ...] = ()
    date_format: str = ""
    decimal: str = "."
    used: bool = True
    source: str = ""
    grammar: str = ""
    pattern: str = ""
    part: str = ""
    unit: str = ""
    thousands: str = ""
    spellings: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    beyond: str = "clip"
    question: str = ""


@dataclass(frozen=True)
class TypedColumn:
    """One column after reading its cells by its `ColumnSpec`.

    Args:
        spec: how it was read.
        status: uint8 [N], a `Status` per cell.
        values: float64 [N]; numbers as they are, dates as days since 1970-01-01, yes/no as 1/0; NaN where there
            is no value. Empty for category, text and identifier.
        codes: int32 [N], index into `levels`, -1 where missing. Empty for number, date, yes/no.
        levels: distinct canonical texts (stripped), in order of first appearance; for sets the sorted items, joined
            by "; ".
    """

    spec: ColumnSpec
    status: StatusArray
    values: DoubleArray
    codes: CodeArray
    levels: tuple[str, ...] = ()


class Task(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"


# one output a class or label; networks of other tasks have a single one
MANY_OUTPUTS = (Task.MULTICLASS, Task.MULTILABEL)


@dataclass(frozen=True)
class Target:
    """The target column after reading.

    Args:
        name: column name.
        task: binary, multiclass, multilabel or regression.
        why: how the task was decided and how to change it, one sentence.
        classes: class names in a fixed order (classification), or labels (multilabel); for binary the second one is
            "positive".
        values: float64 [N]; class index, number of the row's set of labels, or the number; NaN where it is missing.
        missing: rows (positions) without a target, set aside from the study.
        unit: unit of a regression target if known, else "".
        ordered: True when the classes are steps of a scale, the lowest first.
        sets: bool [sets, labels], which labels each set holds (multilabel); else empty.
    """

    name: str
    task: Task
    why: str
    classes: tuple[str, ...]
    values: DoubleArray
    missing: IndexArray
    unit: str = ""
    ordered: bool = False
    sets: BoolArray = field(default_factory=lambda: np.zeros((0, 0), np.bool_))


# ----------------------------------------------------------------------------------------------------- split
@dataclass(frozen=True)
class Fold:
    """One division of the development rows.

    Args:
        fit: int64 positions whose gradients are used.
        validation: int64 positions on which choices are made.
    """

    fit: IndexArray
    validation: IndexArray


@dataclass(frozen=True)
class Split:
    """Which rows are used for what; groups are never cut.

    Args:
        folds: K folds of the development rows (one when there is one split).
        development: int64 positions of all development rows, sorted.
        test: int64 positions of the sealed test rows, sorted; empty when there is none.
        unit: int64 [N], the unit (group, duplicate family) each row belongs to; units are never cut.
        method: how it was split, one sentence for the report.
        has_groups: True when a group column (or found duplicates) makes units larger than one row.
        ordered: True when the split follows time (forward blocks).
        why_no_test: empty, or why no test set was sealed.
        fingerprint: sha256 of the data the seal depends on.
        split_seed: the seed of the split, never the study's seed.
        notes: further sentences (units too large, copies across parts, ...).
    """

    folds: tuple[Fold, ...]
    development: IndexArray
    test: IndexArray
    unit: IndexArray
    method: str
    has_groups: bool
    ordered: bool
    why_no_test: str
    fingerprint: str
    split_seed: int
    notes: tuple[str, ...] = ()


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, eq=False)
class RowSet:
    """Which rows a finding concerns, by their places in the table; for work in memory, never written.

    Args:
        rows: int64 [n], positions in the table, ascending; empty for lines that are no rows of it.
        looked_at: int64 [m], the positions that were searched; None for all development rows.
        lines: lines of the file that are no rows of the table (rows set aside).
        defined_by: names of columns that the finding is made of: that extreme ages are found at high ages, and labels
            of a capped target at its top, says nothing of whom it concerns.
    """

    rows: IndexArray
    looked_at: IndexArray | None = None
    lines: tuple[int, ...] = ()
    defined_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class LevelShare:
    """How many rows of one group a finding concerns.

    Args:
        of: what the group is a value of: "label", "part" (fit or validation rows), "group" or "subgroup".
        name: the group in words, e.g. "sex = f".
        n_affected: its rows that the finding concerns.
        n_rows: its rows that were looked at.
        share: estimate, low, high: exact 95 % interval of this group alone; NaN bounds where its rows come in fewer
            than 10 units.
        rest: share among the rows with another value.
        q: Benjamini-Hochberg adjusted p value of "not concerned more often than the rest", over all groups and
            findings of one audit; NaN where the group, or the rest, is too small to be tested.
        is_more: shown to be concerned more often than the rest.
    """

    of: str
    name: str
    n_affected: int
    n_rows: int
    share: tuple[float, float, float]
    rest: float
    q: float
    is_more: bool = False


@dataclass(frozen=True)
class RowsAffected:
    """Which rows a finding concerns, and whose they are.

    Args:
        n_affected: rows concerned.
        n_rows: rows looked at; 0 where nothing is known of the others.
        share: estimate, low, high (exact 95 % interval); NaN where not known.
        lines: lines of the rows in their file (row numbers of frames), ascending; none where they are of several files.
        levels: groups of at least 5 rows, by what they are a value of.
        sentence: in words; ends with whom it concerns more often where that is shown.
        notes: what is not known, e.g. the label of rows without one.
        file: "main", "validation" or "test": in which file the lines count, where several were given; else "".
    """

    n_affected: int
    n_rows: int
    share: tuple[float, float, float]
    lines: tuple[int, ...] = ()
    levels: tuple[LevelShare, ...] = ()
    sentence: str = ""
    notes: tuple[str, ...] = ()
    file: str = ""

    @property
    def is_unequal(self) -> bool:
        """Whether some group is shown to be concerned more often than the rest."""
        return any(level.is_more for level in self.levels)


@dataclass(frozen=True)
class Finding:
    """Something about the data that the reader must know.

    Args:
        code: stable code, `HO2xx` for data, `HO1xx` for the fit, `HO4xx` for evidence.
        title: short name, e.g. "exact duplicates".
        severity: info, warning or critical.
        sentence: the finding with its numbers.
        column: the column concerned, or "".
        rows: number of rows affected.
        action: what was done or what to do.
        where: which rows these are, where it concerns particular rows; never written to a file.
        affected: which rows, and whose they are; None where it concerns no particular rows.
    """

    code: str
    title: str
    severity: Severity
    sentence: str
    column: str = ""
    rows: int = 0
    action: str = ""
    where: RowSet | None = field(default=None, compare=False, repr=False, metadata={"written": False})
    affected: RowsAffected | None = None


# ---------------------------------------------------------------------------------------------------- tensors
@dataclass(frozen=True)
class InputLayout:
    """What the numbers of one encoded row are to a network.

    Args:
        kind: "numbers" (any order), "tokens" (numbers of words), "picture", "signal", or "joined" (several of these one
            after the other in one row).
        shape: shape of one example; the product of its sides is the length of the encoded row.
        vocabulary: number of tokens, padding and unknown included (tokens only).
        leading: so many first tokens are words in their order; pairs of words follow (tokens only).
        parts: what stands one after the other in the row (joined only).
        letters: the alphabet whose letters are the first channels of a signal, "ACGT" or the amino acids; "" for
            signals that are no sequences.
        both_strands: a sequence of bases may come from either strand; networks read both.
        marks: channels of a picture or signal that say where something is (a mask, a transparency), not how bright it
            is: augmentation moves them with the rest and changes no value of them.
    """

    kind: str
    shape: tuple[int, ...]
    vocabulary: int = 0
    leading: int = 0
    parts: tuple[InputLayout, ...] = ()
    letters: str = ""
    both_strands: bool = False
    marks: tuple[int, ...] = ()


@dataclass(frozen=True)
class ByteScales:
    """How the bytes of pictures become numbers: (byte - center) / spread, by channel, fitted on each fold's fit rows.

    Args:
        center: float32 [K, channels].
        spread: float32 [K, channels], above 0.
    """

    center: FloatArray
    spread: FloatArray


@dataclass(frozen=True)
class Tensors:
    """All arrays that training needs, rows = development rows in the order of `Split.development`.

    Args:
        features: [K, N, ...], the development rows encoded by each fold's recipe state (float32), or [1, N, ...] where
            all folds see the same: float32 signals, uint8 pictures, int32 tokens (0 is padding).
        target: float32 [K, N]; class index, number of the set of labels (multilabel), or the target standardized with
            the fold's fit rows (regression).
        target_scale: float64 [K]; regression: the fold's standard deviation divided by that of all development
            rows; squared errors times its square are in common units. Ones for classification.
        target_center: float64 [K], mean of the fit rows' target in user units (regression; else zeros).
        target_spread: float64 [K], standard deviation of the fit rows' target in user units (else ones).
        fit_rows: int32 [K, F], row indices of each fold's fit rows, padded by repeating the first.
        fit_weight: float32 [K, F], sample and class weight of each fit row, mean one; zero marks padding.
        validation_rows: int32 [K, V], row indices, padded by repeating the first.
        validation_mask: float32 [K, V], one for real rows, zero for padding.
        order: int64 [M], for each validation row of all folds in the pooled order: its row index.
        order_fold: int64 [M], the fold it was validated in.
        task: what is predicted.
        n_outputs: outputs of a network: one a class or label, or a single one.
        slot_unseen: int32 [D], for each feature the index of the `<unseen>` slot of its block, or -1.
        output_offset: float32 [K, n_outputs], added to the outputs outside training: it takes class weights out of
            the probabilities again and, where the validation rows say how frequent classes are, puts their shares
            in, so that losses and scores speak of the data as they are. None for zeros.
        layout: what the numbers of a row are; None for numbers in any order.
        scales: of uint8 pictures; None for features that are numbers already.
        sets: float32 [sets, labels], 1 for each label of a set (multilabel); None else.
    """

    features: NDArray[np.generic]
    target: FloatArray
    target_scale: DoubleArray
    target_center: DoubleArray
    target_spread: DoubleArray
    fit_rows: CodeArray
    fit_weight: FloatArray
    validation_rows: CodeArray
    validation_mask: FloatArray
    order: IndexArray
    order_fold: IndexArray
    task: Task
    n_outputs: int
    slot_unseen: CodeArray
    output_offset: FloatArray | None = None
    layout: InputLayout | None = None
    scales: ByteScales | None = None
    sets: FloatArray | None = None


# -------------------------------------------------------------------------------------------- configurations
LINEAR_FAMILIES = ("mlp", "pooled")  # of networks that are linear where they have no hidden layer


@dataclass(frozen=True)
class Rung:
    """One size of network on the ladder.

    Args:
        index: position on the ladder, 0 is the smallest (linear).
        widths: units of each hidden layer; empty for a linear model.
        n_parameters: number of weights and biases.
        learning_rate: Adam's step size, chosen for this rung before seeds are spent.
        family: name of the family of networks (`nets.FAMILIES`).
        channels: channels of each convolution or stage of blocks.
        kernel: filter size of the convolutions; 0 where there are none.
        embedding: numbers that stand for one token; 0 where there are none.
        parts: what stands one after the other in the row (family joined only).
        ordered: its outputs are the steps of a scale (`nets.order_outputs`).
        weight_decay: decoupled decay of every network of this size, where the user asked for it.
        label_smoothing: the same of label smoothing.
        augmented_rate: step size of networks whose examples are augmented; 0 for `learning_rate`.
    """

    index: int
    widths: tuple[int, ...]
    n_parameters: int
    learning_rate: float
    family: str = "mlp"
    channels: tuple[int, ...] = ()
    kernel: int = 0
    embedding: int = 0
    parts: tuple[InputLayout, ...] = ()
    ordered: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    augmented_rate: float = 0.0


@dataclass(frozen=True)
class Hyper:
    """The traced inputs of one network's training. Layer order: input first, then each hidden layer, then output.

    Args:
        learning_rate: step size of Adam.
        dropout: share of units set to ZERO at each step, per layer that has inputs (len = hidden layers + 1):
            entry 0 is the input, entry i the i-th hidden layer.
        l1: strength of the sum of absolute weights added to the mean loss, per weight matrix (hidden + 1).
        l2: strength of the sum of squared weights added to the mean loss, per weight matrix.
        label_smoothing: share of the label given to all classes evenly.
        weight_decay: share of every weight taken away at each step, times the learning rate (decoupled from the
            gradient; compare `l2`, which acts through it).
        augmentation: pairs of augmenter and strength.
        scales_test: dropout as the lecture's second way: kept units stay as they are while training, and all are
            multiplied by the keep share outside training; else kept units are divided by it while training.
    """

    learning_rate: float
    dropout: tuple[float, ...]
    l1: tuple[float, ...]
    l2: tuple[float, ...]
    label_smoothing: float = 0.0
    weight_decay: float = 0.0
    augmentation: tuple[tuple[str, float], ...] = ()
    scales_test: bool = False


@dataclass(frozen=True)
class RemedyUse:
    """One remedy at one strength, e.g. ("dropout", 0.3).

    Args:
        name: `dropout`, `l1`, `l2`, `early_stopping`, `fewer_parameters` or `augmentation`.
        strength: its number, in the remedy's own unit.
        detail: which augmenter, for `augmentation`; "at test" for dropout that multiplies at the test.
    """

    name: str
    strength: float
    detail: str = ""


@dataclass(frozen=True)
class Configuration:
    """A network size with its remedies: the thing that is compared, trained with several seeds.

    Args:
        name: unique readable name, e.g. "rung 5", "rung 5 + dropout 0.3".
        rung: its size.
        remedies: remedies on top of the plain rung; empty for a rung of the ladder.
        hyper: the resulting traced inputs.
    """

    name: str
    rung: Rung
    remedies: tuple[RemedyUse, ...]
    hyper: Hyper


class Outcome(StrEnum):
    """How one training ended; the value is the sentence for the report."""

    FINISHED = "trained to the last epoch"
    DIVERGED = "diverged: the loss became infinite or not a number, the network was frozen"


@dataclass(frozen=True)
class ConfigurationRun:
    """Everything recorded about one configuration.

    Args:
        configuration: what was trained.
        checkpoints: int32 [E], epochs (1-based) at which per-row losses were kept; the last is the last epoch.
        losses: float32 [E, S, M], validation loss per row (log-loss in nats from logits clipped to +-15, of several
            labels their sum, or squared error in standardized target units), evaluation mode, rows in the pooled order
            of `Tensors.order`.
        hits: bool [E, S, M], prediction right (the class, or every label); empty [0, 0, 0] for regression.
        train_curve: float32 [S, T], training loss per epoch in evaluation mode, without penalty (mean over folds).
        validation_curve: float32 [S, T], mean validation loss per epoch (pooled over folds).
        outcomes: one per member, seeds outer, folds inner (S * K).
        zero_share: float32 [S * K, layers], share of weights that are exactly zero at the last epoch.
        weight_norm: float32 [S * K, layers], Euclidean norm of each weight matrix at the last epoch.
        n_rows: number of fit rows of one member (claims from subsets say "at n rows").
    """

    configuration: Configuration
    checkpoints: CodeArray
    losses: FloatArray
    hits: BoolArray
    train_curve: FloatArray
    validation_curve: FloatArray
    outcomes: tuple[Outcome, ...]
    zero_share: FloatArray
    weight_norm: FloatArray
    n_rows: int


# ---------------------------------------------------------------------------------------------------- evidence
@dataclass(frozen=True)
class JudgeSettings:
    """What the evidence needs to know besides the losses.

    Args:
        task: binary, multiclass, multilabel or regression.
        constant_losses: float64 [M], loss of the constant predictor (fit rows' class shares or mean) on each row.
        unit: int64 [M], the unit (group) of each validation row.
        delta: tolerance in loss units; differences below it do not matter (default 2 % of R0).
        alpha: one-sided error rate of each claim.
        fold_seed: seed of the cross-fitting folds, from the data fingerprint.
        has_groups: True when units hold more than one row.
        hit_weights: float64 [M], what each row counts in the second metric; None where all count the same.
        row_floor: variance that the mean over rows has beside the one seen, for measures of few values.
        n_seeds: seeds that the study was asked for, some comparisons have fewer; 0 where unknown.
        target_log: True where squared errors are those of the target's logarithm.
    """

    task: Task
    constant_losses: DoubleArray
    unit: IndexArray
    delta: float
    alpha: float = 0.05
    fold_seed: int = 0
    has_groups: bool = False
    hit_weights: DoubleArray | None = None
    row_floor: float = 0.0
    n_seeds: int = 0
    target_log: bool = False


@dataclass(frozen=True)
class Answer:
    """One question with its answer.

    Args:
        question: "skill", "overtrained", "too big", "underfit" or "memorising".
        answer: "yes", "no", "undecided" or "not applicable".
        estimate: the difference in loss the answer rests on.
        low: lower end of the two one-sided bounds; the sentence names their level.
        high: upper end.
        tolerance: the delta it was tested against (0 for skill).
        lean: "" or the 80 % lean when undecided ("leaning yes", "leaning no").
        sentence: the answer in words with its numbers.
        would_decide: what would decide it, one sentence each, when undecided.
    """

    question: str
    answer: str
    estimate: float
    low: float
    high: float
    tolerance: float
    lean: str = ""
    sentence: str = ""
    would_decide: tuple[str, ...] = ()


@dataclass(frozen=True)
class LadderVerdict:
    """From which size on the data are overfitted.

    Args:
        word: "overfits from", "no overfitting shown" or "undecided".
        code: `HO1xx`.
        rung: index of the first rung that overfits, or -1.
        sentence: in words with numbers.
        per_rung: for each rung its answers (overtrained, too big, underfit).
        onset: for each rung the first epoch whose simultaneous band lies above delta, or -1.
        best_epoch: for each rung the epoch with the lowest mean validation loss.
        second: whether a second metric is harmed too, at the size named or the largest; `question` is its name, numbers
            are in its units, positive where it loses; None where it was not judged.
    """

    word: str
    code: str
    rung: int
    sentence: str
    per_rung: tuple[tuple[Answer, ...], ...]
    onset: tuple[int, ...] = ()
    best_epoch: tuple[int, ...] = ()
    second: Answer | None = None


VERDICT_WORDS = (
    "no skill shown",
    "overfit",
    "underfit",
    "between",
    "good fit",
    "undecided",
    "cannot tell",
    "data or bug",
)


@dataclass(frozen=True)
class ChosenVerdict:
    """The verdict on the delivered configuration.

    Args:
        word: one of `VERDICT_WORDS`; "data or bug" where a gate overrides the verdict.
        code: `HO1xx`.
        sentence: in words with numbers.
        answers: the five answers.
        second: whether a second metric is harmed too, as in `LadderVerdict`.
    """

    word: str
    code: str
    sentence: str
    answers: tuple[Answer, ...]
    second: Answer | None = None


@dataclass(frozen=True)
class RemedyResult:
    """One remedy at its best strength against the plain network of the same rung, same folds and seeds.

    Args:
        name: remedy name.
        strength: the strength chosen by cross-fitting.
        configuration: name of the configuration.
        at_end: change of loss at the last epoch (negative is better): estimate, low, high (95 % two-sided).
        early_stopped: the same with both early-stopped.
        outcome_at_end: "helps", "hurts", "equivalent" or "cannot tell" (after Holm over the remedies).
        outcome: the same for the early-stopped comparison.
        sentence: in words with numbers.
        detail: the augmenter chosen, for `augmentation`.
    """

    name: str
    strength: float
    configuration: str
    at_end: tuple[float, float, float]
    early_stopped: tuple[float, float, float]
    outcome_at_end: str
    outcome: str
    sentence: str
    detail: str = ""


@dataclass(frozen=True)
class Candidate:
    """One line of the leaderboard.

    Args:
        name: configuration name.
        n_parameters: size.
        n_remedies: number of remedies.
        epoch: the deployed epoch (lowest mean validation loss among the checkpoints).
        loss: mean validation loss at that epoch, cross-fitted.
        low: 95 % interval of the paired difference to the leader added to the leader's loss, lower end.
        high: upper end.
        excluded: True when it is worse than the leader beyond chance.
        chosen: True for the delivered one.
    """

    name: str
    n_parameters: int
    n_remedies: int
    epoch: int
    loss: float
    low: float
    high: float
    excluded: bool
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """Which configuration is delivered, and how sure.

    Args:
        name: configuration name.
        epoch: deployed epoch.
        leader: name of the configuration with the lowest loss.
        sentence: why, in words with numbers.
        candidates: the leaderboard, best loss first.
        loss: bias-corrected (BBC bootstrap) loss of the whole choice: estimate, low, high.
        naive_loss: the chosen configuration's own validation loss, optimistic.
    """

    name: str
    epoch: int
    leader: str
    sentence: str
    candidates: tuple[Candidate, ...]
    loss: tuple[float, float, float]
    naive_loss: float

    @property
    def optimism(self) -> float:
        """How much too low the chosen configuration's own loss is on the rows it was chosen on, at least 0."""
        return max(0.0, self.loss[0] - self.naive_loss)


@dataclass(frozen=True)
class Score:
    """One metric on some rows, with an interval.

    Args:
        metric: "accuracy", "balanced accuracy", "auc", "f1", "logloss", "rmse", "mae" or "r2"; of classes in order also
            "quadratic kappa" and "rank error"; of labels "label accuracy", "exact match", "micro f1", "auc", "logloss".
        value: the number.
        low: lower end of the 95 % interval; NaN when none is honest.
        high: upper end.
        n_rows: rows.
        n_units: groups (equals rows without groups).
        method: how the interval was made, or why there is none.
    """

    metric: str
    value: float
    low: float
    high: float
    n_rows: int
    n_units: int
    method: str


@dataclass(frozen=True)
class LabelScore:
    """How well one label of a target with several labels a row is found.

    Args:
        name: the label.
        n_rows: rows looked at.
        n_with: rows that have it.
        n_answered: rows for which it was answered.
        auc: area under its curve: estimate, low, high (95 %); NaN where there is none.
        f1: the same of F1.
    """

    name: str
    n_rows: int
    n_with: int
    n_answered: int
    auc: tuple[float, float, float]
    f1: tuple[float, float, float]


@dataclass(frozen=True)
class Baseline:
    """A simple predictor beside the network.

    Args:
        name: "constant", "linear", "gradient boosting" or "persistence".
        scores: its scores on the same rows, in the order of the study's metrics.
        difference: network minus baseline in loss per row: estimate, low, high (negative: network is better).
        sentence: in words.
    """

    name: str
    scores: tuple[Score, ...]
    difference: tuple[float, float, float]
    sentence: str


@dataclass(frozen=True)
class Gate:
    """One check that comes before any verdict: could a fault of the data or of the training explain the losses?

    Args:
        code: `HO3xx`, a row of the published table of codes.
        name: what was looked for.
        state: "passed", "fired" or "not applicable".
        sentence: what was found, with its numbers, or why it does not apply.
        overrides: True when it fired and what it found can move the score by more than the tolerance: the verdict
            is then "data or bug".
        estimate: the number the check rests on; NaN when there is none.
        low: lower end of its interval.
        high: upper end.
        tolerance: what the number was tested against.
        action: what to do.
    """

    code: str
    name: str
    state: str
    sentence: str
    overrides: bool = False
    estimate: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    tolerance: float = float("nan")
    action: str = ""


@dataclass(frozen=True)
class Growth:
    """What twice as many fit rows brought, from networks trained on half of them.

    Args:
        answer: "falling" (the loss fell beyond chance), "flat" (it fell by at most the tolerance) or "undecided".
        n_half: fit rows of the smaller networks.
        n_full: fit rows of the larger ones.
        fall: how much the loss fell from half to all rows, measured and paired: estimate, low, high (95 %).
        guess: the same for the next doubling, extrapolated: a guess, never a claim.
        n_subsamples: different halves that were drawn.
        sentence: in words with numbers.
    """

    answer: str
    n_half: int
    n_full: int
    fall: tuple[float, float, float]
    guess: tuple[float, float]
    n_subsamples: int
    sentence: str


@dataclass(frozen=True)
class SecondDescent:
    """A validation loss that falls again beyond a peak (double descent).

    Args:
        axis: "size" (along the rungs) or "epochs".
        peak: parameters or epoch at the peak.
        again: parameters or epoch where it is lower again.
        fall: how far it fell again: estimate, low, high (one-sided bounds at the level of the whole search).
        sentence: in words with numbers.
    """

    axis: str
    peak: int
    again: int
    fall: tuple[float, float, float]
    sentence: str


@dataclass(frozen=True)
class Prediction:
    """Predictions for some rows.

    Args:
        values: float64 [N, n_outputs]: probabilities of classes or labels, or [N, 1] the number in user units.
        labels: int32 [N], predicted class index (classification), [N, labels] ones and zeros (multilabel), empty for
            regression.
        low: float64 [N], lower end of the prediction interval (regression), else empty.
        high: float64 [N], upper end.
    """

    values: DoubleArray
    labels: CodeArray
    low: DoubleArray = field(default_factory=lambda: np.zeros(0))
    high: DoubleArray = field(default_factory=lambda: np.zeros(0))


# ------------------------------------------------------------------------------------------------- groups of rows
@dataclass(frozen=True)
class Attribute:
    """A property by which rows fall into groups, e.g. a column, its missing cells, the label.

    Args:
        name: the property, e.g. "age" or "age missing".
        codes: int32 [N], index into `levels` of each row; -1 for rows in none of its groups.
        levels: the groups in the user's words and units, e.g. "age 61 to 77", "sex = female"; unique over all
            attributes of a table.
        declared: True when the user asked about it: it is tested first, at its own error rate.
    """

    name: str
    codes: CodeArray
    levels: tuple[str, ...]
    declared: bool = False


@dataclass(frozen=True)
class SealedSlice:
    """A listed group as it did on the sealed test rows, which had no part in finding it.

    Args:
        n_rows: test rows of the group.
        n_units: units (patients, families) of the group.
        loss: mean loss; NaN without rows.
        difference: mean loss of the group minus that of the other rows: estimate, low, high (95 % interval of this
            group alone; NaN ends where there are too few rows).
        accuracy: share of right answers: estimate, low, high; NaN where there is none.
        too_small: True when the group has too few test rows to judge.
    """

    n_rows: int
    n_units: int
    loss: float
    difference: tuple[float, float, float]
    accuracy: tuple[float, float, float]
    too_small: bool


@dataclass(frozen=True)
class Slice:
    """One group of rows against all other rows.

    Args:
        name: the group in words, e.g. "sex = female and age 61 to 77".
        parts: the levels that it is made of (one or two), as in `Attribute.levels`.
        declared: True when the user asked about it.
        n_rows: rows in the group.
        n_units: units (patients, families) in the group.
        loss: mean loss of the group.
        difference: mean loss of the group minus that of the other rows: estimate and two one-sided 95 % bounds that
            hold for all groups searched at once.
        p: p value of "not worse than the rest", corrected for all groups searched.
        rank_p: the same on the ranks of the losses (it tests the distribution, not the mean).
        accuracy: share of right answers with its own 95 % interval; NaN for regression.
        outcome: "worse", "no difference shown" or "too small to judge".
        test: the same group on the test rows; None before the opening or without test rows.
    """

    name: str
    parts: tuple[str, ...]
    declared: bool
    n_rows: int
    n_units: int
    loss: float
    difference: tuple[float, float, float]
    p: float
    rank_p: float
    accuracy: tuple[float, float, float]
    outcome: str
    test: SealedSlice | None = None


@dataclass(frozen=True)
class SliceChange:
    """What a change (a remedy, an outlier rule) does to the loss of one group.

    Args:
        name: the group in words.
        parts: the levels it is made of; empty for a group that is no slice (the flagged rows).
        n_rows: rows.
        n_units: units.
        change: loss with the change minus loss without it (positive: hurt): estimate and two one-sided 95 % bounds
            that hold for all groups at once.
        p: corrected p value of "not hurt".
        outcome: "hurt", "helped", "no change shown" or "too small to judge".
    """

    name: str
    parts: tuple[str, ...]
    n_rows: int
    n_units: int
    change: tuple[float, float, float]
    p: float
    outcome: str


@dataclass(frozen=True)
class ChangeByGroup:
    """A change that may help on average and hurt some.

    Args:
        what: the change, e.g. "dropout 0.3".
        overall: its effect on all rows: estimate, low, high (95 %; negative is better).
        slices: groups that are hurt, else those for which the largest harm could not be excluded.
        n_searched: groups looked at.
        n_seeds: seeds of the comparison.
        sentence: in words with numbers.
    """

    what: str
    overall: tuple[float, float, float]
    slices: tuple[SliceChange, ...]
    n_searched: int
    n_seeds: int
    sentence: str


@dataclass(frozen=True)
class Subgroups:
    """For whom the model fails: every group searched, with the few that are worth showing.

    Args:
        sentence: the answer in words with numbers.
        slices: groups shown to be worse (declared ones first), else the least favourable ones; and all declared.
        n_searched: groups that were compared.
        n_rows: rows searched.
        loss: mean loss of all rows.
        too_small: groups with too few rows to judge, named with their rows; only those that can be named.
        n_too_small: how many groups were too small to judge.
        notes: what else the reader must know (groups left out of the search, seeds).
        harms: for each remedy that helps on average, what it does to each group.
    """

    sentence: str
    slices: tuple[Slice, ...]
    n_searched: int
    n_rows: int
    loss: float
    too_small: tuple[str, ...] = ()
    n_too_small: int = 0
    notes: tuple[str, ...] = ()
    harms: tuple[ChangeByGroup, ...] = ()


@dataclass(frozen=True)
class DroppedRate:
    """How often an outlier rule flags the rows of one group.

    Args:
        name: the group in words.
        n_flagged: flagged rows of the group.
        n_rows: rows of the group.
        rest_share: share of flagged rows among the others.
        ratio: rate ratio group over rest: estimate, low, high (95 % interval of this group alone).
        p: Benjamini-Hochberg adjusted p value of "not flagged more often than the rest", over all groups compared.
    """

    name: str
    n_flagged: int
    n_rows: int
    rest_share: float
    ratio: tuple[float, float, float]
    p: float


@dataclass(frozen=True)
class Affected:
    """Who is affected by an outlier rule.

    Args:
        rule: the rule in words, e.g. "drop rows beyond 3 standard deviations".
        is_applied: True when the study was fitted with it.
        n_flagged: rows that the rule concerns.
        n_rows: rows looked at.
        dropped: groups flagged more often than the rest, else the largest ratios.
        n_searched: groups compared.
        harm: what the rule does to each group's loss; None where nothing was retrained.
        sentence: in words with numbers.
        alternatives: what to do instead.
    """

    rule: str
    is_applied: bool
    n_flagged: int
    n_rows: int
    dropped: tuple[DroppedRate, ...]
    n_searched: int
    harm: ChangeByGroup | None
    sentence: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnHelp:
    """What one input column is worth to a network, on rows it was fitted on and on rows it was not.

    Args:
        column: its name.
        fit: rise of the loss on fit rows when the column is permuted: estimate, low, high (two one-sided 95 %).
        validation: the same on validation rows.
        gap: fit minus validation; its bounds hold for all columns at once.
        outcome: "learned by heart", "partly by heart", "carries over", "no help shown" or "cannot tell".
    """

    column: str
    fit: tuple[float, float, float]
    validation: tuple[float, float, float]
    gap: tuple[float, float, float]
    outcome: str


@dataclass(frozen=True)
class ByHeart:
    """What a network learned by heart, column by column, and which remedy takes it away.

    Args:
        configuration: the network looked at, trained to the last epoch.
        columns: its columns, the largest gap first.
        remedied: (remedy in words, the same columns under it), each in the order of `columns`.
        sentences: in words with numbers.
        n_networks: networks trained for this.
        notes: what was left out.
    """

    configuration: str
    columns: tuple[ColumnHelp, ...]
    remedied: tuple[tuple[str, tuple[ColumnHelp, ...]], ...]
    sentences: tuple[str, ...]
    n_networks: int
    notes: tuple[str, ...] = ()
