"""Data sets with fit, validation and fresh rows for `racing.py`: made ones, and real tables cut by chance."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from shared import CASES, DATA, Case

from heldout.cells import declare_columns, type_table
from heldout.recipe import apply_recipe, fit_recipe, unseen_slots
from heldout.records import Fold, JudgeSettings, Task, Tensors
from heldout.settings import load_settings
from heldout.stages.reading import read_data
from heldout.suite import FAMILIES
from heldout.suite import Sizes as MadeSizes
from heldout.tensors import TensorSource, build_tensors, constant_losses

MADE = ("binary", "regression", "binary", "heavy tails")  # families of one width, so that programs are shared
N_VALIDATION, N_FRESH = 400, 2500
TABLE_FIT = 800
TABLES = (
    *(CASES[name] for name in ("adult", "pima", "breast cancer", "titanic")),
    *(CASES[name] for name in ("california", "abalone", "wine red", "bike")),
    Case("wine white", "wine_quality/winequality-white.csv", "column_12", toml='header = "no"\n'),
    Case("salaries", "employee_salaries/employee_salaries.csv.gz", "current_annual_salary"),
    Case(
        "sky",
        "sdss_star_galaxy_qso/sdss_skyserver.csv.gz",
        "class",
        toml='[columns.redshift]\nkind = "ignore"\n',
    ),
    Case("pollution", "beijing_pollution/pollution.csv.gz", "pm2.5"),
)


@dataclass(frozen=True)
class Draw:
    """One data set.

    Args:
        name: also the name of its folder.
        tensors: one fold; its validation rows are followed by fresh rows that no training sees as validation rows.
        judge: what losses are judged against.
    """

    name: str
    tensors: Tensors
    judge: JudgeSettings

    @property
    def n_validation(self) -> int:
        return len(self.tensors.order)


def make_draw(name: str, source: TensorSource, n_fit: int, n_validation: int, *, seed: int) -> Draw:
    """Take the first rows to fit on, the next to choose on, the rest as fresh ones.

    The fresh rows stand where padding does: their losses are recorded, and nothing else sees them.
    """
    rows = np.arange(len(source.target))
    folds = (Fold(rows[:n_fit], rows[n_fit : n_fit + n_validation]),)
    tensors = build_tensors(source, folds)
    mask = np.zeros((1, len(rows) - n_fit), np.float32)
    mask[:, :n_validation] = 1.0
    constant = constant_losses(source, folds)
    judge = JudgeSettings(
        source.task, constant, np.arange(n_validation), 0.02 * float(constant.mean()), fold_seed=seed
    )
    everything = rows[None, n_fit:].astype(np.int32)
    return Draw(name, replace(tensors, validation_rows=everything, validation_mask=mask), judge)


def list_made(number: int, n_fit: int) -> Iterator[Draw]:
    """Give made data sets, the families in turn."""
    sizes = MadeSizes(n_fit, N_VALIDATION, N_FRESH)
    for index in range(number):
        family = MADE[index % len(MADE)]
        task = FAMILIES[family](np.random.default_rng((index, 7)), sizes)
        n_classes = 0 if task.task is Task.REGRESSION else task.truth.shape[1]
        unseen = np.full(task.features.shape[1], -1, np.int32)
        center, spread = task.features[:n_fit].mean(axis=0), task.features[:n_fit].std(axis=0) + 1e-9
        features = ((task.features - center) / spread)[None].astype(np.float32)
        source = TensorSource(features, task.target, task.task, n_classes, None, False, unseen)
        yield make_draw(f"{family} {index} n{n_fit}", source, n_fit, N_VALIDATION, seed=index)


def list_tables(number: int) -> Iterator[Draw]:
    """Give real tables, rows cut by chance; a table that is not there is left out."""
    for index, case in enumerate(TABLES[:number]):
        if (DATA / case.file).is_file():
            yield draw_table(case, seed=index)


def draw_table(case: Case, *, seed: int) -> Draw:
    """Read a table as a study does, cut it by chance, and fit the recipe on the fit rows."""
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "heldout.toml"
        config.write_text(case.toml, encoding="utf-8")
        settings = load_settings(config, target=case.target)
        reading = read_data(str(DATA / case.file), settings)
    rows = np.random.default_rng(seed).permutation(reading.rows)
    n_fit = min(TABLE_FIT, len(rows) // 2)
    n_validation = n_fit // 2
    rows = rows[: n_fit + n_validation + N_FRESH]
    specs = declare_columns(
        reading.table, rows=np.sort(rows[:n_fit]), overrides=settings.columns, unused=reading.unused
    )
    columns = type_table(reading.table, specs)
    recipe = fit_recipe(columns, (np.sort(rows[:n_fit]),))
    features = apply_recipe(recipe, columns, state=0, rows=rows)[None]
    target = reading.target
    source = TensorSource(
        features, target.values[rows], target.task, len(target.classes), None, False, unseen_slots(recipe)
    )
    return make_draw(f"{case.name} {seed} n{n_fit}", source, n_fit, n_validation, seed=seed)
