import re
from dataclasses import replace
from itertools import pairwise

import pytest

from heldout.errors import UsageError
from heldout.ladder import Schedule, grow_ladder, plan_schedule
from heldout.plan import (
    PRESETS,
    Sizes,
    Wishes,
    bucket_widths,
    count_networks,
    make_plan,
    member_seconds,
    parse_budget,
    rung_seconds,
    stretch_to_all_rows,
    wait_seconds,
)
from heldout.records import InputLayout, Rung

SMALL = Sizes(n_inputs=20, n_outputs=1, n_fit=200, n_validation=50, n_folds=5)
LARGE = Sizes(n_inputs=20, n_outputs=1, n_fit=50_000, n_validation=5000, n_folds=1)
SCHEDULE = Schedule(32, 5, 50, (1, 50))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90", 90), ("5m", 300), ("1h", 3600), ("1.5h", 5400), (" 2 m ", 120), ("0.5s", 0.5)],
)
def test_budgets_are_read(text, seconds):
    assert parse_budget(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-5m", "5 minutes", "0", "0s", "m", "1e3", "5m30s", "nan", "inf"]
)
def test_other_budgets_are_refused(text):
    with pytest.raises(UsageError, match=f"budget {text!r} is not a time") as caught:
        parse_budget(text)
    assert "--budget 5m" in caught.value.hint


@pytest.mark.parametrize("preset", PRESETS)
def test_without_a_budget_the_preset_is_what_was_asked_for(preset):
    plan = make_plan(SMALL, preset=preset, budget=None)
    n_rungs, n_seeds, n_strengths = PRESETS[preset]
    assert (plan.preset, plan.n_seeds, plan.n_strengths, plan.n_folds) == (preset, n_seeds, n_strengths, 5)
    assert plan.rungs == grow_ladder(20, 1, 200, n_rungs=n_rungs)
    assert plan.budget_seconds == 0
    assert plan.n_fit == plan.n_fit_all == 200


def test_larger_presets_take_longer():
    seconds = [make_plan(SMALL, preset=preset, budget=None).seconds for preset in PRESETS]
    assert all(more > less for less, more in pairwise(seconds))


@pytest.mark.parametrize("sizes", [SMALL, LARGE])
@pytest.mark.parametrize("budget", [None, "1h"])
def test_the_same_input_gives_the_same_plan(sizes, budget):
    assert make_plan(sizes, preset="standard", budget=budget) == make_plan(
        sizes, preset="standard", budget=budget
    )


def test_plenty_of_time_changes_nothing_but_the_limit():
    free, limited = (make_plan(SMALL, preset="thorough", budget=budget) for budget in (None, "1000h"))
    assert limited.budget_seconds == 3_600_000
    assert (limited.preset, limited.rungs, limited.schedule, limited.seconds) == (
        free.preset,
        free.rungs,
        free.schedule,
        free.seconds,
    )


@pytest.mark.parametrize("sizes", [SMALL, LARGE])
def test_a_tight_budget_takes_a_smaller_plan_that_fits(sizes):
    full = make_plan(sizes, preset="thorough", budget=None)
    least = read_needed(sizes)
    seen = []
    for share in (1.0, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05):
        seconds = least + share * (full.seconds - least)
        plan = make_plan(sizes, preset="thorough", budget=f"{seconds:.3f}s")
        assert plan.seconds < seconds
        assert plan.budget_seconds == pytest.approx(seconds, abs=1e-3)
        assert plan.n_seeds >= 3
        assert len(plan.rungs) >= 2
        seen.append(plan.preset)
    assert len(set(seen)) > 1
    assert seen[-1] != "thorough"


def test_a_budget_never_enlarges_the_preset():
    for preset in PRESETS:
        assert PRESETS[make_plan(SMALL, preset=preset, budget="1000h").preset] == PRESETS[preset]


def read_needed(sizes):
    """The seconds that the refusal names."""
    with pytest.raises(UsageError, match="is too small: 3 seeds of 2 rungs need about") as caught:
        make_plan(sizes, preset="standard", budget="1s")
    return float(re.search(r"about (\d+) seconds", caught.value.message)[1])


