"""A Vega-Lite picture as a small, safe, themeable SVG.

The SVG is parsed again and written from an allow-list of elements and attributes, so that nothing but shapes and
text can enter the page, whatever a column is called. Colours are CSS variables that the page sets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import vl_convert
from markupsafe import Markup

from heldout.errors import HeldoutError

_ELEMENTS = frozenset(["svg", "g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath"])
_ATTRIBUTES = frozenset(
    [
        *("d", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "cx", "cy", "r", "width", "height", "transform"),
        *("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "opacity"),
        *("stroke-miterlimit", "stroke-linejoin", "stroke-linecap", "viewBox", "id", "clip-path"),
        *("text-anchor", "font-size", "font-weight", "font-style"),
    ]
)
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_DEFAULTS = {("opacity", "1"), ("stroke-width", "1"), ("font-weight", "normal")}

LIGHT_COLOURS = {
    "--ink": "#1c2430",
    "--soft": "#55606e",
    "--grid": "#dfe3e8",
    "--train": "#0b6aa8",
    "--validation": "#b34700",
    "--last": "#8a3ca3",
    "--reference": "#5d6672",
    "--band": "#e9edf2",
    "--paper": "#ffffff",
}


@dataclass(frozen=True)
class Numbers:
    """The numbers of a picture as a table for other programs, with all their digits.

    Args:
        columns: headings.
        rows: cells: text or numbers; NaN is an empty cell.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]


@dataclass(frozen=True)
class Chart:
    """A picture with the sentence it shows and the same numbers as a table.

    Args:
        name: short name, used for ids and files.
        title: what is drawn.
        finding: what one sees in it, as far as the evidence carries.
        note: how to read it; empty when nothing needs saying.
        svg: the picture, safe to place in a page.
        spec: the Vega-Lite specification it was made from.
        columns: headings of the table.
        rows: cells of the table, as text.
        numbers: what is drawn, with all digits, for `NAME.csv`.
    """

    name: str
    title: str
    finding: str
    note: str
    svg: Markup
    spec: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: Numbers


def render_svg(spec: dict[str, Any], *, name: str, title: str, description: str) -> Markup:
    """A Vega-Lite specification as safe SVG with a title and a description for screen readers.

    Args:
        spec: Vega-Lite, data inline.
        name: prefix of all ids, unique in the page.
        title: read aloud first.
        description: what one sees, in words.

    Raises:
        HeldoutError: the drawing library returned something that is not SVG.

    Example:
        >>> spec = {"data": {"values": [{"a": "<script>"}]}, "mark": "text", "encoding": {"text": {"field": "a"}}}
        >>> svg = render_svg(spec, name="demo", title="t", description="d")
        >>> "&lt;script&gt;" in svg, "<script" in svg
        (True, False)
    """
    return clean_svg(vl_convert.vegalite_to_svg(spec), name=name, title=title, description=description)


def clean_svg(text: str, *, name: str, title: str, description: str) -> Markup:
    """An SVG text reduced to shapes and text, with title, description and ids of its own.

    Raises:
        HeldoutError: the text is not well-formed SVG.

    Example:
        >>> raw = '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>x()</script><path d="M0,0"/></svg>'
        >>> "x()" in clean_svg(raw, name="demo", title="t", description="d")
        False
        >>> clean_svg("<p>", name="demo", title="t", description="d")
        Traceback (most recent call last):
        heldout.errors.HeldoutError: chart 'demo' is not well-formed SVG: no element found: line 1, column 3
    """
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - our own drawing; no entities, no network in ElementTree
    except ElementTree.ParseError as error:
        raise HeldoutError(f"chart {name!r} is not well-formed SVG: {error}") from None
    # The library numbers its ids over all charts it ever drew; the same study must give the same bytes.
    ids = {
        item.attrib["id"]: f"{name}-{count}" for count, item in enumerate(root.iter()) if "id" in item.attrib
    }
    _reduce(root, ids)
    root.attrib.update(
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
        }
    )
    for position, (tag, words) in enumerate((("title", title), ("desc", description))):
        child = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        child.text = words
        root.insert(position, child)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - every element and attribute is listed


def _reduce(element: ElementTree.Element, ids: dict[str, str]) -> None:
    element.tag = _local(element.tag)
    element.attrib = {
        key: _tidy(key, value, ids)
        for key, value in element.attrib.items()
        if key in _ATTRIBUTES and (key, value) not in _DEFAULTS
    }
    for child in list(element):
        if _local(child.tag) not in _ELEMENTS or child.attrib.get("display") == "none":
            element.remove(child)
            continue
        _reduce(child, ids)
        if child.tag == "g" and len(child) == 0:
            element.remove(child)


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _tidy(key: str, value: str, ids: dict[str, str]) -> str:
    if key == "id":
        return ids[value]
    if key == "clip-path":
        return f"url(#{ids.get(value.removeprefix('url(#').removesuffix(')'), 'none')})"
    return _LONG_NUMBER.sub(lambda match: f"{float(match.group()):.1f}".removesuffix(".0"), value)
