"""Who is affected by an outlier rule: the delivered configuration is trained with and without it, on the same rows."""

from __future__ import annotations

from dataclasses import replace

from heldout.evidence.compare import EARLY_STOPPED_WIDTH
from heldout.evidence.crossfit import deploy_run, has_diverged
from heldout.evidence.dropped import judge_affected
from heldout.evidence.harmed import find_harmed
from heldout.executors.local import Job
from heldout.label_sets import look_up
from heldout.recipe.outliers import OutlierLimits, find_limits, flag_clipped, flag_outliers, list_extreme
from heldout.records import (
    Affected,
    BoolArray,
    ChangeByGroup,
    Choice,
    Configuration,
    ConfigurationRun,
    IndexArray,
    JudgeSettings,
)
from heldout.settings import OUTLIER_RULES, Settings, find_strongest_rule
from heldout.stages.attributes import describe_rows
from heldout.stages.preparing import Prepared, columns_under, encode_rows, make_tensors, thin_folds
from heldout.stages.reading import Reading
from heldout.stages.training import SEED_STRIDE, Crew, Trained

LEAST_SEEDS = 5  # fewer seeds cannot carry a claim that a rule helps or hurts
LEAST_ROWS = 40
FLAGGED = "the rows beyond the limits"
MOST_NAMED = 5


def judge_outliers(
    crew: Crew,
    reading: Reading,
    prepared: Prepared,
    *,
    judged: tuple[Trained, Choice, JudgeSettings],
) -> Affected | None:
    """Say whose rows the outlier rule concerns and, where rows are dropped or clipped as asked, whom that hurts.

    Without a rule of the user only the recipe's own limits are looked at (a number far outside is pulled in so that
    one cell cannot rule a network); nothing is trained for that.

    Args:
        crew: settings, plan, executor.
        reading: the data.
        prepared: the data as the study was fitted.
        judged: what was trained, the choice, and what losses are judged against.

    Returns:
        None where no row is concerned and no rule was asked for, or there are too few rows.
    """
    shown = preview_outliers(reading, prepared, crew.settings)
    few = len(prepared.split.development) < LEAST_ROWS
    if shown is None or few or find_strongest_rule(crew.settings) not in ("drop", "clip"):
        return shown
    flags = flag_rows(prepared, crew.settings)[prepared.split.development]
    harm = _find_harm(crew, reading, prepared, judged=judged, flags=flags)
    return replace(
        shown, harm=harm, sentence=shown.sentence if harm is None else f"{shown.sentence} {harm.sentence}"
    )


def preview_rule(reading: Reading, prepared: Prepared, settings: Settings) -> Affected | None:
    """Say whose rows would be dropped or changed, before any is; None where no rule was asked for.

    Args:
        reading: the data.
        prepared: the data as the study would be fitted.
        settings: outliers, outlier_limit, and the rules of single columns.
    """
    if find_strongest_rule(settings) == "keep":
        return None
    return preview_outliers(reading, prepared, settings)


def preview_outliers(reading: Reading, prepared: Prepared, settings: Settings) -> Affected | None:
    """Say whose rows the outlier rule concerns, before anything is trained.

    Args:
        reading: the data.
        prepared: the data as the study would be fitted.
        settings: outliers, outlier_limit, and the rules of single columns.

    Returns:
        None where no row is concerned and no rule was asked for; of a rule in use the rows are counted even where
        they are too few to say whose they are.
    """
    split, rule = prepared.split, find_strongest_rule(settings)
    few = len(split.development) < LEAST_ROWS
    if rule == "keep" and few:
        return None
    flags = flag_rows(prepared, settings)[split.development]
    if rule == "keep" and not flags.any():
        return None
    rows = split.development
    truth = look_up(reading.target, reading.target.values[rows])
    attributes = () if few else describe_rows(reading, prepared, settings, rows=rows, truth=truth)
    extreme = _list_extreme(prepared, settings)
    return judge_affected(
        flags,
        # that rows with a large dose are dropped for a large dose says nothing about whose they are
        attributes=[item for item in attributes if item.name not in extreme],
        unit=split.unit[rows],
        rule=say_rule(settings, extreme),
        alternatives=list_alternatives(settings),
        is_applied=rule != "keep",
    )


def flag_rows(prepared: Prepared, settings: Settings) -> BoolArray:
    """Mark the rows that the rule concerns, each by limits fitted without it where it was validated.

    Args:
        prepared: columns, split, recipe.
        settings: outliers, outlier_limit.

    Returns:
        bool [N], for all rows of the table.
    """
    split = prepared.split
    by_fold = [
        flag_clipped(prepared.recipe, prepared.columns, state=k)
        if find_strongest_rule(settings) == "keep"
        else flag_outliers(prepared.columns, _find_ruled_limits(prepared, settings, fold.fit))
        for k, fold in enumerate(split.folds)
    ]
    flags = by_fold[-1].copy()
    for fold, found in zip(split.folds, by_fold, strict=True):
        flags[fold.validation] = found[fold.validation]
    return flags