@pytest.mark.parametrize("sizes", [SMALL, LARGE])
def test_too_small_a_budget_is_refused_with_one_that_does(sizes):
    with pytest.raises(UsageError, match=r"a budget of '1s' is too small: 3 seeds of 2 rungs need") as caught:
        make_plan(sizes, preset="standard", budget="1s")
    hinted = re.search(r"--budget (\d+s)", caught.value.hint)[1]
    assert make_plan(sizes, preset="standard", budget=hinted).n_seeds >= 3
    just = make_plan(sizes, preset="standard", budget=f"{read_needed(sizes) + 0.5}s")
    assert (just.preset, len(just.rungs), just.n_seeds) == ("least", 2, 3)
    assert [widths for widths, _ in just.shapes][:2] == [rung.widths for rung in just.rungs]
    almost = f"{0.9 * read_needed(sizes):.2f}s"
    with pytest.raises(UsageError, match=re.escape(f"a budget of {almost!r} is too small")):
        make_plan(sizes, preset="standard", budget=almost)


def test_very_large_data_are_compared_on_a_subset():
    plan = make_plan(LARGE, preset="standard", budget=None)
    assert 5000 <= plan.n_fit < plan.n_fit_all == 50_000
    assert plan.rungs == grow_ladder(20, 1, plan.n_fit, n_rungs=len(plan.rungs))


@pytest.mark.parametrize("n_products", [20, 10_000, 160_000])
def test_all_rows_take_as_much_longer_as_their_schedule(n_products):
    few, every = (member_seconds(n_products, plan_schedule(rows), 2 * 5000) for rows in (8000, 64_000))
    assert stretch_to_all_rows(n_products, 8000, 64_000, n_validation=5000) == pytest.approx(every / few)
    assert stretch_to_all_rows(n_products, 8000, 8000, n_validation=5000) == 1.0
    assert every > few


def test_estimates_grow_with_everything_that_costs():
    rung, larger = Rung(1, (64, 64), 6000, 0.001), Rung(2, (128, 128), 20_000, 0.001)
    once = member_seconds(rung.n_parameters, SCHEDULE, 100)
    assert once > 0
    assert member_seconds(larger.n_parameters, SCHEDULE, 100) > once
    assert member_seconds(rung.n_parameters, SCHEDULE, 200) > once
    assert member_seconds(rung.n_parameters, Schedule(32, 5, 100, (1, 100)), 100) == pytest.approx(2 * once)
    folds = [
        Sizes(20, 1, 200, 50, n_folds) for n_folds in (1, 3, 5)
    ]  # with more, rungs get programs of their own
    seconds = [make_plan(sizes, preset="quick", budget=None).seconds for sizes in folds]
    assert all(more > less for less, more in pairwise(seconds))


# ---------------------------------------------------------------------------------------------- shared programs
@pytest.mark.parametrize("n_members", [1, 50, 10_000, 10**9])
def test_rungs_share_programs_of_their_depth_and_never_a_narrower_one(n_members):
    rungs = grow_ladder(20, 1, 200, n_rungs=8)
    pairs = bucket_widths(rungs, SCHEDULE, n_members=n_members, n_evaluated=100)
    assert [widths for widths, _ in pairs] == [rung.widths for rung in rungs]
    for widths, shape in pairs:
        assert len(shape) == len(widths)
        assert all(room >= width for room, width in zip(shape, widths, strict=True))
    shapes = {shape for _, shape in pairs}
    assert shapes <= {rung.widths for rung in rungs}


def test_many_networks_get_programs_of_their_own_and_few_share():
    rungs = grow_ladder(20, 1, 200, n_rungs=8)
    few, many = (
        bucket_widths(rungs, SCHEDULE, n_members=n_members, n_evaluated=100) for n_members in (1, 10**9)
    )
    assert all(shape == widths for widths, shape in many)
    assert len({shape for _, shape in few}) == len({len(rung.widths) for rung in rungs})


def test_the_plan_names_the_program_of_every_rung():
    for preset in PRESETS:
        plan = make_plan(SMALL, preset=preset, budget=None)
        assert [widths for widths, _ in plan.shapes] == [rung.widths for rung in plan.rungs]


