"""Clean tables and ways to pollute them, with the truth: names, rows, and which rows are destroyed."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace

Rows = list[list[str]]


@dataclass(frozen=True)
class Clean:
    """A clean table.

    Args:
        name: of the table.
        names: column names.
        rows: cells.
    """

    name: str
    names: list[str]
    rows: Rows


@dataclass(frozen=True)
class Case:
    """One polluted file with the truth.

    Args:
        name: pollution@table.
        content: bytes of the file.
        names: the right names, None when they are not judged.
        rows: the right rows.
        destroyed: row position -> line, for rows that the pollution destroyed: they must be missing and reported.
        must_ask: only a refusal is right.
        also: further right rows (a stray quotation mark may be a character of its cell).
        file_name: as it lies on disk.
    """

    name: str
    content: bytes
    names: list[str] | None
    rows: Rows
    destroyed: dict[int, int] = field(default_factory=dict)
    must_ask: bool = False
    also: Rows = field(default_factory=list)
    file_name: str = "data.csv"


def spell(
    table: list[list[str]],
    mark: str = ",",
    *,
    quote: str = '"',
    escape: str = "",
    end: str = "\n",
    always: bool = False,
) -> str:
    """Write rows as text."""

    def cell(text: str) -> str:
        if not always and not any(sign in text for sign in (mark, quote, "\n", "\r")):
            return text
        inner = (
            text.replace("\\", "\\\\").replace(quote, "\\" + quote)
            if escape
            else text.replace(quote, quote * 2)
        )
        return quote + inner + quote

    return "".join(mark.join(map(cell, row)) + end for row in table)


# ------------------------------------------------------------------------------------------- clean tables
FIRST = ["José", "Zoë", "Anna", "Müller", "Ivan", "Łukasz", "Chloé", "Peter", "Åsa", "Tom"]
CITIES = ["Köln", "São Paulo", "Oslo", "Zürich", "Paris, 5e", "Málaga", "Leeds", "Wien"]
WORDS = [
    "the",
    "patient",
    "was",
    "seen",
    "again",
    "after",
    "two",
    "weeks",
    "and",
    "felt",
    "better",
    "but",
    "not",
    "well",
    "so",
    "we",
    "kept",
    "going",
]


def make_patients(rng: random.Random, n: int = 60) -> Clean:
    rows = [
        [
            f"P{i:04d}",
            rng.choice(FIRST).replace("Łukasz", "Lucas"),
            rng.choice(CITIES),
            str(rng.randint(18, 95)),
            rng.choice("MF"),
            f"{rng.uniform(0.1, 90):.2f}",
            f"{rng.randint(1990, 2023)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
            rng.choice(["yes", "no"]),
        ]
        for i in range(n)
    ]
    return Clean("patients", ["id", "name", "city", "age", "sex", "dose", "visit", "outcome"], rows)


def make_flowers(rng: random.Random, n: int = 90) -> Clean:
    rows = [
        [f"{rng.gauss(m, 0.5):.1f}" for m in (5.8, 3.0, 3.7, 1.2)] + [rng.choice("abc")] for _ in range(n)
    ]
    return Clean("flowers", ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"], rows)


def make_messages(rng: random.Random, n: int = 50) -> Clean:
    rows = [
        [
            str(i + 1),
            rng.choice(["ham", "spam"]),
            f"{' '.join(rng.sample(WORDS, 8))} {i}, ok?",
            str(rng.randint(1, 5)),
        ]
        for i in range(n)
    ]
    return Clean("messages", ["nr", "label", "message", "stars"], rows)


def make_survey(rng: random.Random, n: int = 24) -> Clean:
    rows = [
        [
            str(1001 + i),
            rng.choice(["1", "2", "3", "9", ""]),
            rng.choice(["yes", "no", "n/a"]),
            str(rng.randint(150, 200)),
            f"{rng.uniform(40, 120):.1f}" if rng.random() > 0.1 else "",
            str(rng.randint(0, 1)),
        ]
        for i in range(n)
    ]
    return Clean("survey", ["case", "q1", "smoker", "height cm", "weight kg", "ill"], rows)


def make_orders(rng: random.Random, n: int = 84) -> Clean:
    """Quoted cells with line ends, quotation marks, commas, addresses and times, like the source file of Pollock."""
    rows = [
        [
            f"{rng.randint(1, 12):02d}/{rng.randint(13, 28)}/2018",
            f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:00",
            str(rng.randint(1, 9)),
            f"SKU-{rng.randint(100, 999)}",
            f"{rng.uniform(1, 2000):.2f}",
            rng.choice(["Toy", "Book", "Tool"]),
            rng.choice(['He said "fine", then left', "two\nlines, one cell", "plain", "a; b", ""]),
            f"http://example.org/item?id={i}&x=1,2",
        ]
        for i in range(n)
    ]
    return Clean("orders", ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "Type", "Description", "URL"], rows)


def make_genes(rng: random.Random, n: int = 40) -> Clean:
    """A wide table of numbers with row names, some missing."""
    names = ["gene", *[f"sample_{i}" for i in range(12)]]
    rows = [
        [f"GENE{i}", *["NA" if rng.random() < 0.05 else f"{rng.gauss(0, 2):.3f}" for _ in names[1:]]]
        for i in range(n)
    ]
    return Clean("genes", names, rows)


MAKERS = (make_patients, make_flowers, make_messages, make_survey, make_orders, make_genes)
Pollution = Callable[[Clean, random.Random], Case]
POLLUTIONS: dict[str, Pollution] = {}


def pollution(function: Pollution) -> Pollution:
    POLLUTIONS[function.__name__.removeprefix("p_")] = function
    return function


def make_cases(rng: random.Random) -> list[Case]:
    """Every pollution of every clean table."""
    cases = []
    for maker in MAKERS:
        clean = maker(rng)
        for name, pollute in POLLUTIONS.items():
            cases.append(replace(pollute(clean, rng), name=f"{name}@{clean.name}"))
    return cases


def case(clean: Clean, text: str | bytes, **changes: object) -> Case:
    content = text.encode() if isinstance(text, str) else text
    return replace(Case("", content, clean.names, clean.rows), **changes)


def one_line(clean: Clean) -> Clean:
    return replace(clean, rows=[[" ".join(cell.split()) for cell in row] for row in clean.rows])


def whole(clean: Clean) -> Rows:
    return [clean.names, *clean.rows]


def lines_of(clean: Clean) -> list[str]:
    """The header and each row with its line end; a row may span lines."""
    return [spell([row]) for row in whole(clean)]


def line_of(clean: Clean, position: int) -> int:
    """The line in which a row begins."""
    return 1 + sum(text.count("\n") for text in lines_of(clean)[: position + 1])


def simple(name: str, write: Callable[[Clean], str | bytes], **changes: object) -> None:
    """A pollution that keeps names and rows."""
    POLLUTIONS[name] = lambda clean, _rng: case(clean, write(clean), **changes)


# ---------------------------------------------------------------------------------- delimiter, quotes, ends
simple("clean", lambda c: spell(whole(c)))
for _word, _mark in {
    "semicolon": ";",
    "tab": "\t",
    "bar": "|",
    "caret": "^",
    "tilde": "~",
    "unit": "\x1f",
    "colon": ":",
}.items():
    simple(f"delimiter_{_word}", lambda c, m=_mark: spell(whole(c), m))
    simple(f"delimiter_{_word}_all_quoted", lambda c, m=_mark: spell(whole(c), m, always=True))
simple("delimiter_comma_blank", lambda c: spell(whole(c), ", ").replace(",  ", ", "))
simple("delimiter_two_bars", lambda c: spell(whole(c), "||"))
simple("delimiter_blank_quoted", lambda c: spell(whole(c), " ", always=True))
simple("quote_all", lambda c: spell(whole(c), always=True))
simple("quote_single", lambda c: spell(whole(c), quote="'", always=True))
simple("quote_single_some", lambda c: spell(whole(c), quote="'"))
simple("quote_single_semicolon", lambda c: spell(whole(c), ";", quote="'", always=True))
simple("sep_line", lambda c: "sep=;\n" + spell(whole(c), ";"))
for _word, _end in {"crlf": "\r\n", "cr": "\r", "cr_crlf": "\r\r\n"}.items():
    simple(f"end_{_word}", lambda c, e=_end: spell(whole(c), end=e))
simple("end_none", lambda c: spell(whole(c)).rstrip("\n"))
simple(
    "end_mixed",
    lambda c: "".join(x.rstrip("\n") + ("\r\n" if i % 3 else "\n") for i, x in enumerate(lines_of(c))),
)
simple(
    "end_mixed_cr",
    lambda c: "".join(x.rstrip("\n") + ("\r" if i % 7 == 3 else "\n") for i, x in enumerate(lines_of(c))),
)
simple("end_doubled", lambda c: "".join(x + "\n" for x in lines_of(c)))


def with_cells(clean: Clean, change: Callable[[str], str], column: int, positions: list[int]) -> Clean:
    rows = [list(row) for row in clean.rows]
    for i in positions:
        rows[i][column] = change(rows[i][column])
    return replace(clean, rows=rows)


def texts_of(clean: Clean) -> int:
    return {"patients": 2, "flowers": 4, "messages": 2, "survey": 2, "orders": 5, "genes": 0}[clean.name]


def numbers_of(clean: Clean) -> int:
    return {"patients": 5, "flowers": 1, "messages": 3, "survey": 3, "orders": 4, "genes": 2}[clean.name]


@pollution
def p_quotes_doubled_inside(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda x: f'{x} "so, called"', texts_of(clean), [3, 7, 11])
    return case(other, spell(whole(other)))


@pollution
def p_quotes_backslash(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda x: f'{x} "so, called" x', texts_of(clean), [3, 7, 11])
    return case(other, spell(whole(other), escape="\\"))


@pollution
def p_quote_inside_unquoted(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda x: '5" pipe', texts_of(clean), [3])
    return case(other, spell(whole(other)).replace('"5"" pipe"', '5" pipe'))


@pollution
def p_cell_with_line_end(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda x: x + "\nsecond line", texts_of(clean), [2, 9])
    return case(other, spell(whole(other)))


@pollution
def p_cell_with_line_end_crlf(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda x: x + "\nsecond, line", texts_of(clean), [2, 9])
    return case(other, spell(whole(other), end="\r\n"))


@pollution
def p_header_with_line_end(clean: Clean, rng: random.Random) -> Case:
    names = [name.replace("_", " ") for name in clean.names]
    shown = [name.replace(" ", "\n") for name in names]
    return case(replace(clean, names=names), spell([shown, *clean.rows], always=True))


@pollution
def p_quote_open_middle(clean: Clean, rng: random.Random) -> Case:
    lines = lines_of(clean)
    k = 9
    cells = list(clean.rows[k - 1])
    cells[texts_of(clean)] = '"open'
    lines[k] = ",".join(cells) + "\n"
    also = [*clean.rows[: k - 1], cells, *clean.rows[k:]]
    return case(clean, "".join(lines), destroyed={k - 1: line_of(clean, k - 1)}, also=also)


@pollution
def p_quote_open_last(clean: Clean, rng: random.Random) -> Case:
    lines = lines_of(clean)
    cells = list(clean.rows[-1])
    cells[texts_of(clean)] = '"open'
    lines[-1] = ",".join(cells) + "\n"
    also = [*clean.rows[:-1], cells]
    return case(
        clean, "".join(lines), destroyed={len(clean.rows) - 1: line_of(clean, len(clean.rows) - 1)}, also=also
    )


@pollution
def p_quote_open_all_quoted(clean: Clean, rng: random.Random) -> Case:
    lines = [spell([row], always=True) for row in whole(clean)]
    k = 12
    cells = lines[k].split('","')
    cells[1] = cells[1] + "x"
    lines[k] = '","'.join(cells[:1]) + '","' + cells[1] + "," + ('"' + '","'.join(cells[2:])).lstrip('"')
    return case(clean, "".join(lines), destroyed={k - 1: line_of(clean, k - 1)})


# ------------------------------------------------------------------------------------------------ encodings
for _codec in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1", "cp1252"):
    simple(f"encoding_{_codec}", lambda c, k=_codec: spell(whole(c)).encode(k))
simple("encoding_utf-16_tab", lambda c: spell(whole(c), "\t", end="\r\n").encode("utf-16"))


def in_words(clean: Clean, words: list[str], rng: random.Random) -> Clean:
    return with_cells(clean, lambda _: rng.choice(words), texts_of(clean), list(range(len(clean.rows))))


FOREIGN = {
    "shift_jis": ["東京都", "大阪市", "カタカナ", "こんにちは", "名古屋"],
    "gb18030": ["北京市", "上海", "广州", "深圳市"],
    "euc_kr": ["서울특별시", "부산", "대구시"],
    "big5": ["臺北市", "高雄", "新竹縣"],
    "cp1251": ["Москва", "Петербург", "Казань", "Омск"],
    "koi8-r": ["Москва", "Петербург", "Казань", "Омск"],
    "cp1253": ["Αθήνα", "Θεσσαλονίκη", "Πάτρα"],
    "cp1250": ["Łódź", "Kraków", "Gdańsk", "Wrocław"],
    "iso8859-2": ["Łódź", "Kraków", "Gdańsk", "Částka"],
    "mac_roman": ["Köln", "Zürich", "São Paulo", "Málaga"],
    "cp437": ["Köln", "Zürich", "Málaga"],
}
for _codec, _words in FOREIGN.items():

    def _foreign(clean: Clean, rng: random.Random, k: str = _codec, w: list[str] = _words) -> Case:
        # The other texts of the table are plain.
        rows = [
            [cell.encode("ascii", "replace").decode().replace("?", "e") for cell in row] for row in clean.rows
        ]
        other = in_words(replace(clean, rows=rows), w, rng)
        return case(other, spell(whole(other)).encode(k))

    POLLUTIONS[f"encoding_{_codec}"] = _foreign
    POLLUTIONS[f"utf8_{_codec}"] = lambda clean, rng, w=_words: (
        lambda other: case(other, spell(whole(other)))
    )(in_words(clean, w, rng))


@pollution
def p_encoding_mixed(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda _: "Köln", texts_of(clean), [4, 8, 9])
    lines = lines_of(other)
    return case(other, b"".join(x.encode("cp1252" if i == 5 else "utf-8") for i, x in enumerate(lines)))


@pollution
def p_bom_inside(clean: Clean, rng: random.Random) -> Case:
    half = len(clean.rows) // 2
    text = (
        "\ufeff"
        + spell([clean.names, *clean.rows[:half]])
        + "\ufeff"
        + spell([clean.names, *clean.rows[half:]])
    )
    return case(clean, text)


@pollution
def p_nul_byte(clean: Clean, rng: random.Random) -> Case:
    lines = lines_of(clean)
    lines[5] = lines[5][:4] + "\0" + lines[5][4:]
    return case(clean, "".join(lines), must_ask=True)


simple("nul_padding", lambda c: spell(whole(c)) + "\0" * 512, must_ask=True)
simple("ctrl_z", lambda c: spell(whole(c)) + "\x1a")


# --------------------------------------------------------------------------------------------------- header
@pollution
def p_header_none(clean: Clean, rng: random.Random) -> Case:
    return case(clean, spell(clean.rows), names=None)


@pollution
def p_header_duplicate(clean: Clean, rng: random.Random) -> Case:
    names = [*clean.names[:-2], clean.names[0], clean.names[-1]]
    fixed = [*clean.names[:-2], clean.names[0] + "#2", clean.names[-1]]
    return case(clean, spell([names, *clean.rows]), names=fixed)


@pollution
def p_header_empty_cell(clean: Clean, rng: random.Random) -> Case:
    names = [*clean.names[:2], "", *clean.names[3:]]
    return case(clean, spell([names, *clean.rows]), names=[*clean.names[:2], "column_3", *clean.names[3:]])


@pollution
def p_header_index_unnamed(clean: Clean, rng: random.Random) -> Case:
    rows = [[str(i), *row] for i, row in enumerate(clean.rows)]
    return case(clean, spell([["", *clean.names], *rows]), names=["column_1", *clean.names], rows=rows)


@pollution
def p_header_row_names(clean: Clean, rng: random.Random) -> Case:
    rows = [[str(i + 1), *row] for i, row in enumerate(clean.rows)]
    return case(clean, spell([clean.names, *rows]), names=["column_1", *clean.names], rows=rows)


@pollution
def p_header_blanks(clean: Clean, rng: random.Random) -> Case:
    return case(clean, spell([[f"  {name} " for name in clean.names], *clean.rows]))


@pollution
def p_header_two_rows(clean: Clean, rng: random.Random) -> Case:
    k = len(clean.names) // 2
    group = ["person", *[""] * (k - 1), "measured", *[""] * (len(clean.names) - k - 1)]
    names = [f"{'person' if i < k else 'measured'}/{name}" for i, name in enumerate(clean.names)]
    return case(clean, spell([group, *whole(clean)]), names=names)


@pollution
def p_header_units_row(clean: Clean, rng: random.Random) -> Case:
    units = ["" for _ in clean.names]
    for i, name in enumerate(clean.names):
        if name in ("age", "dose", "height cm", "weight kg", "stars", "nr", "case") or "_" in name:
            units[i] = "[unit]"
    names = [f"{name}/{unit}" if unit else name for name, unit in zip(clean.names, units, strict=True)]
    return case(clean, spell([clean.names, units, *clean.rows]), names=names)


@pollution
def p_header_three_rows(clean: Clean, rng: random.Random) -> Case:
    k = len(clean.names) // 2
    group = ["person", *[""] * (k - 1), "measured", *[""] * (len(clean.names) - k - 1)]
    units = ["(x)" for _ in clean.names]
    names = [f"{'person' if i < k else 'measured'}/{name}/(x)" for i, name in enumerate(clean.names)]
    return case(clean, spell([group, clean.names, units, *clean.rows]), names=names)


@pollution
def p_header_inside(clean: Clean, rng: random.Random) -> Case:
    half = len(clean.rows) // 2
    return case(clean, spell([clean.names, *clean.rows[:half], clean.names, *clean.rows[half:]]))


@pollution
def p_header_years(clean: Clean, rng: random.Random) -> Case:
    years = [str(2010 + i) for i in range(6)]
    rows = [[f"area {i}", *[f"{rng.uniform(0, 100):.2f}" for _ in years]] for i in range(30)]
    other = Clean("", ["area", *years], rows)
    return case(other, spell(whole(other)))


@pollution
def p_header_commented(clean: Clean, rng: random.Random) -> Case:
    return case(clean, "#" + spell(whole(clean)), names=["#" + clean.names[0], *clean.names[1:]])


# ----------------------------------------------------------------------------------------- preamble, footer
PREAMBLES = {
    "one_line": "Results of the study\n",
    "three_lines": "Results of the study\nDepartment of Medicine\nExported on 2021-03-04\n",
    "with_commas": "Results of the study, second part, corrected\nNote: ages in years, doses in mg, as given, etc.\n",
    "blank_after": "Results of the study\n\n",
    "key_values": "Title,Results\nAuthor,Smith\nDate,2021-03-04\n\n",
    "hash": "# made by hand\n# version 2, corrected\n",
    "percent": "% made by hand\n% version 2, corrected\n",
    "slashes": "// made by hand\n// version 2\n",
    "long": "".join(f"remark {i} on the study\n" for i in range(8)),
    "colon": "Station: Oslo\nPeriod: 2001-2004\nUnits: mg\n",
    "quoted": '"Results of the study, part 2"\n""\n',
}
for _word, _text in PREAMBLES.items():
    simple(f"preamble_{_word}", lambda c, t=_text: t + spell(whole(c)))
    simple(
        f"preamble_{_word}_semicolon", lambda c, t=_text: t.replace("Title,", "Title;") + spell(whole(c), ";")
    )
simple(
    "preamble_padded",
    lambda c: "Results" + "," * (len(c.names) - 1) + "\n" + "," * (len(c.names) - 1) + "\n" + spell(whole(c)),
)
FOOTERS = {
    "note": "Source: register\n",
    "blank_note": "\nSource: register of patients\n",
    "note_commas": "Source: register, 2021, corrected\n",
    "selected": "\n(60 rows selected)\n",
    "end": "END\n",
    "notes": "\na first note\nb second note\nc third note\n",
    "hash": "# end of file\n",
}
for _word, _text in FOOTERS.items():
    simple(f"footer_{_word}", lambda c, t=_text: spell(whole(c)) + t)
simple(
    "footer_padded",
    lambda c: spell(whole(c)) + "Source: register of patients" + "," * (len(c.names) - 1) + "\n",
)


def add_total(clean: Clean, word: str, kind: str) -> Case:
    last = [""] * len(clean.names)
    last[0] = word
    for i in range(1, len(clean.names)):
        try:
            values = [float(row[i]) for row in clean.rows if row[i]]
        except ValueError:
            continue
        value = sum(values) / (len(values) if kind == "mean" else 1)
        last[i] = f"{value:.2f}".rstrip("0").rstrip(".")
    return case(clean, spell([*whole(clean), last]))


POLLUTIONS["total_sum"] = lambda clean, _rng: add_total(clean, "Total", "sum")
POLLUTIONS["total_german"] = lambda clean, _rng: add_total(clean, "Summe", "sum")
POLLUTIONS["total_mean"] = lambda clean, _rng: add_total(clean, "Mean", "mean")
POLLUTIONS["total_unnamed"] = lambda clean, _rng: add_total(clean, "", "sum")


# ---------------------------------------------------------------------------------------------- ragged rows
def ragged(clean: Clean, changes: dict[int, Callable[[list[str]], list[str]]]) -> Case:
    rows = [list(row) for row in clean.rows]
    destroyed = {}
    for i, change in changes.items():
        rows[i] = change(rows[i])
        destroyed[i] = line_of(clean, i)
    return case(clean, spell([clean.names, *rows]), destroyed=destroyed)


POLLUTIONS["row_short"] = lambda clean, _rng: ragged(clean, {7: lambda row: row[:-1]})
POLLUTIONS["row_short_two"] = lambda clean, _rng: ragged(clean, {7: lambda row: row[:-2]})
POLLUTIONS["row_long"] = lambda clean, _rng: ragged(clean, {7: lambda row: [*row, "x"]})
POLLUTIONS["row_long_middle"] = lambda clean, _rng: ragged(
    clean, {7: lambda row: [*row[:2], "extra", *row[2:]]}
)
POLLUTIONS["row_long_first"] = lambda clean, _rng: ragged(clean, {0: lambda row: [*row, "x"]})
POLLUTIONS["row_short_first"] = lambda clean, _rng: ragged(clean, {0: lambda row: row[:-1]})
POLLUTIONS["row_short_and_long"] = lambda clean, _rng: ragged(
    clean, {5: lambda row: row[:-1], 15: lambda row: [*row, "x"]}
)
POLLUTIONS["row_other_delimiter"] = lambda clean, _rng: case(
    clean,
    spell([clean.names, *clean.rows[:6]]) + spell([clean.rows[6]], ";") + spell(clean.rows[7:]),
    destroyed={6: line_of(clean, 6)},
)


def separators(clean: Clean, rng: random.Random, change: str) -> Case:
    """One delimiter of one row taken away, doubled, or a quotation mark put in, as Pollock does cell by cell."""
    k = rng.randrange(len(clean.rows))
    row = list(clean.rows[k])
    place = rng.randrange(len(row) - 1)
    if change == "less":
        row[place : place + 2] = [row[place] + row[place + 1]]
    elif change == "more":
        row.insert(place + 1, "")
    text = spell([row])
    if change == "quote":
        pieces = [spell([[cell]]).rstrip("\n") for cell in row]
        pieces[place] = '"' + pieces[place] if pieces[place][:1] != '"' else pieces[place][:-1]
        text = ",".join(pieces) + "\n"
    lines = lines_of(clean)
    lines[k + 1] = text
    plain = [cell if i != place else '"' + cell for i, cell in enumerate(row)]
    also = [*clean.rows[:k], plain, *clean.rows[k + 1 :]] if change == "quote" else []
    return case(clean, "".join(lines), destroyed={k: line_of(clean, k)}, also=also)


for _i in range(4):
    for _change in ("less", "more", "quote"):
        POLLUTIONS[f"separator_{_change}_{_i}"] = lambda clean, rng, c=_change: separators(clean, rng, c)


@pollution
def p_one_row(clean: Clean, rng: random.Random) -> Case:
    return case(replace(clean, rows=clean.rows[:1]), spell(whole(clean)[:2]))


@pollution
def p_three_rows(clean: Clean, rng: random.Random) -> Case:
    return case(replace(clean, rows=clean.rows[:3]), spell(whole(clean)[:4]))


@pollution
def p_missing_first_cells(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda _: "", numbers_of(clean), [0, 1, 2])
    return case(other, spell(whole(other)))


@pollution
def p_words_in_first_numbers(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(clean, lambda _: "not done", numbers_of(clean), [0, 1])
    return case(other, spell(whole(other)))


@pollution
def p_mostly_missing(clean: Clean, rng: random.Random) -> Case:
    places = [i for i in range(len(clean.rows)) if i % 10]
    other = with_cells(clean, lambda _: "", numbers_of(clean), places)
    return case(other, spell(whole(other)))


@pollution
def p_truncated_row(clean: Clean, rng: random.Random) -> Case:
    text = spell(whole(clean)).rstrip("\n")
    cut = text.rindex("\n") + 1 + len(clean.rows[-1][0]) + 3
    return case(clean, text[:cut], destroyed={len(clean.rows) - 1: line_of(clean, len(clean.rows) - 1)})


simple("trailing_delimiter", lambda c: "".join(x.rstrip("\n") + ",\n" for x in lines_of(c)))
simple(
    "trailing_delimiter_rows",
    lambda c: "".join(x if i == 0 else x.rstrip("\n") + ",\n" for i, x in enumerate(lines_of(c))),
)
simple("trailing_delimiters", lambda c: "".join(x.rstrip("\n") + ",,,\n" for x in lines_of(c)))
simple("blank_rows", lambda c: "".join(x + ("\n" if i % 9 == 4 else "") for i, x in enumerate(lines_of(c))))
simple(
    "blank_rows_spaces",
    lambda c: "".join(x + ("   \n" if i % 30 == 4 else "") for i, x in enumerate(lines_of(c))),
)
simple(
    "rows_of_delimiters",
    lambda c: "".join(
        x + ("," * (len(c.names) - 1) + "\n" if i in (4, 9) else "") for i, x in enumerate(lines_of(c))
    ),
)
simple("blank_rows_at_end", lambda c: spell(whole(c)) + "\n\n\n")
simple("blank_rows_at_start", lambda c: "\n\n" + spell(whole(c)))
simple(
    "comment_inside",
    lambda c: "".join(x + ("# checked by hand\n" if i == 6 else "") for i, x in enumerate(lines_of(c))),
)


# -------------------------------------------------------------------------------------------- several tables
SECOND = [["code", "meaning"], ["1", "good"], ["2", "fair"], ["3", "bad"]]
simple("two_tables_blank", lambda c: spell(whole(c)) + "\n" + spell(SECOND), must_ask=True)
simple("two_tables_direct", lambda c: spell(whole(c)) + spell(SECOND), must_ask=True)
simple("two_tables_title", lambda c: spell(whole(c)) + "\nTable 2\n" + spell(SECOND), must_ask=True)
simple("two_tables_small_first", lambda c: spell(SECOND) + "\n" + spell(whole(c)), must_ask=True)


@pollution
def p_two_tables_same_width(clean: Clean, rng: random.Random) -> Case:
    other = [
        [f"other {i}" for i in range(len(clean.names))],
        *[[str(rng.randint(0, 9)) for _ in clean.names] for _ in range(12)],
    ]
    return case(clean, spell(whole(clean)) + "\n" + spell(other), must_ask=True)


@pollution
def p_two_tables_long(clean: Clean, rng: random.Random) -> Case:
    other = [["x", "y", "z"], *[[str(rng.randint(0, 9)) for _ in range(3)] for _ in range(40)]]
    return case(clean, spell(whole(clean)) + "\n" + spell(other), must_ask=True)


# --------------------------------------------------------------------------------------- numbers, spreadsheets
@pollution
def p_decimal_comma(clean: Clean, rng: random.Random) -> Case:
    k = numbers_of(clean)
    other = with_cells(
        clean, lambda x: x.replace(".", ",") if "." in x else x + ",5", k, list(range(len(clean.rows)))
    )
    return case(other, spell(whole(other), ";"))


@pollution
def p_decimal_comma_tab(clean: Clean, rng: random.Random) -> Case:
    k = numbers_of(clean)
    other = with_cells(
        clean, lambda x: x.replace(".", ",") if "." in x else x + ",5", k, list(range(len(clean.rows)))
    )
    return case(other, spell(whole(other), "\t"))


@pollution
def p_thousands_quoted(clean: Clean, rng: random.Random) -> Case:
    other = with_cells(
        clean, lambda _: f"{rng.randint(1000, 99999):,}", numbers_of(clean), list(range(len(clean.rows)))
    )
    return case(other, spell(whole(other)))


@pollution
def p_formula_text(clean: Clean, rng: random.Random) -> Case:
    rows = [[f"{i:05d}", *row] for i, row in enumerate(clean.rows)]
    text = spell([["zip", *clean.names]]) + "".join(f'="{row[0]}",' + spell([row[1:]]) for row in rows)
    return case(clean, text, names=["zip", *clean.names], rows=rows)


@pollution
def p_id_like_3e5(clean: Clean, rng: random.Random) -> Case:
    rows = [[f"{i % 10}E{i % 7}", *row] for i, row in enumerate(clean.rows)]
    return case(clean, spell([["code", *clean.names], *rows]), names=["code", *clean.names], rows=rows)


@pollution
def p_fixed_width(clean: Clean, rng: random.Random) -> Case:
    plain = [["_".join(cell.split()) or "NA" for cell in row] for row in clean.rows]
    names = [name.replace(" ", "_") for name in clean.names]
    widths = [max(len(row[i]) for row in [names, *plain]) + 2 for i in range(len(names))]
    text = "".join(
        "".join(x.ljust(w) for x, w in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in [names, *plain]
    )
    return case(Clean("", names, plain), text, file_name="data.txt")


@pollution
def p_fixed_width_gaps(clean: Clean, rng: random.Random) -> Case:
    clean = one_line(clean)
    widths = [max(len(row[i]) for row in whole(clean)) + 2 for i in range(len(clean.names))]
    text = "".join(
        "".join(x.ljust(w) for x, w in zip(row, widths, strict=True)).rstrip() + "\n" for row in whole(clean)
    )
    return case(clean, text, file_name="data.txt")


def draw(clean: Clean, style: str) -> str:
    """The table as text tools print it."""
    rows = [[" ".join(cell.split()) for cell in row] for row in whole(clean)]
    widths = [max(max(len(row[i]) for row in rows), 3) for i in range(len(clean.names))]
    edge = "|" if style == "markdown" else ""
    joint = "|" if style == "markdown" else "+"
    lines = [
        edge + "|".join(f" {x.ljust(w)} " for x, w in zip(row, widths, strict=True)) + edge for row in rows
    ]
    lines.insert(1, edge + joint.join("-" * (w + 2) for w in widths) + edge)
    return "\n".join(lines) + "\n"


POLLUTIONS["drawn_markdown"] = lambda clean, _rng: case(one_line(clean), draw(clean, "markdown"))
POLLUTIONS["drawn_sql"] = lambda clean, _rng: case(
    one_line(clean), draw(clean, "sql") + f"({len(clean.rows)} rows)\n"
)


# --------------------------------------------------------------------------------------------- kinds of file
HTML = "<!DOCTYPE html>\n<html><head><title>Login</title></head>\n<body>Please, log in, first</body></html>\n"
simple("kind_html", lambda c: HTML, must_ask=True)
simple("kind_html_bare", lambda c: "<head><title>404</title></head><p>Not, found</p>\n", must_ask=True)
simple("kind_xml", lambda c: '<?xml version="1.0"?><rows><row a="1"/></rows>', must_ask=True)
simple("kind_gzip", lambda c: gzip.compress(spell(whole(c)).encode()))
simple("kind_gzip_cut", lambda c: gzip.compress(spell(whole(c)).encode())[:-30], must_ask=True)
simple(
    "kind_lfs",
    lambda c: "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    must_ask=True,
)
simple("kind_empty", lambda c: "", must_ask=True)
simple("kind_blank", lambda c: "\n\n  \n", must_ask=True)
simple("kind_header_only", lambda c: spell([c.names]), must_ask=True)
simple("kind_pdf", lambda c: "%PDF-1.7\n1 0 obj, 2\n", must_ask=True)
simple(
    "kind_jsonl", lambda c: "".join(json.dumps(dict(zip(c.names, row, strict=True))) + "\n" for row in c.rows)
)
simple(
    "kind_json_list", lambda c: json.dumps([dict(zip(c.names, row, strict=True)) for row in c.rows], indent=1)
)
simple("kind_json_error", lambda c: '{"error": {"code": 403, "message": "no, not you"}}', must_ask=True)


def zipped(clean: Clean) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", spell(whole(clean)))
    return out.getvalue()


simple("kind_zip", zipped)


@pollution
def p_kind_parquet(clean: Clean, rng: random.Random) -> Case:
    import polars

    out = io.BytesIO()
    polars.DataFrame(clean.rows, schema=clean.names, orient="row").write_parquet(out)
    return case(clean, out.getvalue())
