"""Weights & Biases: exported history (columns _step, ...) and CSV of a panel (one column per run)."""

from __future__ import annotations

from dataclasses import replace

from heldout.adapters.plain import read_plain
from heldout.adapters.record import LogFormat, Opened, RawLog, Series

_SAMPLED = (500, 1000, 1500, 10_000)  # row counts at which exports are known to be cut or sampled


def read_wandb(opened: Opened) -> RawLog:
    """The log; of a panel without its __MIN and __MAX columns, run names taken off where there is one run.

    Args:
        opened: a table.

    Returns:
        the log, with a note where the number of rows looks like a sample.
    """
    raw = read_plain(opened)
    kept = tuple(item for item in raw.series if not item.name.endswith(("__MIN", "__MAX")))
    runs = {item.name.rpartition(" - ")[0] for item in kept if " - " in item.name}
    if len(runs) == 1:
        kept = tuple(_shorten(item) for item in kept)
    n_rows = 0 if opened.table is None else len(opened.table.lines)
    notes = raw.notes
    if n_rows in _SAMPLED:
        notes = (*notes, f"Exactly {n_rows} rows: exports are cut or sampled at such numbers; check the end.")
    return replace(raw, series=kept, notes=notes)


def is_wandb(opened: Opened) -> bool:
    """Whether a table has the columns of an export.

    Args:
        opened: any source.

    Example:
        >>> is_wandb(Opened("x", "json"))
        False
    """
    names = opened.names
    return "_step" in names or ("Step" in names and any(" - " in name for name in names))


def _shorten(series: Series) -> Series:
    return replace(series, name=series.name.rpartition(" - ")[2])


FORMAT = LogFormat(
    "wandb",
    "exported history or panel (CSV, Parquet, JSON lines)",
    matches=is_wandb,
    read=read_wandb,
)
