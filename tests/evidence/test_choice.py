import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.errors import DataError
from heldout.evidence.choice import choose, score_choice


def make_field(rng, means, *, n_rows=200, n_seeds=3, **more):
    rows = rng.normal(0, 0.2, n_rows)
    return [
        make_run(
            draw_losses(rng, [mean + 0.1, mean], n_rows=n_rows, n_seeds=n_seeds, rows=rows, **more),
            name=f"c{i}",
            size=10 * (i + 1),
            index=i,
        )
        for i, mean in enumerate(means)
    ]


def test_a_clear_winner_is_chosen_and_the_rest_excluded():
    runs = make_field(np.random.default_rng(0), [0.9, 0.3, 0.9], seed_sd=0.002)
    choice = choose(runs, make_settings(200))
    assert (choice.name, choice.leader, choice.epoch) == ("c1", "c1", 2)
    assert [item.name for item in choice.candidates][0] == "c1"
    assert [item.excluded for item in choice.candidates] == [False, True, True]
    assert [item.chosen for item in choice.candidates] == [True, False, False]
    first = choice.candidates[0]
    assert first.low == first.high == first.loss


def test_the_simplest_of_equals_is_chosen():
    rng = np.random.default_rng(1)
    settings = make_settings(80)
    chosen = [choose(make_field(rng, [0.4, 0.4, 0.4], n_rows=80), settings).name for _ in range(60)]
    assert chosen.count("c0") > 60 / 2, "the lowest of three equals would be c0 in a third of the cases"


def test_fewer_remedies_break_a_tie_in_size():
    losses = np.full((1, 2, 40), 0.5)
    runs = [
        make_run(losses, "with", size=10, remedies=[("l2", 0.1)]),
        make_run(losses, "plain", size=10),
        make_run(losses, "large", size=20),
    ]
    assert choose(runs, make_settings(40)).name == "plain"


def test_a_tenth_of_the_tolerance_is_nothing():
    base = np.full((1, 2, 40), 0.5)
    runs = [make_run(base + 0.0015, "small", size=10), make_run(base, "large", size=20)]
    assert choose(runs, make_settings(40, delta=0.02)).name == "small"
    assert choose(runs, make_settings(40, delta=0.01)).name == "large"


def test_a_diverged_configuration_is_never_chosen():
    runs = make_field(np.random.default_rng(2), [0.5, 0.6])
    best = make_run(np.full((2, 3, 200), 0.01), "lucky", size=1, diverged=True)
    choice = choose([best, *runs], make_settings(200))
    assert choice.leader == "c0"
    assert "1 configurations with a diverged network were not eligible" in choice.sentence
    assert "lucky" not in [item.name for item in choice.candidates]


def test_nothing_to_choose_from_is_refused():
    with pytest.raises(DataError, match="none of 1 configurations can be chosen"):
        choose([make_run(np.zeros((1, 1, 9)), diverged=True)], make_settings(9))
    with pytest.raises(DataError, match="none of 0 configurations"):
        choose([], make_settings(9))


def test_unequal_numbers_of_seeds_are_compared_on_the_common_ones():
    rng = np.random.default_rng(3)
    five, three = make_field(rng, [0.5], n_seeds=5), make_field(rng, [0.9], n_seeds=3)
    choice = choose([*five, make_run(three[0].losses, "few", size=5)], make_settings(200))
    assert choice.name == "c0"


def test_the_score_of_the_winner_of_many_is_corrected_and_covers_the_truth():
    """40 equal configurations of one seed each: the winner's own loss flatters, the bootstrap does not."""
    rng = np.random.default_rng(4)
    settings = make_settings(50, delta=0.0)
    naive, covered, studies = [], 0, 40
    for _ in range(studies):
        row_effect = rng.normal(0, 0.2, (1, 1, 50))
        runs = [
            make_run(0.5 + row_effect + rng.normal(0, 0.5, (1, 1, 50)), f"c{i}", size=i + 1, index=i)
            for i in range(40)
        ]
        choice = choose(runs, settings)
        naive.append(choice.naive_loss)
        covered += choice.loss[1] <= 0.5 <= choice.loss[2]
    assert np.mean(naive) < 0.46
    assert covered / studies >= 0.935 - 2 * np.sqrt(0.05 * 0.95 / studies)


def test_groups_widen_the_interval_of_the_choice():
    rng = np.random.default_rng(5)
    unit = np.arange(200) // 10
    rows = rng.normal(0, 0.3, 20)[unit]
    run = make_run(0.5 + rows + rng.normal(0, 0.05, (2, 3, 200)))
    alone = choose([run], make_settings(200)).loss
    grouped = choose([run], make_settings(200, unit=unit)).loss
    assert grouped[2] - grouped[1] > 2 * (alone[2] - alone[1])


def test_accuracy_of_the_choice_comes_from_hits():
    rng = np.random.default_rng(6)
    hits = rng.uniform(size=(2, 3, 300)) < 0.8
    losses = np.where(hits, 0.2, 1.5) + np.array([0.1, 0.0])[:, None, None]
    estimate, low, high = score_choice([make_run(losses, hits=hits)], make_settings(300))
    assert low < hits[1].mean() < high
    assert estimate == pytest.approx(hits[1].mean(), abs=0.01)
    with pytest.raises(DataError, match="accuracy needs a classification study"):
        score_choice([make_run(losses)], make_settings(300))


def test_the_choice_is_repeatable():
    runs = make_field(np.random.default_rng(7), [0.5, 0.5])
    assert choose(runs, make_settings(200)) == choose(runs, make_settings(200))
