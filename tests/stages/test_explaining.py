import numpy as np
import polars as pl
import pytest

import heldout
from heldout.errors import UsageError


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    frame = pl.DataFrame(
        {
            "x": x,
            "site": np.tile(["a", "b", "c"], 20),
            "ill": np.where(x + rng.normal(size=60) > 0, "yes", "no"),
        }
    )
    out = tmp_path_factory.mktemp("explained") / "study"
    return heldout.fit(frame, target="ill", out=out, preset="quick", progress="none"), frame


def test_a_cell_is_followed_to_its_positions_and_back(study):
    finished, frame = study
    found = finished.explain(frame, 4, "site")
    assert (found.column, found.outcome) == ("site", "value")
    lit = [
        slot.position
        for trace in found.ops
        for slot, number in zip(trace.slots, trace.numbers, strict=True)
        if number
    ]
    assert lit
    assert all(finished.explain_position(position).slot.column == "site" for position in lit)


def test_another_fold_has_other_numbers(study):
    finished, frame = study
    numbers = [finished.explain(frame, 0, "x", fold=fold).ops[0].numbers for fold in (0, 1)]
    assert numbers[0] != numbers[1]


def test_what_is_not_there_is_named(study):
    finished, frame = study
    with pytest.raises(UsageError, match="no column 'sites'\n.*did you mean 'site'"):
        finished.explain(frame, 0, "sites")
    with pytest.raises(UsageError, match="row 60 is not in the table\n.*rows 0 to 59"):
        finished.explain(frame, 60, "x")
