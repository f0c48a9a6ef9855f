"""The ledger of a reading: every row and every line is accounted for, and that is checked each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from heldout.records import Ledger, Table


def check_ledger(table: Table) -> Table:
    """The table itself, after its ledger has been checked against its rows.

    A mismatch would mean that the reader lost something; it must never go on from there.

    Args:
        table: as read, with its ledger.

    Raises:
        RuntimeError: rows or lines do not add up, which is a fault of the reader and not of the file.

    Example:
        >>> import numpy as np
        >>> check_ledger(Table((), np.array([2]), "t.csv", ledger=Ledger(rows=2, used=1)))
        Traceback (most recent call last):
        RuntimeError: t.csv: the ledger does not add up (2 rows read, 1 used + 0 quarantined + 0 dropped); ...
    """
    ledger = table.ledger
    if ledger is None:
        return table
    outcome = f"{ledger.used} used + {ledger.quarantined} quarantined + {ledger.dropped} dropped"
    parts = [
        ledger.lines_used,
        ledger.lines_quarantined,
        ledger.lines_dropped,
        ledger.lines_header,
        ledger.lines_outside,
        ledger.lines_comment,
        ledger.lines_blank,
    ]
    fault = ""
    if ledger.rows != ledger.used + ledger.quarantined + ledger.dropped:
        fault = f"{ledger.rows} rows read, {outcome}"
    elif ledger.used != len(table.lines):
        fault = f"{ledger.used} rows used, the table has {len(table.lines)}"
    elif any(len(column.codes) != len(table.lines) for column in table.columns):
        fault = "columns of unequal length"
    elif any(len(array.values) != len(table.lines) for array in table.arrays):
        fault = "arrays of unequal length"
    elif ledger.lines and ledger.lines != sum(parts):
        fault = f"{ledger.lines} lines counted, {' + '.join(map(str, parts))} parsed"
    if fault:
        raise RuntimeError(
            f"{table.source}: the ledger does not add up ({fault}); this is a fault of the reader, please report it"
        )
    return table


def add_ledgers(ledgers: Sequence[Ledger | None]) -> Ledger | None:
    """The sum of the ledgers of tables that are joined; None when one has none.

    Example:
        >>> add_ledgers([Ledger(rows=2, used=2), Ledger(rows=3, used=1, dropped=2)]).used
        3
    """
    known = [ledger for ledger in ledgers if ledger is not None]
    if len(known) < len(ledgers):
        return None
    return Ledger(
        **{item.name: sum(getattr(ledger, item.name) for ledger in known) for item in fields(Ledger)}
    )


def tell_ledger(ledger: Ledger, name: str, what: str = "rows", *, n_untargeted: int = 0) -> str:
    """The ledger as a sentence; its parts add up to the rows that were read.

    Args:
        ledger: of one file.
        name: file name.
        what: what it counts; files, where each file is a row.
        n_untargeted: rows of the table that have no value in the target, and so take no part.

    Example:
        >>> tell_ledger(Ledger(rows=3, used=2, quarantined=1, lines=5, lines_blank=1), "t.csv")
        't.csv: 3 rows = 2 used + 1 quarantined; 5 lines, of them 1 blank'
        >>> tell_ledger(Ledger(rows=400, used=400), "t.csv", n_untargeted=59)
        't.csv: 400 rows = 341 used + 59 without a target'
    """
    parts = [f"{ledger.used - n_untargeted:,} used"]
    parts += [f"{n_untargeted:,} without a target"] if n_untargeted else []
    parts += [f"{ledger.quarantined:,} quarantined"] if ledger.quarantined else []
    parts += [f"{ledger.dropped:,} dropped"] if ledger.dropped else []
    text = f"{name}: {ledger.rows:,} {what} = {' + '.join(parts)}"
    if not ledger.lines:
        return text
    kinds = [
        (ledger.lines_header, "of the header"),
        (ledger.lines_outside, "above or below the table"),
        (ledger.lines_comment, "of comments"),
        (ledger.lines_blank, "blank"),
    ]
    shown = ", ".join(f"{count:,} {kind}" for count, kind in kinds if count)
    return f"{text}; {ledger.lines:,} lines" + (f", of them {shown}" if shown else "")


def tell_reading(table: Table, *, n_untargeted: int = 0) -> tuple[str, ...]:
    """What was guessed while reading, and where every row and line went.

    Args:
        table: as read.
        n_untargeted: its rows without a value in the target.

    Example:
        >>> import numpy as np
        >>> table = Table((), np.array([2, 3]), "t.csv", notes=("a guess",), ledger=Ledger(rows=2, used=2))
        >>> tell_reading(table, n_untargeted=1)
        ('a guess', 't.csv: 2 rows = 1 used + 1 without a target')
    """
    if table.ledger is None:
        return table.notes
    is_files = [column.name for column in table.columns[:1]] == ["file"]
    what = "files" if is_files else "rows"
    before = tell_ledger(table.ledger, table.source, what)
    told = tell_ledger(table.ledger, table.source, what, n_untargeted=n_untargeted)
    return (*(note for note in table.notes if note != before), told)
