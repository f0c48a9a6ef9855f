"""How many networks a study is expected to train: what racing spends, and what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass

RATES_TRIED = 3  # learning rates of a rung, each in one network of at most two folds
MOST_PAIRS = 3  # pairs of remedies
# Racing: seeds of rungs beyond the interpolating one, and of every strength of a remedy and of every pair, before those
# that cannot matter are left out: a second seed costs more than it saves and changed no choice on the data sets tried.
RACED_SEEDS, STRENGTH_SEEDS = 3, 1
# What racing left over on 20 made data sets and 12 tables of 350 to 1,000 fit rows (`bench/racing.py`): 7 of 12
# strengths got all seeds, 2.3 pairs were tried, a fifth of them got all seeds; most ladders had no interpolating rung.
CONTENDING_STRENGTHS, EXPECTED_PAIRS, CONTENDING_PAIRS = 0.6, 2.3, 0.2
# Remedies were tried at the largest rung in 8 of these 32, else around the middle of the ladder.
LARGEST_SHARE = 0.25
HALVES = 5  # random halves of the fit rows that a study of at least so many seeds trains on


@dataclass(frozen=True)
class Phase:
    """Networks of one size that a study is expected to train.

    Args:
        name: what for, e.g. "ladder".
        place: of their rung on the ladder.
        n_networks: how many; a mean where racing decides.
        at_most: how many if racing leaves nothing out.
    """

    name: str
    place: int
    n_networks: float
    at_most: float


def expect_phases(
    n_rungs: int,
    *,
    n_seeds: int,
    n_folds: int,
    n_uses: int,
    has_halves: bool,
    n_rates: int = RATES_TRIED,
) -> tuple[Phase, ...]:
    """List what a study trains for comparison, racing and all.

    Which rung the remedies are tried at, and which strengths stay in the race, is known only afterwards: means over
    other data stand for them. Networks that a study trains only now and then
    (permuted labels, rows without their outliers) are not among them.

    Args:
        n_rungs: sizes of the ladder.
        n_seeds: seeds.
        n_folds: folds.
        n_uses: strengths of all remedies together.
        has_halves: whether the study asks what more rows would bring.
        n_rates: learning rates tried at each rung; 1 where the user fixed one.

    Example:
        >>> phases = expect_phases(8, n_seeds=5, n_folds=1, n_uses=12, has_halves=False)
        >>> [(phase.name, phase.n_networks, phase.at_most) for phase in phases if phase.place == 7]
        [('learning rates', 3, 3), ('ladder', 5, 5), ('remedies', 10.2, 15.0), ('pairs', 1.035, 3.75)]
    """
    few, whole, rest = min(2, n_folds), n_seeds * n_folds, max(0, n_seeds - STRENGTH_SEEDS)
    raced = (
        ("remedies", n_uses * (STRENGTH_SEEDS + CONTENDING_STRENGTHS * rest), n_uses),
        ("pairs", EXPECTED_PAIRS * (STRENGTH_SEEDS + CONTENDING_PAIRS * rest), MOST_PAIRS),
    )
    tried_at = ((n_rungs // 2, 1.0 - LARGEST_SHARE), (n_rungs - 1, LARGEST_SHARE))
    return (
        *(Phase("learning rates", at, n_rates * few, n_rates * few) for at in range(n_rungs)),
        *(Phase("ladder", at, whole, whole) for at in range(n_rungs)),
        *(
            Phase(name, at, round(share * number * n_folds, 6), share * most * whole)
            for name, number, most in raced
            for at, share in tried_at
        ),
        *([Phase("halves", n_rungs // 2, HALVES * n_folds, HALVES * n_folds)] if has_halves else []),
    )
