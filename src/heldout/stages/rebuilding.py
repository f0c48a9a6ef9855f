"""Curves and verdicts of an unfinished study, read from the events that it left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from heldout.records import (
    Configuration,
    ConfigurationRun,
    FloatArray,
    Hyper,
    LadderVerdict,
    Outcome,
    Rung,
)

EVENTS = "events.jsonl"


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the events of a study, one after the other; lines that are cut off or damaged are left out.

    Args:
        folder: the study's folder.
    """
    place = folder / EVENTS
    if not place.is_file():
        return
    with place.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event


def rebuild_runs(folder: Path, rungs: tuple[Rung, ...]) -> dict[str, Any]:
    """Rebuild the plain networks' curves, each seed as soon as all its folds are there.

    Args:
        folder: the study's folder.
        rungs: the planned sizes.

    Returns:
        fields of `StudyContent`: `runs`, and `constant_loss` and `tolerance` where they are known.
    """
    given: dict[str, Any] = {}
    curves: dict[int, dict[int, dict[int, dict[str, Any]]]] = {}
    n_folds = 1
    for event in read_events(folder):
        if event.get("kind") == "study":
            n_folds = int(event.get("n_folds") or 1)
            given |= {
                name: float(event[name])
                for name in ("constant_loss", "tolerance")
                if isinstance(event.get(name), int | float)
            }
        if event.get("kind") == "curves" and not event.get("remedies") and event.get("phase") != "delivery":
            try:
                rung, seed, fold = int(event["rung"]), int(event["seed"]), int(event["fold"])
            except (KeyError, TypeError, ValueError):
                continue
            curves.setdefault(rung, {}).setdefault(seed, {})[fold] = event
    runs = [_join(rung, curves.get(rung.index, {}), n_folds=n_folds) for rung in rungs]
    return {**given, "runs": tuple(run for run in runs if run is not None)}


def _join(
    rung: Rung, seeds: dict[int, dict[int, dict[str, Any]]], *, n_folds: int
) -> ConfigurationRun | None:
    joined = [_join_folds(folds) for folds in seeds.values() if len(folds) == n_folds]
    whole = [pair for pair in joined if pair is not None]
    if not whole:
        return None
    length = min(len(train) for train, _ in whole)
    train = np.stack([pair[0][:length] for pair in whole])
    validation = np.stack([pair[1][:length] for pair in whole])
    layers = (0.0,) * (len(rung.widths) + 1)
    nothing = np.zeros((0, 0, 0), np.float32)
    return ConfigurationRun(
        configuration=Configuration(
            f"rung {rung.index}", rung, (), Hyper(rung.learning_rate, layers, layers, layers)
        ),
        checkpoints=np.array([length], np.int32),
        losses=nothing,
        hits=nothing.astype(bool),
        train_curve=train,
        validation_curve=validation,
        outcomes=(Outcome.FINISHED,) * (len(whole) * n_folds),
        zero_share=np.zeros((0, 0), np.float32),
        weight_norm=np.zeros((0, 0), np.float32),
        n_rows=0,
    )


def _join_folds(folds: dict[int, dict[str, Any]]) -> tuple[FloatArray, FloatArray] | None:
    """Training losses averaged over folds, validation losses weighted by each fold's rows; None where one is cut."""
    try:
        shares = np.array([float(fold.get("share") or 1.0) for fold in folds.values()])
        pairs = [
            (np.array(fold["train"], np.float32), np.array(fold["validation"], np.float32))
            for fold in folds.values()
        ]
    except (KeyError, TypeError, ValueError):
        return None
    length = min(min(len(train), len(validation)) for train, validation in pairs)
    if length == 0:
        return None
    train = np.stack([pair[0][:length] for pair in pairs]).mean(axis=0)
    validation = np.stack([pair[1][:length] for pair in pairs])
    pooled = (validation * (shares / shares.sum())[:, None]).sum(axis=0)
    return train.astype(np.float32), pooled.astype(np.float32)


def rebuild_verdict(folder: Path) -> dict[str, Any]:
    """Give the verdict on the ladder where it had been spoken for good.

    Args:
        folder: the study's folder.

    Returns:
        field `ladder` of `StudyContent`, or nothing.
    """
    told = [
        event
        for event in read_events(folder)
        if event.get("kind") == "verdict" and event.get("about") == "ladder" and event.get("final")
    ]
    if not told:
        return {}
    last = told[-1]
    rung = last.get("rung")
    return {
        "ladder": LadderVerdict(
            word=str(last.get("word", "")),
            code=str(last.get("code", "")),
            rung=rung if isinstance(rung, int) else -1,
            sentence=str(last.get("sentence", "")),
            per_rung=(),
        )
    }
