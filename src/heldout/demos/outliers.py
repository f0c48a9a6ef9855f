"""Who is dropped: a rule against extreme numbers takes one group's rows, and that group pays for it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heldout.demos.drawing import BLUE, ORANGE, Bars, Interval, draw_histograms, draw_intervals
from heldout.demos.frame import DemoOutcome, DemoPage, DemoRequest, DemoSection, DemoTable
from heldout.demos.studies import StudyNumbers, list_studies, run_small, show_score, take_numbers
from heldout.records import Affected, BoolArray, ChangeByGroup, DoubleArray, SliceChange
from heldout.report.marks import Caption
from heldout.report.sentences import format_change, format_interval, format_number
from heldout.report.svg import Chart
from heldout.settings import Settings
from heldout.stages.looking import look_at

N_PEOPLE, SMALL_PEOPLE, SHARE = 900, 500, 0.06  # of the people, so many are on dialysis
GROUP_RISK = 0.95  # share of people on dialysis who are readmitted, whatever else stands in the table
TARGET, GROUP, EXTREME = "readmitted", "dialysis", "creatinine"
HEADER = ("age", "sex", "pressure", EXTREME, GROUP, TARGET)
THRESHOLD = 0.7  # of the risk of all others: about a third of them are readmitted
RULES = ("drop", "clip")
N_BINS = 24


@dataclass(frozen=True)
class RuleResult:
    """One rule, applied.

    Args:
        rule: "drop" or "clip".
        study: the study that was fitted with it.
        affected: whose rows it concerns and what it does to the loss of each group.
    """

    rule: str
    study: StudyNumbers
    affected: Affected


@dataclass(frozen=True)
class OutliersRecord:
    """All numbers of the demo.

    Args:
        n_rows: people.
        n_group: people on dialysis.
        edges: float64 [B + 1], bins of creatinine.
        group_counts: float64 [B], people on dialysis in each.
        other_counts: float64 [B], all others.
        flagged: what `outliers = "flag"` says before anything is trained.
        results: one for each rule.
    """

    n_rows: int
    n_group: int
    edges: DoubleArray
    group_counts: DoubleArray
    other_counts: DoubleArray
    flagged: Affected
    results: tuple[RuleResult, ...]


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Look at a rule against extreme numbers, then fit with it, and with a gentler one.

    Args:
        request: a small one has fewer people and drops alone.

    Returns:
        An `OutliersRecord` and its page.
    """
    path = request.folder / "people.csv"
    n_people = SMALL_PEOPLE if request.is_small else N_PEOPLE
    creatinine, is_group = write_people(path, n_people=n_people, seed=request.seed)
    edges = np.linspace(0, float(creatinine.max()) * 1.001, N_BINS + 1)
    preview = look_at(
        path, Settings.model_validate({"target": TARGET, "outliers": "flag", "subgroups": (GROUP,)})
    ).affected
    results = []
    for rule in RULES[:1] if request.is_small else RULES:
        study = run_small(path, request, name=rule, target=TARGET, outliers=rule, subgroups=(GROUP,))
        if (affected := study.content.affected) is not None:
            results.append(RuleResult(rule, take_numbers(study, rule), affected))
    nothing = Affected("flag", False, 0, n_people, (), 0, None, "No row is beyond the limit.")
    record = OutliersRecord(
        n_rows=n_people,
        n_group=int(is_group.sum()),
        edges=edges,
        group_counts=np.histogram(creatinine[is_group], edges)[0].astype(np.float64),
        other_counts=np.histogram(creatinine[~is_group], edges)[0].astype(np.float64),
        flagged=nothing if preview is None else preview,
        results=tuple(results),
    )
    return DemoOutcome(record, show_outliers(record))


