"""The report of a study on disk: the page, and beside it each chart as specification and numbers."""

from __future__ import annotations

from pathlib import Path

from heldout.report import StudyContent
from heldout.stages.pages import write_page

CHARTS, PAGE = "charts", "report.html"


def write_report(
    content: StudyContent, folder: Path, place: Path | None = None, *, show_rows: bool = False
) -> Path:
    """Write the report as one HTML page.

    Args:
        content: what it shows, whole or partial.
        folder: the study's folder; the charts' files go into its `charts/`.
        place: the page; `report.html` in the folder when left out. A page elsewhere stands alone, without links.
        show_rows: also show what belongs to single rows.

    Returns:
        The path of the page.

    Raises:
        StudyError: another file stands there, or it cannot be written.
    """
    from heldout.bundle import write_file

    place = folder / PAGE if place is None else place
    is_inside = place.resolve().parent == folder.resolve()
    *charts, (_, page) = make_files(content, show_rows=show_rows, beside=is_inside)
    if is_inside:
        (folder / CHARTS).mkdir(exist_ok=True)
        for name, text in charts:
            write_file(folder / name, text.encode("utf-8"))
    return write_page(place, page)


def make_files(
    content: StudyContent, *, show_rows: bool = False, beside: bool = True
) -> tuple[tuple[str, str], ...]:
    """Make the files of a report.

    Args:
        content: what it shows.
        show_rows: also show what belongs to single rows.
        beside: the charts' files will lie beside the page, which then links to them.

    Returns:
        (path within the study's folder, text): two files a chart, the page last.
    """
    from heldout.report.charts import draw_charts, list_chart_files
    from heldout.report.html import render_report

    charts = draw_charts(content)
    files = [(f"{CHARTS}/{name}", text) for name, text in list_chart_files(charts)]
    folder = f"{CHARTS}/" if beside else ""
    page = render_report(content, show_rows=show_rows, charts=charts, beside=folder)
    return (*files, (PAGE, page))
