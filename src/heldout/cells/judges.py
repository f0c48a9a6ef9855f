"""One judge per kind of column: its declaration with the evidence, or None when the cells are of another kind."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from heldout.cells.clock import find_clock
from heldout.cells.dates import COMPACT_FORMAT, find_date_format
from heldout.cells.findparts import find_composite
from heldout.cells.keynames import is_bare_person, is_key_name, is_person_key, is_person_name, split_name
from heldout.cells.lists import find_list
from heldout.cells.marks import Marks, choose_marks
from heldout.cells.measures import UnitChoice, choose_unit
from heldout.cells.missing import MISSING_AMONG_NUMBERS, declare_words
from heldout.cells.numeric import NumberEvidence, ask_keys, judge_codes, measure_numbers
from heldout.cells.overrides import Said
from heldout.cells.readings import NumberForm, probe_share
from heldout.cells.sentinels import Suspect, find_impossible, find_sentinels
from heldout.cells.sequences import LETTERS_GRAMMAR, describe_sequences, find_sequences
from heldout.cells.spellings import find_spellings
from heldout.cells.suspicion import weigh_codes
from heldout.cells.tally import Present, Tally, describe_missing, keep_present, show_examples
from heldout.cells.traces import find_traces
from heldout.cells.yesno import find_yes_no
from heldout.records import ColumnSpec, Kind
from heldout.toml_lines import paste_column

# Thresholds are assumptions unless said otherwise; the tests hold them against the data sets of section "kinds".
_MOSTLY_NUMBERS, _SOME_NUMBERS, _CONTINUOUS = 0.95, 0.80, 20
_UNIQUE, _NEARLY_UNIQUE, _KEY_SHARE = 0.95, 0.9, 0.5
_FEWEST_ROWS, _FEW = 8, 0.1
_SHORT, _TEXT_WORDS, _TEXT_SHARE, _LONG = 40, 4, 0.2, 60
_TEXTS_LOOKED = 2_000
_MOST_SPELLINGS = 5_000
_MANY_PERSONS = 10  # as among numbers
_KEY_SHAPE = re.compile(r"[A-Za-z]{0,4}[-_ .]?[0-9]+[A-Za-z]?(?:[-_./][A-Za-z0-9]+)*")
_UNNAMED = re.compile(r"column_[0-9]+")  # as the columns of a table without a header are called


def keep_numbers(tally: Tally, said: Said) -> tuple[Present, tuple[str, ...]]:
    """The present cells and the missing words of a column of numbers or dates."""
    words = declare_words(said.missing, MISSING_AMONG_NUMBERS)
    return keep_present(tally, words), words


def keep_texts(tally: Tally, said: Said) -> tuple[Present, tuple[str, ...]]:
    """The present cells and the missing words of a column of texts."""
    words = declare_words(said.missing, tally.text_words)
    return keep_present(tally, words), words


def judge_constant(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column with one value and no missing cell, or with none at all."""
    present, words = keep_texts(tally, said)
    distinct: set[str] = set()
    for text in present.texts:
        distinct.add(text.strip())
        if len(distinct) + bool(present.n_missing) > 1:
            return None
    if present.n_cells == 0:
        why = f"all {tally.n_rows} cells are missing ({present.words})"
    else:
        why = f"all {tally.n_rows} cells are {distinct.pop()[:40]!r}"
    return ColumnSpec(tally.name, Kind.CONSTANT, why, missing_words=words, used=False)


