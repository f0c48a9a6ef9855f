"""Tables of sequences: FASTA and FASTQ files, one or many, with ids, accessions, labels and what does not belong."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from heldout.errors import DataError
from heldout.letters import AMBIGUITY, GAPS, PROTEIN, RNA
from heldout.records import PART_FIT, PART_UNDECLARED, PART_VALIDATION, Ledger, RawColumn, SetAside, Table
from heldout.sources.alphabet import judge_alphabet
from heldout.sources.columns import encode_cells
from heldout.sources.decode import decode_text
from heldout.sources.fasta import FASTA_ENDINGS, SequenceFile, SequenceRecord, is_fasta, parse_fasta
from heldout.sources.fastq import is_fastq, parse_fastq
from heldout.sources.folders import FileSet
from heldout.sources.placement import PART_FOLDERS, match_labels, place_files
from heldout.sources.request import Request

# NC_000023.11:22032325-22266301, X12345/1-100, chr1:5-9(+), NC_1:c90-10
_RANGE = re.compile(r"(?<!\S)(?P<accession>[^\s:/=]+)[:/]c?\d+(?:-|\.\.)\d+(?:\([+-]\))?(?!\S)")
_PAIR = re.compile(r"(?<!\S)\[?([A-Za-z][\w.]{0,40})=([^\s\]]+)\]?")
_USUAL = 0.9
# Ids that each stand for three or more records on average are classes, no ids.
_CLASS_LIKE = 3
_HEAD = 65_536


@dataclass(frozen=True)
class _Source:
    """A record and where it lies."""

    record: SequenceRecord
    file: int


def read_sequences(files: FileSet, request: Request) -> Table:
    r"""The table of FASTA and FASTQ files: columns `id`, `description`, `sequence` and what the headers say.

    Key=value pairs that nearly all headers have become columns such as `header/class`. Where ids carry ranges
    (`NC_000023.11:100-200`), the column `accession` joins the parts of one accession, to be given as a group. The label
    comes from the pattern, else from the folder, else, with several files, from the name of the file.

    Args:
        files: the files; those that are neither FASTA nor FASTQ are set aside.
        request: pattern and encoding, if given.

    Returns:
        One row a record, in the order of files and lines; lower case is kept.

    Raises:
        DataError: no file or no record can be read.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> raw = b">NC_1:1-4 kind=a\nACGT\n>NC_1:9-12 kind=b\nGGCC\n"
        >>> table = read_sequences(as_file_set("t", {"t.fa": raw}), Request())
        >>> [(column.name, column.levels) for column in table.columns][2:]
        [('sequence', ('ACGT', 'GGCC')), ('accession', ('NC_1',)), ('header/kind', ('a', 'b'))]
        >>> read_sequences(as_file_set("t", {"t.fa": b">a\n>b\n"}), Request())
        Traceback (most recent call last):
        heldout.errors.DataError: none of the 2 records of t can be used; the first, 'a': has no sequence
    """
    parsed, aside, notes = _parse_files(files, request)
    sources = [_Source(record, number) for number, file in parsed.items() for record in file.records]
    ids = [_first_word(source.record.header) for source in sources]
    sequences, faults = _judge(sources, ids, notes, files.name)
    rows = [row for row in range(len(sources)) if row not in faults]
    if not rows:
        raise DataError(
            f"none of the {len(sources)} records of {files.name} can be used; the first, {ids[0]!r}: {faults[0]}"
        )
    if faults:
        first = min(faults)
        notes.append(
            f"{files.name}: {len(faults):,} of {len(sources):,} records were set aside; the first, {ids[first]!r} "
            f"(line {sources[first].record.line}), {faults[first]}"
        )
    columns = _list_columns(
        [sources[row].record for row in rows], [sequences[row] for row in rows], notes, files.name
    )
    label, part = _find_labels([sources[row] for row in rows], files, list(parsed), request, notes)
    several = len(parsed) > 1
    asides = [
        SetAside(
            sources[row].record.line,
            f"record {ids[row]!r} {reason}" + (f" ({files.files[sources[row].file]})" if several else ""),
            text=sources[row].record.header[:200],
        )
        for row, reason in sorted(faults.items())
    ]
    comments = [comment for file in parsed.values() for comment in file.comments]
    return Table(
        columns=(*columns, *label),
        lines=np.array([sources[row].record.line for row in rows], dtype=np.int64),
        source=files.name,
        notes=(*files.notes, *notes),
        set_aside=(*asides, *aside, *comments, *files.ignored),
        part=part,
        ledger=_account(sources, faults, parsed, [*aside, *files.ignored], len(comments)),
    )


def _first_word(header: str) -> str:
    return header.split(maxsplit=1)[0] if header else ""


def _account(
    sources: Sequence[_Source],
    faults: dict[int, str],
    parsed: dict[int, SequenceFile],
    aside: Sequence[SetAside],
    n_comments: int,
) -> Ledger:
    n_broken = sum(item.kind == "quarantined" for item in aside)
    bad_lines = sum(sources[row].record.n_lines for row in faults)
    return Ledger(
        rows=len(sources) + len(aside),
        used=len(sources) - len(faults),
        quarantined=len(faults) + n_broken,
        dropped=len(aside) - n_broken,
        lines=sum(file.n_lines for file in parsed.values()),
        lines_used=sum(source.record.n_lines for source in sources) - bad_lines,
        lines_quarantined=bad_lines,
        lines_comment=n_comments,
        lines_blank=sum(file.n_blank for file in parsed.values()),
    )


def _parse_files(
    files: FileSet, request: Request
) -> tuple[dict[int, SequenceFile], list[SetAside], list[str]]:
    parsed: dict[int, SequenceFile] = {}
    aside: list[SetAside] = []
    notes: list[str] = []
    refusals: list[DataError] = []
    for number, file in enumerate(files.files):
        try:
            found = _parse_file(files.read(file), PurePosixPath(file).name, request)
        except DataError as error:
            refusals.append(error)
            aside.append(SetAside(number + 1, error.message, text=file))
            continue
        if found is None:
            aside.append(SetAside(number + 1, "is neither FASTA nor FASTQ", text=file, kind="dropped"))
            continue
        parsed[number] = found
        notes += found.notes
    if not parsed:
        if len(files.files) == 1 and refusals:
            raise refusals[0]
        first = aside[0] if aside else SetAside(0, "there is no file")
        raise DataError(
            f"{files.name} holds no FASTA or FASTQ that can be read; {first.text}: {first.reason}"
        )
    if len(files.files) > 1:
        notes += [f"{files.name}: {item.text} was set aside: {item.reason}" for item in aside[:8]]
    return parsed, aside, notes


def _parse_file(raw: bytes, name: str, request: Request) -> SequenceFile | None:
    bare = re.sub(r"\.(gz|xz)$", "", name.casefold())
    is_named = bare.endswith(FASTA_ENDINGS)
    if is_fastq(raw[:_HEAD]) and not is_named:
        return parse_fastq(decode_text(raw, name=name, encoding=request.encoding)[0], name=name)
    if is_named or is_fasta(raw[:_HEAD]):
        return parse_fasta(decode_text(raw, name=name, encoding=request.encoding)[0], name=name)
    return None


def _judge(
    sources: Sequence[_Source], ids: Sequence[str], notes: list[str], name: str
) -> tuple[list[str], dict[int, str]]:
    """The sequences, in one spelling of U and T, and the reason for each that cannot be used."""
    sequences = [source.record.sequence for source in sources]
    alphabet = judge_alphabet(sequences)
    faults = dict(alphabet.faults)
    faults.update({row: source.record.fault for row, source in enumerate(sources) if source.record.fault})
    swap = str.maketrans("Tt", "Uu") if alphabet.name == RNA else str.maketrans("Uu", "Tt")
    for row in alphabet.mixed:
        sequences[row] = sequences[row].translate(swap)
    faults.update(_find_gaps(sequences, faults))
    faults.update(_find_conflicts(ids, sequences, faults, notes, name))
    strange = {letter: alphabet.letters[letter] for letter in sorted(AMBIGUITY) if alphabet.letters[letter]}
    told = ""
    if strange and alphabet.name != PROTEIN:
        told = "; ambiguous letters: " + ", ".join(f"{letter} {count:,}" for letter, count in strange.items())
    notes.append(f"{name}: the sequences are {alphabet.name}{told}")
    if alphabet.mixed:
        notes.append(f"{name}: {len(alphabet.mixed):,} records mix U and T; read as {alphabet.name}")
    return sequences, faults


def _find_gaps(sequences: Sequence[str], faults: dict[int, str]) -> dict[int, str]:
    rows = [row for row in range(len(sequences)) if row not in faults]
    gapped = [row for row in rows if GAPS & set(sequences[row])]
    if not gapped or len({len(sequences[row]) for row in rows}) == 1:
        return {}  # of one length: an alignment
    return {row: "holds gaps, but the sequences are not aligned (their lengths differ)" for row in gapped}


def _find_conflicts(
    ids: Sequence[str], sequences: Sequence[str], faults: dict[int, str], notes: list[str], name: str
) -> dict[int, str]:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for row, word in enumerate(ids):
        if word and row not in faults:
            groups[word].append(row)
    repeated = {word: rows for word, rows in groups.items() if len(rows) > 1}
    differing = {
        word: rows for word, rows in repeated.items() if len({sequences[row].upper() for row in rows}) > 1
    }
    total = sum(map(len, groups.values()))
    if differing and total >= _CLASS_LIKE * len(groups):
        notes.append(
            f"{name}: {len(groups):,} names stand for {total:,} records: they are no ids of single sequences"
        )
        return {}
    same = sum(len(rows) for word, rows in repeated.items() if word not in differing)
    if same:
        notes.append(f"{name}: {same:,} records repeat an id with the same sequence; all were kept")
    return {
        row: f"has an id that stands for {len(rows)} records with different sequences"
        for rows in differing.values()
        for row in rows
    }


def _list_columns(
    records: Sequence[SequenceRecord], sequences: Sequence[str], notes: list[str], name: str
) -> tuple[RawColumn, ...]:
    headers = [record.header for record in records]
    words = [_first_word(header) for header in headers]
    rest = [header[len(word) :].strip() for header, word in zip(headers, words, strict=True)]
    columns = [encode_cells("id", words)]
    if any(rest):
        columns.append(encode_cells("description", rest))
    columns.append(encode_cells("sequence", sequences))
    ranges = [_RANGE.search(header) for header in headers]
    if any(ranges):
        cells = [match["accession"] if match else word for match, word in zip(ranges, words, strict=True)]
        columns.append(encode_cells("accession", cells))
        shared = sum(count > 1 for count in Counter(cells).values())
        notes.append(
            f"{name}: headers hold ranges of accessions; {shared:,} accessions have several, which belong to one unit; "
            "where whole chromosomes are cut into windows, say --group accession to keep them together"
        )
    pairs = [dict(_PAIR.findall(header)) for header in headers]
    keys = Counter(key for found in pairs for key in found)
    for key, count in keys.items():
        if count >= _USUAL * len(headers):
            columns.append(encode_cells(f"header/{key}", [found.get(key) for found in pairs]))
    if any(record.quality is not None for record in records):
        cells = [None if record.quality is None else f"{record.quality:.2f}" for record in records]
        columns.append(encode_cells("quality", cells))
    return tuple(columns)


def _find_labels(
    rows: Sequence[_Source], files: FileSet, used: list[int], request: Request, notes: list[str]
) -> tuple[tuple[RawColumn, ...], np.ndarray | None]:
    names = [files.files[number] for number in used]
    place = place_files(names, name=files.name)
    notes += place.notes
    where = {number: int(row) for row, number in enumerate(used)}
    of_row = np.array([where[source.file] for source in rows])
    # Folders that name no label leave every file; a file beside them keeps its records too, without label.
    kept = {int(row): position for position, row in enumerate(np.flatnonzero(place.keep))}
    part = (
        None
        if place.part is None
        else np.array([place.part[kept[row]] if row in kept else 0 for row in of_row], np.int8)
    )
    found = [
        encode_cells(
            column.name, [column.levels[column.codes[kept[row]]] if row in kept else None for row in of_row]
        )
        for column in place.columns
    ]
    if request.label_pattern:
        label = match_labels([source.record.header for source in rows], request.label_pattern, what="headers")
        return (label, *(column for column in found if column.name != "label")), part
    if found or len(used) < 2:
        return tuple(found), part
    stems = [_stem(name) for name in names]
    codes = [PART_FOLDERS.get(re.split(r"[^a-z0-9]+", stem.casefold())[-1], -1) for stem in stems]
    if min(codes) >= 0 and len(set(codes)) > 1:
        part = np.array([codes[row] for row in of_row], np.int8)
        if not (part == PART_VALIDATION).any():
            part[part == PART_FIT] = PART_UNDECLARED
        notes.append(f"{files.name}: the names of the files declare the parts")
        return (), part
    if len(set(stems)) < len(stems):
        stems = [PurePosixPath(name).name for name in names]
    notes.append(
        f"{files.name}: the column 'label' is the name of the file a record stands in ({', '.join(stems[:8])})"
    )
    return (encode_cells("label", [stems[row] for row in of_row]),), part


def _stem(name: str) -> str:
    return re.sub(r"\.(gz|xz)$", "", PurePosixPath(name).name).rpartition(".")[0] or PurePosixPath(name).name
