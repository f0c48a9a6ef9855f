"""A small messy table, a real recipe on two folds, and untrained networks: bundles to save, break and use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heldout.bundle import Bundle, Member, find_common_values
from heldout.cells import declare_columns, type_table
from heldout.nets import Net, draw_params, list_layers
from heldout.recipe import fit_recipe
from heldout.records import Score, Table, Task
from heldout.sources import read_table

N_ROWS = 120
COLORS = ("red", "green", "blue")


def make_frame(n_rows: int = N_ROWS, seed: int = 0):
    import pandas as pd

    rng = np.random.default_rng(seed)
    age = rng.normal(50, 12, n_rows).round(1)
    return pd.DataFrame(
        {
            "age": [("?" if at % 17 == 3 else str(value)) for at, value in enumerate(age)],
            "color": [COLORS[at] for at in rng.integers(0, 3, n_rows)],
            "smoker": [("yes", "no")[at] for at in rng.integers(0, 2, n_rows)],
            "weight": rng.normal(75, 9, n_rows).round(2).astype(str),
            "num": [("ill", "well")[at] for at in rng.integers(0, 2, n_rows)],
        }
    )


def make_member(rng, sizes, state, target=(0.0, 1.0)) -> Member:
    params = tuple(
        (rng.normal(0, 0.7, (n_in, n_out)).astype(np.float32), rng.normal(0, 0.3, n_out).astype(np.float32))
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True)
    )
    center, spread = target
    return Member(
        params, state=state, seed=state, fold=state, epoch=3, target_center=center, target_spread=spread
    )


@pytest.fixture(scope="session")
def frame():
    return make_frame()


@pytest.fixture(scope="session")
def table(frame) -> Table:
    return read_table(frame)


@pytest.fixture(scope="session")
def recipe(table):
    rows = np.arange(N_ROWS)
    features = replace(table, columns=tuple(column for column in table.columns if column.name != "num"))
    specs = declare_columns(features, rows=rows)
    typed = type_table(features, specs)
    return fit_recipe(typed, (rows[:80], rows[40:]))


@pytest.fixture(scope="session")
def bundle(table, recipe) -> Bundle:
    rng = np.random.default_rng(1)
    columns = tuple(column for column in table.columns if column.name != "num")
    typed = type_table(replace(table, columns=columns), [plan.spec for plan in recipe.columns])
    members = tuple(make_member(rng, (recipe.n_features, 5, 1), at % 2) for at in range(4))
    score = Score("accuracy", 0.8125, 0.7, float("nan"), 120, 120, "made up for a test")
    return Bundle(
        task=Task.BINARY,
        classes=("well", "ill"),
        target="num",
        members=members,
        recipe=recipe,
        fingerprint="ab" * 32,
        temperature=1.7,
        threshold=0.4,
        costs=(3.0, 2.0),
        metric="accuracy",
        scores=(score,),
        common_values=find_common_values(typed, rows=np.arange(N_ROWS)),
        versions=(("heldout", "0.1.0"),),
    )


@pytest.fixture(scope="session")
def many(bundle) -> Bundle:
    """Three classes, no temperature."""
    rng = np.random.default_rng(2)
    members = tuple(make_member(rng, (bundle.recipe.n_features, 4, 3, 3), at % 2) for at in range(3))
    return replace(
        bundle, task=Task.MULTICLASS, classes=("a", "=b", "c"), members=members, temperature=1.0, costs=()
    )


@pytest.fixture(scope="session")
def labels(bundle) -> Bundle:
    """Three labels, any of which a row may have."""
    rng = np.random.default_rng(4)
    members = tuple(make_member(rng, (bundle.recipe.n_features, 4, 3), at % 2) for at in range(3))
    return replace(
        bundle,
        task=Task.MULTILABEL,
        classes=("a", "b", "c"),
        members=members,
        threshold=0.5,
        costs=(),
        metric="label accuracy",
    )


@pytest.fixture(scope="session")
def steps(bundle) -> Bundle:
    """Four classes in order."""
    net = Net("mlp", (bundle.recipe.n_features,), 4, (5,), ordered=True)
    members = tuple(
        Member(draw_params(list_layers(net), at), state=at % 2, seed=at, fold=at % 2, epoch=1)
        for at in range(3)
    )
    return replace(
        bundle,
        task=Task.MULTICLASS,
        classes=("none", "low", "mid", "high"),
        members=members,
        net=net,
        temperature=1.3,
        costs=(),
    )


@pytest.fixture(scope="session")
def numbers(bundle) -> Bundle:
    """Regression with an interval."""
    rng = np.random.default_rng(3)
    target = (100.0, 10.0)
    members = tuple(make_member(rng, (bundle.recipe.n_features, 1), at % 2, target) for at in range(2))
    return replace(
        bundle,
        task=Task.REGRESSION,
        classes=(),
        members=members,
        temperature=1.0,
        costs=(),
        target_spread=10.0,
        half_width=2.5,
        level=0.9,
    )
