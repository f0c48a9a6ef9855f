"""What `look` found as one self-contained HTML page: the data part of the report, before anything is trained."""

from __future__ import annotations

from markupsafe import Markup

from heldout.report import summary
from heldout.report.content import LookContent
from heldout.report.html import (
    MOST_COLUMNS,
    MOST_FINDINGS,
    hash_for_policy,
    make_environment,
    read_packaged,
)
from heldout.report.privacy import hide_look, tell_hidden
from heldout.report.sparks import draw_spark


def render_look(content: LookContent, *, show_rows: bool = False) -> str:
    """The data part of the report as the text of one HTML file: no script, no request, no row of the data.

    Args:
        content: the table before training.
        show_rows: also show cells that one row has, or few.

    Returns:
        HTML with its style inside.

    Example:
        >>> page = render_look(LookContent(source="t.csv", n_rows=3, n_columns=2, columns=()))
        >>> page.lstrip()[:15], "<script" in page
        ('<!doctype html>', False)
    """
    style = read_packaged("report.css")
    content = content if show_rows else hide_look(content)
    shown = content.columns[:MOST_COLUMNS]
    return (
        make_environment()
        .get_template("look.html.j2")
        .render(
            look=content,
            has_hidden=tell_hidden(content),
            style=Markup(style),  # noqa: S704 - our own packaged file
            style_hash=hash_for_policy(style),
            full_columns=shown,
            has_sketches=any(note.before or note.after for note in shown),
            spark=draw_spark,
            n_hidden_columns=len(content.columns) - len(shown),
            findings=summary.sort_findings(content.findings)[:MOST_FINDINGS],
        )
        .lstrip()
    )
