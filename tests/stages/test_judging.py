import dataclasses

import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.stages.judging import judge_delivered, judge_ladder, judge_remedies, make_judge
from heldout.stages.preparing import make_tensors, thin_folds
from heldout.stages.training import Trained
from stages.made_data import declare_parts, make_frame, prepare_frame


def judge_of(prepared):
    folds = thin_folds(prepared)
    return make_judge(prepared, make_tensors(prepared, folds), folds)


def test_the_tolerance_is_two_percent_of_the_constant_predictors_loss():
    _, prepared, _, _ = prepare_frame()
    judge = judge_of(prepared)
    assert judge.constant_losses.shape == (60,)
    assert judge.delta == pytest.approx(0.02 * judge.constant_losses.mean())
    share = prepared.source.target.mean()
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert judge.constant_losses.mean() == pytest.approx(entropy, rel=0.05)


def test_units_follow_the_pooled_order():
    frame = make_frame(site=[f"s{row // 4}" for row in range(60)]).drop("price")
    _, prepared, _, _ = prepare_frame(frame, group="site")
    judge = judge_of(prepared)
    order = np.concatenate([fold.validation for fold in prepared.folds])
    np.testing.assert_array_equal(judge.unit, prepared.split.unit[prepared.split.development[order]])
    assert judge.has_groups
    assert len(np.unique(judge.unit)) == 15


def test_cross_fitting_depends_on_data_and_split_seed_not_on_the_studys_seed():
    frame = make_frame(part=declare_parts()).drop("price")
    seeds = [
        judge_of(prepare_frame(frame, split="part", **more)[1]).fold_seed
        for more in ({}, {"seed": 9}, {"split_seed": 1})
    ]
    assert seeds[0] == seeds[1] != seeds[2]
    other = judge_of(prepare_frame(make_frame(seed=5).drop("price"))[1]).fold_seed
    assert other != seeds[0]


def make_ladder(n_rows=200):
    rng = np.random.default_rng(1)
    rows = rng.gamma(2.0, 0.1, n_rows)
    curves = ([0.7, 0.62, 0.6], [0.65, 0.5, 0.52], [0.6, 0.5, 0.8])
    return tuple(
        make_run(draw_losses(rng, curve, n_rows=n_rows, rows=rows), index=i, size=10 ** (i + 1))
        for i, curve in enumerate(curves)
    )


def test_smaller_rungs_are_the_remedy_of_fewer_parameters():
    ladder = make_ladder()
    results = judge_remedies(ladder, {}, ladder[2].configuration.rung, make_settings(200))
    names = {result.name for result in results}
    assert names == {"early_stopping", "fewer_parameters"}
    assert next(r for r in results if r.name == "fewer_parameters").configuration in ("rung 0", "rung 1")


def test_the_smallest_rung_has_no_smaller_one():
    ladder = make_ladder()
    results = judge_remedies(ladder, {}, ladder[0].configuration.rung, make_settings(200))
    assert {result.name for result in results} == {"early_stopping"}


def test_under_thirty_rows_nothing_can_be_told():
    ladder = make_ladder(20)
    trained = Trained(ladder, {}, (), ladder[2].configuration.rung)
    assert judge_delivered("rung 1", trained, make_settings(20), permuted=None).word == "cannot tell"
    ladder_verdict = judge_ladder(ladder, make_settings(20))
    assert ladder_verdict.sentence.startswith("Cannot tell: 20 development rows")
    assert (ladder_verdict.word, ladder_verdict.rung) == ("undecided", -1)
    assert not judge_ladder(make_ladder(30), make_settings(30)).sentence.startswith("Cannot tell")


def test_a_clear_overfit_is_told():
    ladder = make_ladder()
    trained = Trained(ladder, {}, (), ladder[2].configuration.rung)
    verdict = judge_delivered("rung 2", trained, make_settings(200), permuted=None)
    assert {answer.question for answer in verdict.answers} == {
        "skill", "overtrained", "too big", "underfit", "memorising",
    }  # fmt: skip
    assert dataclasses.is_dataclass(verdict)
