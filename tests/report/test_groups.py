import json
import re
from dataclasses import replace

import jsonschema
import pytest

from heldout.records import (
    Affected,
    ByHeart,
    ChangeByGroup,
    ColumnHelp,
    DroppedRate,
    SealedSlice,
    Slice,
    SliceChange,
    Subgroups,
)
from heldout.report import answer_json, answer_text, read_schema
from heldout.report.groups import list_groups, tell_groups
from heldout.report.html import render_report
from heldout.stages.codec import from_plain, to_plain
from report.example import make_study

NAN = float("nan")
SEALED = SealedSlice(24, 24, 0.8, (0.35, 0.02, 0.68), (0.58, 0.37, 0.78), False)
WORSE = Slice(
    "sex = f and age above 70", ("sex = f", "age above 70"), False, 52, 52, 0.71, (0.38, 0.11, 0.9), 0.004, 0.01,
    (0.61, 0.47, 0.74), "worse", SEALED,
)  # fmt: skip
ASKED = replace(
    WORSE, name="sex = m", parts=("sex = m",), declared=True, outcome="no difference shown", p=0.8, test=None
)
HURT = SliceChange("age above 70", ("age above 70",), 80, 80, (0.12, 0.03, 0.2), 0.01, "hurt")
HARM = ChangeByGroup(
    "dropout 0.3", (-0.05, -0.08, -0.02), (HURT,), 60, 5, "dropout 0.3: overall ..., but it hurts"
)
FOUND = Subgroups(
    "It fails more for: ...", (WORSE, ASKED), 143, 736, 0.33, ("site = z (7 rows)",), 3, ("a note",), (HARM,)
)
RATE = DroppedRate("age above 80", 12, 122, 0.021, (4.7, 2.6, 8.4), 0.001)
AFFECTED = Affected(
    "The rule drops",
    True,
    41,
    1200,
    (RATE,),
    34,
    replace(HARM, what="Dropping"),
    "The rule drops 41",
    ("keep",),
)
SITE = ColumnHelp("site", (0.08, 0.05, 0.11), (0.0, -0.02, 0.02), (0.08, 0.03, 0.13), "learned by heart")
HEART = ByHeart(
    "rung 5", (SITE,), (("dropout 0.3", (SITE,)),), ("'site' lowers the loss",), 60, ("of 90 columns",)
)


def make(**parts):
    return replace(make_study(), **parts)


FULL = make(subgroups=FOUND, affected=AFFECTED, by_heart=HEART)


def test_nothing_looked_at_is_said():
    study = make()
    assert not list_groups(study).has_any
    assert tell_groups(study) == ()
    assert "No groups were compared" in render_report(study, charts={})
    assert answer_json(study)["subgroups"] is None


def test_the_report_shows_all_of_it():
    page = render_report(FULL)
    text = re.sub(r"<[^>]+>", "", page)
    for words in (
        "For whom does it fail?",
        "sex = f and age above 70",
        "sex = m (asked for)",
        "61\u00a0% (47 to 74)",
        "+0.110 to +0.900",
        "The same groups on the test rows",
        "+0.020 to +0.680",
        "3 values with too few rows",
        "; which they are is shown with --show-rows",
        "a note",
        "Does what helps on average hurt anyone?",
        "Who is affected when extreme numbers are dropped",
        "12 of 122",
        "x4.7",
        "What was learned by heart?",
        "learned by heart",
        "of 90 columns",
    ):
        assert words in text, words
    assert 'href="#groups"' in page
    # the name of a value that few rows share may be a person's
    assert "site = z" not in text
    assert answer_json(FULL)["subgroups"]["too_small"] == []
    assert "among them site = z (7 rows)" in re.sub(r"<[^>]+>", "", render_report(FULL, show_rows=True))


def test_every_cell_is_escaped():
    bad = replace(WORSE, name="<script>\x1b</script>")
    page = render_report(make(subgroups=replace(FOUND, slices=(bad,))))
    assert "<script>" not in page
    assert "\x1b" not in page


def test_json_holds_to_the_published_schema():
    for study in (
        FULL,
        make(),
        make(subgroups=replace(FOUND, slices=(ASKED,)), affected=replace(AFFECTED, harm=None)),
    ):
        answer = json.loads(json.dumps(answer_json(study), allow_nan=False))
        jsonschema.validate(answer, read_schema())
    answer = answer_json(FULL)
    assert answer["subgroups"]["slices"][0]["difference"] == {"estimate": 0.38, "low": 0.11, "high": 0.9}
    assert answer["subgroups"]["slices"][0]["test"]["n_rows"] == 24
    assert answer["affected"]["dropped"][0]["ratio"]["low"] == 2.6
    assert answer["by_heart"]["remedied"][0]["remedy"] == "dropout 0.3"


def test_unknown_numbers_are_null():
    nothing = replace(WORSE, accuracy=(NAN,) * 3, test=replace(SEALED, difference=(0.1, NAN, NAN)))
    answer = answer_json(make(subgroups=replace(FOUND, slices=(nothing,))))
    assert answer["subgroups"]["slices"][0]["accuracy"] == {"estimate": None, "low": None, "high": None}


def test_the_first_screen_says_for_whom_not():
    lines = tell_groups(FULL)
    assert lines[0] == (
        "Fails more for sex = f and age above 70 (52 rows, right in 61 %, loss +0.380 against the rest; "
        "+0.350 on 24 test rows)."
    )
    assert lines[1] == "Dropout 0.3 helps on average but hurts age above 70 (80 rows, loss +0.120)."
    assert lines[2] == "Dropping outliers hurts age above 70 (80 rows, loss +0.120)."
    assert "For whom not: Fails more for sex = f" in answer_text(FULL)
    assert len(answer_text(FULL).splitlines()) <= 25


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            replace(FOUND, slices=(ASKED,), harms=()),
            "No group is shown to fare worse (143 groups searched; 3 values",
        ),
        (replace(FOUND, slices=(), n_searched=0, harms=()), FOUND.sentence),
        (replace(FOUND, slices=(WORSE, WORSE), harms=()), ", and 1 more."),
    ],
)
def test_what_is_said_of_other_outcomes(found, words):
    assert words in tell_groups(make(subgroups=found))[0]


def test_too_small_test_groups_are_not_quoted():
    small = replace(WORSE, test=replace(SEALED, too_small=True))
    assert "test rows" not in tell_groups(make(subgroups=replace(FOUND, slices=(small,))))[0]
    assert "too small to judge" in {
        row[-1] for row in list_groups(make(subgroups=replace(FOUND, slices=(small,)))).sealed
    }


def test_the_records_survive_the_studys_folder():
    assert from_plain(Subgroups, json.loads(json.dumps(to_plain(FOUND)))) == FOUND
    assert from_plain(Affected, json.loads(json.dumps(to_plain(AFFECTED)))) == AFFECTED
    assert from_plain(ByHeart, json.loads(json.dumps(to_plain(HEART)))) == HEART
