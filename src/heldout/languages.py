"""The language of a text, guessed from its commonest words: for whom a network fails, not for translation."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+")
_MOST_LETTERS = 5_000  # a page says enough
# The commonest words of each language that are rare in the others (function words; own lists). A word that several
# languages share counts for each of them.
_COMMON = {
    "English": "the of and to is in that it was for with as his on be at by this had not are but from or have an "
    "they which you were her she he we there been their has would what will if can who my me so no do "
    "your just about i",
    "German": "der die und das ist nicht ein eine zu den mit von sich des auf dem im es ich auch als er sie wir "
    "wie bei oder aber nach noch nur wird werden war sind haben hat einen einem einer aus sehr kann "
    "wenn durch",
    "French": "le la les des et est une un du que qui dans pour pas ce il elle je ne sur au avec plus par sont "
    "nous vous mais ou cette ses son sa leur aux été être avoir fait très bien tout comme en de à",
    "Spanish": "el la los las de que y en un una es por con para no se del al lo como más pero sus su le ha me "
    "sin sobre este ya todo esta ser son dos también fue había era muy años hasta desde está mi "
    "porque qué",
    "Italian": "il la che di e un una per non è in con del della le i si da come più ma gli lo alla dei nel sono "
    "questo anche ha delle al se nella ho mi ci molto stato essere dal quando tutti perché",
    "Portuguese": "o a os as de que e em um uma para não com do da no na por mais como mas foi ao ele dos das se "
    "seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois "
    "sem mesmo",
    "Dutch": "de het een en van ik te dat die in is niet zijn op aan met als voor had er maar om hem dan zou "
    "of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft "
    "hebben deze",
    "Swedish": "och det att i en jag hon som han på den med var sig för så till är men ett om hade de av icke "
    "mig du henne då sin nu har inte hans honom skulle hennes där min man ej vid kunde något från ut "
    "när efter",
    "Danish": "og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min "
    "havde ham hun nu over da fra du ud sin dem os op man hans hvor eller hvad skal selv her alle vil "
    "blev",
    "Polish": "i w nie na się z do to że jest o a jak co ale po tak za od go już by dla jego czy był tego przez "
    "tylko ich było są może być ma które który jej bardzo nawet także więc przy",
    "Turkish": "bir ve bu da de için ile o çok ne daha gibi ama kadar sonra olarak en ben mi var olan değil her "
    "şey diye ki olduğu ya hiç bunu veya nasıl",
    "Russian": "и в не на я что он с как это по но она к у ты из мы за вы так же от меня было о бы то для его "
    "мне только если все когда или уже был до даже есть их",
}  # fmt: skip
# Letters of scripts that one language (or a family that shares it) is written in.
_SCRIPTS = (
    ("Japanese", re.compile(r"[\u3040-\u30ff]")),
    ("Korean", re.compile(r"[\uac00-\ud7af]")),
    ("Chinese", re.compile(r"[\u4e00-\u9fff]")),
    ("Arabic script", re.compile(r"[\u0600-\u06ff]")),
    ("Hebrew", re.compile(r"[\u0590-\u05ff]")),
    ("Greek", re.compile(r"[\u0370-\u03ff]")),
    ("Indic script", re.compile(r"[\u0900-\u0dff]")),
    ("Thai", re.compile(r"[\u0e00-\u0e7f]")),
)
_OF_WORD: dict[str, tuple[str, ...]] = {}
for _name, _words in _COMMON.items():
    for _word in _words.split():
        _OF_WORD[_word] = (*_OF_WORD.get(_word, ()), _name)
_SCRIPT_SHARE = 0.3
_LEAST_HITS, _LEAST_SHARE, _LEAST_LEAD = 3.0, 0.12, 1.25  # assumption, tried on sentences of each language
UNKNOWN = "unknown"


def guess_language(text: str) -> str:
    """Guess the language of a text from its commonest words, of twelve languages, or from its script.

    Args:
        text: any text; its first 5,000 characters are looked at.

    Returns:
        Name of the language; "unknown" where the text is short, of another language, or two are about as likely.

    Example:
        >>> guess_language("the cat sat on the mat and it was not amused")
        'English'
        >>> guess_language("die Katze ist nicht auf dem Tisch, sondern sie war bei uns")
        'German'
        >>> guess_language("42 mg/dL")
        'unknown'
    """
    head = text[:_MOST_LETTERS]
    n_letters = sum(map(str.isalpha, head))
    if not head.isascii():
        for name, script in _SCRIPTS:
            if len(script.findall(head)) > _SCRIPT_SHARE * max(n_letters, 1):
                return name
    words = _WORD.findall(head.lower())
    hits: dict[str, float] = {}
    for word, count in Counter(words).items():
        languages = _OF_WORD.get(word, ())
        for name in languages:
            hits[name] = hits.get(name, 0.0) + count / len(languages)
    if not hits:
        return UNKNOWN
    (best, most), *others = sorted(hits.items(), key=lambda item: -item[1])
    is_clear = most >= _LEAST_LEAD * (others[0][1] if others else 0.0)
    return best if is_clear and most >= max(_LEAST_HITS, _LEAST_SHARE * len(words)) else UNKNOWN
