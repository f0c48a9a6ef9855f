import re

import numpy as np
import polars as pl
import pytest
from PIL import Image
from tests.sources.test_idx import images, pack

from heldout.errors import DataError, UsageError
from heldout.records import PART_TEST, Task
from heldout.settings import ColumnSettings, Settings
from heldout.stages.reading import name_source, read_data, read_new, read_parts
from stages.made_data import declare_parts, make_frame, read


def test_the_target_and_what_is_no_feature_are_named():
    frame = make_frame(
        site=[f"s{row // 3}" for row in range(60)], weight=[1.0, 2.0] * 30, part=declare_parts()
    )
    reading, _ = read(
        frame,
        group="site",
        sample_weight="weight",
        split="part",
        columns={"price": ColumnSettings(kind="ignore")},
    )
    assert reading.target.task is Task.BINARY
    assert reading.unused == {
        "ill": "the target",
        "site": "the group column",
        "weight": "the sample weight",
        "part": "the split column",
        "price": "left out by the user",
    }
    assert reading.weight.tolist() == [1.0, 2.0] * 30
    assert len(np.unique(reading.links.unit)) == 20


def test_rows_without_target_are_set_aside():
    frame = (
        make_frame()
        .drop("price")
        .with_columns(pl.when(pl.int_range(60) % 20 == 0).then(None).otherwise(pl.col("ill")).alias("ill"))
    )
    reading, _ = read(frame)
    assert reading.target.missing.tolist() == [0, 20, 40]
    assert len(reading.rows) == 57
    assert not set(reading.rows.tolist()) & {0, 20, 40}


def test_copies_of_a_row_share_a_unit():
    frame = pl.concat([make_frame(30), make_frame(30).head(4)]).drop("price")
    unit = read(frame)[0].links.unit
    assert unit[30:].tolist() == unit[:4].tolist()
    assert len(np.unique(unit)) == 30


def test_an_identifier_does_not_hide_copies():
    frame = pl.concat([make_frame(30), make_frame(30).head(4)]).drop("price")
    frame = frame.with_columns(pl.Series("id", [f"patient{row:04d}" for row in range(34)]))
    unit = read(frame)[0].links.unit
    assert unit[30:].tolist() == unit[:4].tolist()


def test_times_are_read_as_dates_or_numbers():
    days = [f"2020-01-{1 + row % 28:02d}" for row in range(60)]
    time = read(make_frame(day=days).drop("price"), time="day")[0].time
    assert time[1] - time[0] == 1
    numbers = read(make_frame(year=[1900.0 + row for row in range(60)]).drop("price"), time="year")[0].time
    assert numbers[:2].tolist() == [1900.0, 1901.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"time": "colour"},
            "time column 'colour', line 1: '.*' is neither a date nor a number",
        ),
        ({"sample_weight": "x"}, "sample weight 'x' in line .* is not a positive number"),
        ({"sample_weight": "colour"}, "sample weight 'colour' in line .* is not a positive number"),
        ({"group": "colours"}, "no column 'colours'"),
        ({"target": "il"}, "no column 'il'"),
        ({"columns": {"colur": ColumnSettings(kind="ignore")}}, "no column 'colur'"),
        ({"target": "price", "target_log": True, "task": "regression"}, "has no logarithm"),
    ],
)
def test_what_does_not_fit_is_refused(settings, message):
    with pytest.raises(DataError, match=message):
        read(make_frame(), **settings)


def test_the_first_row_without_a_logarithm_is_named():
    frame = make_frame().with_columns((pl.col("price").abs() + 1).alias("price"))
    frame = frame.with_columns(
        pl.when(pl.int_range(60) == 17).then(-2.5).otherwise(pl.col("price")).alias("price")
    )
    with pytest.raises(DataError, match=r"target 'price' is -2\.5 in line 18"):
        read(frame, target="price", target_log=True, task="regression")


def test_no_target_is_a_usage_error():
    with pytest.raises(UsageError, match="no target column was named"):
        read(target="")


@pytest.mark.parametrize("n_rows", [1, 9])
def test_too_few_rows_are_counted(n_rows):
    with pytest.raises(DataError, match=rf"has {n_rows} rows?; a study needs at least 10"):
        read(make_frame(n_rows))


def test_nothing_left_to_predict_from_lists_the_reasons():
    frame = pl.DataFrame({"k": [1] * 30, "ill": ["a", "b"] * 15})
    with pytest.raises(
        DataError, match="no column is left to predict from \\('k': constant; 'ill': the target\\)"
    ):
        read(frame)


def test_parts_of_files_are_joined(tmp_path):
    make_frame(40).write_csv(tmp_path / "data.csv")
    make_frame(20, seed=1).write_csv(tmp_path / "later.csv")
    _, settings = read(target="ill", test=str(tmp_path / "later.csv"))
    table = read_parts(tmp_path / "data.csv", settings)
    assert len(table.lines) == 60
    assert (table.part == PART_TEST).any()
    assert read_parts(tmp_path / "data.csv", read()[1]).part is None


def test_a_source_has_a_name():
    assert name_source("a/b.csv") == "b.csv"
    assert name_source(make_frame()) == "frame"


