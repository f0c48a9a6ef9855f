"""Fourth stage: what the losses say, by the evidence room's rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heldout.evidence import (
    add_second_to_chosen,
    add_second_to_ladder,
    compare_remedies,
    judge_chosen,
    score_choice,
    weigh_rows,
)
from heldout.evidence import judge_ladder as judge_by_rule
from heldout.evidence.curve_rule import DELTA_SHARE
from heldout.ladder import nominal_net
from heldout.nets import list_layers
from heldout.records import (
    MIN_ROWS,
    Choice,
    ChosenVerdict,
    ConfigurationRun,
    DoubleArray,
    FloatArray,
    Fold,
    Gate,
    Growth,
    JudgeSettings,
    LadderVerdict,
    Outcome,
    RemedyResult,
    Rung,
    Task,
    Tensors,
)
from heldout.split import derive_fold_seed
from heldout.stages.grouping import Groups
from heldout.stages.preparing import Prepared
from heldout.stages.training import Controls, Trained
from heldout.tensors import constant_losses

Interval = tuple[float, float, float]


def make_judge(
    prepared: Prepared,
    tensors: Tensors,
    folds: tuple[Fold, ...],
    *,
    n_seeds: int = 0,
    log: bool = False,
) -> JudgeSettings:
    """Say what the losses are judged against: constant predictor, units, tolerance; of logarithms where `log`."""
    source = prepared.source
    constant = constant_losses(source, folds)
    weights = None
    if tensors.task in (Task.BINARY, Task.MULTICLASS):
        labels = np.concatenate([source.target[fold.validation] for fold in folds])
        weights = weigh_rows(labels, n_classes=source.n_classes)
    return JudgeSettings(
        task=tensors.task,
        constant_losses=constant,
        unit=prepared.split.unit[prepared.split.development[tensors.order]],
        delta=DELTA_SHARE * float(np.mean(constant)),
        fold_seed=derive_fold_seed(prepared.split),
        has_groups=prepared.split.has_groups,
        hit_weights=weights,
        n_seeds=n_seeds,
        target_log=log and tensors.task is Task.REGRESSION,
    )


def judge_ladder(ladder: tuple[ConfigurationRun, ...], judge: JudgeSettings) -> LadderVerdict:
    """Say from which size on the data are overfitted; under thirty rows no rule keeps its error rate."""
    verdict = judge_by_rule(ladder, judge)
    if len(judge.constant_losses) >= MIN_ROWS:
        return add_second_to_ladder(verdict, ladder, judge)
    rows = f"{len(judge.constant_losses)} development rows"
    if judge.has_groups:
        rows += f" in {len(np.unique(judge.unit))} groups of rows that stay together"
    sentence = f"Undecided: {rows}; under {MIN_ROWS} no rule keeps its error rate."
    return replace(verdict, word="undecided", code="HO103", rung=-1, sentence=sentence)


def judge_remedies(
    ladder: tuple[ConfigurationRun, ...],
    remedies: dict[str, tuple[ConfigurationRun, ...]],
    rung: Rung,
    judge: JudgeSettings,
) -> tuple[RemedyResult, ...]:
    """Compare every remedy with the plain network of the same rung, fewer parameters (the smaller rungs) included."""
    plain = next(run for run in ladder if run.configuration.rung.index == rung.index)
    smaller = tuple(run for run in ladder if run.configuration.rung.index < rung.index)
    table = {"fewer_parameters": smaller} if smaller else {}
    results = compare_remedies(plain, table | remedies, judge)
    return tuple(_add_weights(result, plain, remedies.get(result.name, ())) for result in results)


def _add_weights(
    result: RemedyResult, plain: ConfigurationRun, runs: tuple[ConfigurationRun, ...]
) -> RemedyResult:
    """Say what a penalty did to the weights of each layer; every other remedy acts on none of them directly."""
    run = next((run for run in runs if run.configuration.name == result.configuration), None)
    if run is None or result.name not in ("l1", "l2"):
        return result
    sentence = (say_zeros if result.name == "l1" else say_norms)(plain, run)
    return replace(result, sentence=f"{result.sentence} {sentence}") if sentence else result


def say_zeros(plain: ConfigurationRun, run: ConfigurationRun) -> str:
    """Say which share of each layer's weights a remedy made exactly zero at the last epoch, over all networks.

    Args:
        plain: the same size without the remedy.
        run: with it.

    Returns:
        one sentence; "" where no network ended.
    """
    shares, before = _mean_of(run, run.zero_share), _mean_of(plain, plain.zero_share)
    if shares is None or before is None:
        return ""
    strength = f"{run.configuration.remedies[0].strength:g}"
    parts = [f"{100 * share:.0f} % of {name}" for name, share in zip(_name_layers(run), shares, strict=True)]
    without = f"without it {100 * float(before.max()):.0f} % at most"
    return f"At the last epoch L1 {strength} made weights exactly zero: {_enumerate(parts)} ({without})."


def say_norms(plain: ConfigurationRun, run: ConfigurationRun) -> str:
    """Say how far a remedy shortened each layer's weights at the last epoch, mean over all networks.

    Args:
        plain: the same size without the remedy.
        run: with it.

    Returns:
        one sentence; "" where no network ended.
    """
    norms, before = _mean_of(run, run.weight_norm), _mean_of(plain, plain.weight_norm)
    if norms is None or before is None:
        return ""
    strength = f"{run.configuration.remedies[0].strength:g}"
    parts = [
        f"{old:.2g} to {new:.2g} in {name}"
        for name, old, new in zip(_name_layers(run), before, norms, strict=True)
    ]
    return f"At the last epoch L2 {strength} changed the norm of the weights from {_enumerate(parts)}."


def _name_layers(run: ConfigurationRun) -> list[str]:
    return [layer.name for layer in list_layers(nominal_net(run.configuration.rung))]


def _mean_of(run: ConfigurationRun, measured: FloatArray) -> DoubleArray | None:
    """Average over the networks that ended: float64 [layers]."""
    ended = [outcome is Outcome.FINISHED for outcome in run.outcomes]
    return measured[ended].mean(axis=0, dtype=np.float64) if any(ended) else None


def _enumerate(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def judge_delivered(
    name: str, trained: Trained, judge: JudgeSettings, *, permuted: ConfigurationRun | None
) -> ChosenVerdict:
    """Give the verdict on the chosen configuration; "cannot tell" under thirty development rows."""
    runs, chosen = trained.all_runs(), trained.find(name)
    verdict = judge_chosen(chosen, runs, judge, permuted=permuted, n_rows=len(judge.constant_losses))
    return add_second_to_chosen(verdict, chosen, runs, judge)


@dataclass(frozen=True)
class Judgement:
    """All that was judged from losses.

    Args:
        ladder: from which size on the data are overfitted.
        chosen: on the delivered configuration.
        remedies: each remedy against the plain network.
        choice: what is delivered, and the leaderboard.
        controls: permuted labels.
        judge: what the losses were judged against.
        gates: what was checked before the verdicts.
        growth: what twice as many fit rows brought; None where it was not measured.
        groups: for whom it fails, who is affected by an outlier rule, what was learned by heart.
    """

    ladder: LadderVerdict
    chosen: ChosenVerdict
    remedies: tuple[RemedyResult, ...]
    choice: Choice
    controls: Controls
    judge: JudgeSettings
    gates: tuple[Gate, ...] = ()
    growth: Growth | None = None
    groups: Groups | None = None


def score_whole_choice(
    trained: Trained, choice: Choice, judge: JudgeSettings, spread: float
) -> dict[str, Interval]:
    """Estimate what the whole choice is worth, by metric: estimate, low and high of the BBC bootstrap.

    Args:
        trained: all configurations that were compared.
        choice: the choice, with its corrected loss.
        judge: what the losses were judged against.
        spread: regression: standard deviation of the learned target in user units.
    """
    if judge.task is Task.REGRESSION:
        value, low, high = (float(np.sqrt(max(part, 0.0)) * spread) for part in choice.loss)
        return {"rmse": (value, low, high)}
    hits = "exact match" if judge.task is Task.MULTILABEL else "accuracy"
    return {"logloss": choice.loss, hits: score_choice(trained.all_runs(), judge)}
