"""The answer of a study for machines: one JSON object with a published schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from heldout.described import describe_answer, describe_gate, replace_unknown
from heldout.records import (
    Answer,
    Baseline,
    ChosenVerdict,
    Finding,
    Growth,
    LabelScore,
    RemedyResult,
    Score,
)
from heldout.report.affected import describe_affected
from heldout.report.content import StudyContent
from heldout.report.groups import describe_groups, describe_interval
from heldout.report.losses import describe_loss
from heldout.report.privacy import hide_rows

SCHEMA_NAME = "heldout/study/1"


def answer_json(content: StudyContent) -> dict[str, Any]:
    """A study as plain JSON data: verdicts, choice, remedies, baselines, scores, findings, costs.

    What is not known is null, never NaN; what does not exist (no test set) is null too. Texts are exact: control
    characters stand as JSON escapes.

    Args:
        content: the study, finished or partial.

    Returns:
        A dictionary that `json.dumps(..., allow_nan=False)` takes and that the packaged schema accepts. Like the report
        it tells nothing of single rows unless the study was asked to show them.
    """
    is_shown = ("show_rows", "true") in content.settings
    return replace_unknown(_describe_study(content if is_shown else hide_rows(content)))


def _describe_study(content: StudyContent) -> dict[str, Any]:
    chosen, ladder = content.chosen, content.ladder
    return {
        "schema": SCHEMA_NAME,
        "name": content.name,
        "created": content.created,
        "complete": not content.partial,
        "why_not_complete": content.partial or None,
        "source": content.source,
        "n_rows": content.n_rows,
        "n_columns": content.n_columns,
        "n_set_aside": len(content.set_aside),
        "target": _describe_target(content),
        "verdict": {
            "ladder": None if ladder is None else _describe_ladder(content),
            "chosen": None if chosen is None else _describe_chosen(chosen),
        },
        "chosen_configuration": _describe_choice(content),
        "tolerance": content.tolerance,
        "constant_loss": content.constant_loss,
        "remedies": [_describe_remedy(item) for item in content.remedies],
        "baselines": [_describe_baseline(item) for item in content.baselines],
        "metric": content.metric,
        "development_scores": [_describe_score(item) for item in content.development_scores],
        "test": _describe_test(content),
        "permutation_p": content.permutation_p,
        "growth": None if content.growth is None else _describe_growth(content.growth),
        "gates": [describe_gate(item) for item in content.gates],
        **describe_groups(content),
        "losses": [describe_loss(item) for item in content.losses],
        "findings": [_describe_finding(item) for item in content.findings],
        "muted": [_describe_finding(item) for item in content.muted],
        "confusions": [
            {
                "rows": item.rows,
                "counts": [list(row) for row in item.counts],
                "right": [describe_interval(share) for share in item.right],
            }
            for item in content.confusions
        ],
        "labels": [
            {"rows": table.rows, "labels": [_describe_label(item) for item in table.labels]}
            for table in content.labels
        ],
        "seconds": dict(content.costs.seconds),
        "n_networks": content.costs.n_networks,
        "study_folder": content.study_folder or None,
        "report": content.report_path or None,
        "bundle": {"path": content.bundle_path, "sha256": content.bundle_sha256}
        if content.bundle_path
        else None,
        "versions": dict(content.versions),
    }


def read_schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of `heldout/study/1`.

    Example:
        >>> read_schema()["properties"]["schema"]["const"]
        'heldout/study/1'
    """
    text = files("heldout.report").joinpath("schemas", "study.schema.json").read_text(encoding="utf-8")
    return json.loads(text)


def _describe_target(content: StudyContent) -> dict[str, Any]:
    target = content.target
    return {
        "name": target.name,
        "task": target.task.value,
        "classes": list(target.classes),
        "ordered": target.ordered,
        "unit": target.unit or None,
        "n_missing": int(target.missing.size),
    }


