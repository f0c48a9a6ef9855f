"""What comes back besides a study: a look, a plan, a score on new rows. They hold records and only show them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heldout.records import Score
    from heldout.report import LookContent, PlanContent


@dataclass(frozen=True)
class Look:
    """What `look` found.

    Args:
        content: the table as it will be read.
    """

    content: LookContent

    def text(self) -> str:
        """Give it in words."""
        from heldout.report import look_text

        return look_text(self.content)

    def write_html(self, path: str | Path) -> Path:
        """Write it as one HTML page and give its path; another file that stands there is never overwritten."""
        from heldout.report.look import render_look
        from heldout.stages.pages import write_page

        return write_page(Path(path), render_look(self.content))

    def json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return _describe("heldout/look/1", self.content)

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
    """

    content: PlanContent

    def text(self) -> str:
        """Give it in words."""
        from heldout.report import plan_text

        return plan_text(self.content)

    def json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return _describe("heldout/plan/1", self.content)

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
    """

    scores: tuple[Score, ...]
    notes: tuple[str, ...]
    n_rows: int
    source: str

    def text(self) -> str:
        """Give it in words."""
        from heldout.report.sentences import format_interval, format_number

        lines = [f"{self.source}: {self.n_rows} rows scored"]
        for item in self.scores:
            lines.append(
                f"  {item.metric} {format_number(item.value)} ({format_interval(item.low, item.high)}; {item.method})"
            )
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return _describe("heldout/score/1", self)


def _describe(schema: str, content: object) -> dict[str, Any]:
    from heldout.stages.codec import to_json_values

    return {"schema": schema, **to_json_values(content)}
