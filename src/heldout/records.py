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

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
CodeArray = NDArray[np.int32]
StatusArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]


# --------------------------------------------------------------------------------------------- data as read
@dataclass(frozen=True)
class SetAside:
    """A row that was read but not used.

    Args:
        line: 1-based line in the file (row number for frames).
        reason: why, in words.
        text: the beginning of the row as it stands in the file.
    """

    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True)
class RawColumn:
    """A column of cells exactly as read, stored once per distinct text.

    Args:
        name: the unique name used everywhere (repaired when the file repeats a name: `age`, `age#2`).
        codes: int32 [N], index into `levels`; -1 where the source holds a true null (Parquet, frames).
        levels: the distinct cell texts in order of first appearance, nothing stripped.
    """

    name: str
    codes: CodeArray
    levels: tuple[str, ...]


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
    """

    columns: tuple[RawColumn, ...]
    lines: IndexArray
    source: str
    notes: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    part: NDArray[np.int8] | None = None


PART_UNDECLARED, PART_FIT, PART_VALIDATION, PART_TEST = 0, 1, 2, 3


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
    IDENTIFIER = "identifier"
    CONSTANT = "constant"


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


@dataclass(frozen=True)
class TypedColumn:
    """One column after reading its cells by its `ColumnSpec`.

    Args:
        spec: how it was read.
        status: uint8 [N], a `Status` per cell.
        values: float64 [N]; numbers as they are, dates as days since 1970-01-01, yes/no as 1/0; NaN where there
            is no value. Empty for category, text and identifier.
        codes: int32 [N], index into `levels`, -1 where missing. Empty for number, date, yes/no.
        levels: distinct canonical texts (stripped), in order of first appearance.
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
    REGRESSION = "regression"


@dataclass(frozen=True)
class Target:
    """The target column after reading.

    Args:
        name: column name.
        task: binary, multiclass or regression.
        why: how the task was decided and how to change it, one sentence.
        classes: class names in a fixed order (classification); for binary the second one is "positive".
        values: float64 [N]; class index or the number; NaN where the target is missing.
        missing: rows (positions) without a target, set aside from the study.
        unit: unit of a regression target if known, else "".
    """

    name: str
    task: Task
    why: str
    classes: tuple[str, ...]
    values: DoubleArray
    missing: IndexArray
    unit: str = ""


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
    """

    code: str
    title: str
    severity: Severity
    sentence: str
    column: str = ""
    rows: int = 0
    action: str = ""


# ---------------------------------------------------------------------------------------------------- tensors
@dataclass(frozen=True)
class Tensors:
    """All arrays that training needs, rows = development rows in the order of `Split.development`.

    Args:
        features: float32 [K, N, D], the development rows encoded by each fold's recipe state.
        target: float32 [K, N]; class index, or the target standardized with the fold's fit rows (regression).
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
        n_outputs: width of the last layer.
        slot_unseen: int32 [D], for each feature the index of the `<unseen>` slot of its block, or -1.
        output_offset: float32 [K, n_outputs], added to the outputs outside training: it takes class weights out of
            the probabilities again, so that losses and scores speak of the data as they are. None for zeros.
    """

    features: FloatArray
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


# -------------------------------------------------------------------------------------------- configurations
@dataclass(frozen=True)
class Rung:
    """One size of network on the ladder.

    Args:
        index: position on the ladder, 0 is the smallest (linear).
        widths: units of each hidden layer; empty for a linear model.
        n_parameters: number of weights and biases.
        learning_rate: Adam's step size, chosen for this rung before seeds are spent.
    """

    index: int
    widths: tuple[int, ...]
    n_parameters: int
    learning_rate: float


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
    """

    learning_rate: float
    dropout: tuple[float, ...]
    l1: tuple[float, ...]
    l2: tuple[float, ...]
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class RemedyUse:
    """One remedy at one strength, e.g. ("dropout", 0.3).

    Args:
        name: `dropout`, `l1`, `l2`, `early_stopping`, `fewer_parameters` or `augmentation`.
        strength: its number, in the remedy's own unit.
    """

    name: str
    strength: float


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
        losses: float32 [E, S, M], validation loss per row (log-loss in nats from logits clipped to +-15, or squared
            error in standardized target units), evaluation mode, rows in the pooled order of `Tensors.order`.
        hits: bool [E, S, M], prediction right (classification); empty [0, 0, 0] for regression.
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
        task: binary, multiclass or regression.
        constant_losses: float64 [M], loss of the constant predictor (fit rows' class shares or mean) on each row.
        unit: int64 [M], the unit (group) of each validation row.
        delta: tolerance in loss units; differences below it do not matter (default 2 % of R0).
        alpha: one-sided error rate of each claim.
        fold_seed: seed of the cross-fitting folds, from the data fingerprint.
        has_groups: True when units hold more than one row.
    """

    task: Task
    constant_losses: DoubleArray
    unit: IndexArray
    delta: float
    alpha: float = 0.05
    fold_seed: int = 0
    has_groups: bool = False


@dataclass(frozen=True)
class Answer:
    """One question with its answer.

    Args:
        question: "skill", "overtrained", "too big", "underfit" or "memorising".
        answer: "yes", "no", "undecided" or "not applicable".
        estimate: the difference in loss the answer rests on.
        low: lower end of the two one-sided 95 % bounds.
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
    """

    word: str
    code: str
    rung: int
    sentence: str
    per_rung: tuple[tuple[Answer, ...], ...]
    onset: tuple[int, ...] = ()
    best_epoch: tuple[int, ...] = ()


@dataclass(frozen=True)
class ChosenVerdict:
    """The verdict on the delivered configuration.

    Args:
        word: "no skill shown", "overfit", "underfit", "between", "good fit", "undecided" or "cannot tell".
        code: `HO1xx`.
        sentence: in words with numbers.
        answers: the five answers.
    """

    word: str
    code: str
    sentence: str
    answers: tuple[Answer, ...]


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
    """

    name: str
    strength: float
    configuration: str
    at_end: tuple[float, float, float]
    early_stopped: tuple[float, float, float]
    outcome_at_end: str
    outcome: str
    sentence: str


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


@dataclass(frozen=True)
class Score:
    """One metric on some rows, with an interval.

    Args:
        metric: "accuracy", "balanced accuracy", "auc", "f1", "logloss", "rmse", "mae" or "r2".
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
class Prediction:
    """Predictions for some rows.

    Args:
        values: float64 [N, n_outputs]: class probabilities (classification) or [N, 1] the number in user units.
        labels: predicted class index per row (classification), empty for regression.
        low: float64 [N], lower end of the prediction interval (regression), else empty.
        high: float64 [N], upper end.
    """

    values: DoubleArray
    labels: CodeArray
    low: DoubleArray = field(default_factory=lambda: np.zeros(0))
    high: DoubleArray = field(default_factory=lambda: np.zeros(0))
