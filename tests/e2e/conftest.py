"""Finished studies that many tests look at: made once, never changed."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before scikit-learn loads its threads: tests share two cores

import pytest  # noqa: E402

from e2e.made_tables import SMALL_TOML, make_binary, run_apart, with_parts, write_table  # noqa: E402
from heldout.plan import PRESETS  # noqa: E402


@pytest.fixture(scope="module")
def few_sizes():
    """Two small sizes and two seeds, where what is tested does not depend on the length of the ladder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "quick", (2, 2, 2))
        patch.setattr("heldout.plan.LEAN", ())
        patch.setattr("heldout.plan.LEAST_WAIT", 8.0)
        patch.setattr("heldout.plan.WAIT_PER_SIZE", 0.0)
        yield


@pytest.fixture(scope="module")
def few_permutations(few_sizes):
    """Few sizes, and a tenth of the permutations, where what is tested does not depend on the number of either."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heldout.stages.permuting.N_PERMUTATIONS", 19)
        yield


@pytest.fixture(scope="module")
def no_charts():
    """A report without pictures, a third of a small study's time, where nobody looks at the report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heldout.report.charts.draw_charts", lambda content: {})
        yield


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    """A folder with the tables of the tests and a small study's settings."""
    place = tmp_path_factory.mktemp("tables")
    write_table(place / "ill.csv", make_binary())
    write_table(place / "parts.csv", with_parts(make_binary()))
    (place / "small.toml").write_text(SMALL_TOML)
    return place


@pytest.fixture(scope="session")
def finished(tables, tmp_path_factory):
    """(folder, outcome) of a binary study with the user's own parts, made by the command line in a fresh process."""
    folder = tmp_path_factory.mktemp("runs") / "parts"
    outcome = run_apart(
        "fit",
        "parts.csv",
        "--target",
        "ill",
        "--split",
        "part",
        "--config",
        "small.toml",
        "--out",
        folder,
        "--json",
        cwd=tables,
    )
    assert outcome.code == 0, outcome.err
    return folder, outcome
