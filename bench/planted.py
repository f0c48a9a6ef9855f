# ruff: noqa: E501, SIM905, SIM108 - tables of cases read better in long lines
"""Columns with planted defects and their truth, and clean twins: what `messy_cells.py` measures on."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

N_ROWS = 200
Value = float | str | None


@dataclass(frozen=True)
class Planted:
    """A column and what it should be read as.

    Args:
        cells: the texts.
        kind: the kind expected of the column, or of each part ("" for the column itself).
        truth: part name -> the value of every cell: a number, a text, None for no value.
        name: header; shuffled names are given by the caller where it plays no role.
        refused: True when a question that stops is the right answer.
        asks: True when a question that does not stop is the right answer, False when there must be none.
        options: what the user says about the column.
    """

    cells: list[str]
    kind: dict[str, str]
    truth: dict[str, list[Value]]
    name: str = ""
    refused: bool = False
    asks: bool = False
    options: dict[str, object] = field(default_factory=dict)


Rng = np.random.Generator
Maker = Callable[[Rng, float], Planted]


def numbers(rng: Rng, *, decimals: int = 1, low: float = 20.0, high: float = 400.0) -> list[float]:
    """Measured numbers of one column."""
    middle = rng.uniform(low, high)
    return [round(float(x), decimals) for x in middle * np.exp(rng.normal(0, 0.25, N_ROWS))]


def spoil(
    rng: Rng, rate: float, cells: list[str], truth: list[Value], bad: Callable[[int], tuple[str, Value]]
) -> None:
    """Replace a share of the cells (at least two) by bad ones."""
    for row in rng.choice(len(cells), max(2, round(rate * len(cells))), replace=False).tolist():
        cells[row], truth[row] = bad(row)


def plain(
    rng: Rng, rate: float, bad: Callable[[Rng, float], tuple[str, Value]] | None, **how: object
) -> Planted:
    """A column of numbers, some replaced."""
    values = numbers(rng)
    cells, truth = [repr(value) for value in values], list[Value](values)
    if bad is not None:
        spoil(rng, rate, cells, truth, lambda row: bad(rng, values[row]))
    return Planted(cells, {"": "number"}, {"": truth}, **how)  # type: ignore[arg-type]


def null_words(rng: Rng, rate: float) -> Planted:
    """Row 19."""
    words = ["N/A", "?", "-", "ND", "", "not done", "unknown", "NULL", "#N/A", "."]
    return plain(rng, rate, lambda rng, value: (str(rng.choice(words)), None))


def null_categories(rng: Rng, rate: float) -> Planted:
    """Row 19: none, - and NA that are values."""
    if rng.random() < 0.5:
        codes = ["NA", "DE", "FR", "ZA", "US", "BR", "IT"]
    else:
        codes = ["None", "steroid", "statin", "-"]
    cells = [str(rng.choice(codes)) for _ in range(N_ROWS)]
    return Planted(cells, {"": "category"}, {"": list(cells)})


def sentinels(rng: Rng, rate: float) -> Planted:
    """Row 20: never guessed, always asked."""
    code = str(rng.choice(["-999", "9999", "-1", "0", "-9"]))
    values = [max(value, 15.0) for value in numbers(rng, low=60, high=300)]
    cells, truth = [repr(value) for value in values], list[Value](values)
    spoil(rng, max(rate, 0.02), cells, truth, lambda row: (code, float(code)))
    return Planted(cells, {"": "number"}, {"": truth}, asks=True)


def typos(rng: Rng, rate: float) -> Planted:
    """Row 21."""
    bad = [
        lambda t: t.replace("0", "O", 1) if "0" in t else t + "O",
        lambda t: t.replace(".", ".."),
        lambda t: t + "x?",
    ]
    return plain(rng, rate, lambda rng, value: (bad[int(rng.integers(3))](repr(value)), None))


def locales(rng: Rng, rate: float) -> Planted:
    """Row 22: decimal comma and thousands in five ways of writing."""
    values = [round(float(x), 2) for x in np.exp(rng.uniform(1, 14, N_ROWS))]
    style = int(rng.integers(5))
    write: list[Callable[[float], str]] = [
        lambda x: f"{x:,.2f}",
        lambda x: f"{x:,.2f}".translate(str.maketrans(",.", ".,")),
        lambda x: f"{x:,.2f}".replace(",", "'"),
        lambda x: f"{x:,.2f}".replace(",", "\u202f").replace(".", ","),
        write_indian,
    ]
    return Planted([write[style](x) for x in values], {"": "number"}, {"": list(values)})


def write_indian(value: float) -> str:
    """Groups of two above the thousands: 12,34,567.00."""
    whole, _, cents = f"{value:.2f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return ",".join([*groups, tail]) + "." + cents


def unclear_comma(rng: Rng, rate: float) -> Planted:
    """Row 22: every comma may be either."""
    cells = [f"{int(rng.integers(1, 999))},{int(rng.integers(100, 999))}" for _ in range(N_ROWS)]
    return Planted(cells, {"": "number"}, {"": []}, refused=True)


_UNITS = [
    ("kg", "lb", 0.45359237), ("cm", "in", 2.54), ("g/dL", "g/L", 0.1), ("mmol/L", "\u00b5mol/L", 1e-3), ("mg", "\u00b5g", 1e-3),
    ("h", "min", 1 / 60), ("m", "ft", 0.3048), ("mmHg", "kPa", 7.500615758456564), ("kcal", "kJ", 1 / 4.184), ("ml", "l", 1000.0),
    ("x10^9/L", "/\u00b5l", 1e-3),
]  # fmt: skip


def one_unit(rng: Rng, rate: float) -> Planted:
    """Row 23: one unit everywhere, written in two ways."""
    unit = str(rng.choice([u for pair in _UNITS for u in pair[:2]]))
    values = numbers(rng)
    cells = [f"{value!r}{' ' if rng.random() < 0.7 else ''}{unit}" for value in values]
    return Planted(cells, {"": "number"}, {"": list(values)})


def mixed_units(rng: Rng, rate: float) -> Planted:
    """Row 23: two units of one dimension, the rarer converted."""
    main, other, factor = _UNITS[int(rng.integers(len(_UNITS)))]
    values = numbers(rng)
    cells, truth = [f"{value!r} {main}" for value in values], list[Value](values)
    spoil(rng, max(rate, 0.05), cells, truth, lambda row: (f"{values[row]!r} {other}", values[row] * factor))
    return Planted(cells, {"": "number"}, {"": truth})


def lost_units(rng: Rng, rate: float) -> Planted:
    """Row 23: two units, and cells that name none."""
    planted = mixed_units(rng, 0.2)
    cells = [cell.split(" ")[0] if rng.random() < 0.3 else cell for cell in planted.cells]
    return Planted(cells, {"": "number"}, {"": []}, refused=True)


def two_dimensions(rng: Rng, rate: float) -> Planted:
    """Row 23: mass and amount concentrations without the substance."""
    cells = [f"{value!r} {rng.choice(['mg/dL', 'mmol/L'])}" for value in numbers(rng)]
    return Planted(cells, {"": "number"}, {"": []}, refused=True, name="result")


def temperatures(rng: Rng, rate: float) -> Planted:
    """Row 23: Celsius and Fahrenheit."""
    values = [round(float(x), 1) for x in rng.normal(37.5, 0.8, N_ROWS)]
    is_f = rng.random(N_ROWS) < 0.2
    cells = [f"{x * 9 / 5 + 32:.1f} F" if f else f"{x} \u00b0C" for x, f in zip(values, is_f, strict=True)]
    truth: list[Value] = [
        (float(c.split()[0]) - 32) * 5 / 9 if f else x for c, x, f in zip(cells, values, is_f, strict=True)
    ]
    return Planted(cells, {"": "number"}, {"": truth})


def feet(rng: Rng, rate: float) -> Planted:
    """Row 23: 5'11"."""
    inches = rng.integers(55, 80, N_ROWS)
    return Planted(
        [f"{i // 12}'{i % 12}\"" for i in inches], {"": "number"}, {"": [i / 12 for i in inches.tolist()]}
    )


