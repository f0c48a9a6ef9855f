"""The same recipe on another day, in another time zone, under another locale."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import datetime, sys, time
days = float(sys.argv[1])
if days:
    shift, real_time, real_day, real_now = 86_400 * days, time.time, datetime.date, datetime.datetime
    class Day(real_day):
        @classmethod
        def today(cls):
            return real_day.today() + datetime.timedelta(days=days)
    class Now(real_now):
        @classmethod
        def now(cls, tz=None):
            return real_now.now(tz) + datetime.timedelta(days=days)
        today = now
        utcnow = now
    time.time = lambda: real_time() + shift
    datetime.date, datetime.datetime = Day, Now
import numpy as np
from heldout.cells import declare_columns, type_table
from heldout.recipe import fit_recipe, recipe_hash
from heldout.records import Table
from heldout.sources.columns import encode_cells
cells = {
    "visit": [f"{1 + k % 28:02d}.{1 + k % 12:02d}.{10 + k % 80:02d}" for k in range(80)],
    "mixed": [f"2021-{1 + k % 12:02d}-{1 + k % 28:02d}" if k % 2 else f"{13 + k % 10}/04/2021" for k in range(80)],
    "serial": [str(44_000 + 7 * k) for k in range(80)],
    "clock": [f"{k % 24:02d}:{k % 60:02d}" for k in range(80)],
    "comma": [f"{k},5" for k in range(80)],
    "town": [("\\u00c4rztehaus", "Izmir", "\\u0130zmir", "izmir")[k % 4] for k in range(80)],
    "sex": [("M", "m ", "F", "f")[k % 4] for k in range(80)],
    "crp": [f"{k}.5" if k % 9 else "trace" for k in range(80)],
    "zone": [f"2021-03-{1 + k % 28:02d}T10:00:00+0{k % 3}:00" for k in range(80)],
    "year": [str(1990 + k % 40) for k in range(80)],
}
columns = tuple(encode_cells(name, texts) for name, texts in cells.items())
table = Table(columns, np.arange(2, 82), "t.csv")
specs = declare_columns(table, rows=np.arange(80))
typed = type_table(table, specs)
recipe = fit_recipe(typed, (np.arange(0, 80, 2), np.arange(1, 80, 2)))
print(recipe_hash(recipe), ascii(specs), [ascii(column.values.tolist()) for column in typed])
"""


def run(days: float, **environment: str) -> str:
    made = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", SCRIPT, str(days)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_neither_day_nor_zone_nor_locale_changes_what_is_read() -> None:
    here = run(0, TZ="UTC", LC_ALL="C.UTF-8", PYTHONHASHSEED="1")
    assert "Kind.DATE" in here
    assert (
        run(9_000.4, TZ="Pacific/Kiritimati", LC_ALL="tr_TR.UTF-8", LANG="tr_TR", PYTHONHASHSEED="2") == here
    )
