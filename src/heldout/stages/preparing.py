"""Second stage: split and seal, audit the development rows, fit the recipe, build the tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heldout.audit import AuditInput, run_audit, sample_rows
from heldout.audit.class_shares import compare_class_shares
from heldout.cells import declare_columns, type_table
from heldout.errors import DataError, UsageError
from heldout.label_sets import simplify_target
from heldout.plan import Plan, Sizes, Wishes, count_validation, make_plan
from heldout.recipe import (
    Recipe,
    RecipeOptions,
    apply_recipe,
    find_layout,
    fit_recipe,
    is_bytes_only,
    list_scales,
    plan_tokens,
    unseen_slots,
)
from heldout.recipe.outliers import clip_recipe, drop_outliers
from heldout.records import (
    PART_TEST,
    PART_VALIDATION,
    ArrayColumn,
    ByteScales,
    DoubleArray,
    Finding,
    FloatArray,
    Fold,
    IndexArray,
    InputLayout,
    Kind,
    RemedyUse,
    Severity,
    Split,
    Target,
    Task,
    Tensors,
    TypedColumn,
)
from heldout.remedies import plan_uses, refuse_layers
from heldout.remedies.augmentation import find_kinds
from heldout.report.losses import ColumnLoss
from heldout.settings import Settings, find_rule, list_kinds, list_layers, list_strengths, scales_test
from heldout.split import SplitRequest, split_table
from heldout.stages.attributing import tell_affected
from heldout.stages.declared_test import refuse_known_test
from heldout.stages.labelling import add_labels, refuse_rare_labels, settle_labels
from heldout.stages.losing import find_losses
from heldout.stages.measuring import list_properties
from heldout.stages.reading import Reading
from heldout.tensors import TensorSource, build_tensors

MOST_VALIDATION_ROWS = 20_000  # choices are made on a sample of at most so many validation rows


@dataclass(frozen=True)
class Prepared:
    """Everything training needs, and nothing of a test label.

    Args:
        reading: the data as read; of several labels a row only those that have rows enough.
        split: which rows serve what.
        columns: all columns, typed.
        arrays: pictures and signals of all rows.
        recipe: K fitted states on one layout.
        source: arrays of the development rows.
        folds: the folds, positions within the development rows.
        losses: what texts and sequences lose on their way to the network.
    """

    reading: Reading
    split: Split
    columns: tuple[TypedColumn, ...]
    arrays: tuple[ArrayColumn, ...]
    recipe: Recipe
    source: TensorSource
    folds: tuple[Fold, ...]
    losses: tuple[ColumnLoss, ...] = ()


def prepare(reading: Reading, settings: Settings, *, strict: bool) -> tuple[Prepared, tuple[Finding, ...]]:
    """Split and seal, read the cells, audit the development rows, fit the recipe.

    Args:
        reading: the data as read.
        settings: what was asked for.
        strict: refuse data with a critical finding.

    Raises:
        DataError: with `strict`, the first critical finding.
    """
    split = split_rows(reading, settings)
    reading, rare = settle_labels(reading, split, settings)
    columns = type_columns(reading, split, settings)
    findings = (*audit_rows(reading, split, columns, settings), *rare)
    critical = [item for item in findings if item.severity is Severity.CRITICAL]
    if strict and critical:
        raise DataError(
            f"{critical[0].code} {critical[0].title}: {critical[0].sentence}", hint=critical[0].action
        )
    prepared, lost = tell_losses(encode_rows(reading, split, columns, settings))
    asked = gather_audit(reading, split, columns, settings)
    return prepared, tell_affected((*findings, *lost), asked, reading, settings)


def tell_losses(prepared: Prepared) -> tuple[Prepared, tuple[Finding, ...]]:
    """Measure what texts and sequences lose on their way to the network: the prepared data with it, and findings."""
    losses, findings = find_losses(prepared.recipe, prepared.columns, prepared.split, prepared.reading.target)
    return replace(prepared, losses=losses), findings


def audit_rows(
    reading: Reading, split: Split, columns: tuple[TypedColumn, ...], settings: Settings
) -> tuple[Finding, ...]:
    """Ask every question about the development rows; no test label is read.

    Of several labels a row, questions of classes see each row's rarest label; what gives a label away is asked label by
    label.
    """
    asked = gather_audit(reading, split, columns, settings)
    rows = sample_rows(asked)
    made = list_properties(columns, reading.table.arrays, rows)
    asked = replace(asked, properties=made, property_rows=rows)
    return add_labels(run_audit(asked), asked, reading.target)


def gather_audit(
    reading: Reading, split: Split, columns: tuple[TypedColumn, ...], settings: Settings
) -> AuditInput:
    """Gather what the audit may look at: all columns, and labels of development rows alone."""
    return AuditInput(
        columns=columns,
        table=reading.table,
        target=simplify_target(reading.target, least=settings.label_rows),
        split=split,
        rows=split.development,
        first_of_duplicate=reading.links.first_of_duplicate,
        group=settings.group or "",
        near=reading.links.near,
    )


def plan_training(prepared: Prepared, settings: Settings) -> Plan:
    """Derive what will be trained from the sizes of the prepared data.

    Raises:
        UsageError: a budget that is too small, smoothed labels of a number, or a layer that no network has.
    """
    folds = thin_folds(prepared)
    target = prepared.source
    sizes = Sizes(
        n_inputs=prepared.recipe.n_features,
        n_outputs=1 if target.ordered else target.n_outputs,
        n_fit=max(len(fold.fit) for fold in folds),
        n_validation=max(len(fold.validation) for fold in folds),
        n_folds=len(folds),
        layout=target.layout,
        n_steps=target.n_classes if target.ordered else 0,
        wishes=_take_wishes(settings, target.task),
    )
    plan = make_plan(sizes, preset=settings.preset, budget=settings.budget)
    refuse_layers(plan.rungs, list_layers(settings))
    return plan


def _take_wishes(settings: Settings, task: Task) -> Wishes:
    ladder = settings.ladder
    if ladder.label_smoothing and task is Task.REGRESSION:
        raise UsageError(
            f"label_smoothing {ladder.label_smoothing:g} spreads labels over classes; this target is a number",
            hint="leave ladder.label_smoothing out",
        )
    return Wishes(
        ladder.largest, settings.seeds, ladder.learning_rate, ladder.weight_decay, ladder.label_smoothing
    )


def list_uses(layout: InputLayout | None, plan: Plan, settings: Settings) -> tuple[RemedyUse, ...]:
    """List the remedies to try, as the settings ask or as suits the kind of data.

    Args:
        layout: what the numbers of a row are; None for a table.
        plan: how many strengths of each.
        settings: remedies.
    """
    return plan_uses(
        plan.n_strengths,
        list_strengths(settings),
        list_kinds(settings),
        kind=layout.kind if layout else "numbers",
        parts=find_kinds(layout),
        scales_test=scales_test(settings),
    )


def split_rows(reading: Reading, settings: Settings) -> Split:
    """Divide the rows that have a target; the seal follows from the data and the split seed alone."""
    refuse_rare_labels(reading, settings)
    split = split_table(
        SplitRequest(
            rows=reading.rows,
            unit=reading.links.unit,
            target=simplify_target(reading.target, least=settings.label_rows),
            fingerprint=reading.fingerprint,
            split_seed=settings.split_seed,
            part=reading.table.part,
            time=reading.time,
            gap=settings.gap,
        )
    )
    refuse_known_test(reading, split)
    if reading.target.task is not Task.MULTILABEL:
        return split
    return replace(split, method=split.method.replace("by class", "by each row's rarest label"))


def type_columns(reading: Reading, split: Split, settings: Settings) -> tuple[TypedColumn, ...]:
    """Decide how each column is read, from fit rows (one split) or development rows (folds), and read all cells."""
    deciding = split.folds[0].fit if len(split.folds) == 1 else split.development
    specs = declare_columns(reading.table, rows=deciding, overrides=settings.columns, unused=reading.unused)
    return type_table(reading.table, specs)


def encode_rows(
    reading: Reading, split: Split, columns: tuple[TypedColumn, ...], settings: Settings
) -> Prepared:
    """Fit the recipe on each fold's fit rows and encode the development rows with every state."""
    fit_rows = tuple(fold.fit for fold in split.folds)
    dropping = columns_under("drop", columns, settings)
    if dropping:  # only rows that are fitted on, by limits fitted on them
        fit_rows = tuple(drop_outliers(dropping, rows, limit=settings.outlier_limit) for rows in fit_rows)
    asked = settings.columns
    options = RecipeOptions(
        tokens=plan_tokens(columns, fit_rows, has_arrays=bool(reading.table.arrays)),
        signal_scaling=settings.signal_scaling,
        stretch=settings.stretch,
        both_strands=tuple(name for name, own in asked.items() if own.strands == "both"),
        pieces=tuple((name, own.pieces) for name, own in asked.items() if own.pieces),
    )
    arrays = reading.table.arrays
    recipe = fit_recipe(
        columns, fit_rows, arrays=arrays, embedding=settings.numeric_embedding, options=options
    )
    clipping = columns_under("clip", columns, settings)
    if clipping:
        recipe = clip_recipe(recipe, clipping, fit_rows, limit=settings.outlier_limit)
    features, scales = _encode_development(recipe, columns, arrays, split)
    source = TensorSource(
        features=features,
        scales=scales,
        target=learned_target(reading.target, settings)[split.development],
        task=reading.target.task,
        n_classes=len(reading.target.classes),
        weight=None if reading.weight is None else reading.weight[split.development],
        balanced=settings.class_weight == "balanced",
        unseen=unseen_slots(recipe),
        layout=find_layout(recipe),
        sets=reading.target.sets if reading.target.task is Task.MULTILABEL else None,
        ordered=reading.target.ordered,
        shares=find_class_shares(reading, split, settings),
    )
    folds = tuple(
        Fold(_within(rows, split.development), _within(fold.validation, split.development))
        for rows, fold in zip(fit_rows, split.folds, strict=True)
    )
    return Prepared(reading, split, columns, arrays, recipe, source, folds)


