"""What the other files of a finished study still tell where its record is lost: answer, curves, recipe.

`verdict.json` holds the answer by the names of the records, with intervals as {estimate, low, high} and null for what
is not known; the files under `curves/` hold each configuration with all its curves; the recipe says how columns are
read. None of them holds everything that a report shows, so that each field is taken by itself.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from heldout.errors import HeldoutError
from heldout.records import (
    Answer,
    ChosenVerdict,
    Configuration,
    ConfigurationRun,
    Hyper,
    LadderVerdict,
    RemedyResult,
    Rung,
    Score,
    Target,
    Task,
)
from heldout.report import ColumnNote, Costs, StudyContent, read_schema
from heldout.stages.codec import from_plain
from heldout.stages.store import unpack_run

ANSWER, RECIPE, ARRAYS = "verdict.json", "recipe.json", "recipe.safetensors"
# Fields of a content that the answer holds by the same name and form.
SAME = (
    "name", "created", "source", "n_rows", "n_columns", "metric", "tolerance", "constant_loss", "baselines",
    "development_scores", "permutation_p", "growth", "gates", "subgroups", "affected", "by_heart", "findings", "muted",
    "confusions", "labels",
)  # fmt: skip
_NOBODY = Configuration("", Rung(0, (), 0, 0.0), (), Hyper(0.0, (), (), ()))


def revive(kind: Any, value: Any) -> Any:  # noqa: ANN401 - any record
    """Build a record of the given type from the answer's values: unknown numbers are null there, intervals tables.

    Args:
        kind: the type, e.g. a record class or `tuple[float, float, float]`.
        value: what stands in the answer; fields that the record does not have are left out.

    Raises:
        HeldoutError: a value has another type.

    Example:
        >>> revive(tuple[float, float, float], {"estimate": 0.5, "low": None, "high": 1})
        (0.5, nan, 1.0)
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        rest = [argument for argument in arguments if argument is not type(None)]
        return None if value is None else revive(rest[0], value)
    if origin is tuple:
        items = list(value.values()) if isinstance(value, Mapping) else list(value)
        kinds = [arguments[0]] * len(items) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(revive(kind, item) for kind, item in zip(kinds, items, strict=True))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        names = [item.name for item in fields(kind) if item.name in value]
        return kind(**{name: revive(hints[name], value[name]) for name in names})
    if value is None and kind in (float, str):
        return float("nan") if kind is float else ""
    return from_plain(kind, value)


