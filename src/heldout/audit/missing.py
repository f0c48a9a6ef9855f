"""Which cells are missing, and does missingness itself tell the target?"""

from __future__ import annotations

import numpy as np
from scipy import stats

from heldout.audit.input import (
    AuditInput,
    find_absent,
    is_classification,
    list_features,
    make_rng,
    name_some,
    pass_check,
    read_target,
)
from heldout.ranks import adjust_discoveries
from heldout.records import DoubleArray, Finding, IndexArray, Kind, RowSet, Severity, TypedColumn

MOSTLY = 0.5
FALSE_DISCOVERY = 0.05
MAX_LISTED = 20
N_TABLES = 9_999  # random tables of the exact test where an expected count is under 5; smallest p is 1/10,000


def check_missing(data: AuditInput) -> tuple[Finding, ...]:
    """Missing cells per column, and columns whose missing cells depend on the target.

    Args:
        data: the audit's input.

    Returns:
        HO205 (missing cells; one more per column with most cells missing) and HO206 (missingness tied to the
        target, one per column after Benjamini-Hochberg at 5 %).
    """
    features = list_features(data)
    absent = {column.spec.name: find_absent(column, data.rows) for column in features}
    return (*_report_counts(data, absent), *_report_ties(data, features, absent=absent))


def compare_missingness(absent: np.ndarray, classes: IndexArray, *, rng: np.random.Generator) -> float:
    """Probability of a difference at least this large if missing cells fell regardless of the class.

    Fisher's exact test for two classes with an expected count under 5, random tables with the same margins for
    more classes with such a count, Pearson's chi-square test otherwise.

    Args:
        absent: bool [N].
        classes: int64 [N], class index from 0.
        rng: for random tables.

    Returns:
        The p-value in (0, 1]; 1 when all or no cells are missing or there is one class.

    Example:
        >>> absent, classes = np.array([True] * 5 + [False] * 5), np.array([1] * 5 + [0] * 5)
        >>> round(compare_missingness(absent, classes, rng=np.random.default_rng(0)), 5)
        0.00794
    """
    n_classes = int(classes.max(initial=0)) + 1
    total = np.bincount(classes, minlength=n_classes)
    gone = np.bincount(classes[absent], minlength=n_classes)[total > 0]
    total = total[total > 0]
    n_gone = int(gone.sum())
    if len(total) < 2 or n_gone in (0, len(classes)):
        return 1.0
    table = np.stack([gone, total - gone])
    expected = np.outer([n_gone, len(classes) - n_gone], total) / len(classes)
    if expected.min() >= 5:
        return float(stats.chi2.sf(((table - expected) ** 2 / expected).sum(), len(total) - 1))
    if len(total) == 2:
        return float(np.asarray(stats.fisher_exact(table))[1])
    observed = ((gone - expected[0]) ** 2 / expected[0]).sum()
    draws = rng.multivariate_hypergeometric(total, n_gone, size=N_TABLES)
    null = ((draws - expected[0]) ** 2 / expected[0]).sum(axis=1)
    return float((1 + (null >= observed - 1e-9).sum()) / (N_TABLES + 1))


def _report_counts(data: AuditInput, absent: dict[str, np.ndarray]) -> list[Finding]:
    counts = {name: int(cells.sum()) for name, cells in absent.items()}
    n_rows, n_cells = len(data.rows), len(data.rows) * len(counts)
    total = sum(counts.values())
    if not total:
        return [pass_check("HO205", "missing cells", f"none of {n_cells} feature cells is missing")]
    worst = sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])
    listed = ", ".join(
        f"{name!r} {counts[name]} ({100 * counts[name] / n_rows:.1f} %)" for name in worst[:10]
    )
    more = f" and {len(worst) - 10} more" if len(worst) > 10 else ""
    without = np.logical_or.reduce(list(absent.values()))
    findings = [
        Finding(
            "HO205",
            "missing cells",
            Severity.INFO,
            f"{total} of {n_cells} feature cells ({100 * total / n_cells:.1f} %) are missing, in {len(worst)} of "
            f"{len(counts)} columns: {listed}{more}",
            rows=int(without.sum()),
            where=RowSet(data.rows[without]),
            action=_say_filled(data, counts),
        )
    ]
    mostly = [name for name in worst if counts[name] > MOSTLY * n_rows]
    if mostly:
        without = np.logical_or.reduce([absent[name] for name in mostly])
        findings.append(
            Finding(
                "HO205",
                "columns with most cells missing",
                Severity.WARNING,
                f"more than half of the cells are missing in {name_some(mostly)}",
                column=mostly[0] if len(mostly) == 1 else "",
                rows=int(without.sum()),
                where=RowSet(data.rows[without]),
                action="kept; consider leaving them out",
            )
        )
    return findings