def find_class_shares(reading: Reading, split: Split, settings: Settings) -> DoubleArray | None:
    """Give the class shares that probabilities follow, where they are not those of the fit rows.

    Whoever declares validation rows says what new data are like. Where they hold the classes in other shares, beyond
    chance, a network that follows the shares of its fit rows is wrong about them by as much, whatever its size.

    Returns:
        float64 [classes], or None.

    Raises:
        UsageError: shares of validation rows are asked for, and there are no classes or no declared validation rows.

    Source:
        Saerens, Latinne & Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori probabilities". The
        shares of n validation rows cost (classes - 1) / (2 n) of log-loss on the rows they were counted on.
    """
    target, part = reading.target, reading.table.part
    has_classes = target.task in (Task.BINARY, Task.MULTICLASS) and not target.ordered
    is_declared = part is not None and bool((part[split.development] == PART_VALIDATION).any())
    if settings.class_shares == "validation" and not (has_classes and is_declared):
        raise UsageError(
            "class_shares = validation needs classes without an order and validation rows that you declare",
            hint="name them with --validation FILE or --split COLUMN, or leave class_shares out",
        )
    # a test that is drawn from the fit rows has their shares
    has_test = part is not None and bool((part == PART_TEST).any())
    if settings.class_shares == "fit" or not (has_classes and is_declared):
        return None
    if settings.class_shares == "auto" and not has_test:
        return None
    (fold,) = split.folds
    shift = compare_class_shares(target, fold, split.unit)
    return shift.validation if settings.class_shares == "validation" or shift.is_shown else None


