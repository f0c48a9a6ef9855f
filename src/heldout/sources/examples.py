"""Any source that is no table of cells: recognised by content and read by the reader of its kind."""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from heldout.errors import DataError
from heldout.records import SetAside, Table
from heldout.sources.album_tables import read_pictures
from heldout.sources.curve_tables import parse_grid, read_curves
from heldout.sources.decode import decode_text
from heldout.sources.delimited import read_delimited
from heldout.sources.fasta import FASTA_ENDINGS, is_fasta
from heldout.sources.fastq import FASTQ_ENDINGS, is_fastq
from heldout.sources.files import GZIP_MAGIC, XZ_MAGIC, ZIP_MAGIC
from heldout.sources.fits import read_fits
from heldout.sources.fits_scan import FITS_MAGIC
from heldout.sources.folders import FileSet, as_file_set, list_files
from heldout.sources.idx import find_idx_pair, is_idx, read_idx
from heldout.sources.labels import find_key, join_labels
from heldout.sources.numpy_files import NUMPY_MAGIC, list_npz, read_numpy
from heldout.sources.pictures import PICTURE_ENDINGS, is_picture
from heldout.sources.request import Request
from heldout.sources.sequences import read_sequences
from heldout.sources.texts import read_texts

# kind of example -> reader; a new format is one file, one line here and one in `_recognise_content`.
READERS: dict[str, Callable[[FileSet, Request], Table]] = {
    "pictures": read_pictures,
    "fits": read_fits,
    "sequences": read_sequences,
    "idx": read_idx,
    "arrays": read_numpy,
    "signals": read_curves,
    "texts": read_texts,
}
_ENDINGS: tuple[tuple[tuple[str, ...], str], ...] = (
    (PICTURE_ENDINGS, "pictures"),
    ((".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fits.fz"), "fits"),
    (tuple(end + gz for end in (*FASTA_ENDINGS, *FASTQ_ENDINGS) for gz in ("", ".gz")), "sequences"),
    ((".npy",), "arrays"),
    ((".csv", ".tsv", ".csv.gz", ".tsv.gz"), "tables"),
)
_SPECIAL = ("pictures", "fits", "sequences", "idx", "arrays")
_SAMPLE, _LEAST_SHARE, _MOSTLY, _LEAST_SIGNALS = 64, 0.1, 0.5, 4
_HEAD, _SMALL_BYTES = 65_536, 5_000_000
_LABEL_ENDINGS = (".csv", ".tsv")
_LINES_JUDGED, _LEAST_LINES, _UNIFORM = 200, 5, 0.95


@dataclass(frozen=True)
class Examples:
    """A source of examples that was recognised and not yet read.

    Args:
        kind: a key of `READERS`.
        path: file, archive or folder.
        files: its files where they had to be listed to tell the kind, else None.
    """

    kind: str
    path: Path
    files: FileSet | None = None


def find_examples(source: str | Path, *, is_few: bool = False) -> Examples | None:
    r"""What a source of examples holds; None for tables of cells and for what is not there.

    Args:
        source: file, archive or folder.
        is_few: a folder of one text or signal counts too: new examples for a finished study.

    Raises:
        DataError: a folder without examples of any kind, or a damaged archive.

    Example:
        >>> find_examples("no-such-folder") is None
        True
    """
    kind, files = _look(Path(source), is_few=is_few)
    return Examples(kind, Path(source), files) if kind else None


def find_lines(source: str | Path) -> Examples | None:
    """A file of plain text with one text a line; None for tables, signals and what is no text.

    Such files look like tables of one column to everyone else, so this is asked only where their labels are to be
    found by a pattern.

    Args:
        source: a file.

    Example:
        >>> find_lines("no-such-file.txt") is None
        True
    """
    path = Path(source)
    if not path.is_file():
        return None
    head = _unpack_head(path)
    whole_lines = head[: head.rfind(b"\n") + 1] or head
    kind = _recognise_file(as_file_set(path.name, {path.name: whole_lines}), path.name)
    return Examples("texts", path) if kind == "texts" else None


