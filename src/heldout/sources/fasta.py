"""FASTA: records with their line, a '>' in mid-line repaired, every line accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from heldout.errors import DataError
from heldout.records import SetAside

FASTA_ENDINGS = (
    ".fa",
    ".fasta",
    ".fna",
    ".faa",
    ".ffn",
    ".frn",
    ".fas",
    ".mpfa",
    ".seq",
    ".nu",
    ".pep",
    ".aa",
)
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_BLANKS = str.maketrans("", "", " \t\x0b\x0c\xa0")
# A header whose line goes on with the sequence: the sequence is the last word, and long.
_GLUED = re.compile(r"^(?P<head>.*?\s)(?P<sequence>[ACGTUNacgtun]{10,})$")
_SEQUENCE_LINE = re.compile(r"[A-Za-z*.\- \t]+(>.*)?")
_LINES_JUDGED = 50
_MIDDLE = " holds '>' in mid-line; a new record was begun there"


@dataclass
class SequenceRecord:
    """One record while it is read.

    Args:
        header: the line after '>', blanks around it taken off.
        line: 1-based line of the header.
        pieces: lines of the sequence.
        n_lines: lines of the file that belong to it; a line shared by two records belongs to the first.
        quality: mean quality, None in FASTA.
        fault: why it cannot be used, "" when it can.
    """

    header: str
    line: int
    pieces: list[str] = field(default_factory=list)
    n_lines: int = 1
    quality: float | None = None
    fault: str = ""

    @property
    def sequence(self) -> str:
        """The letters, without blanks."""
        return "".join(self.pieces)


@dataclass(frozen=True)
class SequenceFile:
    """The records of one file.

    Args:
        records: in order.
        n_lines: lines of the file, counted independently.
        n_blank: blank lines.
        comments: comment lines.
        notes: one sentence per repair.
    """

    records: tuple[SequenceRecord, ...]
    n_lines: int
    n_blank: int = 0
    comments: tuple[SetAside, ...] = ()
    notes: tuple[str, ...] = ()


def is_fasta(head: bytes) -> bool:
    r"""Whether content begins like FASTA: a line with '>', then lines of letters.

    Example:
        >>> is_fasta(b">a b\nACGT\n"), is_fasta(b"> 5, > 6\n1,2\n")
        (True, False)
    """
    text = head[:65_536].decode("latin-1").removeprefix("\xef\xbb\xbf")
    lines = [line for line in _LINE_ENDS.split(text)[:_LINES_JUDGED] if line.strip()]
    lines = [line for line in lines if not line.startswith(";")]
    if not lines or not lines[0].startswith(">"):
        return False
    body = [line for line in lines[1:] if not line.startswith(">")]
    # One line of something else is a fault of the record, not of the file.
    good = sum(_SEQUENCE_LINE.fullmatch(line) is not None for line in body)
    return good > len(body) / 2 if body else True


def parse_fasta(text: str, *, name: str) -> SequenceFile:
    r"""The records of a FASTA text.

    Lower case is kept, blanks within sequences are taken off; a '>' inside a line of a sequence begins a new record,
    with a note, and so does one behind a sequence that stands on the line of its header.

    Args:
        text: the decoded file; LF, CRLF and CR end lines.
        name: file name for messages.

    Raises:
        DataError: text before the first record, no record, or FASTQ.

    Example:
        >>> file = parse_fasta(">a x\nACGT>b\nGG\n", name="t.fa")
        >>> [(record.header, record.sequence) for record in file.records], file.notes
        ([('a x', 'ACGT'), ('b', 'GG')], ("t.fa: line 2 holds '>' in mid-line; a new record was begun there",))
        >>> parse_fasta("@a\nACGT\n+\nIIII\n", name="t.fa")
        Traceback (most recent call last):
        heldout.errors.DataError: t.fa is FASTQ (line 1 begins with '@'), FASTA was expected
          -> name it .fastq, or give it as it is without the ending of FASTA
    """
    lines = _LINE_ENDS.split(text)
    if lines and not lines[-1]:
        lines.pop()
    records: list[SequenceRecord] = []
    comments: list[SetAside] = []
    notes: list[str] = []
    n_blank = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            n_blank += 1
        elif line.startswith(">"):
            if _begin(line[1:], number, records, n_lines=1):
                notes.append(f"{name}: line {number}{_MIDDLE}")
        elif line.startswith(";"):
            comments.append(SetAside(number, "a comment", text=line[:200], kind="comment"))
        elif not records:
            _refuse_start(line, number, name)
        elif _add_sequence(line, number, records):
            notes.append(f"{name}: line {number}{_MIDDLE}")
    if not records:
        raise DataError(f"{name} holds no record", hint="a record begins with a line '>name'")
    _take_glued(records, notes, name)
    return SequenceFile(tuple(records), len(lines), n_blank, tuple(comments), tuple(_shorten(notes, name)))


def _refuse_start(line: str, number: int, name: str) -> None:
    if line.startswith("@"):
        raise DataError(
            f"{name} is FASTQ (line {number} begins with '@'), FASTA was expected",
            hint="name it .fastq, or give it as it is without the ending of FASTA",
        )
    raise DataError(
        f"{name}, line {number}: {line[:60]!r} stands before the first record; a line beginning with '>' was expected"
    )


def _begin(header: str, record_line: int, records: list[SequenceRecord], *, n_lines: int) -> bool:
    """Append the record of a header; True when the line held further records behind it."""
    before, mark, after = header.partition(">")
    glued = _GLUED.match(before.rstrip()) if mark else None
    if glued is None:
        records.append(SequenceRecord(header.strip(), record_line, n_lines=n_lines))
        return False
    # ">a ACGTACGTACGT>b": two line breaks were lost; any other '>' in a header (c.1980G>A) stays.
    records.append(SequenceRecord(glued["head"].strip(), record_line, [glued["sequence"]], n_lines=n_lines))
    _begin(after, record_line, records, n_lines=0)
    return True


def _add_sequence(line: str, number: int, records: list[SequenceRecord]) -> bool:
    """Add a line of letters; True when a record began in its middle."""
    letters, mark, rest = line.partition(">")
    records[-1].n_lines += 1
    records[-1].pieces.append(letters.translate(_BLANKS))
    if mark:
        _begin(rest, number, records, n_lines=0)
    return bool(mark)


def _take_glued(records: list[SequenceRecord], notes: list[str], name: str) -> None:
    for record in records:
        glued = _GLUED.match(record.header) if not record.sequence else None
        if glued is not None:
            record.header, record.pieces = glued["head"].strip(), [glued["sequence"]]
            notes.append(f"{name}: line {record.line} holds header and sequence; they were taken apart")


def _shorten(notes: list[str], name: str) -> list[str]:
    if len(notes) <= 5:
        return notes
    return [*notes[:4], f"{name}: {len(notes) - 4:,} further lines were repaired in the same way"]