def _encode_development(
    recipe: Recipe, columns: tuple[TypedColumn, ...], arrays: tuple[ArrayColumn, ...], split: Split
) -> tuple[NDArray[np.generic], ByteScales | None]:
    """Encode the development rows: bytes as they are, once for all folds; all else as each state makes it."""
    if is_bytes_only(recipe):
        scales = list_scales(recipe.arrays[0], tuple(state.arrays[0] for state in recipe.states))
        return np.asarray(arrays[0].values)[split.development][None], scales
    made = [
        apply_recipe(recipe, columns, arrays=arrays, state=k, rows=split.development)
        for k in range(len(recipe.states))
    ]
    return np.stack(made), None


def encode_alike(prepared: Prepared, places: IndexArray) -> FloatArray:
    """Encode some development rows as plain numbers by a recipe fitted on all of them alike.

    For comparing fit with validation rows: their own recipe tells them apart by itself. A category or word that only
    fit rows hold has a place of its own, one that only validation rows hold is unseen. Of 15 random divisions of 4,458
    short messages (SMS spam) a classifier told 13 apart by their own recipe, none by this one.

    Args:
        prepared: columns, arrays, recipe.
        places: positions within the development rows.

    Returns:
        float32 [rows, D]; texts as weights of their words.

    Raises:
        RecipeError: every column is constant among these rows.
    """
    if is_bytes_only(prepared.recipe):
        return prepared.source.features[0][places].reshape(len(places), -1).astype(np.float32)
    rows = prepared.split.development[places]
    recipe = fit_recipe(prepared.columns, (rows,), arrays=prepared.arrays, embedding="none")
    return apply_recipe(recipe, prepared.columns, arrays=prepared.arrays, rows=rows)


