"""Workbooks, SPSS and Stata files; what can be said without the extra is said without it."""

from __future__ import annotations

import datetime
import importlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from heldout.errors import DataError, UsageError
from heldout.records import Table
from heldout.sources import workbook
from heldout.sources.files import is_workbook
from heldout.sources.read import read_table, recognise_kind
from heldout.sources.workbook import load_extra


def spell(table: Table) -> list[list[str]]:
    columns = [
        [column.levels[code] if code >= 0 else None for code in column.codes] for column in table.columns
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def make_zip(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return out.getvalue()


def test_workbooks_are_told_from_other_archives() -> None:
    book = make_zip(**{"xl__workbook.xml": "<x/>", "other": ""})
    assert is_workbook(book)
    assert not is_workbook(make_zip(**{"data.csv": "a,b"}))
    assert not is_workbook(book[:40])
    assert recognise_kind(book) == recognise_kind(b"\xd0\xcf\x11\xe0") == "workbook"
    assert recognise_kind(b"$FL2@(#)") == recognise_kind(b"<stata_dta>") == "labelled"
    assert recognise_kind(b"\x72\x02\x01\x00") == "labelled"


@pytest.mark.parametrize(
    ("content", "module"),
    [(make_zip(**{"xl__workbook.xml": ""}), "Excel workbook"), (b"$FL2@(#) SPSS", "SPSS or Stata file")],
)
def test_without_the_extra_the_way_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, module: str
) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(workbook.importlib, "import_module", refuse)
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=rf'(?s){module}; reading it needs the extra .*pip install "heldout\[excel\]"'
    ):
        read_table(path)


def test_extras_that_are_there_are_loaded() -> None:
    assert load_extra("json", "excel", "x") is importlib.import_module("json")


def test_sheets_belong_to_workbooks_only(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="--sheet 'x' does not apply: the source is delimited"):
        read_table(tmp_path / "t.csv", sheet="x")


@pytest.fixture
def book(tmp_path: Path) -> Any:
    pytest.importorskip("fastexcel", reason="the extra 'excel' is not installed")
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl writes the test's workbook")
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "Data"
    sheet.append(["Results of the study"])
    sheet.append([])
    sheet.append(["id", "age", "dose", "visit", "zip", "at"])
    for i in range(20):
        sheet.append(
            [f"P{i}", 20 + i, i + 0.5, datetime.date(2021, 3, 1 + i), f"00{i}", datetime.time(12, 30)]
        )
    sheet.append(["Total", sum(range(20, 40)), sum(i + 0.5 for i in range(20))])
    made.create_sheet("Empty")
    return made


def test_a_sheet_is_read_like_a_text_file(book: Any, tmp_path: Path) -> None:
    book["Data"]["C10"] = "#REF!"
    book["Data"]["C24"] = None
    book.save(tmp_path / "t.csv")
    table = read_table(tmp_path / "t.csv")
    assert any("1 cells of the workbook hold an error" in note for note in table.notes)
    assert [column.name for column in table.columns] == ["id", "age", "dose", "visit", "zip", "at"]
    assert spell(table)[0] == ["P0", "20", "0.5", "2021-03-01", "000", "12:30:00"]
    assert len(table.lines) == 20
    assert [row.kind for row in table.set_aside] == ["preamble", "dropped"]
    assert "sheet 'Data' was read; 1 further sheets are empty" in table.notes[0]


def test_several_sheets_are_asked_for(book: Any, tmp_path: Path) -> None:
    other = book.create_sheet("Second one")
    for row in (["a", "b"], ["x", 1], ["y", 2], ["z", 3]):
        other.append(row)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(
        DataError, match=r"holds 2 sheets with cells .*\n  -> say which one it is, e\.g\. --sheet 'Data'"
    ):
        read_table(tmp_path / "t.xlsx")
    assert spell(read_table(tmp_path / "t.xlsx", sheet="Second one"))[0] == ["x", "1"]
    with pytest.raises(DataError, match="did you mean --sheet 'Second one'"):
        read_table(tmp_path / "t.xlsx", sheet="second one")


def test_damaged_workbooks_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("fastexcel", reason="the extra 'excel' is not installed")
    (tmp_path / "t.xlsx").write_bytes(make_zip(**{"xl__workbook.xml": "<x/>"}))
    with pytest.raises(DataError, match="is an Excel workbook that cannot be read"):
        read_table(tmp_path / "t.xlsx")


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_labels_replace_values_where_all_have_one(tmp_path: Path, ending: str) -> None:
    pyreadstat = pytest.importorskip("pyreadstat", reason="the extra 'excel' is not installed")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"sex": [1, 2, 1], "age": [63.0, None, 41.5], "n": [1.0, 2.0, 9.0]})
    labels = {"sex": {1: "male", 2: "female"}, "n": {9: "unknown"}}
    write = pyreadstat.write_sav if ending == "sav" else pyreadstat.write_dta
    path = tmp_path / "t.bin"
    write(frame, str(path), variable_value_labels=labels)
    table = read_table(path)
    assert spell(table) == [["male", "63", "1"], ["female", None, "2"], ["male", "41.5", "9"]]
    assert any("'sex' were replaced by their labels" in note for note in table.notes)
    assert any("'n' has labels for some values only" in note for note in table.notes)
    (tmp_path / "cut").write_bytes(path.read_bytes()[:90])
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path / "cut")
