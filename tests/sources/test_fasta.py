"""FASTA as it lies on disk and on slides."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.sources.fasta import is_fasta, parse_fasta


def records(text: str) -> list[tuple[str, str]]:
    return [(record.header, record.sequence) for record in parse_fasta(text, name="t.fa").records]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_blank_lines_comments_and_blanks_in_sequences(end: str) -> None:
    text = end.join([";old style", ">a  first ", "ACGT acgt", "", "NN", ">b", "GG", ""])
    file = parse_fasta(text, name="t.fa")
    assert [(record.header, record.sequence, record.line) for record in file.records] == [
        ("a  first", "ACGTacgtNN", 2),
        ("b", "GG", 6),
    ]
    assert (file.n_lines, file.n_blank, len(file.comments)) == (7, 1, 1)


def test_mark_in_mid_line_begins_a_record_and_is_logged() -> None:
    file = parse_fasta(">x:1-9 one\nACGTACGTTT>x:20-29 two\nGGCC>y\nAA\n", name="t.fa")
    assert [(record.header, record.sequence) for record in file.records] == [
        ("x:1-9 one", "ACGTACGTTT"),
        ("x:20-29 two", "GGCC"),
        ("y", "AA"),
    ]
    assert file.notes == (
        "t.fa: line 2 holds '>' in mid-line; a new record was begun there",
        "t.fa: line 3 holds '>' in mid-line; a new record was begun there",
    )


def test_header_and_sequence_on_one_line() -> None:
    assert records(">a one ACGTACGTACGT>b two GGGGCCCCTTTT") == [
        ("a one", "ACGTACGTACGT"),
        ("b two", "GGGGCCCCTTTT"),
    ]
    assert records(">a one ACGTACGTACGT\n>b\nGG") == [("a one", "ACGTACGTACGT"), ("b", "GG")]


def test_mark_within_a_header_stays() -> None:
    assert records(">NM_1 c.1980G>A p.(=)\nACGT") == [("NM_1 c.1980G>A p.(=)", "ACGT")]


def test_empty_records_are_kept_for_the_judge() -> None:
    assert records(">a\n>b\nAC\n>c") == [("a", ""), ("b", "AC"), ("c", "")]


def test_refusals() -> None:
    with pytest.raises(DataError, match="t.fa, line 2: 'ACGT' stands before the first record"):
        parse_fasta("\nACGT\n>a\n", name="t.fa")
    with pytest.raises(DataError, match="t.fa holds no record"):
        parse_fasta("\n\n", name="t.fa")
    with pytest.raises(DataError, match="t.fa is FASTQ"):
        parse_fasta("@a\nAC\n+\nII\n", name="t.fa")


def test_recognised_by_content() -> None:
    assert is_fasta(b"\xef\xbb\xbf>a\nACGT\n")
    assert is_fasta(b"; comment\n>a\nMKV*\n")
    assert is_fasta(b">a\n\n>b\nAC12\n>c\nACG\n>d\nACG\n")
    assert not is_fasta(b">50,<=50\n1,2\n3,4\n")
    assert not is_fasta(b"a,b\n")


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet=">ACGT \n\r;x1", max_size=60))
def test_no_letter_and_no_line_is_lost(text: str) -> None:
    try:
        file = parse_fasta(">start\n" + text, name="t.fa")
    except DataError:
        return
    assert file.n_lines == sum(record.n_lines for record in file.records) + file.n_blank + len(file.comments)
    kept = "".join(record.header + record.sequence for record in file.records)
    comments = sum(item.text.count("A") for item in file.comments)
    assert kept.count("A") + comments == text.count("A")