def censored(rng: Rng, rate: float) -> Planted:
    """Row 24."""
    return plain(
        rng, rate, lambda rng, value: (f"{rng.choice(['<', '>', chr(0x2264), '< ', '>='])}{value!r}", value)
    )


def traces(rng: Rng, rate: float) -> Planted:
    """Row 24: words for less than can be measured, beside numbers."""
    values = numbers(rng)
    words = ["trace", "Trace", "undetectable", "not detected", "neg", "negative", "BDL"]
    word, low = str(rng.choice(words)), min(values)
    cells, truth = [repr(value) for value in values], list[Value](values)
    spoil(rng, rate, cells, truth, lambda row: (word, low))
    kept = [value for cell, value in zip(cells, values, strict=True) if cell != word]
    truth = [min(kept) if cell == word else value for cell, value in zip(cells, truth, strict=True)]
    return Planted(cells, {"": "number"}, {"": truth}, asks=False)


def grades(rng: Rng, rate: float) -> Planted:
    """A dipstick: "neg" and "trace" are two of its steps."""
    cells = [str(cell) for cell in rng.choice(["neg", "trace", "1+", "2+", "3+"], N_ROWS)]
    return Planted(cells, {"": "category"}, {"": list[Value](cells)}, asks=False)


def findings(rng: Rng, rate: float) -> Planted:
    """A culture, negative or positive, and no amount of anything."""
    cells = [str(cell) for cell in rng.choice(["negative", "positive", "not detected", "trace"], N_ROWS)]
    return Planted(cells, {"": "category"}, {"": list[Value](cells)}, asks=False)


