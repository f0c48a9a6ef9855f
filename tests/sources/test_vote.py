"""Which delimiter: measured, voted on, or asked for."""

from __future__ import annotations

import pytest

from heldout.errors import DataError
from heldout.sources.dialect import Dialect, scan_rows
from heldout.sources.fit import WidthCheck
from heldout.sources.vote import ask_sniffers, choose_dialect, is_good


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


@pytest.mark.parametrize("text", ["", "\n", '"', 'a"b', "1", "\\", "a\n\n\nb", '",",",'])
def test_sniffers_never_raise(text: str) -> None:
    assert all(isinstance(vote, str) for vote in ask_sniffers(text).values())


@pytest.mark.parametrize("mark", ["^", "~", "\x1f", ":"])
def test_rare_delimiters_win_only_with_constant_width(mark: str) -> None:
    rows = [["name", "said", "age"], *([f"a{i}", "well, yes", str(i)] for i in range(9))]
    text = "\n".join(mark.join(row) for row in rows)
    assert choose_dialect(text, name="t.csv")[0] == Dialect(mark)
    # Times in a single column are no rows of three cells.
    times = "\n".join(f"12:{i:02d}:00" for i in range(9))
    assert choose_dialect(times, name="t.csv")[0].delimiter == ","


def test_titles_and_notes_do_not_hide_the_delimiter() -> None:
    text = "A title, of words\n\na;b;c\n" + "1,5;2;3\n" * 6 + "Source: x\n"
    assert choose_dialect(text, name="t.csv")[0].delimiter == ";"
    assert is_good(WidthCheck(0.6, 3, 0, core=1.0))
    assert not is_good(WidthCheck(1.0, 1, 0, core=1.0))


def test_a_first_line_that_names_the_delimiter_is_obeyed() -> None:
    dialect, notes = choose_dialect("sep=|\na|b,c\n1|2,3\n", name="t.csv")
    assert dialect.delimiter == "|"
    assert "its first line says so" in notes[0]


def test_tab_can_be_said_in_a_word() -> None:
    assert choose_dialect("a\tb\n1\t2\n", name="t.csv", delimiter="tab")[0].delimiter == "\t"


def test_columns_of_fixed_width_are_found() -> None:
    text = "id   city       n\n1    New York   3\n22   Oslo       4\n23   Los Gatos  5\n"
    dialect, notes = choose_dialect(text, name="t.txt")
    assert dialect.breaks == (0, 5, 16)
    assert "3 columns of fixed width, beginning at positions 1, 6, 17" in notes[0]
