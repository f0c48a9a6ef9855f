"""What comes back: a study, a look, a plan, a score on new rows. They hold records and only show them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heldout.recipe import CellExplanation, PositionExplanation
    from heldout.records import Candidate, ChosenVerdict, LadderVerdict, Score
    from heldout.report import LookContent, PlanContent, StudyContent
    from heldout.stages.comparing import Comparison


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
        from heldout.settings import load_settings
        from heldout.stages.frames import make_frame
        from heldout.stages.predicting import predict_rows

        found = predict_rows(self.folder, source, load_settings(None), allow_shift=allow_shift)
        return make_frame(found, like=source)

    def explain(
        self,
        source: Any,  # noqa: ANN401
        row: int | None = None,
        column: str = "",
        *,
        line: int | None = None,
        fold: int = 0,
        at: tuple[int, ...] = (),
    ) -> CellExplanation:
        """Show the way of one raw cell, pixel or point into the network's input: steps, tensor positions, numbers.

        Args:
            source: path or frame with the raw rows.
            row: position of the row, from 0.
            line: line of the row in its file, as predictions count, instead of `row`.
            column: column name, or the name of a picture or signal.
            fold: whose fitted state is used, from 0.
            at: one place of it: (character,) of a text, (position,) of a sequence (from 1), (row, column, channel) of a
                picture, (point, channel) of a signal.
        """
        from heldout.stages.explaining import explain_raw

        return explain_raw(self.folder, source, row, column, fold=fold, at=at, line=line)

    def explain_pixel(
        self,
        source: Any,  # noqa: ANN401
        row: int,
        column: str,
        *,
        at: tuple[int, ...],
        fold: int = 0,
    ) -> CellExplanation:
        """Show the way of one pixel of a picture's file, before it was brought to one size with the others.

        Args:
            source: path of the pictures.
            row: position of the row, from 0.
            column: name of the pictures, as in `recipe.json`.
            at: (row, column) or (row, column, channel) in the file, from 0.
            fold: whose fitted state is used, from 0.
        """
        from heldout.stages.explaining import explain_pixel

        return explain_pixel(self.folder, source, row, column, at=at, fold=fold)

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


@dataclass(frozen=True)
class Look:
    """What `look` found.

    Args:
        content: the table as it will be read.
        show_rows: page and plain values hold single cells too; words on the user's own screen always do.
    """

    content: LookContent
    show_rows: bool = False

    def text(self) -> str:
        """Give it in words."""
        from heldout.report import look_text

        return look_text(self.content)

    def write_html(self, path: str | Path) -> Path:
        """Write it as one HTML page and give its path; another file that stands there is never overwritten."""
        from heldout.report.look import render_look
        from heldout.stages.pages import write_page

        return write_page(Path(path), render_look(self.content, show_rows=self.show_rows))

    def json(self) -> dict[str, Any]:
        """Give it as plain values."""
        from heldout.report.privacy import hide_look

        return _describe("heldout/look/1", self.content if self.show_rows else hide_look(self.content))

    def __repr__(self) -> str:
        size = f"{self.content.n_rows} rows, {self.content.n_columns} columns"
        return f"<Look at {self.content.source!r}: {size}; print it for all>"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from heldout.report.notebook import show_look

        return show_look(self.content)


@dataclass(frozen=True)
class PlannedStudy:
    """What a study would do.

    Args:
        content: its plan.
        show_rows: plain values hold single cells too.
    """

    content: PlanContent
    show_rows: bool = False

    def text(self) -> str:
        """Give it in words."""
        from heldout.report import plan_text

        return plan_text(self.content)

    def json(self) -> dict[str, Any]:
        """Give it as plain values."""
        from heldout.report.privacy import hide_plan

        return _describe("heldout/plan/1", self.content if self.show_rows else hide_plan(self.content))

    def __repr__(self) -> str:
        return (
            f"<Plan for {self.content.target.name!r}: {self.content.n_networks} networks; print it for all>"
        )

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from heldout.report.notebook import show_plan

        return show_plan(self.content)


@dataclass(frozen=True)
class ExternalScore:
    """The result of scoring a bundle on new labelled rows.

    Args:
        scores: with intervals, the primary one first.
        notes: what differs from the data the networks know, and earlier looks at the same rows.
        n_rows: rows scored.
        source: what was scored.
        constant: scores of always giving the same answer: the mean of these rows, or their shares of classes.
        n_known: rows that repeat a row of the study in every cell that the networks read.
        without_known: scores without those rows; empty where there are none of them, or no others.
        warning: what such rows mean; "" where there are none.
        group: column whose rows of one name are one unit of the intervals; "" where no group was used.
    """

    scores: tuple[Score, ...]
    notes: tuple[str, ...]
    n_rows: int
    source: str
    constant: tuple[Score, ...] = ()
    n_known: int = 0
    without_known: tuple[Score, ...] = ()
    warning: str = ""
    group: str = ""

    def text(self) -> str:
        """Give it in words."""
        from heldout.counts import count_things
        from heldout.report.sentences import format_number

        rows = f"{count_things(self.n_rows, 'row')} scored"
        lines = [
            f"{self.source}: {_tell_units(rows, self.n_rows, self.scores, group=self.group)}",
            *map(_tell_score, self.scores),
        ]
        if self.constant:
            guess = ", ".join(f"{item.metric} {format_number(item.value)}" for item in self.constant)
            lines.append(f"  always the same answer reaches on these rows: {guess}")
        if self.warning:
            lines.append(f"  warning: {self.warning}")
        if self.without_known:
            n_left = self.n_rows - self.n_known
            left = _tell_units(count_things(n_left, "row"), n_left, self.without_known, group=self.group)
            lines += [f"without them, {left}:", *map(_tell_score, self.without_known)]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return _describe("heldout/score/1", self)


def _tell_score(item: Score) -> str:
    from heldout.report.sentences import format_interval, format_number

    return (
        f"  {item.metric} {format_number(item.value)} ({format_interval(item.low, item.high)}; {item.method})"
    )


def _tell_units(rows: str, n_rows: int, scores: tuple[Score, ...], *, group: str) -> str:
    """Add to some rows what counts as one in the intervals: units by a group, or without one the different rows."""
    from heldout.counts import count_things

    n_units = scores[0].n_units if scores else n_rows
    if n_units == n_rows:
        return rows
    if group:
        return f"{rows}, in {count_things(n_units, 'unit')} by {group!r}"
    return f"{rows}, {n_units:,} of them different"  # only copies are joined then


def _describe(schema: str, content: object) -> dict[str, Any]:
    from heldout.stages.codec import to_json_values

    return {"schema": schema, **to_json_values(content)}