def ranges(rng: Rng, rate: float) -> Planted:
    """Row 25: 10-20 among numbers."""
    low = rng.integers(1, 60, N_ROWS)
    width = rng.integers(1, 30, N_ROWS)
    dash = str(rng.choice(["-", " - ", "\u2013", " to "]))
    is_range = rng.random(N_ROWS) < max(rate, 0.1)
    is_range[:2] = True
    cells = [f"{a}{dash}{a + w}" if r else str(a) for a, w, r in zip(low, width, is_range, strict=True)]
    truth = {
        "low": [float(a) for a in low],
        "high": [float(a + w * r) for a, w, r in zip(low, width, is_range, strict=True)],
    }
    return Planted(
        cells, {"low": "number", "high": "number"}, {key: list(values) for key, values in truth.items()}
    )


def pairs(rng: Rng, rate: float) -> Planted:
    """Row 25: 120/80."""
    first, second = rng.integers(90, 180, N_ROWS), rng.integers(50, 100, N_ROWS)
    tail = str(rng.choice(["", " mmHg"]))
    cells = [f"{a}/{b}{tail}" for a, b in zip(first, second, strict=True)]
    return Planted(
        cells,
        {"0": "number", "1": "number"},
        {"0": [float(a) for a in first], "1": [float(b) for b in second]},
    )


def spreads(rng: Rng, rate: float) -> Planted:
    """Row 25: 5 \u00b1 1."""
    values, widths = numbers(rng), numbers(rng, low=1, high=9)
    mark = str(rng.choice(["\u00b1", " \u00b1 ", "+/-"]))
    cells = [f"{a!r}{mark}{b!r}" for a, b in zip(values, widths, strict=True)]
    return Planted(
        cells, {"value": "number", "spread": "number"}, {"value": list(values), "spread": list(widths)}
    )


def ratings(rng: Rng, rate: float) -> Planted:
    """Row 25: 3 of 5."""
    top = int(rng.choice([5, 10]))
    values = rng.integers(0, top + 1, N_ROWS)
    word = str(rng.choice([" of ", "/", " out of "]))
    return Planted(
        [f"{value}{word}{top}" for value in values], {"": "number"}, {"": [float(v) for v in values]}
    )


def percents(rng: Rng, rate: float) -> Planted:
    """Row 26: all in percent."""
    values = [round(float(x), 1) for x in rng.uniform(0, 100, N_ROWS)]
    blank = str(rng.choice(["", " "]))
    return Planted([f"{x}{blank}%" for x in values], {"": "number"}, {"": list(values)})


def percent_mix(rng: Rng, rate: float) -> Planted:
    """Row 26: percent beside fractions."""
    cells = [f"{x:.1f} %" if rng.random() < 0.6 else f"{x / 100:.3f}" for x in rng.uniform(1, 100, N_ROWS)]
    return Planted(cells, {"": "number"}, {"": []}, refused=True)


