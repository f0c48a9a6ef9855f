"""Does a single column give the target away?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from heldout.audit.input import (
    AuditInput,
    is_classification,
    list_features,
    make_rng,
    pass_check,
    read_target,
)
from heldout.audit.leak_names import sounds_like_target
from heldout.audit.lonely import find_lonely
from heldout.audit.onecolumn import predict_out_of_fold
from heldout.ranks import find_auc
from heldout.records import DoubleArray, Finding, IndexArray, Kind, Severity, Task, TypedColumn
from heldout.toml_lines import paste_column

CRITICAL, STRONG = 0.95, 0.90
WORTH_ASKING, WORTH_ASKING_R2 = 0.70, 0.35  # a weaker column cannot raise a score much
SURE = {Task.BINARY: 0.6, Task.MULTICLASS: 0.6, Task.REGRESSION: 0.2}  # lower bound: not by chance alone
NEAR_COPY, SAME_NUMBER, MIN_SAME = 0.99, 0.9999, 10
MAX_PAIRED = 1_000  # columns that are tried in pairs
MAX_SAMPLE, MIN_SAMPLE, CELL_BUDGET = 20_000, 2_000, 4_000_000
SCREEN_ABOVE, SCREEN = 200, 0.80  # columns; score
N_FOLDS, N_PERMUTATIONS = 5, 19


@dataclass(frozen=True)
class ColumnScore:
    """How well one column alone predicts the target on rows it was not fitted on.

    Args:
        name: column name.
        score: area under the ROC curve (mean over classes, one against the rest), or R2 for a number.
        low: lower one-sided 95 % bound, corrected for the number of columns (Bonferroni).
        null: the highest score that permuted targets reached; NaN when not needed.
    """

    name: str
    score: float
    low: float
    null: float = float("nan")


def check_leaks(data: AuditInput) -> tuple[Finding, ...]:
    """Columns that copy the target, and columns that alone predict it suspiciously well.

    Args:
        data: the audit's input; text columns are left out.

    Returns:
        HO209 (copies of the target) and HO210 (single columns that predict it), one finding per column.
    """
    columns = [column for column in list_features(data) if column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE)]
    copies = [column.spec.name for column in columns if is_copy(data, column)]
    rest = [column for column in columns if column.spec.name not in copies]
    findings = [_report_copy(data, name) for name in copies]
    sums = [] if is_classification(data) else find_sums(data, rest)
    findings += [_report_sum(data, names) for names in sums]
    if not findings:
        findings.append(pass_check("HO209", "copies of the target", f"none among {len(columns)} columns"))
    return (*findings, *_report_scores(data, score_columns(data, rest), n_columns=len(rest)))


def is_copy(data: AuditInput, column: TypedColumn) -> bool:
    """Tell whether a column says the same as the target.

    Args:
        data: the audit's input.
        column: a feature.

    Returns:
        Classes: True when the column has about as many values as there are classes, and value and class determine
        each other in at least 99 % of the rows. Numbers: True when the squared correlation is above 0.9999.
    """
    target = read_target(data)
    if not is_classification(data):
        return len(column.values) > 0 and _correlate(column.values[data.rows], target) > SAME_NUMBER
    cells = _number_cells(column, data.rows)
    n_values, n_classes = len(np.unique(cells)), len(np.unique(target))
    if not n_classes <= n_values <= n_classes + 1:
        return False
    table = np.zeros((int(cells.max()) + 1, int(target.max()) + 1))
    np.add.at(table, (cells, target.astype(np.int64)), 1)
    return bool(min(table.max(axis=1).sum(), table.max(axis=0).sum()) >= NEAR_COPY * len(target))


def find_sums(data: AuditInput, columns: list[TypedColumn]) -> list[tuple[str, str, str]]:
    """Pairs of columns whose sum or difference is exactly a numeric target.

    Args:
        data: the audit's input, with a numeric target.
        columns: the features to try; those with missing cells are left out.

    Returns:
        Tuples (column, "+" or "-", column).
    """
    names = [column.spec.name for column in columns if len(column.values)]
    cells = [column.values[data.rows] for column in columns if len(column.values)]
    whole = [number for number, part in enumerate(cells) if np.isfinite(part).all()][:MAX_PAIRED]
    if len(whole) < 2:
        return []
    target, table = read_target(data), np.stack([cells[number] for number in whole])
    probe = np.unique(np.linspace(0, len(target) - 1, 12).astype(np.int64))
    found = []
    for i, j in _probe_pairs(table[:, probe], target[probe]):
        sign = "+" if np.allclose(table[i] + table[j], target) else "-"
        if (sign == "+" and i < j) or (sign == "-" and np.allclose(table[i] - table[j], target)):
            found.append((names[whole[i]], sign, names[whole[j]]))
    return found


def score_columns(
    data: AuditInput, columns: list[TypedColumn], *, null_from: float = STRONG
) -> list[ColumnScore]:
    """Predict the target from each column alone, out of fold.

    Numbers by a decision tree of depth 4 (missing cells go where they help), categories by the class shares of each
    level. On at most 20,000 rows, fewer with many columns. Columns above the threshold are compared with 19
    permuted targets: on few rows something always fits by chance.

    Args:
        data: the audit's input.
        columns: the features to try.
        null_from: lower bound from which on a column is compared with permuted targets.

    Returns:
        One score per column, highest first.
    """
    rng = make_rng(data, "leaks")
    size = int(np.clip(CELL_BUDGET // max(1, len(columns)), MIN_SAMPLE, MAX_SAMPLE))
    rows = data.rows if len(data.rows) <= size else np.sort(rng.choice(data.rows, size, replace=False))
    unit = np.unique(data.split.unit[rows], return_inverse=True)[1].reshape(-1)
    trial = _Trial(
        rows=rows,
        target=data.target.values[rows],
        unit=unit,
        fold=rng.permutation(int(unit.max(initial=0)) + 1)[unit] % N_FOLDS,
        classes=is_classification(data),
        z=float(norm.ppf(1 - 0.05 / max(1, len(columns)))),
        null_from=null_from,
    )
    scores = [_score_column(trial, column, rng=rng, screen=len(columns) > SCREEN_ABOVE) for column in columns]
    return sorted(scores, key=lambda item: (-item.low, -item.score))


@dataclass(frozen=True)
class _Trial:
    """What all columns share: sampled rows, their target, units, folds, the bound's quantile, where nulls begin."""

    rows: IndexArray
    target: DoubleArray
    unit: IndexArray
    fold: IndexArray
    classes: bool
    z: float
    null_from: float


