"""How texts are written: tags, addresses, control characters, nothing to read, lost letters."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from heldout.audit.input import AuditInput, list_some, map_raws, pass_check, skip_check
from heldout.cells import ENCODING_GRAMMAR, find_damaged, show_damage
from heldout.markup import TAG
from heldout.records import ColumnSpec, Finding, IndexArray, Kind, RawColumn, RowSet, Severity

CODE, TITLE = "HO247", "damaged or marked-up texts"
_NOTHING_TO_DO = (
    "nothing has to be done: rows of word numbers leave tags out, and repaired cells are read as repaired"
)
LONGEST = 100_000  # characters: some 20,000 words, a short book (assumption)
_ADDRESS = re.compile(r"https?://|www\.[a-zA-Z0-9]|[\w.+-]@[\w-]+\.[a-zA-Z]{2}", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufff9-\ufffb]")
_LETTER = re.compile(r"[^\W_]")


class _Trait(NamedTuple):
    """What a text may have, in words, and whether the reader has to do something about it."""

    name: str
    is_so: Callable[[str], bool]
    is_grave: bool
    then: str


def _is_wordless(text: str) -> bool:
    plain = html.unescape(TAG.sub(" ", text)) if "<" in text or "&" in text else text
    return _LETTER.search(plain) is None


TRAITS = (
    _Trait("hold tags of HTML or XML", lambda text: "<" in text and bool(TAG.search(text)), False, ""),
    _Trait("hold addresses of pages or people", lambda text: bool(_ADDRESS.search(text)), False, ""),
    _Trait("hold control characters", lambda text: bool(_CONTROL.search(text)), True, "export them anew"),
    _Trait("hold letters that were lost (U+FFFD)", lambda text: "\ufffd" in text, True, "export them anew"),
    _Trait("hold no letter and no digit outside tags", _is_wordless, True, "they are empty to a network"),
    _Trait(
        f"are longer than {LONGEST:,} characters",
        lambda text: len(text) > LONGEST,
        True,
        "is a quotation mark missing, or is it a whole file?",
    ),
)


def check_writing(data: AuditInput) -> tuple[Finding, ...]:
    """What stands in texts beside words, column by column, and cells read in a wrong encoding, categories too.

    Args:
        data: the audit's input.

    Returns:
        HO247, one finding for each column that has any of it, with rows; a warning where somebody must act.
    """
    raws = map_raws(data)
    kinds = (Kind.TEXT, Kind.CATEGORY, Kind.SET)
    asked = [column.spec for column in data.columns if column.spec.kind in kinds and column.spec.name in raws]
    asked = [spec for spec in asked if spec.used or spec.name == data.target.name]
    if not asked:
        return (skip_check(CODE, TITLE, "there is no column of texts or categories"),)
    found = [item for spec in asked for item in _report(data.rows, raws[spec.name], spec)]
    return tuple(found) or (pass_check(CODE, TITLE, f"none in {len(asked)} columns of texts or categories"),)


def _report(rows: IndexArray, raw: RawColumn, spec: ColumnSpec) -> list[Finding]:
    codes = raw.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(raw.levels))
    used = {raw.levels[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist()}
    missing = {word.casefold() for word in spec.missing_words} | {""}
    texts = {text: n for text, n in used.items() if text.strip().casefold() not in missing}
    told, then, touched, is_grave = [], [], set(), False
    for trait in TRAITS if spec.kind is Kind.TEXT else ():
        having = {text for text in texts if trait.is_so(text)}
        if having:
            told.append(f"{sum(texts[text] for text in having):,} {trait.name}")
            then += [trait.then] * bool(trait.then)
            touched |= having
            is_grave |= trait.is_grave
    damaged = find_damaged(texts)
    if damaged:
        is_mended = spec.grammar == ENCODING_GRAMMAR and spec.used
        how = "repaired" if is_mended else "not repaired"
        shown = show_damage(damaged)[0]
        n_rows = sum(texts[text] for text in damaged)
        told.append(f"{n_rows:,} were once read in a wrong encoding ({shown}), {how}")
        then += [] if is_mended else ["save the file as UTF-8 at its source"]
        touched |= set(damaged)
        is_grave |= not is_mended
    if not told:
        return []
    where = rows[np.isin(codes, [code for code, text in enumerate(raw.levels) if text in touched])]
    return [
        Finding(
            CODE,
            TITLE,
            Severity.WARNING if is_grave else Severity.INFO,
            f"of {sum(texts.values()):,} cells of {raw.name!r} {list_some(told, 7)}",
            column=raw.name,
            rows=len(where),
            where=RowSet(where),
            action="; ".join(dict.fromkeys(then)) or _NOTHING_TO_DO,
        )
    ]
