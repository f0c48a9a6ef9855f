import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.records import Outcome, RemedyUse, Task
from heldout.stages.judging import (
    judge_delivered,
    judge_ladder,
    judge_remedies,
    make_judge,
    say_norms,
    say_zeros,
)
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


def test_rows_of_a_rare_class_weigh_more_in_the_second_metric():
    _, prepared, _, _ = prepare_frame()
    assert judge_of(prepared).hit_weights is None
    source = prepared.source
    rare = replace(source, target=(np.arange(source.target.size) < 3).astype(source.target.dtype))
    folds = thin_folds(prepared)
    judge = make_judge(replace(prepared, source=rare), make_tensors(prepared, folds), folds, n_seeds=7)
    labels = np.concatenate([rare.target[fold.validation] for fold in folds])
    assert judge.hit_weights[labels == 1].sum() == pytest.approx(judge.hit_weights[labels == 0].sum())
    assert judge.n_seeds == 7


def test_logarithms_are_known_where_numbers_are_predicted():
    _, prepared, _, _ = prepare_frame()
    folds = thin_folds(prepared)
    tensors = make_tensors(prepared, folds)
    assert not make_judge(prepared, tensors, folds, log=True).target_log
    numbers = replace(tensors, task=Task.REGRESSION)
    assert make_judge(prepared, numbers, folds, log=True).target_log
    assert not make_judge(prepared, numbers, folds).target_log


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
    assert ladder_verdict.sentence.startswith("Undecided: 20 development rows")
    assert (ladder_verdict.word, ladder_verdict.rung) == ("undecided", -1)
    grouped = replace(make_settings(20), unit=np.arange(20) // 2, has_groups=True)
    told = "20 development rows in 10 groups of rows that stay together; under 30"
    assert told in judge_ladder(ladder, grouped).sentence
    assert told in judge_delivered("rung 1", trained, grouped, permuted=None).sentence
    assert not judge_ladder(make_ladder(30), make_settings(30)).sentence.startswith("Cannot tell")


def test_a_clear_overfit_is_told():
    ladder = make_ladder()
    trained = Trained(ladder, {}, (), ladder[2].configuration.rung)
    verdict = judge_delivered("rung 2", trained, make_settings(200), permuted=None)
    assert {answer.question for answer in verdict.answers} == {
        "skill", "overtrained", "too big", "underfit", "memorising",
    }  # fmt: skip
    assert dataclasses.is_dataclass(verdict)


def penalised(run, name, strength, *, zeros=(0.0, 0.0), norms=(1.0, 1.0)):
    n = len(run.outcomes)
    use = RemedyUse(name, strength)
    configuration = dataclasses.replace(
        run.configuration, name=f"{run.configuration.name} + {name} {strength:g}", remedies=(use,)
    )
    return dataclasses.replace(
        run,
        configuration=configuration,
        zero_share=np.tile(np.float32(zeros), (n, 1)),
        weight_norm=np.tile(np.float32(norms), (n, 1)),
    )


def test_the_report_says_which_layer_a_penalty_emptied_or_shortened():
    ladder = make_ladder()
    plain = ladder[2]
    l1 = penalised(plain, "l1", 0.003, zeros=(0.83, 0.12))
    l2 = penalised(plain, "l2", 0.01, norms=(0.4, 0.25))
    results = judge_remedies(ladder, {"l1": (l1,), "l2": (l2,)}, plain.configuration.rung, make_settings(200))
    told = {result.name: result.sentence for result in results}
    assert told["l1"].endswith(
        "At the last epoch L1 0.003 made weights exactly zero: 83 % of hidden 1 and 12 % of output "
        "(without it 0 % at most)."
    )
    assert told["l2"].endswith(
        "At the last epoch L2 0.01 changed the norm of the weights from 1 to 0.4 in hidden 1 and 1 to 0.25 in output."
    )
    assert "exactly zero" not in told["early_stopping"]


def test_diverged_networks_have_no_weights_to_speak_of():
    plain = make_ladder()[2]
    l1 = penalised(plain, "l1", 0.003, zeros=(0.5, 0.5))
    mixed = dataclasses.replace(
        l1,
        outcomes=(Outcome.DIVERGED, *l1.outcomes[1:]),
        zero_share=np.r_[[[np.nan, np.nan]], l1.zero_share[1:]].astype(np.float32),
    )
    assert "50 % of hidden 1" in say_zeros(plain, mixed)
    gone = dataclasses.replace(l1, outcomes=(Outcome.DIVERGED,) * len(l1.outcomes))
    assert say_zeros(plain, gone) == say_norms(plain, gone) == ""
