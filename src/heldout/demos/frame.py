"""What a piece of the lecture is given and what it gives back: a record of numbers, and a page that shows them.

A demo is one file of this folder with a function `run_demo(request) -> DemoOutcome`, and one row of the catalogue.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.signals import stop_if_requested

if TYPE_CHECKING:
    from heldout.demos.catalogue import LectureDemo
    from heldout.report.svg import Chart

MOST_LINES = 25  # of an answer in the terminal, the paths and the next command included
OWN_LINES = 20  # of them a demo's own


@dataclass(frozen=True)
class DemoRequest:
    """What a demo is asked for.

    Args:
        folder: an existing folder of its own, for whatever it writes beside its page (a study, a bundle).
        seed: of everything random; the same seed gives the same numbers.
        full: folder with the real data, or None for what is shipped.
        is_small: True for a cut version (fewer rows, networks, epochs) that shows the same things less surely:
            tests run it.
        report: called with (phase, done, total) while it trains.
        say: called with one sentence where something needs saying.
        check_stop: called between groups of networks; raises `StudyInterrupted` where a stop was asked for.
    """

    folder: Path
    seed: int = 0
    full: Path | None = None
    is_small: bool = False
    report: Callable[[str, int, int], None] = lambda phase, done, total: None
    say: Callable[[str], None] = lambda sentence: None
    check_stop: Callable[[], None] = stop_if_requested


@dataclass(frozen=True)
class DemoTable:
    """A table that belongs to no chart, e.g. verdicts.

    Args:
        title: above it.
        columns: headings.
        rows: cells as text, as many as headings in each row.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class DemoSection:
    """One part of a page.

    Args:
        heading: the reader's question.
        paragraphs: plain text before the tables and charts.
        tables: shown openly, before the charts.
        charts: pictures, each with its sentence and its table (`demos.drawing`).
        after: plain text after the charts.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[DemoTable, ...] = ()
    charts: tuple[Chart, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class DemoPage:
    """What a demo shows.

    Args:
        title: heading of the page.
        answer: what came out, at most 20 lines of at most 110 characters: printed, and on top of the page.
        sections: the page.
        sources: where the data come from and under which licence, one sentence each.
    """

    title: str
    answer: tuple[str, ...]
    sections: tuple[DemoSection, ...]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class DemoOutcome:
    """What a demo came to.

    Args:
        record: a frozen dataclass with all numbers the page speaks of (numbers, texts, tuples, arrays, records).
        page: how they are shown.
    """

    record: Any
    page: DemoPage


def start_demo(demo: LectureDemo, request: DemoRequest) -> DemoOutcome:
    """Run one piece of the lecture.

    Its file is imported only here: it needs the engine, which the list of demos does not.

    Args:
        demo: row of the catalogue.
        request: what is asked for.

    Returns:
        Its record and its page.

    Raises:
        HeldoutError: whatever the demo refuses, e.g. a `--full` folder without the data.
    """
    return importlib.import_module(f"heldout.demos.{demo.module}").run_demo(request)
