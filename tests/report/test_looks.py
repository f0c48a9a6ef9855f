"""Every main part of the report looks as it did: screenshots against small baselines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chromium import WRITE_BASELINES, compare_with_baseline, require_browser, start_browser
from heldout.report.charts import draw_charts
from heldout.report.html import render_report
from report.made_studies import make_whole

require_browser()

BASELINES = Path(__file__).parent / "baselines"
PARTS = (
    *("answer", "trust", "data", "wrong", "overfit", "helped", "learn"),
    *("groups", "mistakes", "more", "cost", "repeat", "limits", "codes"),
)
IN_THE_DARK = ("answer", "overfit", "helped", "mistakes")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The report in both themes."""
    study = make_whole()
    place = tmp_path_factory.mktemp("report") / "report.html"
    place.write_text(render_report(study, charts=draw_charts(study)), encoding="utf-8")
    with start_browser() as browser:
        pages = {}
        for theme in ("light", "dark"):
            page = browser.new_page(color_scheme=theme, viewport={"width": 1000, "height": 900})
            page.goto(place.as_uri())
            pages[theme] = page
        yield pages


@pytest.mark.parametrize(
    ("part", "theme"), [*((part, "light") for part in PARTS), *((part, "dark") for part in IN_THE_DARK)]
)
def test_a_part_looks_as_it_did(report: dict[str, Any], part: str, theme: str) -> None:
    page = report[theme]
    compare_with_baseline(page, page.locator(f"#{part}"), BASELINES / f"{part}-{theme}.png")


def test_a_missing_line_is_a_difference(report: dict[str, Any]) -> None:
    if WRITE_BASELINES:
        pytest.skip("the baselines are being made")
    page = report["light"]
    page.evaluate("() => { document.querySelector('#overfit figcaption strong').style.opacity = '0'; }")
    with pytest.raises(AssertionError, match="of the pixels differ"):
        compare_with_baseline(page, page.locator("#overfit"), BASELINES / "overfit-light.png")
    page.evaluate("() => { document.querySelector('#overfit figcaption strong').style.opacity = ''; }")


def test_what_stands_above_a_part_does_not_decide_how_it_looks(report: dict[str, Any]) -> None:
    page = report["light"]
    page.evaluate("() => { document.querySelector('header').style.marginTop = '7.37px'; }")
    compare_with_baseline(page, page.locator("#learn"), BASELINES / "learn-light.png")
    page.evaluate("() => { document.querySelector('header').style.marginTop = ''; }")
