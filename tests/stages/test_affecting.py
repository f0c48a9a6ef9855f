from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from heldout.errors import RecipeError
from heldout.settings import Settings, find_rule, find_strongest_rule
from heldout.stages.affecting import flag_rows, judge_outliers, list_alternatives, preview_outliers, say_rule
from stages.made_data import make_frame, prepare_frame
from stages.made_study import make_crew, make_judge, make_trained


def make_outliers(n_rows=300):
    """Reds sometimes have an extreme dose."""
    frame = make_frame(n_rows).drop("price")
    rng = np.random.default_rng(5)
    extreme = (frame["colour"].to_numpy() == "red") & (rng.random(n_rows) < 0.25)
    dose = np.where(extreme, 500.0, rng.normal(10, 2, n_rows)).round(3)
    return frame.with_columns(pl.Series("dose", dose)), extreme


def study(*, answer=None, n_seeds=5, n_rows=300, **settings):
    frame, extreme = make_outliers(n_rows)
    reading, prepared, _, chosen = prepare_frame(frame, **settings)
    crew = make_crew(prepared, chosen, answer=answer, n_seeds=n_seeds)
    rng = np.random.default_rng(0)
    trained = make_trained(rng.exponential(0.3, (n_seeds, len(crew.tensors.order))))
    choice = SimpleNamespace(name=trained.ladder[0].configuration.name)
    return reading, prepared, crew, (trained, choice, make_judge(crew, prepared)), extreme


def test_dropping_takes_rows_from_fitting_alone():
    frame, extreme = make_outliers()
    _, kept, _, _ = prepare_frame(frame)
    _, dropped, _, _ = prepare_frame(frame, outliers="drop", outlier_limit=2.0)
    assert (dropped.split.test == kept.split.test).all()
    for one, other in zip(kept.folds, dropped.folds, strict=True):
        assert (one.validation == other.validation).all()
        gone = kept.split.development[np.setdiff1d(one.fit, other.fit)]
        assert extreme[gone].any()
        assert extreme[kept.split.development[other.fit]].sum() == 0


def test_clipping_keeps_every_row_and_tightens_the_scale():
    frame, _ = make_outliers()
    _, kept, _, _ = prepare_frame(frame)
    _, clipped, _, _ = prepare_frame(frame, outliers="clip", outlier_limit=1.0)
    assert all((a.fit == b.fit).all() for a, b in zip(kept.folds, clipped.folds, strict=True))
    assert clipped.recipe.layout == kept.recipe.layout
    assert np.abs(clipped.source.features).max() < np.abs(kept.source.features).max()


def test_a_rule_that_drops_most_rows_is_refused():
    frame, _ = make_outliers()
    with pytest.raises(RecipeError, match="would drop"):
        prepare_frame(frame, outliers="drop", outlier_limit=0.05)


def test_rows_are_flagged_by_limits_that_were_fitted_without_them():
    _, prepared, crew, _, extreme = study(outliers="drop", outlier_limit=2.0)
    flags = flag_rows(prepared, crew.settings)
    development = prepared.split.development
    assert flags[development][extreme[development]].all()


def test_who_is_dropped_and_who_is_hurt_is_said():
    reds = []

    def answer(job, tensors):
        return np.random.default_rng(1).exponential(0.3, (len(job.seeds), len(tensors.order))) - 0.4 * reds[0]

    reading, prepared, crew, judged, _ = study(answer=answer, outliers="drop", outlier_limit=2.0)
    development = prepared.split.development
    colours = np.array(reading.table.columns[2].levels)[reading.table.columns[2].codes]
    reds.append(colours[development[crew.tensors.order]] == "red")
    found = judge_outliers(crew, reading, prepared, judged=judged)
    assert found.is_applied
    assert found.rule == "The rule of 2 standard deviations (extremes in 'x', 'z', 'dose') drops"
    assert found.dropped[0].name == "colour = red"
    assert found.harm.slices[0].name == "colour = red"
    assert found.harm.slices[0].outcome == "hurt"
    assert any(item.name == "the rows beyond the limits" for item in found.harm.slices)
    assert found.harm.n_seeds == 5
    assert "--outliers clip" in found.alternatives[0]
    # the networks with the rule are the study's own; only those without it are trained
    assert crew.executor.jobs == []
    assert [job.phase for job in crew.workplace.executors[0].jobs] == ["outliers kept"]


