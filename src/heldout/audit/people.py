"""Does the quantification make sense? Columns about people: how they are counted, and who is left without a word."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from heldout.audit.families import split_name
from heldout.audit.input import AuditInput, find_absent, map_raws, name_some, pass_check
from heldout.records import Finding, IndexArray, Kind, RawColumn, Severity, TypedColumn

# Header words by what they speak of; other languages where short clinical tables use them.
TOPICS: dict[str, frozenset[str]] = {
    "sex": frozenset(
        {"sex", "gender", "gndr", "sexe", "geschlecht", "sexo", "genre", "genero", "sesso", "geslacht"}
    ),
    "origin": frozenset(
        {
            "race",
            "races",
            "racial",
            "ethnicity",
            "ethnic",
            "ethnie",
            "ethnicities",
            "ethnicgroup",
            "etnia",
            "raza",
            "nationality",
            "ancestry",
            "hispanic",
            "latino",
            "skincolor",
            "skincolour",
        }
    ),
    "age": frozenset(
        {
            "age",
            "ages",
            "agegroup",
            "alter",
            "edad",
            "leeftijd",
            "eta",
            "birthyear",
            "yob",
            "dob",
            "birthdate",
        }
    ),
}
NOT_PEOPLE = frozenset(
    {"horse", "bike", "trace", "building", "house", "car", "vehicle", "machine", "rock", "soil"}
)
OTHER_WORDS = frozenset(
    {"other", "others", "unknown", "mixed", "not specified", "unspecified", "refused", "declined"}
)
UNKNOWN_WORDS = frozenset({"unknown", "not known", "unk", "not specified", "missing", "other"})
FEWEST_ROWS = 30
MOST_GROUPS = 12
OLDEST = 120.0


@dataclass(frozen=True)
class PeopleColumn:
    """A column that says something about people.

    Args:
        column: the typed column.
        raw: the cells as read; None for a part of a composite cell.
        topic: "sex", "origin" or "age".
    """

    column: TypedColumn
    raw: RawColumn | None
    topic: str


def check_people(data: AuditInput) -> tuple[Finding, ...]:
    """Columns of sex, gender, race, ethnicity and age: categories counted, with what the counting leaves out.

    Nothing is recoded: the finding asks what the numbers stand for.

    Args:
        data: the audit's input.

    Returns:
        HO217, one finding per column.
    """
    found = find_people(data)
    if not found:
        looked = f"no column of sex, gender, race, ethnicity or age among {len(data.columns)}"
        return (pass_check("HO217", "quantification of people", looked),)
    return tuple(_report(data, item) for item in found)


def find_topic(name: str) -> str:
    """What a column name says about people: "sex", "origin", "age" or "".

    Args:
        name: a column name.

    Example:
        >>> [find_topic(name) for name in ("Gender/Age", "patient_sex", "race-ethnicity", "AgeAtOnset", "message")]
        ['sex', 'sex', 'origin', 'age', '']
    """
    words = split_name(name)
    if not words or NOT_PEOPLE & set(words):
        return ""
    pairs = {first + second for first, second in zip(words[:-1], words[1:], strict=True)}
    for topic, known in TOPICS.items():
        if known & {*words, *pairs}:
            return topic
    return ""


def find_people(data: AuditInput) -> list[PeopleColumn]:
    """Columns about people, parts of composite cells included, features or not; the target is left to its own checks.

    Args:
        data: the audit's input.
    """
    raws = map_raws(data)
    taken_apart = {column.spec.source for column in data.columns if column.spec.source}
    found = []
    for column in data.columns:
        if column.spec.name in taken_apart:  # its parts speak for it
            continue
        topic = find_topic(column.spec.part) or find_topic(column.spec.name.rpartition("/")[2])
        if not topic and not column.spec.source:
            topic = find_topic(column.spec.name)
        if (
            topic
            and column.spec.name != data.target.name
            and column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE)
        ):
            found.append(PeopleColumn(column, raws.get(column.spec.name), topic))
    return found


def _report(data: AuditInput, item: PeopleColumn) -> Finding:
    remarks = (
        _remark_age(data, item)
        if item.topic == "age" and item.column.spec.kind is Kind.NUMBER
        else _remark(data, item)
    )
    name = item.column.spec.name
    return Finding(
        "HO217",
        "quantification of people",
        Severity.WARNING if any(word.startswith("!") for word in remarks) else Severity.INFO,
        f"column {name!r}: " + "; ".join(word.removeprefix("!") for word in remarks),
        column=name,
        rows=len(data.rows),
        action="ask whom the categories leave out, and how each value was obtained; never recoded here",
    )


def _remark(data: AuditInput, item: PeopleColumn) -> list[str]:
    """Counts per group, with words for what the counting leaves open; "!" marks what needs a look."""
    groups, n_absent = count_groups(item.column, data.rows)
    n_rows = len(data.rows)
    shown = ", ".join(f"{name!r} {n}" for name, n in groups[:MOST_GROUPS])
    more = f" and {len(groups) - MOST_GROUPS} more" if len(groups) > MOST_GROUPS else ""
    remarks = [f"{len(groups)} groups in {n_rows} rows: {shown}{more}; {n_absent} without a value"]
    if item.topic == "sex" and len(groups) == 2:
        remarks.append(
            "two values only: people whom neither describes were assigned to one or are not in the data"
        )
    if groups and all(re.fullmatch(r"-?\d+(\.0*)?", name) for name, _ in groups):
        remarks.append("!the values are numbers without a meaning of their own: what do they stand for?")
    vague = [
        (name, n)
        for name, n in groups
        if name.strip().casefold() in OTHER_WORDS or OTHER_WORDS & set(split_name(name))
    ]
    if vague:
        listed = ", ".join(f"{name!r} {n}" for name, n in vague)
        remarks.append(f"!{listed} put together different people, or those who were not asked")
    said = _missing_words(item, data.rows)
    if n_absent and said & UNKNOWN_WORDS and (len(said) > 1 or _has_empty(item, data.rows)):
        remarks.append(
            "!'unknown' and missing cells are counted as one: not asked, not answered and none of these differ"
        )
    small = [name for name, n in groups if n < FEWEST_ROWS]
    if small and n_rows >= FEWEST_ROWS:
        remarks.append(
            f"!fewer than {FEWEST_ROWS} rows in {name_some(small)}: no score of theirs can be trusted"
        )
    return remarks


def _remark_age(data: AuditInput, item: PeopleColumn) -> list[str]:
    values = item.column.values[data.rows]
    known = values[np.isfinite(values)]
    if not len(known):
        return ["no value in the development rows"]
    birth = known.min() > 1800
    remarks = [
        f"{known.min():g} to {known.max():g}, median {np.median(known):g}"
        f"{' ' + item.column.spec.unit if item.column.spec.unit else ''}; {len(values) - len(known)} without a value"
    ]
    outside = int(((known < 0) | (known > OLDEST)).sum()) if not birth else 0
    if outside:
        remarks.append(f"!{outside} outside 0 to {OLDEST:g}: in years?")
    at_top = int((known == known.max()).sum())
    if at_top >= max(10, 0.005 * len(known)) and len(np.unique(known)) > 30:
        below = np.sort(np.unique(known))[-2]
        if at_top > 3 * int((known == below).sum()) and not birth:
            remarks.append(f"!{at_top} at exactly {known.max():g}: older people were counted as that age")
    return remarks


def count_groups(column: TypedColumn, rows: IndexArray) -> tuple[list[tuple[str, int]], int]:
    """Rows per value, most first, and rows without a value.

    Args:
        column: category, yes/no, constant or number.
        rows: int64 positions.
    """
    absent = find_absent(column, rows)
    if len(column.codes):
        codes = column.codes[rows]
        values, counts = np.unique(codes[codes >= 0], return_counts=True)
        names = [column.levels[code] for code in values]
        absent = codes < 0
    else:
        cells = column.values[rows]
        values, counts = np.unique(cells[np.isfinite(cells)], return_counts=True)
        words = (column.spec.false_words, column.spec.true_words)
        names = [
            "/".join(words[int(value)][:3])
            if column.spec.kind is Kind.YES_NO and words[int(value)]
            else f"{value:g}"
            for value in values
        ]
        absent = ~np.isfinite(cells)
    groups = sorted(zip(names, counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return groups, int(absent.sum())


def _has_empty(item: PeopleColumn, rows: IndexArray) -> bool:
    if item.raw is None:
        return False
    codes = item.raw.codes[rows]
    empty = [code for code, text in enumerate(item.raw.levels) if not text.strip()]
    return bool((codes < 0).any() or np.isin(codes, empty).any())


def _missing_words(item: PeopleColumn, rows: IndexArray) -> set[str]:
    if item.raw is None:
        return set()
    words = {word.casefold() for word in item.column.spec.missing_words if word}
    codes = item.raw.codes[rows]
    present = {item.raw.levels[code].strip().casefold() for code in np.unique(codes[codes >= 0])}
    return words & present
