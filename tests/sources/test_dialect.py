"""Delimiters and quotation marks."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.sources.dialect import (
    Dialect,
    ask_sniffers,
    check_width,
    choose_dialect,
    choose_quoting,
    scan_rows,
)

CELL = st.text(st.sampled_from('ab1 ,;\t|"\n'), max_size=5)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_each_delimiter_is_found_without_a_vote(mark: str) -> None:
    text = "\n".join(mark.join(row) for row in (["age", "sex", "num"], ["63", "M", "0"], ["67", "F", "1"]))
    dialect, notes = choose_dialect(text, name="t.csv")
    assert dialect == Dialect(mark)
    assert "votes" not in "".join(notes)


def test_columns_aligned_by_blanks_are_found() -> None:
    dialect, notes = choose_dialect("a   b  c\n1  20  3\n10  2\t 3\n", name="t.txt")
    assert dialect.delimiter == " "
    assert "every line has the same number of words" in notes[0]
    rows = [cells for _, _, cells in scan_rows("a   b  c\n1  20  3  \n 10  2\t 3\n", dialect)]
    assert rows == [["a", "b", "c"], ["1", "20", "3"], ["10", "2", "3"]]


def test_decimal_commas_and_sentences_do_not_win() -> None:
    text = "\n".join(f"{i},5;{i},25;{i},75" for i in range(30))
    dialect, notes = choose_dialect(text, name="t.csv")
    assert dialect.delimiter == ";"
    assert "under the others cells would hold further delimiters" in notes[0]
    prose = "\n".join(f"ham\tmessage {i} of many, quite long" for i in range(30))
    assert choose_dialect(prose, name="t.txt")[0].delimiter == "\t"


def test_without_such_a_difference_the_majority_counts() -> None:
    text = "a;b\n" + "\n".join(f"{i};x{', ' * (i % 4 > 0)}y" + ";z" * (i % 9 == 0) for i in range(40))
    dialect, notes = choose_dialect(text, name="t.csv")
    assert dialect.delimiter == ";"
    assert "votes" in notes[0]


def test_no_agreement_is_refused_with_the_candidates() -> None:
    with pytest.raises(
        DataError, match=r"cannot tell the delimiter of t\.txt \(first line 'Dear Sir, or Madam'\)"
    ):
        choose_dialect(
            "Dear Sir, or Madam\nI write\nto you; about, all, this, and\nmore\nlines\n", name="t.txt"
        )


def test_a_file_without_any_delimiter_has_one_column() -> None:
    dialect, notes = choose_dialect("a\nbb cc\nd\n", name="t.txt")
    assert dialect.delimiter == ","
    assert notes == ("t.txt has one column: no delimiter occurs",)


def test_a_given_delimiter_is_obeyed_and_checked() -> None:
    assert choose_dialect("a:b\n1:2\n", name="t.csv", delimiter=":")[0].delimiter == ":"
    with pytest.raises(DataError, match="delimiter ';;' is not one character"):
        choose_dialect("a", name="t.csv", delimiter=";;")


def test_quoted_line_ends_survive() -> None:
    dialect, fit = choose_quoting('a,b\n1,"x\ny"\n2,z\n', ",")
    assert dialect == Dialect(",")
    assert (fit.share, fit.width, fit.multiline) == (1.0, 2, 1)


def test_unbalanced_quotes_are_switched_off() -> None:
    text = 'ham\t"oh no\nspam\twin "big\nham\tyes"\n'
    assert choose_quoting(text, "\t")[0] == Dialect("\t", quoting=False)
    # Quotes in use everywhere stay on, even where a cell with line ends happens to look like rows.
    assert choose_quoting('"1","2"\n"3","4"\n"5",",\n,"\n', ",")[0] == Dialect(",")


def test_blanks_before_quotes_and_backslashes_are_understood() -> None:
    assert choose_quoting('a, "b, c"\nd, "e"\n', ",")[0].skip_blanks
    assert choose_quoting('a,"say \\"hi, you\\""\nd,e\n', ",")[0].escape == "\\"


def test_a_broken_text_has_a_low_share() -> None:
    fit = check_width('a,b\n1,"x\n2,y\n3,z\n', Dialect(","))
    assert fit.share == pytest.approx(0.25)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=5), st.sampled_from(",;\t|"))
@settings(max_examples=60, deadline=None)
def test_scanning_reads_back_what_the_csv_module_writes(rows: list[list[str]], mark: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(rows)
    scanned = list(scan_rows(out.getvalue(), Dialect(mark)))
    assert [cells for _, _, cells in scanned] == rows
    # Line numbers are gapless and end at the last line.
    assert [first for first, _, _ in scanned] == [1, *(last + 1 for _, last, _ in scanned[:-1])]


@pytest.mark.parametrize("text", ["", "\n", '"', 'a"b', "1", "\\", "a\n\n\nb", '",",",'])
def test_sniffers_never_raise(text: str) -> None:
    assert all(isinstance(vote, str) for vote in ask_sniffers(text).values())