def _say_filled(data: AuditInput, counts: dict[str, int]) -> str:
    """What becomes of missing cells: of texts it depends on how they are read, which is settled after the audit."""
    kinds = {column.spec.kind for column in list_features(data) if counts.get(column.spec.name)}
    said = ["filled from the fit rows and marked by an indicator"] if kinds - {Kind.TEXT} else []
    if Kind.TEXT in kinds:
        said.append(
            "a missing text has no words: an indicator marks it where texts are weights of words, nothing does where "
            "they are rows of word numbers"
        )
    return "; ".join(said)


def _report_ties(
    data: AuditInput, features: list[TypedColumn], *, absent: dict[str, np.ndarray]
) -> list[Finding]:
    title = "missingness tied to the target"
    tested = [column for column in features if 0 < absent[column.spec.name].sum() < len(data.rows)]
    if not tested:
        return [pass_check("HO206", title, "no column has both missing and present cells")]
    values, rng = read_target(data), make_rng(data, "missing")
    p_values = []
    for column in tested:
        cells = absent[column.spec.name]
        if is_classification(data):
            p_values.append(compare_missingness(cells, values.astype(np.int64), rng=rng))
        else:
            p_values.append(float(stats.mannwhitneyu(values[cells], values[~cells]).pvalue))
    adjusted = adjust_discoveries(np.array(p_values))
    found = [number for number in np.argsort(adjusted) if adjusted[number] <= FALSE_DISCOVERY]
    if not found:
        return [
            pass_check(
                "HO206", title, f"in none of {len(tested)} columns with missing cells (5 % false discoveries)"
            )
        ]
    findings = [
        _report_tie(
            data,
            tested[number].spec.name,
            absent=absent,
            p_value=float(adjusted[number]),
            n_tested=len(tested),
        )
        for number in found[:MAX_LISTED]
    ]
    if len(found) > MAX_LISTED:
        rest = [tested[number].spec.name for number in found[MAX_LISTED:]]
        sentence = f"the same in {len(rest)} more columns: {name_some(rest)}"
        findings.append(Finding("HO206", title, Severity.WARNING, sentence))
    return findings


def _report_tie(
    data: AuditInput, name: str, *, absent: dict[str, np.ndarray], p_value: float, n_tested: int
) -> Finding:
    caution = "; rows of one group were counted as independent" if data.group else ""
    return Finding(
        "HO206",
        "missingness tied to the target",
        Severity.WARNING,
        f"missing cells of {name!r} depend on the target: {_describe_tie(data, absent[name], read_target(data))} "
        f"(p = {p_value:.2g} after correction for {n_tested} columns{caution})",
        column=name,
        rows=int(absent[name].sum()),
        where=RowSet(data.rows[absent[name]]),
        action="kept visible by an indicator; ask whether missingness is known at prediction time",
    )


def _describe_tie(data: AuditInput, cells: np.ndarray, values: DoubleArray) -> str:
    if not is_classification(data):
        low, high = np.median(values[~cells]), np.median(values[cells])
        return f"median target {high:.4g} where missing, {low:.4g} elsewhere"
    shares = []
    for number, name in enumerate(data.target.classes):
        of_class = values == number
        if of_class.any():
            shares.append(
                (cells[of_class].mean(), f"{name!r} {int(cells[of_class].sum())} of {int(of_class.sum())}")
            )
    shares.sort(key=lambda item: -item[0])
    shown = shares if len(shares) <= 4 else [*shares[:2], *shares[-2:]]
    return ", ".join(text for _, text in shown)
