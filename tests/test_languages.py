"""Sentences of each language are told, short and foreign ones are not guessed."""

from __future__ import annotations

import csv
import itertools
import lzma
from pathlib import Path

import pytest

from heldout.languages import UNKNOWN, guess_language

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SENTENCES = {
    "English": "I have not seen the film because my sister told me that it was too long for a child",
    "German": "Ich habe den Film nicht gesehen, weil meine Schwester sagte, dass er für ein Kind zu lang ist",
    "French": "Je ne suis pas allé voir le film parce que ma sœur dit qu'il est trop long pour un enfant",
    "Spanish": "No he visto la película porque mi hermana dice que es muy larga para un niño",
    "Italian": "Non ho visto il film perché mia sorella dice che è troppo lungo per un bambino",
    "Portuguese": "Eu não vi o filme porque a minha irmã diz que é muito longo para uma criança",
    "Dutch": "Ik heb de film niet gezien omdat mijn zus zegt dat het te lang is voor een kind",
    "Swedish": "Jag har inte sett filmen för att min syster säger att den är för lång för ett barn",
    "Danish": "Jeg har ikke set filmen, fordi min søster siger at den er for lang til et barn",
    "Polish": "Nie widziałem tego filmu, bo moja siostra mówi, że jest za długi dla dziecka",
    "Turkish": "Bu filmi görmedim ama kız kardeşim bir çocuk için çok uzun olduğu için diye söyledi",
    "Russian": "Я не видел этот фильм, потому что моя сестра сказала, что он слишком длинный для меня",
    "Japanese": "この映画はとても長いです",
    "Chinese": "这部电影太长了",
    "Korean": "이 영화는 너무 길어요",
    "Greek": "Αυτή η ταινία είναι πολύ μεγάλη",
    "Arabic script": "هذا الفيلم طويل جدا",
    "Hebrew": "הסרט הזה ארוך מאוד",
    "Thai": "หนังเรื่องนี้ยาวมาก",
    "Indic script": "यह फिल्म बहुत लंबी है",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_are_told(language: str) -> None:
    assert guess_language(SENTENCES[language]) == language
    assert guess_language(SENTENCES[language].upper()) == language


@pytest.mark.parametrize(
    "text", ["", "great movie", "42 mg/dL, 120/80", "ACGTACGT", "lorem ipsum dolor sit amet elit"]
)
def test_short_or_foreign_texts_are_not_guessed(text: str) -> None:
    assert guess_language(text) == UNKNOWN


@pytest.mark.skipif(not (DATA / "imdb50k").is_dir(), reason="no reviews")
def test_reviews_are_english() -> None:
    with lzma.open(DATA / "imdb50k" / "reviews.csv.xz", "rt", encoding="utf-8") as table:
        texts = [row["text"] for row in itertools.islice(csv.DictReader(table), 1000)]
    assert sum(guess_language(text) == "English" for text in texts) >= 990
