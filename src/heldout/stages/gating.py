"""Fifth stage: gates before the verdict. What needs training or a classifier is run here; the evidence judges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import entr

from heldout.audit.class_shares import compare_class_shares
from heldout.audit.families import Families, find_families
from heldout.errors import RecipeError
from heldout.evidence.gates import (
    gate_columns,
    gate_copies,
    gate_diverged,
    gate_easier,
    gate_few_rows,
    gate_flipped,
    gate_groups,
    gate_labels,
    gate_loss_floor,
    gate_shift,
    gate_small_gap,
    override_chosen,
    override_ladder,
)
from heldout.evidence.gates.build import skip_gate
from heldout.evidence.gates.fitting import FEW_ROWS, ClassMix
from heldout.ladder import plain_hyper
from heldout.near_copies import connect_pairs
from heldout.records import (
    PART_VALIDATION,
    BoolArray,
    ChosenVerdict,
    ConfigurationRun,
    DoubleArray,
    Finding,
    FloatArray,
    Fold,
    Gate,
    IndexArray,
    JudgeSettings,
    Task,
    Tensors,
)
from heldout.remedies import apply_remedies
from heldout.settings import Settings
from heldout.stages.growing import measure_growth
from heldout.stages.judging import Judgement
from heldout.stages.parting import score_out_of_fold, weigh_classes
from heldout.stages.preparing import Prepared, encode_alike, gather_audit
from heldout.stages.reading import Reading
from heldout.stages.training import RATE_SEED, Crew, Trained
from heldout.train.program import MemberSpec

MOST_COMPARED_ROWS = 2000  # of each side: the classifier's AUC is then known to +-0.02
OTHER_RATES = (1.0, 3.0, 0.3)  # times the rung's own, tried in this order until 32 rows are learned
FEWEST_OF_CLASS = 5  # rows on each side; a class with fewer is not compared (assumption)


@dataclass(frozen=True)
class Gated:
    """What the gates look at, beside the losses.

    Args:
        reading: the data as read.
        prepared: split, columns and encoded rows.
        folds: the folds on which the networks were trained, positions within the development rows.
        findings: of the audit.
        settings: what was asked for.
    """

    reading: Reading
    prepared: Prepared
    folds: tuple[Fold, ...]
    findings: tuple[Finding, ...]
    settings: Settings


def pass_gates(crew: Crew, trained: Trained, judged: Judgement, *, data: Gated) -> Judgement:
    """Let what was judged from losses pass the gates, and measure what twice the rows brought.

    Args:
        crew: trains 32 rows, and halves where that is cheap.
        trained: everything that was trained.
        judged: the verdicts from losses alone; the remedies were tried at the rung that these named.
        data: rows, columns and findings.

    Returns:
        the verdicts with their gates; the words of those that a gate overrides are replaced.
    """
    name, judge = judged.choice.name, judged.judge
    gates = check_gates(crew, trained, name, data=data, judge=judge, verdict=judged.chosen)
    split = data.prepared.split
    return replace(
        judged,
        ladder=override_ladder(judged.ladder, gates),
        chosen=override_chosen(judged.chosen, gates),
        gates=gates,
        growth=measure_growth(crew, trained.find(name), judge, unit=split.unit[split.development]),
    )


def check_gates(
    crew: Crew, trained: Trained, name: str, *, data: Gated, judge: JudgeSettings, verdict: ChosenVerdict
) -> tuple[Gate, ...]:
    """Ask every gate: rows, columns, shift, labels, training, losses. One tiny network is trained.

    Args:
        crew: trains the 32 rows.
        trained: everything that was trained.
        name: the chosen configuration.
        data: rows, columns and findings.
        judge: what losses are judged against.
        verdict: the verdict from losses alone, for its answers to skill and memorising.

    Returns:
        all gates in the order of their codes, passed and not applicable ones too.
    """
    chosen = trained.find(name)
    sound = [run for run in trained.ladder if np.isfinite(run.losses).all()]
    losses = _take_best(chosen)
    smallest = trained.ladder[0]
    ordered = data.prepared.split.ordered
    mix = find_mix(data)
    return (
        gate_copies(losses, find_copied(data), judge),
        _gate_groups(losses, data, judge),
        gate_columns(data.findings),
        _gate_shift(losses, data, judge),
        _gate_labels(verdict),
        gate_flipped(smallest, judge),
        _gate_few_rows(crew, trained, data),
        skip_gate("HO308", "the division follows time")
        if ordered
        else gate_small_gap(smallest, judge, mix=mix),
        gate_easier(chosen, judge, ordered=ordered, mix=mix),
        _gate_floor(sound, judge),
        gate_diverged(trained.all_runs()),
    )


def find_copied(data: Gated) -> BoolArray:
    """Find validation rows that repeat a fit row of their own fold, exactly or almost.

    Near copies are those that the reading found: of pictures and texts, of sequences, and of rows where they were asked
    for. Where heldout keeps them together there are none, but declared parts may cut them. A family counts as a whole;
    where it would hold most of the rows, and so was not kept together, only the pairs themselves count.

    Returns:
        bool [M] in the pooled order of the validation rows.
    """
    links = data.reading.links
    joined = [near.pairs for near in links.near if near.is_joined]
    copied = _find_shared(
        data, connect_pairs(links.first_of_duplicate, np.concatenate([links.alike, *joined]))
    )
    for near in links.near:
        if not near.is_joined:
            copied |= _find_paired(data, near.pairs)
    return copied


def _find_paired(data: Gated, pairs: IndexArray) -> BoolArray:
    rows, found = data.prepared.split.development, []
    for fold in data.folds:
        is_fit = np.isin(pairs, rows[fold.fit])
        found.append(np.isin(rows[fold.validation], pairs[is_fit[:, ::-1]]))
    return np.concatenate(found)


def _find_shared(data: Gated, number: IndexArray) -> BoolArray:
    rows = data.prepared.split.development
    return np.concatenate(
        [np.isin(number[rows[fold.validation]], number[rows[fold.fit]]) for fold in data.folds]
    )


def _gate_groups(losses: FloatArray, data: Gated, judge: JudgeSettings) -> Gate:
    """The declared group if there is one, else the first proposal of persons or families that was torn."""
    if data.reading.group is not None:
        shared = _find_shared(data, data.reading.group)
        # forward blocks cut a patient's later rows from the earlier ones on purpose
        binding = not data.prepared.split.ordered
        return gate_groups(losses, shared, judge, what=repr(data.settings.group), declared=binding)
    found = _find_proposal(data)
    if found is None:
        return skip_gate("HO302", "no column of groups was declared or found")
    rows = data.prepared.split.development
    group = -1 - np.arange(len(data.reading.table.lines))  # a row of no unit is one of its own
    group[rows] = np.where(found.unit >= 0, found.unit, group[rows])
    return gate_groups(losses, _find_shared(data, group), judge, what=repr(found.option), declared=False)


def _find_proposal(data: Gated) -> Families | None:
    if not any(item.code == "HO211" and item.action for item in data.findings):
        return None
    prepared = data.prepared
    found = find_families(gather_audit(data.reading, prepared.split, prepared.columns, data.settings))
    return next((item for item in found if item.n_torn and not item.is_place), None)


def find_mix(data: Gated) -> ClassMix | None:
    """Give the classes of the validation rows where declared parts hold them in other shares, beyond chance.

    Returns:
        `ClassMix`, or None: the losses of fit and validation rows compare as they are.
    """
    target, split, part = data.reading.target, data.prepared.split, data.reading.table.part
    if not _has_classes(data) or part is None or len(data.folds) != 1:
        return None
    rows, fold = split.development, data.folds[0]
    if not (part[rows] == PART_VALIDATION).any():
        return None
    whole = Fold(rows[fold.fit], rows[fold.validation])
    if not compare_class_shares(target, whole, split.unit).is_shown:
        return None
    counts = np.bincount(target.values[whole.fit].astype(np.int64), minlength=len(target.classes))
    return ClassMix(target.values[whole.validation].astype(np.int64), counts / counts.sum())


def _has_classes(data: Gated) -> bool:
    return data.reading.target.task in (Task.BINARY, Task.MULTICLASS)


def _gate_shift(losses: FloatArray, data: Gated, judge: JudgeSettings) -> Gate:
    """Train the classifier on the last fold: of forward blocks it holds the most rows."""
    split, fold, part = data.prepared.split, data.folds[-1], data.reading.table.part
    if not split.ordered and (part is None or not (part == PART_VALIDATION).any()):
        # whatever a classifier found would be chance, and no reason to doubt a score
        return skip_gate("HO304", "heldout dealt fit and validation rows at random itself")
    rng = np.random.default_rng(int(split.fingerprint[:12], 16))
    fit, held = (_sample(len(rows), rng) for rows in (fold.fit, fold.validation))
    rows = np.concatenate([fold.fit[fit], fold.validation[held]])
    is_validation = np.arange(len(rows)) >= len(fit)
    if is_validation.all() or not is_validation.any():
        return skip_gate("HO304", "one side has no rows")
    stratum, weight = None, None
    if _has_classes(data):
        stratum = data.reading.target.values[split.development[rows]].astype(np.int64)
        kept = _hold_both(stratum, is_validation)
        if not kept.any():
            return skip_gate("HO304", f"no class has {FEWEST_OF_CLASS} rows on both sides")
        rows, is_validation, stratum, held = (
            rows[kept],
            is_validation[kept],
            stratum[kept],
            held[kept[len(fit) :]],
        )
        weight = weigh_classes(stratum, is_validation)
    unit = split.unit[split.development[rows]]
    try:
        features = encode_alike(data.prepared, rows)
    except RecipeError:
        return skip_gate("HO304", "every column is constant among the rows compared")
    score = score_out_of_fold(features, is_validation, unit=unit, rng=rng, weight=weight)
    last = losses.shape[1] - len(fold.validation)  # the last fold's rows come last in the pooled order
    judged = losses[:, last + held]
    return gate_shift(score, is_validation, unit, judged, judge, ordered=split.ordered, stratum=stratum)


def _hold_both(stratum: IndexArray, is_validation: BoolArray) -> BoolArray:
    sides = [
        np.bincount(stratum[side], minlength=stratum.max() + 1) for side in (is_validation, ~is_validation)
    ]
    return (np.minimum(*sides) >= FEWEST_OF_CLASS)[stratum]


def _sample(n_rows: int, rng: np.random.Generator) -> IndexArray:
    return np.sort(rng.permutation(n_rows)[:MOST_COMPARED_ROWS])


def _gate_labels(verdict: ChosenVerdict) -> Gate:
    answers = {item.question: item for item in verdict.answers}
    if "skill" not in answers:
        return skip_gate("HO305", "too few rows for a verdict")
    return gate_labels(answers["skill"], answers["memorising"])


def _gate_few_rows(crew: Crew, trained: Trained, data: Gated) -> Gate:
    """Train the largest rung on 32 rows; other learning rates are tried only where its own one fails."""
    # whether it could know them by heart is asked: decay and smoothed labels are there to prevent just that
    rung = replace(trained.ladder[-1].configuration.rung, weight_decay=0.0, label_smoothing=0.0)
    rows = pick_distinct(crew.tensors, data.folds[0].fit)
    target = crew.tensors.target[0][rows].astype(np.float64)
    if len(rows) < FEW_ROWS or np.ptp(target) == 0:
        return skip_gate("HO307", f"fewer than {FEW_ROWS} fit rows differ, or all have one target")
    constant = _measure_constant(target, crew.tensors) * float(crew.tensors.target_scale[0]) ** 2
    executor = crew.make_variant(repeat_rows(crew.tensors, rows))
    configuration = apply_remedies(rung, ())
    curve = np.full(executor.schedule.n_epochs, np.inf, np.float32)
    for factor in OTHER_RATES:
        hyper = plain_hyper(rung, learning_rate=factor * rung.learning_rate)
        spec = MemberSpec(hyper, crew.seeds[0] + RATE_SEED, 0)
        results = next(iter(executor.run_entries([(configuration, spec)])))[1]
        scale = np.float32(crew.tensors.target_scale[0] ** 2)
        curve = np.fmin(curve, results.curves[0, :, 0] * scale)
        gate = gate_few_rows(curve, n_parameters=rung.n_parameters, constant=constant)
        if gate.state != "fired":
            break
    return gate


def pick_distinct(tensors: Tensors, fit: IndexArray) -> IndexArray:
    """Give up to 32 fit rows that differ in their features (rows that agree may differ in their labels)."""
    sample = np.random.default_rng(0).permutation(fit)[: 8 * FEW_ROWS]
    flat = tensors.features[0][sample].reshape(len(sample), -1)
    first = np.unique(flat, axis=0, return_index=True)[1]
    return sample[np.sort(first)][:FEW_ROWS]


def repeat_rows(tensors: Tensors, rows: IndexArray) -> Tensors:
    """Give the same tensors with some rows, repeated, as every fold's fit rows: shapes, and so programs, stay."""
    shape = tensors.fit_rows.shape
    return replace(
        tensors,
        fit_rows=np.tile(np.resize(rows.astype(np.int32), shape[1]), (shape[0], 1)),
        fit_weight=np.ones(shape, np.float32),
        output_offset=None,
    )


def _measure_constant(target: DoubleArray, tensors: Tensors) -> float:
    if tensors.task is Task.REGRESSION:
        return float(target.var())
    if tensors.sets is not None:
        held = tensors.sets[target.astype(int)].mean(axis=0, dtype=np.float64)
        return float((entr(held) + entr(1.0 - held)).sum())
    share = np.bincount(target.astype(int)) / len(target)
    return float(-(share[share > 0] * np.log(share[share > 0])).sum())


def _gate_floor(sound: Sequence[ConfigurationRun], judge: JudgeSettings) -> Gate:
    if not sound:
        return skip_gate("HO310", "every size diverged")
    run = sound[-1]
    if run.hits.size == 0:
        return skip_gate("HO310", "no classes are predicted")
    return gate_loss_floor(run.losses[-1], run.hits[-1], judge)


def _take_best(run: ConfigurationRun) -> FloatArray:
    return run.losses[int(run.losses.mean(axis=(1, 2), dtype=np.float64).argmin())]
