"""Folders of texts."""

from __future__ import annotations

import pytest

from heldout.errors import DataError
from heldout.records import Table
from heldout.sources.folders import as_file_set
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request
from heldout.sources.texts import read_texts


def read(contents: dict[str, bytes]) -> Table:
    return check_ledger(read_texts(as_file_set("d", contents), Request()))


def cells(table: Table, name: str) -> list[str]:
    column = next(column for column in table.columns if column.name == name)
    return [column.levels[code] for code in column.codes]


def test_reviews_with_parts_and_classes() -> None:
    contents = {
        f"{part}/{label}/{k}.txt": f"{part} {label} {k}\n".encode()
        for part in ("train", "test")
        for label in ("pos", "neg")
        for k in range(3)
    }
    contents["train/unsup/9.txt"] = b"x"
    contents["train/pos/empty.txt"] = b" \n"
    contents["README"] = b"hello"
    table = read(contents)
    assert len(table.lines) == 12
    assert cells(table, "text")[0] == "test neg 0"
    assert set(zip(cells(table, "label"), cells(table, "text"), strict=True)) == {
        (text.split()[1], text) for text in cells(table, "text")
    }
    assert table.part is not None
    assert table.part.tolist() == [3] * 6 + [0] * 6
    assert table.ledger is not None
    assert (table.ledger.rows, table.ledger.quarantined, table.ledger.dropped) == (15, 1, 2)


def test_one_text_a_line_one_class_a_file() -> None:
    contents = {"rt.pos": b"good film\n" * 25 + b"\n", "rt.neg": "très bad\n".encode("latin-1") * 30}
    table = read(contents)
    assert cells(table, "label") == ["neg"] * 30 + ["pos"] * 25
    assert cells(table, "text")[0] == "très bad"
    assert table.set_aside[0].reason == "an empty line of rt.pos"
    assert table.lines.tolist() == [*range(1, 31), *range(1, 26)]


def test_files_of_parts() -> None:
    table = read({"train.txt": b"a\n" * 25, "test.txt": b"b\n" * 25})
    assert [column.name for column in table.columns] == ["text"]
    assert table.part is not None
    assert sorted(set(table.part.tolist())) == [0, 3]
    with pytest.raises(DataError, match="files named for parts .train. beside others .pos."):
        read({"train.txt": b"a\n" * 25, "pos.txt": b"b\n" * 25})


def test_bytes_that_are_no_text() -> None:
    table = read({"a/1.txt": b"x", "a/2.txt": b"y", "b/3.txt": b"z\x00\x01z"})
    assert table.set_aside[0].reason.startswith("b/3.txt holds a zero byte")
    with pytest.raises(DataError, match="no file of d holds text"):
        read({"a/1.txt": b" ", "b/2.txt": b"\n"})


def test_a_label_in_every_line_is_found_and_taken_out() -> None:
    lines = "".join(f"{'AB'[k % 2]}:sub{k} what is {k} ?\n" for k in range(24)) + "no label here\n"
    files = as_file_set("d", {"TREC.train": lines.encode(), "TREC.test": lines.encode()})
    table = check_ledger(read_texts(files, Request(label_pattern=r"^(\w+):\w+ ")))
    assert [column.name for column in table.columns] == ["text", "label"]
    assert cells(table, "text")[:2] == ["what is 0 ?", "what is 1 ?"]
    assert table.columns[1].levels == ("A", "B")
    assert table.columns[1].codes[24] == -1
    assert table.part is not None
    assert sorted(set(table.part.tolist())) == [0, 3]
    assert "d: the label was found in each line, and taken out of it" in table.notes
    one = as_file_set("q.txt", {"q.txt": lines.encode()})
    alone = read_texts(one, Request(label_pattern=r"^(\w+):\w+ "))
    assert (len(alone.lines), alone.part) == (25, None)
