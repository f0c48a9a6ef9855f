"""The idx format of MNIST and its relatives: one file of pictures, one of labels, pairs for training and test."""

from __future__ import annotations

import re
import struct
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from heldout.errors import DataError
from heldout.records import PART_UNDECLARED, Ledger, Table
from heldout.sources.arrays import ArrayPart, build_array_table
from heldout.sources.folders import FileSet, as_file_set
from heldout.sources.placement import PART_FOLDERS
from heldout.sources.request import Request

# third byte of the magic number -> big-endian numbers (format of LeCun's MNIST page)
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_AXES, _MOST_VALUES = 4, 20_000_000_000
_LABELS = re.compile(r"labels?(?=[^a-z]|$)", re.IGNORECASE)
_PACKED = re.compile(r"\.(gz|xz)$", re.IGNORECASE)
_IMAGES = re.compile(r"images?(?=[^a-z]|$)", re.IGNORECASE)


def is_idx(head: bytes) -> bool:
    """Whether content begins like an idx file: two zero bytes, a type, a number of axes that fits.

    Example:
        >>> is_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 6])), is_idx(b"a,b")
        (True, False)
    """
    if len(head) < 8 or head[:2] != b"\x00\x00" or head[2] not in _TYPES or not 1 <= head[3] <= _MOST_AXES:
        return False
    # 00 00 01 00 and the like begin other formats too: the first axis must be no absurd number.
    return len(head) >= 4 + 4 * head[3] and struct.unpack(">I", head[4:8])[0] > 0


def parse_idx(raw: bytes, *, name: str) -> NDArray[np.generic]:
    """The array in an idx file.

    Args:
        raw: content, unpacked.
        name: file name for messages.

    Returns:
        The array in the machine's byte order, with the axes of the file.

    Raises:
        DataError: no idx file, or its length is not what its header says.

    Example:
        >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 6]), name="y").tolist()
        [5, 6]
        >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 6]), name="y")
        Traceback (most recent call last):
        heldout.errors.DataError: y is cut short or damaged: its header says 3 values in 11 bytes, the file has 10 bytes
          -> copy or download it again
    """
    if not is_idx(raw[:64]):
        raise DataError(f"{name} is no idx file: it begins with {raw[:4]!r}")
    n_axes = raw[3]
    shape = struct.unpack(f">{n_axes}I", raw[4 : 4 + 4 * n_axes])
    dtype = np.dtype(_TYPES[raw[2]])
    count = 1
    for length in shape:
        count *= length
    expected = 4 + 4 * n_axes + count * dtype.itemsize
    if expected != len(raw) or count > _MOST_VALUES:
        raise DataError(
            f"{name} is cut short or damaged: its header says {' x '.join(map(str, shape))} values in {expected} "
            f"bytes, the file has {len(raw)} bytes",
            hint="copy or download it again",
        )
    values = np.frombuffer(raw, dtype, offset=4 + 4 * n_axes).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def read_idx(files: FileSet, request: Request) -> Table:
    """The table of the idx files of a folder, or of one file of pictures and the labels beside it.

    Files are paired by their names: `train-images-idx3-ubyte.gz` goes with `train-labels-idx1-ubyte.gz`. The words
    train, t10k, test, val in the names declare the parts.

    Args:
        files: the idx files; others are set aside.
        request: policy, if given.

    Raises:
        DataError: labels without pictures, pairs of unequal length, or a damaged file.

    Example:
        >>> read_idx(as_file_set("t", {"train-labels-idx1-ubyte": bytes([0, 0, 8, 1, 0, 0, 0, 1, 5])}), Request())
        Traceback (most recent call last):
        heldout.errors.DataError: t holds idx files of labels (train-labels-idx1-ubyte), but none of pictures
          -> put the file of pictures beside it, e.g. train-images-idx3-ubyte
    """
    # A file that lies there packed and unpacked is one file.
    single = {_PACKED.sub("", file): file for file in sorted(files.files, reverse=True)}
    found = {file: raw for file in sorted(single.values()) if is_idx((raw := _try_read(files, file))[:64])}
    arrays = {file: parse_idx(raw, name=PurePosixPath(file).name) for file, raw in found.items()}
    del found
    inputs = sorted(file for file, values in arrays.items() if values.ndim > 1)
    labels = {_bare(file): file for file, values in arrays.items() if values.ndim == 1}
    if not inputs:
        raise DataError(
            f"{files.name} holds idx files of labels ({', '.join(arrays)}), but none of pictures",
            hint="put the file of pictures beside it, e.g. train-images-idx3-ubyte",
        )
    parts, notes, used = [], [], set()
    for file in inputs:
        partner = labels.get(_bare(_IMAGES.sub("labels", file)))
        used |= {file, partner}
        targets = {} if partner is None else {"label": arrays[partner]}
        if partner is None and labels:
            notes.append(f"{files.name}: no labels were found for {file}")
        parts.append(ArrayPart(file, _name_part(file, inputs), arrays[file], targets))
    others = [file for file in files.files if file not in used]
    return build_array_table(
        parts, request, source=files.name, notes=tuple(notes), others=others, ledger=Ledger(0, 0)
    )


def _try_read(files: FileSet, file: str) -> bytes:
    # A damaged archive among other files is refused only when it is one of the pairs.
    return (
        files.read(file) if "idx" in file.casefold() or _IMAGES.search(file) or _LABELS.search(file) else b""
    )


def _bare(file: str) -> str:
    """The name without what differs between a file of pictures and its labels: number of axes and packing."""
    name = _PACKED.sub("", file.casefold())
    return re.sub(r"idx\d", "idx", _LABELS.sub("labels", name))


def _name_part(file: str, inputs: list[str]) -> int:
    words = re.split(r"[^a-z0-9]+", PurePosixPath(file).name.casefold())
    codes = [PART_FOLDERS[word] for word in words if word in PART_FOLDERS]
    if len(inputs) == 1 or not codes:
        return PART_UNDECLARED
    return codes[0]


def find_idx_pair(path: Path) -> FileSet:
    """A file of pictures and the labels that lie beside it, as a file set.

    Args:
        path: the file given.
    """
    from heldout.sources.folders import list_files

    whole = list_files(path.parent)
    names = () if whole is None else tuple(file for file in whole.files if "/" not in file)
    pair = [file for file in names if _bare(file) == _bare(_IMAGES.sub("labels", path.name))]
    contents = {name: path.with_name(name).read_bytes() for name in {path.name, *pair}}
    return as_file_set(path.name, contents)
