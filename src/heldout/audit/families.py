r"""Do several rows come from one patient, family or site? Proposes `--group`, never applies it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np

from heldout.audit.alike import NOBODY, Likeness, find_alike, judge_places, number_cells
from heldout.audit.cut_keys import hide_cut_keys
from heldout.audit.input import AuditInput, map_raws, pass_check
from heldout.cells import PERSON_WORDS
from heldout.counts import count_things
from heldout.records import Finding, IndexArray, Kind, RawColumn, Severity

PLACE_WORDS = frozenset(
    [
        "site",
        "hospital",
        "center",
        "centre",
        "clinic",
        "batch",
        "slide",
        "plate",
        "scanner",
        "station",
        "school",
        "study",
        "cohort",
        "lab",
        "farm",
        "plot",
        "region",
    ]
)
ID_WORDS = frozenset(["id", "nbr", "nr", "no", "num", "number", "code", "key", "uid", "identifier"])
MAX_ID_SHARE = 0.05  # an `..._id` with fewer values than a twentieth of the rows is a code list, not a unit
MIN_FAMILIES = 3
# By its name alone a column is proposed only where whole units can be dealt to the folds: some, and none too large;
# fewer or larger ones only where their rows are shown to be alike.
FEWEST_UNITS, LARGEST_UNIT = 5, 0.5
# A column of these says who somebody is to a patient, and every family has a father.
RELATIONS = frozenset(
    [
        "father",
        "mother",
        "parent",
        "son",
        "daughter",
        "child",
        "brother",
        "sister",
        "sibling",
        "twin",
        "husband",
        "wife",
        "spouse",
        "partner",
        "proband",
        "index",
        "self",
        "uncle",
        "aunt",
        "cousin",
        "nephew",
        "niece",
        "grandfather",
        "grandmother",
        "grandparent",
        "grandson",
        "granddaughter",
        "relative",
        "unrelated",
    ]
)
# What such a cell says names nobody: "(II-2) daughter" is a place in a family, and every family has one.
NAMELESS = frozenset({"pedigree", "variant", "region", "range", "spread", "pair"})
SEPARATORS = re.compile(r"[_\-./ :|]")


@dataclass(frozen=True)
class Families:
    """One way to see several rows as one unit.

    Args:
        option: the text for `--group`.
        column: the column.
        noun: what a unit is called in sentences, e.g. "patient".
        n_rows: rows audited.
        n_families: different units among them.
        n_shared: rows whose unit has more than one row.
        n_torn: units with rows on both sides of a fold.
        unit: int64, the number of each audited row's unit, -1 where it is not known.
        declared: True when the study was split by exactly this option.
        is_place: True for sites, batches and the like.
        likeness: how much more alike rows of one unit are than others; None where that was not shown.
        is_coarse: under 5 units, or one with over half of the rows: a unit only where its rows are alike.
        n_cut: rows whose key lost digits; they are in no unit.
    """

    option: str
    column: str
    noun: str
    n_rows: int
    n_families: int
    n_shared: int
    n_torn: int
    unit: IndexArray = field(repr=False, compare=False)
    declared: bool = False
    is_place: bool = False
    likeness: Likeness | None = None
    is_coarse: bool = False
    n_cut: int = 0


def check_families(data: AuditInput) -> tuple[Finding, ...]:
    """Units that rows share, from names, repeated identifiers, patterns in texts, and rows that are too much alike.

    Args:
        data: the audit's input.

    Returns:
        HO211: one finding per proposal, with the warning of a too hopeful score when rows of one unit were split.
    """
    found = find_families(data)
    if not found:
        return (pass_check("HO211", "families", f"no repeated identifier among {len(data.columns)} columns"),)
    return tuple(_report(item, other=data.group) for item in found)


def find_families(data: AuditInput) -> list[Families]:
    """All proposals, persons before places, those that tear more units first.

    Rows whose key a spreadsheet cut are in no unit: those that share its first digits need not belong together. The
    other rows of the column still show what a row is of. A pattern is sought only among keys none of which was cut.

    Args:
        data: the audit's input.

    Returns:
        Proposals; at most one per column.
    """
    found = []
    data, cut = hide_cut_keys(data)
    raws = map_raws(data)
    nameless = {column.spec.source for column in data.columns if column.spec.grammar in NAMELESS}
    for column in data.columns:
        raw = raws.get(column.spec.name)
        if (
            raw is None
            or column.spec.name in (data.target.name, *nameless)
            or column.spec.kind is Kind.CONSTANT
        ):
            continue
        item = _propose_by_name(data, raw, kind=column.spec.kind)
        if item is None and raw.name not in cut:
            item = _propose_by_pattern(data, raw, kind=column.spec.kind)
        if item is not None:
            found.append(item)
    found = _add_likeness(data, found, nameless)
    found = [replace(item, n_cut=len(cut.get(item.column, ()))) for item in found]
    return sorted(found, key=lambda item: (item.is_place, -item.n_torn))


def _add_likeness(data: AuditInput, found: list[Families], nameless: set[str]) -> list[Families]:
    """Columns without a telling name whose rows are too much alike, unless others name the units or the user did."""
    if data.group or data.split.ordered:
        return [item for item in found if item.declared or not item.is_coarse]
    places = judge_places(data, [item.column for item in found if item.is_place or item.is_coarse])
    found = [replace(item, likeness=places.get(item.column)) for item in found]
    found = [item for item in found if item.likeness is not None or not item.is_coarse]
    if any(not item.is_place for item in found):
        return found
    raws = map_raws(data)
    alike = find_alike(data, [*nameless, *(item.column for item in found)])
    for name, likeness in alike.items():
        item = _measure(data, number_cells(raws[name], data.rows), option=name, column=name, noun="value")
        found.append(replace(item, likeness=likeness))
    return found


def split_name(name: str) -> list[str]:
    """The words of a column name, lower case: at separators, at digits and where a capital starts.

    Args:
        name: a column name.

    Example:
        >>> split_name("patient_nbr"), split_name("PatientID"), split_name("Site 2")
        (['patient', 'nbr'], ['patient', 'id'], ['site', '2'])
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)", " ", name)
    return [word for word in re.split(r"[^0-9a-z]+", spaced.lower()) if word]


