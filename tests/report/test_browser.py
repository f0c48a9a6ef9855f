"""The report in a real browser: accessible, readable in the dark, by keyboard, on paper; skipped without a browser."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chromium import find_barriers, require_browser, start_browser, walk_by_tab
from heldout.report.charts import draw_charts
from heldout.report.comparison_page import render_comparison
from heldout.report.html import render_report
from heldout.report.look import render_look
from report.example import make_look, make_partial_study, make_regression_study
from report.made_comparison import make_comparison, make_side
from report.made_studies import EVIL, make_classes, make_hostile, make_sixteen, make_whole, make_wide

require_browser()

STUDIES = {
    "whole": make_whole,
    "sixteen": make_sixteen,
    "classes": make_classes,
    "wide": make_wide,
    "hostile": make_hostile,
    "partial": make_partial_study,
    "regression": make_regression_study,
}
ALL = (*STUDIES, "look", "compare")
# Contrast of each text of the pictures with the page behind it, by the formula of WCAG 2.
CONTRASTS = """() => {
  const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const read = (colour) => { probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = (rgb) => rgb.map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const paper = light(read(getComputedStyle(document.body).backgroundColor));
  return [...document.querySelectorAll('figure svg text')].map((text) => {
    const ink = light(read(getComputedStyle(text).fill));
    return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05); });
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with start_browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each page as a file; pictures are drawn once for studies that share their curves."""
    charts = draw_charts(make_whole())
    texts = {}
    for name, make in STUDIES.items():
        study = make()
        own = charts if name in ("whole", "wide") else draw_charts(study)
        texts[name] = render_report(study, charts=own)
    texts["look"] = render_look(make_look())
    texts["compare"] = render_comparison(make_comparison(second=make_side(EVIL, loss=0.42), notes=(EVIL,)))
    folder = tmp_path_factory.mktemp("reports")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.fixture
def view(browser: Any, pages: dict[str, Path]) -> Iterator[Any]:
    """Opens a study's page; complaints of the browser and requests fail the test."""
    contexts, faults = [], []

    def show(name: str, *, theme: str = "light", width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        own = pages[name].as_uri()
        page.on(
            "console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("request", lambda asked: None if asked.url.startswith(own) else faults.append(asked.url[:80]))
        page.goto(own)
        return page

    yield show
    for context in contexts:
        context.close()
    assert [fault for fault in faults if not fault.startswith("data:image/png")] == []


# tables of hundreds of lines take axe half a minute and are made like the short ones
OPEN_SHORT = "() => document.querySelectorAll('details:not(.long)').forEach((one) => { one.open = true; })"
OPEN_FEW = """() => document.querySelectorAll('details').forEach((one) => {
  one.open = one.querySelectorAll('tr').length < 50; })"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "hostile", "look", "compare"])
def test_no_barrier_is_found(view: Any, name: str, theme: str) -> None:
    page = view(name, theme=theme, bypass_csp=True)
    page.evaluate(OPEN_SHORT)
    assert find_barriers(page) == []


@pytest.mark.parametrize("name", ["sixteen", "classes", "wide", "partial", "regression"])
def test_no_barrier_is_found_in_studies_of_odd_shape(view: Any, name: str) -> None:
    page = view(name, bypass_csp=True)
    page.evaluate(OPEN_FEW)
    assert find_barriers(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_of_a_picture_is_readable(view: Any, theme: str) -> None:
    contrasts = view("whole", theme=theme).evaluate(CONTRASTS)
    assert len(contrasts) > 150
    assert min(contrasts) >= 4.5


def test_pictures_are_light_on_dark_in_the_dark(view: Any) -> None:
    image = pytest.importorskip("PIL.Image")
    medians, brightest = {}, {}
    for theme in ("light", "dark"):
        figure = view("whole", theme=theme).locator("#overfit figure svg").first
        grey = image.open(io.BytesIO(figure.screenshot())).convert("L")
        histogram = grey.histogram()
        medians[theme] = next(
            level for level in range(256) if sum(histogram[: level + 1]) > sum(histogram) / 2
        )
        brightest[theme] = grey.getextrema()
    assert medians["light"] > 230
    assert medians["dark"] < 50
    assert brightest["dark"][1] > 150  # the texts and lines
    assert brightest["light"][0] < 100


@pytest.mark.parametrize("name", ["whole", "look", "compare"])
def test_the_page_is_gone_through_by_keyboard_alone(view: Any, name: str) -> None:
    page = view(name)
    reached, is_through = walk_by_tab(page)
    assert is_through  # no trap: the end was reached
    assert reached[0]["text"].startswith("Skip to the")
    assert [item for item in reached if not (item["seen"] and item["outline"])] == []
    if name == "whole":
        assert "Can I trust this number?" in [item["text"] for item in reached]
        assert sum(item["tag"] == "SUMMARY" for item in reached) >= 12


def test_a_table_is_opened_and_a_code_followed_by_keyboard(view: Any) -> None:
    page = view("whole")
    summary = page.locator("#overfit summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#overfit details").first.evaluate("(one) => one.open")
    page.locator("#answer a.code").last.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#HO101")
    assert page.locator("#HO101").evaluate("(one) => one.getBoundingClientRect().top < innerHeight")


def test_everything_is_there_without_javascript(view: Any) -> None:
    page = view("whole", java_script_enabled=False)
    assert page.locator("main section h2").count() >= 15
    assert page.locator("figure svg").count() == 12
    details = page.locator("#overfit details").first
    assert not details.locator("table").is_visible()
    details.locator("summary").click()
    assert details.locator("table").is_visible()


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_wider_than_a_telephone(view: Any, name: str) -> None:
    page = view(name, width=375)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("name", ["hostile", "compare"])
def test_markup_in_names_is_text(view: Any, name: str) -> None:
    page = view(name, java_script_enabled=True)
    page.on("dialog", lambda dialog: pytest.fail("a script of the data ran"))
    assert page.locator("script, img, iframe").count() == 0
    assert "<script>alert('x')</script>" in page.inner_text("body")
    if name == "hostile":
        assert "<script>alert('x')</script>" in page.inner_text("h1")
        assert "<script>alert('x')</script>" in page.locator("#data tbody th").first.inner_text()


def test_sixteen_rows_are_told_as_sixteen(view: Any) -> None:
    page = view("sixteen")
    answer = page.inner_text("#answer")
    assert "16 rows are too few to set some aside" in answer
    assert "16 rows are too few for a verdict" in answer
    assert "There are no untouched rows" in page.inner_text("#trust")


def test_forty_classes_have_a_readable_matrix(view: Any) -> None:
    page = view("classes")
    labels = page.locator("#mistakes figure svg text").all_text_contents()
    assert {"species 00", "species 39"} <= set(labels)
    sizes = page.eval_on_selector_all(
        "#mistakes figure svg text", "(all) => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 6


def test_five_hundred_columns_fold_all_but_forty(view: Any) -> None:
    page = view("wide")
    assert page.locator("#data details").first.locator("tbody tr").count() == 40
    page.locator("#data summary:has-text('The other 460 columns')").click()
    assert page.locator("#data").get_by_text("gene_000", exact=True).is_visible()


def test_print_opens_what_is_folded_and_is_light(view: Any) -> None:
    page = view("whole", theme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    table = page.locator("#trust details table").first
    assert table.bounding_box()["height"] > 40
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(pdf) < 3_000_000