def characters(rng: Rng, rate: float) -> Planted:
    """Row 27."""
    values = [round(float(x), 1) for x in rng.normal(0, 30, N_ROWS)]
    cells, truth = [repr(x) for x in values], list[Value](values)
    wide = str.maketrans("0123456789", "".join(chr(0xFF10 + i) for i in range(10)))
    how: list[Callable[[float], tuple[str, Value]]] = [
        lambda x: (repr(x).replace("-", "\u2212"), x),
        lambda x: (repr(x).translate(wide), x),
        lambda x: (repr(x) + "\u00a0", x),
        lambda x: ("\u200b" + repr(x), x),
        lambda x: (repr(x) + "  ", x),
        lambda x: ("2\u00d710\u00b3", 2000.0),
    ]
    spoil(rng, rate, cells, truth, lambda row: how[int(rng.integers(len(how)))](values[row]))
    return Planted(cells, {"": "number"}, {"": truth})


def composites(rng: Rng, rate: float) -> Planted:
    """Row 28: sex and age in one cell."""
    sexes = [["F", "M"], ["female", "male"], ["f", "m"]][int(rng.integers(3))]
    form = str(
        rng.choice(
            [
                "{s}/{a}",
                "{s} / {a}",
                "{a}/{s}",
                "{s} ({a})",
                "{s},{a}",
                "{s}-{a}",
                "{s} {a}",
                "{s}|{a}",
                "{s}: {a}",
            ]
        )
    )
    sex = [str(rng.choice(sexes)) for _ in range(N_ROWS)]
    age = [float(rng.choice([0.75, 1.5, 2, 3, 5, 7, 12, 40, 63, 80])) for _ in range(N_ROWS)]
    cells = [form.format(s=s, a=f"{a:g}") for s, a in zip(sex, age, strict=True)]
    return Planted(cells, {"sex": "category", "age": "number"}, {"sex": list(sex), "age": list(age)})


def slashes(rng: Rng, rate: float) -> Planted:
    """Row 28, clean: marks that join nothing."""
    words = [
        ["Alumnus/Student", "Staff/Guest", "N/A/B"],
        ["yes/maybe", "no/never"],
        ["/usr/bin/a", "/etc/b", "/var/c"],
    ]
    group = words[int(rng.integers(3))]
    cells = [str(rng.choice(group)) for _ in range(N_ROWS)]
    return Planted(cells, {"": "category"}, {"": list(cells)})


_AMINO = [
    "Ala",
    "Arg",
    "Asn",
    "Asp",
    "Cys",
    "Gln",
    "Glu",
    "Gly",
    "His",
    "Ile",
    "Leu",
    "Lys",
    "Met",
    "Phe",
    "Pro",
    "Ser",
    "Thr",
    "Trp",
]


def variants(rng: Rng, rate: float) -> Planted:
    """Row 29: protein and coding changes; the truth is the effect class."""
    cells, effect = [], []
    for _ in range(N_ROWS):
        at = int(rng.integers(10, 900))
        old, new = rng.choice(_AMINO, 2, replace=False)
        base, other = rng.choice(list("ACGT"), 2, replace=False)
        c = f"c.{3 * at - 1}{base}>{other}"
        pick = int(rng.integers(6))
        made = [
            (f"{old}{at}{new} ({c})", "missense"),
            (f"{old}{at}{rng.choice(['X', '*', 'Ter'])} ({c})", "nonsense"),
            (
                f"{old}{at}{new}fs{rng.choice(['X', 'x', '*'])}{at % 30 + 2} (c.{3 * at}del{base})",
                "frameshift",
            ),
            (f"c.{3 * at}{rng.choice(['+1', '-2', '+2', '-1'])}{base}>{other}", "splice"),
            (f"c.-{at}{base}>{other}", "5' UTR"),
            (f"{old}{at}{new} (c.{3 * at} {base}>{other}) {new}{at + 7}{old} ({c})", "missense"),
        ][pick]
        cells.append(made[0])
        effect.append(made[1])
    return Planted(cells, {"effect": "set"}, {"effect": list[Value](effect)})


