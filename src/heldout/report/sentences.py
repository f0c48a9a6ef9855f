"""Numbers and sentences in plain words that claim no more than their intervals carry."""

from __future__ import annotations

import math
import re
import unicodedata

from heldout.counts import count_things
from heldout.records import Baseline, ChosenVerdict, RemedyResult, Score
from heldout.report.wording import abbreviate_metric

_METRIC_WORDS = {
    "accuracy": "accuracy (share of right answers)",
    "balanced accuracy": "balanced accuracy (each class counts the same)",
    "auc": "AUC (how well it ranks; 0.5 is chance)",
    "f1": "F1 (balance of found and falsely found)",
    "logloss": "log-loss (lower is better)",
    "quadratic kappa": "quadratic kappa (agreement on the scale; 0 is chance, 1 perfect)",
    "rank error": "rank error (mean number of steps off; lower is better)",
    "label accuracy": "label accuracy (share of labels rightly given or withheld)",
    "exact match": "exact match (share of rows with every label right)",
    "micro f1": "micro F1 (balance of found and falsely found labels)",
    "rmse": "RMSE (typical error, large ones weigh more; lower is better)",
    "mae": "MAE (mean size of the error; lower is better)",
    "r2": "R² (share of the spread explained)",
}
_BASELINE_WORDS = {
    "constant": "a constant guess",
    "linear": "a linear model",
    "gradient boosting": "gradient boosting",
    "persistence": "repeating the last value",
}
_OUTCOME_WORDS = {
    "helps": "helped",
    "hurts": "made it worse",
    "equivalent": "changed the loss by no more than the tolerance",
    "cannot tell": "cannot tell",
}
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def show_text(text: str, *, limit: int = 0) -> str:
    r"""A text that is safe to print: control and direction characters become visible escapes.

    Names come from files. Without this an escape sequence could rewrite the terminal, and a right-to-left override
    could make a name read as another one.

    Args:
        text: any text.
        limit: longest result in characters, cut with "…"; 0 means no limit.

    Example:
        >>> show_text("age\x1b[2J")
        'age\\x1b[2J'
        >>> show_text("abcdef", limit=4)
        'abc…'
    """
    shown = _UNSAFE.sub(_escape_character, text)
    return shown[: limit - 1] + "…" if limit and len(shown) > limit else shown


