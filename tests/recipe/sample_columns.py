"""Small typed columns by hand: `None` is a missing cell, `"?"` an unparsed one, `"<3"` and `">3"` censored ones."""

from __future__ import annotations

import numpy as np

from heldout.records import ColumnSpec, Kind, Status, TypedColumn

NO_CODES = np.zeros(0, np.int32)
NO_VALUES = np.zeros(0)


def number(name, cells, kind=Kind.NUMBER, **spec):
    status, values = [], []
    for cell in cells:
        if cell is None or cell == "?":
            status.append(Status.MISSING if cell is None else Status.UNPARSED)
            values.append(np.nan)
        elif isinstance(cell, str):
            status.append(Status.CENSORED_BELOW if cell[0] == "<" else Status.CENSORED_ABOVE)
            values.append(float(cell[1:]))
        else:
            status.append(Status.OK)
            values.append(float(cell))
    made = ColumnSpec(name, kind, "made by hand", **spec)
    return TypedColumn(made, np.array(status, np.uint8), np.array(values, np.float64), NO_CODES)


def date(name, cells):
    return number(name, cells, kind=Kind.DATE)


def yes_no(name, cells):
    return number(name, cells, kind=Kind.YES_NO)


def category(name, cells, kind=Kind.CATEGORY, **spec):
    levels = tuple(dict.fromkeys(cell for cell in cells if cell not in (None, "?")))
    status = [
        Status.MISSING if cell is None else Status.UNPARSED if cell == "?" else Status.OK for cell in cells
    ]
    codes = [levels.index(cell) if cell in levels else -1 for cell in cells]
    made = ColumnSpec(name, kind, "made by hand", **spec)
    return TypedColumn(made, np.array(status, np.uint8), NO_VALUES, np.array(codes, np.int32), levels)


def text(name, cells):
    return category(name, cells, kind=Kind.TEXT)


def items(name, cells):
    return category(name, cells, kind=Kind.SET)


def sequence(name, cells, alphabet="DNA"):
    return category(name, cells, kind=Kind.SEQUENCE, grammar="letters", pattern=alphabet)


def messy_columns(n=60, seed=0):
    """One column of each kind, with missing, unparsed and censored cells, and two that must be dropped."""
    rng = np.random.default_rng(seed)

    def spoil(cells, words=(None, "?")):
        made = list(cells)
        for word, row in zip(words, rng.permutation(n)[: 4 * len(words)].reshape(4, -1).T, strict=True):
            for place in row:
                made[place] = word
        return made

    words = np.array(["red", "blue", "green", "door", "house", "cat", "dog", "tree"])
    texts = [" ".join(rng.choice(words, 5)) for _ in range(n)]
    return (
        number("weight", spoil(rng.normal(70, 10, n).tolist(), (None, "?", "<40", ">120"))),
        number("dose", spoil(np.exp(2 * rng.normal(size=n)).tolist())),
        number("count", rng.integers(0, 4, n).tolist()),
        category("sex", spoil(rng.choice(["f", "m"], n).tolist())),
        category("town", spoil([f"t{k}" for k in rng.zipf(1.6, n).clip(max=40)])),
        yes_no("smoker", spoil(rng.integers(0, 2, n).tolist())),
        date(
            "seen", spoil((rng.integers(15_000, 19_000, n) + rng.choice([0, 0.25, 0.5], n)).tolist(), (None,))
        ),
        text("note", spoil(texts, (None,))),
        category("id", [f"p{k}" for k in range(n)], kind=Kind.IDENTIFIER, used=False),
        number("always", [3.0] * n),
    )


def folds(n, k=3):
    rows = np.arange(n)
    return tuple(rows[rows % k != fold] for fold in range(k))


def take(column, rows):
    """The same column with only these rows."""
    rows = np.asarray(rows)
    values = column.values[rows] if column.values.size else column.values
    codes = column.codes[rows] if column.codes.size else column.codes
    return TypedColumn(column.spec, column.status[rows], values, codes, column.levels)