def recognise_source(source: str | Path) -> str:
    r"""The kind of a source that is no table of cells, a key of `READERS`; "" for tables and what is not there.

    Args:
        source: file, archive or folder.

    Raises:
        DataError: a folder without examples of any kind, or a damaged archive.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        ...     _ = file.write(b">a\nACGT\n")
        ...     _ = file.seek(0)
        ...     recognise_source(file.name)
        'sequences'
    """
    return _look(Path(source))[0]


def _look(path: Path, *, is_few: bool = False) -> tuple[str, FileSet | None]:
    """The kind of a source, and its files where they had to be listed to tell it."""
    head = b""
    if path.is_file():
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        if head.startswith(ZIP_MAGIC) and _is_npz(path):
            return "arrays", None
        if not head.startswith((ZIP_MAGIC, GZIP_MAGIC, XZ_MAGIC)) and not _is_tar(head):
            return _recognise_content(head), None
    files = list_files(path)
    if files is not None:
        return _recognise_folder(files, path, is_few=is_few), files
    if not path.is_file() or head.startswith(ZIP_MAGIC):
        return "", None
    return _recognise_content(_unpack_head(path)), None


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _is_npz(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        # A truncated npz cannot be told from other archives but by its name.
        return path.suffix.casefold() == ".npz"
    return bool(names) and all(name.endswith(".npy") for name in names)


def _unpack_head(path: Path) -> bytes:
    """The first bytes of a file, unpacked; what could be unpacked where it is damaged (its reader says so)."""
    with path.open("rb") as stream:
        head = stream.read(6)
    if not head.startswith((GZIP_MAGIC, XZ_MAGIC)):
        with path.open("rb") as stream:
            return stream.read(_HEAD)
    got = bytearray()
    try:
        with gzip.open(path) if head.startswith(GZIP_MAGIC) else lzma.open(path) as packed:
            while len(got) < _HEAD and (piece := packed.read(_HEAD - len(got))):
                got += piece
    except (EOFError, OSError, zlib.error, lzma.LZMAError):
        return bytes(got)
    return bytes(got)


def _recognise_content(head: bytes) -> str:
    if is_picture(head):
        return "pictures"
    if head.startswith(FITS_MAGIC):
        return "fits"
    if head.startswith(NUMPY_MAGIC):
        return "arrays"
    if is_idx(head):
        return "idx"
    return "sequences" if is_fasta(head) or is_fastq(head) else ""


def _recognise_folder(files: FileSet, path: Path, *, is_few: bool) -> str:
    step = max(1, len(files.files) // _SAMPLE)
    sample = files.files[::step]
    kinds = Counter(_recognise_file(files, name) for name in sample)
    special = [kind for kind, _ in kinds.most_common() if kind in _SPECIAL]
    if special and kinds[special[0]] >= _LEAST_SHARE * len(sample):
        return special[0]
    n_grids, n_texts = kinds["signals"], kinds["texts"]
    if n_grids >= _MOSTLY * len(sample) and n_grids >= (1 if is_few else _LEAST_SIGNALS):
        return "signals"
    if n_texts > _MOSTLY * len(sample) and n_texts >= (1 if is_few else 2):
        return "texts"
    shown = ", ".join(files.files[:8])
    inner = next(
        (name for name in files.files if name.endswith((".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz"))), ""
    )
    one = inner or next((name for name in files.files if _kind_by_ending(name) == "tables"), files.files[0])
    raise DataError(
        f"{files.name} is a folder of {len(files.files):,} files ({shown}), which are no examples of one kind",
        hint=f"give one file, e.g. {str(path / one)!r}; of folders, those of pictures, sequences, "
        "FITS files, arrays, signals or texts are read",
    )


def _recognise_file(files: FileSet, name: str) -> str:
    by_ending = _kind_by_ending(name)
    try:
        raw = files.read(name)
    except DataError:
        return by_ending or "broken"
    found = _recognise_content(raw[:_HEAD])
    if found or by_ending in _SPECIAL:
        return found or by_ending
    if len(raw) > _SMALL_BYTES or raw.startswith(ZIP_MAGIC) or b"\x00" in raw[:_HEAD]:
        return "other"
    try:
        text, _ = decode_text(raw, name=name)
    except DataError:
        return "other"
    try:
        parse_grid(text)
    except DataError:
        return by_ending or ("tables" if _is_table(text) else "texts")
    return "signals"


def _is_table(text: str) -> bool:
    """Whether nearly all lines hold one and the same number of a delimiter, which prose does not."""
    lines = [line for line in text.split("\n")[:_LINES_JUDGED] if line.strip()]
    if len(lines) < _LEAST_LINES:
        return False
    for delimiter in "\t;,|":
        count, times = Counter(line.count(delimiter) for line in lines).most_common(1)[0]
        if count and times >= _UNIFORM * len(lines):
            return True
    return False


def _kind_by_ending(name: str) -> str:
    return next((kind for endings, kind in _ENDINGS if name.casefold().endswith(endings)), "")


def read_examples(source: str | Path | Examples, request: Request | None = None) -> Table:
    r"""The table of a source of pictures, sequences, FITS files, arrays, signals or texts.

    A table of labels that lies beside the examples and names them (`labels.csv`) is joined when no folder says the
    label.

    Args:
        source: file, archive or folder, or what `find_examples` said of it.
        request: policies of an earlier reading, pattern for labels, cache.

    Returns:
        One row an example; pictures and signals in `arrays`.

    Raises:
        DataError: nothing that can be read; says what was found.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     _ = file.write(b">a\nACGT\n")
        ...     _ = file.seek(0)
        ...     [column.name for column in read_examples(file.name).columns]
        ['id', 'sequence']
        >>> read_examples("no-such-folder")
        Traceback (most recent call last):
        heldout.errors.DataError: 'no-such-folder' holds no pictures, sequences, FITS files, arrays, signals or texts
          -> check the path; tables of cells are read with read_table
    """
    request = request or Request()
    found = source if isinstance(source, Examples) else find_examples(source)
    if found is None:
        raise DataError(
            f"{str(source)!r} holds no pictures, sequences, FITS files, arrays, signals or texts",
            hint="check the path; tables of cells are read with read_table",
        )
    files, labels = _split_labels(found.files or _open_files(found.path, found.kind), found.kind)
    table = READERS[found.kind](files, request)
    return _join_inner(table, labels) if labels is not None else table


def _open_files(path: Path, kind: str) -> FileSet:
    if path.is_file():
        with path.open("rb") as stream:
            head = stream.read(4)
        if kind == "arrays" and head.startswith(ZIP_MAGIC):
            return list_npz(path.read_bytes(), name=path.name)
    files = list_files(path)
    if files is not None:
        return files
    return find_idx_pair(path) if kind == "idx" else as_file_set(path.name, {path.name: path.read_bytes()})


def _split_labels(files: FileSet, kind: str) -> tuple[FileSet, Table | None]:
    """The files without the one table of labels that lies at their top, and that table."""
    if kind not in ("pictures", "fits", "sequences") or len(files.files) < 2:
        return files, None
    tables = [name for name in files.files if name.casefold().endswith(_LABEL_ENDINGS)]
    top = [name for name in tables if name.count("/") == min(item.count("/") for item in tables)]
    if len(top) != 1:
        return files, None
    try:
        labels = read_delimited(files.read(top[0]), name=PurePosixPath(top[0]).name)
    except DataError:
        return files, None
    kept = [place for place, name in enumerate(files.files) if name != top[0]]
    aside = SetAside(0, "a table beside the examples; read as their labels", text=top[0], kind="dropped")
    rest = replace(
        files,
        files=tuple(files.files[place] for place in kept),
        sizes=tuple(files.sizes[place] for place in kept),
        ignored=(*files.ignored, aside),
    )
    return rest, labels


def _join_inner(table: Table, labels: Table) -> Table:
    """The examples joined to the labels, where a column of these names most of them."""
    key = find_key(table, labels)
    if key:
        return join_labels(table, labels, key)
    note = f"{table.source}: {labels.source} lies beside the examples, but no column of it names most of them"
    return replace(table, notes=(*table.notes, note))