def judge_yes_no(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column whose cells all say yes or no."""
    present, words = keep_texts(tally, said)
    found = find_yes_no(present.texts)
    if found is None:
        # Beside 0 and 1, words such as "unknown" and "-" are missing, as in any column of numbers.
        present, words = keep_numbers(tally, said)
        found = find_yes_no(present.texts)
        if found is None or found != (("1",), ("0",)):
            return None
    yes, no = found
    why = (
        f"all {present.n_cells} cells are {' or '.join(map(repr, yes))} (yes) or {' or '.join(map(repr, no))} (no); "
        f"{describe_missing(present)}"
    )
    return ColumnSpec(tally.name, Kind.YES_NO, why, missing_words=words, true_words=yes, false_words=no)


def judge_number(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column of numbers, or of numbers that only name things (codes and keys)."""
    present, words = keep_numbers(tally, said)
    if probe_share(present) < _SOME_NUMBERS / 2:
        return None
    form, marks, unit = settle_form(present, tally.name, said)
    evidence = measure_numbers(tally, present, form=form)
    enough = evidence.share >= _MOSTLY_NUMBERS or (
        evidence.share >= _SOME_NUMBERS and evidence.n_distinct > _CONTINUOUS
    )
    if (
        not enough
        or evidence.n_distinct < 2
        or evidence.has_letter_codes
        or _is_other(tally, present, evidence, said)
    ):
        return None
    coded = None if said.unit else judge_codes(tally, evidence)
    if coded is not None:
        kind, reason = coded
        why = f"{reason}; {describe_missing(present)}{_propose_group(kind, evidence.n_distinct, present)}"
        asked = ask_keys(tally.name, evidence.n_distinct, present.n_cells) if kind is Kind.IDENTIFIER else ""
        return ColumnSpec(
            tally.name, kind, why, missing_words=words, used=kind is not Kind.IDENTIFIER, question=asked
        )
    spec = ColumnSpec(
        tally.name,
        Kind.NUMBER,
        _explain_number(evidence, present, marks, unit) + _explain_words(form.words),
        missing_words=words,
        decimal=form.decimal,
        thousands=form.thousands,
        unit=form.unit,
        spellings=form.words,
    )
    weighed = weigh_codes(spec, tally, present, evidence)
    return (
        weighed
        if weighed.kind is Kind.CATEGORY
        else replace(weighed, question=_ask(weighed, evidence, unit, said))
    )


def settle_form(present: Present, name: str, said: Said) -> tuple[NumberForm, Marks, UnitChoice]:
    """How a column writes numbers: its separators and its unit, from the cells and the user's words."""
    marks = choose_marks(present, column=name, decimal=said.decimal or "", thousands=said.thousands)
    unit = choose_unit(present, column=name, marks=marks, said=said.unit)
    form = NumberForm(marks.decimal, marks.thousands, unit.unit, split_name(name))
    return replace(form, words=find_traces(present, form)), marks, unit


def _is_other(tally: Tally, present: Present, evidence: NumberEvidence, said: Said) -> bool:
    """Numbers that are the lesser part of something else: compact dates, ranges, several values in a cell."""
    if evidence.is_whole and evidence.low >= 19_000_101 and evidence.high < 21_000_101:
        counts = present.counts.tolist()
        return find_date_format(present.texts, counts, column=tally.name) == COMPACT_FORMAT
    if not evidence.unparsed or said.grammar == "whole":
        return False
    found = find_composite(present, name=tally.name)
    # "3,7" would pass as two numbers as well: only a grammar that reads more cells than numbers do says more.
    return found is not None and found.share > evidence.share


def _propose_group(kind: Kind, n_distinct: int, present: Present) -> str:
    if kind is not Kind.IDENTIFIER or n_distinct >= present.n_cells:
        return ""
    return f"; it comes back ({n_distinct} keys in {present.n_cells} rows): a candidate for --group"


def _explain_number(evidence: NumberEvidence, present: Present, marks: Marks, unit: UnitChoice) -> str:
    why = (
        f"{evidence.n_parsed} of {present.n_cells} cells are numbers ({evidence.n_distinct} distinct, "
        f"{evidence.low:g} to {evidence.high:g}); {describe_missing(present)}"
    )
    why += "".join(f"; {part}" for part in (marks.why, unit.why) if part)
    if evidence.n_limits:
        why += f"; {evidence.n_limits} cells are limits (below or above a value)"
    if evidence.looks_keyed:
        why += '; nearly all are different whole numbers: if they only name the rows, say kind = "identifier"'
    n_other = present.n_cells - evidence.n_parsed
    if n_other:
        why += (
            f"; {n_other} cells are no numbers and are kept as unparsed ({show_examples(evidence.unparsed)})"
        )
    return why


def _explain_words(words: tuple[str, ...]) -> str:
    return f"; read as {words[1]}, the smallest amount: {show_examples(words[::2])}" if words else ""


def _ask(spec: ColumnSpec, evidence: NumberEvidence, unit: UnitChoice, said: Said) -> str:
    """What a column of numbers leaves open, with the line that answers it."""
    if spec.question or unit.question:
        return spec.question or unit.question
    if said.range is not None or said.clip is not None:
        return ""
    if evidence.looks_keyed and _UNNAMED.fullmatch(spec.name):
        return (
            f"nearly all of its {evidence.n_parsed} numbers are large, whole and different, and no name says what they "
            f"are; if they only name the rows: {paste_column(spec.name, 'kind', 'identifier')}, if they are measured: "
            f"{paste_column(spec.name, 'kind', 'number')}"
        )
    suspects = find_sentinels(evidence.numbers, evidence.times)
    if suspects:
        return _ask_missing(spec.name, suspects)
    strange = find_impossible(evidence.numbers, evidence.times, name=spec.name)
    if strange is None:
        return ""
    return f"{strange.reason}; if these cannot be: {paste_column(spec.name, 'range', strange.limits)}"


def _ask_missing(name: str, suspects: tuple[Suspect, ...]) -> str:
    words = tuple(f"{suspect.value:g}" for suspect in suspects)
    reasons = "; ".join(suspect.reason for suspect in suspects)
    return (
        f"{reasons}; if that means missing: {paste_column(name, 'missing', words)}, "
        f"if they are measured: {paste_column(name, 'kind', 'number')}"
    )


def judge_sequence(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column of sequences of nucleotides or amino acids."""
    present, words = keep_texts(tally, said)
    found = find_sequences(present, name=tally.name)
    if found is None:
        return None
    why = f"{describe_sequences(found, present)}; {describe_missing(present)}"
    return ColumnSpec(
        tally.name,
        Kind.SEQUENCE,
        why,
        missing_words=words,
        grammar=LETTERS_GRAMMAR,
        pattern=found.alphabet,
    )


def judge_date(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column of dates."""
    present, words = keep_numbers(tally, said)
    date_format = find_date_format(present.texts, present.counts.tolist(), column=tally.name)
    if not date_format:
        return None
    why = f"{present.n_cells} cells are dates written {date_format}; {describe_missing(present)}"
    if "%y" in date_format:
        why += "; years of two digits: 69 to 99 are 19.., 00 to 68 are 20.."
    return ColumnSpec(tally.name, Kind.DATE, why, missing_words=words, date_format=date_format)


def judge_clock(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column of times of day or durations written with colons: hours."""
    present, words = keep_numbers(tally, said)
    pattern = find_clock(present.texts, present.counts.tolist(), column=tally.name) if present.texts else ""
    if not pattern or len(present.texts) < 2:
        return None
    why = f"{present.n_cells} cells are times written {pattern}, read as hours; {describe_missing(present)}"
    return ColumnSpec(
        tally.name, Kind.NUMBER, why, missing_words=words, grammar="clock", pattern=pattern, unit="h"
    )


def judge_list(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column whose cells list items."""
    present, words = keep_texts(tally, said)
    found = find_list(present) if present.texts else None
    if found is None:
        return None
    why = (
        f"{found.n_listed} of {present.n_cells} cells list items separated by {found.separator!r} ({found.n_items} "
        f"different, most often {found.most}); {describe_missing(present)}"
    )
    return ColumnSpec(
        tally.name,
        Kind.SET,
        why,
        missing_words=words,
        grammar="list",
        pattern=found.separator,
        spellings=found.items if len(found.items) <= 2 * _MOST_SPELLINGS else (),
    )


def judge_identifier(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column of keys: nearly all different and short, or so by its name."""
    present, words = keep_texts(tally, said)
    texts = {text.strip() for text in present.texts}
    if present.n_cells < _FEWEST_ROWS:
        return None
    share = len(texts) / present.n_cells
    is_short = float(np.median([len(text) for text in texts])) <= _SHORT
    n_spaced = sum(" " in text for text in texts)
    has_shape = is_short and n_spaced <= _FEW * len(texts) and not _holds_fractions(tally, present)
    if _names_persons(tally.name, texts):
        reason = "the name says it holds keys of persons"
    elif share >= _UNIQUE and has_shape:
        reason = "short texts without blanks"
    elif share >= _KEY_SHARE and is_key_name(tally.name) and is_short:
        reason = "the name says it holds keys"
    elif share >= _NEARLY_UNIQUE and is_person_name(tally.name):
        reason = "the name says it holds names"
    else:
        return None
    why = f"{len(texts)} distinct texts in {present.n_cells} cells, {reason}; {describe_missing(present)}"
    why += _propose_group(Kind.IDENTIFIER, len(texts), present)
    return ColumnSpec(tally.name, Kind.IDENTIFIER, why, missing_words=words, used=False)


def _names_persons(name: str, texts: set[str]) -> bool:
    """Keys of persons, however often they come back: "subject" with S001 to S060, "patient_id" with anything."""
    if is_person_key(name):
        return len(texts) > 2
    return is_bare_person(name) and len(texts) >= _MANY_PERSONS and all(map(_KEY_SHAPE.fullmatch, texts))


def _holds_fractions(tally: Tally, present: Present) -> bool:
    """Measured numbers among the texts: such a column is a damaged column of numbers, not a key."""
    if not probe_share(present):
        return False
    evidence = measure_numbers(tally, present, form=NumberForm())
    return evidence.share > _FEW and not evidence.is_whole


def judge_text(tally: Tally, said: Said) -> ColumnSpec | None:
    """A column of free text."""
    present, words = keep_texts(tally, said)
    if not present.texts:
        return None
    share = len(present.texts) / present.n_cells
    looked, counts = present.texts[:_TEXTS_LOOKED], present.counts[:_TEXTS_LOOKED]
    n_words = float(np.median(np.repeat([len(text.split()) for text in looked], counts)))
    length = float(np.median(np.repeat([len(text) for text in looked], counts)))
    # Categories such as department names may be long too, but they come back again and again.
    is_prose = n_words >= _TEXT_WORDS and share >= _TEXT_SHARE
    if not is_prose and not (length >= _LONG and share >= _KEY_SHARE):
        return None
    why = (
        f"{len(present.texts)} distinct texts in {present.n_cells} cells, half of them with {n_words:g} or more words; "
        f"{describe_missing(present)}"
    )
    return ColumnSpec(tally.name, Kind.TEXT, why, missing_words=words)


def declare_category(tally: Tally, said: Said) -> ColumnSpec:
    """A column of categories: what no other judge takes."""
    present, words = keep_texts(tally, said)
    n_levels = len({text.strip() for text in present.texts})
    why = f"{n_levels} distinct texts in {present.n_cells} cells; {describe_missing(present)}"
    numeric, _ = keep_numbers(tally, said)
    evidence = measure_numbers(tally, numeric, form=NumberForm(said.decimal or "."))
    if evidence.has_letter_codes:
        why += f"; whole numbers among codes with letters ({show_examples(evidence.unparsed)}) are codes too"
    elif evidence.n_distinct > _CONTINUOUS:
        why += (
            f"; {evidence.n_parsed} cells are numbers, too few for a column of numbers (others: "
            f'{show_examples(evidence.unparsed)}); kind = "number" in heldout.toml reads it as numbers'
        )
    return _fold_category(ColumnSpec(tally.name, Kind.CATEGORY, why, missing_words=words), present)


def _fold_category(spec: ColumnSpec, present: Present) -> ColumnSpec:
    found = find_spellings(present.texts, present.counts.tolist())
    why, question = spec.why, ""
    if found.merged:
        why += f"; written in several ways, read as one: {found.merged}"
    asked = (
        ("likely slips of the pen", found.typos),
        ("single letters that may stand for the words they begin", found.initials),
        ("letters in both cases", found.cases),
    )
    what = [words for words, proposed in asked if proposed]
    if what:
        proposed = dict(pair for _, found_pairs in asked for pair in found_pairs[:20])
        question = f"{' and '.join(what)}; if they mean the same: {paste_column(spec.name, 'map', proposed)}"
    spellings = found.pairs if len(found.pairs) <= 2 * _MOST_SPELLINGS else ()
    return replace(spec, why=why, spellings=spellings, question=question)
