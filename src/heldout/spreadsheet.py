"""What a spreadsheet did to cells: genes made dates, identifiers rounded, zeros lost, error values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.special import pdtrc

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_GENE_DATE = re.compile(rf"\d{{1,2}}-({_MONTHS})(-\d{{2,4}})?|({_MONTHS})-\d{{1,2}}", re.I)
_WHOLE_DATE = re.compile(r"20\d\d-\d\d-\d\d( 00:00:00)?")
_GENE = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,14}")
_ROUNDED = re.compile(r"\d\.\d{1,6}E\+(0?9|1[0-9]|2[0-9])", re.I)
# Below 1e9 statistics programs write e+05 as well, and exactly; a spreadsheet writes a capital E among identifiers.
_SHORTENED = re.compile(r"\d(\.\d{1,6})?E\+0[3-8]")
_ERROR = re.compile(r"#(REF|VALUE|DIV/0|NAME|NULL|NUM|N/A|SPILL|CALC|GETTING_DATA)[!?]?|#{3,}", re.I)
_PADDED = re.compile(r"(?:^|\n)0[0-9]+(?=\n|$)")
_WHOLE = re.compile(r"[0-9]+")
_MOSTLY, _SOME, _FEW = 0.6, 0.3, 0.4
_KEPT_DIGITS = 15  # a spreadsheet's numbers are doubles, shown with 15 digits
_CHANCE = 1e-3  # of so many zeros at the end of long numbers; one file has some ten such columns at most
_LEVELS = 200_000


@dataclass(frozen=True)
class Trace:
    """One kind of damage in a column.

    Args:
        texts: distinct cells that bear it, in the order in which they were met.
        what: what they look like, for a sentence.
        merges: different values may have become one, or one may have become two.
        is_cut: digits of long numbers are lost, so that rows of different values fall together.
    """

    texts: tuple[str, ...]
    what: str
    merges: bool = True
    is_cut: bool = False


def find_spreadsheet(levels: Sequence[str]) -> tuple[Trace, ...]:
    """The traces that a spreadsheet left in the distinct cells of a column; nothing is changed.

    Args:
        levels: distinct cells; of more than 200,000 the first are looked at.

    Source:
        Genes to dates: 30.9 % of 11,117 papers with gene lists (Abeysooriya et al., PLOS Comput. Biol. 2021).

    Example:
        >>> find_spreadsheet(["TP53", "BRCA1", "2-Sep"])[0].texts
        ('2-Sep',)
        >>> find_spreadsheet(["1.5", "2-Sep"])
        ()
    """
    texts = [text.strip() for text in levels[:_LEVELS]]
    joined = "\n".join(texts)
    looks: list[Callable[[list[str]], Trace | None]] = []
    if not _is_plain(joined):
        looks += [_find_dates, _find_rounded, _find_errors]
    if any(len(text) > _KEPT_DIGITS for text in texts):
        looks.append(_find_cut)
    if _PADDED.search(joined):
        looks.append(_find_unpadded)
    return tuple(trace for look in looks if (trace := look(texts)) is not None)


def _is_plain(joined: str) -> bool:
    """Whether texts have the characters of plain numbers alone."""
    raw = joined.encode("utf-8", "surrogatepass").lower()
    return not raw.translate(None, b"0123456789+-. e\n") and b"e+" not in raw


def _find_dates(texts: list[str]) -> Trace | None:
    dates = [text for text in texts if _GENE_DATE.fullmatch(text)]
    others = [text for text in texts if text and not _GENE_DATE.fullmatch(text)]
    whole = [text for text in others if _WHOLE_DATE.fullmatch(text)]
    genes = [text for text in others if _GENE.fullmatch(text)]
    if whole and sum(any(map(str.isdigit, text)) for text in genes) >= _SOME * len(others):
        dates = [text for text in texts if text in {*dates, *whole}]
        others = [text for text in others if text not in set(whole)]
    if not dates or not others or len(genes) < _MOSTLY * len(others):
        return None
    return Trace(tuple(dates), "a gene name or code that a spreadsheet turned into a date")


def _find_rounded(texts: list[str]) -> Trace | None:
    rounded = [text for text in texts if _ROUNDED.fullmatch(text)]
    short = [text for text in texts if _SHORTENED.fullmatch(text)]
    others = [text for text in texts if text and not _SHORTENED.fullmatch(text)]
    # Among numbers with decimals it is the writing of measured values.
    if short and len(short) <= _FEW * len(texts) and not any("." in text or "," in text for text in others):
        rounded = [text for text in texts if text in {*rounded, *short}]
    if not rounded:
        return None
    return Trace(
        tuple(rounded),
        "a long number that a spreadsheet rounded: different identifiers may have become equal",
        is_cut=True,
    )


def _find_errors(texts: list[str]) -> Trace | None:
    errors = [text for text in texts if text.startswith("#") and _ERROR.fullmatch(text)]
    return Trace(tuple(errors), "an error value of a spreadsheet") if errors else None


def _find_cut(texts: list[str]) -> Trace | None:
    """Whole numbers of 16 digits and more that end in zeros after the 15th far more often than chance has it."""
    long = [text for text in texts if len(text) > _KEPT_DIGITS and _WHOLE.fullmatch(text)]
    cut = [text for text in long if not text[_KEPT_DIGITS:].strip("0")]
    expected = sum(10.0 ** (_KEPT_DIGITS - len(text)) for text in long)
    if not cut or _chance_of(len(cut), expected) > _CHANCE:
        return None
    return Trace(
        tuple(cut),
        "a long number of which a spreadsheet kept 15 digits: different identifiers may have become equal",
        is_cut=True,
    )


def _chance_of(n_seen: int, expected: float) -> float:
    """Chance of as many events or more (Poisson, whose tail lies above that of the true sum of chances)."""
    return float(pdtrc(n_seen - 1, expected))


def _find_unpadded(texts: list[str]) -> Trace | None:
    """Shorter numbers among numbers of one width, some of which begin with zeros."""
    numbers = [text for text in texts if _WHOLE.fullmatch(text)]
    padded = [text for text in numbers if text.startswith("0") and len(text) > 1]
    width = max(map(len, padded), default=0)
    full = [text for text in numbers if len(text) == width]
    shorter = [text for text in numbers if len(text) < width and not (text.startswith("0") and len(text) > 1)]
    if not shorter or len(full) < _MOSTLY * len(numbers) or len(numbers) < _MOSTLY * len(texts):
        return None
    return Trace(
        tuple(shorter),
        f"a code of {width} digits that lost its leading zeros: one identifier may have become two",
    )