def write_photos(root, kinds=("cat", "dog"), n=8, *, first=0, side=10):
    for number, kind in enumerate(kinds):
        for k in range(n):
            place = root / kind / f"{first + k}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng((first + k, number, side)).integers(0, 256, (side, side))
            Image.fromarray(pixels.astype(np.uint8)).save(place)
    return root


def test_the_label_of_examples_is_the_target_and_names_are_no_features(tmp_path):
    reading = read_data(str(write_photos(tmp_path / "pets")), Settings())
    assert reading.target.name == "label"
    assert reading.unused == {"file": "the name of the file", "label": "the target"}
    assert (
        "pets: no target was named; it is the label of the examples, the column 'label'"
        in reading.table.notes
    )
    named = read_data(
        str(tmp_path / "pets"), Settings(target="label", columns={"file": {"kind": "category"}})
    )
    assert named.unused == {"label": "the target"}
    assert "no target was named" not in " ".join(named.table.notes)
    with pytest.raises(UsageError, match="no target column was named"):
        read_data(make_frame(label=["a", "b"] * 30), Settings())


def test_the_same_picture_twice_is_one_unit(tmp_path):
    folder = write_photos(tmp_path / "pets")
    (folder / "dog" / "copy.png").write_bytes((folder / "cat" / "3.png").read_bytes())
    reading = read_data(str(folder), Settings())
    unit = reading.links.unit
    assert reading.links.duplicate_rows == 1
    assert len(np.unique(unit)) == 16
    assert unit[3] == unit[16]


def test_parts_of_a_folder_and_of_a_column_are_told(tmp_path):
    for part in ("train", "valid", "test"):
        write_photos(tmp_path / "d" / part, first={"train": 0, "valid": 100, "test": 200}[part])
    table = read_parts(str(tmp_path / "d"), Settings())
    assert np.bincount(table.part).tolist() == [0, 16, 16, 16]
    frame = make_frame(split=declare_parts()).drop("price")
    reading, _ = read(frame)
    assert np.bincount(reading.table.part).tolist() == [0, 30, 15, 15]
    assert reading.unused["split"] == "the split column"
    assert "frame: the column 'split' declares the parts (train, validation, test)" in reading.table.notes
    kept, _ = read(frame, columns={"split": ColumnSettings(kind="category")})
    assert kept.table.part is None
    assert "split" not in kept.unused


def test_other_parts_are_read_by_the_policies_of_the_first(tmp_path):
    main = write_photos(tmp_path / "main", side=10)
    write_photos(tmp_path / "test", side=12)
    with pytest.raises(DataError, match="12 x 12 pixels .* where 10 x 10 were expected"):
        read_parts(str(main), Settings(test=str(tmp_path / "test")))
    write_photos(main, n=2, first=50, side=20)
    mixed = read_parts(str(main), Settings(test=str(tmp_path / "test"), validation=str(tmp_path / "test")))
    assert mixed.arrays[0].values.shape[1:] == (10, 10, 1)
    assert np.bincount(mixed.part).tolist() == [0, 20, 16, 16]
    assert np.bincount(read_parts(str(main), Settings(test=str(tmp_path / "test"))).part).tolist() == [
        20,
        0,
        0,
        16,
    ]


def test_idx_files_of_training_and_test(tmp_path):
    for name, count in (("train", 12), ("t10k", 5)):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(pack(images(count)))
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(pack(np.arange(count, dtype=np.uint8) % 2))
    test = str(tmp_path / "t10k-images-idx3-ubyte")
    reading = read_data(str(tmp_path / "train-images-idx3-ubyte"), Settings(test=test))
    assert reading.table.arrays[0].values.shape == (17, 9, 8, 1)
    assert np.bincount(reading.table.part).tolist() == [12, 0, 0, 5]
    assert reading.target.classes == ("0", "1")


def test_new_rows_are_read_as_the_study_read_its_own(tmp_path):
    table = read_parts(str(write_photos(tmp_path / "pets", side=16)), Settings(side=8))
    policies = tuple(array.policy for array in table.arrays)
    assert table.arrays[0].values.shape[1:] == (8, 8, 1)
    new = read_new(str(write_photos(tmp_path / "new", side=30)), Settings(), policies)
    assert new.arrays[0].values.shape[1:] == (8, 8, 1)
    alone = read_new(str(tmp_path / "new" / "cat" / "3.png"), Settings(), policies)
    assert (alone.arrays[0].values[0] == new.arrays[0].values[3]).all()
    assert read_new(make_frame(), Settings(), ()).arrays == ()


