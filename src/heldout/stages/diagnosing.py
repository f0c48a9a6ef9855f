"""`heldout.diagnose`: the verdict on a training that another tool ran and logged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from heldout.adapters import ReadLogs, Roles, read_logs
from heldout.adapters.folders import list_logs
from heldout.adapters.per_example import LossArchive, is_archive, merge_archives, read_archive
from heldout.errors import DataError
from heldout.evidence import add_second_to_chosen, add_second_to_ladder, choose, judge_chosen, judge_ladder
from heldout.evidence.crossfit import has_diverged
from heldout.evidence.curve_rule import DELTA_SHARE
from heldout.evidence.gates import (
    gate_diverged,
    gate_easier,
    gate_loss_floor,
    list_overriding,
    override_chosen,
    override_ladder,
)
from heldout.evidence.gates.build import skip_gate
from heldout.evidence.logged import judge_logged
from heldout.evidence.logged_records import LoggedSettings, check_settings
from heldout.evidence.logged_words import check_floor, describe_gap
from heldout.records import (
    Answer,
    ChosenVerdict,
    Configuration,
    ConfigurationRun,
    Gate,
    Hyper,
    JudgeSettings,
    LadderVerdict,
    Outcome,
    Rung,
    Task,
)
from heldout.stages.diagnosis import Diagnosis

_NO_HYPER = Hyper(learning_rate=float("nan"), dropout=(), l1=(), l2=())


def diagnose(
    source: object,
    *,
    n_validation: int | None = None,
    constant_loss: float | None = None,
    classes: int | None = None,
    settings: LoggedSettings | None = None,
    format: str = "auto",  # noqa: A002 - the name of the option
    columns: Roles | None = None,
) -> Diagnosis:
    """Judge a training that another tool ran: is it overfitted in time, and from which epoch on?

    Curves of mean losses can show overfitting in time and nothing else; the losses of single validation rows
    (`heldout.callbacks` records them) get the full procedure. What was assumed stands in the answer.

    Args:
        source: a path or folder, a Keras history, a dictionary of lists, a frame, or a list of these (seeds).
        n_validation: validation rows behind each logged value; without it no verdict on curves.
        constant_loss: loss of always predicting the class shares (or the mean), for the tolerance.
        classes: number of classes, when the constant loss is unknown.
        settings: all of these and more in one record; replaces them.
        format: "auto" or the name of a format (`heldout.adapters.FORMATS`).
        columns: names of columns, where a guess is refused or wrong.

    Returns:
        `Diagnosis`; `print` shows it.

    Raises:
        DataError: a log that cannot be judged as it stands; the message names file, line, column and value.
        UsageError: a setting or column that cannot be.

    Example:
        >>> history = {"loss": [0.6, 0.3, 0.1, 0.0], "val_loss": [0.5, 0.3, 0.5, 0.8]}
        >>> diagnose(history, n_validation=2000, classes=2).word
        'overfit'
        >>> diagnose({"loss": [0.6, 0.3]}, n_validation=2000)
        Traceback (most recent call last):
        heldout.errors.DataError: dictionary: no validation loss among 'loss'
          -> log the loss on validation rows, or name its column: --train-loss COL --val-loss COL --epoch COL
    """
    asked = settings or LoggedSettings(n_validation, constant_loss, classes)
    check_settings(asked)
    sources = source if isinstance(source, list | tuple) and not _is_rows(source) else [source]
    paths = [path for item in sources if isinstance(item, str | Path) for path in list_logs(Path(item))]
    archives = [path for path in paths if is_archive(path)]
    if archives and len(archives) == len(paths) and all(isinstance(item, str | Path) for item in sources):
        return _judge_losses(merge_archives([read_archive(path) for path in archives]), asked)
    if archives:
        raise DataError(
            f"{archives[0]} holds losses of single rows, other sources hold curves", hint="give one kind"
        )
    return _judge_curves(
        read_logs(sources, format_name=format, roles=columns, is_said=bool(asked.loss)), asked
    )


def _is_rows(source: Sequence[object]) -> bool:
    """A list of dictionaries of numbers is one log, a list of dictionaries of lists are several."""
    return bool(source) and all(
        isinstance(item, dict) and not any(isinstance(value, list | tuple | dict) for value in item.values())
        for item in source
    )


def _judge_curves(logs: ReadLogs, asked: LoggedSettings) -> Diagnosis:
    settings = asked if asked.loss or not logs.loss else replace(asked, loss=logs.loss)
    verdict = judge_logged(logs.curves, settings)
    rests_on = [*verdict.rests_on, *logs.notes]
    if asked.n_validation is None and logs.n_validation_hint:
        rests_on.append(
            f"Samples a second times seconds say about {logs.n_validation_hint} validation rows: "
            f"--n-validation {logs.n_validation_hint}, if that is right."
        )
    told = [text for text in (check_floor(logs.curves, settings), describe_gap(logs.curves)) if text]
    cannot_say = tuple(
        f"{item.question}: {' '.join(item.would_decide)}"
        for item in verdict.answers
        if item.answer == "not applicable"
    )
    return Diagnosis(
        word=verdict.word,
        code=verdict.code,
        sentence=verdict.sentence,
        answers=verdict.answers,
        kind="curves",
        format=logs.format,
        columns=logs.columns,
        sources=tuple(item.source for item in logs.curves),
        n_validation=asked.n_validation,
        n_seeds=verdict.n_seeds,
        delta=verdict.delta,
        rests_on=(*rests_on, *told),
        cannot_say=cannot_say,
        log_next_time=verdict.log_next_time,
        logged=verdict,
        curves=logs.curves,
        second=() if verdict.second is None else (verdict.second,),
    )


def _judge_losses(archive: LossArchive, asked: LoggedSettings) -> Diagnosis:
    settings, notes = _make_judge(archive, asked)
    runs = _make_runs(archive, asked)
    n_rows = archive.losses.shape[3]
    name = choose(runs, settings).name if len(runs) > 1 else runs[0].configuration.name
    mine = next(run for run in runs if run.configuration.name == name)
    chosen = judge_chosen(mine, runs, settings, n_rows=n_rows)
    ladder = judge_ladder(runs, settings) if chosen.word != "cannot tell" else None
    if ladder is not None:
        chosen = add_second_to_chosen(chosen, mine, runs, settings)
        ladder = add_second_to_ladder(ladder, runs, settings)
    gates = check_logged_gates(mine, runs, settings)
    word, code, sentence = _name_losses(chosen, ladder, n_configs=len(runs))
    if list_overriding(gates) and ladder is not None:
        chosen = override_chosen(replace(chosen, word=word), gates)
        ladder = override_ladder(ladder, gates)
        word, code, sentence = chosen.word, chosen.code, chosen.sentence
    sentence = sentence.replace(", at 0 fit rows", "")  # archives do not say how many rows were fitted
    answers = chosen.answers
    if (
        ladder is not None and len(runs) == 1
    ):  # what was trained to the end is asked about, not its best epoch
        answers = tuple(ladder.per_rung[0][0] if item.question == "overtrained" else item for item in answers)
    return Diagnosis(
        word=word,
        code=code,
        sentence=sentence,
        answers=answers,
        kind="losses",
        format="losses of single rows",
        columns=f"configurations: {len(runs)}, epochs: {len(archive.epochs)}, seeds: {archive.losses.shape[2]}, "
        f"rows: {n_rows} in {np.unique(archive.unit).size} units",
        sources=(archive.source,),
        n_validation=n_rows,
        n_seeds=archive.losses.shape[2],
        delta=settings.delta,
        rests_on=(*notes, *_say_hits(runs), *_say_training(archive)),
        ladder=ladder,
        chosen=chosen,
        gates=gates,
        second=_list_second(chosen, ladder, n_configs=len(runs)),
    )


def _list_second(
    chosen: ChosenVerdict, ladder: LadderVerdict | None, *, n_configs: int
) -> tuple[Answer, ...]:
    """One configuration was trained to the end, several are chosen from."""
    found = [ladder.second if ladder else None, chosen.second if n_configs > 1 else None]
    return tuple(item for item in found if item is not None)


def check_logged_gates(
    chosen: ConfigurationRun, runs: Sequence[ConfigurationRun], settings: JudgeSettings
) -> tuple[Gate, ...]:
    """Ask the gates that losses of single rows and training losses allow.

    The other gates need the rows themselves, the number of fit rows, or further trainings; they say so.

    Args:
        chosen: the configuration that is judged.
        runs: all configurations, with training losses at their recorded epochs (NaN for unknown).
        settings: units, delta, task.

    Returns:
        HO301 to HO311, those that were not asked with the reason.
    """
    return (
        *(skip_gate(code, "the archive holds losses, not the rows") for code in ("HO301", "HO302")),
        *(skip_gate(code, "the archive holds losses, not the columns") for code in ("HO303", "HO304")),
        skip_gate("HO305", "no network was trained on permuted labels"),
        skip_gate("HO306", "the number of fit rows is unknown"),
        skip_gate("HO307", "no network was trained on a few rows"),
        skip_gate("HO308", "the number of fit rows is unknown"),
        _gate_easier(chosen, settings),
        _gate_floor(runs, settings),
        gate_diverged(runs),
    )


def _gate_easier(run: ConfigurationRun, settings: JudgeSettings) -> Gate:
    if not np.isfinite(run.train_curve).all():
        return skip_gate("HO309", "training losses were not recorded")
    # How many fit rows stand behind the training loss is unknown: as many as validation rows, usually more.
    places = np.arange(1, run.checkpoints.size + 1, dtype=np.int32)
    return gate_easier(replace(run, checkpoints=places, n_rows=run.losses.shape[2]), settings)


def _gate_floor(runs: Sequence[ConfigurationRun], settings: JudgeSettings) -> Gate:
    sound = [run for run in runs if not has_diverged(run)]
    if not sound or not sound[-1].hits.size:
        return skip_gate("HO310", "which rows were predicted rightly is not recorded")
    return gate_loss_floor(sound[-1].losses[-1], sound[-1].hits[-1], settings)


def _say_hits(runs: Sequence[ConfigurationRun]) -> tuple[str, ...]:
    if not runs[0].hits.size:
        return ()
    return (
        "Accuracy is read off the losses: right where the loss is below ln 2 = 0.693; that holds without class weights "
        "and label smoothing.",
    )


def _say_training(archive: LossArchive) -> tuple[str, ...]:
    if not archive.train_losses.size:
        return ()
    return (
        "Training losses are taken to be read like the validation losses: in evaluation mode, without penalty, with "
        f"{archive.losses.shape[3]} fit rows or more behind each.",
    )


def _name_losses(
    chosen: ChosenVerdict, ladder: LadderVerdict | None, *, n_configs: int
) -> tuple[str, str, str]:
    if ladder is None:
        return chosen.word, chosen.code, chosen.sentence
    if n_configs == 1 and ladder.word == "overfits from":
        onset = f" It shows from epoch {ladder.onset[0]} on." if ladder.onset[0] >= 0 else ""
        return "overfit", "HO131", f"Overfit in time: {ladder.per_rung[0][0].sentence}{onset}"
    told = chosen.sentence if n_configs == 1 else f"{ladder.sentence} {chosen.sentence}"
    return chosen.word, chosen.code, told


def _make_judge(archive: LossArchive, asked: LoggedSettings) -> tuple[JudgeSettings, tuple[str, ...]]:
    notes = []
    n_rows = archive.losses.shape[3]
    constant = archive.constant_losses
    if asked.constant_loss is not None or (not constant.size and asked.n_classes is not None):
        value = asked.constant_loss or math.log(asked.n_classes or 2)
        constant = np.full(n_rows, value)
        notes.append(f"The constant prediction is taken to lose {value:.4g} on every row.")
    if not constant.size:
        raise DataError(
            f"{archive.source}: the loss of the constant prediction is unknown, so there is no tolerance",
            hint="put constant_loss into the archive, or give --constant-loss or --classes",
        )
    delta = asked.tolerance or DELTA_SHARE * float(constant.mean())
    notes.append(f"Tolerance {delta:.3g}.")
    if archive.losses.shape[2] > 1:
        notes.append("Archives of one name are taken to be seeds of one configuration on the same rows.")
    if asked.n_validation is not None and asked.n_validation != n_rows:
        raise DataError(
            f"{archive.source}: losses of {n_rows} rows, but --n-validation says {asked.n_validation}",
            hint="leave --n-validation out: the archive knows",
        )
    task = Task(archive.task) if archive.task in tuple(Task) else Task.BINARY
    task = Task.REGRESSION if asked.loss == "squared error" else task
    n_units = np.unique(archive.unit).size
    settings = JudgeSettings(task, constant, archive.unit, delta, has_groups=bool(n_units < n_rows))
    return settings, tuple(notes)


def _make_runs(archive: LossArchive, asked: LoggedSettings) -> list[ConfigurationRun]:
    sizes = archive.n_parameters
    if len(archive.names) > 1 and (sizes <= 0).any():
        raise DataError(
            f"{archive.source}: {len(archive.names)} configurations without 'n_parameters'",
            hint="put the number of weights of each configuration into the archive: larger and smaller must be known",
        )
    order = np.argsort(sizes, kind="stable")
    runs = []
    for index, position in enumerate(order):
        losses = archive.losses[position]
        unknown = np.full(losses.shape[1::-1], np.nan)  # [S, E]
        trained = archive.train_losses[position] if archive.train_losses.size else unknown
        # of two classes the likelier one is named; of more, and of numbers, the losses do not tell which
        is_read = archive.task == "binary" and asked.loss in ("", "log-loss")
        hits = losses < math.log(2) if is_read else np.zeros((0, 0, 0), dtype=np.bool_)
        rung = Rung(index, (), int(sizes[position]), float("nan"))
        runs.append(
            ConfigurationRun(
                Configuration(archive.names[int(position)], rung, (), _NO_HYPER),
                archive.epochs.astype(np.int32),
                losses,
                hits,
                trained.astype(np.float32),
                losses.mean(axis=2).T,
                (Outcome.FINISHED,) * losses.shape[1],
                np.zeros((losses.shape[1], 0), np.float32),
                np.zeros((losses.shape[1], 0), np.float32),
                n_rows=0,
            )
        )
    return runs
