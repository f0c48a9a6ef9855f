"""The whole way from raw cells to the recipe: what rows that are not fitted on hold must not move a bit of it."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest

from heldout.cells import declare_columns, type_table
from heldout.recipe import (
    apply_recipe,
    decode_cell,
    fit_recipe,
    recipe_from_json,
    recipe_hash,
    recipe_to_json,
)
from heldout.records import Kind, RawColumn, Status, Table
from heldout.sources.columns import encode_cells

NASTY = (
    "",
    "?",
    "1e999",
    "-999",
    "12,5",
    "<0.5",
    "Mlae",
    "2021-02-30",
    "'; DROP TABLE",
    "\u202e9",
    "x" * 300,
    "7 kg",
)
N_ROWS = 90


def make_mixed(seed):
    rng = np.random.default_rng(seed)
    sex, ages = rng.choice(["F", "M"], N_ROWS), rng.integers(1, 90, N_ROWS)
    return {
        "weight": [f"{v:.1f}" if k % 11 else "?" for k, v in enumerate(rng.normal(70, 9, N_ROWS))],
        "level": [f"<{v:.2f}" if v < 0.4 else f"{v:.2f}" for v in rng.exponential(1, N_ROWS)],
        "sex/age": [f"{s}/{a}" for s, a in zip(sex, ages, strict=True)],
        "town": rng.choice(["Ulm", "ulm ", "Bonn", "Kiel"], N_ROWS).tolist(),
        "signs": [
            "; ".join(rng.choice(["cough", "fever", "pain"], rng.integers(1, 4), replace=False))
            for _ in range(N_ROWS)
        ],
        "smokes": rng.choice(["yes", "no"], N_ROWS).tolist(),
        "seen": [f"2020-0{1 + k % 9}-{1 + k % 28:02d}" for k in range(N_ROWS)],
        "note": [
            " ".join(rng.choice(["a long", "note on", "the state of", "one patient"], 4))
            for _ in range(N_ROWS)
        ],
    }


def make_numbers(seed):
    rng = np.random.default_rng(seed)
    return {f"x{k}": [f"{v:.4f}" for v in np.exp(k * rng.normal(size=N_ROWS))] for k in range(4)}


def make_codes(seed):
    rng = np.random.default_rng(seed)
    return {
        "code": rng.choice(["1", "2", "3", "9"], N_ROWS).tolist(),
        "zip": [f"{v:05d}" for v in rng.integers(100, 99_999, N_ROWS)],
        "grade": rng.choice(["I", "II", "III"], N_ROWS).tolist(),
    }


TABLES = {"mixed": make_mixed, "numbers": make_numbers, "codes": make_codes}


def make_table(cells):
    columns = tuple(encode_cells(name, part) for name, part in cells.items())
    return Table(columns, np.arange(N_ROWS) + 2, "made")


def make_recipe(cells, fit_rows):
    table = make_table(cells)
    specs = declare_columns(table, rows=fit_rows, overrides={})
    columns = type_table(table, specs)
    return fit_recipe(columns, (fit_rows,)), columns


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("seed", range(3))
def test_no_cell_outside_the_fit_rows_moves_the_recipe(name, seed):
    cells = TABLES[name](seed)
    rng = np.random.default_rng(seed)
    fit_rows = np.sort(rng.permutation(N_ROWS)[:70])
    wanted = recipe_hash(make_recipe(cells, fit_rows)[0])
    for row in np.setdiff1d(np.arange(N_ROWS), fit_rows)[:6]:
        for column in cells:
            changed = {key: list(part) for key, part in cells.items()}
            changed[column][row] = str(rng.choice(NASTY))
            assert recipe_hash(make_recipe(changed, fit_rows)[0]) == wanted, (
                column,
                row,
                changed[column][row],
            )


@pytest.mark.parametrize("name", TABLES)
def test_a_cell_of_a_fit_row_does_move_it(name):
    cells = TABLES[name](0)
    fit_rows = np.arange(70)
    wanted = recipe_hash(make_recipe(cells, fit_rows)[0])
    changed = {key: list(part) for key, part in cells.items()}
    first = next(iter(cells))
    changed[first][3] = "777"
    assert recipe_hash(make_recipe(changed, fit_rows)[0]) != wanted


@pytest.mark.parametrize("name", TABLES)
def test_the_order_of_columns_and_rows_changes_only_names_and_places(name):
    cells = TABLES[name](1)
    recipe, columns = make_recipe(cells, np.arange(N_ROWS))
    turned, other = make_recipe(dict(reversed(cells.items())), np.arange(N_ROWS))
    assert {plan.spec for plan in turned.columns} == {plan.spec for plan in recipe.columns}
    one, two = apply_recipe(recipe, columns), apply_recipe(turned, other)
    assert sorted(map(tuple, one.T.tolist())) == sorted(map(tuple, two.T.tolist()))


@pytest.mark.parametrize("name", TABLES)
def test_decoding_gives_back_the_canonical_cell(name):
    recipe, columns = make_recipe(TABLES[name](2), np.arange(N_ROWS))
    recipe = recipe_from_json(*recipe_to_json(recipe))
    features = apply_recipe(recipe, columns)
    checked = 0
    for plan, column in zip(recipe.columns, columns, strict=True):
        if not plan.ops or plan.ops[0].op not in ("standardize@1", "onehot@1"):
            continue
        for row in np.flatnonzero(column.status <= Status.REPAIRED):
            found = decode_cell(recipe, plan.spec.name, features[row])
            if plan.spec.kind is Kind.CATEGORY:
                assert found in (column.levels[column.codes[row]], "<rare>")
            elif plan.spec.kind is Kind.YES_NO:
                assert found == ("yes" if column.values[row] else "no")
            elif plan.ops[0].op == "standardize@1":
                scale = recipe.states[0].columns[recipe.columns.index(plan)].fitted[0]
                wanted = float(np.clip(column.values[row], scale.low, scale.high))
                assert found == pytest.approx(wanted, rel=1e-4, abs=1e-4 * scale.spread)
            checked += 1
    assert checked > N_ROWS


def test_a_real_table_keeps_its_recipe_when_other_rows_change(shared_data):
    with (shared_data / "heart_disease_uci" / "processed.cleveland.data").open() as file:
        header, *rows = list(csv.reader(file, delimiter=";"))
    columns = tuple(encode_cells(name, [row[k] for row in rows]) for k, name in enumerate(header))
    table = Table(columns, np.arange(len(rows)) + 2, "heart")
    fit_rows = np.arange(200)

    def measure(changed: Table) -> str:
        specs = declare_columns(changed, rows=fit_rows, overrides={})
        return recipe_hash(fit_recipe(type_table(changed, specs), (fit_rows,)))

    wanted = measure(table)
    spoiled = tuple(
        RawColumn(
            c.name,
            np.where(np.arange(len(rows)) >= 200, len(c.levels), c.codes).astype(np.int32),
            (*c.levels, "5O"),
        )
        for c in columns
    )
    assert measure(dataclasses.replace(table, columns=spoiled)) == wanted
