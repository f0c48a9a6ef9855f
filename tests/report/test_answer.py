"""The terminal answer: short, safe, hedged, with the next command."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.report.example import (
    make_look,
    make_partial_study,
    make_plan,
    make_regression_study,
    make_small_study,
    make_study,
)

from heldout.records import Finding, SetAside, Severity
from heldout.report.answer import MOST_LINES, _keep_clauses, answer_text, look_text, plan_text
from heldout.report.content import ColumnNote, LookContent, StudyContent

STUDIES = [make_study(), make_small_study(), make_partial_study(), make_regression_study()]


@pytest.mark.parametrize("study", STUDIES)
def test_answer_fits_one_screen(study: StudyContent) -> None:
    lines = answer_text(study).splitlines()
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= 110 for line in lines)


def test_answer_holds_the_essentials() -> None:
    text = answer_text(make_study())
    for words in (
        "Overfits from 465 weights", "[HO101]", "good fit", "[HO100]", "What helped: dropout 0.3",
        "accuracy 0.837 (95 % interval 0.788 to 0.879, 147 rows)", "reaches 0.553",
        "Cannot tell the network from gradient boosting", "Warning: [HO230]",
        "runs/heart-1/report.html", "runs/heart-1/bundle.zip", "heldout predict",
    ):  # fmt: skip
        assert words in text


def test_what_to_look_at_is_told_where_there_is_room() -> None:
    study = make_study()
    assert study.chosen is not None
    assert "Look at this: [HO214]" in answer_text(replace(study, chosen=replace(study.chosen, second=None)))


def test_a_second_metric_is_told_below_the_verdict() -> None:
    study = make_study()
    told = " ".join(answer_text(study).split())
    assert "Accuracy is not harmed: against other epochs" in told
    assert "it changes by -0.2 points (90 % interval -0.8 to +0.4; harm begins below -1)." in told
    assert study.chosen is not None
    assert "harmed" not in answer_text(replace(study, chosen=replace(study.chosen, second=None)))


def test_the_longest_second_metrics_of_ladder_and_delivered_fit_one_screen() -> None:
    study = make_study()
    assert study.ladder is not None
    assert study.chosen is not None
    assert study.chosen.second is not None
    numbers = "it changes by -10.2 points (95 % interval -20.8 to +10.4; harm begins below -1)."
    sentence = (
        "Whether balanced accuracy is harmed too at 1,234,567 weights is undecided, last epoch against the best one, "
        f"and against smaller sizes: {numbers}"
    )
    long = replace(study.chosen.second, sentence=sentence)
    ladder, chosen = replace(study.ladder, second=long), replace(study.chosen, second=long)
    text = answer_text(replace(study, ladder=ladder, chosen=chosen, findings=(), remedies=()))
    assert len(text.splitlines()) <= MOST_LINES
    assert " ".join(text.split()).count(numbers) == 2  # told whole, not cut before the tolerance
    assert len(answer_text(replace(study, ladder=ladder, chosen=chosen)).splitlines()) <= MOST_LINES


def test_overfull_answer_keeps_verdict_warning_and_score() -> None:
    study = make_study()
    assert study.chosen is not None
    long = "word " * 200
    crowded = replace(
        study,
        partial=long,
        chosen=replace(study.chosen, sentence=long),
        openings_before=3,
        findings=tuple(replace(item, sentence=long) for item in study.findings) * 3,
        permutation_p=0.01,
    )
    text = answer_text(crowded)
    assert len(text.splitlines()) <= MOST_LINES
    text = " ".join(text.split())
    for words in (
        "good fit",
        "Warning: [HO230]",
        "accuracy 0.837",
        "looked at 3 times before",
        "heldout predict",
    ):
        assert words in text


def test_no_remedy_shown_to_help_is_said_so() -> None:
    study = make_study()
    text = answer_text(
        replace(study, remedies=tuple(item for item in study.remedies if item.outcome != "helps"))
    )
    assert "no remedy was shown to help" in text


def test_control_characters_never_reach_the_terminal() -> None:
    evil = "x\x1b]0;owned\x07\u202e\r\n"
    study = make_study()
    hurt = replace(
        study,
        chosen_name=evil,
        report_path=evil,
        bundle_path=evil,
        next_commands=(evil,),
        partial=evil,
        findings=tuple(replace(item, column=evil, sentence=evil) for item in study.findings),
        remedies=tuple(replace(item, name=evil) for item in study.remedies),
        target=replace(study.target, unit=evil),
        metric="rmse",
    )
    look = make_look()
    shown = (
        answer_text(hurt)
        + look_text(
            replace(
                look,
                source=evil,
                columns=tuple(replace(note, name=evil, why=evil) for note in look.columns),
                bullets=(evil,),
            )
        )
        + plan_text(replace(make_plan(), source=evil, notes=(evil,)))
    )
    assert not [letter for letter in shown if (ord(letter) < 32 and letter != "\n") or letter == "\u202e"]
    assert "\\x1b]0;owned\\x07" in shown


def test_look_shows_every_column_with_reason_and_fate() -> None:
    text = look_text(make_look())
    for note in make_look().columns:
        assert note.name in text
        assert note.why in text
        assert note.changed_to in text
    assert "(you said so)" in text
    assert "[3 unreadable]" in text
    assert text.index("critical [HO230]") < text.index("info [HO201]")
    assert "Messy: 4 of 14 columns" in text


def test_look_at_a_very_wide_table_counts_the_rest() -> None:
    notes = tuple(ColumnNote(f"c{i}", "number", "numbers") for i in range(1000))
    text = look_text(replace(make_look(), columns=notes))
    assert "and 800 more columns" in text


def test_plan_says_nothing_was_trained() -> None:
    text = plan_text(make_plan())
    assert "Nothing was trained." in text
    assert "325 networks of 120 epochs, 5 seeds each" in text
    assert "1 min 0 s to 1 min 35 s" in text
    unknown = plan_text(replace(make_plan(), seconds=(float("nan"), 1.0), memory_bytes=0))
    assert "time not known, memory not known" in unknown


def test_set_aside_texts_are_not_printed() -> None:
    assert "SENTINEL" not in answer_text(replace(make_study(), set_aside=(SetAside(1, "why", "SENTINEL"),)))


def test_without_a_target_the_open_questions_are_told_and_no_more_is_claimed():
    content = LookContent(source="t.csv", n_rows=9, n_columns=1, columns=(), findings=())
    assert "No finding" not in look_text(content)
    assert (
        "No target was named, so only the columns and the number of rows were looked at: leaks"
        in look_text(content)
    )
    asked = Finding("HO215", "open question", Severity.WARNING, "column 'x': codes?", column="x")
    assert "[HO215]" in look_text(replace(content, findings=(asked,)))


def test_a_good_fit_that_the_test_rows_contradict_says_so_first() -> None:
    sentence = "on the test rows it is not better: loss +1.992 (95 % interval +1.7 to +2.2; above 0 is worse)"
    torn = Finding("HO404", "development and test disagree", Severity.WARNING, sentence)
    study = make_study()
    lines = answer_text(replace(study, findings=(*study.findings, torn))).splitlines()
    assert lines[0].startswith("The test rows do not confirm it")
    assert "above 0 is worse" in " ".join(lines[:3])
    assert any("good fit, not confirmed by the test rows" in line for line in lines)
    assert "not confirm" not in answer_text(study)


def test_clauses_are_shown_whole_or_not_at_all() -> None:
    clause = "loss +0.292 (90 % interval +0.177 to +0.423; 3 seeds)"
    told = "; ".join([clause] * 9)
    shown = " ".join(line.strip() for line in _keep_clauses(told, most=2))
    assert shown == "; ".join([clause] * shown.count("loss"))
    assert 2 <= shown.count("loss") < 9
    assert _keep_clauses("", most=2) == []


def make_fullest(long: str) -> StudyContent:
    """Everything at once that claims lines, each sentence as long as it likes."""
    study = make_study()
    assert study.chosen is not None
    assert study.ladder is not None
    critical = tuple(
        Finding(code, long, Severity.CRITICAL, f"{long}.", "a column", 9, f"do {long}")
        for code in ("HO230", "HO211")
    )
    doubt = Finding("HO404", "test rows", Severity.WARNING, f"the loss is {long}")
    return replace(
        study,
        partial=long,
        chosen=replace(study.chosen, sentence=long),
        ladder=replace(study.ladder, sentence=long),
        findings=(*critical, doubt, *study.findings),
        openings_before=3,
        best_shown=long,
        permutation_p=0.25,
        baselines=tuple(replace(item, sentence=long) for item in study.baselines),
        target=replace(study.target, name=long[:500]),
        next_commands=("heldout predict one", "heldout predict two", "heldout predict three"),
    )


@pytest.mark.parametrize(
    "long",
    ["word " * 300, "clause; " * 100, "One. " * 200, "x" * 3000, "(in brackets; of many) " * 60],
    ids=["words", "clauses", "sentences", "one word", "brackets"],
)
def test_no_content_takes_more_than_one_screen(long: str) -> None:
    text = answer_text(make_fullest(long))
    assert len(text.splitlines()) <= MOST_LINES
    for words in ("good fit", "[HO100]", "0.837", "[HO230]", "[HO211]", "heldout predict three"):
        assert words in text
