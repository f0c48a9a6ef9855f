"""THE MAIN PATH: from messy rows to a network that generalizes, with the evidence.

`run_study` reads like a good practitioner's rule of thumb; everything it calls lives in the rooms below.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.errors import DataError, HeldoutError, StudyError, UsageError
from heldout.events import Events, ProgressChoice, open_display, record_end
from heldout.folder import default_name, drop_cache, open_cache, open_folder
from heldout.settings import Settings, load_settings
from heldout.signals import catch_signals
from heldout.stages import announcing
from heldout.stages.answers import ExternalScore, Look, PlannedStudy
from heldout.stages.spawning import Asked, is_kernel, run_apart
from heldout.train.device import check_device, prepare_device

if TYPE_CHECKING:
    from heldout.bundle import PredictionReport
    from heldout.recipe import CellExplanation, PositionExplanation
    from heldout.records import Candidate, ChosenVerdict, LadderVerdict, Score
    from heldout.report import StudyContent
    from heldout.stages.comparing import Comparison
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
        plan = preparing.plan_training(prepared, settings)
        workplace.budget_seconds = plan.budget_seconds
        folds = preparing.thin_folds(prepared, n_fit=plan.n_fit)
        tensors = preparing.make_tensors(prepared, folds)
        judge = judging.make_judge(prepared, tensors, folds)
        saving.save_start(workplace, prepared, plan, settings, findings=findings, source=source)
        announcing.tell_plan(workplace, prepared, plan, judge, names=(source, reading.target.name))

    # start small and grow the network until it overfits; read the curves
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

        # choose the simplest that is not worse
        choice = choose(trained.all_runs(), judge)
        controls = crew.train_controls(trained, choice, judge, prepared)
        chosen_verdict = judging.judge_delivered(choice.name, trained, judge, permuted=controls.permuted)
        judged = judging.Verdicts(ladder_verdict, chosen_verdict, results, choice, controls, judge)

        # before any verdict stands: could a fault of the data or the training explain the losses?
        data = gating.Gated(reading, prepared, folds, findings, settings)
        verdicts = announcing.tell_final(workplace, gating.pass_gates(crew, trained, judged, data=data))

    # train what is delivered, fit the simple predictors, then open the test once
    with workplace.phase("delivering"):
        delivered = delivering.train_delivered(crew, trained, choice, reading, prepared)
        outputs = testing.train_baselines(reading, prepared, delivered.folds, settings)

    # ask for whom it fails, who pays for dropped outliers, what was learned by heart
    with workplace.phase("groups"):
        groups = grouping.look_at_groups(
            crew, (reading, prepared, delivered), judged=(trained, results, choice, judge)
        )
    with workplace.phase("testing"):
        corrected = judging.score_whole_choice(trained, choice, judge, delivered.bundle.target_spread)
        scores = testing.open_test(
            workplace, reading, prepared, delivered, outputs, settings=settings, corrected=corrected
        )
    # say for whom it works, and hand it over
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
    from heldout.stages import reading as reading_stage

    settings = _resolve(settings, options)
    name = reading_stage.name_source(source)
    folder_path = Path(out) if out is not None else default_name(name, resume=resume)
    if is_kernel():  # a notebook may have fixed JAX's devices already, and goes on using its memory
        run_apart(Asked(source, settings, folder_path, resume, strict), progress=progress)
        return load(folder_path)
    prepare_device(device=settings.device)
    check_device(settings.device)
    # these load JAX, and come after its devices are settled
    from heldout.stages.saving import describe_identity
    from heldout.stages.workplace import Workplace

    with open_cache(folder_path, resume=resume) as cache:
        reading = reading_stage.read_data(source, settings, cache=cache)
    identity = describe_identity(reading, settings)
    with open_folder(folder_path, resume=resume, identity=identity) as folder:
        if folder.has("content.json"):
            return load(folder_path)
        try:
            sink = Events(folder.path / "events.jsonl", open_display(progress))
            with catch_signals(), sink as events, record_end(events):
                workplace = Workplace(folder, events, json.dumps(identity, sort_keys=True))
                run_study(reading, settings, workplace, source=name, strict=strict)
            drop_cache(folder_path)
        except HeldoutError:
            if not folder.has("study.json"):  # refused before anything was begun: leave no trace
                folder.discard()
            raise
    return load(folder_path)


def _resolve(settings: Settings | None, options: dict[str, Any]) -> Settings:
    if settings is None:
        return load_settings(options.pop("config", None), **options)
    if options:
        raise UsageError(f"give either settings or options, got both: {', '.join(options)}")
    return settings


def look(source: Any, settings: Settings | None = None, **options: Any) -> Look:  # noqa: ANN401
    """Show how every column is read, why, and what to decide; trains nothing.

    Args:
        source: path or frame.
        settings: all settings, or name them as options.
        **options: settings by name.
    """
    from heldout.stages.looking import look_at

    return Look(look_at(source, _resolve(settings, options)))


def plan(source: Any, settings: Settings | None = None, **options: Any) -> PlannedStudy:  # noqa: ANN401
    """Say what a study would train, and at what price; trains nothing.

    Args:
        source: path or frame.
        settings: all settings, or name them as options.
        **options: settings by name.
    """
    from heldout.stages.looking import plan_study

    return PlannedStudy(plan_study(source, _resolve(settings, options)))


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
    prepare_device()
    from heldout.bundle import load_bundle, predict_table
    from heldout.stages.reading import read_new

    bundle = load_bundle(model)
    policies = tuple(plan.policy for plan in bundle.recipe.arrays)
    return predict_table(
        bundle, read_new(source, _resolve(settings, options), policies), allow_shift=allow_shift
    )


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
    return ExternalScore(*score_external(model, source, _resolve(settings, options), allow_shift=allow_shift))


@dataclass(frozen=True)
class Verdicts:
    """The two verdicts of a study.

    Args:
        ladder: from which size on the data are overfitted.
        chosen: on the delivered configuration.
    """

    ladder: LadderVerdict | None
    chosen: ChosenVerdict | None

    def __str__(self) -> str:
        return "\n".join(item.sentence for item in (self.chosen, self.ladder) if item is not None)


@dataclass(frozen=True)
class Study:
    """A finished study: its verdict, scores and model. Nothing is computed when it is shown.

    Args:
        folder: where it lies.
        content: everything it shows.
    """

    folder: Path
    content: StudyContent

    @property
    def verdict(self) -> Verdicts:
        """The verdict on the ladder and on the delivered configuration."""
        return Verdicts(self.content.ladder, self.content.chosen)

    @property
    def score(self) -> Score | None:
        """The primary score: on the sealed test rows, else on development rows; None when neither is honest."""
        return next(iter(self.content.test_scores or self.content.development_scores), None)

    def leaderboard(self) -> tuple[Candidate, ...]:
        """Give all configurations, best loss first, with intervals."""
        return () if self.content.choice is None else self.content.choice.candidates

    def predict(self, source: Any, *, allow_shift: bool = False) -> Any:  # noqa: ANN401 - frame in, frame out
        """Predict new raw rows; gives a frame of the kind that came in (polars for a path)."""
        from heldout.stages.frames import make_frame

        return make_frame(predict(self.folder, source, allow_shift=allow_shift), like=source)

    def explain(
        self,
        source: Any,  # noqa: ANN401
        row: int,
        column: str,
        *,
        fold: int = 0,
        at: tuple[int, ...] = (),
    ) -> CellExplanation:
        """Show the way of one raw cell, pixel or point into the network's input: steps, tensor positions, numbers.

        Args:
            source: path or frame with the raw rows.
            row: position of the row, from 0.
            column: column name, or the name of a picture or signal.
            fold: whose fitted state is used, from 0.
            at: one place of it: (character,) of a text, (position,) of a sequence (from 1), (row, column, channel) of a
                picture, (point, channel) of a signal.
        """
        from heldout.stages.explaining import explain_raw

        return explain_raw(self.folder, source, row, column, fold=fold, at=at)

    def explain_position(self, position: int, *, fold: int = 0) -> PositionExplanation:
        """Say of one position of the network's input which column and value it stands for, and in which unit."""
        from heldout.stages.explaining import explain_input

        return explain_input(self.folder, position, fold=fold)

    def report(self, path: str | Path | None = None, *, show_rows: bool = False) -> Path:
        """Write the report as one HTML page and give its path; rows of the data only with `show_rows`."""
        from heldout.stages.reporting import write_report

        place = None if path is None else Path(path)
        return write_report(self.content, self.folder, place, show_rows=show_rows)

    def answer_text(self) -> str:
        """Give the answer in at most 25 lines."""
        from heldout.report import answer_text

        return answer_text(self.content)

    def answer_json(self) -> dict[str, Any]:
        """Give the answer as one object of plain values, schema `heldout/study/1`."""
        from heldout.report import answer_json

        return answer_json(self.content)

    def __str__(self) -> str:
        return self.answer_text()

    def __repr__(self) -> str:
        chosen = self.content.chosen
        return f"<Study {str(self.folder)!r}: {chosen.word if chosen else 'no verdict'}; print it for the answer>"

    def compare(self, other: str | Path | Study) -> Comparison:
        """Compare with another finished study of the same data, paired by row and by seed; see `heldout.compare`."""
        from heldout.stages.comparing import compare

        return compare(self, other)

    def _repr_html_(self) -> str:
        from heldout.report.notebook import show_study

        return show_study(self.content)


__all__: Sequence[str] = [
    "DataError",
    "Study",
    "StudyError",
    "fit",
    "load",
    "look",
    "plan",
    "predict",
    "score",
]