def _escape_character(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def measure_width(text: str) -> int:
    """The number of terminal cells a text takes (wide letters take two, combining marks none).

    Example:
        >>> measure_width("age"), measure_width("年")
        (3, 2)
    """
    return sum(_measure_letter(letter) for letter in text)


def _measure_letter(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def format_number(value: float, *, digits: int = 3) -> str:
    """A number with sensible digits: thousands separated, no false precision, "not known" for NaN.

    Args:
        value: any number.
        digits: significant digits of numbers below 1000.

    Example:
        >>> [format_number(v) for v in (0.86239, 1234567, 0.0000123, -2.5, 0)]
        ['0.862', '1,234,567', '1.23e-05', '-2.50', '0']
        >>> format_number(0.99996)  # never rounded up to a perfect score
        '0.99996'
        >>> format_number(float("nan"))
        'not known'
    """
    if math.isnan(value):
        return "not known"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000 or float(value).is_integer():
        return f"{value:,.0f}" if size < 1e15 else f"{value:.{digits - 1}e}"
    if size < 10.0**-digits:
        return f"{value:.{digits - 1}e}"
    decimals = max(digits - 1 - max(math.floor(math.log10(size)), -1), 0)
    while size < 1 and decimals < 9 and float(f"{size:.{decimals}f}") == 1:
        decimals += 1
    return f"{value:.{decimals}f}"


def format_change(value: float) -> str:
    """A change with its sign.

    Example:
        >>> format_change(-0.0412), format_change(0.2), format_change(-0.00042)
        ('-0.041', '+0.200', '-0.0004')
    """
    if math.isnan(value):
        return "not known"
    decimals = 3 if abs(value) < 10 else 1
    if 0 < abs(value) < 0.0005:  # a change that rounds to 0 would lose its sign
        decimals = 4 if abs(value) >= 0.00005 else 5 if abs(value) >= 0.000005 else 0
    return f"{value:+.{decimals}f}" if decimals else f"{value:+.1e}"


def format_interval(low: float, high: float, *, signed: bool = False) -> str:
    """An interval in words; says so when there is none.

    Example:
        >>> format_interval(0.8371, 0.8842)
        '0.837 to 0.884'
        >>> format_interval(-0.058, 0.004, signed=True)
        '-0.058 to +0.004'
        >>> format_interval(float("nan"), 0.9)
        'no honest interval'
    """
    if math.isnan(low) or math.isnan(high):
        return "no honest interval"
    show = format_change if signed else format_number
    return f"{show(low)} to {show(high)}"


def format_bytes(size: int) -> str:
    """A memory size for people.

    Example:
        >>> format_bytes(1_600_000_000), format_bytes(0)
        ('1.6 GB', 'not known')
    """
    if size <= 0:
        return "not known"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def format_seconds(seconds: float) -> str:
    """A duration for people.

    Example:
        >>> [format_seconds(s) for s in (0.42, 75, 7320)]
        ['0.4 s', '1 min 15 s', '2 h 2 min']
    """
    if math.isnan(seconds):
        return "not known"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def name_metric(metric: str) -> str:
    """A metric's name with its meaning in brackets.

    Example:
        >>> name_metric("auc")
        'AUC (how well it ranks; 0.5 is chance)'
    """
    return _METRIC_WORDS.get(metric, metric)


def name_baseline(name: str) -> str:
    """A baseline as a noun phrase.

    Example:
        >>> name_baseline("constant")
        'a constant guess'
    """
    return _BASELINE_WORDS.get(name, name)


def find_score(scores: tuple[Score, ...], metric: str) -> Score | None:
    """The score of one metric, or None when it was not measured.

    Example:
        >>> find_score((), "accuracy") is None
        True
    """
    return next((score for score in scores if score.metric == metric), None)


def describe_size(score: Score, *, of: str = "group") -> str:
    """On how many rows (and groups, or blocks of time) a score rests.

    Example:
        >>> describe_size(Score("accuracy", 0.9, 0.8, 0.95, 120, 40, "exact"))
        '120 rows of 40 groups'
    """
    rows = count_things(score.n_rows, "row")
    return rows if score.n_units in (0, score.n_rows) else f"{rows} of {count_things(score.n_units, of)}"


def describe_score(score: Score, *, unit: str = "", of: str = "group") -> str:
    """A score with its interval and its number of rows, as one phrase.

    Example:
        >>> describe_score(Score("accuracy", 0.862, 0.837, 0.884, 812, 812, "Clopper-Pearson"))
        'accuracy 0.862 (95 % interval 0.837 to 0.884, 812 rows)'
        >>> describe_score(Score("logloss", 0.4, float("nan"), float("nan"), 20, 20, "under 30 rows"))
        'logloss 0.400 (no interval: under 30 rows; 20 rows)'
    """
    of_unit = f" {unit}" if unit and score.metric in ("rmse", "mae") else ""
    value = f"{abbreviate_metric(score.metric)} {format_number(score.value)}{of_unit}"
    if math.isnan(score.low) or math.isnan(score.high):
        reason = score.method.rpartition("no interval: ")[2] or "not known why"
        return f"{value} (no interval: {reason}; {describe_size(score, of=of)})"
    return f"{value} (95 % interval {format_interval(score.low, score.high)}, {describe_size(score, of=of)})"


def describe_frequency(score: Score) -> str:
    """Accuracy as a count out of 100, which most people read best; empty for other metrics.

    The interval is of the share in the long run, so that its end is all of 100 only where no row was answered wrongly.

    Example:
        >>> describe_frequency(Score("accuracy", 0.862, 0.837, 0.884, 812, 812, "exact"))
        'About 86 of 100 new rows like these would be answered rightly; between 83 and 89 is plausible.'
    """
    if score.metric != "accuracy" or math.isnan(score.low) or math.isnan(score.high):
        return ""
    low, high = math.floor(100 * score.low), math.ceil(100 * score.high)
    middle = round(100 * score.value)
    least = "just above 0" if low == 0 < score.low else f"{low}"
    most = "just under 100" if high == 100 and score.high < 1 else f"{high}"
    about = "More than 99" if middle == 100 and score.value < 1 else f"About {middle}"
    return (
        f"{about} of 100 new rows like these would be answered rightly; "
        f"between {least} and {most} is plausible."
    )


def judge_difference(low: float, high: float, *, tolerance: float) -> str:
    """What an interval of a loss difference (negative is better) allows to say.

    Args:
        low: lower end of the interval.
        high: upper end.
        tolerance: differences up to this size do not matter; NaN when none was stated.

    Returns:
        "better", "worse", "equivalent" (the whole interval lies within the tolerance) or "cannot tell".

    Example:
        >>> [judge_difference(a, b, tolerance=0.01) for a, b in ((-.2, -.1), (.02, .3), (-.005, .004), (-.2, .1))]
        ['better', 'worse', 'equivalent', 'cannot tell']
    """
    if math.isnan(low) or math.isnan(high):
        return "cannot tell"
    if low >= -tolerance and high <= tolerance:
        return "equivalent"
    if high < 0:
        return "better"
    return "worse" if low > 0 else "cannot tell"


def describe_baseline(baseline: Baseline, *, tolerance: float) -> str:
    """The network against one baseline, as the interval of the difference allows.

    Example:
        >>> print(describe_baseline(Baseline("linear", (), (-0.02, -0.06, 0.02), ""), tolerance=0.01))
        Cannot tell the network from a linear model: loss change -0.020 (95 % interval -0.060 to +0.020).
    """
    estimate, low, high = baseline.difference
    what = name_baseline(baseline.name)
    numbers = (
        f"loss change {format_change(estimate)} (95 % interval {format_interval(low, high, signed=True)})"
    )
    opening = {
        "better": f"The network is better than {what}",
        "worse": f"The network is worse than {what}",
        "equivalent": f"The network and {what} differ by no more than the tolerance {format_number(tolerance)}",
        "cannot tell": f"Cannot tell the network from {what}",
    }[judge_difference(low, high, tolerance=tolerance)]
    return f"{opening}: {numbers}."


def describe_remedy(remedy: RemedyResult) -> str:
    """A remedy's outcome with both early-stopped, in a phrase.

    Example:
        >>> ends = (-0.04, -0.06, -0.02)
        >>> print(describe_remedy(RemedyResult("l2", 1e-4, "", ends, ends, "helps", "helps", "")))
        helped: loss change -0.040 (95 % interval -0.060 to -0.020)
    """
    estimate, low, high = remedy.early_stopped
    words = _OUTCOME_WORDS.get(remedy.outcome, remedy.outcome)
    interval = format_interval(low, high, signed=True)
    return f"{words}: loss change {format_change(estimate)} (95 % interval {interval})"


def name_remedy(remedy: RemedyResult) -> str:
    """A remedy with its kind and strength, as people write it.

    Example:
        >>> name_remedy(RemedyResult("early_stopping", 0.0, "", (0, 0, 0), (0, 0, 0), "", "", ""))
        'early stopping'
        >>> name_remedy(RemedyResult("early_stopping", 23, "", (0, 0, 0), (0, 0, 0), "", "", ""))
        'early stopping (epoch 23)'
        >>> name_remedy(RemedyResult("fewer_parameters", 2041, "", (0, 0, 0), (0, 0, 0), "", "", ""))
        'fewer parameters (2,041 weights)'
        >>> name_remedy(RemedyResult("augmentation", 0.5, "", (0, 0, 0), (0, 0, 0), "", "", "", "mixup"))
        'augmentation mixup 0.5'
    """
    name = " ".join(filter(None, [remedy.name.replace("_", " "), remedy.detail]))
    if not remedy.strength:
        return name
    if remedy.name == "early_stopping":
        return f"{name} (epoch {remedy.strength:g})"
    if remedy.name == "fewer_parameters":
        return f"{name} ({remedy.strength:,.0f} weights)"
    return f"{name} {remedy.strength:g}"


def headline_chosen(verdict: ChosenVerdict | None) -> str:
    """The verdict on the delivered network as a heading.

    Example:
        >>> headline_chosen(None)
        'No verdict yet'
    """
    if verdict is None:
        return "No verdict yet"
    more = {
        "between": ": smaller and larger networks are both better",
        "data or bug": ": the losses cannot be trusted",
    }
    return verdict.word.capitalize() + more.get(verdict.word, "")


def explain_verdict(verdict: ChosenVerdict | None) -> str:
    """The verdict on the delivered network in everyday words; empty where there is none.

    Example:
        >>> explain_verdict(ChosenVerdict("undecided", "HO117", "", ()))
        'These rows and seeds do not settle whether another size or another epoch would do better.'
    """
    words = {
        "no skill shown": "It is not shown to predict better than always giving the same answer.",
        "overfit": "It fits its own rows in ways that do not hold for others: something simpler or more restrained "
        "that was tried does better.",
        "underfit": "It is too simple or was trained too briefly: something larger that was tried does better.",
        "between": "Both something smaller and something larger that were tried do better.",
        "good fit": "What it learned holds for rows it had not seen, and nothing simpler, larger or trained otherwise "
        "that was tried does better by more than the tolerance.",
        "undecided": "These rows and seeds do not settle whether another size or another epoch would do better.",
        "cannot tell": "There are too few rows, or a network failed: no statement on the fit keeps its error rate.",
        "data or bug": "Something in the data or the training explains the losses better than any fit does; settle "
        "that first.",
    }
    return words.get(verdict.word, "") if verdict else ""


def answer_skill(verdict: ChosenVerdict | None) -> str:
    """Does it predict better than a constant guess: "Yes", "Not shown", "Cannot tell yet" - as the evidence says.

    Example:
        >>> answer_skill(None)
        'Cannot tell yet'
    """
    if verdict is None:
        return "Cannot tell yet"
    skill = next((answer.answer for answer in verdict.answers if answer.question == "skill"), "undecided")
    return {"yes": "Yes, better than guessing", "no": "Not shown"}.get(skill, "Cannot tell")