def test_pictures_are_kept_in_the_cache_and_found_there_again(tmp_path):
    folder = str(write_photos(tmp_path / "pets"))
    first = read_data(folder, Settings(), cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 1
    again = read_data(folder, Settings(), cache=tmp_path / "cache")
    assert first.fingerprint == again.fingerprint == read_data(folder, Settings()).fingerprint


def test_the_name_of_a_folder_is_the_name_of_the_source(monkeypatch, tmp_path):
    assert name_source("data/photos/") == "photos"
    monkeypatch.chdir(tmp_path)
    assert name_source(".") == tmp_path.name


def test_copies_of_a_sequence_and_ranges_of_one_accession_are_never_cut(tmp_path):
    rng = np.random.default_rng(0)
    genes = ["".join(rng.choice(list("ACGT"), 80)) for _ in range(40)]
    other_strand = genes[3].translate(str.maketrans("ACGT", "TGCA"))[::-1]
    records = [
        f">NC_{number:06d}.1:1-80 kind={'ab'[number % 2]}\n{gene}\n" for number, gene in enumerate(genes)
    ]
    # As on a slide: a '>' in mid-line, and one accession twice with ranges.
    records[0] = f">NC_000023.11:1-80 kind=a\n{genes[0]}>NC_000023.11:900-980 kind=b\n{genes[1]}\n"
    records[1] = f">NC_000077.1:5-84 kind=b\n{other_strand[:70]}ACGTACGTAC\n"
    place = tmp_path / "genes.fasta"
    place.write_text("".join(records))
    reading = read_data(place, Settings(target="header/kind"))
    assert reading.links.unit[:6].tolist() == [0, 0, 1, 2, 1, 3]
    assert len(np.unique(reading.links.unit)) == len(reading.table.lines) - 2
    assert any("2 of 41 sequences of 'sequence' are copies" in note for note in reading.links.notes)
    assert any("accessions have several ranges" in note for note in reading.links.notes)
    grouped = read_data(place, Settings(target="header/kind", group="accession"))
    assert grouped.links.unit[:6].tolist() == [0, 0, 1, 2, 1, 3]


# ------------------------------------------------------------------------------------- several labels, classes in order
LISTS = ["a;b", "a", "b;c", "c", "a;c", "b"] * 10
STEPS = ["low", "mid", "high"] * 20


def read_target_of(cells, **settings):
    return read(make_frame(what=cells).drop("price"), target="what", **settings)[0].target


def test_a_list_column_is_read_as_labels_and_the_kind_of_the_column_says_otherwise():
    assert read_target_of(LISTS).task is Task.MULTILABEL
    as_classes = {"what": ColumnSettings(kind="category")}
    assert read_target_of(LISTS, columns=as_classes).task is Task.MULTICLASS
    commas = [cell.replace(";", ",") for cell in LISTS]
    with pytest.raises(DataError, match="commas may separate labels or belong to names"):
        read_target_of(commas)
    assert read_target_of(commas, columns={"what": ColumnSettings(kind="set")}).task is Task.MULTILABEL


def test_an_order_reaches_the_target():
    target = read_target_of(STEPS, target_order=("low", "mid", "high"))
    assert target.ordered
    assert target.classes == ("low", "mid", "high")


@pytest.mark.parametrize(
    ("cells", "more", "message"),
    [
        (
            STEPS,
            {"metric": "rank_error"},
            "metric 'rank_error' does not fit 'what', which is read as multiclass with 3",
        ),
        (
            LISTS,
            {"metric": "accuracy"},
            "metric 'accuracy' does not fit 'what', which is read as multilabel with 3",
        ),
        (STEPS, {"metric": "f1", "target_order": "low,mid,high"}, "which is read as ordinal with 3 classes"),
        (LISTS, {"class_weight": "balanced"}, "class weights need classes, 'what' is read as multilabel"),
        (STEPS, {"class_weight": "balanced", "target_order": "low,mid,high"}, "'what' is read as ordinal"),
        (LISTS, {"costs": {"miss": 2.0}}, "costs need two classes, 'what' is read as multilabel"),
    ],
)
def test_what_labels_and_steps_do_not_have_is_refused(cells, more, message):
    with pytest.raises(UsageError, match=message):
        read_target_of(cells, **more)


def test_a_metric_of_steps_is_taken_where_there_are_steps():
    assert read_target_of(STEPS, metric="quadratic_kappa", target_order="low,mid,high").ordered


def test_sample_weights_are_read_as_any_numbers_are():
    weights = ["1,5", "2,25", "0,75"] * 20
    reading, _ = read(make_frame(weight=weights).drop("price"), sample_weight="weight")
    assert reading.weight[:3].tolist() == [1.5, 2.25, 0.75]


@pytest.mark.parametrize("damaged", ["1.24E+17", "#REF!", "2-Sep"])
def test_groups_that_a_spreadsheet_changed_are_refused(tmp_path, damaged):
    keys = [f"P{row // 3:04}" for row in range(60)]
    keys[31] = damaged
    rows = "".join(f"{key},{row * 37 % 11}.5,{row % 2}\n" for row, key in enumerate(keys))
    (tmp_path / "t.csv").write_text(f"person,x,y\n{rows}")
    with pytest.raises(
        DataError, match=f"group column 'person' of t.csv, line 33: '{re.escape(damaged)}' looks like"
    ):
        read_data(tmp_path / "t.csv", Settings.model_validate({"target": "y", "group": "person"}))
    said = {"target": "y", "group": "person", "columns": {"person": {"kind": "identifier"}}}
    assert read_data(tmp_path / "t.csv", Settings.model_validate(said)).group is not None
