"""The JSON answer: strict, complete, as its schema says."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from tests.report.example import make_partial_study, make_regression_study, make_small_study, make_study
from tests.report.made_studies import make_labels, make_whole

from heldout.records import Score
from heldout.report.content import StudyContent
from heldout.report.machine import answer_json, read_schema

STUDIES = [
    make_whole(),
    make_study(),
    make_small_study(),
    make_partial_study(),
    make_regression_study(),
    make_labels(),
]


@pytest.mark.parametrize("study", STUDIES)
def test_answers_fit_the_published_schema(study: StudyContent) -> None:
    jsonschema.Draft202012Validator.check_schema(read_schema())
    jsonschema.validate(json.loads(json.dumps(answer_json(study), allow_nan=False)), read_schema())


def test_schema_refuses_an_unknown_word_and_an_unknown_key() -> None:
    answer = answer_json(make_study())
    answer["verdict"]["chosen"]["word"] = "fine"
    with pytest.raises(jsonschema.ValidationError, match="'fine' is not one of"):
        jsonschema.validate(answer, read_schema())
    with pytest.raises(jsonschema.ValidationError, match="'extra' was unexpected"):
        jsonschema.validate({**answer_json(make_study()), "extra": 1}, read_schema())


def test_unknown_numbers_are_null_and_numpy_numbers_are_plain() -> None:
    score = Score("accuracy", np.float64(0.5), float("nan"), float("inf"), np.int64(7), 7, "none")  # type: ignore[arg-type]
    answer = json.loads(json.dumps(answer_json(replace(make_study(), test_scores=(score,))), allow_nan=False))
    shown = answer["test"]["scores"][0]
    assert (shown["value"], shown["low"], shown["high"], shown["n_rows"]) == (0.5, None, None, 7)


def test_verdicts_and_test_stand_where_the_schema_says() -> None:
    answer = answer_json(make_study())
    assert answer["schema"] == "heldout/study/1"
    assert answer["verdict"]["ladder"]["code"] == "HO101"
    assert answer["verdict"]["ladder"]["rungs"][3]["onset"] is None
    assert [item["question"] for item in answer["verdict"]["chosen"]["answers"]][:2] == [
        "skill",
        "overtrained",
    ]
    second = answer["verdict"]["chosen"]["second_metric"]
    assert (second["metric"], second["harmed"], second["fall"]) == ("accuracy", "no", 0.002)
    assert answer["verdict"]["ladder"]["second_metric"] is None
    assert answer["chosen_configuration"]["remedies"] == {"dropout": 0.3}
    assert answer["test"]["openings_before"] == 0


def test_absent_parts_are_null() -> None:
    small, partial = answer_json(make_small_study()), answer_json(make_partial_study())
    assert small["test"] is None
    assert small["bundle"] is None
    assert small["permutation_p"] == 0.11
    assert partial["verdict"] == {"ladder": None, "chosen": None}
    assert partial["complete"] is False


def test_confusions_and_muted_findings_are_told() -> None:
    answer = answer_json(make_whole())
    assert answer["confusions"][0]["counts"][0][0] > answer["confusions"][0]["counts"][0][1]
    assert set(answer["confusions"][0]["right"][0]) == {"estimate", "low", "high"}
    assert [item["code"] for item in answer["muted"]] == ["HO217"]
    assert answer_json(make_study())["confusions"] == []


def test_labels_are_told_one_by_one() -> None:
    answer = answer_json(make_labels())
    (table,) = answer["labels"]
    assert [item["name"] for item in table["labels"]] == ["fever", "<b>rash</b>", "gout"]
    assert table["labels"][0]["auc"] == {"estimate": 0.81, "low": 0.77, "high": 0.85}
    assert table["labels"][2]["auc"] == {"estimate": None, "low": None, "high": None}
    assert answer["target"]["task"] == "multilabel"
    assert answer["target"]["ordered"] is False
    assert answer_json(make_study())["labels"] == []
