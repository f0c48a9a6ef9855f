"""A finished study as its folder holds it: its record, its rows, and the losses of its configurations by row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from heldout.errors import StudyError
from heldout.evidence.studies import Side
from heldout.records import ConfigurationRun, Fold, IndexArray, JudgeSettings, Split
from heldout.report.content import StudyContent
from heldout.split import derive_fold_seed
from heldout.stages.loading import load_content
from heldout.stages.store import name_file, unpack_run


@dataclass(frozen=True)
class Finished:
    """A finished study as its folder holds it.

    Args:
        folder: where it lies.
        content: everything it shows.
        split: which rows served what, by their place in the table.
        settings: its settings as resolved.
        plan: fit rows of one network of the ladder, and of the delivered ones.
        validated: int64 [M], place in the table of each row whose validation loss is recorded, in their order.
    """

    folder: Path
    content: StudyContent
    split: Split
    settings: Mapping[str, Any]
    plan: tuple[int, int]
    validated: IndexArray


def read_study(folder: Path) -> Finished:
    """Read a finished study: what it shows, and which rows it used.

    Raises:
        StudyError: it is not finished, or a file is missing or damaged.

    Example:
        >>> read_study(Path("no/such/study"))
        Traceback (most recent call last):
        heldout.errors.StudyError: 'no/such/study' holds no finished study
          -> continue it with --resume, or name another folder
    """
    content = load_content(folder)
    start, split = (_read_json(folder / name) for name in ("study.json", "split.json"))
    try:
        folds = tuple(Fold(_rows(fold["fit"]), _rows(fold["validation"])) for fold in split["folds"])
        rows = {name: _rows(split[name]) for name in ("development", "test", "unit")}
        same = ("method", "has_groups", "ordered", "why_no_test", "fingerprint", "split_seed")
        known = Split(folds=folds, **rows, **{name: split[name] for name in same})
        plan = (int(start["plan"]["n_fit"]), int(start["plan"]["n_fit_all"]))
        # studies of an earlier form do not name the rows: there all rows of the folds were validated, or it shows
        validated = _rows(split["validated"]) if "validated" in split else _pool(folds)
        return Finished(folder, content, known, dict(start["settings"]), plan, validated)
    except (KeyError, TypeError, ValueError) as error:
        raise StudyError(
            f"{str(folder)!r}: study.json or split.json is not as heldout writes it ({type(error).__name__}: {error})",
            hint="restore the folder, or run the study again",
        ) from None


def make_side(study: Finished, name: str) -> Side:
    """Read the losses of a study's configurations and say to which rows of the table they belong.

    Args:
        study: a finished study.
        name: what sentences call it.

    Raises:
        StudyError: the losses of the delivered configuration are missing or damaged, or are of other rows.
    """
    runs = tuple(run for run in map(lambda run: find_losses(study.folder, run), study.content.runs) if run)
    chosen = next((run for run in runs if run.configuration.name == study.content.chosen_name), None)
    if chosen is None:
        raise StudyError(
            f"{str(study.folder / 'curves')!r} has no losses of the delivered {study.content.chosen_name!r}",
            hint="restore that folder, or run the study again",
        )
    n_rows = chosen.losses.shape[-1]
    rows = list_validation_rows(study, n_rows)
    settings = JudgeSettings(
        task=study.content.target.task,
        constant_losses=np.full(n_rows, study.content.constant_loss),
        unit=study.split.unit[rows],
        delta=study.content.tolerance,
        fold_seed=derive_fold_seed(study.split),
        has_groups=study.split.has_groups,
    )
    return Side(name, chosen, runs, rows, settings)


def find_losses(folder: Path, run: ConfigurationRun) -> ConfigurationRun | None:
    """Give a run with the losses of its rows from the files of a study's folder, or None where a seed is missing.

    A configuration may stand in several files, one for each time seeds were added; which seed a file holds is told by
    its curves, bit by bit.

    Args:
        folder: the study's folder.
        run: what the study's record holds: curves without rows.
    """
    pattern = name_file("", run.configuration).partition("/")[2]
    stored = [
        unpack_run(path.read_bytes(), run.configuration) for path in sorted(folder.glob(f"curves/*{pattern}"))
    ]
    parts = [item.run for item in stored if item is not None]
    picked = [_find_seed(parts, run, seed) for seed in range(len(run.validation_curve))]
    if not picked or any(place is None for place in picked):
        return None
    places = [place for place in picked if place is not None]
    losses = np.stack([parts[part].losses[:, seed] for part, seed in places], axis=1)
    has_hits = all(parts[part].hits.shape == parts[part].losses.shape for part, _ in places)
    hits = np.stack([parts[part].hits[:, seed] for part, seed in places], axis=1) if has_hits else run.hits
    return replace(run, losses=losses, hits=hits)


def _find_seed(parts: list[ConfigurationRun], run: ConfigurationRun, seed: int) -> tuple[int, int] | None:
    for part, item in enumerate(parts):
        for place in range(len(item.validation_curve)):
            same = all(
                np.array_equal(getattr(item, name)[place], getattr(run, name)[seed], equal_nan=True)
                for name in ("validation_curve", "train_curve")
            )
            if same and np.array_equal(item.checkpoints, run.checkpoints):
                return part, place
    return None


def list_validation_rows(study: Finished, n_rows: int) -> IndexArray:
    """Give the place in the table of each validation row, in the order of the recorded losses.

    Args:
        study: a finished study.
        n_rows: how many rows the losses have; fewer than were split off where choices were made on a sample.

    Raises:
        StudyError: the losses have another number of rows than the study says.
    """
    if len(study.validated) != n_rows:
        raise StudyError(
            f"{str(study.folder)!r}: its losses are of {n_rows} rows, its split.json names {len(study.validated)}",
            hint="restore the folder, or run the study again",
        )
    return study.validated


def _pool(folds: tuple[Fold, ...]) -> IndexArray:
    return np.concatenate([fold.validation for fold in folds])


def _rows(values: list[int]) -> IndexArray:
    return np.asarray(values, dtype=np.int64)


def _read_json(place: Path) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{str(place)!r} is missing or damaged: {error}", hint="restore it, or run the study again"
        ) from None
