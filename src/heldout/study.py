"""THE MAIN PATH: from messy rows to a network that generalizes, with the evidence.

`run_study` reads like a good practitioner's rule of thumb; everything it calls lives in the rooms below.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.errors import UsageError
from heldout.events import TESTING, ProgressChoice
from heldout.folder import default_name
from heldout.settings import Settings, load_settings
from heldout.stages import announcing
from heldout.stages.answers import ExternalScore, Look, PlannedStudy, Study
from heldout.stages.spawning import Asked, is_kernel, run_apart
from heldout.train.device import check_device, prepare_device

if TYPE_CHECKING:
    from heldout.bundle import PredictionReport
    from heldout.report import StudyContent
    from heldout.stages.reading import Reading
    from heldout.stages.workplace import Workplace


def run_study(
    reading: Reading, settings: Settings, workplace: Workplace, *, source: str, strict: bool
) -> StudyContent:
    """Do what a good practitioner does by hand; see the first paragraph of the documentation.

    Args:
        reading: the data as read.
        settings: what was asked for.
        workplace: folder, events, clock.
        source: name of the data.
        strict: refuse data with a critical finding.

    Returns:
        Everything the study found, as the report shows it.
    """
    from heldout.evidence import choose
    from heldout.stages import delivering, gating, grouping, judging, preparing, saving, testing, training

    # look at the data, split it honestly, turn it into tensors
    with workplace.phase("preparing"):
        prepared, findings = preparing.prepare(reading, settings, strict=strict)
        reading = prepared.reading  # labels that too few rows have are left out, and named
        plan = preparing.plan_training(prepared, settings)
        folds = preparing.thin_folds(prepared, n_fit=plan.n_fit)
        tensors = preparing.make_tensors(prepared, folds)
        judge = judging.make_judge(prepared, tensors, folds, n_seeds=plan.n_seeds, log=settings.target_log)
        saving.save_start(workplace, prepared, plan, settings, findings=findings, source=source)
        announcing.tell_plan(workplace, prepared, plan, judge, names=(source, reading.target.name))
        announcing.tell_rule(workplace, prepared, settings)  # whom dropped outliers are taken from

    # start with a small network and grow it until it overfits; read the curves
    with workplace.phase("training"):
        crew = training.Crew(workplace, tensors, plan, settings)
        ladder = crew.train_ladder(judge)
        ladder_verdict = announcing.tell_ladder(workplace, judging.judge_ladder(ladder, judge), ladder)

        # try the remedies one by one on the same rows and seeds, then pairs of what helped
        rung = training.find_remedy_rung(ladder_verdict, ladder)
        ladder = crew.complete_seeds(ladder, rung)
        remedies = crew.train_remedies(rung, judge)
        results = announcing.tell_remedies(workplace, judging.judge_remedies(ladder, remedies, rung, judge))
        trained = crew.add_pairs(training.Trained(ladder, remedies, (), rung), results, judge)

        # choose the simplest thing that comes within three quarters of a standard error of the best
        choice = choose(trained.all_runs(), judge)
        controls = crew.train_controls(trained, choice, judge, prepared)
        chosen_verdict = judging.judge_delivered(choice.name, trained, judge, permuted=controls.permuted)
        judgement = judging.Judgement(ladder_verdict, chosen_verdict, results, choice, controls, judge)

        # before any verdict stands: could a fault of the data or the training explain the losses?
        data = gating.Gated(reading, prepared, folds, findings, settings)
        verdicts = announcing.tell_final(workplace, gating.pass_gates(crew, trained, judgement, data=data))

    # train what is delivered, and the simple predictors that it is held against
    with workplace.phase("delivering"):
        delivered = delivering.train_delivered(crew, trained, choice, reading, prepared)
        outputs = testing.train_baselines(reading, prepared, delivered.folds, settings, workplace=workplace)

    # ask for whom it fails, who pays for dropped outliers, what was learned by heart: before the test is opened
    with workplace.phase("groups"):
        groups = grouping.look_at_groups(
            crew, (reading, prepared, delivered), judged=(trained, results, choice, judge)
        )
    # test once
    with workplace.phase(TESTING):
        corrected = judging.score_whole_choice(trained, choice, judge, delivered.bundle.target_spread)
        scores = testing.open_test(
            workplace, reading, prepared, delivered, outputs, settings=settings, corrected=corrected
        )
    # say how sure that is and for whom it works, and hand it over
    judged = (trained, replace(verdicts, groups=groups))
    return saving.save_end(workplace, (reading, prepared, findings), judged, (delivered, scores), source)


def fit(
    source: Any,  # noqa: ANN401 - a path or any data frame
    settings: Settings | None = None,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    progress: ProgressChoice = "auto",
    strict: bool = False,
    **options: Any,  # noqa: ANN401 - any setting
) -> Study:
    """Find, train and judge a network for one column of a table.

    Args:
        source: path, or a pandas, polars or pyarrow frame.
        settings: all settings; or name them as options, e.g. `target="num", group="patient"`.
        out: folder of the study; `runs/<name>` by default, never an existing one.
        resume: continue the study in the folder.
        progress: how progress is shown on standard error.
        strict: refuse data with a critical finding.
        **options: settings by name, and `config` for a settings file.

    Returns:
        The finished study.

    Raises:
        HeldoutError: data, settings or folder are refused; the message says what to do.
        StudyInterrupted: stopped by Ctrl-C or SIGTERM; `resume=True` continues.

    Example:
        >>> fit("no-such-file.csv", target="y")
        Traceback (most recent call last):
        heldout.errors.DataError: there is no file 'no-such-file.csv'
    """
    from heldout.stages.reading import name_source

    _refuse_dry_run(options)
    settings, name = _resolve(settings, options), name_source(source)
    folder = Path(out) if out is not None else default_name(name, resume=resume)
    asked = Asked(source, settings, folder, resume, strict)
    if is_kernel():  # a notebook may have fixed JAX's devices already, and goes on using its memory
        run_apart(asked, progress=progress)
        return load(folder)
    prepare_device(device=settings.device)
    check_device(settings.device)
    from heldout.stages.opening import open_study  # loads JAX, whose devices are settled now

    with open_study(asked, progress=progress) as opened:
        if opened is not None:
            run_study(opened.reading, settings, opened.workplace, source=name, strict=strict)
    return load(folder)


def _resolve(settings: Settings | None, options: dict[str, Any]) -> Settings:
    if settings is None:
        return load_settings(options.pop("config", None), **options)
    if options:
        raise UsageError(f"give either settings or options, got both: {', '.join(options)}")
    return settings


def _refuse_dry_run(options: dict[str, Any]) -> None:
    if "dry_run" in options:
        raise UsageError(
            "fit always trains, and takes no dry_run",
            hint="heldout.dry_run(source, ...) says what a study would train, with the same options",
        )


def look(source: Any, settings: Settings | None = None, **options: Any) -> Look:  # noqa: ANN401
    """Show how every column is read, why, and what to decide; trains nothing.

    Columns with two readings, which `fit` refuses, are asked about beside the others.

    Args:
        source: path or frame.
        settings: all settings, or name them as options.
        **options: settings by name.
    """
    from heldout.stages.looking import look_at

    resolved = _resolve(settings, options)
    return Look(look_at(source, resolved), resolved.show_rows)


def dry_run(source: Any, settings: Settings | None = None, **options: Any) -> PlannedStudy:  # noqa: ANN401
    """Say what a study would train, and at what price; trains nothing.

    Args:
        source: path or frame.
        settings: all settings, or name them as options.
        **options: settings by name.
    """
    from heldout.stages.looking import plan_study

    resolved = _resolve(settings, options)
    return PlannedStudy(plan_study(source, resolved), resolved.show_rows)


def load(path: str | Path) -> Study:
    """Open a finished study.

    Args:
        path: its folder.

    Raises:
        StudyError: there is no finished study, or its record is damaged.

    Example:
        >>> load("no/such/study")
        Traceback (most recent call last):
        heldout.errors.StudyError: 'no/such/study' holds no finished study
          -> continue it with --resume, or name another folder
    """
    from heldout.stages.loading import load_content

    return Study(Path(path), load_content(Path(path)))


def salvage(path: str | Path) -> Study:
    """Open a study as far as it can be read, also one that is not finished, damaged or of another version.

    Args:
        path: its folder.

    Returns:
        The study; `content.partial` says what is missing.

    Raises:
        StudyError: nothing there belongs to a study.

    Example:
        >>> salvage("no/such/study")
        Traceback (most recent call last):
        heldout.errors.StudyError: 'no/such/study' holds no study that can be read
          -> name the folder that --out named, or one under runs/
    """
    from heldout.stages.salvaging import salvage_content

    return Study(Path(path), salvage_content(Path(path)))


def predict(
    model: str | Path,
    source: Any,  # noqa: ANN401 - a path or any data frame
    *,
    settings: Settings | None = None,
    allow_shift: bool = False,
    **options: Any,  # noqa: ANN401 - any setting
) -> PredictionReport:
    """Predict new raw rows, pictures, signals or sequences with a study or a bundle.

    Args:
        model: folder of a study, or a bundle.
        source: path or frame with the columns the bundle needs; of examples a file, an archive or a folder.
        settings: how to read, or name it as options.
        allow_shift: predict although a column looks like another unit or kind.
        **options: settings by name: header, delimiter, encoding, sheet, images, hdu, ...
    """
    from heldout.stages.predicting import predict_rows

    return predict_rows(model, source, _resolve(settings, options), allow_shift=allow_shift)


def score(model: str | Path, source: Any, settings: Settings | None = None, **options: Any) -> ExternalScore:  # noqa: ANN401
    """Score a study or bundle on new rows whose target is known: external validation.

    Every call is journalled beside the study with the fingerprint of the rows.

    Args:
        model: folder of a study, or a bundle.
        source: path or frame.
        settings: target, target_map, group and how to read, or name them as options.
        **options: settings by name; `allow_shift=True` scores although a column looks like another unit.
    """
    prepare_device()
    from heldout.stages.validating import score_external

    allow_shift = bool(options.pop("allow_shift", False))
    return score_external(model, source, _resolve(settings, options), allow_shift=allow_shift)
