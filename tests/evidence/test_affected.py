from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from heldout.errors import DataError
from heldout.evidence.affected import (
    LEAST_FLAGGED,
    NOT_RANDOM,
    Property,
    affected,
    compare_shares,
    draw_rows,
)
from heldout.records import Attribute, RowSet


def make_property(codes, *names, of="subgroup", unit=None):
    codes = np.asarray(codes, np.int32)
    name = names[0].split(" ")[0]
    return Property(of, Attribute(name, codes, names), np.arange(len(codes)) if unit is None else unit)


def ask(*sets, properties, n_rows, unit=None, seed=0):
    return affected(
        [item if isinstance(item, RowSet) else RowSet(np.asarray(item, np.int64)) for item in sets],
        properties=properties,
        looked_at=np.arange(n_rows),
        lines=np.arange(n_rows) + 2,
        unit=np.arange(n_rows) if unit is None else unit,
        seed=seed,
    )


SEX = make_property(np.repeat([0, 1], [120, 180]), "sex = f", "sex = m")


def test_counts_shares_and_lines_are_those_made_by_hand():
    (found,) = ask([*range(28), 298, 299], properties=[SEX], n_rows=300)
    women, men = found.levels
    assert (women.n_affected, women.n_rows, men.n_affected, men.n_rows) == (28, 120, 2, 180)
    assert (found.n_affected, found.n_rows) == (30, 300)
    assert women.share[0] == pytest.approx(28 / 120)
    assert women.rest == men.share[0] == pytest.approx(2 / 180)
    assert found.lines == (*range(2, 30), 300, 301)
    assert women.is_more
    assert not men.is_more
    assert found.is_unequal
    assert found.sentence.endswith(NOT_RANDOM)


def test_intervals_are_those_of_scipy():
    (found,) = ask([*range(28), 298, 299], properties=[SEX], n_rows=300)
    for level in found.levels:
        exact = stats.binomtest(level.n_affected, level.n_rows).proportion_ci(0.95, "exact")
        assert level.share[1:] == pytest.approx((exact.low, exact.high))
    exact = stats.binomtest(30, 300).proportion_ci(0.95, "exact")
    assert found.share[1:] == pytest.approx((exact.low, exact.high))


def test_p_values_are_those_of_fisher():
    for inside, size, total in ((5, 20, 9), (0, 30, 3), (12, 40, 12)):
        table = [[inside, size - inside], [total - inside, 100 - size - total + inside]]
        exact = stats.fisher_exact(table, alternative="greater").pvalue
        assert compare_shares(np.array([inside]), np.array([size]), total, 100)[0] == pytest.approx(exact)


def test_all_groups_and_findings_are_corrected_together():
    rng = np.random.default_rng(0)
    properties = [
        make_property(rng.integers(0, 3, 200), "a 0", "a 1", "a 2"),
        make_property(rng.integers(0, 2, 200), "b 0", "b 1"),
    ]
    sets = [np.sort(rng.choice(200, 30, replace=False)) for _ in range(4)]
    found = ask(*sets, properties=properties, n_rows=200)
    alone = []
    for rows in sets:
        for item in properties:
            codes = item.attribute.codes
            alone += [
                stats.fisher_exact(
                    [
                        [
                            np.isin(rows, np.flatnonzero(codes == k)).sum(),
                            (codes == k).sum() - (codes[rows] == k).sum(),
                        ],
                        [(codes[rows] != k).sum(), (codes != k).sum() - (codes[rows] != k).sum()],
                    ],
                    alternative="greater",
                ).pvalue
                for k in range(len(item.attribute.levels))
            ]
    expected = stats.false_discovery_control(alone)
    assert [level.q for one in found for level in one.levels] == pytest.approx(expected.tolist())


def test_rows_affected_at_random_are_rarely_said_to_be_somebodys():
    """At most 5 % of findings with a claim, and at most 10 % of audits, where who is affected is random."""
    claims = audits = 0
    rng = np.random.default_rng(1)
    for seed in range(120):
        properties = [
            make_property(rng.integers(0, 2, 400), "y = a", "y = b", of="label"),
            make_property(rng.integers(0, 5, 400), *(f"age {k}" for k in range(5))),
            make_property(rng.integers(0, 2, 400), "sex = f", "sex = m"),
        ]
        sets = [np.sort(rng.choice(400, n, replace=False)) for n in (8, 20, 40, 120, 350)]
        found = ask(*sets, properties=properties, n_rows=400, seed=seed)
        n_claims = sum(item.is_unequal for item in found)
        claims, audits = claims + n_claims, audits + (n_claims > 0)
    assert claims / 600 <= 0.05
    assert audits / 120 <= 0.10


def test_copies_and_families_do_not_make_a_claim_by_themselves():
    """Whole families of ten are affected at random: row by row that looks sure, one row of each says what is known."""
    false = naive = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        family = np.repeat(np.arange(60), 10)
        codes = rng.integers(0, 2, 60)[family]
        rows = np.flatnonzero((rng.random(60) < 0.2)[family])
        for unit in (family, np.arange(600)):
            sex = make_property(codes, "sex = f", "sex = m", unit=unit)
            (found,) = ask(rows, properties=[sex], n_rows=600, unit=family, seed=seed)
            if unit is family:
                false += found.is_unequal
            else:
                naive += found.is_unequal
    assert false <= 6
    assert naive >= 20