def _describe_ladder(content: StudyContent) -> dict[str, Any] | None:
    ladder = content.ladder
    if ladder is None:
        return None
    rungs = [
        {
            "index": rung.index,
            "n_parameters": rung.n_parameters,
            "widths": list(rung.widths),
            "best_epoch": _pick(ladder.best_epoch, rung.index),
            "onset": _pick(ladder.onset, rung.index),
            "answers": [
                _describe_answer(item)
                for item in (ladder.per_rung[rung.index] if rung.index < len(ladder.per_rung) else ())
            ],
        }
        for rung in content.rungs
    ]
    return {
        "word": ladder.word,
        "code": ladder.code,
        "sentence": ladder.sentence,
        "rung": ladder.rung if ladder.rung >= 0 else None,
        "rungs": rungs,
        "second_metric": _describe_second(ladder.second),
    }


def _describe_chosen(chosen: ChosenVerdict) -> dict[str, Any]:
    return {
        "word": chosen.word,
        "code": chosen.code,
        "sentence": chosen.sentence,
        "answers": [_describe_answer(item) for item in chosen.answers],
        "second_metric": _describe_second(chosen.second),
    }


def _describe_second(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "metric": answer.question,
        "harmed": answer.answer,
        "fall": answer.estimate,
        "low": answer.low,
        "high": answer.high,
        "tolerance": answer.tolerance,
        "sentence": answer.sentence,
    }


def _pick(values: tuple[int, ...], index: int) -> int | None:
    return values[index] if index < len(values) and values[index] >= 0 else None


def _describe_answer(answer: Answer) -> dict[str, Any]:
    return {**describe_answer(answer), "tolerance": answer.tolerance}


def _describe_choice(content: StudyContent) -> dict[str, Any] | None:
    if not content.chosen_name:
        return None
    choice = content.choice
    run = next((item for item in content.runs if item.configuration.name == content.chosen_name), None)
    return {
        "name": content.chosen_name,
        "epoch": content.epoch or None,
        "n_parameters": run.configuration.rung.n_parameters if run else None,
        "remedies": {use.name: use.strength for use in run.configuration.remedies} if run else {},
        "sentence": choice.sentence if choice else None,
        "loss": describe_interval(choice.loss) if choice else None,
    }


def _describe_remedy(remedy: RemedyResult) -> dict[str, Any]:
    return {
        "name": remedy.name,
        "strength": remedy.strength,
        "configuration": remedy.configuration,
        "early_stopped": {**describe_interval(remedy.early_stopped), "outcome": remedy.outcome},
        "at_end": {**describe_interval(remedy.at_end), "outcome": remedy.outcome_at_end},
        "sentence": remedy.sentence,
    }


def _describe_baseline(baseline: Baseline) -> dict[str, Any]:
    return {
        "name": baseline.name,
        "scores": [_describe_score(item) for item in baseline.scores],
        "difference": describe_interval(baseline.difference),
        "sentence": baseline.sentence,
    }


def _describe_score(score: Score) -> dict[str, Any]:
    return {
        "metric": score.metric,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "n_rows": score.n_rows,
        "n_units": score.n_units,
        "method": score.method,
    }


def _describe_test(content: StudyContent) -> dict[str, Any] | None:
    if not content.test_scores:
        return None
    return {
        "opened": content.test_opened,
        "openings_before": content.openings_before,
        "scores": [_describe_score(item) for item in content.test_scores],
        "scores_without_copies": [_describe_score(item) for item in content.test_scores_without_copies],
    }


def _describe_label(item: LabelScore) -> dict[str, Any]:
    return {
        "name": item.name,
        "n_rows": item.n_rows,
        "n_with": item.n_with,
        "n_answered": item.n_answered,
        "auc": describe_interval(item.auc),
        "f1": describe_interval(item.f1),
    }


def _describe_growth(growth: Growth) -> dict[str, Any]:
    return {
        "answer": growth.answer,
        "n_half": growth.n_half,
        "n_full": growth.n_full,
        "fall": describe_interval(growth.fall),
        "guess": {"low": growth.guess[0], "high": growth.guess[1]},
        "sentence": growth.sentence,
    }


def _describe_finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "title": finding.title,
        "severity": finding.severity.value,
        "sentence": finding.sentence,
        "column": finding.column or None,
        "rows": finding.rows,
        "action": finding.action or None,
        "affected": None if finding.affected is None else describe_affected(finding.affected),
    }
