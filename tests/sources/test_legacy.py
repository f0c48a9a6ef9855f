"""Encodings other than UTF-8: taken when the letters say so, asked for otherwise."""

from __future__ import annotations

import pytest

from heldout.errors import DataError
from heldout.sources.decode import decode_text
from heldout.sources.legacy import guess_encoding

SURE = {
    "cp1252": "Köln, São Paulo, Málaga; 5 µg ± 2 °C; „so“ – 10 €",
    "cp1250": "Łódź, Kraków, Gdańsk, Wrocław, Žilina, Čáslav, Łęczyca, świętość",
    "cp1251": "Москва, Петербург, Казань, Омск",
    "koi8-r": "Москва, Петербург, Казань, Омск",
    "shift_jis": "東京都, 大阪市, カタカナ, こんにちは, 名古屋, ひらがな",
    "mac_roman": "Köln, Zürich, São Paulo, Málaga, Chloé, Zoë, ça, où, été, garçon, Åsa, señor, fête, Übung, naïve",
}
UNCLEAR = {
    "mac_roman": "Málaga",
    "gb18030": "北京市, 上海, 广州, 深圳市",
    "euc_kr": "서울특별시, 부산, 대구시",
}


@pytest.mark.parametrize(("codec", "words"), SURE.items())
def test_letters_that_tell_their_encoding(codec: str, words: str) -> None:
    lines = [word.encode(codec) for word in words.split(", ")]
    strange = [line for line in lines if not line.isascii()]
    assert guess_encoding(strange * 2).codec == codec


@pytest.mark.parametrize(("codec", "words"), UNCLEAR.items())
def test_letters_that_do_not_tell_are_asked_for(codec: str, words: str) -> None:
    raw = ("name\n" + "\n".join(words.split(", "))).encode(codec)
    guess = guess_encoding(raw.split(b"\n")[1:])
    assert guess.codec == ""
    assert codec in guess.ranked
    with pytest.raises(
        DataError, match=r"t\.csv, line 2: .*\n  -> say which encoding it is, e\.g\. --encoding"
    ):
        decode_text(raw, name="t.csv")
    assert words.split(", ")[0] in decode_text(raw, name="t.csv", encoding=codec)[0]


def test_a_single_odd_letter_stays_western() -> None:
    assert guess_encoding([b"M\xfcller"]).codec == "cp1252"
    assert guess_encoding([b"sister\xf0"]).codec == "cp1252"
    assert guess_encoding([]).codec == ""