def find_pattern(texts: list[str]) -> tuple[str, list[str]] | None:
    r"""A pattern on identifier texts under which rows fall into families, e.g. `S\d+` in `phon_R01_S01_1`.

    All texts must have the same number of pieces between separators; the family is everything before the last
    piece, and the last piece must count within the family. The shortest pattern that gives these families wins.

    Args:
        texts: different identifier texts.

    Returns:
        The pattern and the family of each text, or None.

    Example:
        >>> find_pattern(["p_S01_1", "p_S01_2", "p_S02_1", "p_S02_2", "p_S03_1", "p_S03_2"])
        ('S\\d+', ['S01', 'S01', 'S02', 'S02', 'S03', 'S03'])
        >>> find_pattern(["A-1", "A-2", "A-3"]) is None
        True
    """
    pieces = [SEPARATORS.split(text) for text in texts]
    widths = {len(parts) for parts in pieces}
    if len(widths) != 1 or min(widths) < 2:
        return None
    prefix = ["\0".join(parts[:-1]) for parts in pieces]
    n_families = len(set(prefix))
    if (
        n_families < MIN_FAMILIES
        or 2 * n_families > len(texts)
        or not all(parts[-1].isdigit() for parts in pieces)
    ):
        return None
    for position in range(len(pieces[0]) - 2, -1, -1):
        heads = {re.match(r"[A-Za-z]*", parts[position]).group() for parts in pieces}  # type: ignore[union-attr]
        head = heads.pop() if len(heads) == 1 else ""
        pattern = f"{head}\\d+"
        family = [match.group() if (match := re.search(pattern, text)) else "" for text in texts]
        if head and _same_partition(family, prefix):
            return pattern, family
    separator = r"[^_\-./ :|]"
    pattern = f"^{separator}*" + f"[_\\-./ :|]{separator}*" * (len(pieces[0]) - 2)
    return pattern, [re.match(pattern, text).group() for text in texts]  # type: ignore[union-attr]


def _same_partition(left: list[str], right: list[str]) -> bool:
    pairs = set(zip(left, right, strict=True))
    return len(pairs) == len(set(left)) == len(set(right))


def _propose_by_name(data: AuditInput, raw: RawColumn, *, kind: Kind) -> Families | None:
    words = split_name(raw.name)
    # "time_in_hospital" and "patient_age" speak of a hospital and a patient but do not name one: nothing but words
    # for identifiers may stand beside.
    bare = [word for word in words if word not in ID_WORDS and not word.isdigit()]
    noun = bare[0] if len(bare) == 1 and bare[0] in PERSON_WORDS | PLACE_WORDS else ""
    ends_as_id = len(words) > 0 and words[-1] in ID_WORDS - {"code"}
    if not (noun or ends_as_id or kind is Kind.IDENTIFIER):
        return None
    codes = raw.codes[data.rows]
    texts = [raw.levels[code].strip() for code in np.unique(codes[codes >= 0])]
    # Units are counted or named; a measured number (a score called "pedigree") is neither.
    if kind is Kind.NUMBER and any("." in text.rstrip("0").rstrip(".") for text in texts[:1_000]):
        return None
    if name_relations(texts):
        return None
    family = number_cells(raw, data.rows)
    n_families = len(np.unique(family[family >= 0]))
    n_rows = int((family >= 0).sum())
    if not 2 <= n_families < n_rows:
        return None
    # Without a word for a person or place, only many values of few rows each look like units.
    if not noun and n_families < max(MIN_FAMILIES, MAX_ID_SHARE * n_rows):
        return None
    largest = int(np.bincount(family[family >= 0]).max())
    is_coarse = n_families < FEWEST_UNITS or largest > LARGEST_UNIT * n_rows
    if is_coarse and not noun:
        return None
    item = _measure(data, family, option=raw.name, column=raw.name, noun=noun or "identifier")
    return replace(item, is_coarse=is_coarse)