def _score_column(
    trial: _Trial, column: TypedColumn, *, rng: np.random.Generator, screen: bool
) -> ColumnScore:
    cells, is_level = _read_cells(column, trial.rows)
    n_classes = int(trial.target.max()) + 1
    if screen:
        # One fold is enough to see that a column is nowhere near the threshold.
        held = trial.fold == 0
        guess = predict_out_of_fold(
            cells,
            trial.target,
            fold=np.where(held, 0, -1),
            is_level=is_level,
            n_classes=n_classes * trial.classes,
        )
        part = replace(
            trial,
            rows=trial.rows[held],
            target=trial.target[held],
            unit=trial.unit[held],
            fold=trial.fold[held],
        )
        quick = _bound_score(part, guess[held], part.target)[0]
        if quick < SCREEN:
            return ColumnScore(column.spec.name, quick, 0.0)
    n_classes *= trial.classes
    guess = predict_out_of_fold(cells, trial.target, fold=trial.fold, is_level=is_level, n_classes=n_classes)
    score, low = _bound_score(trial, guess, trial.target)
    if low <= trial.null_from:
        return ColumnScore(column.spec.name, score, low)
    null = -np.inf
    for _ in range(N_PERMUTATIONS):
        mixed = rng.permutation(trial.target)
        guess = predict_out_of_fold(cells, mixed, fold=trial.fold, is_level=is_level, n_classes=n_classes)
        null = max(null, _bound_score(trial, guess, mixed)[0])
    return ColumnScore(column.spec.name, score, low, null)