def exons(rng: Rng, rate: float) -> Planted:
    """Row 30."""
    cells, truth = [], list[Value]()
    for _ in range(N_ROWS):
        n = sorted({int(x) for x in rng.integers(1, 30, 2)})
        form = int(rng.integers(4))
        word = str(rng.choice(["Exon", "Intron"]))
        if form == 3:
            cells.append(f"Exons {n[0]}-{n[0] + 2}")
            truth.append("; ".join(f"exon {i}" for i in range(n[0], n[0] + 3)))
        elif form == 2 and len(n) == 2:
            cells.append(f"{word} {n[0]} {word} {n[1]}")
            truth.append("; ".join(f"{word.lower()} {i}" for i in n))
        else:
            cells.append(f"{word} {n[0]}")
            truth.append(f"{word.lower()} {n[0]}")
    return Planted(cells, {"set": "set"}, {"set": truth})


def lists(rng: Rng, rate: float) -> Planted:
    """Row 31: order, repeats, trailing separators, case."""
    items = [
        "genu varum",
        "bone pain",
        "short stature",
        "dental abscess",
        "fracture",
        "fatigue",
        "hearing loss",
    ]
    mark = str(rng.choice(["; ", ";", " | ", ", "]))
    cells, truth = [], list[Value]()
    for _ in range(N_ROWS):
        chosen = [str(item) for item in rng.choice(items, int(rng.integers(1, 4)), replace=False)]
        written = [item.capitalize() if rng.random() < 0.2 else item for item in chosen]
        cells.append(mark.join(written) + (mark.strip() if rng.random() < 0.1 else ""))
        truth.append("; ".join(sorted(chosen)))
    return Planted(cells, {"": "set"}, {"": truth})


def embedded(rng: Rng, rate: float) -> Planted:
    """Row 32: 12 beds."""
    noun = str(rng.choice(["beds", "visits", "pack years", "rooms"]))
    values = rng.integers(1, 60, N_ROWS)
    return Planted([f"{v} {noun}" for v in values], {"": "number"}, {"": [float(v) for v in values]})


def draw_days(rng: Rng) -> list[datetime.date]:
    """Days of twenty years, some of them after the twelfth of the month."""
    return [
        datetime.date(2001, 1, 1) + datetime.timedelta(days=int(d)) for d in rng.integers(0, 7300, N_ROWS)
    ]


def count_days(day: datetime.date) -> float:
    """Days since 1970-01-01."""
    return float((day - datetime.date(1970, 1, 1)).days)


def mixed_dates(rng: Rng, rate: float) -> Planted:
    """Row 33: several formats, spreadsheet serials, impossible days."""
    days = draw_days(rng)
    forms = [
        str(f)
        for f in rng.choice(
            ["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y", "%Y/%m/%d", "%d-%b-%Y"], 3, replace=False
        )
    ]
    forms.append(str(rng.choice(["%d/%m/%Y", "%m/%d/%Y"])))
    cells = [day.strftime(forms[int(rng.integers(4))]) for day in days]
    truth: list[Value] = [count_days(day) for day in days]
    serial = datetime.date(1899, 12, 30)
    spoil(rng, 0.03, cells, truth, lambda row: (str((days[row] - serial).days), truth[row]))
    spoil(rng, 0.01, cells, truth, lambda row: (f"{days[row].year}-02-30", None))
    return Planted(cells, {"": "date"}, {"": truth})


def unclear_days(rng: Rng, rate: float) -> Planted:
    """Row 34: all days are months, too."""
    cells = [
        f"{int(rng.integers(1, 13)):02d}/{int(rng.integers(1, 13)):02d}/{int(rng.integers(1990, 2020))}"
        for _ in range(N_ROWS)
    ]
    return Planted(cells, {"": "date"}, {"": []}, refused=True)


def booleans(rng: Rng, rate: float) -> Planted:
    """Row 36."""
    truth = [float(x) for x in rng.integers(0, 2, N_ROWS)]
    cells = [
        str(rng.choice(["yes", "Y", "1", "TRUE", "Yes "] if x else ["no", "N", "0", "false", "No"]))
        for x in truth
    ]
    return Planted(cells, {"": "yes/no"}, {"": list(truth)})


def spellings(rng: Rng, rate: float) -> Planted:
    """Row 37: case and blanks."""
    words = [["Male", "Female"], ["Paris", "Lyon", "New York"], ["type A", "type B", "T1", "T2"]][
        int(rng.integers(3))
    ]
    truth = [str(rng.choice(words)) for _ in range(N_ROWS)]
    cells = list(truth)
    for row in rng.choice(N_ROWS, max(4, round(rate * N_ROWS)), replace=False):
        text = truth[row]
        cells[row] = [text.lower(), text.upper(), text + " ", "\u00a0" + text, text.replace(" ", "  ")][
            int(rng.integers(5))
        ]
    return Planted(cells, {"": "category"}, {"": list(truth)})