def test_five_seeds_are_trained_where_the_study_has_fewer():
    reading, prepared, crew, judged, _ = study(n_seeds=3, outliers="clip", outlier_limit=2.0)
    found = judge_outliers(crew, reading, prepared, judged=judged)
    assert found.harm.n_seeds == 5
    assert crew.executor.jobs[0].seeds == tuple(range(5))
    assert found.harm.what == "Clipping"


def test_a_diverged_network_leaves_the_rates():
    def answer(job, tensors):
        return np.full((len(job.seeds), len(tensors.order)), np.nan)

    reading, prepared, crew, judged, _ = study(answer=answer, outliers="drop", outlier_limit=2.0)
    found = judge_outliers(crew, reading, prepared, judged=judged)
    assert found.harm is None
    assert found.dropped


def test_without_a_rule_only_the_recipes_own_limits_are_looked_at():
    reading, prepared, crew, judged, _ = study()
    found = judge_outliers(crew, reading, prepared, judged=judged)
    assert found is None or not found.is_applied
    assert crew.executor.jobs == []
    assert crew.workplace.executors == []


@pytest.mark.parametrize("rule", ["drop", "clip"])
def test_few_rows_are_counted_and_not_judged(rule):
    reading, prepared, crew, judged, extreme = study(n_rows=36, outliers=rule, outlier_limit=2.0)
    found = judge_outliers(crew, reading, prepared, judged=judged)
    assert found.is_applied
    assert found.n_flagged >= extreme.sum() > 0
    assert f"{found.n_flagged} of 36 rows" in found.sentence
    assert (found.dropped, found.harm, crew.executor.jobs) == ((), None, [])
    assert found.alternatives
    reading, prepared, crew, judged, _ = study(n_rows=36)
    assert judge_outliers(crew, reading, prepared, judged=judged) is None


def test_words():
    assert say_rule(Settings(outliers="drop", outlier_limit=4), tuple("abcdefg")) == (
        "The rule of 4 standard deviations (extremes in 'a', 'b', 'c', 'd', 'e' and 2 more) drops"
    )
    assert list_alternatives(Settings()) == ()
    assert len(list_alternatives(Settings(outliers="drop"))) == 3


def test_a_flag_changes_nothing_and_shows_whose_rows_a_rule_would_drop():
    frame, _ = make_outliers()
    _, kept, _, _ = prepare_frame(frame)
    reading, flagged, _, _ = prepare_frame(frame, outliers="flag", outlier_limit=2.0)
    assert (flagged.source.features == kept.source.features).all()
    shown = preview_outliers(reading, flagged, Settings(target="ill", outliers="flag", outlier_limit=2.0))
    assert shown is not None
    assert shown.harm is None
    assert "Nothing was changed; a rule of 2 standard deviations" in shown.sentence
    assert shown.alternatives == ()


def test_the_rule_of_one_column_leaves_the_others_alone():
    frame, _ = make_outliers()
    name = next(name for name in frame.columns if frame[name].dtype.is_numeric() and name != "ill")
    own = {name: {"outliers": "keep"}}
    _, kept, _, _ = prepare_frame(frame)
    _, without, _, _ = prepare_frame(
        frame,
        outliers="drop",
        outlier_limit=2.0,
        columns={c: {"outliers": "keep"} for c in frame.columns if c != "ill"},
    )
    assert (without.source.features == kept.source.features).all()
    settings = Settings.model_validate({"target": "ill", "outliers": "drop", "columns": own})
    assert find_rule(settings, name) == "keep"
    assert find_strongest_rule(settings) == "drop"