def write_people(path: Path, *, n_people: int, seed: int) -> tuple[DoubleArray, BoolArray]:
    """Write a synthetic table of people, some of them on dialysis.

    Their creatinine is many times that of others, which is no error. Nearly all of them are readmitted; of the others
    a third, those with high blood pressure.

    Args:
        path: file to write.
        n_people: rows.
        seed: of all that is drawn.

    Returns:
        creatinine float64 [n], and bool [n], who is on dialysis.

    Example:
        >>> import tempfile
        >>> creatinine, is_group = write_people(Path(tempfile.mkdtemp()) / "people.csv", n_people=100, seed=0)
        >>> int(is_group.sum()), bool(creatinine[is_group].min() > creatinine[~is_group].max())
        (6, True)
    """
    rng = np.random.default_rng(seed)
    is_group = rng.permutation(n_people) < round(SHARE * n_people)
    creatinine = np.where(is_group, rng.uniform(6.5, 9.5, n_people), rng.normal(0.9, 0.18, n_people)).clip(
        0.4
    )
    pressure, age = rng.normal(132, 16, n_people), rng.integers(35, 85, n_people)
    risk = 1.2 * (pressure - 132) / 16 + 0.4 * (age - 60) / 15 + 0.7 * rng.normal(size=n_people)
    is_ill = np.where(is_group, rng.random(n_people) < GROUP_RISK, risk > THRESHOLD)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for row in range(n_people):
            writer.writerow(
                (
                    age[row],
                    rng.choice(["female", "male"]),
                    f"{pressure[row]:.0f}",
                    f"{creatinine[row]:.2f}",
                    "yes" if is_group[row] else "no",
                    "yes" if is_ill[row] else "no",
                )
            )
    return creatinine, is_group


