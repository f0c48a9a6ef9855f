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


def make_words(seed, law, *, by_heart=0, n_words=40, n_seeds=3):
    """Rises of words, each in 15 to 60 validation rows and more fit rows; the first ones help on fit rows only."""
    rng = np.random.default_rng(seed)
    n_fit, n_validation = 1200, 500
    fit = np.zeros((n_words, n_seeds, n_fit), np.float32)
    held = np.zeros((n_words, n_seeds, n_validation), np.float32)
    looked = np.zeros((n_words, n_fit), bool), np.zeros((n_words, n_validation), bool)
    for word in range(n_words):
        n_held = int(rng.integers(15, 60))
        by_seed = 1 + 0.2 * rng.normal(size=(n_seeds, 1))
        for side, (rises, mask, n_rows) in enumerate(
            ((fit, looked[0], 2 * n_held), (held, looked[1], n_held))
        ):
            rows = rng.choice(rises.shape[2], n_rows, replace=False)
            mask[word, rows] = True
            made = law(rng, (1, n_rows)) * by_seed + 0.3 * law(rng, (n_seeds, n_rows))
            rises[word][:, rows] = made + (word < by_heart) * (side == 0) * 2.0
    units = np.arange(n_fit), np.arange(n_fit, n_fit + n_validation)
    names = tuple(f"'word {place}'" for place in range(n_words))
    rows = OcclusionRows(names, *units, ("word",) * n_words, *looked)
    return Occlusion("rung 3", fit, held), rows


LAWS = {
    "normal": lambda rng, shape: rng.normal(0.2, 0.5, shape),
    "few rows rise": lambda rng, shape: np.where(rng.random(shape) < 0.1, rng.exponential(2, shape), 0.0),
    "few rows fall": lambda rng, shape: 0.3 - 0.2 * rng.exponential(1, shape) ** 2,
}


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
def test_words_that_carry_over_are_rarely_called_by_heart(law):
    false = 0
    for seed in range(12):
        rises, rows = make_words(seed, law)
        false += any("by heart" in item.outcome for item in judge_columns(rises, rows, tolerance=0.0))
    assert false <= 2  # at most 5 % of studies, 40 words in each


def test_words_learned_by_heart_are_found_and_no_others():
    rises, rows = make_words(0, LAWS["normal"], by_heart=8)
    found = judge_by_heart(rises, [], rows=rows, tolerance=0.02, n_networks=3)
    named = [item.column for item in found.columns if "by heart" in item.outcome]
    assert len(named) >= 6
    assert set(named) <= {f"'word {place}'" for place in range(8)}
    assert [item.column for item in found.columns[: len(named)]] == named
    assert "fit rows looked at that hold it and by" in found.sentences[0]
    assert found.sentences[0].startswith("'word ")


def test_only_the_rows_that_hold_a_word_count():
    rises, rows = make_words(0, LAWS["normal"])
    full = np.where(rows.fit_looked[:, None], rises.fit, 1e6).astype(np.float32)
    other = judge_columns(Occlusion("rung 3", full, rises.validation), rows, tolerance=0.02)
    assert other == judge_columns(rises, rows, tolerance=0.02)
    inside = rises.fit[0][:, rows.fit_looked[0]]
    assert other[0].fit[0] == pytest.approx(inside.mean(), abs=1e-5)


def test_validation_rows_that_look_alike_by_chance_prove_nothing():
    """Fifteen equal rises beside spread ones: the spread of both sides counts."""
    rng = np.random.default_rng(0)
    fit, held = rng.exponential(1.0, (1, 3, 30)) ** 2 * 0.4, np.full((1, 3, 15), 0.05)
    units = np.arange(30), np.arange(30, 45)
    looked = np.ones((1, 30), bool), np.ones((1, 15), bool)
    spare = [np.concatenate([mask, np.zeros((1, 1), bool)], axis=1) for mask in looked]
    wide = [np.concatenate([part, np.zeros((1, 3, 1))], axis=2).astype(np.float32) for part in (fit, held)]
    rows = OcclusionRows(("'w'",), np.append(units[0], 90), np.append(units[1], 91), ("word",), *spare)
    guarded = judge_columns(Occlusion("rung 3", *wide), rows, tolerance=0.0)[0].gap
    plain = OcclusionRows(("w",), *units)
    unguarded = judge_columns(
        Occlusion("rung 3", fit.astype(np.float32), held.astype(np.float32)), plain, tolerance=0.0
    )[0].gap
    assert guarded[0] == pytest.approx(unguarded[0], abs=1e-5)
    assert guarded[2] - guarded[1] > 1.2 * (unguarded[2] - unguarded[1])


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("region",) * 4, "No region of rung 3 is shown to be learned by heart (4 regions at once)."),
        (("stretch",) * 4, "(4 stretches at once)"),
        (("word", "pair of words", "word", "word"), "(4 words and pairs of words at once)"),
        (("column", "stretch", "k-mer", "k-mer"), "No input of rung 3"),
    ],
)
def test_what_is_not_shown_is_named_by_its_kind(kinds, said):
    rows = OcclusionRows(COLUMNS, ROWS.fit_unit, ROWS.validation_unit, kinds)
    found = judge_by_heart(make((0.0,) * 4, (0.0,) * 4), [], rows=rows, tolerance=0.1, n_networks=3)
    assert said in found.sentences[0]


def test_regions_are_named_without_quotation_marks():
    names = ("rows 0 to 6, columns 21 to 27 of picture", "b", "c", "d")
    rows = OcclusionRows(names, ROWS.fit_unit, ROWS.validation_unit, ("region",) * 4)
    found = judge_by_heart(make((0.5, 0, 0, 0), (0.0,) * 4), [], rows=rows, tolerance=0.1, n_networks=3)
    assert found.sentences[0].startswith("rows 0 to 6, columns 21 to 27 of picture lower the loss by 0.5")


def test_what_harms_validation_rows_is_said_to_raise_the_loss():
    found = judge_by_heart(make((0.5, 0, 0, 0), (-0.4, 0, 0, 0)), [], rows=ROWS, tolerance=0.1, n_networks=3)
    assert "'site' lowers the loss by 0.5" in found.sentences[0]
    assert "on fit rows and raises it by 0." in found.sentences[0]
    assert "(+0." in found.sentences[0]