def slips(rng: Rng, rate: float) -> Planted:
    """Row 37: typos are proposed, never merged."""
    truth = [str(rng.choice(["Male", "Female"])) for _ in range(N_ROWS)]
    cells = list(truth)
    for row in rng.choice(N_ROWS, 2, replace=False):
        at = int(rng.integers(1, len(cells[row]) - 1))
        text = cells[row]
        cells[row] = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if cells[row] == text:
            cells[row] = text[:at] + text[at + 1 :]
    return Planted(cells, {"": "category"}, {"": list[Value](cells)}, asks=True)


def zip_codes(rng: Rng, rate: float) -> Planted:
    """Row 38: leading zeros."""
    cells = [f"{int(rng.choice([412, 10115, 20095, 501, 99084, 1067])):05d}" for _ in range(N_ROWS)]
    return Planted(cells, {"": "category"}, {"": list(cells)})


def keys(rng: Rng, rate: float) -> Planted:
    """Row 39."""
    form = str(rng.choice(["P{:05d}", "{:04d}-X", "phon_R{:03d}", "AB{:06d}"]))
    return Planted(
        [form.format(int(i)) for i in rng.permutation(N_ROWS * 9)[:N_ROWS]], {"": "identifier"}, {"": []}
    )


def person_keys(rng: Rng, rate: float) -> Planted:
    """Row 39: keys that come back, below a half of the rows."""
    low, step = int(rng.integers(0, 5_000)), int(rng.integers(1, 9))
    drawn = [low + step * int(k) for k in rng.integers(0, 40, N_ROWS)]
    name = str(
        rng.choice(["patient_id", "subject_no", "PatientID", "subject", "Participant", "household_nbr"])
    )
    form = str(rng.choice(["{}", "S{}", "P-{}"]))
    cells = [form.format(key) for key in drawn]
    return Planted(cells, {"": "identifier"}, {"": list[Value](cells)}, name=name)


def counts(rng: Rng, rate: float) -> Planted:
    """Twins of keys: counts, years and measurements of few values under names that sound like keys."""
    name = str(
        rng.choice(
            ["n_patients", "no_of_visits", "patient_age", "year", "subject_weight", "NO2", "case_count"]
        )
    )
    low = 1_950 if name == "year" else 20
    drawn = [float(k) for k in low + rng.integers(0, 60, N_ROWS)]
    return Planted([f"{value:.0f}" for value in drawn], {"": "number"}, {"": list[Value](drawn)}, name=name)


def letters(rng: Rng, rate: float) -> Planted:
    """Row 37: one letter in two cases and with blanks."""
    one = [str(x) for x in rng.choice(["M", "F"], N_ROWS)]
    cells, truth = list(one), list[Value](one)
    spoil(
        rng, rate, cells, truth, lambda row: (str(rng.choice([one[row].lower(), one[row] + " "])), one[row])
    )
    return Planted(cells, {"": "category"}, {"": truth})


def initials(rng: Rng, rate: float) -> Planted:
    """Row 37: a letter beside the word that it begins is asked, never merged."""
    words = [str(x) for x in rng.choice(["Male", "Female"], N_ROWS)]
    cells, truth = list(words), list[Value](words)
    spoil(rng, rate, cells, truth, lambda row: (words[row][0], words[row][0]))
    return Planted(cells, {"": "category"}, {"": truth}, asks=True)


def clean_letters(rng: Rng, rate: float) -> Planted:
    """Twins of letters: ports, grades beside a word, alleles."""
    levels = (["S", "C", "Q"], ["A", "B", "C", "Absent"], ["T", "C", "G"])[int(rng.integers(3))]
    cells = [str(cell) for cell in rng.choice(levels, N_ROWS)]
    return Planted(cells, {"": "category"}, {"": list[Value](cells)})


def constants(rng: Rng, rate: float) -> Planted:
    """Row 40."""
    return Planted([str(rng.choice(["a", "7", "", "2020-01-01"]))] * N_ROWS, {"": "constant"}, {"": []})


