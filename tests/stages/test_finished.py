import json

import numpy as np
import pytest

from heldout.errors import StudyError
from heldout.stages.finished import find_losses, list_validation_rows, make_side, read_study
from stages.made_folders import draw_runs, make_content, make_split, write_study


def test_losses_are_found_again_bit_by_bit(tmp_path):
    split = make_split()
    runs = draw_runs(split)
    study = read_study(write_study(tmp_path / "a", split=split, runs=runs))
    side = make_side(study, "a")
    assert [run.configuration.name for run in side.runs] == ["rung 0", "rung 1", "rung 2"]
    for found, made in zip(side.runs, runs, strict=True):
        assert np.array_equal(found.losses, made.losses)
        assert np.array_equal(found.hits, made.hits)
    assert np.array_equal(side.rows, np.concatenate([fold.validation for fold in split.folds]))


def test_seeds_that_were_added_later_are_put_in_their_order(tmp_path):
    split = make_split()
    runs = draw_runs(split)
    folder = write_study(tmp_path / "a", split=split, runs=runs, phases=("z first", "later", "a last"))
    found = find_losses(folder, make_content(runs).runs[0])
    assert np.array_equal(found.losses, runs[0].losses)


def test_a_configuration_without_all_its_seeds_is_left_out(tmp_path):
    split = make_split()
    runs = draw_runs(split)
    folder = write_study(tmp_path / "a", split=split, runs=runs, phases=("ladder", "more"))
    (folder / "curves" / "more-rung-1.run").unlink()
    damaged = folder / "curves" / "ladder-rung-2.run"
    damaged.write_bytes(damaged.read_bytes()[:-3] + b"abc")
    assert [run.configuration.name for run in make_side(read_study(folder), "a").runs] == ["rung 0"]


def test_without_the_losses_of_the_delivered_network_there_is_no_comparison(tmp_path):
    folder = write_study(tmp_path / "a")
    (folder / "curves" / "ladder-rung-0.run").unlink()
    with pytest.raises(StudyError, match="has no losses of the delivered 'rung 0'"):
        make_side(read_study(folder), "a")


def test_losses_of_other_rows_are_refused(tmp_path):
    study = read_study(write_study(tmp_path / "a"))
    with pytest.raises(StudyError, match="its losses are of 79 rows, its split.json names 80"):
        list_validation_rows(study, 79)


def test_a_large_study_names_the_sample_it_was_chosen_on(tmp_path):
    rows = [7, 3, 11]
    study = read_study(write_study(tmp_path / "a", validated=rows))
    assert list_validation_rows(study, 3).tolist() == rows


@pytest.mark.parametrize("name", ["study.json", "split.json"])
def test_a_damaged_file_is_named(tmp_path, name):
    folder = write_study(tmp_path / "a")
    (folder / name).write_text("{")
    with pytest.raises(StudyError, match=rf"{name}' is missing or damaged"):
        read_study(folder)
    (folder / name).write_text(json.dumps({"schema": "x"}))
    with pytest.raises(StudyError, match="is not as heldout writes it"):
        read_study(folder)


def test_an_unfinished_study_is_refused(tmp_path):
    folder = write_study(tmp_path / "a")
    (folder / "content.json").unlink()
    with pytest.raises(StudyError, match="holds no finished study"):
        read_study(folder)