def name_relations(texts: list[str]) -> bool:
    """Whether cells say who somebody is to a patient rather than who: most hold a word such as "father".

    Args:
        texts: different cells of a column.

    Example:
        >>> name_relations(["(I-1) father", "proband", "?"]), name_relations(["Anna", "Ben"])
        (True, False)
    """
    known = [text for text in texts if text.lower() not in NOBODY]
    held = sum(not RELATIONS.isdisjoint(re.findall(r"[a-z]+", text.lower())) for text in known)
    return len(known) > 0 and 2 * held > len(known)


def _propose_by_pattern(data: AuditInput, raw: RawColumn, *, kind: Kind) -> Families | None:
    if kind not in (Kind.IDENTIFIER, Kind.TEXT, Kind.CATEGORY):
        return None
    codes = raw.codes[data.rows]
    present = np.unique(codes[codes >= 0])
    if len(present) < 0.9 * len(codes):
        return None
    found = find_pattern([raw.levels[code].strip() for code in present])
    if found is None:
        return None
    pattern, names = found
    of_level = np.full(len(raw.levels) + 1, -1, dtype=np.int64)
    of_level[present] = np.unique(names, return_inverse=True)[1].reshape(-1)
    return _measure(data, of_level[codes], option=f"{raw.name}~{pattern}", column=raw.name, noun="family")


def _measure(data: AuditInput, family: IndexArray, *, option: str, column: str, noun: str) -> Families:
    known = family >= 0
    sizes = np.bincount(family[known])
    torn: set[int] = set()
    for fold in data.split.folds:
        fit = np.unique(family[known & np.isin(data.rows, fold.fit)])
        validation = np.unique(family[known & np.isin(data.rows, fold.validation)])
        torn.update(np.intersect1d(fit, validation).tolist())
    return Families(
        option=option,
        column=column,
        noun=noun,
        n_rows=int(known.sum()),
        n_families=int((sizes > 0).sum()),
        n_shared=int(sizes[sizes > 1].sum()),
        n_torn=len(torn),
        unit=family,
        declared=data.group == option,
        is_place=noun in PLACE_WORDS,
    )


def _report(item: Families, *, other: str) -> Finding:
    # The shell reads a backslash, so the option stands in single quotes.
    option = (
        item.option if re.fullmatch(r"[\w.]+", item.option) else "'" + item.option.replace("'", "'\\''") + "'"
    )
    count = f"{item.n_rows} rows in {item.n_families} values of {item.column!r}"
    if "~" in item.option:
        count = f"{item.n_rows} rows in {item.n_families} families by the pattern of {item.column!r}"
    if item.n_cut:
        count += f" ({count_things(item.n_cut, 'further row')} whose key lost digits left out)"
    if item.declared or not item.n_torn:
        why = "declared as --group" if item.declared else "no unit has rows on both sides of a fold"
        return Finding(
            "HO211",
            "passed: families",
            Severity.INFO,
            f"{count}: {why}",
            column=item.column,
            rows=item.n_shared,
        )
    first = "take the column from the original file (HO254) and " if item.n_cut else ""
    instead = f" (the study was split by {other!r})" if other else ""
    return Finding(
        "HO211",
        "rows of one unit were split",
        Severity.INFO if item.is_place and item.likeness is None else Severity.WARNING,
        f"{count}{_tell_likeness(item.likeness)}; rows of one {item.noun} were split in {item.n_torn} of "
        f"{item.n_families} cases{instead}: score and verdict are too high for a new one",
        column=item.column,
        rows=item.n_shared,
        action=f"if rows with the same value belong together, {first}use --group {option}",
    )


def _tell_likeness(likeness: Likeness | None) -> str:
    if likeness is None:
        return ""
    return (
        f", more alike than rows at random (a quarter of the columns correlate {likeness.share:.2f} or more within a "
        f"value, the target {likeness.target:.2f}; p = {likeness.p_features:.2g} and {likeness.p_target:.2g})"
    )
