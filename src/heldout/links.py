"""Which rows belong together: declared groups and exact copies, found before the split and without any label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from heldout.errors import DataError, UsageError
from heldout.records import DoubleArray, IndexArray, RawColumn

MAX_PATTERN_LENGTH = 200
LARGE_UNIT_SHARE = 0.20  # a unit above a fifth of the rows cannot fill one of five folds evenly
FEW_UNITS_SHARE = 0.10  # assumption: copies that leave a tenth of the units are accidents of coarse columns
MISSING_GROUP_WORDS = frozenset({"", "?", "na", "n/a", "#n/a", "<na>", "nan", "null"})


@dataclass(frozen=True)
class NearPairs:
    """Pairs of rows whose pictures or texts are near copies of one another.

    Args:
        name: of the array or column.
        what: "pictures" or "texts".
        pairs: int64 [P, 2], positions of rows, the smaller first; the most alike pair first. Families of copies are
            joined through some of their pairs.
        likeness: float64 [P], 0 to 1; 1 for equal ones.
        how: what likeness is and from where on it counts, for a sentence.
        is_joined: they are kept together.
        n_empty: pictures with too few telling points to be compared.
    """

    name: str
    what: str
    pairs: IndexArray
    likeness: DoubleArray
    how: str
    is_joined: bool = True
    n_empty: int = 0


@dataclass(frozen=True)
class Links:
    """Which rows must stay on one side of every split.

    Args:
        unit: int64 [N], consecutive numbers from 0 in order of first appearance; equal numbers stay together.
        duplicate_sets: number of sets of two or more rows that agree in every feature.
        duplicate_rows: rows that repeat an earlier row.
        first_of_duplicate: int64 [N], position of the first row with the same features (itself if there is none).
        notes: sentences for the report.
        near: near copies among pictures and texts, one entry for each array or column that was compared.
        alike: int64 [P, 2], further rows that are kept together since one almost repeats the other: sequences that are
            copies in part, and near rows where those were asked for.
    """

    unit: IndexArray
    duplicate_sets: int
    duplicate_rows: int
    first_of_duplicate: IndexArray
    notes: tuple[str, ...] = ()
    near: tuple[NearPairs, ...] = ()
    alike: IndexArray = field(default_factory=lambda: np.zeros((0, 2), np.int64))


def link_rows(
    feature_columns: tuple[RawColumn, ...],
    *,
    examples: tuple[RawColumn, ...] = (),
    group: IndexArray | None = None,
) -> Links:
    """Join rows that share a declared group, agree in every feature, or hold the same picture or signal.

    A copy of a fit row among the validation rows is answered from memory; so copies share a unit. Reads features
    only, never a label, so that it may look at rows that will be sealed. Exact: no hashing of rows.

    Args:
        feature_columns: the feature columns as read, at least one, all of N rows; cells are compared as stripped
            text, a null equals an empty cell.
        examples: one text for each picture or signal, equal where they are: rows that agree in one of these are copies,
            whatever their other cells say. With them there may be no feature column.
        group: int64 [N] from `read_groups`, or None. Negative numbers are rows without a group.

    Returns:
        Links with `unit` and `first_of_duplicate` of shape [N].

    Raises:
        DataError: no feature column, or columns and group of different lengths.

    Example:
        >>> column = RawColumn("x", np.arange(6, dtype=np.int32), ("a", "b", "a ", "c", "d", "e"))
        >>> links = link_rows((column,), group=np.array([0, 0, 1, 2, 3, 3]))
        >>> links.unit, links.duplicate_sets, links.duplicate_rows
        (array([0, 0, 0, 1, 2, 2]), 1, 1)
        >>> link_rows(())
        Traceback (most recent call last):
        heldout.errors.DataError: there is no feature column to compare rows by
    """
    n_rows = _count_rows((*feature_columns, *examples), group)
    first = _find_copies(feature_columns, examples)
    set_sizes = np.bincount(first, minlength=n_rows)
    groups = np.arange(n_rows) if group is None else np.unique(group, return_inverse=True)[1].reshape(-1)
    joined = _join(groups, first)
    notes = [] if group is None else _describe_groups(group)
    in_sets = int(set_sizes[set_sizes > 1].sum())
    if _is_chained(joined, groups, in_sets):
        largest, n_units = int(np.bincount(joined).max()), int(joined.max()) + 1
        notes.append(
            f"{in_sets} of {n_rows} rows have an exact copy; kept together they would leave {n_units} units, the "
            f"largest of {largest} rows ({100 * largest / n_rows:.1f} %), so copies were not kept together"
        )
        joined = _join(groups, np.arange(n_rows))
    return Links(joined, int((set_sizes > 1).sum()), int(n_rows - (set_sizes > 0).sum()), first, tuple(notes))


def _find_copies(columns: tuple[RawColumn, ...], examples: tuple[RawColumn, ...]) -> IndexArray:
    """For each row the first row of its copies: those that agree in every column, or in one example."""
    if not examples:
        return find_first_copies(columns)
    first = find_first_copies((examples[0],))
    for others in ((example,) for example in examples[1:]):
        first = _join(first, find_first_copies(others))
    # Rows without equal examples cannot agree in everything, so the columns join no further rows.
    _, start, inverse = np.unique(first, return_index=True, return_inverse=True)
    return start[inverse].astype(np.int64)


def find_first_copies(columns: tuple[RawColumn, ...]) -> IndexArray:
    """For each row the position of the first row that agrees with it in every column.

    Refines a partition column by column and follows only rows that still have a partner, so that the work is one
    sort per column of ever fewer rows.

    Args:
        columns: columns of equal length, at least one; cells are compared as stripped text.

    Returns:
        int64 [N]; a row without an earlier copy points to itself.

    Example:
        >>> column = RawColumn("x", np.array([0, 1, 0], np.int32), ("a", "b"))
        >>> find_first_copies((column,))
        array([0, 1, 0])
    """
    n_rows = len(columns[0].codes)
    first = np.arange(n_rows, dtype=np.int64)
    active = np.arange(n_rows, dtype=np.int64)
    label = np.zeros(n_rows, dtype=np.int64)
    for column in sorted(columns, key=lambda item: -len(item.levels)):
        codes = _canonical_codes(column, active)
        pair = label * (int(codes.max(initial=0)) + 1) + codes
        _, inverse, counts = np.unique(pair, return_inverse=True, return_counts=True)
        keep = counts[inverse] > 1
        active, label = active[keep], inverse[keep].astype(np.int64)
        if not len(active):
            return first
    # `active` is sorted, so the first index that np.unique reports is the earliest row of each set.
    _, start, inverse = np.unique(label, return_index=True, return_inverse=True)
    first[active] = active[start][inverse]
    return first


def parse_group_option(text: str) -> tuple[str, str | None]:
    r"""Split the option `--group` into the column and the pattern on it.

    Args:
        text: a column name, or `name~pattern`, where everything after the first `~` is a regular expression.

    Returns:
        The column name and the pattern, None without one.

    Raises:
        UsageError: the name or the pattern is empty, or the pattern is refused (see `check_pattern`).

    Example:
        >>> parse_group_option(r"name~S\d+")
        ('name', 'S\\d+')
        >>> parse_group_option("family")
        ('family', None)
        >>> parse_group_option("name~(S+)+")
        Traceback (most recent call last):
        heldout.errors.UsageError: group pattern '(S+)+' repeats a part that itself repeats, at character 4
          -> write one quantifier, for example S\d+
    """
    name, tilde, pattern = text.partition("~")
    if not name.strip():
        raise UsageError(f"the group option {text!r} names no column", hint="write column or column~pattern")
    if not tilde:
        return text, None
    check_pattern(pattern)
    return name, pattern


def check_pattern(pattern: str) -> None:
    r"""Refuse a group pattern that is empty, too long, malformed, or repeats a part that itself repeats.

    The pattern runs in an engine whose time grows linearly with the text (Rust `regex`, which has no backtracking),
    so that no table can hang the program; a quantifier on a quantifier is refused because what it matches is rarely
    what was meant.

    Args:
        pattern: a regular expression of at most 200 characters, without look-around and back-references.

    Raises:
        UsageError: with the pattern and the reason.

    Example:
        >>> check_pattern(r"^[^_]+")
        >>> check_pattern("S(")
        Traceback (most recent call last):
        heldout.errors.UsageError: group pattern 'S(' is not a valid regular expression
          -> look-around and back-references are not known here
    """
    if not 0 < len(pattern) <= MAX_PATTERN_LENGTH:
        raise UsageError(
            f"a group pattern has 1 to {MAX_PATTERN_LENGTH} characters, this one has {len(pattern)}",
            hint="write column~pattern, for example name~S\\d+",
        )
    place = _find_nested_repeat(pattern)
    if place >= 0:
        raise UsageError(
            f"group pattern {pattern!r} repeats a part that itself repeats, at character {place + 1}",
            hint="write one quantifier, for example S\\d+",
        )
    try:
        pl.Series("texts", [""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        raise UsageError(
            f"group pattern {pattern!r} is not a valid regular expression",
            hint="look-around and back-references are not known here",
        ) from None


def read_groups(
    column: RawColumn, *, pattern: str | None = None, lines: IndexArray | None = None
) -> IndexArray:
    r"""Number the groups that a column, or a pattern on it, declares.

    Args:
        column: the group column as read.
        pattern: a regular expression; the group is the first text it matches (its first parenthesis if it has
            one). None: the group is the whole stripped cell.
        lines: int64 [N], line numbers for messages; row numbers from 1 when None.

    Returns:
        int64 [N]: numbers from 0 in order of first appearance. A row whose cell is missing (null, empty, `?`, `NA`,
        `N/A`, `NaN`, `null`) is its own group and gets a negative number of its own.

    Raises:
        DataError: every row has the same group, every cell is missing, or a cell does not match the pattern.
        UsageError: the pattern is refused.

    Example:
        >>> column = RawColumn("name", np.array([0, 1, 2], np.int32), ("p_S01_1", "p_S01_2", "p_S02_1"))
        >>> read_groups(column, pattern=r"S\d+")
        array([0, 0, 1])
        >>> read_groups(column, pattern="x")
        Traceback (most recent call last):
        heldout.errors.DataError: 3 of 3 cells of column 'name' do not match the group pattern 'x', first ...
          -> change the pattern so that it matches every cell
    """
    texts = [level.strip() for level in column.levels]
    missing = np.array([text.lower() in MISSING_GROUP_WORDS for text in texts], dtype=bool)
    keys: Sequence[str | None] = texts
    if pattern is not None:
        check_pattern(pattern)
        keys = match_groups(texts, pattern)
        _refuse_unmatched(
            column, np.array([key is None for key in keys], dtype=bool) & ~missing, pattern, lines
        )
    numbers: dict[str, int] = {}
    of_level = np.array(
        [
            -1 if gone else numbers.setdefault(str(key), len(numbers))
            for key, gone in zip(keys, missing, strict=True)
        ],
        dtype=np.int64,
    )
    ids = _number_by_appearance(_take(of_level, column.codes))
    absent = ids < 0
    if absent.all() or (ids.max() == 0 and not absent.any()):
        what = "no cell holds a group" if absent.all() else f"every row has the group {next(iter(numbers))!r}"
        raise DataError(
            f"column {column.name!r} cannot say which rows belong together: {what} ({len(ids)} rows)",
            hint="name another column with --group, or leave --group out",
        )
    ids[absent] = -1 - np.arange(int(absent.sum()))
    return ids


def _count_rows(columns: tuple[RawColumn, ...], group: IndexArray | None) -> int:
    if not columns:
        raise DataError("there is no feature column to compare rows by")
    lengths = {column.name: len(column.codes) for column in columns}
    if group is not None:
        lengths["(group)"] = len(group)
    if len(set(lengths.values())) > 1:
        raise DataError(f"columns have different numbers of rows: {lengths}")
    return len(columns[0].codes)


def _canonical_codes(column: RawColumn, rows: IndexArray) -> IndexArray:
    """Codes from 0 of the stripped texts of some rows; null and empty share code 0."""
    numbers: dict[str, int] = {"": 0}
    of_level = np.array(
        [numbers.setdefault(text.strip(), len(numbers)) for text in column.levels], dtype=np.int64
    )
    codes = column.codes[rows]
    result = np.zeros(len(codes), dtype=np.int64)
    known = codes >= 0
    result[known] = of_level[codes[known]]
    return result


def _join(groups: IndexArray, first: IndexArray) -> IndexArray:
    """Number the connected components of "same group" and "same features", by first appearance."""
    n_rows = len(groups)
    anchor = np.full(int(groups.max(initial=0)) + 1, n_rows, dtype=np.int64)
    anchor[groups[::-1]] = np.arange(n_rows)[::-1]
    rows = np.arange(n_rows)
    edges = (np.concatenate([rows, rows]), np.concatenate([anchor[groups], first]))
    graph = coo_array((np.ones(2 * n_rows, dtype=np.int8), edges), shape=(n_rows, n_rows))
    labels = connected_components(graph, directed=False)[1]
    return _number_by_appearance(labels.astype(np.int64))


def _is_chained(joined: IndexArray, groups: IndexArray, in_sets: int) -> bool:
    """Tell whether keeping copies together would leave too little to split.

    Where most rows have a copy, columns are few and coarse and rows agree by accident; new rows will, too.
    """
    n_rows = len(joined)
    largest, largest_group = int(np.bincount(joined).max()), int(np.bincount(groups).max())
    if largest > max(n_rows / 2, largest_group):
        return True
    few_units = joined.max() + 1 < FEW_UNITS_SHARE * len(np.unique(groups))
    return in_sets > n_rows / 2 and (few_units or largest > max(LARGE_UNIT_SHARE * n_rows, largest_group))


def _describe_groups(group: IndexArray) -> list[str]:
    notes = []
    n_absent = int((group < 0).sum())
    n_groups = len(np.unique(group[group >= 0]))
    if n_absent:
        notes.append(f"{n_absent} of {len(group)} rows have no group; each of them is its own group")
    if n_groups + n_absent == len(group):
        notes.append(f"all {len(group)} groups hold one row each, so the groups change nothing")
    return notes


def _find_nested_repeat(pattern: str) -> int:
    """Index of a quantifier on a parenthesis that holds a quantifier, or -1."""
    opened: list[bool] = [False]
    closed_repeats = in_class = escaped = False
    for place, letter in enumerate(pattern):
        if escaped or in_class:
            in_class = in_class and (escaped or letter != "]")
            escaped = not escaped and letter == "\\"
            closed_repeats = False
            continue
        if letter in "*+{" or (letter == "?" and closed_repeats):
            if closed_repeats:
                return place
            opened[-1] = True
        closed_repeats = False
        if letter == "(":
            opened.append(False)
        elif letter == ")" and len(opened) > 1:
            closed_repeats = opened.pop()
            opened[-1] = opened[-1] or closed_repeats
        escaped, in_class = letter == "\\", letter == "["
    return -1


def match_groups(texts: Sequence[str], pattern: str) -> list[str | None]:
    r"""Give the group that a pattern finds in each text: its first match, or what the first parenthesis holds of it.

    Args:
        texts: stripped cells.
        pattern: as `check_pattern` allows.

    Returns:
        One group a text; None where the pattern finds nothing.

    Example:
        >>> match_groups(["p_S01_1", "p_2"], r"S(\d+)"), match_groups(["p_S01_1"], r"S\d+")
        (['01', None], ['S01'])
    """
    series = pl.Series("texts", texts, dtype=pl.String)
    whole = series.str.extract(f"({pattern})", 1)
    has_inner = "(" in pattern and pl.select(pl.lit("").str.extract_groups(pattern)).to_series().struct.fields
    inner = series.str.extract(f"({pattern})", 2) if has_inner else whole
    matched = pl.select(pl.coalesce(inner, whole)).to_series().to_list()
    return [text or None for text in matched]  # an empty match says nothing about the group


def _refuse_unmatched(
    column: RawColumn, unmatched: np.ndarray, pattern: str, lines: IndexArray | None
) -> None:
    rows = (
        np.flatnonzero((column.codes >= 0) & unmatched[np.maximum(column.codes, 0)]) if len(unmatched) else []
    )
    if not len(rows):
        return
    row = int(rows[0])
    line = row + 1 if lines is None else int(lines[row])
    raise DataError(
        f"{len(rows)} of {len(column.codes)} cells of column {column.name!r} do not match the group pattern "
        f"{pattern!r}, first line {line}: {column.levels[column.codes[row]]!r}",
        hint="change the pattern so that it matches every cell",
    )


def _take(of_level: IndexArray, codes: np.ndarray) -> IndexArray:
    result = np.full(len(codes), -1, dtype=np.int64)
    known = codes >= 0
    result[known] = of_level[codes[known]]
    return result


def _number_by_appearance(labels: IndexArray) -> IndexArray:
    """Renumber labels from 0 in order of first appearance; negative labels stay -1."""
    known = labels >= 0
    values, start, inverse = np.unique(labels[known], return_index=True, return_inverse=True)
    rank = np.empty(len(values), dtype=np.int64)
    rank[np.argsort(start)] = np.arange(len(values))
    result = np.full(len(labels), -1, dtype=np.int64)
    result[known] = rank[inverse]
    return result