def _probe_pairs(table: DoubleArray, target: DoubleArray) -> list[tuple[int, int]]:
    """Pairs that fit on a few rows, so that the full comparison is needed for almost none."""
    pairs = []
    for i, part in enumerate(table):
        fits = np.isclose(table, target - part).all(axis=1) | np.isclose(table, part - target).all(axis=1)
        pairs += [(i, int(j)) for j in np.flatnonzero(fits) if i != j]
    return pairs


def _read_cells(column: TypedColumn, rows: IndexArray) -> tuple[DoubleArray, bool]:
    if len(column.values):
        return column.values[rows], False
    return column.codes[rows].astype(np.float64) + 1, True


def _number_cells(column: TypedColumn, rows: IndexArray) -> IndexArray:
    cells = _read_cells(column, rows)[0]
    return np.unique(np.where(np.isnan(cells), -np.inf, cells), return_inverse=True)[1].reshape(-1)


def _bound_score(trial: _Trial, guess: DoubleArray, target: DoubleArray) -> tuple[float, float]:
    """Score and its lower bound, with units in place of rows where units are larger."""
    if not trial.classes:
        spread = float(((target - target.mean()) ** 2).sum())
        score = 1 - float(((target - guess[:, 0]) ** 2).sum()) / spread if spread > 0 else 0.0
        n_units = len(np.unique(trial.unit))
        if score <= 0 or n_units <= 4:
            return score, 0.0
        # Fisher's z of the correlation that this R2 stands for.
        shifted = np.arctanh(min(np.sqrt(score), 1 - 1e-12)) - trial.z / np.sqrt(n_units - 3)
        return score, float(np.tanh(max(shifted, 0)) ** 2)
    present = np.unique(target).astype(np.int64)
    if len(present) < 2:
        return 0.5, 0.0
    asked = present[1:] if len(present) == 2 else present
    found = [_bound_auc(guess[:, number], target == number, unit=trial.unit, z=trial.z) for number in asked]
    return float(np.mean([item[0] for item in found])), float(np.mean([item[1] for item in found]))


def _bound_auc(
    guess: DoubleArray, positive: np.ndarray, *, unit: IndexArray, z: float
) -> tuple[float, float]:
    """Area and its lower bound by Hanley and McNeil 1982, Radiology 143, 29.

    At an area of 1 their standard error is 0; there half a wrong pair per unit of the smaller class is put in.
    """
    area = find_auc(guess, positive)
    n_positive = len(np.unique(unit[positive]))
    n_negative = len(np.unique(unit[~positive]))
    used = min(area, 1 - 0.5 / min(n_positive, n_negative))
    first, second = used / (2 - used), 2 * used**2 / (1 + used)
    variance = (
        used * (1 - used) + (n_positive - 1) * (first - used**2) + (n_negative - 1) * (second - used**2)
    )
    return area, area - z * float(np.sqrt(max(variance, 0) / (n_positive * n_negative)))


def _correlate(cells: DoubleArray, target: DoubleArray) -> float:
    """Squared correlation where both are known; 0 when more than a tenth of the cells is missing."""
    known = np.isfinite(cells)
    if known.sum() < max(MIN_SAME, 0.9 * len(target)):
        return 0.0
    x, y = cells[known] - cells[known].mean(), target[known] - target[known].mean()
    # Scaled first, so that squares of huge numbers stay finite.
    x, y = x / max(float(np.abs(x).max()), 1e-300), y / max(float(np.abs(y).max()), 1e-300)
    power = float((x**2).sum() * (y**2).sum())
    return float((x * y).sum() ** 2 / power) if power > 0 else 0.0