def read_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a study's answer for machines tells, by the fields of `StudyContent`; what is damaged is left out.

    Args:
        answer: `verdict.json`; empty where it cannot be read.

    Example:
        >>> read_answer({"schema": "heldout/study/1", "n_rows": 9, "findings": 3})
        {'n_rows': 9}
        >>> read_answer({"schema": "heldout/study/9", "n_rows": 9})
        {}
    """
    if answer.get("schema") != read_schema()["properties"]["schema"]["const"]:
        return {}
    hints = get_type_hints(StudyContent)
    makers: dict[str, Any] = {
        name: (lambda name=name: revive(hints[name], answer[name])) for name in SAME if name in answer
    }
    makers |= {
        "target": lambda: _revive_target(answer["target"]),
        "chosen": lambda: _revive_chosen(answer["verdict"]["chosen"]),
        "ladder": lambda: _revive_ladder(answer["verdict"]["ladder"]),
        "rungs": lambda: _revive_rungs(answer["verdict"]["ladder"]),
        "chosen_name": lambda: str(answer["chosen_configuration"]["name"]),
        "epoch": lambda: int(answer["chosen_configuration"]["epoch"] or 0),
        "remedies": lambda: tuple(_revive_remedy(item) for item in answer["remedies"]),
        "test_scores": lambda: revive(tuple[Score, ...], answer["test"]["scores"]),
        "test_scores_without_copies": lambda: revive(
            tuple[Score, ...], answer["test"]["scores_without_copies"]
        ),
        "test_opened": lambda: str(answer["test"]["opened"]),
        "openings_before": lambda: int(answer["test"]["openings_before"]),
        "costs": lambda: Costs(
            seconds=tuple((str(name), float(time)) for name, time in answer["seconds"].items()),
            n_networks=int(answer["n_networks"]),
        ),
        "versions": lambda: tuple((str(name), str(value)) for name, value in answer["versions"].items()),
        "bundle_sha256": lambda: str(answer["bundle"]["sha256"]),
    }
    given: dict[str, Any] = {}
    for name, make in makers.items():
        try:
            given[name] = make()
        except (HeldoutError, KeyError, TypeError, ValueError, AttributeError):
            continue
    return given


def _revive_chosen(told: Mapping[str, Any] | None) -> ChosenVerdict | None:
    if told is None:
        return None
    return replace(revive(ChosenVerdict, told), second=_revive_second(told))


def _revive_second(told: Mapping[str, Any]) -> Answer | None:
    """Read what a verdict says of the second metric, under the names of an answer."""
    second = told.get("second_metric")
    if second is None:
        return None
    return revive(
        Answer,
        second | {"question": second["metric"], "answer": second["harmed"], "estimate": second["fall"]},
    )


def _revive_target(told: Mapping[str, Any]) -> Target:
    return Target(
        name=str(told["name"]),
        task=Task(told["task"]),
        why="how it was read is not known",
        classes=tuple(map(str, told["classes"])),
        values=np.zeros(0),
        missing=np.zeros(int(told["n_missing"]), dtype=np.int64),
        ordered=bool(told["ordered"]),
        unit=str(told["unit"] or ""),
    )


def _revive_ladder(told: Mapping[str, Any] | None) -> LadderVerdict | None:
    if told is None:
        return None
    rungs = told["rungs"]
    hints = get_type_hints(LadderVerdict)

    def pick(name: str) -> tuple[int, ...]:
        return tuple(-1 if rung[name] is None else int(rung[name]) for rung in rungs)

    return LadderVerdict(
        word=str(told["word"]),
        code=str(told["code"]),
        rung=-1 if told["rung"] is None else int(told["rung"]),
        sentence=str(told["sentence"]),
        per_rung=revive(hints["per_rung"], [rung["answers"] for rung in rungs]),
        onset=pick("onset"),
        best_epoch=pick("best_epoch"),
        second=_revive_second(told),
    )


def _revive_rungs(told: Mapping[str, Any]) -> tuple[Rung, ...]:
    """The sizes as far as the answer tells them; the learning rates stand with the curves."""
    return tuple(
        Rung(int(rung["index"]), tuple(map(int, rung["widths"])), int(rung["n_parameters"]), float("nan"))
        for rung in told["rungs"]
    )


def _revive_remedy(told: Mapping[str, Any]) -> RemedyResult:
    def interval(name: str) -> tuple[float, float, float]:
        return revive(tuple[float, float, float], [told[name][end] for end in ("estimate", "low", "high")])

    return RemedyResult(
        name=str(told["name"]),
        strength=float("nan") if told["strength"] is None else float(told["strength"]),
        configuration=str(told["configuration"]),
        at_end=interval("at_end"),
        early_stopped=interval("early_stopped"),
        outcome_at_end=str(told["at_end"]["outcome"]),
        outcome=str(told["early_stopped"]["outcome"]),
        sentence=str(told["sentence"]),
    )


def read_stored_runs(folder: Path) -> tuple[ConfigurationRun, ...]:
    """Give the curves of every configuration of ladder and remedies that was finished, sizes first.

    A configuration may stand in several files, one for each time seeds were added; files that are damaged are left out.

    Args:
        folder: the study's folder.
    """
    parts: dict[str, list[ConfigurationRun]] = {}
    for place in sorted((*folder.glob("curves/ladder-*.run"), *folder.glob("curves/remedies*.run"))):
        try:
            stored = unpack_run(place.read_bytes(), _NOBODY)
            if stored is None:
                continue
            named = from_plain(Configuration, stored.described)
        except (OSError, HeldoutError, KeyError, TypeError, ValueError):
            continue
        nothing = np.zeros((0, 0, 0), np.float32)
        run = replace(stored.run, configuration=named, losses=nothing, hits=nothing.astype(bool))
        parts.setdefault(named.name, []).append(run)
    runs = [_join_seeds(runs) for runs in parts.values()]
    return tuple(
        sorted(runs, key=lambda run: (len(run.configuration.remedies) > 0, run.configuration.rung.index))
    )


def _join_seeds(runs: list[ConfigurationRun]) -> ConfigurationRun:
    """One run of all seeds that are as long as the first ones."""
    same = [run for run in runs if run.validation_curve.shape[1] == runs[0].validation_curve.shape[1]]
    return replace(
        runs[0],
        train_curve=np.concatenate([run.train_curve for run in same]),
        validation_curve=np.concatenate([run.validation_curve for run in same]),
        outcomes=tuple(outcome for run in same for outcome in run.outcomes),
    )


def read_columns(folder: Path) -> tuple[ColumnNote, ...]:
    """Give how each column is read and what the network sees, by the recipe; how many cells lack is not in it.

    Args:
        folder: the study's folder.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from heldout.recipe import recipe_from_json

    try:
        text = (folder / RECIPE).read_text(encoding="utf-8")
        recipe = recipe_from_json(text, load((folder / ARRAYS).read_bytes()))
    except (OSError, ValueError, SafetensorError):
        return ()
    return tuple(
        ColumnNote(
            name=plan.spec.name,
            kind=plan.spec.kind.value,
            why=plan.spec.why,
            decided=plan.spec.decided,
            changed_to=" + ".join(use.op.split("@")[0] for use in plan.ops if use.slots) or plan.why,
            n_slots=sum(len(use.slots) for use in plan.ops),
        )
        for plan in recipe.columns
    )
