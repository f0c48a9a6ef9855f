import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from PIL import Image

from heldout.bundle import save_bundle
from heldout.errors import DataError
from heldout.settings import Settings
from heldout.stages.delivering import deliver
from heldout.stages.preparing import make_tensors, thin_folds
from heldout.stages.validating import score_external
from stages.made_data import make_frame, prepare_frame
from stages.test_delivering import deliver_frame, make_weights


@pytest.fixture
def bundle(tmp_path):
    delivered, *_ = deliver_frame()
    (tmp_path / "runs" / "a").mkdir(parents=True)
    path = tmp_path / "runs" / "a" / "bundle.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    # what makes the folder a study's
    (path.parent / "study.json").write_text('{"settings": {"target_map": {}}}', encoding="utf-8")
    save_bundle(delivered.bundle, path)
    return path


def score(bundle, frame, **settings):
    return score_external(bundle, frame, Settings(**settings), allow_shift=True)


def test_new_rows_are_scored_with_an_interval(bundle):
    found = score(bundle, make_frame(80, seed=5).drop("price"))
    scores, guess = found.scores, found.constant
    assert found.n_rows == 80
    assert found.source == "frame"
    names = [item.metric for item in scores]
    assert {"accuracy", "auc", "logloss"} <= set(names)
    assert len(set(names)) == len(names)
    assert all(item.low <= item.value <= item.high for item in scores)
    # what always giving the most frequent answer reaches stands beside it
    share = (make_frame(80, seed=5)["ill"] == "yes").mean()
    assert [item.metric for item in guess] == names
    assert guess[names.index("accuracy")].value == pytest.approx(max(share, 1 - share))
    assert guess[names.index("logloss")].value == pytest.approx(
        -share * np.log(share) - (1 - share) * np.log(1 - share)
    )


def test_groups_are_the_units_of_the_interval(bundle):
    frame = make_frame(80, seed=5, site=[f"s{row // 2}" for row in range(80)]).drop("price")
    found = score(bundle, frame, group="site")
    assert found.scores[0].n_units == 40
    assert found.scores[0].n_rows == 80


def test_rows_without_target_are_left_out(bundle):
    frame = make_frame(80, seed=5).drop("price")
    labels = [None if row < 10 else word for row, word in enumerate(frame["ill"])]
    found = score(bundle, frame.drop("ill").with_columns(ill=np.array(labels, object)))
    assert found.n_rows == 70


