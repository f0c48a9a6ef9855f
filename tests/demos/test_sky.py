import importlib.util

import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.page import build_record, render_page
from heldout.demos.sky import SHARE_DEAD, SKY, draw_galaxies, run_demo


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heldout.demos.sky.LARGEST", 6_000)  # two sizes: each takes seconds to compile
        return run_demo(DemoRequest(tmp_path_factory.mktemp("sky"), is_small=True))


def test_gaps_become_a_mask(outcome):
    record = outcome.record
    assert record.channels[-1] == "mask"
    assert 0.5 * SHARE_DEAD < record.share_missing < 2 * SHARE_DEAD
    assert set(np.unique(record.mask)) <= {0.0, 1.0}
    assert np.isfinite(record.raw).all()


def test_stretch_spreads_the_pixels(outcome):
    record = outcome.record
    assert "asinh" in record.stretch
    fullest = [counts.max() / counts.sum() for counts in (record.raw_counts, record.encoded_counts)]
    assert fullest[1] < fullest[0] / 2


def test_form_follows_what_is_installed(outcome):
    has_fits = importlib.util.find_spec("astropy") is not None
    assert outcome.record.form.startswith("FITS" if has_fits else "arrays")


def test_turning_is_compared_on_the_same_pictures(outcome):
    turning = outcome.record.turning
    assert turning.plain.shape == turning.turned.shape == (3, 12)
    assert turning.result.detail == "rotate"
    assert turning.result.outcome != "helps"  # three seeds cannot say so
    assert np.ptp(outcome.record.turned, axis=0).max() > 0


def test_galaxies_differ_in_shape_alone():
    pictures, is_round = draw_galaxies(400, seed=3)
    light = np.where(np.isnan(pictures), SKY, pictures) - SKY
    total = np.log(light.sum(axis=(1, 2)))
    gap = total[is_round == 1].mean() - total[is_round == 0].mean()
    assert abs(gap) < 0.25
    rows, columns = np.indices(light.shape[1:])
    weight = np.clip(light, 0, None) / np.clip(light, 0, None).sum(axis=(1, 2), keepdims=True)

    def moment(one, other):
        means = [(weight * axis).sum(axis=(1, 2), keepdims=True) for axis in (one, other)]
        return (weight * (one - means[0]) * (other - means[1])).sum(axis=(1, 2))

    down, right, both = moment(rows, rows), moment(columns, columns), moment(rows, columns)
    length = np.hypot(down - right, 2 * both) / (down + right)
    assert np.median(length[is_round == 0]) > 2 * np.median(length[is_round == 1])


def test_page_and_record(outcome):
    demo = DEMOS["sky"]
    outline = check_page(render_page(demo, outcome, seed=0))
    assert outline.counts["figure"] == 7
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
    assert build_record(demo, outcome, seed=0)["results"]["n_pictures"] == 280
