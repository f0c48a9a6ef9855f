"""Finished studies on disk, as a study leaves them, from made losses: nothing is trained."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from evidence.made_runs import make_run
from heldout.folder import StudyFolder
from heldout.records import Candidate, Fold, Split, Task
from heldout.stages.codec import to_json_values, to_plain
from heldout.stages.loading import CONTENT_SCHEMA
from heldout.stages.store import FolderStore
from report.example import make_study

N_ROWS, N_FOLDS, N_SEEDS = 100, 5, 5


def make_split(*, fingerprint="ab" * 32, split_seed=0, n_rows=N_ROWS, unit=None):
    """A fifth of the rows sealed, the others in five folds, by the split seed."""
    order = np.random.default_rng(split_seed).permutation(n_rows)
    test, development = np.sort(order[: n_rows // 5]), np.sort(order[n_rows // 5 :])
    parts = np.array_split(np.random.default_rng(split_seed + 1).permutation(development), N_FOLDS)
    folds = tuple(Fold(np.setdiff1d(development, part), np.sort(part)) for part in parts)
    units = np.arange(n_rows) if unit is None else np.asarray(unit)
    return Split(folds, development, test, units, "", unit is not None, False, "", fingerprint, split_seed)


def draw_runs(split, *, base=0.4, seed=0, n_seeds=N_SEEDS, n_epochs=3, extra=2):
    """The delivered "rung 0" with losses around `base`, and others that are worse; rows differ by their place."""
    order = np.concatenate([fold.validation for fold in split.folds])
    rng = np.random.default_rng(seed)
    rows = np.random.default_rng(99).gamma(2.0, 0.2, len(split.unit))[order]
    runs = []
    for index in range(1 + extra):
        losses = base + 0.1 * index + rows + rng.normal(0, 0.05, (n_epochs, n_seeds, len(order)))
        hits = losses < 0.8
        train = rng.random((n_seeds, n_epochs)).astype(np.float32)
        runs.append(
            make_run(losses, name=f"rung {index}", index=index, size=10 + index, hits=hits, train=train)
        )
    return tuple(runs)


def make_content(runs, **changes):
    """What the study shows, with the curves of these runs and without their rows."""
    study = make_study()
    bare = tuple(
        replace(run, losses=np.zeros((0, 0, 0), np.float32), hits=np.zeros((0, 0, 0), bool)) for run in runs
    )
    candidates = tuple(
        Candidate(run.configuration.name, 10, 0, 2, 0.4, 0.4, 0.4, False, i == 0)
        for i, run in enumerate(runs)
    )
    choice = replace(study.choice, name="rung 0", leader="rung 0", candidates=candidates)
    target = replace(study.target, values=np.zeros(0))
    given = {"chosen_name": "rung 0", "epoch": 2, "choice": choice, "runs": bare, "target": target} | changes
    return replace(study, **given)


def write_study(
    place,
    *,
    split=None,
    runs=None,
    settings=None,
    plan=(64, 64),
    phases=("ladder",),
    validated=None,
    **changes,
):
    """Write a finished study; with several phases each seed of a run stands in a file of its own."""
    split = make_split() if split is None else split
    runs = draw_runs(split) if runs is None else runs
    place.mkdir(parents=True)
    folder = StudyFolder(place, lock=-1, resumed=False)
    store = FolderStore(folder, "made")
    for run in runs:
        for at, phase in enumerate(phases):
            store.save(phase, run if len(phases) == 1 else take_seeds(run, at, len(phases)))
    start = {
        "settings": {"target": "disease", **(settings or {})},
        "plan": {"n_fit": plan[0], "n_fit_all": plan[1]},
    }
    folder.write_json("study.json", start)
    named = {} if validated is None else {"validated": validated}
    folder.write_json("split.json", {"schema": "heldout/split/1", **to_json_values(split), **named})
    content = make_content(runs, **changes)
    (place / "content.json").write_text(json.dumps({"schema": CONTENT_SCHEMA, "content": to_plain(content)}))
    return place


def take_seeds(run, at, n_parts):
    """The seeds of one part, as when seeds were added later."""
    seeds = np.array_split(np.arange(len(run.validation_curve)), n_parts)[at]
    names = ("train_curve", "validation_curve", "zero_share", "weight_norm")
    axes = {name: getattr(run, name)[seeds] for name in names}
    outcomes = tuple(run.outcomes[seed] for seed in seeds)
    return replace(run, losses=run.losses[:, seeds], hits=run.hits[:, seeds], outcomes=outcomes, **axes)


def as_regression(content_target):
    """The same target as a number."""
    return replace(content_target, task=Task.REGRESSION, classes=())
