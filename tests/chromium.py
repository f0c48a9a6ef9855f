"""What the tests of pages share: Debian's Chromium driven by Playwright, or a clear reason why they are skipped."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers keep it small
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
WRITE_BASELINES = os.environ.get("WRITE_BASELINES") == "1"
MOST_DIFFERING = 0.005
# Baselines are kept at half size in evenly spaced shades of grey: small, and no smoothing of a letter's edge counts.
SCALE, SHADES, SAME_SHADE = 0.5, 10, 40
# Which element has the focus, whether it is in view, and whether one sees that it has the focus.
FOCUSED = """() => { const one = document.activeElement, box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  return {tag: one.tagName, id: one.id, name: one.className, text: one.textContent.slice(0, 60).trim(),
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0,
    outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2}; }"""
# A part that begins within a pixel is smoothed otherwise; what stands above it must not decide that.
TO_WHOLE_PIXEL = """(one) => { document.body.style.paddingTop = '0';
  const top = one.getBoundingClientRect().top + scrollY;
  document.body.style.paddingTop = `${Math.ceil(top) - top}px`; }"""
TEXT_WIDTH = """() => { const probe = document.createElement('canvas').getContext('2d');
  probe.font = getComputedStyle(document.body).font; return probe.measureText('heldout 0123456789 %').width; }"""


@functools.cache
def find_chromium() -> tuple[str, str]:
    """(path of a browser that starts, "") or ("", why there is none)."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        return "", "no Chromium is installed (apt-get install chromium)"
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{path} does not start: {error}"
    return (path, "") if done.returncode == 0 else ("", f"{path} --version ends with {done.returncode}")


def require_browser() -> None:
    """Skips the module that calls it where Playwright or Chromium is missing."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    _, why_not = find_chromium()
    if why_not:
        pytest.skip(why_not, allow_module_level=True)


@contextlib.contextmanager
def start_browser() -> Iterator[Any]:
    """Chromium as the tests need it; closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=find_chromium()[0], args=FLAGS)
        yield chromium
        chromium.close()


def find_barriers(page: Any) -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong on a page: (rule, the first elements). The page's own policy must be bypassed."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    )
    found = axe.Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:90] for node in one["nodes"]][:3]) for one in found]


def walk_by_tab(page: Any, *, most: int = 400) -> tuple[list[dict[str, Any]], bool]:
    """What the focus reaches by the Tab key alone, and whether it came out at the end: no trap."""
    reached: list[dict[str, Any]] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["tag"] == "BODY":
            return reached, True
        reached.append(focused)
    return reached, False


def compare_with_baseline(page: Any, part: Any, place: Path) -> None:
    """At most 0.5 % of the pixels of one part differ from its baseline.

    Letters are drawn otherwise by other fonts and browsers, so a baseline counts only where both are those it was
    made with; elsewhere the test is skipped and says so. `WRITE_BASELINES=1` makes the baselines anew.
    """
    image, chops = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageChops")
    version = page.context.browser.version.split(".")[0]
    here = {"chromium": version, "width of a text": round(page.evaluate(TEXT_WIDTH), 1)}
    about = place.parent / "about.json"
    if WRITE_BASELINES:
        place.parent.mkdir(exist_ok=True)
        about.write_text(json.dumps(here) + "\n", encoding="utf-8")
    made_with = json.loads(about.read_text(encoding="utf-8"))
    if made_with != here:
        pytest.skip(f"the baselines were made with {made_with}, here is {here}: WRITE_BASELINES=1 makes them")
    part.evaluate(TO_WHOLE_PIXEL)
    grey = image.open(io.BytesIO(part.screenshot(animations="disabled"))).convert("L")
    small = grey.resize((max(1, round(grey.width * SCALE)), max(1, round(grey.height * SCALE))), image.BOX)
    if WRITE_BASELINES:
        step = 255 / (SHADES - 1)
        small.point(lambda value: round(round(value / step) * step)).quantize(SHADES).save(
            place, optimize=True
        )
    baseline = image.open(place).convert("L")
    assert small.size == baseline.size
    differing = chops.difference(small, baseline).point(lambda value: 255 if value > SAME_SHADE else 0)
    share = differing.histogram()[255] / (small.width * small.height)
    assert share <= MOST_DIFFERING, f"{100 * share:.2f} % of the pixels differ from {place.name}"
