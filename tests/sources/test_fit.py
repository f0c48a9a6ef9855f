"""How well a reading fits."""

from __future__ import annotations

import pytest

from heldout.sources.decode import survey_text
from heldout.sources.dialect import Dialect
from heldout.sources.fit import check_width, choose_quoting, find_breaks, fits_unquoted, is_quoted


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


def test_a_stray_quotation_mark_costs_its_own_line() -> None:
    fit = check_width('a,b\n1,"x\n2,y\n3,z\n', Dialect(","))
    assert fit.share == pytest.approx(0.75)


def test_titles_count_in_the_share_but_not_in_the_core() -> None:
    fit = check_width("title\na,b\n1,2\n3,4\nnote\n", Dialect(","))
    assert (fit.share, fit.core, fit.is_first) == (pytest.approx(0.6), 1.0, False)


def test_apostrophes_that_wrap_cells_are_quotation_marks() -> None:
    assert choose_quoting("'a','b, c'\n'd','e'\n'f','g'\n", ",")[0].quote == "'"
    assert choose_quoting("a,'b, c'\nd,e\nf,'g, h'\n", ",")[0].quote == "'"
    assert choose_quoting("a,don't\nb,can't\nc,isn't\nd,won't\n", ",")[0].quote == '"'


def test_quotes_are_switched_off_only_when_that_loses_less() -> None:
    plain = "".join(f"{i},word\n" for i in range(50))
    quoted = "".join(f'{i},"x, y"\n' for i in range(5))
    assert fits_unquoted(survey_text((plain + '9,"open\n').encode(), name="t"), Dialect(","), n_faults=1)
    stray = survey_text((plain + quoted + '9,"open\n').encode(), name="t")
    assert not fits_unquoted(stray, Dialect(","), n_faults=1)


def test_wrapped_cells_are_counted_per_row_where_asked() -> None:
    text = '"a",b\n' + "c,d\n" * 9
    unquoted = Dialect(",", quoting=False)
    assert is_quoted(text, unquoted)
    assert not is_quoted(text, unquoted, least_share=0.2)


def test_words_one_blank_apart_are_no_columns() -> None:
    assert find_breaks(["a b", "c d", "e f"]) == ()
    assert find_breaks(["a  b", "c  d"]) == ()
    assert find_breaks(["a  b", "c  d", "e"]) == (0, 3)
    assert find_breaks(["a", "c  d", "e  f"]) == ()
