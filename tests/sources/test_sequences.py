"""Tables of sequences: what is refused, what is set aside, labels, accessions, ledger."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import Table
from heldout.sources.folders import as_file_set
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request
from heldout.sources.sequences import read_sequences


def read(request: Request | None = None, /, **contents: str | bytes) -> Table:
    raw = {
        name.replace("__", "/").replace("_", "."): text.encode() if isinstance(text, str) else text
        for name, text in contents.items()
    }
    return check_ledger(read_sequences(as_file_set("d", raw), request or Request()))


def cells(table: Table, name: str) -> list[str | None]:
    column = next(column for column in table.columns if column.name == name)
    return [column.levels[code] if code >= 0 else None for code in column.codes]


def reasons(table: Table) -> list[str]:
    return [item.reason for item in table.set_aside]


def test_slide_with_ranges_of_one_accession() -> None:
    table = read(
        s_fa=">NC_000023.11:1-30 PHEX\nACGTACGTTT>NC_000023.11:90-99 PHEX\nGGCCGGCCAA\n>NM_1 c.1980G>A\nACGG\n"
    )
    assert cells(table, "accession") == ["NC_000023.11", "NC_000023.11", "NM_1"]
    assert any("mid-line" in note for note in table.notes)
    assert any("say --group accession" in note for note in table.notes)
    assert table.lines.tolist() == [1, 2, 4]


@pytest.mark.parametrize("header", ["X1/5-9", "chr1:5-9(+)", "a range=chrX:5-9 b", "X.1:c9-5", "gi|5:1-9"])
def test_ranges_in_other_spellings(header: str) -> None:
    columns = [column.name for column in read(s_fa=f">{header}\nACGT\n").columns]
    assert ("accession" in columns) is (header != "a range=chrX:5-9 b")


def test_bad_records_are_set_aside_and_the_rest_goes_on() -> None:
    table = read(
        s_fa=">a\nACGT\n>b\nMENLNMDLLY\n>c\nAC6T\n>d\n>e\nGGTTAA\n>a2\nACGTT\n>e\nGGTTAA\n>f\nTTTT\n>f\nTTTA\n"
    )
    assert cells(table, "id") == ["a", "e", "a2", "e"]
    assert reasons(table) == [
        "record 'b' holds E, L, which are no letters of DNA (first: 'E' at position 2)",
        "record 'c' holds '6' at position 3, which is no letter of a sequence",
        "record 'd' has no sequence",
        "record 'f' has an id that stands for 2 records with different sequences",
        "record 'f' has an id that stands for 2 records with different sequences",
    ]
    assert table.ledger is not None
    assert (table.ledger.rows, table.ledger.used, table.ledger.quarantined) == (9, 4, 5)


def test_ids_that_are_classes_are_no_conflict() -> None:
    text = "".join(
        f">{'EI' if number % 2 else 'N'}\n{'ACGT'[number % 4]}ACGTT{'ACGT'[number // 4]}\n"
        for number in range(16)
    )
    table = read(s_fa=text)
    assert len(table.lines) == 16
    assert any("are no ids of single sequences" in note for note in table.notes)


def test_lower_case_stays_and_spelling_of_u_is_made_one() -> None:
    table = read(s_fa=">a\nACGTacgt\n>b\nACGUu\n>c\nTTTT\n")
    assert cells(table, "sequence") == ["ACGTacgt", "ACGTt", "TTTT"]
    assert any("1 records mix U and T; read as DNA" in note for note in table.notes)
    assert cells(read(s_fa=">a\nACGU\n>b\nGGUU\n"), "sequence") == ["ACGU", "GGUU"]


def test_gaps_only_in_alignments() -> None:
    assert len(read(s_fa=">a\nAC-T\n>b\nACGT\n").lines) == 2
    assert reasons(read(s_fa=">a\nAC-T\n>b\nACGTT\n")) == [
        "record 'a' holds gaps, but the sequences are not aligned (their lengths differ)"
    ]


def test_labels_from_pattern_pairs_files_and_folders() -> None:
    text = ">s1 class=EI x\nACGT\n>s2 class=N y\nACGG\n"
    assert cells(read(s_fa=text), "header/class") == ["EI", "N"]
    assert cells(read(Request(label_pattern=r"class=(\w+)"), s_fa=text), "label") == ["EI", "N"]
    assert cells(read(prom_fa=">a\nAC\n", non_fa=">b\nGG\n"), "label") == ["non", "prom"]
    assert cells(read(x__1_fa=">a\nAC\n", y__1_fa=">b\nGG\n>c\nTT\n"), "label") == ["x", "y", "y"]
    table = read(train_fa=">a\nAC\n", test_fa=">b\nGG\n")
    assert table.part is not None
    assert [column.name for column in table.columns] == ["id", "sequence"]
    assert table.part.tolist() == [3, 0]


def test_gzip_byte_order_mark_and_line_ends() -> None:
    table = read(s_fa_gz=gzip.compress("\ufeff>a\r\nACGT\r\n>b\r\nAC\r\n".encode()))
    assert cells(table, "sequence") == ["ACGT", "AC"]


def test_broken_files_among_others() -> None:
    table = read(
        a_fa=">a\nACGT\n",
        b_fa_gz=gzip.compress(b">b\nAC\n" * 99)[:-9],
        c_fa="@a\nAC\n+\nII\n",
        d_txt="notes\n",
    )
    assert len(table.lines) == 1
    assert table.ledger is not None
    assert (table.ledger.rows, table.ledger.quarantined, table.ledger.dropped) == (4, 2, 1)
    assert reasons(table)[0].startswith("b.fa.gz is a damaged or truncated archive")
    assert reasons(table)[1].startswith("c.fa is FASTQ")


def test_refusals_of_single_files() -> None:
    with pytest.raises(DataError, match="s.fa is FASTQ .line 1 begins with '@'., FASTA was expected"):
        read(s_fa="@a\nAC\n+\nII\n")
    with pytest.raises(
        DataError, match="s.fa.gz is a damaged or truncated archive: it ends before its end mark"
    ):
        read(s_fa_gz=gzip.compress(b">b\nAC\n" * 99)[:-9])
    with pytest.raises(
        DataError, match="none of the 2 records of d can be used; the first, 'a': has no sequence"
    ):
        read(s_fa=">a\n>b\n")
    with pytest.raises(DataError, match="d holds no FASTA or FASTQ that can be read; a.txt: is neither"):
        read(a_txt="x", b_txt="y")


def test_fastq_has_a_column_of_qualities() -> None:
    table = read(s_fq="@a d\nACGT\n+\nIIII\n@b\nAC\n+\nI\n")
    assert cells(table, "quality") == ["40.00"]
    assert reasons(table) == ["record 'b' has 2 letters and 1 quality"]


def test_any_bytes_are_refused_or_accounted_for() -> None:
    rng = np.random.default_rng(0)
    seed = b">a x=1\nACGTACGT\n>b x=2\nGGTTAACC\nAC\n" * 3
    n_read = 0
    for _ in range(150):
        raw = bytearray(seed)
        for place in rng.integers(0, len(raw), 3):
            raw[place] = rng.integers(0, 256)
        try:
            table = read(s_fa=bytes(raw))
        except DataError:
            continue
        n_read += 1
        assert table.ledger is not None
        assert table.ledger.rows == len(table.lines) + table.ledger.quarantined
    assert n_read > 20
