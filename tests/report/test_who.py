"""Groups with n, confusions of few and of many classes, reliability of shares and of numbers."""

from __future__ import annotations

import math
from dataclasses import replace

from heldout.records import Task
from heldout.report.content import Calibration, Confusion, ReliabilityBin
from heldout.report.who import draw_confusion, draw_groups, draw_reliability, list_labels, list_rights
from report.example import make_regression_study, make_study
from report.made_studies import NAN, make_classes, make_confusion, make_labels, make_subgroups, make_whole


def test_groups_stand_with_their_rows_and_the_test_beside() -> None:
    chart = draw_groups(make_whole())
    assert chart is not None
    assert "sex = f and age above 70 (n = 52)" in str(chart.svg)
    assert chart.finding == (
        "1 of the 2 groups shown is worse than the other rows beyond chance, with 143 groups compared at once; on the "
        "test rows the difference points the same way in 1 of 1."
    )
    assert chart.rows[0] == (
        "sex = f and age above 70",
        "52",
        "+0.380",
        "+0.110 to +0.900",
        "+0.350 (24 rows)",
        "worse",
    )
    assert chart.numbers.rows[1][:2] == ("sex = m", 430)


def test_no_worse_group_is_no_claim_of_equality() -> None:
    found = make_subgroups()
    chart = draw_groups(replace(make_study(), subgroups=replace(found, slices=found.slices[1:])))
    assert chart is not None
    assert chart.finding.startswith("No group listed is shown to be worse than the other rows")


def test_groups_with_names_cut_to_the_same_words_stay_apart() -> None:
    found = make_subgroups()
    long = "a very long name of a group that goes on and on until it differs in the end: "
    slices = tuple(replace(found.slices[0], name=long + end, n_rows=52) for end in ("one", "two"))
    chart = draw_groups(replace(make_study(), subgroups=replace(found, slices=slices)))
    assert chart is not None
    assert str(chart.svg).count("(n = 52)") == 2


def test_nothing_compared_gives_no_chart() -> None:
    assert draw_groups(make_study()) is None
    assert draw_confusion(make_study()) is None
    assert draw_reliability(make_regression_study()) is None


def test_a_small_matrix_stands_whole_with_its_numbers() -> None:
    counts = ((90, 10), (30, 70))
    study = replace(make_study(), confusions=(Confusion("development rows", counts, ((0.9, 0.8, 1.0),) * 2),))
    chart = draw_confusion(study)
    assert chart is not None
    assert chart.finding == (
        "160 of 200 answers are right; the most frequent mistake is “no” for “yes”: 30 of 100 rows of that class."
    )
    assert chart.columns == ("true class", "answered no", "answered yes")
    assert chart.rows == (("no", "90", "10"), ("yes", "30", "70"))
    assert chart.numbers.rows[2] == ("yes", "no", 30)
    assert all(f">{n}<" in str(chart.svg) for n in (90, 10, 30, 70))


def test_all_right_names_no_mistake() -> None:
    study = replace(make_study(), confusions=(Confusion("rows", ((5, 0), (0, 5)), ((1.0, 0.5, 1.0),) * 2),))
    chart = draw_confusion(study)
    assert chart is not None
    assert chart.finding == "10 of 10 answers are right."


def test_forty_classes_list_their_mix_ups() -> None:
    chart = draw_confusion(make_classes(40))
    assert chart is not None
    assert chart.columns == ("true class", "answered", "rows", "of the class")
    assert len(chart.rows) == 30
    assert len(chart.numbers.rows) == 1600
    assert len(chart.svg) < 80_000


def test_classes_are_listed_with_the_worst_first_and_without_rows_last() -> None:
    found = Confusion(
        "rows", ((9, 1, 0), (2, 8, 0), (0, 0, 0)), ((0.9, 0.5, 1.0), (0.8, NAN, NAN), (NAN, NAN, NAN))
    )
    rows = list_rights(found, ("a", "b", "c"))
    assert [row[0] for row in rows] == ["b", "a", "c"]
    assert rows[0][3] == "no honest interval"
    assert rows[2] == ("c", "0", "", "no row")
    assert math.isclose(make_confusion(2, n_rows=100).right[0][0], 0.86, abs_tol=0.05)


def test_numbers_are_compared_on_axes_that_are_alike() -> None:
    bins = (ReliabilityBin(10.0, 12.0, 9.0, 15.0, 30), ReliabilityBin(20.0, 30.0, 27.0, 33.0, 30))
    study = replace(make_regression_study(), calibration=Calibration(NAN, bins))
    assert study.target.task is Task.REGRESSION
    chart = draw_reliability(study)
    assert chart is not None
    assert (
        "in 1 of 2 bins the mean prediction lies outside the 95 % interval of the true mean" in chart.finding
    )
    domains = {tuple(chart.spec["layer"][1]["encoding"][axis]["scale"]["domain"]) for axis in ("x",)}
    assert domains == {(9.0, 33.0)}
    alone = Calibration(NAN, (ReliabilityBin(5.0, 5.0, NAN, NAN, 3),))
    told = draw_reliability(replace(study, calibration=alone))
    assert told is not None
    assert "no statement is made" in told.finding


def test_each_label_stands_with_its_rows_and_two_scores() -> None:
    rows = list_labels(make_labels().labels[0])
    assert rows[0] == ("fever", "180", "175", "0.81 (0.77 to 0.85)", "0.74 (0.69 to 0.79)")
    assert rows[2] == ("gout", "0", "3", "not defined", "0.00 (no honest interval)")
    assert draw_confusion(make_labels()) is None
