"""Which rows are fitted, which are validated, which are sealed: units are never cut, labels stay balanced."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from heldout.deal import deal_units
from heldout.errors import DataError
from heldout.records import (
    PART_TEST,
    PART_VALIDATION,
    DoubleArray,
    Fold,
    IndexArray,
    Split,
    Target,
    Task,
)
from heldout.split_notes import describe_parts, name_class
from heldout.split_notes import find_copies as find_copies
from heldout.time_blocks import cut_blocks, make_forward_folds, number_pieces, order_by_time

# Thresholds of the protocol: decisions on folds (page "which rows are used for what" of the documentation).
MINIMUM_ROWS = 10  # two rows for each of five folds
MINIMUM_TEST_ROWS, MINIMUM_TEST_UNITS = 200, 30
TEST_SHARE = VALIDATION_SHARE = 0.20
N_FOLDS, N_TIME_BLOCKS = 5, 4
FOLDS_BELOW_ROWS, FOLDS_BELOW_UNITS, FOLDS_BELOW_CLASS = 2_000, 200, 200
FOLDS_NEVER_ABOVE = 20_000
MOST_NAMED = 8
MINIMUM_VALIDATION_ABOVE = 5_000


@dataclass(frozen=True)
class SplitRequest:
    """What decides a split.

    Args:
        rows: int64 positions of the usable rows (those with a target), sorted.
        unit: int64 [N], rows that stay together (`links.link_rows`).
        target: the target; its values balance the parts.
        fingerprint: sha256 of the data, as text.
        split_seed: seed of the split, 0 or more; the study's own seed plays no part.
        part: int8 [N] as the user declared the rows, or None.
        time: float64 [N], days; the split then goes forward in time. None: no order.
        gap: rows left out between earlier and later parts, 0 or more, with `time` only.
    """

    rows: IndexArray
    unit: IndexArray
    target: Target
    fingerprint: str
    split_seed: int = 0
    part: np.ndarray | None = None
    time: DoubleArray | None = None
    gap: int = 0


def split_table(request: SplitRequest) -> Split:
    """Divide the usable rows into folds of development rows and sealed test rows.

    A fifth of the rows is sealed unless there are fewer than 200 rows or 30 units, or the user declared test rows.
    The development rows form five folds (each row validated once by a network that never saw it) when they are few
    (under 2,000 rows, 200 units, or 200 rows of the rarest class; never above 20,000 rows), else one division. With
    `time` every part lies later than what it is judged by. The seal follows from the data's fingerprint and the
    split seed alone, so that no number of repeated studies can shop for an easy test set.

    Args:
        request: rows, units, target, seed and the user's wishes.

    Returns:
        Split; `unit` holds the request's units, or with `time` the blocks of consecutive rows that intervals need.

    Raises:
        DataError: fewer than 10 usable rows, one class, a class with one unit, a single unit, missing or equal
            times, or a declared part without rows.

    Example:
        >>> values = np.array([0.0, 1.0] * 20)
        >>> target = Target("ill", Task.BINARY, "", ("no", "yes"), values, np.zeros(0, np.int64))
        >>> split = split_table(SplitRequest(np.arange(40), np.arange(40), target, "abc"))
        >>> len(split.folds), len(split.test), split.why_no_test
        (5, 0, 'there are 40 usable rows; a sealed test set needs 200')
        >>> split_table(SplitRequest(np.arange(3), np.arange(40), target, "abc"))
        Traceback (most recent call last):
        heldout.errors.DataError: there are 3 rows with a target; a study needs at least 10
          -> collect more rows
    """
    _refuse_hopeless(request)
    notes: list[str] = []
    test, development, why_no_test = _seal_test(request, notes)
    folds, words = _divide_development(request, development, notes)
    unit = request.unit
    if request.time is not None:
        unit = _cut_pieces(request, request.time, folds=folds, test=test)
    split = Split(
        folds=folds,
        development=development,
        test=test,
        unit=unit,
        method=_describe(request, words, development, test),
        has_groups=len(np.unique(unit[request.rows])) < len(request.rows),
        ordered=request.time is not None,
        why_no_test=why_no_test,
        fingerprint=request.fingerprint,
        split_seed=request.split_seed,
    )
    notes += describe_parts(
        split, rows=request.rows, unit=request.unit, target=request.target, part=request.part
    )
    return replace(split, notes=tuple(notes))


def derive_fold_seed(split: Split) -> int:
    """Give the seed of the cross-fitting folds of a study, the same whenever its losses are judged.

    Args:
        split: for the fingerprint of its rows and its seed.
    """
    text = f"cross-fit {split.fingerprint} {split.split_seed}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


# ------------------------------------------------------------------------------------------------- refusals
def _refuse_hopeless(request: SplitRequest) -> None:
    """Raise when no honest split exists."""
    rows, target = request.rows, request.target
    if len(rows) < MINIMUM_ROWS:
        raise DataError(
            f"there are {len(rows)} rows with a target; a study needs at least {MINIMUM_ROWS}",
            hint="collect more rows",
        )
    absent = int(np.isnan(target.values[rows]).sum())
    if absent:
        raise DataError(f"{absent} of {len(rows)} rows have no value in the target column {target.name!r}")
    if len(np.unique(request.unit[rows])) < 2:
        raise DataError(
            f"all {len(rows)} rows belong to one unit, so that no row can judge another",
            hint="use a finer --group, or leave it out",
        )
    if len(np.unique(target.values[rows])) < 2:
        only = name_class(target, float(target.values[rows][0]))
        raise DataError(
            f"the target column {target.name!r} has one value only, {only}, in all {len(rows)} rows",
            hint="name another target",
        )
    if target.task is not Task.REGRESSION:
        _refuse_lonely_classes(request)


def _refuse_lonely_classes(request: SplitRequest) -> None:
    values = request.target.values[request.rows]
    for value, n_units in zip(*_count_units(values, request.unit[request.rows]), strict=True):
        if n_units < 2:
            n_rows = int((values == value).sum())
            raise DataError(
                f"class {name_class(request.target, value)} of {request.target.name!r} has {n_rows} "
                f"{'row' if n_rows == 1 else 'rows'} in one unit; fit and validation rows need one unit each",
                hint="merge the class with another or drop it by target_map, or collect more rows",
            )


# --------------------------------------------------------------------------------------------------- sealing
def _seal_test(request: SplitRequest, notes: list[str]) -> tuple[IndexArray, IndexArray, str]:
    """Test rows, development rows, and why there are no test rows."""
    rows, part = request.rows, request.part
    if part is not None and (part == PART_TEST).any():
        test, development = rows[part[rows] == PART_TEST], rows[part[rows] != PART_TEST]
        unlabelled = int((part == PART_TEST).sum()) - len(test)
        if unlabelled:
            notes.append(f"{unlabelled} of your test rows have no target and are set aside")
        if not len(development):
            raise DataError("all rows with a target are declared test rows; none is left to fit")
        return test, development, "" if len(test) else "none of your test rows has a target"
    own = np.zeros(len(rows), dtype=bool) if part is None else part[rows] == PART_VALIDATION
    free = rows[~own]
    n_units = len(np.unique(request.unit[free]))
    if len(free) < MINIMUM_TEST_ROWS:
        return (
            rows[:0],
            rows,
            f"there are {len(free)} usable rows; a sealed test set needs {MINIMUM_TEST_ROWS}",
        )
    if n_units < MINIMUM_TEST_UNITS:
        return rows[:0], rows, f"there are {n_units} units; a sealed test set needs {MINIMUM_TEST_UNITS}"
    if request.time is not None:
        return _seal_latest(request, request.time, rows=rows, free=free, notes=notes)
    test = _seal_sample(request, free, notes)
    why = "" if len(test) else "every class has fewer than 3 units, so that none can be spared"
    return test, np.setdiff1d(rows, test, assume_unique=True), why


def _seal_sample(request: SplitRequest, free: IndexArray, notes: list[str]) -> IndexArray:
    """A fifth of the units, balanced by class; classes with fewer than 3 units stay in development."""
    unit, values = request.unit[free], request.target.values[free]
    keep = np.zeros(len(free), dtype=bool)
    if request.target.task is not Task.REGRESSION:
        classes, n_units = _count_units(values, unit)
        scarce = classes[n_units < 3]
        keep = np.isin(unit, unit[np.isin(values, scarce)])
        if len(scarce):
            notes.append(_tell_scarce(request.target, scarce))
    if keep.all():
        return free[:0]
    stratum = _number_strata(request.target, free[~keep])
    rng = _derive_rng(request, "test")
    dealt = deal_units(unit[~keep], stratum, shares=(TEST_SHARE, 1 - TEST_SHARE), rng=rng)
    sealed = np.zeros(len(free), dtype=bool)
    sealed[~keep] = dealt == 0
    if request.target.task is not Task.REGRESSION:
        _return_classes(sealed, unit, values)
    return free[sealed]


def _tell_scarce(target: Target, scarce: DoubleArray) -> str:
    names = [name_class(target, value) for value in scarce]
    if len(names) == 1:
        return f"class {names[0]} has fewer than 3 units: none of them is in the test rows"
    shown = ", ".join(names[:MOST_NAMED]) + (
        f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    )
    return f"{len(names)} classes have fewer than 3 units, none of them is in the test rows: {shown}"


def _return_classes(sealed: np.ndarray, unit: IndexArray, values: DoubleArray) -> None:
    """Give units back to development until every class has two units there; writes `sealed`."""
    for value in np.unique(values):
        if len(np.unique(unit[~sealed & (values == value)])) < 2:
            sealed &= ~np.isin(unit, unit[values == value])


def _seal_latest(
    request: SplitRequest, time: DoubleArray, *, rows: IndexArray, free: IndexArray, notes: list[str]
) -> tuple[IndexArray, IndexArray, str]:
    """The last fifth by time, with the gap before it left out of everything."""
    ordered, key = order_by_time(free, time=time, unit=request.unit)
    blocks = cut_blocks(key, [1 - TEST_SHARE, TEST_SHARE])
    if len(blocks) < 2:
        return rows[:0], rows, "equal times leave no later rows to seal"
    start = blocks[1].start
    if start - request.gap < MINIMUM_ROWS:
        raise DataError(
            f"a gap of {request.gap} rows leaves {max(0, start - request.gap)} rows before the test rows"
        )
    test = np.sort(ordered[start:])
    left_out = ordered[start - request.gap : start]
    if len(left_out):
        notes.append(f"{len(left_out)} rows before the test rows are the gap and are used for nothing")
    return test, np.setdiff1d(rows, np.concatenate([test, left_out])), ""


# --------------------------------------------------------------------------------------------------- folding
def _divide_development(
    request: SplitRequest, development: IndexArray, notes: list[str]
) -> tuple[tuple[Fold, ...], str]:
    """Folds of the development rows, and how in words."""
    part = request.part
    own = part is not None and bool((part == PART_VALIDATION).any())
    if part is not None and own:
        fit = development[part[development] != PART_VALIDATION]
        validation = development[part[development] == PART_VALIDATION]
        if not len(fit) or not len(validation):
            raise DataError(
                f"your parts leave {len(fit)} fit rows and {len(validation)} validation rows with a target"
            )
        return (Fold(fit, validation),), "the validation rows you declared"
    if request.time is not None:
        return _divide_forward(request, request.time, development=development)
    unit = request.unit[development]
    stratum = _number_strata(request.target, development)
    rng = _derive_rng(request, "folds")
    if not _needs_folds(request.target, development, unit):
        share = _find_validation_share(len(development))
        held = deal_units(unit, stratum, shares=(share, 1 - share), rng=rng) == 0
        return (
            Fold(development[~held], development[held]),
        ), f"one division, {100 * share:.0f} % for validation"
    n_folds = min(N_FOLDS, len(np.unique(unit)))
    if n_folds < 2:
        raise DataError("the development rows form one unit, so that no row can judge another")
    dealt = deal_units(unit, stratum, shares=[1.0] * n_folds, rng=rng)
    folds = tuple(
        Fold(development[dealt != number], development[dealt == number]) for number in np.unique(dealt)
    )
    if len(folds) < n_folds:
        notes.append(f"large units leave {len(folds)} of {n_folds} folds")
    return folds, f"{len(folds)} folds, each row validated once"


def _divide_forward(
    request: SplitRequest, time: DoubleArray, *, development: IndexArray
) -> tuple[tuple[Fold, ...], str]:
    rows, key = order_by_time(development, time=time, unit=request.unit)
    n_rows = len(rows)
    if n_rows > FOLDS_NEVER_ABOVE:
        share = _find_validation_share(n_rows)
        folds = make_forward_folds(rows, key, shares=[1 - share, share], gap=request.gap)
        return folds, f"one forward division, the last {100 * share:.0f} % for validation"
    folds = make_forward_folds(rows, key, shares=[1.0] * (N_TIME_BLOCKS + 1), gap=request.gap)
    return folds, f"{len(folds)} forward blocks, each validated by what was fitted on everything before it"


def _find_validation_share(n_rows: int) -> float:
    """A fifth; above 20,000 rows at least 5,000 validation rows."""
    return (
        max(VALIDATION_SHARE, MINIMUM_VALIDATION_ABOVE / n_rows)
        if n_rows > FOLDS_NEVER_ABOVE
        else VALIDATION_SHARE
    )


def _needs_folds(target: Target, development: IndexArray, unit: IndexArray) -> bool:
    """Few rows, units or rows of a class: validate every row once; never above 20,000 rows."""
    if len(development) > FOLDS_NEVER_ABOVE:
        return False
    rarest = len(development)
    if target.task is not Task.REGRESSION:
        rarest = int(np.unique(target.values[development], return_counts=True)[1].min())
    return (
        len(development) < FOLDS_BELOW_ROWS
        or len(np.unique(unit)) < FOLDS_BELOW_UNITS
        or rarest < FOLDS_BELOW_CLASS
    )


def _cut_pieces(
    request: SplitRequest, time: DoubleArray, *, folds: tuple[Fold, ...], test: IndexArray
) -> IndexArray:
    """Units of a split by time: pieces of consecutive rows within each block."""
    validated = [fold.validation for fold in folds]
    first = np.setdiff1d(folds[0].fit, np.concatenate(validated))
    parts = [part for part in [first, *validated, test] if len(part)]
    return number_pieces(parts, time=time, unit=request.unit)


# ----------------------------------------------------------------------------------------------- small parts
def _derive_rng(request: SplitRequest, purpose: str) -> np.random.Generator:
    """Random numbers that follow from the data and the split seed only."""
    digest = hashlib.sha256(f"{request.fingerprint}:{request.split_seed}:{purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _number_strata(target: Target, rows: IndexArray) -> IndexArray:
    """Class numbers, or up to ten equally filled bins of a regression target."""
    values = target.values[rows]
    if target.task is not Task.REGRESSION:
        return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)
    n_bins = int(np.clip(len(rows) // (2 * N_FOLDS), 1, 10))
    edges = np.quantile(values, np.arange(1, n_bins) / n_bins)
    return np.unique(np.searchsorted(edges, values, side="right"), return_inverse=True)[1].astype(np.int64)


def _count_units(values: DoubleArray, unit: IndexArray) -> tuple[DoubleArray, IndexArray]:
    """Distinct values and the number of different units that hold each."""
    classes, number = np.unique(values, return_inverse=True)
    pairs = np.unique(np.stack([number.reshape(-1), unit]), axis=1)
    return classes, np.bincount(pairs[0], minlength=len(classes))


# ------------------------------------------------------------------------------------------------- sentences
def _describe(request: SplitRequest, words: str, development: IndexArray, test: IndexArray) -> str:
    sealed = f"{len(test)} test rows sealed" if len(test) else "no test rows"
    if len(test) and request.part is not None and (request.part == PART_TEST).any():
        sealed = f"{len(test)} test rows as you declared"
    balance = "target bins" if request.target.task is Task.REGRESSION else "class"
    how = "in order of time" if request.time is not None else f"balanced by {balance}, units never cut"
    return f"{len(development)} development rows ({words}), {sealed}; {how}; split seed {request.split_seed}"