def say_rule(settings: Settings, extreme: tuple[str, ...] = ()) -> str:
    """Begin the sentence that says what the rule does.

    Args:
        settings: outliers, outlier_limit.
        extreme: columns that hold the extreme numbers.

    Example:
        >>> say_rule(Settings(outliers="drop"), ("dose",))
        "The rule of 3 standard deviations (extremes in 'dose') drops"
    """
    shown = ", ".join(repr(name) for name in extreme[:MOST_NAMED])
    more = f" and {len(extreme) - MOST_NAMED} more" if len(extreme) > MOST_NAMED else ""
    limit = f"{settings.outlier_limit:g} standard deviations" + (
        f" (extremes in {shown}{more})" if extreme else ""
    )
    return {
        "drop": f"The rule of {limit} drops",
        "clip": f"The rule of {limit} pulls in numbers of",
        "flag": f"Nothing was changed; a rule of {limit} would drop",
        "keep": "No row was dropped; the limits of the scales pull in a number of",
    }[find_strongest_rule(settings)]


def _list_extreme(prepared: Prepared, settings: Settings) -> tuple[str, ...]:
    if find_strongest_rule(settings) == "keep":
        return ()
    found: dict[str, None] = {}
    for fold in prepared.split.folds:
        limits = _find_ruled_limits(prepared, settings, fold.fit)
        found |= dict.fromkeys(list_extreme(prepared.columns, limits))
    return tuple(found)


def _find_ruled_limits(prepared: Prepared, settings: Settings, rows: IndexArray) -> OutlierLimits:
    """Limits of the columns that any rule but "keep" was asked for."""
    ruled = tuple(
        column
        for rule in OUTLIER_RULES
        if rule != "keep"
        for column in columns_under(rule, prepared.columns, settings)
    )
    return find_limits(ruled, rows, limit=settings.outlier_limit)


def list_alternatives(settings: Settings) -> tuple[str, ...]:
    """Say what to do instead of the rule in use.

    Example:
        >>> list_alternatives(Settings(outliers="clip"))[0]
        'keep all numbers as they are (--outliers keep); they are scaled robustly in any case'
    """
    rule = find_strongest_rule(settings)
    if rule in ("keep", "flag"):
        return ()
    keep = "keep all numbers as they are (--outliers keep); they are scaled robustly in any case"
    clip = "pull extreme numbers in instead of dropping their rows (--outliers clip)"
    wider = f"a wider limit, e.g. --outlier-limit {settings.outlier_limit + 2:g}"
    return (clip, keep, wider) if rule == "drop" else (keep, wider)


def _find_harm(
    crew: Crew,
    reading: Reading,
    prepared: Prepared,
    *,
    judged: tuple[Trained, Choice, JudgeSettings],
    flags: BoolArray,
) -> ChangeByGroup | None:
    trained, choice, judge = judged
    configuration = trained.find(choice.name).configuration
    with_rule = _train_with_rule(crew, trained, configuration)
    without = _train_without_rule(crew, reading, prepared, configuration)
    if has_diverged(with_rule) or has_diverged(without):
        return None
    difference = deploy_run(with_rule, judge).losses - deploy_run(without, judge).losses
    rows = prepared.split.development[crew.tensors.order]
    truth = look_up(reading.target, reading.target.values[rows])
    return find_harmed(
        difference,
        attributes=describe_rows(reading, prepared, crew.settings, rows=rows, truth=truth),
        unit=judge.unit,
        what={"drop": "Dropping", "clip": "Clipping"}[find_strongest_rule(crew.settings)],
        alpha=judge.alpha,
        widen=EARLY_STOPPED_WIDTH,
        extra=((FLAGGED, flags[crew.tensors.order]),),
    )


def _without_rules(settings: Settings) -> Settings:
    columns = {name: item.model_copy(update={"outliers": None}) for name, item in settings.columns.items()}
    return settings.model_copy(update={"outliers": "keep", "columns": columns})


def _list_seeds(crew: Crew) -> tuple[int, ...]:
    first = crew.settings.seed * SEED_STRIDE
    return tuple(range(first, first + max(LEAST_SEEDS, len(crew.seeds))))


def _train_with_rule(crew: Crew, trained: Trained, configuration: Configuration) -> ConfigurationRun:
    if len(crew.seeds) >= LEAST_SEEDS:  # the study's own networks were fitted with the rule
        return trained.find(configuration.name)
    return crew.executor.train(Job("outliers with the rule", (configuration,), _list_seeds(crew)))[0]


def _train_without_rule(
    crew: Crew, reading: Reading, prepared: Prepared, configuration: Configuration
) -> ConfigurationRun:
    """Train the same configuration on all fit rows, encoded as if no rule had been asked for."""
    kept = encode_rows(
        reading,
        prepared.split,
        prepared.columns,
        _without_rules(crew.settings),
    )
    plan = crew.plan
    n_fit = plan.n_fit if plan.n_fit < plan.n_fit_all else None
    tensors = make_tensors(kept, thin_folds(kept, n_fit=n_fit))
    executor = crew.workplace.make_executor(tensors, plan.schedule, shapes=plan.shapes)
    return executor.train(Job("outliers kept", (configuration,), _list_seeds(crew)))[0]
