"""Two finished studies side by side on the same rows: what their folders hold is read, nothing is trained or opened."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from heldout.errors import StudyError
from heldout.evidence.studies import StudyDifference, compare_sides
from heldout.evidence.wording import name_loss
from heldout.records import Split
from heldout.report.comparison import (
    ComparedStudy,
    ComparisonContent,
    comparison_text,
    headline_comparison,
)
from heldout.report.content import StudyContent
from heldout.stages.codec import to_json_values
from heldout.stages.finished import Finished, make_side, read_study
from heldout.stages.pages import write_page

# What must be equal: with another answer the losses are of another kind, or of rows kept together otherwise.
SAME_QUESTION = ("target_log", "group", "time", "gap")
MOST_VALUE = 60


@dataclass(frozen=True)
class Comparison:
    """Two studies compared. Nothing is computed when it is shown.

    Args:
        content: everything it shows.
    """

    content: ComparisonContent

    def text(self) -> str:
        """Give it in words, in at most 25 lines."""
        return comparison_text(self.content)

    def json(self) -> dict[str, Any]:
        """Give it as plain values, schema `heldout/comparison/1`."""
        return {"schema": "heldout/comparison/1", **to_json_values(self.content)}

    def write_html(self, path: str | Path) -> Path:
        """Write it as one HTML page and give its path; another file that stands there is never overwritten."""
        from heldout.report.comparison_page import render_comparison

        return write_page(Path(path), render_comparison(self.content))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Comparison: {headline_comparison(self.content)}; print it for all>"

    def _repr_html_(self) -> str:
        from heldout.report.notebook import show_comparison

        return show_comparison(self.content)


class Placed(Protocol):
    """Anything that knows its folder, as a `stages.answers.Study` does."""

    @property
    def folder(self) -> Path:
        """Where the study lies."""
        ...


def compare(first: str | Path | Placed, second: str | Path | Placed) -> Comparison:
    """Compare two finished studies of the same data on the rows both validated, paired by row and by seed.

    Use it to see whether another setting, another seed or another version made a difference. The comparison rests on
    validation rows and on each network by itself; the average of an ensemble is usually better, in both studies. No
    test label is read: scores on the test rows are shown as they were opened.

    Args:
        first: a study or its folder.
        second: another study, or its folder.

    Returns:
        The comparison, first minus second.

    Raises:
        StudyError: one is not finished or is damaged; both are the same; they are of other data, another target, or
            their rows were kept together otherwise. The message names all that differs.

    Example:
        >>> compare("no/such/study", "nor/this")
        Traceback (most recent call last):
        heldout.errors.StudyError: 'no/such/study' holds no finished study
          -> continue it with --resume, or name another folder
    """
    folders = [Path(item) if isinstance(item, str | Path) else item.folder for item in (first, second)]
    one, other = (read_study(folder) for folder in folders)
    if folders[0].resolve() == folders[1].resolve():
        raise StudyError(
            f"{str(folders[0])!r} and {str(folders[1])!r} are the same study", hint="name two different ones"
        )
    differing = list(list_obstacles(one, other))
    if differing:
        raise StudyError(
            f"{str(folders[0])!r} and {str(folders[1])!r} cannot be compared row by row: "
            + "; ".join(differing),
            hint="run both on the same table, with the same target, groups and order",
        )
    names = _name_both(one, other)
    found = compare_sides(make_side(one, names[0]), make_side(other, names[1]))
    return Comparison(_gather((one, other), names, found))


def list_obstacles(one: Finished, other: Finished) -> Iterator[str]:
    """List everything that keeps two studies from being compared row by row; nothing where they can be.

    Args:
        one: a study.
        other: another one.
    """
    for what, values in (
        ("target", [study.content.target.name for study in (one, other)]),
        ("task", [study.content.target.task.value for study in (one, other)]),
        # an order of the classes changes the network, not what a loss means
        ("classes", [", ".join(sorted(study.content.target.classes)) for study in (one, other)]),
        *((name, [study.settings.get(name) for study in (one, other)]) for name in SAME_QUESTION),
        ("target_map", [_write_value(study.settings.get("target_map")) for study in (one, other)]),
    ):
        if values[0] != values[1]:
            yield f"{what} is {values[0]!r} in the first, {values[1]!r} in the second"
    if one.split.fingerprint != other.split.fingerprint:
        sizes = [f"{study.content.n_rows} x {study.content.n_columns}" for study in (one, other)]
        yield (
            f"their tables are not the same ({sizes[0]} and {sizes[1]} rows and columns, fingerprints "
            f"{one.split.fingerprint[:12]} and {other.split.fingerprint[:12]}), so no row is known to be in both"
        )
    if one.content.choice is None or other.content.choice is None:
        yield "one of them delivered no network"


def _gather(
    studies: tuple[Finished, Finished], names: tuple[str, str], found: StudyDifference
) -> ComparisonContent:
    one, other = studies
    content = one.content
    first, second = (
        _describe(study, name, loss) for study, name, loss in zip(studies, names, found.losses, strict=True)
    )
    return ComparisonContent(
        first=first,
        second=second,
        target=replace(content.target, values=np.zeros(0)),
        loss_name=name_loss(content.target.task),
        outcome=found.outcome,
        sentence=found.sentence,
        delivered=found.delivered,
        choice=found.choice,
        hits=found.hits,
        tolerance=found.delta,
        constant_loss=content.constant_loss,
        n_rows=found.n_rows,
        n_units=found.n_units,
        n_seeds=found.n_seeds,
        metric=content.metric,
        same_split=is_same_split(one.split, other.split),
        differences=tuple(list_differences(one.content, other.content)),
        notes=tuple(list_notes(one, other, found)),
        warning=warn_of_tests(one, other),
    )


def is_same_split(one: Split, other: Split) -> bool:
    """Say whether two splits use the same rows for fit, validation and test."""
    if not np.array_equal(one.test, other.test) or len(one.folds) != len(other.folds):
        return False
    return all(
        np.array_equal(a.fit, b.fit) and np.array_equal(a.validation, b.validation)
        for a, b in zip(one.folds, other.folds, strict=True)
    )


def list_differences(one: StudyContent, other: StudyContent) -> Iterator[tuple[str, str, str]]:
    """List the settings and versions in which two studies differ, as (name, in the first, in the second).

    Args:
        one: a study.
        other: another one.
    """
    for pairs in ((one.settings, other.settings), (one.versions, other.versions)):
        first, second = (dict(item) for item in pairs)
        for name in dict.fromkeys([*first, *second]):
            values = [side.get(name, "").strip('"') for side in (first, second)]
            if values[0] != values[1]:
                yield name, _cut(values[0]), _cut(values[1])


def list_notes(one: Finished, other: Finished, found: StudyDifference) -> Iterator[str]:
    """List what a reader of the comparison must know besides the numbers.

    Args:
        one: a study.
        other: another one.
        found: their difference.
    """
    if not is_same_split(one.split, other.split):
        n_rows = [sum(len(fold.validation) for fold in study.split.folds) for study in (one, other)]
        yield (
            f"The studies are split differently: compared are the {found.n_rows} rows that both validated (of "
            f"{n_rows[0]} and {n_rows[1]}); they were fitted on other rows, which adds to the difference."
        )
    subsets = [study for study in (one, other) if study.plan[0] < study.plan[1]]
    if subsets:
        yield (
            f"Compared at {min(study.plan[0] for study in subsets)} fit rows, as in the ladder; the delivered networks "
            "were trained on all."
        )
    ruled = [study for study in (one, other) if name_rule(study) != "best"]
    if ruled:
        rules = ", ".join(f"{study.content.name} by {name_rule(study)!r}" for study in ruled)
        yield f"Compared at the epochs that the losses choose; the delivered networks were stopped otherwise ({rules})."
    if one.content.bundle_sha256 and one.content.bundle_sha256 == other.content.bundle_sha256:
        yield "Both delivered the same file: one study is a copy or a repetition of the other."
    partial = [study.content.name for study in (one, other) if study.content.partial]
    if partial:
        yield f"Not complete: {', '.join(partial)}."


def name_rule(study: Finished) -> str:
    """Name the rule by which the delivered networks were stopped: "best", "patience" or "lecture"."""
    asked = study.settings.get("early_stopping") or {}
    return str(asked.get("rule", "best")) if isinstance(asked, dict) else str(asked)


def warn_of_tests(one: Finished, other: Finished) -> str:
    """Say what choosing by the test scores would cost; "" where no test was opened.

    Args:
        one: a study.
        other: another one.
    """
    opened = [study for study in (one, other) if study.content.test_scores]
    if not opened:
        return ""
    if len(opened) == 2 and np.intersect1d(one.split.test, other.split.test).size:
        return (
            "Test scores are shown as each study opened them; nothing was opened here. Picking the study with the "
            "better test score is a second use of the test: the picked score is too high. Choose by the validation "
            "rows above."
        )
    return "Test scores are of different rows and say nothing about which study is better; nothing was opened here."


def _describe(study: Finished, name: str, loss: float) -> ComparedStudy:
    content = study.content
    run = next((item for item in content.runs if item.configuration.name == content.chosen_name), None)
    return ComparedStudy(
        name=name,
        folder=str(study.folder),
        source=content.source,
        created=content.created,
        word=content.chosen.word if content.chosen else "",
        code=content.chosen.code if content.chosen else "",
        ladder=content.ladder.sentence if content.ladder else "",
        chosen_name=content.chosen_name,
        epoch=content.epoch,
        n_parameters=run.configuration.rung.n_parameters if run else 0,
        n_seeds=len(run.validation_curve) if run else 0,
        n_configurations=len(content.choice.candidates) if content.choice else 0,
        n_networks=content.costs.n_networks,
        seconds=math.fsum(seconds for _, seconds in content.costs.seconds),
        loss=loss,
        development_scores=content.development_scores,
        test_scores=content.test_scores,
        test_opened=content.test_opened,
        openings_before=content.openings_before,
        run=run,
    )


def _name_both(one: Finished, other: Finished) -> tuple[str, str]:
    names = one.folder.resolve().name, other.folder.resolve().name
    return names if names[0] != names[1] else (str(one.folder), str(other.folder))


def _write_value(value: object) -> str:
    return json.dumps(value or {}, sort_keys=True, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_VALUE else text[: MOST_VALUE - 1] + "…"
