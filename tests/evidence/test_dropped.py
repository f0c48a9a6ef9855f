import numpy as np
import pytest

from heldout.errors import DataError
from heldout.evidence.dropped import bound_rate_ratio, find_dropped, judge_affected
from heldout.evidence.harmed import find_harmed
from heldout.evidence.paired import index_units
from heldout.records import Attribute


def make_people(n_rows=1200, *, seed=0, share_old=0.10, share_rest=0.02):
    rng = np.random.default_rng(seed)
    age = Attribute(
        "age", rng.integers(0, 5, n_rows).astype(np.int32), (*(f"age {i}" for i in range(4)), "age above 80")
    )
    sex = Attribute("sex", rng.integers(0, 2, n_rows).astype(np.int32), ("sex = f", "sex = m"))
    flags = rng.random(n_rows) < np.where(age.codes == 4, share_old, share_rest)
    return rng, [age, sex], flags


def test_the_group_whose_rows_are_dropped_is_named():
    _, attributes, flags = make_people()
    found, n_searched = find_dropped(flags, attributes=attributes, unit=range(1200))
    assert found[0].name == "age above 80"
    assert found[0].p <= 0.01
    assert found[0].ratio[1] < found[0].ratio[0] < found[0].ratio[2]
    old = attributes[0].codes == 4
    assert found[0].ratio[0] == pytest.approx(flags[old].mean() / flags[~old].mean())
    assert found[0].rest_share == pytest.approx(flags[~old].mean())
    assert n_searched == 17  # 5 + 2 values and 10 pairs


def test_rules_that_concern_all_alike_are_rarely_blamed():
    false = 0
    for seed in range(40):
        _, attributes, flags = make_people(400, seed=seed, share_old=0.05, share_rest=0.05)
        found, _ = find_dropped(flags, attributes=attributes, unit=range(400), seed=seed)
        false += bool(found) and found[0].p <= 0.05
    assert false <= 6


def test_a_difference_that_is_sure_and_small_blames_nobody():
    """Among many rows odds of 1.1 are certain and matter to nobody, as in every other finding."""
    sex = Attribute("sex", np.repeat([0, 1], 20_000).astype(np.int32), ("sex = f", "sex = m"))
    flags = np.zeros(40_000, bool)
    flags[:2200] = flags[20_000:22_000] = True
    found = judge_affected(flags, attributes=[sex], unit=range(40_000), rule="The rule drops")
    assert found.dropped[0].p < 0.01
    assert "no group is shown to be concerned more often" in found.sentence
    flags[2200:2600] = True
    found = judge_affected(flags, attributes=[sex], unit=range(40_000), rule="The rule drops")
    assert [item.name for item in found.dropped] == ["sex = f"]
    assert "; q = " in found.sentence


def test_the_ratio_covers_the_truth():
    """Nominal 95 %: rate ratio 4 with 30 expected flags in 300 rows."""
    inside, n_sets = 0, 300
    rows = np.arange(1200) < 300
    for seed in range(n_sets):
        flags = np.random.default_rng(seed).random(1200) < np.where(rows, 0.10, 0.025)
        _, low, high = bound_rate_ratio(flags, rows, index_units(range(1200)))
        inside += low <= 4.0 <= high
    assert inside / n_sets >= 0.92


def test_a_group_without_flags_has_a_finite_ratio():
    rows, flags = np.arange(100) < 40, np.arange(100) >= 90
    ratio, low, high = bound_rate_ratio(flags, rows, index_units(range(100)))
    assert 0 < low < ratio < high < np.inf


def test_the_sentence_says_who_is_dropped_and_who_is_hurt():
    rng, attributes, flags = make_people()
    change = np.where(attributes[0].codes == 4, 0.2, -0.05) + 0.2 * rng.normal(size=(5, 1200))
    harm = find_harmed(change, attributes=attributes, unit=range(1200), what="Dropping")
    found = judge_affected(
        flags,
        attributes=attributes,
        unit=range(1200),
        rule="The rule drops",
        harm=harm,
        alternatives=("keep",),
    )
    assert found.sentence.startswith(f"The rule drops {flags.sum()} of 1200 rows: ")
    assert "% of age above 80 against" in found.sentence
    assert "it hurts age above 80" in found.sentence
    assert found.n_flagged == flags.sum()
    assert found.alternatives == ("keep",)


def test_few_rows_are_nobodys_group():
    _, attributes, _ = make_people(200)
    flags = np.arange(200) < 3
    found = judge_affected(flags, attributes=attributes, unit=range(200), rule="The rule drops")
    assert found.sentence == "The rule drops 3 of 200 rows: too few to say whose."
    assert found.dropped == ()
    alike = judge_affected(
        np.arange(200) % 4 == 0, attributes=attributes, unit=range(200), rule="The rule drops"
    )
    assert "no group is shown to be concerned more often" in alike.sentence
    alone = judge_affected(np.arange(200) < 50, attributes=(), unit=range(200), rule="The rule drops")
    assert "no group holds enough rows to say whose" in alone.sentence


def test_flags_must_fit_the_rows():
    with pytest.raises(DataError, match="3 flags for 4 rows: expected one per row"):
        find_dropped(np.zeros(3, bool), attributes=(), unit=range(4))
