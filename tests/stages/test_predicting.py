"""Predictions of networks that nothing speaks for say so."""

import json
from dataclasses import replace

from heldout.records import ChosenVerdict, Finding, Severity
from heldout.stages.codec import to_plain
from heldout.stages.predicting import warn_of_verdict
from heldout.stages.saving import CONTENT_SCHEMA
from report.example import make_study


def keep(folder, content):
    record = {"schema": CONTENT_SCHEMA, "content": to_plain(content)}
    (folder / "content.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def test_a_study_without_skill_warns_and_one_with_it_does_not(tmp_path):
    study = make_study()
    assert warn_of_verdict(tmp_path) == ""
    assert warn_of_verdict(keep(tmp_path, study)) == ""
    few = replace(study, chosen=ChosenVerdict("cannot tell", "HO118", "Cannot tell: 20 rows.", ()))
    warning = warn_of_verdict(keep(tmp_path, few))
    assert "not shown that these predictions are better than a constant guess" in warning
    assert "'cannot tell'" in warning
    assert warn_of_verdict(tmp_path / "bundle.zip") == warning.replace("bundle.zip", "")


def test_test_rows_that_do_not_confirm_are_told(tmp_path):
    torn = Finding("HO404", "development and test disagree", Severity.WARNING, "the intervals do not overlap")
    content = replace(make_study(), findings=(torn,))
    assert warn_of_verdict(keep(tmp_path, content)).startswith("The test rows do not confirm it")
