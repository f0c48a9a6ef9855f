import numpy as np
import pytest

from heldout.errors import DataError
from heldout.evidence.by_heart import Occlusion, OcclusionRows, judge_by_heart, judge_columns

COLUMNS = ("site", "dose", "noise", "both")
N_ROWS, N_FOLDS = 120, 4


def make(fit, validation, *, seed=0, what="rung 3", spread=0.3):
    """Rises of four columns: each row is validated once and fitted in the other folds."""
    rng = np.random.default_rng(seed)
    shape = (len(COLUMNS), 3)
    rows = rng.normal(0, spread, (len(COLUMNS), 1, N_ROWS))
    held = np.asarray(validation)[:, None, None] + rows + rng.normal(0, spread, (*shape, N_ROWS))
    again = np.tile(rows, N_FOLDS - 1)
    fitted = np.asarray(fit)[:, None, None] + again + rng.normal(0, spread, (*shape, N_ROWS * (N_FOLDS - 1)))
    return Occlusion(what, fitted.astype(np.float32), held.astype(np.float32))


ROWS = OcclusionRows(COLUMNS, np.tile(np.arange(N_ROWS), N_FOLDS - 1), np.arange(N_ROWS))


def test_each_column_gets_its_word():
    found = judge_columns(make((0.5, 0.5, 0.0, 0.8), (0.0, 0.5, 0.0, 0.3)), ROWS, tolerance=0.2)
    assert [item.outcome for item in found] == [
        "learned by heart",
        "carries over",
        "no help shown",
        "partly by heart",
    ]
    assert found[0].gap[0] == pytest.approx(0.5, abs=0.05)
    assert found[0].gap[0] == pytest.approx(found[0].fit[0] - found[0].validation[0], abs=1e-6)


def test_shared_rows_are_compared_with_themselves():
    """What is common to a row as fit row and as validation row leaves the difference."""
    rises = make((0.1,) * 4, (0.1,) * 4, spread=0.01)
    common = np.random.default_rng(1).normal(0, 5, N_ROWS).astype(np.float32)
    shifted = Occlusion("rung 3", rises.fit + np.tile(common, N_FOLDS - 1), rises.validation + common)
    paired = judge_columns(shifted, ROWS, tolerance=0.02)[0].gap
    apart = OcclusionRows(COLUMNS, ROWS.fit_unit, ROWS.validation_unit + 1000)
    unpaired = judge_columns(shifted, apart, tolerance=0.02)[0].gap
    assert paired[2] - paired[1] < 0.1
    assert unpaired[2] - unpaired[1] > 1


def test_columns_that_carry_over_are_rarely_called_by_heart():
    false = 0
    for seed in range(60):
        found = judge_columns(make((0.3,) * 4, (0.3,) * 4, seed=seed), ROWS, tolerance=0.0)
        false += any("by heart" in item.outcome for item in found)
    assert false <= 7


def test_the_remedy_that_takes_it_away_is_named():
    plain = make((0.5, 0.5, 0.0, 0.6), (0.0, 0.5, 0.0, 0.3))
    cured = make((0.02, 0.5, 0.0, 0.3), (0.0, 0.5, 0.0, 0.3), what="dropout 0.3")
    useless = make((0.5, 0.5, 0.0, 0.6), (0.0, 0.5, 0.0, 0.3), what="l2 0.001")
    found = judge_by_heart(plain, [cured, useless], rows=ROWS, tolerance=0.1, n_networks=36)
    assert found.columns[0].column == "site"
    assert found.sentences[0].startswith("'site' lowers the loss by 0.5")
    assert "learned by heart; dropout 0.3 takes it away" in found.sentences[0]
    assert "l2" not in found.sentences[0]
    assert [what for what, _ in found.remedied] == ["dropout 0.3", "l2 0.001"]
    assert found.remedied[0][1][0].column == "site"


def test_a_remedy_that_leaves_some_only_lowers_it():
    plain, after = make((0.9,) * 4, (0.0,) * 4), make((0.4,) * 4, (0.0,) * 4, what="l1 0.01")
    found = judge_by_heart(plain, [after], rows=ROWS, tolerance=0.1, n_networks=24)
    assert "l1 0.01 lowers the difference to +0." in found.sentences[0]


def test_nothing_by_heart_is_said_to_be_not_shown():
    found = judge_by_heart(
        make((0.3, 0.0, 0.0, 0.0), (0.3, 0.0, 0.0, 0.0)), [], rows=ROWS, tolerance=0.1, n_networks=12
    )
    assert found.sentences == (
        "No column of rung 3 is shown to be learned by heart (4 columns at once). Help that carries over to "
        "validation rows: 'site'.",
    )


def test_shapes_must_agree():
    rises = make((0.0,) * 4, (0.0,) * 4)
    with pytest.raises(DataError, match="validation rises of shape .* for 4 columns and 3 rows"):
        judge_columns(rises, OcclusionRows(COLUMNS, ROWS.fit_unit, np.arange(3)), tolerance=0.1)