@pytest.mark.parametrize("layout", [None, InputLayout("picture", (28, 28, 1))])
def test_asked_seeds_win_over_preset_and_budget_and_are_paid_for(layout):
    sizes = replace(LARGE, layout=layout, n_outputs=10)
    asked = replace(sizes, wishes=Wishes(n_seeds=12))
    usual, more = (make_plan(one, preset="quick", budget=None) for one in (sizes, asked))
    assert (usual.n_seeds, more.n_seeds) == (3, 12)
    assert more.seconds > 1.5 * usual.seconds
    assert len(more.rungs) >= len(usual.rungs)
    assert make_plan(asked, preset="standard", budget="20h").n_seeds == 12
    with pytest.raises(UsageError, match="12 seeds of 2 rungs need about"):
        make_plan(asked, preset="quick", budget="1s")


def test_what_is_asked_of_every_network_stands_in_every_rung():
    wishes = Wishes(learning_rate=0.04, weight_decay=0.01, label_smoothing=0.1)
    plan = make_plan(replace(SMALL, wishes=wishes), preset="quick", budget=None)
    assert {(r.learning_rate, r.weight_decay, r.label_smoothing) for r in plan.rungs} == {(0.04, 0.01, 0.1)}
    usual = make_plan(SMALL, preset="quick", budget=None)
    # one rate a rung instead of three, in two folds
    saved = count_networks(usual, n_uses=4)[0] - count_networks(plan, n_uses=4)[0]
    assert saved == 2 * 2 * len(plan.rungs)
    assert plan.seconds < usual.seconds


def test_largest_leaves_the_two_smallest():
    plan = make_plan(replace(SMALL, wishes=Wishes(largest=1)), preset="standard", budget=None)
    assert len(plan.rungs) == 2


def test_tables_of_word_vectors_cost_beside_other_columns_what_they_cost_alone():
    words, few = InputLayout("tokens", (31,), 30_000, 16), InputLayout("numbers", (2,))
    joined = InputLayout("joined", (33,), parts=(words, few))
    two = InputLayout("joined", (64,), parts=(words, few, words))
    alone = Rung(0, (), 0, 0.01, "text", embedding=32)
    beside = [Rung(0, (), 0, 0.01, "joined", embedding=32, parts=layout.parts) for layout in (joined, two)]
    sizes = replace(LARGE, layout=words)
    once = rung_seconds(alone, sizes, SCHEDULE)
    assert once > 5 * rung_seconds(Rung(0, (), 0, 0.01, "text", embedding=2), sizes, SCHEDULE)
    assert rung_seconds(beside[0], replace(sizes, layout=joined), SCHEDULE) == pytest.approx(once, rel=0.05)
    assert rung_seconds(beside[1], replace(sizes, layout=two), SCHEDULE) == pytest.approx(2 * once, rel=0.05)


def test_sizes_of_equal_widths_cost_what_they_cost_themselves():
    """Pictures: the sizes differ in channels, and none has a hidden layer."""
    layout = InputLayout("picture", (32, 32, 3))
    sizes = Sizes(3072, 10, 4_000, 1_000, 1, layout)
    plan = make_plan(sizes, preset="standard", budget=None)
    assert len({rung.widths for rung in plan.rungs}) < len(plan.rungs)
    each = [rung_seconds(rung, sizes, plan.schedule) for rung in plan.rungs]
    assert len(set(each)) == len(each)
    largest_everywhere = max(each) * count_networks(plan, n_uses=4 * plan.n_strengths)[0] / 2
    assert plan.seconds < 0.7 * largest_everywhere


def test_large_examples_may_take_longer_however_few_there_are():
    small, large = (
        wait_seconds(500, InputLayout("picture", (side, side, 1)), preset="standard") for side in (8, 64)
    )
    assert 300 <= small < 400
    assert large > 1_400
    huge = wait_seconds(500, InputLayout("picture", (256, 256, 3)), preset="standard")
    assert huge < 1.2 * large + 30e-6 * 500 * 256 * 256 * 3
