"""Parts and labels from folders."""

from __future__ import annotations

import pytest

from heldout.errors import UsageError
from heldout.sources.placement import match_labels, place_files


def levels(files: list[str]) -> dict[str, list[str]]:
    place = place_files(files, name="d")
    return {column.name: [column.levels[code] for code in column.codes] for column in place.columns}


def test_one_level_is_the_label_and_common_folders_are_not() -> None:
    assert levels(["x/y/cat/1", "x/y/dog/2", "x/y/cat/3"]) == {"label": ["cat", "dog", "cat"]}
    assert levels(["1", "2"]) == {}
    assert levels(["cat/1", "cat/2"]) == {}


def test_several_levels_are_columns_and_none_is_chosen() -> None:
    place = place_files(["ill/p1/1", "ill/p2/2", "well/p3/3"], name="d")
    assert [column.name for column in place.columns] == ["folder/1", "folder/2"]
    assert "say --target" in place.notes[0]


def test_parts_with_validation_declare_fit_rows() -> None:
    place = place_files(["train/a/1", "valid/b/2", "test/a/3", "train/b/4"], name="d")
    assert place.part is not None
    assert place.part.tolist() == [1, 2, 3, 1]
    assert levels(["train/a/1", "valid/b/2", "test/a/3"]) == {"label": ["a", "b", "a"]}


def test_part_below_the_class_and_in_other_cases() -> None:
    place = place_files(["a/Train/1", "b/TEST/2"], name="d")
    assert place.part is not None
    assert place.part.tolist() == [0, 3]
    assert place.columns[0].levels == ("a", "b")


def test_folder_beside_the_parts_is_left_out_and_told() -> None:
    place = place_files(["all/a/1", "all/a/9", "train/a/1", "test/b/2"], name="d")
    assert place.keep.tolist() == [False, False, True, True]
    assert "(2 files, 1 of them with the name of a file in test, train)" in place.notes[0]


def test_reviews_layout() -> None:
    files = ["train/pos/1.txt", "train/neg/2.txt", "train/unsup/3.txt", "test/pos/4.txt", "test/neg/5.txt"]
    files += ["train/urls.txt", "README"]
    place = place_files(files, name="aclImdb")
    assert place.columns[0].levels == ("pos", "neg")
    assert {item.text: item.reason for item in place.set_aside} == {
        "train/unsup/3.txt": "the folder 'unsup' names no label",
        "train/urls.txt": "lies beside the folders that name the labels",
        "README": "lies beside the folders test and train",
    }


def test_every_file_is_kept_or_set_aside() -> None:
    files = ["a/1", "a/b/2", "a/b/c/3", "x/y/4", "5"]
    place = place_files(files, name="d")
    assert place.keep.sum() + len(place.set_aside) == len(files)
    assert all(len(column.codes) == place.keep.sum() for column in place.columns)


def test_pattern_refusals() -> None:
    with pytest.raises(UsageError, match="'\\(' is no regular expression"):
        match_labels(["a"], "(", what="headers")
    with pytest.raises(UsageError, match="matches none of the 1 headers"):
        match_labels(["a"], "b", what="headers")
    assert match_labels(["s_cat", "s_dog"], "cat|dog", what="file names").levels == ("cat", "dog")
