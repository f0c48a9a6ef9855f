"""Tables of pictures from folders and from columns of paths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.sources.test_pictures import pack

from heldout.errors import DataError
from heldout.records import Ledger, Table
from heldout.sources.album_tables import (
    attach_named,
    attach_pictures,
    find_picture_column,
    has_pictures,
    read_pictures,
)
from heldout.sources.columns import encode_cells
from heldout.sources.folders import as_file_set
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request


def level(value: int) -> bytes:
    return pack(Image.new("L", (8, 8), value))


def table_of(*paths: str | None) -> Table:
    lines = np.arange(2, len(paths) + 2)
    ledger = Ledger(rows=len(paths), used=len(paths), lines=len(paths), lines_used=len(paths))
    return Table((encode_cells("photo", paths),), lines, "t.csv", ledger=ledger)


def test_folder_classes_parts_and_ledger() -> None:
    contents = {
        "train/cat/1.png": level(1),
        "train/cat/bad.png": b"<html>",
        "train/dog/2.png": level(2),
        "train/dog/3.png": level(3),
        "test/cat/4.png": level(4),
        "test/cat/one.png": pack(Image.new("L", (1, 1))),
        "notes.txt": b"hello",
    }
    table = check_ledger(read_pictures(as_file_set("pets", contents), Request()))
    assert [table.columns[1].levels[code] for code in table.columns[1].codes] == ["cat", "cat", "dog", "dog"]
    assert table.arrays[0].values[:, 0, 0, 0].tolist() == [4, 1, 2, 3]
    assert table.part is not None
    assert table.part.tolist() == [3, 0, 0, 0]
    assert table.ledger == Ledger(rows=7, used=4, quarantined=2, dropped=1)
    assert [(item.text, item.kind) for item in table.set_aside] == [
        ("test/cat/one.png", "quarantined"),
        ("train/cat/bad.png", "quarantined"),
        ("notes.txt", "dropped"),
    ]
    assert table.set_aside[0].reason == "1 x 1 pixels; at least 4 x 4 are needed"
    assert "2 of 6 files (33.3 %) hold no picture" in table.notes[-1]


def test_more_than_half_broken_is_refused() -> None:
    contents = {"a/1.png": level(1), "a/2.png": b"x", "b/3.png": b"x"}
    with pytest.raises(
        DataError, match="2 of 3 files of pets hold no picture that can be read; the first, 'a/2.png'"
    ):
        read_pictures(as_file_set("pets", contents), Request())


def test_label_from_the_file_name() -> None:
    contents = {"cat_1.png": level(1), "dog_2.png": level(2)}
    table = read_pictures(as_file_set("pets", contents), Request(label_pattern="^([a-z]+)_"))
    assert table.columns[1].levels == ("cat", "dog")


def test_attached_by_path_by_end_of_path_and_missing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for value in (1, 2, 3):
        (tmp_path / "in" / f"{value}.png").write_bytes(level(value))
    table = table_of("in/1.png", "2.png", None, "in\\3.png", "in/9.png")
    assert find_picture_column(table) == "photo"
    joined = check_ledger(attach_pictures(table, tmp_path, "photo", Request()))
    assert joined.arrays[0].values[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert joined.lines.tolist() == [2, 3, 5]
    assert [(item.line, item.reason) for item in joined.set_aside] == [
        (4, "its picture cannot be read: no path is given"),
        (6, "its picture cannot be read: there is no file 'in/9.png'"),
    ]
    assert joined.ledger is not None
    assert joined.ledger.quarantined == 2


@pytest.mark.parametrize(
    "path",
    ["../a.png", "/etc/a.png", "C:\\a.png", "http://x/a.png", "\\\\host\\a.png", "~/a.png", "a\x00.png"],
)
def test_paths_that_lead_outside_are_refused(path: str, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(level(1))
    with pytest.raises(DataError, match="line 2 of t.csv: .*leads out of the folder"):
        attach_pictures(table_of(path), tmp_path, "photo", Request())


def test_missing_folder_and_most_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        attach_pictures(table_of("a.png"), tmp_path / "no", "photo", Request())
    (tmp_path / "1.png").write_bytes(level(1))
    with pytest.raises(DataError, match="2 of 3 pictures that column 'photo' of t.csv names cannot be read"):
        attach_pictures(table_of("1.png", "2.png", "3.png"), tmp_path, "photo", Request())


def test_no_column_of_paths() -> None:
    assert find_picture_column(table_of("a", "b.png")) == ""


def test_pictures_are_looked_for_beside_and_below_the_table(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.png").write_bytes(level(1))
    assert has_pictures(table_of("a.png", "b.png"), tmp_path, "photo")
    assert not has_pictures(table_of("c.png", "/etc/a.png", "../a.png"), tmp_path, "photo")
    assert not has_pictures(table_of("a.png"), tmp_path / "nowhere", "photo")


def test_a_path_that_leads_outside_is_refused_once_a_picture_was_found(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(level(1))
    with pytest.raises(DataError, match=r"line 3 of t.csv: '/etc/b.png' .*leads out of the folder"):
        attach_named(table_of("a.png", "/etc/b.png"), tmp_path, Request())
    links = attach_named(table_of("http://x/a.png", "http://x/b.png"), tmp_path, Request())
    assert links.arrays == ()
    assert "none of them was found" in links.notes[-1]