def columns_under(rule: str, columns: tuple[TypedColumn, ...], settings: Settings) -> tuple[TypedColumn, ...]:
    """Give the number columns whose extreme numbers are treated by a rule ("drop", "clip" or "flag")."""
    return tuple(
        column
        for column in columns
        if column.spec.kind is Kind.NUMBER and find_rule(settings, column.spec.name) == rule
    )


def learned_target(target: Target, settings: Settings) -> DoubleArray:
    """Give the target as the network learns it: its logarithm if so set, else unchanged."""
    if target.task is Task.REGRESSION and settings.target_log:
        return np.log(target.values)
    return target.values


def thin_folds(prepared: Prepared, *, n_fit: int | None = None) -> tuple[Fold, ...]:
    """Give the folds with a nested subset of the fit rows and a sample of the validation rows.

    The order of both follows from the data's fingerprint alone, so that a smaller subset lies inside a larger one
    and every part of the study sees the same validation rows.

    Args:
        prepared: the split.
        n_fit: fit rows to keep of each fold; all when left out. A fold that loses fit rows also keeps fewer
            validation rows: they would cost more than half of the training of a subset.
    """
    seed = int(prepared.split.fingerprint[:12], 16)
    thinned = []
    for k, fold in enumerate(prepared.folds):
        fit, held = fold.fit, fold.validation
        most = MOST_VALIDATION_ROWS
        if n_fit is not None and len(fit) > n_fit:
            fit = np.sort(np.random.default_rng((seed, k, 0)).permutation(fit)[:n_fit])
            most = count_validation(n_fit)
        if len(held) > most:
            held = np.sort(np.random.default_rng((seed, k, 1)).permutation(held)[:most])
        thinned.append(Fold(fit, held))
    return tuple(thinned)


def make_tensors(prepared: Prepared, folds: tuple[Fold, ...]) -> Tensors:
    """Build the padded arrays of some folds."""
    return build_tensors(prepared.source, folds)


def encode_other_rows(prepared: Prepared, rows: IndexArray) -> tuple[FloatArray, ...]:
    """Encode rows (the sealed ones, without their labels) with every state: float32 [rows, features] each."""
    return tuple(
        apply_recipe(prepared.recipe, prepared.columns, arrays=prepared.arrays, state=k, rows=rows)
        for k in range(len(prepared.folds))
    )


def take_development(prepared: Prepared, places: IndexArray) -> tuple[FloatArray, ...]:
    """Give some development rows as each state encodes them, without encoding them again.

    Args:
        prepared: the arrays.
        places: positions within the development rows.

    Returns:
        float32 [rows, features] for each state.
    """
    source = prepared.source
    if source.scales is None:
        return tuple(source.features[:, places])
    taken = source.features[0][places].astype(np.float32)
    scales = zip(source.scales.center, source.scales.spread, strict=True)
    return tuple(
        ((taken - center) / spread).reshape(len(taken), prepared.recipe.n_features)
        for center, spread in scales
    )


def _within(rows: IndexArray, development: IndexArray) -> IndexArray:
    return np.searchsorted(development, rows)