def _report_copy(data: AuditInput, name: str) -> Finding:
    return Finding(
        "HO209",
        "copy of the target",
        Severity.CRITICAL,
        f"column {name!r} says the same as the target {data.target.name!r} in {len(data.rows)} development rows; "
        "is it known at prediction time?",
        column=name,
        rows=len(data.rows),
        action=f"{paste_column(name, 'kind', 'ignore')} leaves it out",
    )


def _report_sum(data: AuditInput, names: tuple[str, str, str]) -> Finding:
    first, sign, second = names
    return Finding(
        "HO209",
        "copy of the target",
        Severity.CRITICAL,
        f"{first!r} {sign} {second!r} is exactly the target {data.target.name!r} in {len(data.rows)} development rows; "
        "are they known at prediction time?",
        column=first,
        rows=len(data.rows),
        action=f"{paste_column(first, 'kind', 'ignore')} and {paste_column(second, 'kind', 'ignore')} leave them out",
    )


def _report_scores(data: AuditInput, scores: list[ColumnScore], *, n_columns: int) -> list[Finding]:
    """Columns that predict the target, by what else they know: see `lonely`."""
    title = "single column predicts the target"
    line = WORTH_ASKING if is_classification(data) else WORTH_ASKING_R2
    asked = [
        item.name for item in scores if item.score > line and SURE[data.target.task] < item.low <= CRITICAL
    ]
    lonely = find_lonely(data, asked)
    findings = []
    for item in scores:
        is_strong = item.low > STRONG and item.score > item.null
        if is_strong or item.name in lonely:
            findings.append(_report_score(data, item, n_columns=n_columns, is_lonely=item.name in lonely))
    told = {item.column for item in findings}
    chance = 0.5 if is_classification(data) else 0.0
    findings += [
        _report_name(data, item)
        for item in scores
        if item.name not in told and item.low > chance and sounds_like_target(item.name, data.target.name)
    ]
    if findings:
        return findings
    measure = "AUC" if is_classification(data) else "R2"
    best = f"; the best, {scores[0].name!r}, has {measure} {scores[0].score:.3f}" if scores else ""
    return [pass_check("HO210", title, f"none of {n_columns} columns alone predicts the target{best}")]


def _report_name(data: AuditInput, item: ColumnScore) -> Finding:
    measure = "AUC" if is_classification(data) else "R2"
    return Finding(
        "HO210",
        "name of an answer",
        Severity.WARNING,
        f"column {item.name!r} is called like an answer to {data.target.name!r}, or a guess at it, and goes with it "
        f"beyond chance ({measure} {item.score:.3f}, at least {item.low:.3f}); is it known at prediction time?",
        column=item.name,
        rows=len(data.rows),
        action=f"if not: {paste_column(item.name, 'kind', 'ignore')} leaves it out",
    )


def _report_score(data: AuditInput, item: ColumnScore, *, n_columns: int, is_lonely: bool) -> Finding:
    measure = "AUC" if is_classification(data) else "R2"
    null = "" if np.isnan(item.null) else f"; permuted targets reach {item.null:.3f}"
    if item.low > CRITICAL:
        severity, beside = Severity.CRITICAL, ""
    elif is_lonely:
        severity = Severity.WARNING
        beside = (
            ", and moves with no other column where the target is the same while the others do: like a noisy copy of "
            "the answer"
        )
    else:
        severity = Severity.INFO
        beside = ", and moves with other columns where the target is the same, as a measurement does"
    return Finding(
        "HO210",
        "single column predicts the target",
        severity,
        f"column {item.name!r} alone predicts the target with {measure} {item.score:.3f} (at least {item.low:.3f} "
        f"after correction for {n_columns} columns{null}){beside}; is it known at prediction time?",
        column=item.name,
        rows=len(data.rows),
        action=f"if not: {paste_column(item.name, 'kind', 'ignore')} leaves it out",
    )
