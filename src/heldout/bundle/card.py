"""What a bundle tells people: its model card and a few invented example rows."""

from __future__ import annotations

import json
import math
import unicodedata
from datetime import date, timedelta

import numpy as np

from heldout.bundle.record import Bundle, find_net, list_inputs, merge_rates
from heldout.nets import list_layers
from heldout.recipe import FitRates
from heldout.records import ColumnSpec, IndexArray, Kind, Score, Task, TypedColumn

NO_VALUE = "<value>"
MIN_ROWS_TO_NAME = 20
MOST_COMMON_VALUES = 1000
LONGEST_COMMON_VALUE = 200
_PLACES = (0.0, -0.5, 0.5)


def find_common_values(columns: tuple[TypedColumn, ...], *, rows: IndexArray) -> tuple[tuple[str, str], ...]:
    """Find for each category column its most frequent text, if enough rows share it.

    A category may name a person, a village or a rare disease; a text that 20 rows share names none of them alone.

    Args:
        columns: typed columns of the whole table.
        rows: int64 positions of the rows that may be looked at (the fit rows).

    Returns:
        (column, text) pairs, at most 1,000; columns without a text that at least 20 rows share are left out, and so
        are texts of more than 200 characters.

    Example:
        >>> spec = ColumnSpec("sex", Kind.CATEGORY, why="2 distinct texts")
        >>> codes = np.array([0] * 25 + [1] * 5, np.int32)
        >>> sex = TypedColumn(spec, np.zeros(30, np.uint8), np.zeros(0), codes, ("f", "m"))
        >>> find_common_values((sex,), rows=np.arange(30))
        (('sex', 'f'),)
        >>> find_common_values((sex,), rows=np.arange(25, 30))
        ()
    """
    found = []
    for column in columns:
        if column.spec.kind is not Kind.CATEGORY or not column.spec.used or not column.levels:
            continue
        codes = column.codes[rows]
        counts = np.bincount(codes[codes >= 0], minlength=len(column.levels))
        best = int(np.argmax(counts))
        if counts[best] >= MIN_ROWS_TO_NAME and len(column.levels[best]) <= LONGEST_COMMON_VALUE:
            found.append((column.spec.name, column.levels[best]))
    return tuple(found[:MOST_COMMON_VALUES])


def write_examples(bundle: Bundle) -> str:
    """Write three invented rows as JSON lines: what a row for prediction looks like.

    Numbers lie at the median and halfway to the 1 % and 99 % quantile; categories are the common ones, else
    `<value>`. No row of the data stands here.

    Args:
        bundle: for its recipe and common values.

    Returns:
        Three lines of JSON, one object each.
    """
    common = dict(bundle.common_values)
    lines = []
    for place in _PLACES:
        row = {
            plan.spec.source or plan.spec.name: _invent_cell(
                plan.spec, merge_rates(bundle.recipe, plan.spec.name), place, common
            )
            for plan in list_inputs(bundle.recipe)
        }
        lines.append(json.dumps(row, ensure_ascii=True, allow_nan=False))
    return "\n".join(lines) + "\n"


def write_card(bundle: Bundle) -> str:
    """Write the model card: what the model predicts, from what, how well, and what the file holds about people.

    Args:
        bundle: what to describe.

    Returns:
        Markdown with a YAML head in the form model hubs read; it names no machine and no path.
    """
    parts = (
        _write_head(bundle),
        _write_purpose(bundle),
        _write_inputs(bundle),
        _write_networks(bundle),
        _write_scores(bundle.scores),
        _write_contents(bundle),
    )
    return "\n".join(parts)


def show_name(text: str) -> str:
    r"""Show a name from the data in Markdown so that it stays only a name.

    Line breaks, control characters and right-to-left marks are shown as escapes, so that a column called
    `</script>` or a name with a line break can neither end the line nor change how the page reads.

    Example:
        >>> show_name("a|b"), show_name("x" + chr(10) + "# y")
        ('`a\\u007cb`', '`x\\u000a# y`')
    """
    shown = "".join(
        f"\\u{ord(char):04x}"
        if char in "`|<>\\" or unicodedata.category(char)[0] in "CZ" and char != " "
        else char
        for char in text[:200]
    )
    return f"`{shown}`" + ("..." if len(text) > 200 else "")


def _invent_cell(spec: ColumnSpec, rates: FitRates, place: float, common: dict[str, str]) -> str | float:
    if spec.source:
        # One cell holds several parts; an empty one is right for all of them.
        return ""
    if spec.kind is Kind.YES_NO:
        words = spec.true_words if place > 0 else spec.false_words
        return words[0] if words else ("yes" if place > 0 else "no")
    if rates.median is None or rates.low is None or rates.high is None:
        return common.get(spec.name, NO_VALUE)
    end = rates.high if place > 0 else rates.low
    number = rates.median + abs(place) * (end - rates.median)
    if spec.kind is Kind.DATE:
        return _format_date(number, spec.date_format.split(" | ")[0])
    rounded = float(f"{number:.3g}")
    return repr(rounded).replace(".", ",") if spec.decimal == "," else rounded


