import numpy as np
import pytest

from heldout.evidence.harmed import find_harmed
from heldout.records import Attribute


def make(n_rows=200, *, seed=0):
    rng = np.random.default_rng(seed)
    age = Attribute("age", (np.arange(n_rows) % 4).astype(np.int32), tuple(f"age {i}" for i in range(4)))
    sex = Attribute("sex", rng.integers(0, 2, n_rows).astype(np.int32), ("sex = f", "sex = m"))
    return rng, age, sex


def test_a_remedy_that_helps_on_average_hurts_some():
    rng, age, sex = make()
    change = np.where(age.codes == 3, 0.3, -0.3) + 0.3 * rng.normal(size=(5, 200))
    found = find_harmed(change, attributes=[age, sex], unit=range(200), what="dropout 0.3")
    assert found.overall[2] < 0
    assert [item.name for item in found.slices] == ["age 3"]
    assert found.slices[0].change[1] > 0
    assert "dropout 0.3: overall loss" in found.sentence
    assert "but it hurts age 3 (50 rows)" in found.sentence
    assert found.n_seeds == 5


def test_without_harm_the_largest_that_is_not_excluded_is_named():
    rng, age, sex = make()
    change = -0.1 + 0.3 * rng.normal(size=(5, 200))
    found = find_harmed(change, attributes=[age, sex], unit=range(200), what="l2 0.01")
    assert {item.outcome for item in found.slices} <= {"no change shown", "helped"}
    widest = max(item.change[2] for item in found.slices)
    assert found.slices[0].change[2] == widest
    assert "no group is shown to be hurt" in found.sentence
    assert "is not excluded for" in found.sentence


def test_further_groups_stand_beside_the_slices():
    rng, age, sex = make()
    flagged = np.arange(200) < 12  # too small for a slice, asked about in any case
    change = np.where(flagged, 2.0, 0.0) + 0.3 * rng.normal(size=(5, 200))
    found = find_harmed(
        change, attributes=[age, sex], unit=range(200), what="Dropping", extra=(("the flagged", flagged),)
    )
    by_name = {item.name: item for item in found.slices}
    assert by_name["the flagged"].outcome == "hurt"
    assert by_name["the flagged"].parts == ()
    nobody = find_harmed(
        change, attributes=[], unit=range(200), what="Dropping", extra=(("nobody", np.zeros(200, bool)),)
    )
    assert nobody.slices == ()
    assert nobody.sentence == "Dropping: no group holds enough rows to say whom it hurts."
    assert nobody.overall[0] == pytest.approx(change.mean())
