"""Are rows with the same value of a column more alike than others, as visits of a patient or siblings are?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.audit.input import AuditInput, is_classification, list_features, make_rng, map_raws, read_target
from heldout.links import MISSING_GROUP_WORDS
from heldout.ranks import find_ranks
from heldout.records import BoolArray, DoubleArray, IndexArray, Kind, RawColumn, TypedColumn

# All of these are assumptions; what they let through is measured in tests/audit/test_alike.py.
FALSE_RATE = 0.01  # of tables without units, over all candidates
TARGET_LEVEL = 0.1  # units whose targets differ make no score too high
# Of a quarter of the columns; weaker likeness is that of any two columns that go together. Numbers look measured: the
# weights of a survey, equal within a stratum of people, reach 0.31 (adult).
LEAST_LIKENESS, LEAST_OF_NUMBERS = 0.2, 0.4
LEAST_SHARED = 0.25  # of the rows: where fewer share their value, little of the score rests on it
LARGEST_MEAN = 10.0  # rows per value: a site is found by its name alone
FEWEST_SHARED = 20  # rows whose value others have too
MOST_CANDIDATES = 20
MOST_ROWS, MOST_SLOTS, MOST_LEVELS = 2_000, 80, 20  # measured: 20 hopeless candidates take 1 s
WINDOW = 20  # rows among which whole numbers are exchanged
# What `--group` takes as missing, and words for what is not known: they name no unit.
NOBODY = MISSING_GROUP_WORDS | frozenset(
    [
        "none",
        "-",
        "--",
        "unk",
        "unknown",
        "undefined",
        "missing",
        "not known",
        "not available",
        "not applicable",
    ]
)


@dataclass(frozen=True)
class Likeness:
    """How much more alike rows of one value are than others.

    Args:
        share: intraclass correlation that a quarter of the columns reach, 1 when rows of one value are equal.
        target: the same of the target.
        p_features: share of exchanges of rows under which the columns are as alike.
        p_target: the same of the target.
    """

    share: float
    target: float
    p_features: float
    p_target: float


def find_alike(data: AuditInput, skipped: Sequence[str] = ()) -> dict[str, Likeness]:
    """Columns with few rows a value whose rows are alike in other columns and in the target.

    A column without a telling name says nothing of units by itself: a rounded measurement repeats its values too, and
    rows of one value are then as alike as rows of the values next to it. Whole numbers are therefore exchanged among
    their neighbours only. Exact copies are left out: they are alike in every column.

    Args:
        data: the audit's input.
        skipped: names of columns that are not asked.

    Returns:
        Likeness by name: p at most 1 % divided by the candidates asked, p of the target at most 10 %, and an intraclass
        correlation of at least 0.2 (numbers: 0.4) in a quarter of the columns.
    """
    rows = data.rows[data.first_of_duplicate[data.rows] == data.rows]
    taken_apart = {
        column.spec.source for column in data.columns
    }  # "F/34" is two measurements and names nobody
    named = {
        column.spec.name: family
        for column in data.columns
        if column.spec.name not in (*skipped, *taken_apart)
        and (family := number_values(data, column, rows)) is not None
        and has_few_rows(family)
    }
    asked = dict(sorted(named.items(), key=lambda item: -_count_shared(item[1]))[:MOST_CANDIDATES])
    kinds = {column.spec.name: column.spec.kind for column in data.columns}
    return _ask_each(data, rows, asked, ordered={name for name in asked if kinds[name] is Kind.NUMBER})


def judge_places(data: AuditInput, names: Sequence[str]) -> dict[str, Likeness]:
    """Of columns that name sites, batches and the like, those whose rows are alike as `find_alike` asks.

    Args:
        data: the audit's input.
        names: of columns; a place may have any number of rows, and numbers of places have no order: site 2 is no
            more like site 3 than like site 7.
    """
    rows = data.rows[data.first_of_duplicate[data.rows] == data.rows]
    raws = map_raws(data)
    asked = {name: number_cells(raws[name], rows) for name in names[:MOST_CANDIDATES]}
    return _ask_each(data, rows, asked, ordered=set())


def _ask_each(
    data: AuditInput, rows: IndexArray, asked: dict[str, IndexArray], *, ordered: set[str]
) -> dict[str, Likeness]:
    found: dict[str, Likeness] = {}
    for name, family in asked.items():
        others = [
            column for column in list_features(data) if name not in (column.spec.name, column.spec.source)
        ]
        level = FALSE_RATE / len(asked)
        likeness = _ask(data, rows, others, (name, family), is_ordered=name in ordered, level=level)
        if likeness is not None:
            found[name] = likeness
    return found


def number_values(data: AuditInput, column: TypedColumn, rows: IndexArray) -> IndexArray | None:
    """The number of each row's value, -1 where there is none; whole numbers in their order.

    Args:
        data: the audit's input.
        column: of the table, not the target.
        rows: int64 positions.

    Returns:
        int64, one per row; None for what names no unit: dates, texts, measured numbers, parts of cells.
    """
    raw = map_raws(data).get(column.spec.name)
    if raw is None or column.spec.name == data.target.name:
        return None
    if column.spec.kind is Kind.NUMBER:
        values = column.values[rows]
        known = np.isfinite(values)
        if not known.any() or (values[known] != np.round(values[known])).any() or (values[known] < 0).any():
            return None
        return _place(values, known)
    if column.spec.kind is Kind.IDENTIFIER and not len(column.codes):
        return number_cells(raw, rows)
    if column.spec.kind not in (Kind.CATEGORY, Kind.IDENTIFIER):
        return None
    codes = column.codes[rows].astype(np.int64)
    return _place(codes.astype(np.float64), (codes >= 0) & (number_cells(raw, rows) >= 0))


def number_cells(raw: RawColumn, rows: IndexArray) -> IndexArray:
    """The number of each row's cell as a name of a unit, -1 where it names nobody: empty, "NA", "unknown".

    Args:
        raw: the column as read.
        rows: int64 positions.

    Returns:
        int64, one per row; numbers of texts that stand in other rows alone are left out.

    Example:
        >>> raw = RawColumn("site", np.array([0, 1, 2, 3, -1], np.int32), ("NA", "Bern", "unknown", "Bern "))
        >>> number_cells(raw, np.arange(5))
        array([-1,  0, -1,  0, -1])
    """
    numbers: dict[str, int] = {}
    texts = [level.strip() for level in raw.levels]
    of_level = [-1 if text.lower() in NOBODY else numbers.setdefault(text, len(numbers)) for text in texts]
    return np.array([*of_level, -1], dtype=np.int64)[raw.codes[rows]]


def has_few_rows(family: IndexArray) -> bool:
    """Whether values have few rows each, and enough rows share theirs.

    Args:
        family: int64 [N], -1 where there is no value.

    Example:
        >>> has_few_rows(np.arange(60) // 2), has_few_rows(np.arange(60)), has_few_rows(np.arange(60) // 30)
        (True, False, False)
    """
    sizes = np.bincount(family[family >= 0])
    n_known, sizes = int(sizes.sum()), sizes[sizes > 1]
    fewest = max(FEWEST_SHARED, LEAST_SHARED * n_known)
    return len(sizes) >= 5 and int(sizes.sum()) >= fewest and float(sizes.mean()) <= LARGEST_MEAN


def measure_likeness(
    family: IndexArray,
    slots: tuple[DoubleArray, IndexArray],
    target: DoubleArray,
    *,
    is_ordered: bool,
    level: float,
    rng: np.random.Generator,
) -> Likeness | None:
    """The intraclass correlation of columns and target, against rows that were exchanged.

    Args:
        family: int64 [N], number of each row's unit, in the order of its value; every row has one.
        slots: float64 [N, S] centred columns, categories as one slot a level; int64 [S], the column of each slot.
        target: float64 [N, T], the target in the same way.
        is_ordered: exchange rows of neighbouring values only.
        level: p of the columns that is wanted; decides how many exchanges there are.
        rng: random numbers.

    Returns:
        None where no two rows share a unit: nothing can be alike.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> units = np.arange(60) // 2
        >>> made = rng.normal(size=(30, 2))[units]
        >>> found = measure_likeness(
        ...     units, (made - made.mean(0), np.arange(2)), made[:, :1], is_ordered=False, level=0.01, rng=rng
        ... )
        >>> found.share > 0.9, found.p_features <= 0.01
        (True, True)
    """
    if not _count_shared(family):
        return None
    order = np.argsort(family, kind="stable")
    numbers = family[order]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    sizes = np.diff(starts, append=len(numbers))
    every = np.column_stack([slots[0], target])[order]
    column = np.concatenate([slots[1], np.full(target.shape[1], slots[1].max(initial=-1) + 1)])
    total = np.bincount(column, weights=(every**2).mean(axis=0))
    square = every**2
    weight = np.where(sizes > 1, 1.0 / np.maximum(sizes - 1, 1), 0.0)[:, None]
    n_shared = int(sizes[sizes > 1].sum())

    def correlate(places: IndexArray) -> DoubleArray:
        sums, squares = (np.add.reduceat(table[places], starts, axis=0) for table in (every, square))
        found = ((sums**2 - squares) * weight).sum(axis=0) / n_shared
        return np.bincount(column, weights=found) / np.maximum(total, 1e-12)

    seen = correlate(np.arange(len(numbers)))
    n_all = int(np.ceil(2 / level))
    exceeded = np.zeros(2)
    done = 0
    while done < n_all:
        done += 1
        made = correlate(_exchange(len(numbers), is_ordered=is_ordered, rng=rng))
        exceeded += (made[:-1].sum() >= seen[:-1].sum(), made[-1] >= seen[-1])
        if exceeded[0] > 1 or exceeded[1] > TARGET_LEVEL * (n_all + 1):  # no p so small any more
            break
    p_features, p_target = ((exceeded + 1) / (done + 1)).tolist()
    share = float(np.quantile(seen[:-1], 0.75)) if len(seen) > 1 else 0.0
    # a column that is more spread among single rows than among shared ones may pass 1
    return Likeness(min(share, 1.0), min(float(seen[-1]), 1.0), p_features, p_target)


def _ask(
    data: AuditInput,
    rows: IndexArray,
    others: list[TypedColumn],
    candidate: tuple[str, IndexArray],
    *,
    is_ordered: bool,
    level: float,
) -> Likeness | None:
    name, family = candidate
    rng = make_rng(data, f"alike {name}")
    known = family >= 0
    family, rows = _thin(family[known], rows[known], rng)
    target = center_target(data, rows)
    slots = center_columns(others, rows)
    if not slots[0].shape[1] or not target.shape[1]:
        return None
    found = measure_likeness(family, slots, target, is_ordered=is_ordered, level=level, rng=rng)
    if found is None:
        return None
    least = LEAST_OF_NUMBERS if is_ordered else LEAST_LIKENESS
    is_alike = found.p_features <= level and found.p_target <= TARGET_LEVEL and found.share >= least
    return found if is_alike else None


def _thin(family: IndexArray, rows: IndexArray, rng: np.random.Generator) -> tuple[IndexArray, IndexArray]:
    """About 2,000 rows: of small units whole ones, whose numbers stay neighbours; of large ones rows within each.

    Whole sites of 2,000 rows and more would leave one or none, and nothing to compare it with.
    """
    if len(rows) <= MOST_ROWS:
        return family, rows
    family = np.unique(family, return_inverse=True)[1].reshape(-1)
    n_units = int(family.max()) + 1
    if len(rows) > LARGEST_MEAN * n_units:
        kept = _draw_within(family, rng)
    else:
        n_kept = int(n_units * MOST_ROWS / len(rows))
        first = int(rng.integers(0, n_units - n_kept + 1))
        kept = (family >= first) & (family < first + n_kept)
    return family[kept], rows[kept]


def _draw_within(family: IndexArray, rng: np.random.Generator) -> BoolArray:
    """Rows of large units: of up to 200 units, the same share of each and two rows at least."""
    sizes = np.bincount(family)
    units = rng.permutation(len(sizes))[: int(MOST_ROWS / LARGEST_MEAN)]
    quota = np.zeros(len(sizes), dtype=np.int64)
    quota[units] = np.maximum(2, np.round(sizes[units] * min(1.0, MOST_ROWS / sizes[units].sum())))
    shuffled = rng.permutation(len(family))
    order = shuffled[np.argsort(family[shuffled], kind="stable")]
    place = np.empty(len(family), dtype=np.int64)
    place[order] = np.arange(len(family)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return place < quota[family]


def center_columns(columns: Sequence[TypedColumn], rows: IndexArray) -> tuple[DoubleArray, IndexArray]:
    """Numbers as centred ranks, categories as centred slots; missing cells stand in the middle.

    Args:
        columns: features.
        rows: int64 positions.

    Returns:
        float64 [rows, slots] and int64 [slots], the number of the column of each slot; texts, sequences and constant
        columns are left out.
    """
    slots: list[DoubleArray] = []
    numbers: list[int] = []
    for column in columns:
        if column.spec.kind in (Kind.TEXT, Kind.SEQUENCE, Kind.IDENTIFIER, Kind.CONSTANT):
            continue
        made = _center(column, rows)
        if made.shape[1] and len(slots) + made.shape[1] <= MOST_SLOTS:
            number = numbers[-1] + 1 if numbers else 0
            slots += list(made.T)
            numbers += [number] * made.shape[1]
    table = np.column_stack(slots) if slots else np.zeros((len(rows), 0))
    return table, np.array(numbers, dtype=np.int64)


def center_target(data: AuditInput, rows: IndexArray) -> DoubleArray:
    """The target of some audited rows as `center_columns` makes columns.

    Args:
        data: the audit's input.
        rows: int64 positions, some of the audited rows.
    """
    values = read_target(data)[np.searchsorted(data.rows, rows)]
    return _slot_levels(values.astype(np.int64)) if is_classification(data) else _center_ranks(values)


def _center(column: TypedColumn, rows: IndexArray) -> DoubleArray:
    return (
        _slot_levels(column.codes[rows].astype(np.int64))
        if len(column.codes)
        else _center_ranks(column.values[rows])
    )


def _center_ranks(values: DoubleArray) -> DoubleArray:
    known = np.isfinite(values)
    if known.sum() < 2 or len(np.unique(values[known])) < 2:
        return np.zeros((len(values), 0))
    ranks = np.zeros(len(values))
    made = find_ranks(values[known])
    ranks[known] = (made - made.mean()) / made.std()
    return ranks[:, None]


def _slot_levels(codes: IndexArray) -> DoubleArray:
    levels, counts = np.unique(codes[codes >= 0], return_counts=True)
    if len(levels) < 2 or len(levels) > MOST_LEVELS:
        return np.zeros((len(codes), 0))
    kept = levels[np.argsort(-counts, kind="stable")]
    made = (codes[:, None] == kept).astype(np.float64)
    made[codes < 0] = made[codes >= 0].mean(axis=0)
    return made - made.mean(axis=0)


def _place(values: DoubleArray, known: np.ndarray) -> IndexArray:
    """Numbers of values in their order; -1 where there is none."""
    placed = np.full(len(values), -1, dtype=np.int64)
    placed[known] = np.unique(values[known], return_inverse=True)[1].reshape(-1)
    return placed


def _count_shared(family: IndexArray) -> int:
    sizes = np.bincount(family[family >= 0])
    return int(sizes[sizes > 1].sum())


def _exchange(n_rows: int, *, is_ordered: bool, rng: np.random.Generator) -> IndexArray:
    """Places in a random order; among neighbours alone where values have one."""
    if not is_ordered:
        return rng.permutation(n_rows)
    block = (np.arange(n_rows) + int(rng.integers(0, WINDOW))) // WINDOW
    return np.argsort(block + rng.random(n_rows), kind="stable")
