from __future__ import annotations

from dataclasses import replace

import numpy as np

from audit.tables import make_input
from heldout.audit.writing import check_writing
from heldout.cells.encoding import mend_encoding
from heldout.records import Finding, Kind, Severity

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
CLEAN = [" ".join(np.random.default_rng(row).choice(WORDS, 12)) + f" n{row}" for row in range(60)]


def check(texts: list[str]) -> tuple[Finding, ...]:
    data = make_input({"note": texts, "y": ["a", "b"] * 30}, "y")
    columns = tuple(
        replace(column, spec=mend_encoding(replace(column.spec, kind=Kind.TEXT), raw, data.rows))
        if raw.name == "note"
        else column
        for column, raw in zip(data.columns, data.table.columns, strict=True)
    )
    return check_writing(replace(data, columns=columns))


def test_clean_texts_are_silent() -> None:
    (told,) = check(CLEAN)
    assert told.title == "passed: damaged or marked-up texts"
    (told,) = check([f"{text}, if a<b and c>d: it\u2019s \u201cgood\u201d, na\u00efve" for text in CLEAN])
    assert told.title.startswith("passed:")


def test_everything_is_counted_with_its_rows() -> None:
    data = make_input({"note": CLEAN, "y": ["a", "b"] * 30}, "y")
    texts, rows = list(CLEAN), data.rows[:9].tolist()
    texts[rows[0]] = "<br /><p></p>"
    texts[rows[1]] += " <b>bold</b>"
    texts[rows[2]] += " see https://example.org/a"
    texts[rows[3]] += " me@example.org"
    texts[rows[4]] += " bell\x07"
    texts[rows[5]] += " caf\u00c3\u00a9"
    texts[rows[6]] += " lost \ufffd"
    texts[rows[7]] = "word " * 30_000
    (told,) = check(texts)
    assert told.severity is Severity.WARNING
    assert told.rows == 8
    for part in (
        "2 hold tags of HTML or XML",
        "2 hold addresses of pages or people",
        "1 hold control characters",
        "1 hold letters that were lost",
        "1 hold no letter and no digit outside tags",
        "1 are longer than 100,000 characters",
        "1 were once read in a wrong encoding ('caf\u00c3\u00a9' is 'caf\u00e9'), repaired",
    ):
        assert part in told.sentence


def test_tags_and_addresses_alone_are_no_warning() -> None:
    (told,) = check([f"<p>{text}</p>" for text in CLEAN])
    assert told.severity is Severity.INFO


def test_damaged_class_names_are_told_and_not_repaired() -> None:
    data = make_input({"note": CLEAN, "y": ["a", "M\u00c3\u00bcller"] * 30}, "y")
    told = [item for item in check_writing(data) if item.column == "y"]
    assert len(told) == 1
    assert "not repaired" in told[0].sentence
    assert told[0].severity is Severity.WARNING
