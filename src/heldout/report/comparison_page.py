"""A comparison as one self-contained HTML page."""

from __future__ import annotations

from markupsafe import Markup

from heldout.report import comparison
from heldout.report.comparison import ComparisonContent
from heldout.report.html import hash_for_policy, make_environment, read_packaged
from heldout.report.notebook import draw_compared

TONES = {"first is better": "good", "second is better": "good"}


def render_comparison(content: ComparisonContent) -> str:
    """Two studies side by side as the text of one HTML file: no script, no request, no row of the data.

    Args:
        content: the comparison.

    Returns:
        HTML with its style inside.
    """
    style = read_packaged("report.css")
    sides = (content.first, content.second)
    heads, *rows = comparison.list_rows(content)
    page = make_environment().get_template("compare.html.j2")
    return page.render(
        it=content,
        sides=sides,
        style=Markup(style),  # noqa: S704 - our own packaged file
        style_hash=hash_for_policy(style),
        headline=comparison.headline_comparison(content),
        tone=TONES.get(content.outcome, "plain"),
        heads=heads,
        rows=rows,
        differences=(
            ("delivered networks", comparison.describe_difference(content.delivered)),
            ("choice made anew", comparison.describe_difference(content.choice)),
        ),
        hits=comparison.describe_hits(content),
        pictures=draw_compared(content),
        tests=[(side.name, comparison.describe_scores(side, unit=content.target.unit)) for side in sides],
    ).lstrip()