def test_intervals_know_that_families_are_alike():
    family = np.repeat(np.arange(60), 10)
    sex = make_property(np.repeat([0, 1], 300), "sex = f", "sex = m", unit=family)
    (found,) = ask(np.arange(100), properties=[sex], n_rows=600, unit=family)
    exact = stats.binomtest(100, 600).proportion_ci(0.95, "exact")
    assert found.share[1] < exact.low
    assert found.share[2] > exact.high


def test_one_row_of_each_unit_is_drawn():
    unit = np.array([3, 3, 3, 8, 9, 9])
    for seed in range(5):
        drawn = draw_rows(unit, np.arange(6), seed=seed)
        assert np.array_equal(np.sort(unit[drawn]), [3, 8, 9])


def test_few_rows_are_nobodys():
    (found,) = ask(np.arange(LEAST_FLAGGED - 1), properties=[SEX], n_rows=300)
    assert found.levels == ()
    assert found.notes == ("too few rows to say whose",)
    assert found.lines == (2, 3, 4, 5)


def test_a_group_of_a_few_rows_is_not_named_and_one_under_ten_is_not_tested():
    codes = np.repeat([0, 1, 2], [4, 7, 289])
    town = make_property(codes, "town = Ulm", "town = Bonn", "town = Kiel")
    (found,) = ask(np.arange(20), properties=[town], n_rows=300)
    assert [level.name for level in found.levels] == ["town = Bonn", "town = Kiel"]
    assert np.isnan(found.levels[0].q)
    assert not found.levels[0].is_more


def test_what_a_finding_is_made_of_is_left_out():
    (found,) = ask(RowSet(np.arange(20), defined_by=("sex",)), properties=[SEX], n_rows=300)
    assert found.levels == ()


def test_labels_that_are_not_known_are_said_to_be():
    codes = np.where(np.arange(300) < 200, np.arange(300) % 2, -1)
    label = make_property(codes, "y = a", "y = b", of="label")
    (found,) = ask(np.arange(190, 230), properties=[label], n_rows=300)
    assert found.notes == ("the label of 30 rows of them is not known, or may not be read",)
    assert sum(level.n_rows for level in found.levels) == 200


def test_lines_that_are_no_rows_are_nobodys():
    (found,) = ask(RowSet(np.zeros(0, np.int64), lines=(7, 4)), properties=[SEX], n_rows=300)
    assert found.lines == (4, 7)
    assert (found.n_affected, found.n_rows) == (2, 0)
    assert found.sentence == "2 lines"
    assert "is not known" in found.notes[0]


def test_many_groups_are_counted_and_not_named():
    family = np.repeat(np.arange(100), 3)
    group = make_property(family, *map(str, range(100)), of="group")
    (found,) = ask(np.arange(10), properties=[group], n_rows=300)
    assert found.levels == ()
    assert found.notes == ("they stand in 4 of 100 groups, at most 3 in one",)


def test_what_is_not_named_is_not_compared(monkeypatch):
    asked = []

    def record(inside, size, total, n_rows):
        asked.append(len(inside))
        return compare_shares(inside, size, total, n_rows)

    monkeypatch.setattr("heldout.evidence.affected.compare_shares", record)
    family = make_property(np.repeat(np.arange(100), 3), *map(str, range(100)), of="group")
    town = make_property(np.repeat([0, 1, 2], [4, 7, 289]), "town = Ulm", "town = Bonn", "town = Kiel")
    hidden = replace(make_property(np.arange(300) % 2, "0", "1", of="group"), is_named=False)
    (found,) = ask(np.arange(20), properties=[family, town, SEX, hidden], n_rows=300)
    assert asked == [1, 2]  # of the towns Kiel alone; both sexes; no group
    assert {level.of for level in found.levels} == {"subgroup"}
    assert found.notes[-1] == "they stand in 2 of 2 groups, at most 10 in one"


def test_a_difference_that_is_sure_and_small_is_not_told():
    n_rows = 400_000
    rows = np.flatnonzero(
        np.random.default_rng(0).random(n_rows) < np.where(np.arange(n_rows) % 2, 0.50, 0.49)
    )
    half = make_property(np.arange(n_rows) % 2, "half = a", "half = b")
    (found,) = ask(rows, properties=[half], n_rows=n_rows)
    assert found.levels[1].q < 0.001
    assert not found.is_unequal


def test_sets_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="property 'sex' has 300 codes and 300 units for 200 rows"):
        ask(np.arange(9), properties=[SEX], n_rows=200)
    with pytest.raises(DataError, match="9 rows are affected, of which 4 were looked at"):
        ask(RowSet(np.arange(9), looked_at=np.arange(5, 300)), properties=[SEX], n_rows=300)
