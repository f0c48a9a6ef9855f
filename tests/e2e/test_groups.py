"""A whole study on people: a planted failure, a column to learn by heart, and outliers that belong to the old."""

import json

import jsonschema
import numpy as np
import pytest

from e2e.made_tables import SMALL_TOML, run_apart, write_table
from heldout.report import read_schema


def make_people(n_rows=360):
    rng = np.random.default_rng(1)
    age, sex = rng.integers(20, 95, n_rows), rng.choice(["female", "male"], n_rows)
    old = age > 78
    dose = np.where(old & (rng.random(n_rows) < 0.3), rng.normal(40, 4, n_rows), rng.normal(10, 2, n_rows))
    x, z = rng.normal(size=n_rows), rng.normal(size=n_rows)
    margin = 1.5 * x + 0.8 * z
    # for young women the rule is the other way round, which few rows are too few to learn
    margin = np.where((sex == "female") & (age < 45), -margin, margin)
    ill = np.where(margin + 0.5 * rng.normal(size=n_rows) > 0, "yes", "no")
    return {
        "age": age,
        "sex": sex,
        "hospital": [f"h{i:02d}" for i in rng.integers(0, 25, n_rows)],
        "dose": dose.round(2),
        "x": x.round(3),
        "z": z.round(3),
        "ill": ill,
    }


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    place = tmp_path_factory.mktemp("people")
    write_table(place / "people.csv", make_people())
    (place / "small.toml").write_text(SMALL_TOML)
    outcome = run_apart(
        *("fit", "people.csv", "--target", "ill", "--config", "small.toml", "--out", "study", "--json"),
        *("--subgroup", "sex", "--outliers", "drop"),
        cwd=place,
    )
    assert outcome.code == 0, outcome.err
    report = (place / "study" / "report.html").read_text()
    return json.loads(outcome.out), report


@pytest.mark.slow
def test_the_planted_group_is_found(answer):
    found = answer[0]["subgroups"]
    worse = [item["name"] for item in found["slices"] if item["outcome"] == "worse"]
    assert any("sex = female" in name or "age below" in name for name in worse)
    assert {"sex = female", "sex = male"} <= {item["name"] for item in found["slices"] if item["declared"]}
    assert all(item["test"] is not None for item in found["slices"])


@pytest.mark.slow
def test_the_rule_drops_the_old(answer):
    affected = answer[0]["affected"]
    assert affected["is_applied"]
    assert any(item["name"].startswith("age ") and item["p"] <= 0.05 for item in affected["dropped"])
    assert affected["harm"]["n_seeds"] >= 5
    assert any(item["name"] == "the rows beyond the limits" for item in affected["harm"]["slices"])


@pytest.mark.slow
def test_the_hospital_is_learned_by_heart(answer):
    columns = {item["column"]: item for item in answer[0]["by_heart"]["columns"]}
    assert columns["hospital"]["gap"]["estimate"] > 0
    assert columns["hospital"]["outcome"] in ("learned by heart", "cannot tell")
    assert columns["x"]["validation"]["low"] > 0


@pytest.mark.slow
def test_answer_and_report_agree_with_their_schema(answer):
    jsonschema.validate(answer[0], read_schema())
    assert "For whom does it fail?" in answer[1]
    assert "Who is affected when extreme numbers are dropped" in answer[1]
