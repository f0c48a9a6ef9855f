"""FASTQ: four lines a record, qualities checked and summed up."""

from __future__ import annotations

import re

from heldout.errors import DataError
from heldout.sources.fasta import SequenceFile, SequenceRecord

FASTQ_ENDINGS = (".fastq", ".fq")
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
# Sanger and Illumina 1.8 count from '!'; Illumina 1.3 to 1.7 from '@' (Cock et al., Nucleic Acids Res. 38, 2010).
_SANGER, _ILLUMINA = 33, 64
_SURELY_SANGER, _SURELY_ILLUMINA = 59, 80


def is_fastq(head: bytes) -> bool:
    r"""Whether content begins like FASTQ: '@', a line of letters, '+'.

    Example:
        >>> is_fastq(b"@a\nACGT\n+\nIIII\n"), is_fastq(b"@relation x\n@attribute a\n")
        (True, False)
    """
    lines = [
        line
        for line in _LINE_ENDS.split(head[:1_000_000].decode("latin-1").removeprefix("\xef\xbb\xbf"))
        if line
    ]
    if len(lines) < 2 or not lines[0].startswith("@") or not re.fullmatch(r"[A-Za-z.*\-]+", lines[1]):
        return False
    return len(lines) < 3 or lines[2].startswith("+")


def parse_fastq(text: str, *, name: str) -> SequenceFile:
    r"""The records of a FASTQ text, each with its mean quality.

    Args:
        text: the decoded file, four lines a record.
        name: file name for messages.

    Raises:
        DataError: the lines do not come in fours, so that records cannot be told apart from there on.

    Example:
        >>> file = parse_fastq("@a\nACGT\n+\nIIII\n@b\nAC\n+\nI\n", name="t.fq")
        >>> [(record.header, record.quality, record.fault) for record in file.records]
        [('a', 40.0, ''), ('b', None, 'has 2 letters and 1 quality')]
        >>> parse_fastq("@a\nACGT\nIIII\n", name="t.fq")
        Traceback (most recent call last):
        heldout.errors.DataError: t.fq, line 3: 'IIII' stands where '+' was expected
          -> four lines a record are read: @name, letters, +, qualities
    """
    lines = _LINE_ENDS.split(text)
    if lines and not lines[-1]:
        lines.pop()
    hint = "four lines a record are read: @name, letters, +, qualities"
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    records: list[SequenceRecord] = []
    raw: list[str] = []
    for start in range(0, len(rows), 4):
        block = rows[start : start + 4]
        for place, mark in ((0, "@"), (2, "+")):
            if len(block) > place and not block[place][1].startswith(mark):
                number, line = block[place]
                raise DataError(
                    f"{name}, line {number}: {line[:40]!r} stands where {mark!r} was expected", hint=hint
                )
        record = SequenceRecord(block[0][1][1:].strip(), block[0][0], n_lines=len(block))
        records.append(record)
        raw.append(block[3][1].strip() if len(block) == 4 else "")
        record.pieces = [block[1][1].strip()] if len(block) > 1 else []
        if len(block) < 4:
            record.fault = f"is cut short after {len(block)} of 4 lines"
    if not records:
        raise DataError(f"{name} holds no record", hint=hint)
    offset = _find_offset(raw)
    for record, quality in zip(records, raw, strict=True):
        _set_quality(record, quality, offset)
    notes = (
        f"{name}: qualities are counted from {chr(offset)!r}; the column 'quality' is the mean of a record's qualities",
    )
    return SequenceFile(tuple(records), len(lines), n_blank=len(lines) - len(rows), notes=notes)


def _find_offset(qualities: list[str]) -> int:
    lowest = min((min(map(ord, text)) for text in qualities if text), default=_SANGER)
    highest = max((max(map(ord, text)) for text in qualities if text), default=_SANGER)
    return _ILLUMINA if lowest >= _SURELY_SANGER and highest > _SURELY_ILLUMINA else _SANGER


def _set_quality(record: SequenceRecord, quality: str, offset: int) -> None:
    n_letters = len(record.sequence)
    if record.fault:
        return
    if len(quality) != n_letters:
        qualities = "quality" if len(quality) == 1 else "qualities"
        record.fault = f"has {n_letters} letters and {len(quality)} {qualities}"
    elif quality:
        record.quality = sum(map(ord, quality)) / len(quality) - offset
