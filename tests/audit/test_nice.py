from __future__ import annotations

import numpy as np

from audit.tables import make_input
from heldout.audit import judge_niceness
from heldout.audit.run import run_audit
from heldout.records import Finding, Kind, Severity


def make_table(n_rows: int) -> dict[str, list[str]]:
    rng = np.random.default_rng(0)
    return {"x": [f"{v:.6f}" for v in rng.normal(size=n_rows)], "y": ["a", "b"] * (n_rows // 2)}


def test_plenty_of_clean_rows_are_nice() -> None:
    data = make_input(make_table(1_400), "y")
    verdict, *lines = judge_niceness(data, run_audit(data)[:-5])
    assert verdict.sentence == (
        "nice: 2 of four conditions hold; cannot be told before training: one clear truth, labels likely good"
    )
    assert [line.severity for line in lines] == [Severity.INFO] * 4
    assert [line.code for line in lines] == ["HO221", "HO222", "HO223", "HO224"]


def test_each_reason_is_named() -> None:
    table = make_table(100)
    table["y"] = ["a"] * 90 + ["b"] * 4 + ["?"] * 6
    table["x"][:10] = ["1.5"] * 10
    table["x"][90:92] = ["1.5"] * 2
    data = make_input(table, "y")
    verdict = judge_niceness(data, run_audit(data)[:-5])[0]
    for title in ("one clear truth", "labels likely good", "each class well represented", "a lot of data"):
        assert f"not: {title}" in verdict.sentence
    assert verdict.sentence.startswith("messy (")


def test_a_number_is_judged_by_its_range() -> None:
    table = make_table(200)
    table["y"] = [str(k) for k in range(200)]
    data = make_input(table, "y", regression=True)
    classes = judge_niceness(data, run_audit(data)[:-5])[3]
    assert classes.sentence == "does not apply: a number, 0 to 199, median 99"


def test_where_no_row_repeats_the_truth_is_not_said_to_be_clear() -> None:
    data = make_input(make_table(60), "y")
    truth = judge_niceness(data, run_audit(data)[:-5])[1]
    assert truth.sentence == f"cannot be told: no two of {len(data.rows)} rows agree in all features"


def test_whole_lines_that_repeat_show_nothing_about_the_truth() -> None:
    table = make_table(60)
    table["x"][10] = table["x"][8]  # the target is the same too: one line, perhaps, that was pasted twice
    truth = _judge_copies(table)
    assert truth.sentence == "cannot be told: 2 rows repeat another, but as whole lines, target included"
    assert truth.severity is Severity.INFO


def test_copies_in_the_features_that_agree_make_the_truth_clear() -> None:
    table = make_table(60)
    table["patient"] = [f"p{row}" for row in range(60)]
    table["x"][10] = table["x"][8]
    kinds = {"patient": Kind.IDENTIFIER}
    data = make_input(table, "y", kinds=kinds)
    truth = judge_niceness(data, run_audit(data)[:-5])[1]
    assert truth.sentence == "yes: 2 rows repeat another's features, and agree in the target"
    table["x"][12], table["patient"][12] = table["x"][8], "p8"
    data = make_input(table, "y", kinds=kinds)
    truth = judge_niceness(data, run_audit(data)[:-5])[1]
    assert truth.sentence == (
        "yes: 2 rows repeat another's features, and agree in the target (1 more as whole lines)"
    )
    assert len(f"- {truth.title}: {truth.sentence}") <= 110


def test_contradicting_copies_are_judged_by_the_share_that_can_be_right() -> None:
    table = make_table(1_400)
    table["x"][:6] = ["1.5"] * 6  # three of each class: three of them must be wrong
    truth = _judge_copies(table)
    assert truth.severity is Severity.INFO
    assert truth.sentence.startswith("yes: at most 99.")
    assert truth.sentence.endswith("copies contradict the rest")
    table["x"][:700] = ["1.5"] * 700
    truth = _judge_copies(table)
    assert truth.severity is Severity.WARNING
    assert truth.sentence.startswith("no: at most 6")


def test_contradicting_numbers_are_judged_by_the_variance_that_no_function_explains() -> None:
    table = make_table(400)
    table["x"] = [str(k // 2) for k in range(400)]
    table["y"] = [f"{k // 2 + 0.001 * (k % 2):.3f}" for k in range(400)]
    truth = _judge_copies(table, regression=True)
    assert truth.severity is Severity.INFO
    assert truth.sentence.startswith("yes: 0.0 % of the variance no function can explain: ")
    table["y"] = [str(k // 2 + 200 * (k % 2)) for k in range(400)]
    truth = _judge_copies(table, regression=True)
    assert truth.severity is Severity.WARNING
    share = float(truth.sentence.removeprefix("no: ").partition(" ")[0])
    assert abs(share - 75) < 6  # 100 squared within copies against 100 squared and 200 squared / 12 in all


def _judge_copies(table: dict[str, list[str]], *, regression: bool = False) -> Finding:
    data = make_input(table, "y", regression=regression)
    return judge_niceness(data, run_audit(data)[:-5])[1]


def test_every_line_is_short() -> None:
    data = make_input(make_table(1_400), "y")
    lines = judge_niceness(data, run_audit(data)[:-5])[1:]
    assert all(len(f"- {line.title}: {line.sentence}") <= 110 for line in lines)
