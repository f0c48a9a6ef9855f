"""The report of a study on disk: the page, and beside it each chart as specification and numbers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from heldout.errors import StudyError
from heldout.report import StudyContent
from heldout.stages.pages import write_page
from heldout.stages.spawning import child_environment

CHARTS, PAGE = "charts", "report.html"
# what is left of a damaged or unfinished study never takes the place of a whole report
CHARTS_OF_REST, PAGE_OF_REST = "charts-partial", "report-partial.html"
# a stopped study of five sizes takes 3.2 s of one processor (measured); who stops a study does not wait longer
LONGEST_SECONDS = 10.0


def write_report(
    content: StudyContent, folder: Path, place: Path | None = None, *, show_rows: bool = False
) -> Path:
    """Write the report as one HTML page.

    Args:
        content: what it shows, whole or what is left of it.
        folder: the study's folder; the charts' files go into its `charts/`.
        place: the page; `report.html` in the folder when left out. A page elsewhere stands alone, without links. Of a
            study that could be read only in part it is `report-partial.html`, its charts go into `charts-partial/`.
        show_rows: also show what belongs to single rows.

    Returns:
        The path of the page.

    Raises:
        StudyError: another file stands there, or the whole report where this is only a part, or it cannot be written.
    """
    from heldout.bundle import write_file

    page_name, charts_name = (PAGE_OF_REST, CHARTS_OF_REST) if content.unread else (PAGE, CHARTS)
    place = folder / page_name if place is None else place
    is_inside = place.resolve().parent == folder.resolve()
    if content.unread and is_inside and place.name == PAGE and place.is_file():
        raise StudyError(
            f"{str(place)!r} is there, and this study can be read only in part",
            hint=f"leave out --out: {PAGE_OF_REST} is written",
        )
    *charts, (_, page) = make_files(content, show_rows=show_rows, beside=is_inside, charts_name=charts_name)
    if is_inside:
        (folder / charts_name).mkdir(exist_ok=True)
        for name, text in charts:
            write_file(folder / name, text.encode("utf-8"))
    return write_page(place, page)


def leave_report(folder: Path, *, longest: float = LONGEST_SECONDS) -> Path | None:
    """Write what there is of a stopped study, as `heldout report` does; whatever goes wrong, nothing is raised.

    Another process writes it: one that fails, takes too long, runs out of memory or is stopped by Ctrl-C changes
    nothing of how the stop ends. Once the sealed test rows were opened nothing is written, since the page would show
    their score.

    Args:
        folder: the study's folder.
        longest: seconds after which the page is given up.

    Returns:
        The page, or None where there is none.

    Example:
        >>> leave_report(Path("no/such/study")) is None
        True
    """
    if not (folder / "study.json").is_file() or (folder / "test.json").exists():
        return None
    page = folder / PAGE_OF_REST
    try:
        page.unlink(missing_ok=True)  # of an earlier stop
        subprocess.run(
            [sys.executable, "-m", "heldout", "report", str(folder.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=child_environment(),
            timeout=longest,
            check=False,
            start_new_session=True,  # wrappers send one Ctrl-C twice
        )
    except (OSError, subprocess.SubprocessError, KeyboardInterrupt):
        return None  # who presses Ctrl-C again waits no longer; the process was ended with the wait
    return page if page.is_file() else None


def drop_rest(folder: Path) -> None:
    """Remove the page and charts of what there was of a study, once it is whole.

    Args:
        folder: the study's folder.
    """
    with suppress(OSError):
        (folder / PAGE_OF_REST).unlink(missing_ok=True)
    shutil.rmtree(folder / CHARTS_OF_REST, ignore_errors=True)


def make_files(
    content: StudyContent, *, show_rows: bool = False, beside: bool = True, charts_name: str = CHARTS
) -> tuple[tuple[str, str], ...]:
    """Make the files of a report.

    Args:
        content: what it shows.
        show_rows: also show what belongs to single rows.
        beside: the charts' files will lie beside the page, which then links to them; a page elsewhere names none.
        charts_name: folder of the charts' files.

    Returns:
        (path within the study's folder, text): two files a chart, the page last.
    """
    from heldout.report.charts import draw_charts, list_chart_files
    from heldout.report.html import render_report

    charts = draw_charts(content)
    files = [(f"{charts_name}/{name}", text) for name, text in list_chart_files(charts)]
    folder = f"{charts_name}/" if beside else ""
    page = render_report(content, show_rows=show_rows, charts=charts, beside=folder)
    return (*files, (PAGE, page))