def test_every_look_is_on_record_and_the_second_is_told(bundle):
    frame = make_frame(80, seed=5).drop("price")
    assert not any("scored" in note for note in score(bundle, frame).notes)
    assert any("this very table was scored once before" in note for note in score(bundle, frame).notes)
    # what is counted are looks at the same table, and nothing more is said
    assert not any("before" in note for note in score(bundle, frame.head(79)).notes)
    journal = (bundle.parent.parent / ".journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in journal] == ["external validation"] * 3
    assert [json.loads(line)["study"] for line in journal] == ["a"] * 3
    assert not (bundle.parent / ".journal.jsonl").exists()


def test_a_study_and_its_bundle_share_a_journal(bundle):
    frame = make_frame(80, seed=5).drop("price")
    score(bundle, frame)
    assert any("scored once before" in note for note in score(bundle.parent, frame).notes)


def test_the_studys_own_rows_are_recognized(bundle):
    found = score(bundle, make_frame().drop("price"))
    assert any("no external validation" in note for note in found.notes)
    assert found.n_known == found.n_rows == 60
    assert found.warning.startswith("all 60 rows repeat rows of the study")
    assert found.without_known == ()


def test_no_target_at_all_is_refused(bundle):
    frame = make_frame(80, seed=5).drop("price", "ill")
    with pytest.raises(DataError, match="no column 'ill'"):
        score(bundle, frame)
    with pytest.raises(DataError, match="ill"):
        score(bundle, frame.with_columns(ill=np.array([""] * 80)))


def test_labels_of_new_rows_are_scored_and_unknown_ones_are_told(tmp_path):
    lists = ["a;b", "a", "b;c", "c", "a;c", "b"] * 10
    delivered, *_ = deliver_frame(make_frame(what=lists).drop("price"), target="what", label_rows=5)
    path = tmp_path / "bundle.zip"
    save_bundle(delivered.bundle, path)
    new = make_frame(80, seed=5, what=[*lists, *["a;zebra"] * 20]).drop("price")
    found = score(path, new)
    assert found.n_rows == 80
    assert [item.metric for item in found.scores] == [
        "label accuracy",
        "micro f1",
        "auc",
        "exact match",
        "logloss",
    ]
    assert any("labels unknown to the network are not scored: 'zebra' 20" in note for note in found.notes)


def test_the_groups_of_the_study_are_the_units_without_being_named_again(tmp_path):
    sites = [f"s{row // 3}" for row in range(60)]
    delivered, *_ = deliver_frame(make_frame(site=sites).drop("price"), group="site")
    path = tmp_path / "bundle.zip"  # without its study: the bundle knows them
    save_bundle(delivered.bundle, path)
    new = make_frame(80, seed=5).drop("price")
    repeated = new.with_columns(site=np.array([f"n{row // 4}" for row in range(80)]))
    by_group, lacking = score(path, repeated), score(path, new)
    assert (by_group.scores[0].n_units, lacking.scores[0].n_units) == (20, 80)
    assert by_group.scores[0].method.startswith("Korn-Graubard")
    assert by_group.text().startswith("frame: 80 rows scored, in 20 units by 'site'\n")
    assert not any("kept rows of one" in note for note in by_group.notes)
    assert any("kept rows of one 'site' together" in note for note in lacking.notes)
    # the interval is the one that score_rows makes of the same groups, as at the opening of the test
    named = score(path, repeated, group="site")
    assert [(item.low, item.high) for item in named.scores] == [
        (item.low, item.high) for item in by_group.scores
    ]
    assert not any("intervals here follow" in note for note in named.notes)
    # another group than the study's own is told, as is another way to cut its names
    other = score(
        path, repeated.with_columns(code=pl.Series([f"c{row // 2}" for row in range(80)])), group="code"
    )
    assert other.scores[0].n_units == 40
    start = "the study kept rows of one 'site' together; the intervals here follow "
    assert any(note.startswith(f"{start}'code'") for note in other.notes)
    cut = score(path, repeated, group=r"site~n\d")
    assert any(note.startswith(f"{start}'site~n") for note in cut.notes)
    # rows of one group alone allow no interval
    one = score(path, new.with_columns(site=np.array(["n1"] * 80)))
    assert np.isnan(one.scores[0].low)
    assert any("these rows are of one only" in note for note in one.notes)
    assert "'n1'" not in str(one.notes)
    # nor does one row: the sentence and the numbers say the same
    row = score(path, new.with_columns(site=np.array(["n1"] * 80)).head(1))
    assert any("these rows are of one only" in note for note in row.notes)
    assert all(np.isnan(item.low) for item in row.scores)
    with pytest.raises(DataError, match="every row has the group 'n1'"):
        score(path, new.with_columns(site=np.array(["n1"] * 80)), group="site")


@pytest.fixture(scope="module")
def patterned(tmp_path_factory):
    """A bundle whose study kept rows together by a pattern on names."""
    sites = [f"S{row // 3}_{row}" for row in range(60)]
    delivered, *_ = deliver_frame(make_frame(site=sites).drop("price"), group=r"site~S\d+")
    path = tmp_path_factory.mktemp("patterned") / "bundle.zip"
    save_bundle(delivered.bundle, path)
    return path


FITTING = [f"S{row // 2}_{row}" for row in range(80)]


@pytest.mark.parametrize(
    ("names", "n_units", "n_nameless"),
    [
        (FITTING, 40, 0),
        (["odd", *FITTING[1:]], 41, 1),
        (["odd", "odd", None, "NA", *FITTING[4:]], 42, 4),
        (["odd"] * 80, 80, 80),
        ([None] * 79 + [""], 80, 80),
        (["S1_a"] * 79 + ["odd"], 2, 1),
    ],
)
def test_rows_whose_name_does_not_fit_the_pattern_are_units_of_their_own(
    patterned, names, n_units, n_nameless
):
    new = make_frame(80, seed=5).drop("price")
    found = score(patterned, new.with_columns(site=pl.Series(names, dtype=pl.String)))
    assert found.scores[0].n_units == n_units
    assert np.isfinite(found.scores[0].low) == (n_units >= 10)  # the method's own fewest
    assert found.group == ("site" if n_nameless < 80 else "")
    told = [note for note in found.notes if "a unit of its own" in note]
    assert [note.split(" rows")[0] for note in told] == [f"in {n_nameless} of 80"][: n_nameless > 0]
    assert "odd" not in found.text()
    assert "have no group" not in found.text()  # told once


def test_only_rows_of_one_unit_by_the_pattern_allow_no_interval(patterned):
    new = make_frame(80, seed=5).drop("price")
    found = score(patterned, new.with_columns(site=pl.Series([f"S1_{row}" for row in range(80)])))
    assert found.scores[0].n_units == 1
    assert np.isnan(found.scores[0].low)
    assert any(note.endswith("these rows are of one only") for note in found.notes)
    # where the group is named for these rows, a misfit is refused with its place
    names = pl.Series(["odd", *FITTING[1:]])
    with pytest.raises(DataError, match="1 of 80 cells of column 'site' do not match the group pattern"):
        score(patterned, new.with_columns(site=names), group=r"site~S\d+")


def test_exact_copies_among_the_new_rows_count_once(bundle):
    new = make_frame(40, seed=5).drop("price")
    found = score(bundle, pl.concat([new, new]))
    assert found.scores[0].n_units == 40
    assert found.text().startswith("frame: 80 rows scored, 40 of them different\n")


def test_single_rows_of_the_study_are_noticed_and_left_out(bundle):
    old, new = make_frame().drop("price"), make_frame(80, seed=5).drop("price")
    found = score(bundle, pl.concat([new, old[10:30]]))
    alone = score(bundle, new)
    assert (found.n_rows, found.n_known, alone.n_known) == (100, 20, 0)
    assert found.warning.startswith("20 of 100 rows repeat rows of the study")
    assert found.without_known == alone.scores
    assert (alone.without_known, alone.warning) == ((), "")
    told = found.text().splitlines()
    assert any(line.startswith("  warning: 20 of 100 rows") for line in told)
    assert told.index("without them, 80 rows:") > 0
    assert found.json()["n_known"] == 20


def test_rows_are_known_again_as_they_are_read_and_only_whole(bundle):
    old = make_frame().drop("price")
    # another file writes the same number otherwise, in another order of columns, and says another answer
    written = old.with_columns(x=pl.col("x").map_elements(lambda x: f" {x:.6f}", return_dtype=pl.String))
    other = written.select("colour", "ill", "z", "x").with_columns(ill=pl.lit("yes"))
    assert score(bundle, pl.concat([other[:40], other[40:].with_columns(ill=pl.lit("no"))])).n_known == 60
    assert score(bundle, old.with_columns(z=pl.col("z") + 0.001)).n_known == 0


def test_agreement_by_accident_is_told_where_rows_of_the_study_agree(tmp_path):
    few = make_frame().select("colour", "ill").with_columns(sex=np.array(["m", "f"] * 30))
    delivered, *_ = deliver_frame(few)
    path = tmp_path / "bundle.zip"
    save_bundle(delivered.bundle, path)
    found = score(path, few[::-1][:50])
    assert found.n_known == 50
    assert "(by accident, perhaps: 100 % of the study's own rows agree with another one)" in found.warning


def save_pictures(folder, values, *, start=0):
    for number, pixels in enumerate(values, start):
        place = folder / ("cat", "dog")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number:03d}.png")


def deliver_pictures(folder):
    reading, prepared, _, chosen = prepare_frame(folder, target="label")
    folds = thin_folds(prepared)
    tensors = make_tensors(prepared, folds)
    flat = tensors.features.reshape(*tensors.features.shape[:2], -1)
    weights = make_weights(SimpleNamespace(**{**vars(tensors), "features": flat}))
    return deliver(reading, prepared, tensors, weights, chosen, folds=folds)


def test_pictures_of_the_study_are_known_again_among_the_scored_ones(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (84, 6, 6), dtype=np.uint8)
    old, changed = values[:60], values[2:4].copy()
    changed[:, 0, 0] ^= 1
    save_pictures(tmp_path / "old", old)
    save_bundle(deliver_pictures(tmp_path / "old").bundle, tmp_path / "bundle.zip")
    # 24 new ones, two of the study under other names, and two that differ from its own by a bit of one pixel
    save_pictures(tmp_path / "new", np.concatenate([values[60:], old[:2], changed]), start=100)
    found = score(tmp_path / "bundle.zip", tmp_path / "new")
    assert (found.n_rows, found.n_known) == (28, 2)
    assert found.warning.startswith("2 of 28 rows repeat rows of the study")
    assert found.without_known[0].n_rows == 26
