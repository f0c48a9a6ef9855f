"""The page of a demo in a real browser; skipped without one."""

import pytest
from tests.demos.test_page import make_outcome

from chromium import find_barriers, require_browser, start_browser, walk_by_tab
from heldout.demos import DEMOS
from heldout.demos.page import render_page

require_browser()


@pytest.fixture(scope="module")
def open_page(tmp_path_factory):
    place = tmp_path_factory.mktemp("demo") / "demo.html"
    place.write_text(
        render_page(DEMOS["curve"], make_outcome("<script>alert(1)</script>"), seed=3), encoding="utf-8"
    )
    with start_browser() as chromium:

        def show(*, theme="light", width=1280):
            page = chromium.new_page(
                color_scheme=theme, viewport={"width": width, "height": 900}, bypass_csp=True
            )
            page.goto(place.as_uri())
            return page

        yield show


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_is_found(open_page, theme):
    page = open_page(theme=theme)
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert find_barriers(page) == []


def test_the_page_is_gone_through_by_keyboard_alone(open_page):
    reached, is_through = walk_by_tab(open_page())
    assert is_through
    assert [item for item in reached if not (item["seen"] and item["outline"])] == []


def test_nothing_is_wider_than_a_telephone_and_markup_is_text(open_page):
    page = open_page(width=375)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 375
    assert page.locator("script").count() == 0
    assert "<script>alert(1)</script>" in page.inner_text("h1")
