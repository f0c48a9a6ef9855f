"""A demo's page as one HTML file, its pictures as files of their own, and its record as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from heldout.demos.catalogue import LectureDemo
from heldout.demos.frame import DemoOutcome
from heldout.errors import StudyError
from heldout.report.html import hash_for_policy, make_environment, read_packaged
from heldout.report.svg import LIGHT_COLOURS, Chart
from heldout.version import __version__

SCHEMA = "heldout/demo/1"
PAGE, RECORD, PICTURES = "demo.html", "record.json", "pictures"
DARK_COLOURS = {
    "--ink": "#e8ecf1",
    "--soft": "#aab4c0",
    "--grid": "#2b333c",
    "--train": "#6cb6ee",
    "--validation": "#f2a065",
    "--last": "#d29ae6",
    "--reference": "#9aa5b1",
    "--band": "#262e37",
    "--paper": "#14181d",
    "--good": "#7ed09a",
}
GOOD = {"--good": "#1d6b3a"}  # on light ground; the report's charts do without it


@dataclass(frozen=True)
class DemoFiles:
    """What a demo left in its folder.

    Args:
        page: the HTML page.
        record: its numbers as JSON.
        pictures: one SVG file for each chart, readable on light and dark ground.
    """

    page: Path
    record: Path
    pictures: tuple[Path, ...]


def render_page(demo: LectureDemo, outcome: DemoOutcome, *, seed: int) -> str:
    """The page of a demo as the text of one HTML file: no script, no request, light and dark.

    Args:
        demo: row of the catalogue.
        outcome: what came out.
        seed: it was run with.

    Returns:
        HTML with its style inside.
    """
    style = read_packaged("report.css")
    template = make_environment().from_string(_read_template())
    text = template.render(
        page=outcome.page,
        name=demo.name,
        about=demo.about,
        seed=seed,
        version=__version__,
        style=Markup(style),  # noqa: S704 - our own packaged file
        style_hash=hash_for_policy(style),
    )
    return text.lstrip()


def _read_template() -> str:
    return files("heldout.demos").joinpath("demo.html.j2").read_text(encoding="utf-8")


def build_record(demo: LectureDemo, outcome: DemoOutcome, *, seed: int) -> dict[str, Any]:
    """The numbers of a demo as plain values for JSON; a number that is not finite becomes null.

    Args:
        demo: row of the catalogue.
        outcome: what came out.
        seed: it was run with.

    Returns:
        An object with the schema "heldout/demo/1".
    """
    return {
        "schema": SCHEMA,
        "demo": demo.name,
        "seed": seed,
        "version": __version__,
        "answer": [line.strip() for line in outcome.page.answer if line.strip()],
        "results": make_plain(outcome.record),
    }


def make_plain(value: Any) -> Any:  # noqa: ANN401 - records and whatever they hold
    """Records, tuples, arrays and enumerations as plain values; a number that is not finite becomes None.

    Raises:
        TypeError: a value has no plain form.

    Example:
        >>> make_plain({"a": (np.float32(0.5), float("nan")), "b": np.arange(2)})
        {'a': [0.5, None], 'b': [0, 1]}
        >>> make_plain(object())
        Traceback (most recent call last):
        TypeError: a record holds a value of type object
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: make_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return make_plain(value.tolist())
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): make_plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [make_plain(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"a record holds a value of type {type(value).__name__}")


def write_demo(demo: LectureDemo, outcome: DemoOutcome, folder: Path, *, seed: int) -> DemoFiles:
    """Write page, record and pictures of a demo.

    Args:
        demo: row of the catalogue.
        outcome: what came out.
        folder: where to write; files of the same names are replaced.
        seed: it was run with.

    Raises:
        StudyError: a file cannot be written.
    """
    charts = [chart for part in outcome.page.sections for chart in part.charts]
    texts = {PAGE: render_page(demo, outcome, seed=seed)}
    record = build_record(demo, outcome, seed=seed)
    texts[RECORD] = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    texts |= {f"{PICTURES}/{chart.name}.svg": export_svg(chart) for chart in charts}
    try:
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StudyError(
            f"{str(folder)!r} cannot be written: {error.strerror}", hint="name another folder with --out"
        ) from None
    pictures = tuple(folder / PICTURES / f"{chart.name}.svg" for chart in charts)
    return DemoFiles(folder / PAGE, folder / RECORD, pictures)


def export_svg(chart: Chart) -> str:
    """A chart as an SVG file of its own, whose colours follow the reader's light or dark setting.

    Args:
        chart: as it stands in the page.

    Returns:
        The text of the file.
    """
    light, dark = (
        ";".join(f"{name}:{colour}" for name, colour in colours.items())
        for colours in (LIGHT_COLOURS | GOOD, DARK_COLOURS)
    )
    plain = f"svg{{{light};background:var(--paper);font-family:sans-serif}}"
    style = f"<style>{plain}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    head, end, rest = str(chart.svg).partition(">")
    return f"{head}{end}{style}{rest}\n"
