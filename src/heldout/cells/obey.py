"""The declaration that the user's words lead to; unsaid details are filled from the cells."""

from __future__ import annotations

from dataclasses import replace

from heldout.cells.characters import fold_text
from heldout.cells.dates import check_date_format, find_date_format
from heldout.cells.judges import judge_list, keep_numbers, keep_texts, settle_form
from heldout.cells.missing import fold_word
from heldout.cells.overrides import Said
from heldout.cells.sequences import LETTERS_GRAMMAR, choose_alphabet, describe_sequences
from heldout.cells.spellings import find_spellings
from heldout.cells.tally import Present, Tally, describe_missing, show_examples
from heldout.cells.yesno import find_yes_no
from heldout.errors import DataError, UsageError
from heldout.records import ColumnSpec, Kind
from heldout.toml_lines import paste_column


def obey_user(tally: Tally, said: Said) -> ColumnSpec:
    """How a column is read when the user names its kind (or what settles it).

    Args:
        tally: the column's cells at the deciding rows.
        said: the user's words.

    Raises:
        DataError: the cells do not say what the words leave open.
        UsageError: an unknown kind, or a date format without year, month and day.

    Example:
        >>> import numpy as np
        >>> from heldout.cells.overrides import Said
        >>> from heldout.cells.tally import tally_column
        >>> from heldout.records import RawColumn
        >>> tally = tally_column(RawColumn("x", np.array([0, 1], np.int32), ("1", "2")), np.arange(2))
        >>> obey_user(tally, Said("category", None, None, None, None, None)).kind.value
        'category'
    """
    if said.kind == "ignore":
        present, words = keep_texts(tally, said)
        why = f"left out, as declared; {describe_missing(present)}"
        return ColumnSpec(tally.name, Kind.CATEGORY, why, decided="user", missing_words=words, used=False)
    kind = _name_kind(tally.name, said)
    is_numeric = kind in (Kind.NUMBER, Kind.DATE)
    present, words = keep_numbers(tally, said) if is_numeric else keep_texts(tally, said)
    spec = ColumnSpec(
        tally.name,
        kind,
        f"{kind}, as declared; {describe_missing(present)}",
        decided="user",
        missing_words=words,
        used=kind not in (Kind.IDENTIFIER, Kind.CONSTANT),
    )
    if kind is Kind.NUMBER:
        form, _, _ = settle_form(present, tally.name, said)
        return replace(
            spec, decimal=form.decimal, thousands=form.thousands, unit=form.unit, spellings=form.words
        )
    if kind is Kind.DATE:
        return replace(spec, date_format=_settle_date_format(tally, present, said))
    if kind is Kind.YES_NO:
        true_words, false_words = _settle_yes_no(tally, present, said)
        return replace(spec, true_words=true_words, false_words=false_words)
    if kind is Kind.SET:
        found = judge_list(tally, said)
        return replace(
            spec,
            grammar="list",
            pattern=found.pattern if found else ";",
            spellings=found.spellings if found else (),
        )
    if kind is Kind.SEQUENCE:
        return _settle_letters(spec, present)
    if kind is Kind.CATEGORY:
        return replace(spec, spellings=find_spellings(present.texts, present.counts.tolist()).pairs)
    return spec


def finish_spec(spec: ColumnSpec, said: Said) -> ColumnSpec:
    """The declaration with the user's map and limits.

    Args:
        spec: what the cells and the user's other words lead to.
        said: the user's words.

    Raises:
        UsageError: limits that are no range, or a map for a column without categories.

    Example:
        >>> finish_spec(ColumnSpec("x", Kind.NUMBER, ""), Said(None, None, None, None, None, None, clip=(0, 9))).high
        9
        >>> finish_spec(ColumnSpec("x", Kind.NUMBER, ""), Said(None, None, None, None, None, None, clip=(9, 0)))
        Traceback (most recent call last):
        heldout.errors.UsageError: the limits 9 to 0 of column 'x' are no range
          -> write the smaller number first
    """
    limits = said.clip or said.range
    if limits is not None:
        if limits[0] >= limits[1]:
            raise UsageError(
                f"the limits {limits[0]:g} to {limits[1]:g} of column {spec.name!r} are no range",
                hint="write the smaller number first",
            )
        beyond = "clip" if said.clip is not None else "impossible"
        spec = replace(spec, low=limits[0], high=limits[1], beyond=beyond)
    if said.map is None:
        return spec
    if spec.kind not in (Kind.CATEGORY, Kind.SET, Kind.NUMBER):
        raise UsageError(
            f"column {spec.name!r} is read as {spec.kind.value} and has neither categories nor numbers to map",
            hint=f"say {paste_column(spec.name, 'kind', 'category')}, too",
        )
    kept = dict(zip(spec.spellings[::2], spec.spellings[1::2], strict=True))
    for text, other in said.map:
        kept |= {text.strip(): other, fold_text(text): other}
        # What was read as the mapped text goes with it.
        kept |= {folded: other for folded, target in kept.items() if target == text.strip()}
    return replace(spec, spellings=tuple(word for pair in sorted(kept.items()) for word in pair), question="")


def _name_kind(name: str, said: Said) -> Kind:
    if said.kind is None:
        return Kind.DATE if said.date_format is not None else Kind.YES_NO
    try:
        return Kind(said.kind)
    except ValueError:
        known = ", ".join(kind.value for kind in Kind)
        raise UsageError(
            f"kind {said.kind!r} of column {name!r} is not known", hint=f"use one of: {known}"
        ) from None


def _settle_letters(spec: ColumnSpec, present: Present) -> ColumnSpec:
    found = choose_alphabet(present)
    if not found.n_fit:
        raise DataError(
            f"column {spec.name!r} is declared a sequence, but none of its cells holds letters of nucleotides or amino "
            f"acids only ({show_examples(present.texts)})",
            hint=f"leave the declaration out, or say {paste_column(spec.name, 'kind', 'text')}",
        )
    why = f"sequence, as declared; {describe_sequences(found, present)}; {describe_missing(present)}"
    return replace(spec, why=why, grammar=LETTERS_GRAMMAR, pattern=found.alphabet)


def _settle_date_format(tally: Tally, present: Present, said: Said) -> str:
    if said.date_format is not None:
        return check_date_format(said.date_format, column=tally.name)
    found = find_date_format(present.texts, present.counts.tolist(), column=tally.name)
    if not found:
        raise DataError(
            f"column {tally.name!r} is declared a date, but its cells fit no known format "
            f"({show_examples(present.texts)})",
            hint=f"say the format in heldout.toml: {paste_column(tally.name, 'date_format', '%d.%m.%y')}",
        )
    return found


def _settle_yes_no(tally: Tally, present: Present, said: Said) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if said.true is not None and said.false is not None:
        return tuple(map(fold_word, said.true)), tuple(map(fold_word, said.false))
    found = find_yes_no(present.texts)
    if found is None or said.true is not None or said.false is not None:
        raise DataError(
            f"column {tally.name!r} is declared yes/no, but which of its words mean yes and which no is not said "
            f"({show_examples(present.texts)})",
            hint=f"say both in heldout.toml: {paste_column(tally.name, 'true', ('...',))} and "
            f"{paste_column(tally.name, 'false', ('...',))}",
        )
    return found
