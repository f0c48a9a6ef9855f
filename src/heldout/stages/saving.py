"""What a study leaves in its folder."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from heldout.bundle import bundle_bytes, find_common_values
from heldout.bundle.manifest import hash_bytes
from heldout.counts import count_things
from heldout.evidence import list_findings
from heldout.folder import StudyFolder
from heldout.label_sets import look_up
from heldout.plan import Plan
from heldout.recipe import recipe_hash, recipe_to_json
from heldout.records import BoolArray, ConfigurationRun, Finding, IndexArray, Task
from heldout.report import StudyContent, answer_json
from heldout.settings import Settings
from heldout.sources import name_rows, tell_reading
from heldout.split import find_copies
from heldout.stages import telling
from heldout.stages.announcing import say_guess
from heldout.stages.attributing import keep_first_lines, tell_affected
from heldout.stages.codec import to_json_values, to_plain
from heldout.stages.delivering import Delivered
from heldout.stages.grouping import show_on_test
from heldout.stages.judging import Judgement
from heldout.stages.loading import CONTENT_SCHEMA as CONTENT_SCHEMA
from heldout.stages.loading import load_content as load_content
from heldout.stages.loading import name_paths
from heldout.stages.preparing import Prepared, gather_audit, thin_folds
from heldout.stages.reading import Reading
from heldout.stages.reporting import make_files
from heldout.stages.showing import (
    compare_numbers,
    count_confusions,
    list_mistakes,
    score_labels,
    take_examples,
    weigh_evidence,
)
from heldout.stages.sketching import sketch_columns
from heldout.stages.suspecting import suspect_labels
from heldout.stages.testing import Scores
from heldout.stages.training import Trained
from heldout.stages.workplace import Workplace

OPENED = "test.json"


def describe_identity(reading: Reading, settings: Settings) -> dict[str, object]:
    """Give what the results depend on: data, settings, versions. A study is resumed only with the same."""
    return {
        "data": reading.fingerprint,
        # what is told or shown changes no number
        "settings": settings.model_dump(mode="json", exclude={"mute", "show_rows"}),
        "versions": dict(telling.list_versions()),
        "machine": platform.machine(),
    }


def save_start(
    workplace: Workplace,
    prepared: Prepared,
    plan: Plan,
    settings: Settings,
    *,
    findings: tuple[Finding, ...],
    source: str,
) -> None:
    """Write what is known before the first network is trained, its budget too: request, plan, audit, split, recipe."""
    from safetensors.numpy import save

    folder, workplace.budget_seconds = workplace.folder, plan.budget_seconds
    start = {
        "schema": "heldout/start/1",
        "source": source,
        "command": _name_command(sys.argv),
        "settings": settings.model_dump(mode="json"),
        "versions": dict(telling.list_versions(plan.rungs)),
        "fingerprint": prepared.split.fingerprint,
        "recipe": recipe_hash(prepared.recipe),
        "plan": to_json_values(plan),
    }
    folder.write_json("study.json", start)
    # runs of another plan (other epochs, other programs) or of another way of convolution, whose last digits differ,
    # must never be read back as runs of this one
    workplace.identity += json.dumps([start["plan"], start["versions"]], sort_keys=True)
    folder.write_json("audit.json", {"schema": "heldout/audit/1", "findings": to_plain(findings)})
    validated = {"validated": list_validated(prepared, plan).tolist()}
    folder.write_json(
        "split.json", {"schema": "heldout/split/1", **to_json_values(prepared.split), **validated}
    )
    text, arrays = recipe_to_json(prepared.recipe)
    folder.write_text("recipe.json", text)
    folder.write_bytes(
        "recipe.safetensors", save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    )
    if guess := say_guess(prepared.reading.target):
        workplace.events.say(guess)
    workplace.events.say(
        f"plan: about {plan.seconds:.0f} seconds, {count_things(len(plan.rungs), 'rung')}, "
        f"{count_things(plan.n_seeds, 'seed')}, {count_things(plan.n_folds, 'fold')}"
    )


def list_validated(prepared: Prepared, plan: Plan) -> IndexArray:
    """Give the place in the table of each row whose validation loss is recorded, in the order of the losses."""
    folds = thin_folds(prepared, n_fit=plan.n_fit)
    return prepared.split.development[np.concatenate([fold.validation for fold in folds])]


def save_end(
    workplace: Workplace,
    data: tuple[Reading, Prepared, tuple[Finding, ...]],
    judged: tuple[Trained, Judgement],
    delivery: tuple[Delivered, Scores],
    source: str,
) -> StudyContent:
    """Write bundle, test, verdict, curves and report; `content.json`, the mark of a finished study, comes last."""
    folder, (delivered, scores) = workplace.folder, delivery
    reading, prepared, _ = data
    bundle = replace(
        delivered.bundle,
        metric=scores.metrics[0],
        scores=scores.test or scores.development,
        common_values=find_common_values(prepared.columns, rows=prepared.split.development),
        versions=telling.list_versions([run.configuration.rung for run in judged[0].ladder]),
    )
    packed = bundle_bytes(bundle)
    folder.write_bytes("bundle.zip", packed)
    if scores.test:
        folder.write_json(OPENED, {"opened": scores.opened, "scores": to_json_values(scores.test)})
    content = gather_content(workplace, data, judged, delivery, source=source)
    content = replace(content, bundle_sha256=hash_bytes(packed))
    _write_curves(folder, judged[0].all_runs())
    folder.write_json("verdict.json", answer_json(content))
    for name, text in make_files(content, show_rows=_read_settings(workplace).show_rows):
        folder.write_text(name, text)
    folder.write_text("content.json", json.dumps({"schema": CONTENT_SCHEMA, "content": to_plain(content)}))
    return content


def gather_content(
    workplace: Workplace,
    data: tuple[Reading, Prepared, tuple[Finding, ...]],
    judged: tuple[Trained, Judgement],
    delivery: tuple[Delivered, Scores],
    *,
    source: str,
) -> StudyContent:
    """Gather everything the study shows."""
    (reading, prepared, found), (trained, verdicts), (delivered, scores) = data, judged, delivery
    permutation = verdicts.controls.permutation
    folder = workplace.folder.path
    return StudyContent(
        name=folder.resolve().name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=_name_command(sys.argv),
        source=source,
        n_rows=len(reading.table.lines),
        n_columns=len(reading.table.columns),
        target=telling.leave_values_out(reading.target),
        split=telling.summarize_split(prepared.split),
        metric=scores.metrics[0],
        settings=_list_settings(workplace),
        versions=telling.list_versions([run.configuration.rung for run in trained.ladder]),
        machine=f"{platform.system()} {platform.machine()}",
        **name_paths(folder),
        partial=telling.say_cut(workplace),
        specs=tuple(column.spec for column in prepared.columns),
        columns=sketch_columns(telling.note_columns(prepared.columns, prepared.recipe), prepared),
        set_aside=reading.table.set_aside,
        read_notes=_tell_notes(reading),
        **_gather_findings(workplace, data, verdicts, delivery),
        ladder=verdicts.ladder,
        chosen=verdicts.chosen,
        chosen_name=verdicts.choice.name,
        epoch=delivered.epoch,
        rungs=tuple(run.configuration.rung for run in trained.ladder),
        runs=tuple(_without_rows(run) for run in trained.all_runs()),
        remedies=verdicts.remedies,
        **_gather_groups(workplace, data, verdicts, delivery),
        choice=verdicts.choice,
        baselines=scores.baselines,
        tolerance=verdicts.judge.delta,
        constant_loss=float(np.mean(verdicts.judge.constant_losses)),
        development_scores=scores.development,
        test_scores=scores.test,
        test_opened=scores.opened,
        openings_before=scores.openings_before,
        best_shown=scores.best_shown,
        test_scores_without_copies=scores.test_without_copies,
        permutation_p=None if permutation is None else permutation.p_value,
        **_gather_notes(workplace, trained, verdicts),
        **_gather_answers(workplace, data[:2], delivery),
        threshold_notes=telling.note_threshold(delivered),
        interval=telling.describe_interval(delivered, scores.test_rows),
        costs=telling.describe_costs(
            workplace, trained, n_fit_all=max(len(fold.fit) for fold in prepared.folds)
        ),
        next_commands=(f"heldout predict {shlex.quote(str(folder))} NEW.csv --out predictions.csv",),
        limits=telling.list_limits(reading, prepared.split, found),
    )


def _tell_notes(reading: Reading) -> tuple[str, ...]:
    told = tell_reading(reading.table, n_untargeted=len(reading.target.missing))
    return (*told, reading.target.why, *reading.links.notes)


def _gather_groups(
    workplace: Workplace,
    data: tuple[Reading, Prepared, tuple[Finding, ...]],
    verdicts: Judgement,
    delivery: tuple[Delivered, Scores],
) -> dict[str, Any]:
    groups = verdicts.groups
    if groups is None:
        return {}
    delivered, scores = delivery
    settings = _read_settings(workplace)
    subgroups = show_on_test(
        groups.subgroups, scores.test_rows, data=data[:2], delivered=delivered, settings=settings
    )
    return {"subgroups": subgroups, "affected": groups.affected, "by_heart": groups.by_heart}


def _gather_findings(
    workplace: Workplace,
    data: tuple[Reading, Prepared, tuple[Finding, ...]],
    verdicts: Judgement,
    delivery: tuple[Delivered, Scores],
) -> dict[str, Any]:
    (reading, prepared, found), (delivered, scores) = data, delivery
    marked = telling.mark_families(found, reading.group is not None)
    shares = delivered.development.values
    _, names = name_rows(reading.table)
    settings = _read_settings(workplace)
    suspects = tell_affected(
        suspect_labels(
            reading.target, reading.table.lines, order=delivered.order, shares=shares, names=names
        ),
        gather_audit(prepared.reading, prepared.split, prepared.columns, settings),
        prepared.reading,
        settings,
    )
    evidence = weigh_evidence(
        prepared.split,
        scores.development,
        scores.test,
        baselines=scores.baselines,
        openings=scores.openings_before,
        n_known=len(find_copies(prepared.split, reading.links.unit)),
        has_skill=any(item.question == "skill" and item.answer == "yes" for item in verdicts.chosen.answers),
    )
    every = keep_first_lines((*evidence, *marked, *suspects, *list_findings(verdicts.gates)))
    ordered = telling.sort_findings(every, mute=settings.mute)
    return {
        "losses": prepared.losses,
        "niceness": ordered.niceness,
        "findings": ordered.findings,
        "passed_checks": ordered.passed,
        "muted": ordered.muted,
        "gates": verdicts.gates,
        "growth": verdicts.growth,
    }


def _gather_answers(
    workplace: Workplace, data: tuple[Reading, Prepared], delivery: tuple[Delivered, Scores]
) -> dict[str, Any]:
    """What was answered: confusions, the worst rows, how probabilities or numbers fit, what a row looks like."""
    (reading, prepared), (delivered, scores) = data, delivery
    target, order, unit = reading.target, delivered.order, prepared.split.unit
    truth, answered = look_up(target, target.values[order]), delivered.development
    gathered: dict[str, Any] = {
        "mistakes": list_mistakes(target, truth, prediction=answered, lines=reading.table.lines[order]),
        "layout": prepared.source.layout,
        "calibration": telling.describe_calibration(reading, delivered, prepared.split),
    }
    if _read_settings(workplace).show_rows:
        gathered["examples"] = take_examples(prepared)
    if target.task is Task.REGRESSION:
        numbers = answered.values[:, 0]
        gathered["calibration"] = compare_numbers(truth, numbers, has_groups=prepared.split.has_groups)
        return gathered
    sides = [
        (truth, answered, unit[order], "development rows, answered by networks that had not fitted them")
    ]
    if scores.test_rows is not None:
        prediction, labels = scores.test_rows
        sides.append((labels, prediction, unit[prepared.split.test], "sealed test rows"))
    if target.task is Task.MULTILABEL:
        gathered["labels"] = tuple(
            score_labels(target, given, prediction=answers, unit=units, rows=rows)
            for given, answers, units, rows in sides
        )
        return gathered
    gathered["confusions"] = tuple(
        count_confusions(target, given, labels=answers.labels, unit=units, rows=rows)
        for given, answers, units, rows in sides
    )
    return gathered


def _gather_notes(workplace: Workplace, trained: Trained, verdicts: Judgement) -> dict[str, tuple[str, ...]]:
    """Where remedies were tried and what early stopping costs; what was done otherwise than planned."""
    plain = next(run for run in trained.ladder if run.configuration.rung.index == trained.rung.index)
    where = telling.say_where_tried(verdicts.ladder, trained.rung)
    stopping = telling.note_early_stopping(plain, verdicts.judge, _read_settings(workplace))
    return {"early_stopping_notes": (where, *stopping), "notes": tuple(workplace.notes)}


def _write_curves(folder: StudyFolder, runs: tuple[ConfigurationRun, ...]) -> None:
    """Write all curves as one table, readable without heldout."""
    import io

    import polars as pl

    frames = []
    for run in runs:
        n_seeds, n_epochs = run.train_curve.shape
        frames.append(
            pl.DataFrame(
                {
                    "configuration": [run.configuration.name] * (n_seeds * n_epochs),
                    "seed": np.repeat(np.arange(n_seeds, dtype=np.int32), n_epochs),
                    "epoch": np.tile(np.arange(1, n_epochs + 1, dtype=np.int32), n_seeds),
                    "train_loss": run.train_curve.ravel(),
                    "val_loss": run.validation_curve.ravel(),
                }
            )
        )
    buffer = io.BytesIO()
    pl.concat(frames).write_parquet(buffer)
    folder.write_bytes("curves/curves.parquet", buffer.getvalue())


def _without_rows(run: ConfigurationRun) -> ConfigurationRun:
    nothing: BoolArray = np.zeros((0, 0, 0), bool)
    return replace(run, losses=np.zeros((0, 0, 0), np.float32), hits=nothing)


def _name_command(arguments: list[str]) -> str:
    """Give the command line as typed, started by its own name or by `python -m heldout`; else the call in Python."""
    program = Path(arguments[0])
    is_ours = program.name == "heldout" or program.parts[-2:] == ("heldout", "__main__.py")
    # A study that was continued is made by the line that began it.
    words = [word for word in arguments[1:] if word != "--resume"]
    return shlex.join(["heldout", *words]) if is_ours else "heldout.fit(...)"


def _read_settings(workplace: Workplace) -> Settings:
    return Settings.model_validate(workplace.folder.read_json("study.json")["settings"])


def _list_settings(workplace: Workplace) -> tuple[tuple[str, str], ...]:
    settings = _read_settings(workplace).model_dump(mode="json")
    return tuple((name, json.dumps(value, ensure_ascii=False)) for name, value in settings.items())
