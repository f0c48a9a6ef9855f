"""FASTQ: fours of lines, qualities."""

from __future__ import annotations

import pytest

from heldout.errors import DataError
from heldout.sources.fastq import is_fastq, parse_fastq


def test_mean_quality_by_both_ways_of_counting() -> None:
    sanger = parse_fastq("@a x\nACGT\n+a x\n!I!I\n", name="t.fq")
    assert (sanger.records[0].header, sanger.records[0].sequence, sanger.records[0].quality) == (
        "a x",
        "ACGT",
        20.0,
    )
    illumina = parse_fastq("@a\nACGT\n+\nhhhh\n@b\nA\n+\nB\n", name="t.fq")
    assert [record.quality for record in illumina.records] == [40.0, 2.0]
    assert "counted from '@'" in illumina.notes[0]


def test_cut_and_unequal_records_have_a_fault() -> None:
    file = parse_fastq("@a\nACGT\n+\nIII\n@b\nAC\n", name="t.fq")
    assert [record.fault for record in file.records] == [
        "has 4 letters and 3 qualities",
        "is cut short after 2 of 4 lines",
    ]
    assert file.n_lines == sum(record.n_lines for record in file.records)


def test_lines_out_of_step_are_refused() -> None:
    with pytest.raises(DataError, match="t.fq, line 5: 'ACGT' stands where '@' was expected"):
        parse_fastq("@a\nACGT\n+\nIIII\nACGT\n", name="t.fq")
    with pytest.raises(DataError, match="t.fq holds no record"):
        parse_fastq("\n", name="t.fq")


def test_recognised_by_content() -> None:
    assert is_fastq(b"@a\nACGT\n+\nIIII\n")
    assert not is_fastq(b"@relation x\n@attribute y\n")
    assert not is_fastq(b"@a\n")
