"""Which encoding bytes that are no UTF-8 are in: judged by how natural the letters look, asked when that is unclear."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

# The usual encoding wins unless another explains the letters clearly better; another is taken only when it explains
# nearly all of them, alone, on enough letters (assumptions, checked on the pollutions of bench/messy_files.py).
_USUAL, _USUAL_SCORE, _USUAL_LAG = "cp1252", 0.9, 0.06
_SURE_SCORE, _SURE_MARGIN, _SURE_LETTERS = 0.95, 0.08, 20
_SAMPLE_BYTES, _MOST_LETTERS = 200_000, 10_000  # so many letters give a share to within 0.01
# One byte a letter, most bytes alike: where all letters fit several of these, only the reader knows which is right.
_SISTERS = ("cp1252", "cp1250", "iso8859-2", "cp1254", "iso8859-15")
_NATURAL = 0.9

_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôöøùúûüýÿßœÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖØÙÚÛÜÝŒªºðÐþÞ")
_CENTRAL = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽäöüÄÖÜßőűŐŰăâîşţșțĂÂÎŞŢđĐ")
_TURKISH = frozenset("çğıöşüÇĞİÖŞÜâîû")
_CYRILLIC = frozenset([*map(chr, range(0x410, 0x450)), *"ёЁіїєґІЇЄҐ№"])
# Two Greek letters that hardly occur are left out: they are what Cyrillic words turn into.
_GREEK = frozenset([*map(chr, range(0x391, 0x3CB)), *"όύώΌΎΏΆΈΉΊ"]) - {"ΰ", "ΐ"}
_HEBREW = frozenset(map(chr, range(0x5D0, 0x5EB)))
_ARABIC = frozenset([*map(chr, range(0x621, 0x64B)), "،", "؟"])
_SIGNS = frozenset("°µ±²³§€£¥©®™«»‘’‚“”„–—…·×÷¼½¾¿¡•†\u00a0¢¬¶¹")
_FREE_SIGNS = frozenset("°µ±§«‘“„¿¡–—…·\u00a0’”»")


@dataclass(frozen=True)
class Guess:
    """What bytes that are no UTF-8 may be.

    Args:
        codec: the encoding to use; empty when it must be asked for.
        ranked: plausible encodings, best first.
        rivals: encodings of the same kind in which the letters look as natural, and some are others.
    """

    codec: str
    ranked: tuple[str, ...]
    rivals: tuple[str, ...] = ()


def _is_natural(text: str, at: int, letters: frozenset[str]) -> bool:
    """Whether a letter of an alphabet that extends ASCII stands where such letters stand."""
    mark = text[at]
    after = text[at + 1 : at + 2]
    if mark not in letters:
        return mark in _FREE_SIGNS or (mark in _SIGNS and not after.isalpha())
    before = text[at - 1 : at] if at else ""
    if mark.isupper() and before.islower():
        return False
    if before.isdigit() and mark not in "ªº":
        return False
    # Three such letters in a row do not occur in words of these languages.
    run = text[max(0, at - 2) : at + 3]
    middle = min(at, 2)
    return not any(
        len(part) == 3 and not part.isascii() and all(sign.isalpha() and not sign.isascii() for sign in part)
        for part in (run[middle - 2 : middle + 1], run[middle - 1 : middle + 2], run[middle : middle + 3])
    )


def _extends(letters: frozenset[str]) -> Callable[[str, int], bool]:
    return lambda text, at: _is_natural(text, at, letters)


def _script(letters: frozenset[str]) -> Callable[[str, int], bool]:
    def is_natural(text: str, at: int) -> bool:
        mark, before, after = text[at], text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        if mark not in letters:
            return mark in _FREE_SIGNS
        # Words hold letters of one script, and no capital after a small letter.
        is_mixed = any(sign.isascii() and sign.isalpha() for sign in (before, after))
        return not is_mixed and not (mark.isupper() and before.islower())

    return is_natural


def _double_byte(codec: str, low: int, high: int, scripts: str = "") -> Callable[[str, int], bool]:
    """Characters of the first, common level of a double-byte character set, or of a syllabary."""

    def is_natural(text: str, at: int) -> bool:
        mark = text[at]
        if scripts and scripts[0] <= mark <= scripts[-1]:
            return True
        if mark in "、。，：；（）「」・ー！？":
            return True
        try:
            encoded = mark.encode(codec)
        except UnicodeEncodeError:
            return False
        return len(encoded) == 2 and low <= encoded[0] <= high

    return is_natural


# codec -> whether the character at a position is one that texts in this encoding hold
CODECS: dict[str, Callable[[str, int], bool]] = {
    "cp1252": _extends(_WESTERN),
    "mac_roman": _extends(_WESTERN),
    "cp850": _extends(_WESTERN),
    "cp1250": _extends(_CENTRAL),
    "iso8859-2": _extends(_CENTRAL),
    "cp1254": _extends(_TURKISH),
    "iso8859-15": _extends(_WESTERN | set("ŠšŽž")),
    "cp1251": _script(_CYRILLIC),
    "koi8-r": _script(_CYRILLIC),
    "cp866": _script(_CYRILLIC),
    "cp1253": _script(_GREEK),
    "cp1255": _script(_HEBREW),
    "cp1256": _script(_ARABIC),
    "shift_jis": _double_byte("shift_jis", 0x88, 0x97, "ぁヾ"),
    "euc_jp": _double_byte("euc_jp", 0xB0, 0xCF, "ぁヾ"),
    "gb18030": _double_byte("gb2312", 0xB0, 0xD7),
    "big5": _double_byte("big5", 0xA4, 0xC6),
    "euc_kr": _double_byte("euc_kr", 0xB0, 0xC8),
}


def guess_encoding(lines: Sequence[bytes]) -> Guess:
    """The encoding of lines that are no UTF-8, or none when they do not tell.

    Windows' western encoding is the usual one: strict UTF-8, else cp1252, was right on 95 of 97 real files (measured
    on the survey files of the Pollock benchmark). It is left only when its letters look unnatural (signs inside words,
    runs of accented letters, capitals after small letters) while exactly one other encoding looks natural.

    Args:
        lines: the lines concerned; the first 200 kB count.

    Example:
        >>> guess_encoding(["Köln".encode("cp1252")]).codec
        'cp1252'
        >>> guess_encoding(["Málaga".encode("mac_roman")]).codec
        ''
        >>> guess_encoding(["Москва и Казань, всё Петербург".encode("koi8-r")]).codec
        'koi8-r'
    """
    sample = b"\n".join(lines)[:_SAMPLE_BYTES].rsplit(b"\n", 1)[0] if len(lines) > 1 else b"".join(lines)
    scores: dict[str, float] = {}
    texts: dict[str, str] = {}
    n_letters = 0
    for codec, is_natural in CODECS.items():
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError:
            continue
        places = [at for at, mark in enumerate(text) if not mark.isascii()]
        if not places:
            continue
        places = places[:: 1 + len(places) // _MOST_LETTERS]
        texts[codec] = text
        scores[codec] = sum(is_natural(text, at) for at in places) / len(places)
        n_letters = max(n_letters, len(places))
    ranked = tuple(sorted(scores, key=lambda codec: -scores[codec]))
    if not ranked:
        return Guess("", ())
    best = ranked[0]
    usual = scores.get(_USUAL, 0.0)
    if usual >= _USUAL_SCORE and scores[best] - usual < _USUAL_LAG:
        return Guess(_USUAL, ranked, _find_rivals(_USUAL, scores, texts))
    others = [scores[codec] for codec in ranked[1:] if texts[codec] != texts[best]]
    is_sure = scores[best] >= _SURE_SCORE and scores[best] - max(others, default=0.0) >= _SURE_MARGIN
    if not is_sure or n_letters < _SURE_LETTERS:
        return Guess("", ranked[:4])
    return Guess(best, ranked[:4], _find_rivals(best, scores, texts))


def _find_rivals(codec: str, scores: Mapping[str, float], texts: Mapping[str, str]) -> tuple[str, ...]:
    """Sisters of an encoding in which the letters look as natural as in itself, each with other letters."""
    if codec not in _SISTERS:
        return ()
    found: dict[str, str] = {}
    for rival in _SISTERS:
        fits = scores.get(rival, 0.0) >= max(_NATURAL, scores[codec])
        if fits and texts[rival] != texts[codec]:
            found.setdefault(texts[rival], rival)
    return tuple(found.values())
