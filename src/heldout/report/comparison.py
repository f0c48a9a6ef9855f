"""What a comparison of two studies shows: its record, and the answer in words."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass

from heldout.counts import count_things
from heldout.records import ConfigurationRun, Score, Target
from heldout.report.sentences import (
    describe_score,
    find_score,
    format_change,
    format_interval,
    format_number,
    format_seconds,
    measure_width,
    show_text,
)

Interval = tuple[float, float, float]
MOST_LINES = 25
LINE_WIDTH = 100
MOST_DIFFERENCES = 6
MOST_NOTES = 3


@dataclass(frozen=True, kw_only=True)
class ComparedStudy:
    """One of the two studies.

    Args:
        name: the study's name, made unique by its folder where both are called the same.
        folder: where it lies.
        source: what it was made of.
        created: when, as text.
        word: verdict on the delivered network.
        code: its code.
        ladder: verdict on the ladder, in words.
        chosen_name: the delivered configuration.
        epoch: the delivered epoch.
        n_parameters: its size.
        n_seeds: seeds it was trained with.
        n_configurations: configurations it was chosen among.
        n_networks: networks trained in all.
        seconds: time of the whole study.
        loss: validation loss of the delivered configuration on the common rows.
        development_scores: scores on the study's own development rows.
        test_scores: scores on its sealed rows as they were opened; empty when there are none.
        test_opened: when they were opened.
        openings_before: how often these rows had been looked at before.
        run: curves of the delivered configuration; None where they were not recorded.
    """

    name: str
    folder: str
    source: str
    created: str
    word: str
    code: str
    ladder: str
    chosen_name: str
    epoch: int
    n_parameters: int
    n_seeds: int
    n_configurations: int
    n_networks: int
    seconds: float
    loss: float
    development_scores: tuple[Score, ...]
    test_scores: tuple[Score, ...]
    test_opened: str
    openings_before: int
    run: ConfigurationRun | None = None


@dataclass(frozen=True, kw_only=True)
class ComparisonContent:
    """Everything that a comparison shows. Differences are first minus second.

    Args:
        first: one study.
        second: the other.
        target: what both predict.
        loss_name: name of the loss that is compared.
        outcome: "first is better", "second is better", "no difference that matters", "same losses" or "cannot tell".
        sentence: the answer in words with numbers.
        delivered: difference in loss of the delivered networks: estimate, low, high (95 %).
        choice: the same with each study's choice made anew without the rows and seeds it is judged on.
        hits: difference in the share of right answers; NaN for numbers.
        tolerance: differences in loss below it do not matter.
        constant_loss: loss of the constant predictor; NaN when unknown.
        n_rows: rows that both studies validated.
        n_units: groups of these rows (rows where there are none).
        n_seeds: common seeds.
        metric: primary metric of the first study.
        same_split: True when both used the same rows for fit, validation and test.
        differences: (setting or version, value in the first, value in the second), "" where one has none.
        notes: what else the reader must know.
        warning: what comparing by the test scores would cost; empty where no test was opened.
    """

    first: ComparedStudy
    second: ComparedStudy
    target: Target
    loss_name: str
    outcome: str
    sentence: str
    delivered: Interval
    choice: Interval
    hits: Interval
    tolerance: float
    constant_loss: float
    n_rows: int
    n_units: int
    n_seeds: int
    metric: str
    same_split: bool
    differences: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
    warning: str = ""


def headline_comparison(content: ComparisonContent) -> str:
    """The answer as a heading.

    Example:
        >>> from types import SimpleNamespace as Made
        >>> one, other = Made(name="a"), Made(name="b")
        >>> headline_comparison(Made(outcome="second is better", first=one, second=other))
        'b is better than a'
        >>> headline_comparison(Made(outcome="cannot tell", first=one, second=other))
        'Cannot tell a from b'
    """
    first, second = (show_text(side.name, limit=30) for side in (content.first, content.second))
    return {
        "first is better": f"{first} is better than {second}",
        "second is better": f"{second} is better than {first}",
        "no difference that matters": f"No difference that matters between {first} and {second}",
        "same losses": f"{first} and {second} have the same losses",
    }.get(content.outcome, f"Cannot tell {first} from {second}")


def comparison_text(content: ComparisonContent) -> str:
    """What `heldout compare` prints: the answer, both studies side by side, what differs, what to be careful with.

    Args:
        content: the comparison.

    Returns:
        At most 25 lines without control characters.
    """
    lines = [*_wrap(content.sentence, most=5, indent="  "), ""]
    lines += _lay_table(list_rows(content))
    rest = [*_list_differences(content), *_list_notes(content)]
    room = MOST_LINES - len(lines) - 1
    cut = [*rest[: room - 1], "and more with --json or --out PAGE.html"] if len(rest) > room else rest
    return "\n".join([*lines, *([""] if cut else []), *cut]) + "\n"


def list_rows(content: ComparisonContent) -> tuple[tuple[str, str, str], ...]:
    """Both studies side by side: (what, first, second), for the terminal and the page.

    Args:
        content: the comparison.
    """
    both = (content.first, content.second)

    def row(what: str, values: list[str]) -> tuple[str, str, str]:
        return what, values[0], values[1]

    rows = [
        row("", [side.name for side in both]),
        row("verdict", [f"{side.word} [{side.code}]" if side.word else "none" for side in both]),
        row(
            "delivered",
            [
                f"{side.chosen_name}, {side.n_parameters:,} weights, epoch {side.epoch}"
                if side.chosen_name
                else "none"
                for side in both
            ],
        ),
        row(
            "tried",
            [
                f"{count_things(side.n_configurations, 'configuration')}, {count_things(side.n_seeds, 'seed')}, "
                f"{format_seconds(side.seconds)}"
                for side in both
            ],
        ),
        row(f"{content.loss_name}, same rows", [format_number(side.loss) for side in both]),
        row("validation " + content.metric, [_show(side.development_scores, content) for side in both]),
    ]
    if any(side.test_scores for side in both):
        rows.append(row("test " + content.metric, [_show(side.test_scores, content) for side in both]))
        rows.append(row("test opened", [_show_opening(side) for side in both]))
    return tuple(rows)


def _show(scores: tuple[Score, ...], content: ComparisonContent) -> str:
    score = find_score(scores, content.metric)
    if score is None:
        return "not measured"
    if math.isnan(score.low):
        return f"{format_number(score.value)} (no interval, {count_things(score.n_rows, 'row')})"
    return f"{format_number(score.value)} ({format_interval(score.low, score.high)})"


def _show_opening(side: ComparedStudy) -> str:
    if not side.test_scores:
        return "never"
    looks = f", {count_things(side.openings_before, 'earlier look')}" if side.openings_before else ""
    return f"{side.test_opened.removesuffix('+00:00')}{looks}"


def describe_hits(content: ComparisonContent) -> str:
    """The difference in right answers as a sentence; empty where there is none.

    Example:
        >>> from types import SimpleNamespace as Made
        >>> one, other = Made(name="a"), Made(name="b")
        >>> describe_hits(Made(hits=(0.02, -0.01, 0.05), first=one, second=other))
        'Right answers on the same rows, a minus b: +2.0 of 100 (95 % interval -1.0 to +5.0).'
    """
    value, low, high = (100 * part for part in content.hits)
    if math.isnan(value):
        return ""
    names = f"{show_text(content.first.name, limit=30)} minus {show_text(content.second.name, limit=30)}"
    return f"Right answers on the same rows, {names}: {value:+.1f} of 100 (95 % interval {low:+.1f} to {high:+.1f})."


def describe_scores(side: ComparedStudy, *, unit: str = "") -> str:
    """All test scores of one study as one sentence, as they were opened; says so where there are none."""
    if not side.test_scores:
        return "no sealed rows were opened"
    scores = "; ".join(describe_score(score, unit=unit) for score in side.test_scores)
    return f"opened {side.test_opened}: {scores}" if side.test_opened else scores


def describe_difference(interval: Interval) -> str:
    """A difference of losses with its 95 % interval.

    Example:
        >>> describe_difference((-0.02, -0.05, 0.01))
        '-0.020 (-0.050 to +0.010)'
    """
    value, low, high = interval
    return f"{format_change(value)} ({format_interval(low, high, signed=True)})"


def _list_differences(content: ComparisonContent) -> list[str]:
    if not content.differences:
        return ["Settings and versions are the same."]
    shown = [
        f"{show_text(name, limit=24)} {show_text(first, limit=30) or 'none'} / {show_text(second, limit=30) or 'none'}"
        for name, first, second in content.differences[:MOST_DIFFERENCES]
    ]
    rest = len(content.differences) - len(shown)
    return _wrap(
        "They differ in: " + "; ".join(shown) + (f"; and {rest} more" if rest else ""), most=3, indent="  "
    )


def _list_notes(content: ComparisonContent) -> list[str]:
    texts = [describe_hits(content), *content.notes[:MOST_NOTES], content.warning]
    return [line for text in texts if text for line in _wrap(text, most=3, indent="  ")]


def _lay_table(rows: tuple[tuple[str, str, str], ...]) -> list[str]:
    shown = [[show_text(cell, limit=44) for cell in row] for row in rows]
    widths = [max(measure_width(row[column]) for row in shown) for column in range(2)]
    return [
        "  ".join(
            [
                *(
                    cell + " " * (width - measure_width(cell))
                    for cell, width in zip(row, widths, strict=False)
                ),
                row[2],
            ]
        ).rstrip()
        for row in shown
    ]


def _wrap(text: str, *, most: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        show_text(text),
        LINE_WIDTH,
        subsequent_indent=indent,
        max_lines=most,
        placeholder=" ...",
        break_on_hyphens=False,
    )