def impossible(rng: Rng, rate: float) -> Planted:
    """Row 41: declared limits; values beyond are clipped and counted."""
    planted = plain(rng, rate, lambda rng, value: ("9e6", 1000.0))
    return Planted(planted.cells, planted.kind, planted.truth, options={"clip": (0.0, 1000.0)})


def clean_numbers(rng: Rng, rate: float) -> Planted:
    """Twin of 19 to 27: numbers, in one of four shapes."""
    shapes = [
        lambda: [repr(x) for x in numbers(rng)],
        lambda: [str(int(x)) for x in rng.poisson(4, N_ROWS)],
        lambda: [str(int(x)) for x in rng.integers(18, 90, N_ROWS)],
        lambda: [f"{x:.3f}" for x in rng.normal(0, 1, N_ROWS)],
    ]
    cells = shapes[int(rng.integers(4))]()
    return Planted(cells, {"": "number"}, {"": [float(cell) for cell in cells]})


def clean_dates(rng: Rng, rate: float) -> Planted:
    """Twin of 33 and 34: one format."""
    days = draw_days(rng)
    form = str(rng.choice(["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d %b %Y", "%Y%m%d"]))
    return Planted(
        [day.strftime(form) for day in days], {"": "date"}, {"": [count_days(day) for day in days]}
    )


def clean_categories(rng: Rng, rate: float) -> Planted:
    """Twin of 37: levels that are near each other and different."""
    words = [
        ["A", "B", "a-"],
        ["T1", "T2", "T3"],
        ["cephalexin", "cefalotin", "prednisone", "prednisolone"],
        ["x", "X"],
    ]
    cells = [str(rng.choice(words[int(seed)])) for seed in [rng.integers(len(words))] for _ in range(N_ROWS)]
    return Planted(cells, {"": "category"}, {"": list(cells)})


def clean_texts(rng: Rng, rate: float) -> Planted:
    """Twin of 31: prose with commas and semicolons."""
    words = (
        "the patient came back with some pain after surgery and felt well, no fever; was sent home".split()
    )
    cells = [" ".join(str(word) for word in rng.permutation(words)[:12]) + f" {i}." for i in range(N_ROWS)]
    return Planted(cells, {"": "text"}, {"": list(cells)})


DEFECTS: dict[str, Maker] = {
    "19 null words": null_words, "19 words that are values": null_categories, "20 sentinels": sentinels, "21 typos": typos,
    "22 decimal and thousands": locales, "22 unclear comma": unclear_comma, "23 one unit": one_unit, "23 mixed units": mixed_units,
    "23 units lost": lost_units, "23 two dimensions": two_dimensions, "23 temperatures": temperatures, "23 feet": feet,
    "24 censored": censored, "24 traces": traces, "25 ranges": ranges, "25 pairs": pairs, "25 spreads": spreads, "25 ratings": ratings,
    "26 percent": percents, "26 percent and fraction": percent_mix, "27 characters": characters, "28 composites": composites,
    "29 variants": variants, "30 exons": exons, "31 lists": lists, "32 embedded numbers": embedded, "33 mixed dates": mixed_dates,
    "34 unclear days": unclear_days, "36 booleans": booleans, "37 spellings": spellings, "37 slips": slips, "38 zip codes": zip_codes,
    "37 letters": letters, "37 initials": initials, "39 keys": keys, "39 person keys": person_keys, "40 constants": constants, "41 clipped": impossible,
}  # fmt: skip
TWINS: dict[str, Maker] = {
    "clean numbers": clean_numbers, "clean dates": clean_dates, "clean categories": clean_categories, "clean slashes": slashes,
    "clean texts": clean_texts, "clean grades": grades, "clean findings": findings, "clean counts": counts, "clean letters": clean_letters,
}  # fmt: skip


def plant(kind: str, defect: str, rate: float, seed: int) -> Planted:
    """One planted column.

    Args:
        kind: "defect" or "twin".
        defect: a key of `DEFECTS` or `TWINS`.
        rate: share of cells that carry the defect, where it is one of cells.
        seed: the same seed gives the same column.
    """
    maker = DEFECTS[defect] if kind == "defect" else TWINS[defect]
    return maker(np.random.default_rng((seed, len(defect), sum(map(ord, defect)))), rate)
