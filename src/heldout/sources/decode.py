"""Bytes to lines of text: byte order mark, strict UTF-8, UTF-16 and UTF-32 by their zero bytes, else line by line."""

from __future__ import annotations

import codecs
import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from heldout.errors import DataError
from heldout.sources.legacy import guess_encoding

_BOMS: tuple[tuple[bytes, str], ...] = (
    # UTF-32 first: its little-endian mark begins with the one of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUL_SHARE = 0.3
_CHUNK_BYTES = 1 << 22
_STRANGE_LINES = 2_000


@dataclass(frozen=True)
class Text:
    """A text that can be read from its start again and again, decoded while it is read.

    Reading a file this way needs no memory for the text itself.

    Args:
        source: the bytes, or the file that holds them.
        codec: the encoding; of those lines that are no UTF-8 when `is_mixed`.
        n_lines: number of lines, counted over the whole text.
        notes: one sentence per guess made.
        is_mixed: True when each line is tried as UTF-8 first.
        has_marks: True when byte order marks inside the text and Ctrl-Z at its end must be taken off.
        rivals: other encodings that the letters fit as well.
        strange: numbers of the lines (from 1, ascending) that are no UTF-8; none where the text has one encoding.
    """

    source: bytes | Path
    codec: str
    n_lines: int
    notes: tuple[str, ...] = ()
    is_mixed: bool = False
    has_marks: bool = False
    rivals: tuple[str, ...] = ()
    strange: Sequence[int] = ()

    def lines(self) -> Iterator[str]:
        """All lines with their line ends (LF, CRLF or CR)."""
        with _open_bytes(self.source) as stream:
            if self.is_mixed:
                lines = _split_lines(_decode_line(line, self.codec) for line in stream)
            else:
                lines = iter(io.TextIOWrapper(stream, encoding=self.codec, newline=""))
            yield from map(_strip_marks, lines) if self.has_marks else lines

    def head(self, characters: int, lines: int) -> str:
        """The first whole lines, up to a number of characters and of lines."""
        taken: list[str] = []
        size = 0
        for line in islice(self.lines(), lines):
            size += len(line)
            if taken and size > characters:
                break
            taken.append(line)
        return "".join(taken)


def _open_bytes(source: bytes | Path) -> io.BytesIO | io.BufferedReader:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _decode_line(line: bytes, codec: str) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode(codec)


def _split_lines(lines: Iterator[str]) -> Iterator[str]:
    # Lines were cut at LF only; CR ends lines too.
    for line in lines:
        if "\r" in line:
            yield from io.StringIO(line, newline="")
        else:
            yield line


def _strip_marks(line: str) -> str:
    # Files joined by `cat` carry the byte order mark of each; DOS ends texts with Ctrl-Z.
    return line.removeprefix("\ufeff").removesuffix("\x1a")


def survey_text(source: bytes | Path, *, name: str, encoding: str | None = None) -> Text:
    """The encoding of a text and the number of its lines, after one pass over all bytes.

    Args:
        source: the bytes, or the file that holds them.
        name: file name for messages.
        encoding: the encoding if the user said so; then nothing is guessed.

    Raises:
        DataError: the bytes do not fit the given encoding, hold zero bytes, or do not tell their encoding.

    Example:
        >>> text = survey_text("a,ü".encode("utf-16"), name="t.csv")
        >>> list(text.lines()), text.n_lines, text.notes
        (['a,ü'], 1, ('t.csv is UTF-16 by its byte order mark',))
    """
    with _open_bytes(source) as stream:
        opening = stream.read(4096)
    if encoding is not None:
        return _survey_as(source, _check_codec(encoding, opening), name, (), given=True)
    for mark, codec in _BOMS:
        if opening.startswith(mark):
            shown = codec.removesuffix("-sig").upper()
            return _survey_as(source, codec, name, (f"{name} is {shown} by its byte order mark",))
    codec = _guess_wide(opening)
    if codec:
        note = f"{name} has zero bytes in a regular place: read as {codec.upper()} without byte order mark"
        return _survey_as(source, codec, name, (note,))
    try:
        return _survey_as(source, "utf-8", name, ())
    except UnicodeDecodeError:
        return _survey_mixed(source, name)


def _check_codec(encoding: str, opening: bytes) -> str:
    try:
        codec = codecs.lookup(encoding).name
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError
    except (LookupError, ValueError):
        raise DataError(
            f"unknown encoding {encoding!r}", hint="try utf-8, cp1252, latin-1 or utf-16"
        ) from None
    return "utf-8-sig" if codec == "utf-8" and opening.startswith(codecs.BOM_UTF8) else codec


def _survey_as(
    source: bytes | Path, codec: str, name: str, notes: tuple[str, ...], *, given: bool = False
) -> Text:
    """Count lines and look for zero bytes and marks in one decoded pass."""
    counter = _LineCounter(name)
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with _open_bytes(source) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                counter.add(decoder.decode(chunk))
        counter.add(decoder.decode(b"", True))
    except UnicodeError as error:
        if codec == "utf-8" and not given:
            raise
        raise DataError(
            f"{name} cannot be read as {codec}: {error}",
            hint="leave out --encoding, or try cp1252 or latin-1" if given else "say --encoding",
        ) from None
    return Text(source, codec, counter.finish(), (*notes, *counter.notes()), has_marks=counter.has_marks)


class _LineCounter:
    """Lines, zero bytes and stray marks of a text that comes in pieces."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.n_ends = 0
        self.n_marks = 0
        self.last = ""
        self.is_first = True

    def add(self, piece: str) -> None:
        if not piece:
            return
        # A CRLF cut in two by the pieces counts once.
        if self.last == "\r" and piece[0] == "\n":
            self.n_ends -= 1
        where = piece.find("\x00")
        if where >= 0:
            line = self.n_ends + _count_ends(piece[:where]) + 1
            raise DataError(
                f"{self.name} holds a zero byte in line {line}: it is damaged or no text file",
                hint="write the file again; if it is UTF-16 text, say --encoding utf-16",
            )
        self.n_ends += _count_ends(piece)
        self.n_marks += piece.count("\ufeff")
        self.last = piece[-1]

    @property
    def has_marks(self) -> bool:
        return bool(self.n_marks) or self.last == "\x1a"

    def finish(self) -> int:
        return self.n_ends + (self.last not in ("\n", "\r", ""))

    def notes(self) -> tuple[str, ...]:
        notes: list[str] = []
        if self.n_marks:
            notes.append(
                f"{self.name} holds {self.n_marks} byte order marks inside the text, as files do that were joined; "
                "those at the beginning of a line were taken off"
            )
        if self.last == "\x1a":
            notes.append(f"{self.name} ends with a Ctrl-Z character, which was dropped")
        return tuple(notes)


def _count_ends(text: str) -> int:
    n_cr = text.count("\r")
    return text.count("\n") + n_cr - (text.count("\r\n") if n_cr else 0)


def _guess_wide(opening: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: letters of plain text have zero bytes in fixed places."""
    if len(opening) < 8:
        return ""
    quarters = [opening[i::4].count(0) / len(opening[i::4]) for i in range(4)]
    if min(quarters[1:]) > _NUL_SHARE and quarters[0] < 0.05:
        return "utf-32-le"
    if min(quarters[:3]) > _NUL_SHARE and quarters[3] < 0.05:
        return "utf-32-be"
    even, odd = (quarters[0] + quarters[2]) / 2, (quarters[1] + quarters[3]) / 2
    if odd > _NUL_SHARE and even < 0.05:
        return "utf-16-le"
    if even > _NUL_SHARE and odd < 0.05:
        return "utf-16-be"
    return ""


def _survey_mixed(source: bytes | Path, name: str) -> Text:
    """Judge the lines that are no UTF-8, so that files joined from two encodings keep the letters of both."""
    strange: list[bytes] = []
    numbers = array("q")  # 8 bytes a line: a file of one 8-bit encoding may have millions of them
    number = 1
    with _open_bytes(source) as stream:
        for line in stream:
            begun = number
            number += line.count(b"\r") + (not line.endswith((b"\r", b"\r\n")))
            if line.isascii() or _is_utf8(line):
                continue
            numbers.extend(range(begun, number))  # several where CR ends lines: they are decoded as one
            if len(strange) < _STRANGE_LINES:
                strange.append(line)
    guess = guess_encoding(strange)
    if not guess.codec:
        raise _refuse_encoding(strange[0], numbers[0], name, guess.ranked)
    counter = _LineCounter(name)
    with _open_bytes(source) as stream:
        for line in stream:
            try:
                counter.add(_decode_line(line, guess.codec))
            except UnicodeDecodeError:
                raise _refuse_encoding(line, counter.n_ends + 1, name, guess.ranked) from None
    verb = "line of {} is" if len(numbers) == 1 else "lines of {} are"
    note = f"{len(numbers)} {verb.format(name)} not UTF-8 (first: line {numbers[0]}); read as {guess.codec}"
    if guess.codec != "cp1252":
        note += "; say --encoding to change"
    notes = (note, *counter.notes())
    return Text(
        source,
        guess.codec,
        counter.finish(),
        notes,
        is_mixed=True,
        has_marks=counter.has_marks,
        rivals=guess.rivals,
        strange=numbers,
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_encoding(line: bytes, number: int, name: str, ranked: tuple[str, ...]) -> DataError:
    try:
        line.decode("cp1252")
        what = (
            f"the letters are not UTF-8 and look unnatural as cp1252 ({line.decode('cp1252').strip()[:60]!r})"
        )
    except UnicodeDecodeError as error:
        what = f"byte {line[error.start]:#04x} is neither UTF-8 nor cp1252"
    best = ranked[0] if ranked else "latin-1"
    more = f" (then {', '.join(ranked[1:])})" if len(ranked) > 1 else ""
    return DataError(
        f"{name}, line {number}: {what}",
        hint=f"say which encoding it is, e.g. --encoding {best}{more}",
    )


def decode_text(raw: bytes, *, name: str, encoding: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The whole text of a file and one note per guess made.

    Args:
        raw: bytes of the file.
        name: file name for messages.
        encoding: the encoding if the user said so; then nothing is guessed.

    Raises:
        DataError: as `survey_text`.

    Example:
        >>> decode_text("café".encode("cp1252"), name="t.csv")
        ('café', ('1 line of t.csv is not UTF-8 (first: line 1); read as cp1252',))
        >>> decode_text(b"a" + bytes(1) + b"b", name="t.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: t.csv holds a zero byte in line 1: it is damaged or no text file
          -> write the file again; if it is UTF-16 text, say --encoding utf-16
    """
    text = survey_text(raw, name=name, encoding=encoding)
    return "".join(text.lines()), text.notes
