"""Small histograms that stand in a line of a table, without axes: how a column's values are spread."""

from __future__ import annotations

from markupsafe import Markup

WIDTH, HEIGHT = 60, 16


def draw_spark(counts: tuple[int, ...], *, what: str) -> Markup:
    """Bars for counts, the largest as high as the line; empty for no counts.

    One path is all there is, so that forty columns add a few kilobytes. The numbers are no secret but a picture of the
    shape: the words for screen readers say where most rows are.

    Args:
        counts: rows per bin or category.
        what: what is counted, for screen readers, e.g. "as read".

    Example:
        >>> str(draw_spark((1, 3), what="as read"))[:60]
        '<svg class="spark" role="img" aria-label="as read: 2 bins, 7'
        >>> str(draw_spark((), what="as read"))
        ''
    """
    if not counts:
        return Markup("")
    largest, total = max(counts), sum(counts)
    step = WIDTH / len(counts)
    bars = []
    for place, count in enumerate(counts):
        if count:
            height = max(1.0, HEIGHT * count / largest)
            bars.append(f"M{place * step:.1f} {HEIGHT}v-{height:.1f}h{step * 0.86:.1f}v{height:.1f}z")
    share = f"{100 * largest / total:.0f}" if total else "0"
    label = f"{what}: {len(counts)} bins, {share} % of rows in bin {counts.index(largest) + 1}"
    return Markup(
        '<svg class="spark" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '<path fill="var(--train)" d="{}"/></svg>'
    ).format(label, WIDTH, HEIGHT, WIDTH, HEIGHT, "".join(bars))
