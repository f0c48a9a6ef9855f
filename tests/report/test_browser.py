"""The report in a real browser: accessible, readable in the dark, by keyboard, on paper; skipped without a browser."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heldout.report.charts import draw_charts
from heldout.report.html import render_report
from report.example import make_partial_study
from report.made_studies import make_classes, make_hostile, make_whole, make_wide

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("no Chromium is installed (apt-get install chromium)", allow_module_level=True)

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BASELINES = Path(__file__).parent / "baselines"
WRITE_BASELINES = os.environ.get("WRITE_BASELINES") == "1"
MOST_DIFFERING = 0.005
STUDIES = {
    "whole": make_whole,
    "classes": make_classes,
    "wide": make_wide,
    "hostile": make_hostile,
    "partial": make_partial_study,
}
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
FOCUSED = """() => { const one = document.activeElement, box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  return {tag: one.tagName, text: one.textContent.slice(0, 60).trim(), seen: box.bottom > 0 && box.top < innerHeight
    && box.right > 0, outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2}; }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each study's page as a file; drawn once."""
    folder = tmp_path_factory.mktemp("reports")
    for name, make in STUDIES.items():
        study = make()
        charts = {} if name == "wide" else draw_charts(study)
        (folder / f"{name}.html").write_text(render_report(study, charts=charts), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in STUDIES}


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


@pytest.mark.parametrize(
    ("name", "theme"), [("whole", "light"), ("whole", "dark"), ("hostile", "dark"), ("partial", "light")]
)
def test_no_barrier_is_found(view: Any, name: str, theme: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    page = view(name, theme=theme, bypass_csp=True)
    # tables of hundreds of lines take axe half a minute and are made like the short ones
    page.evaluate(
        "() => document.querySelectorAll('details:not(.long)').forEach((one) => { one.open = true; })"
    )
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]][:3]) for one in found] == []


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


def test_the_page_is_gone_through_by_keyboard_alone(view: Any) -> None:
    page = view("whole")
    page.keyboard.press("Tab")
    first = page.evaluate(FOCUSED)
    assert first["text"] == "Skip to the answer"
    assert first["seen"]
    seen = []
    for _ in range(400):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["tag"] == "BODY":
            break
        seen.append(focused)
    assert page.evaluate("() => document.activeElement.tagName") == "BODY"  # no trap: the end was reached
    assert [item for item in seen if not (item["seen"] and item["outline"])] == []
    assert "Can I trust this number?" in [item["text"] for item in seen]
    assert sum(item["tag"] == "SUMMARY" for item in seen) >= 12


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
    assert page.locator("figure svg").count() == 11
    details = page.locator("#overfit details").first
    assert not details.locator("table").is_visible()
    details.locator("summary").click()
    assert details.locator("table").is_visible()


@pytest.mark.parametrize("name", ["whole", "classes", "wide", "hostile"])
def test_nothing_is_wider_than_a_telephone(view: Any, name: str) -> None:
    page = view(name, width=390)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_markup_in_names_is_text(view: Any) -> None:
    page = view("hostile")
    assert page.locator("script, img, iframe").count() == 0
    assert "<script>alert('x')</script>" in page.inner_text("h1")


def test_print_opens_what_is_folded_and_is_light(view: Any) -> None:
    page = view("whole", theme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    table = page.locator("#trust details table").first
    assert table.bounding_box()["height"] > 40
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert len(pdf) < 3_000_000


def compare_with_baseline(name: str, shot: bytes, surroundings: dict[str, Any]) -> None:
    """At most 0.5 % of the pixels differ from the baseline, which counts only with the same browser and fonts."""
    image, chops = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageChops")
    place, about = BASELINES / f"{name}.png", BASELINES / "about.json"
    grey = image.open(io.BytesIO(shot)).convert("L")
    if WRITE_BASELINES:
        BASELINES.mkdir(exist_ok=True)
        grey.quantize(16).save(place, optimize=True)
        about.write_text(json.dumps(surroundings) + "\n", encoding="utf-8")
    made_in = json.loads(about.read_text(encoding="utf-8"))
    if made_in != surroundings:
        pytest.skip(
            f"baselines were made with {made_in}, here is {surroundings}: WRITE_BASELINES=1 makes them"
        )
    baseline = image.open(place).convert("L")
    assert grey.size == baseline.size
    # 16 shades of grey are kept, so that one step of them is no difference
    differing = (
        chops.difference(grey, baseline).point(lambda value: 255 if value > 24 else 0).histogram()[255]
    )
    assert differing <= MOST_DIFFERING * grey.width * grey.height


@pytest.mark.parametrize(
    ("name", "part", "theme"),
    [
        ("answer", "#answer", "light"),
        ("ladder", "#overfit figure", "light"),
        ("remedies", "#helped figure", "dark"),
    ],
)
def test_the_page_looks_as_it_did(view: Any, browser: Any, name: str, part: str, theme: str) -> None:
    page = view("whole", theme=theme, width=1000)
    width = page.evaluate(
        "() => { const c = document.createElement('canvas').getContext('2d');"
        " c.font = getComputedStyle(document.body).font; return c.measureText('heldout 0123456789 %').width; }"
    )
    surroundings = {"chromium": browser.version.split(".")[0], "width of a text": round(width, 1)}
    compare_with_baseline(name, page.locator(part).first.screenshot(), surroundings)
