"""Only shapes and text enter the page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from heldout.errors import HeldoutError
from heldout.report.svg import clean_svg

HOSTILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)">'
    '<script>alert(2)</script><foreignObject><p>alert(3)</p></foreignObject><image xlink:href="http://x/alert(4)"/>'
    '<a href="javascript:alert(5)"><text>link</text></a><style>@import "http://x/alert(6)"</style>'
    '<g clip-path="url(http://x/alert(7))"><path d="M0,0L1.23456,2" style="fill:url(http://x)" onclick="alert(8)"/></g>'
    '<clipPath id="c"><rect width="1"/></clipPath><g clip-path="url(#c)">'
    '<text fill="var(--ink)">a &lt;b&gt;</text></g></svg>'
)


def test_hostile_svg_loses_everything_active() -> None:
    clean = str(clean_svg(HOSTILE, name="demo", title="<t>", description="d & e"))
    assert "alert" not in clean
    assert "http://x" not in clean
    assert "style" not in clean


def test_drawing_survives_with_own_ids_and_description() -> None:
    clean = str(clean_svg(HOSTILE, name="demo", title="<t>", description="d & e"))
    ElementTree.fromstring(clean)
    assert 'd="M0,0L1.2,2"' in clean
    clip = re.search(r'<clipPath id="(demo-\d+)">', clean)
    assert clip is not None
    assert f'clip-path="url(#{clip.group(1)})"' in clean
    assert "a &lt;b&gt;" in clean
    assert '<title id="demo-title">&lt;t&gt;</title><desc id="demo-desc">d &amp; e</desc>' in clean


def test_broken_svg_is_refused() -> None:
    with pytest.raises(HeldoutError, match="chart 'demo' is not well-formed SVG"):
        clean_svg("<svg>", name="demo", title="t", description="d")