def _format_date(days: float, date_format: str) -> str:
    try:
        day = date(1970, 1, 1) + timedelta(days=int(days))
    except OverflowError:
        return NO_VALUE
    return day.strftime(date_format) if date_format else day.isoformat()


def _write_head(bundle: Bundle) -> str:
    kind = "tabular-regression" if bundle.task is Task.REGRESSION else "tabular-classification"
    lines = ["---", "library_name: heldout", f"pipeline_tag: {kind}", f"tags: [heldout, {kind}]"]
    if bundle.metric:
        lines.append(f"metrics: [{json.dumps(bundle.metric)}]")
    return "\n".join([*lines, "---", ""])


def _write_purpose(bundle: Bundle) -> str:
    lines = [f"# Prediction of {show_name(bundle.target)}", ""]
    if bundle.task is Task.REGRESSION:
        lines.append("Predicts a number" + (", learned as its logarithm." if bundle.target_log else "."))
        if bundle.level:
            lines.append(
                f"Interval: +- {bundle.half_width:.6g}, made to hold {bundle.level:.0%} of new rows."
            )
    else:
        names = ", ".join(show_name(name) for name in bundle.classes[:50])
        more = f" and {len(bundle.classes) - 50} more" if len(bundle.classes) > 50 else ""
        lines.append(f"Predicts {_count_answers(bundle)}: {names}{more}.")
    if bundle.task is Task.BINARY:
        sentence = f"{show_name(bundle.classes[1])} is predicted from a probability of {bundle.threshold:.4g}"
        if bundle.costs:
            sentence += (
                f", for a cost of {bundle.costs[0]:g} per miss and {bundle.costs[1]:g} per false alarm"
            )
        lines.append(sentence + ".")
    lines += ["", "    heldout predict bundle.zip new.csv", ""]
    return "\n".join(lines)


def _count_answers(bundle: Bundle) -> str:
    number = len(bundle.classes)
    if bundle.task is Task.MULTILABEL:
        return f"which of {number} labels a row has, each from a probability of {bundle.threshold:.4g}"
    ordered = " in order, the lowest first" if bundle.net is not None and bundle.net.ordered else ""
    return f"one of {number} classes{ordered}"


def _write_inputs(bundle: Bundle) -> str:
    lines = ["## Columns it needs", "", "| column | kind | middle of the fit rows |", "|---|---|---|"]
    for plan in list_inputs(bundle.recipe):
        rates = merge_rates(bundle.recipe, plan.spec.name)
        numbers = plan.spec.kind is Kind.NUMBER and rates.median is not None
        shown = f"{rates.median:.4g} ({rates.low:.4g} to {rates.high:.4g})" if numbers else ""
        lines.append(f"| {show_name(plan.spec.name)} | {plan.spec.kind.value} | {shown} |")
    limits = bundle.limits
    lines += [
        "",
        "Columns are found by name; their order and further columns do not matter. A column is refused when more "
        f"than {limits.max_unparsed:.0%} of its cells cannot be read or more than {limits.max_unseen:.0%} hold "
        "categories that were never fitted.",
        "",
    ]
    return "\n".join(lines)


def _write_networks(bundle: Bundle) -> str:
    net = find_net(bundle)
    layers = " - ".join(str(layer.arrays[0].shape[-1]) for layer in list_layers(net))
    rows = sorted({state.rows for state in bundle.recipe.states})
    fitted = f"{rows[0]:,}" if len(rows) == 1 else f"{rows[0]:,} to {rows[-1]:,}"
    return "\n".join(
        [
            "## Networks",
            "",
            f"{len(bundle.members)} networks ({net.family}) with layers {layers}, each fitted on {fitted} rows; "
            f"their mean is the prediction; temperature {bundle.temperature:.4g}.",
            "",
        ]
    )


def _write_scores(scores: tuple[Score, ...]) -> str:
    lines = ["## Scores", ""]
    if not scores:
        return "\n".join([*lines, "None were recorded.", ""])
    lines += ["| metric | value | 95 % interval | rows | how |", "|---|---|---|---|---|"]
    for score in scores:
        known = math.isfinite(score.low) and math.isfinite(score.high)
        interval = f"{score.low:.4g} to {score.high:.4g}" if known else "none"
        how = show_name(score.method)
        lines.append(f"| {score.metric} | {score.value:.4g} | {interval} | {score.n_rows:,} | {how} |")
    return "\n".join([*lines, ""])


def _write_contents(bundle: Bundle) -> str:
    versions = ", ".join(f"{package} {version}" for package, version in bundle.versions) or "not recorded"
    return "\n".join(
        [
            "## What this file holds",
            "",
            "Weights, the recipe (with the categories, words and quantiles that were fitted, which can be personal "
            "data), and these texts. It holds no row of the data; the rows in `example.jsonl` are invented. It holds "
            "no code.",
            "",
            f"`rows.safetensors` holds a salted hash of 8 bytes for each of the {len(bundle.known_rows):,} rows of "
            "the study, by which `heldout score` knows such a row again. No cell can be read from it; but whoever has "
            "this file and can write down all cells of a row can ask whether it was in the study.",
            "",
            f"Data sha256 `{bundle.fingerprint}`. Made with {versions}"
            + (f" at {bundle.created}." if bundle.created else "."),
            "",
        ]
    )
