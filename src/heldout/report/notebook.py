"""What a notebook shows of a study, a look, a plan and a comparison: a small card that inherits the page's colours.

Everything was computed before: a card is written from a record in milliseconds, without a drawing library, without a
script and without a request. Colours are mixed from the text colour of the page, so that light and dark themes and
prints are readable alike; where a viewer drops styles, the colours named in the picture itself remain.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from heldout.counts import count_things
from heldout.records import ConfigurationRun
from heldout.report.answer import answer_text, look_text, plan_text
from heldout.report.comparison import ComparisonContent, comparison_text, headline_comparison, list_rows
from heldout.report.content import LookContent, PlanContent, StudyContent
from heldout.report.sentences import (
    format_number,
    show_text,
)
from heldout.report.series import CurvePoint, find_best_epoch, find_run, find_top, follow_epochs, list_ladder
from heldout.report.summary import (
    find_headline_score,
    headline_study,
    list_critical,
    tell_best_baseline,
    tell_guessing,
    tell_score,
)
from heldout.report.svg import clean_svg

# Mixed with the text colour of the page: darker on white, lighter on black. Contrast with the page, computed for the
# themes of tests/report/test_notebook.py: text at least 6.4 to 1, lines at least 5.1 to 1.
STYLE = (
    "--ink:currentColor;--soft:color-mix(in srgb,currentColor 75%,transparent);"
    "--grid:color-mix(in srgb,currentColor 18%,transparent);"
    "--train:color-mix(in srgb,#1b86d6 70%,currentColor);"
    "--validation:color-mix(in srgb,#e06a1a 70%,currentColor);"
    "--last:color-mix(in srgb,#b04fcb 70%,currentColor);"
    "color:inherit;font:inherit;line-height:1.45;max-width:60rem"
)
WIDTH, HEIGHT, LEFT, BOTTOM, RIGHT, TOP = 430, 214, 46, 30, 104, 26
INK, SOFT, GRID = "var(--ink,currentColor)", "var(--soft,currentColor)", "var(--grid,#8884)"
TRAIN, VALIDATION, LAST = "var(--train,#0b6aa8)", "var(--validation,#b34700)", "var(--last,#8a3ca3)"
MOST_ROWS = 12
MOST_COLUMNS = 60


@dataclass(frozen=True)
class _Line:
    """One curve of a picture."""

    words: str
    points: tuple[CurvePoint, ...]
    colour: str
    dash: str = ""


@dataclass(frozen=True)
class _Frame:
    """The axes of a picture."""

    low: float
    high: float
    top: float
    title: str
    is_log: bool = False

    def x(self, at: float) -> float:
        """Horizontal place of an epoch or a size."""
        low, high, value = (math.log(v) if self.is_log else v for v in (self.low, self.high, at))
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / ((high - low) or 1)

    def y(self, value: float) -> float:
        """Vertical place of a loss; what lies above the upper edge is drawn on it."""
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(value / self.top, 0.0), 1.0))


def show_study(content: StudyContent) -> str:
    """A finished study as a card: verdict, score, two pictures, the whole answer to unfold.

    Args:
        content: the study.

    Returns:
        HTML of less than 60 kB, all texts escaped.
    """
    score, sealed = find_headline_score(content)
    chosen, ladder = content.chosen, content.ladder
    delivered = f"Delivered: {content.chosen_name}, epoch {content.epoch}." if content.chosen_name else ""
    lines = [
        f"Not complete: {content.partial}" if content.partial else "",
        *(f"Warning [{item.code}]: {item.sentence}" for item in list_critical(content)[:2]),
        f"{chosen.sentence} [{chosen.code}] {delivered}" if chosen else "",
        f"{ladder.sentence} [{ladder.code}]" if ladder else "",
        f"{tell_score(content, score, sealed=sealed)} {tell_guessing(content)}" if score else "",
        tell_best_baseline(content),
    ]
    title = f"{show_text(content.target.name, limit=60)}: {headline_study(content).lower()}"
    pictures = [draw_epochs(content), draw_ladder_sizes(content)]
    return _card(title, lines, pictures, _unfold("The answer in words", answer_text(content)))


def show_look(content: LookContent) -> str:
    """What `look` found as a card: the columns as a table, the rest to unfold.

    Args:
        content: the table before training.
    """
    rows = [
        (note.name, note.kind, note.why, note.changed_to, f"{note.n_missing:,}")
        for note in content.columns[:MOST_COLUMNS]
    ]
    heads = ("column", "read as", "because", "changed to", "missing")
    size = f"{count_things(content.n_rows, 'row')}, {count_things(content.n_columns, 'column')}"
    rest = len(content.columns) - len(rows)
    lines = [
        content.nice_or_messy,
        *(f"{f.severity.value} [{f.code}]: {f.sentence}" for f in content.findings[:5]),
    ]
    return _card(
        f"{show_text(content.source, limit=60)}: {size}",
        lines,
        [_table(heads, rows)],
        f"<p>and {count_things(rest, 'more column', 'more columns')}</p>" if rest > 0 else "",
        _unfold("Everything in words", look_text(content)),
    )


def show_plan(content: PlanContent) -> str:
    """What a study would do, as a card.

    Args:
        content: the plan.
    """
    title = (
        f"Plan for {show_text(content.target.name, limit=60)}: {count_things(content.n_networks, 'network')}"
    )
    return _card(title, [], [_pre(plan_text(content))])


def show_comparison(content: ComparisonContent) -> str:
    """Two studies side by side as a card, with the curves of both delivered networks.

    Args:
        content: the comparison.
    """
    heads, *rows = list_rows(content)
    return _card(
        headline_comparison(content),
        [content.sentence, *content.notes, content.warning],
        [_table(heads, rows), *draw_compared(content)],
        _unfold("In words", comparison_text(content)),
    )


def draw_epochs(content: StudyContent) -> Markup:
    """Training and validation loss of the delivered network by epoch; empty where it was not recorded.

    Args:
        content: the study.
    """
    run = find_run(content, content.chosen_name)
    if run is None:
        return Markup("")
    best = (
        content.epoch
        if 1 <= content.epoch <= run.validation_curve.shape[1]
        else find_best_epoch(content, run)
    )
    lines, constant = _follow_run(run, keep=best), content.constant_loss
    title = "Loss of the delivered network by epoch"
    return _draw_run(lines, best=best, constant=constant, top=_find_top(lines, constant), title=title)


def draw_compared(content: ComparisonContent) -> list[Markup]:
    """Curves of both delivered networks of a comparison on equal loss axes; nothing where they were not recorded.

    Args:
        content: the comparison.
    """
    sides = [side for side in (content.first, content.second) if side.run and side.run.validation_curve.size]
    drawn = [(side, _follow_run(side.run, keep=side.epoch)) for side in sides if side.run]
    top = max((_find_top(lines, content.constant_loss) for _, lines in drawn), default=1.0)
    return [
        _draw_run(
            lines,
            best=side.epoch,
            constant=content.constant_loss,
            top=top,
            title=f"{side.name}: loss by epoch",
        )
        for side, lines in drawn
    ]


def _follow_run(run: ConfigurationRun, *, keep: int) -> tuple[_Line, ...]:
    return (
        _Line("validation", follow_epochs(run.validation_curve, keep=keep, most=40), VALIDATION, "6 3"),
        _Line("training", follow_epochs(run.train_curve, keep=keep, most=40), TRAIN),
    )


def _draw_run(lines: tuple[_Line, ...], *, best: int, constant: float, top: float, title: str) -> Markup:
    n_epochs = lines[0].points[-1].at
    frame = _Frame(0, n_epochs, top, "epoch")
    marks = _level(frame, constant) + (_moment(frame, best, f"delivered: {best}") if best else "")
    return _draw(frame, lines, marks, ticks=(0, n_epochs // 2, n_epochs), title=title)


def draw_ladder_sizes(content: StudyContent) -> Markup:
    """Validation loss by number of weights, at the best and at the last epoch; empty with fewer than two sizes.

    Args:
        content: the study.
    """
    runs = list_ladder(content)
    if len(runs) < 2:
        return Markup("")

    def follow(take_last: bool, *, validation: bool) -> tuple[CurvePoint, ...]:
        points = []
        for run in runs:
            curve = run.validation_curve if validation else run.train_curve
            epoch = curve.shape[1] if take_last else find_best_epoch(content, run)
            point = follow_epochs(curve[:, epoch - 1 : epoch])[0]
            points.append(
                CurvePoint(run.configuration.rung.n_parameters, point.mean, point.low, point.high, ())
            )
        return tuple(points)

    lines = (
        _Line("last epoch", follow(True, validation=True), LAST, "2 3"),
        _Line("best epoch", follow(False, validation=True), VALIDATION, "6 3"),
        _Line("training", follow(False, validation=False), TRAIN),
    )
    sizes = [run.configuration.rung.n_parameters for run in runs]
    frame = _Frame(sizes[0], sizes[-1], _find_top(lines, content.constant_loss), "weights", is_log=True)
    rung = content.ladder.rung if content.ladder else -1
    onset = next((run.configuration.rung for run in runs if run.configuration.rung.index == rung), None)
    marks = _level(frame, content.constant_loss)
    marks += _moment(frame, onset.n_parameters, "overfits from here") if onset else ""
    ticks = tuple(dict.fromkeys((sizes[0], sizes[len(sizes) // 2], sizes[-1])))
    return _draw(frame, lines, marks, ticks=ticks, title="Loss by number of weights")


def _find_top(lines: tuple[_Line, ...], constant: float) -> float:
    values = [value for line in lines for point in line.points for value in (point.low, point.high)]
    return find_top(values, reference=constant)[0]


def _draw(
    frame: _Frame, lines: tuple[_Line, ...], marks: str, *, ticks: tuple[int, ...], title: str
) -> Markup:
    title = show_text(title, limit=60)
    head = _text(0, 13, title)
    parts = [head, _axes(frame, ticks), marks, *(_path(frame, line) for line in lines), _legend(lines)]
    body = "".join(parts)
    raw = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-size="11">{body}</svg>'
    )
    # A notebook shows many cards on one page: ids must differ, and the same study must give the same bytes.
    name = f"ho-{zlib.crc32(raw.encode()):08x}"
    ends = "; ".join(f"{line.words} ends at {format_number(line.points[-1].mean)}" for line in lines)
    return clean_svg(raw, name=name, title=title, description=f"{title}: {ends}.")


def _axes(frame: _Frame, ticks: tuple[int, ...]) -> str:
    levels = [frame.top * share for share in (0.0, 0.5, 1.0)]
    right = WIDTH - RIGHT
    rules = [
        f'<line x1="{LEFT}" x2="{right}" y1="{frame.y(level):.1f}" y2="{frame.y(level):.1f}" stroke="{GRID}"/>'
        + _text(LEFT - 5, frame.y(level) + 4, format_number(level, digits=2), anchor="end", colour=SOFT)
        for level in levels
    ]
    below = HEIGHT - BOTTOM + 14
    names = [_text(frame.x(tick), below, f"{tick:,}", anchor="middle", colour=SOFT) for tick in ticks]
    title = _text((LEFT + right) / 2, HEIGHT - 3, frame.title, anchor="middle", colour=SOFT)
    return "".join([*rules, *names, title])


def _path(frame: _Frame, line: _Line) -> str:
    known = [point for point in line.points if math.isfinite(point.mean)]
    if not known:
        return ""
    upper = [f"{frame.x(p.at):.1f},{frame.y(p.high):.1f}" for p in known]
    lower = [f"{frame.x(p.at):.1f},{frame.y(p.low):.1f}" for p in reversed(known)]
    mean = [f"{frame.x(p.at):.1f},{frame.y(p.mean):.1f}" for p in known]
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return (
        f'<path d="M{"L".join([*upper, *lower])}" fill="{line.colour}" fill-opacity="0.15" stroke="none"/>'
        f'<path d="M{"L".join(mean)}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>'
    )


def _legend(lines: tuple[_Line, ...]) -> str:
    """Names at the right, each beside a piece of its line: colour is never the only difference."""
    left = WIDTH - RIGHT + 8
    parts = []
    for place, line in enumerate(lines):
        height = TOP + 8 + 18 * place
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        parts.append(
            f'<line x1="{left}" x2="{left + 20}" y1="{height}" y2="{height}" stroke="{line.colour}" '
            f'stroke-width="2"{dash}/>' + _text(left + 25, height + 4, line.words)
        )
    return "".join(parts)


def _level(frame: _Frame, constant: float) -> str:
    if not math.isfinite(constant) or constant >= frame.top:
        return ""
    height = frame.y(constant)
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" stroke="{SOFT}" '
        f'stroke-dasharray="2 3"/>' + _text(LEFT + 4, height - 4, "constant guess", colour=SOFT)
    )


def _moment(frame: _Frame, at: float, words: str) -> str:
    place = frame.x(at)
    is_right = place > (LEFT + WIDTH - RIGHT) / 2
    text = _text(
        place + (-4 if is_right else 4), HEIGHT - BOTTOM - 5, words, anchor="end" if is_right else "start"
    )
    rule = f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{INK}" '
    return rule + f'stroke-dasharray="1 2"/>{text}'


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(show_text(words))}</text>'


def _card(title: str, lines: Sequence[str], blocks: Sequence[str], *after: str) -> str:
    paragraphs = "".join(
        f'<p style="margin:.3em 0">{escape(show_text(line.strip()))}</p>' for line in lines if line
    )
    pictures = "".join(
        f'<div style="display:inline-block;vertical-align:top;max-width:100%;overflow-x:auto">{block}</div>'
        for block in blocks
        if block
    )
    head = f'<p style="margin:.3em 0;font-weight:bold;font-size:1.1em">{escape(title)}</p>'
    return f'<div class="heldout" style="{STYLE}">{head}{paragraphs}{pictures}{"".join(after)}</div>'


def _unfold(title: str, text: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{_pre(text)}</details>"


def _pre(text: str) -> str:
    style = "color:inherit;background:none;overflow-x:auto;white-space:pre;font-size:.9em"
    return f'<pre style="{style}">{escape(text)}</pre>'


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cell = (
        'style="text-align:left;vertical-align:top;padding:.15em .8em .15em 0;color:inherit;background:none"'
    )
    names = [escape(show_text(name, limit=60)) for name in heads]
    head = "".join(f'<th scope="col" {cell}>{name}</th>' if name else f"<td {cell}></td>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td {cell}>{escape(show_text(text, limit=120))}</td>" for text in row) + "</tr>"
        for row in rows
    )
    style = "border-collapse:collapse;font-size:.92em"
    return f'<table style="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
