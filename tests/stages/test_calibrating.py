import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.stages.calibrating import (
    Rate,
    list_unmeasured,
    measure_suite,
    measure_tasks,
    summarise,
    write_markdown,
    write_object,
    write_text,
)
from heldout.suite.promises import PROMISES, Mark

KEY = "overtrained: false yes"


def make_marks(values, *, tasks=None, key=KEY, family="binary", size="400 rows, 5 seeds"):
    numbers = range(len(values)) if tasks is None else tasks
    return [Mark(key, family, size, task, float(value)) for task, value in zip(numbers, values, strict=True)]


def test_a_share_has_the_exact_interval_of_its_tasks():
    rate = summarise(make_marks([1] * 2 + [0] * 38))[0]
    assert (rate.value, rate.n, rate.n_tasks, rate.state) == (0.05, 40, 40, "kept")
    np.testing.assert_allclose([rate.low, rate.high], [0.006, 0.169], atol=0.003)


def test_checks_of_one_task_are_not_independent():
    values = [1, 1, 1, 1] + [0] * 76
    single = summarise(make_marks(values))[0]
    shared = summarise(make_marks(values, tasks=np.repeat(np.arange(20), 4)))[0]
    assert shared.n_tasks == 20
    assert shared.high > 1.5 * single.high


def test_few_tasks_are_counted_as_tasks():
    rate = summarise(make_marks([0] * 40, tasks=np.repeat(np.arange(4), 10)))[0]
    np.testing.assert_allclose(rate.high, 1 - 0.025 ** (1 / 4), atol=1e-6)


@pytest.mark.parametrize(("n_false", "state"), [(1, "kept"), (5, "missed"), (30, "broken")])
def test_a_promise_is_broken_only_beyond_its_interval(n_false, state):
    assert summarise(make_marks([1] * n_false + [0] * (60 - n_false)))[0].state == state


def test_floors_and_errors_have_their_own_side():
    floor = summarise(make_marks([1] * 10 + [0] * 90, key="fault: flipped"))[0]
    assert floor.state == "broken"
    drift = summarise(make_marks([-0.5] * 50, key="assurance"))[0]
    assert (drift.state, drift.value) == ("broken", -0.5)


def test_numbers_are_condensed_as_promised():
    marks = make_marks(np.arange(100), key="descent: regret median", family="double descent")
    rate = summarise(marks)[0]
    assert rate.value == 49.5
    assert rate.low < 49.5 < rate.high


def test_promises_come_first_and_comparisons_follow():
    rates = summarise(make_marks([1, 0], key="rule lecture: false yes") + make_marks([0] * 20))
    assert [rate.promise is None for rate in rates] == [False, True]
    assert rates[1].state == ""


def test_what_was_not_measured_is_named():
    rates = summarise(make_marks([0] * 20))
    assert len(list_unmeasured(rates)) == len(PROMISES) - 1


def test_the_three_forms_of_the_table():
    rates = summarise(make_marks([0] * 20) + make_marks([1, 0], key="rule lecture: false yes"))
    text = write_text(rates, seed=7)
    assert "suite seed 7: 1 of 1 measured promises kept" in text
    assert "not measured: " in text
    page = write_markdown(rates, seed=7)
    assert (
        "| OVERTRAINED said although untrue, of all where it is untrue | binary | <= 5.0 % | 0.0 % |" in page
    )
    found = write_object(rates, seed=7, n_tasks=20)
    assert found["schema"] == "heldout/calibration/1"
    assert found["rates"][0]["key"] == KEY
    assert found["rates"][1]["bound"] is None


def test_polynomials_are_judged_with_few_wrong_claims():
    """150 noisy cubics: the lecture's demonstration, with the error rate that goes with it."""
    marks = measure_suite(["polynomials"], seed=1, n_tasks=60)
    rates = {rate.key: rate for rate in summarise(marks)}
    for question in ("too big", "underfit"):
        assert rates[f"{question}: false yes"].value <= 0.05
        assert rates[f"{question}: false no"].value <= 0.05
        assert rates[f"{question}: false yes"].n > 100


def test_progress_is_told_and_seeds_decide():
    told = []
    one = measure_suite(
        ["polynomials"], seed=1, n_tasks=6, report=lambda family, done, total: told.append((done, total))
    )
    assert told == [(4, 6), (6, 6)]
    assert one == measure_suite(["polynomials"], seed=1, n_tasks=6)
    assert one != measure_suite(["polynomials"], seed=2, n_tasks=6)


def test_an_unknown_family_is_refused():
    with pytest.raises(UsageError, match="unknown family 'cubes'"):
        measure_tasks("cubes", seed=0, first=0, n_tasks=1)


@pytest.mark.slow
def test_the_fast_cut_keeps_its_promises():
    """Real networks: few false claims among the studies of four tasks, with the engine that studies use."""
    marks = measure_suite(["binary"], seed=1, n_tasks=4)
    rates: dict[str, Rate] = {rate.key: rate for rate in summarise(marks) if rate.where in ("binary", "all")}
    assert rates["overtrained: false yes"].n > 80
    assert rates["overtrained: false yes"].value <= 0.05
    assert rates["overtrained: false no"].value <= 0.05
    assert rates["too big: false yes"].value <= 0.07
    assert rates["underfit: false yes"].value <= 0.07
    assert rates["skill: false yes"].value <= 0.05 if "skill: false yes" in rates else True
    assert rates["ladder: false from"].value <= 0.07
    assert rates["report: false claim"].value <= 0.15
    assert rates["overtrained: power above 10"].value >= 0.9
    assert rates["rule lecture: false yes"].value > 0.5, "the lecture's rule is the baseline to beat"