def show_outliers(record: OutliersRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
    """
    lines = []
    for result in record.results:
        lines.append(f"outliers = {result.rule}: {show_score(result.study.test)} on sealed rows.")
        for item in _list_changes(result.affected.harm)[:3]:
            lines.append(f"  {item.name}: loss {_tell_change(item)}: {item.outcome}"[:110])
    dropped = record.flagged.dropped[:1]
    return DemoPage(
        title="Outliers: who is dropped, and who pays?",
        answer=(
            f"{record.n_rows} synthetic people, {record.n_group} on dialysis: their {EXTREME} is high, and right.",
            f"The usual rule (beyond {Settings.model_validate({}).outlier_limit:g} standard deviations) concerns "
            f"{record.flagged.n_flagged} of {record.flagged.n_rows} rows.",
            *(
                f"  {item.name}: {item.n_flagged} of {item.n_rows} rows; of all others {100 * item.rest_share:.1f} %."
                for item in dropped
            ),
            *lines,
        ),
        sections=(_show_numbers(record), _show_dropped(record), _show_harm(record), _show_rules(record)),
        sources=("The people are synthetic, drawn by src/heldout/demos/outliers.py; nobody is among them.",),
    )


def _list_changes(harm: ChangeByGroup | None) -> tuple[SliceChange, ...]:
    return () if harm is None else harm.slices


def _tell_change(item: SliceChange) -> str:
    return f"{format_change(item.change[0])} ({format_interval(item.change[1], item.change[2], signed=True)})"


def _show_numbers(record: OutliersRecord) -> DemoSection:
    caption = Caption(
        "creatinine",
        f"{EXTREME.capitalize()} of people on dialysis and of all others",
        _tell_apart(record),
        "People by value, in mg/dl; the height is stretched so that single people can be seen.",
    )
    bars = (
        Bars("all others", record.edges, record.other_counts, BLUE),
        Bars("on dialysis", record.edges, record.group_counts, ORANGE),
    )
    return DemoSection(
        "Is an extreme number an error?",
        (
            "Some are: a point in the wrong place, a code for missing. Others are people for whom things stand "
            "differently. From the number alone the two cannot be told apart. The usual rule does not try: what lies "
            "far from the mean is thrown away. Where test rows are thrown away with it, the score may even look "
            "better, because those who are hard to predict are gone.",
            "In this table the second kind was planted. People on dialysis have a creatinine far above that of "
            f"others, and each of them is readmitted with a chance of {100 * GROUP_RISK:.0f} %; of the others about a "
            "third is, mostly those with high blood pressure.",
        ),
        charts=(draw_histograms(caption, bars, x=f"{EXTREME}, mg/dl", y="people", has_log_y=True),),
    )


def _tell_apart(record: OutliersRecord) -> str:
    highest = record.edges[int(np.flatnonzero(record.other_counts).max()) + 1]
    lowest = record.edges[int(np.flatnonzero(record.group_counts).min())]
    return f"All others lie below {highest:.1f} mg/dl, everyone on dialysis above {lowest:.1f} mg/dl."


def _show_dropped(record: OutliersRecord) -> DemoSection:
    rows = tuple(
        (
            item.name,
            f"{item.n_flagged} of {item.n_rows}",
            f"{100 * item.rest_share:.1f} %",
            f"x{format_number(item.ratio[0])}",
            format_interval(item.ratio[1], item.ratio[2]),
            format_number(item.p),
        )
        for item in record.flagged.dropped
    )
    columns = ("group", "rows beyond the limit", "share among others", "ratio", "95 % interval", "p")
    return DemoSection(
        "Whose rows would be dropped?",
        (
            'With outliers = "flag" nothing is changed and the question is answered before anything is trained. '
            f"All groups that the columns define are compared ({record.flagged.n_searched} here), and p is corrected "
            "for having looked at all of them. The column that holds the extreme numbers is not among them: that "
            "large numbers are large says nothing.",
            record.flagged.sentence,
        ),
        tables=(DemoTable("Groups flagged more often than the rest", columns, rows),),
    )


def _show_harm(record: OutliersRecord) -> DemoSection:
    charts = tuple(_draw_harm(result) for result in record.results if _list_changes(result.affected.harm))
    return DemoSection(
        "What does the rule do to their score?",
        (
            "The configuration that was delivered is trained twice on the same folds and seeds, with the rule and "
            "without it. Rows are only ever dropped from fitting: validation and test rows stay, since a patient "
            "cannot be dropped at the bedside.",
            *(
                f"{result.rule}: {result.affected.sentence}"
                for result in record.results
                if not _list_changes(result.affected.harm)
            ),
        ),
        charts=charts,
    )


def _draw_harm(result: RuleResult) -> Chart:
    items = _list_changes(result.affected.harm)
    caption = Caption(
        f"harm-{result.rule}",
        f"Change of loss by group, outliers = {result.rule}",
        result.affected.harm.sentence if result.affected.harm else "",
        "Loss with the rule minus loss without it: to the right of zero the group is worse off. The bounds hold "
        "for all groups at once. The last line is about all rows.",
    )
    intervals = [
        Interval(item.name, *item.change, item.outcome, ORANGE if item.outcome == "hurt" else BLUE)
        for item in items
    ]
    if result.affected.harm:
        intervals.append(Interval("all rows", *result.affected.harm.overall, "", BLUE))
    return draw_intervals(caption, intervals, title="change of loss (log-loss)", level="95 %")


def _show_rules(record: OutliersRecord) -> DemoSection:
    rows = tuple((result.rule, text) for result in record.results for text in result.affected.alternatives)
    return DemoSection(
        "What instead?",
        (
            "Nothing is dropped unless it is asked for. Scales are robust in any case: numbers are measured from the "
            "median in units that a few extremes cannot move, and pulled in at the far ends, so that one cell cannot "
            "rule a network and its row still counts.",
            "Where a number is known to be impossible, say so by its limits (range = [0.1, 30] for the column): that "
            "is knowledge about the quantity, and not about how many people share it.",
        ),
        tables=(
            DemoTable("What the study proposes", ("instead of", "proposal"), rows),
            list_studies("The studies", [result.study for result in record.results]),
        ),
    )
