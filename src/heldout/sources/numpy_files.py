"""Numpy's files: a `.npy`, a `.npz`, or a folder of `.npy` files; Python objects in them are never loaded."""

from __future__ import annotations

import io
import re
import tokenize
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from heldout.errors import DataError
from heldout.records import PART_UNDECLARED, Table
from heldout.sources.arrays import ArrayPart, build_array_table
from heldout.sources.folders import FileSet
from heldout.sources.placement import PART_FOLDERS
from heldout.sources.request import Request

NUMPY_MAGIC = b"\x93NUMPY"
_INPUT_WORDS = (
    "images",
    "image",
    "imgs",
    "pictures",
    "x",
    "data",
    "inputs",
    "features",
    "pixels",
    "signals",
    "spectra",
)
_LABEL_WORDS = ("labels", "label", "y", "targets", "target", "classes")
_RATIO, _RATIO_FROM, _MOST_BYTES = 200, 100_000_000, 50_000_000_000
_NPY_FAULTS = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    TypeError,
    SyntaxError,
    OverflowError,
    MemoryError,
    zlib.error,
    tokenize.TokenError,
)
_ZIP_FAULTS = (
    zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error, MemoryError,
)  # fmt: skip


def parse_npy(raw: bytes, *, name: str) -> NDArray[np.generic]:
    """The array in a `.npy` file; Python objects are never loaded.

    Args:
        raw: content.
        name: for messages.

    Raises:
        DataError: damaged, cut short, or pickled objects.

    Example:
        >>> parse_npy(b"no", name="x.npy")
        Traceback (most recent call last):
        heldout.errors.DataError: x.npy is no intact numpy file: ...
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers in the manner of Python 2
            return np.load(io.BytesIO(raw), allow_pickle=False)
    except _NPY_FAULTS as error:
        if "pickle" in str(error).casefold() or "object array" in str(error).casefold():
            raise DataError(
                f"{name} holds Python objects, which can run code when loaded and are never read",
                hint="save it with a numeric dtype: np.save(name, array.astype('float32'))",
            ) from None
        raise DataError(f"{name} is no intact numpy file: {str(error)[:200]}") from None


def read_numpy(files: FileSet, request: Request) -> Table:
    """The table of numpy's files: a `.npz`, a `.npy`, or a folder of `.npy` files with names such as `X_train.npy`.

    Args:
        files: a set of `.npy` contents by name (see `list_npz`).
        request: policy, if given.

    Raises:
        DataError: no array of examples can be told from the names, or shapes do not fit.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> stream = io.BytesIO()
        >>> np.save(stream, np.zeros((2, 8, 8)))
        >>> read_numpy(as_file_set("t.npy", {"t.npy": stream.getvalue()}), Request()).arrays[0].values.shape
        (2, 8, 8, 1)
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    others: list[str] = []
    for file in files.files:
        raw = files.read(file)
        if raw.startswith(NUMPY_MAGIC):
            arrays[file] = parse_npy(raw, name=file)
        else:
            others.append(file)
    roles = {file: name_role(PurePosixPath(file).name) for file in arrays}
    parts, used = _pair_arrays(arrays, roles, files.name)
    others += [file for file in arrays if file not in used]
    notes = (f"{files.name}: left out: {', '.join(others[:8])}",) if others else ()
    return build_array_table(parts, request, source=files.name, others=others, notes=notes)


@dataclass(frozen=True)
class Role:
    """What a name says about an array: "input", "label" or another name, and the part."""

    what: str
    part: int


def name_role(name: str) -> Role:
    """The role that a file's or array's name gives it.

    Example:
        >>> name_role("train_images.npy"), name_role("y.npy")
        (Role(what='input', part=1), Role(what='label', part=0))
    """
    bare = re.sub(r"\.(npy|gz|xz)\b", "", name)
    words = [word for word in re.split(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])", bare) if word]
    parts = [PART_FOLDERS[word.casefold()] for word in words if word.casefold() in PART_FOLDERS]
    rest = [word.casefold() for word in words if word.casefold() not in PART_FOLDERS]
    part = parts[0] if parts else PART_UNDECLARED
    if any(word in _LABEL_WORDS for word in rest):
        return Role("label", part)
    if any(word in _INPUT_WORDS for word in rest) or not rest:
        return Role("input", part)
    return Role("_".join(rest), part)


def _pair_arrays(
    arrays: dict[str, NDArray[np.generic]], roles: dict[str, Role], source: str
) -> tuple[list[ArrayPart], set[str]]:
    inputs = [file for file, role in roles.items() if role.what == "input" and arrays[file].ndim >= 1]
    if not inputs:
        # Names say nothing: the array with most axes holds the examples, arrays of one axis go with it.
        ranked = sorted(arrays, key=lambda file: (-arrays[file].ndim, -arrays[file].size))
        if not ranked or (len(ranked) > 1 and arrays[ranked[1]].ndim > 1):
            shown = ", ".join(f"{file} {arrays[file].shape}" for file in ranked[:8]) or "nothing"
            raise DataError(
                f"{source} holds {shown}: which array holds the examples cannot be told",
                hint="name the arrays X and y, or train_images, train_labels, test_images, test_labels",
            )
        inputs = ranked[:1]
    parts, used = [], set()
    for file in inputs:
        part = roles[file].part
        mates = [
            other
            for other, role in roles.items()
            if other not in inputs and role.part == part and arrays[other].ndim >= 1
            and len(arrays[other]) == len(arrays[file])
        ]  # fmt: skip
        unequal = [
            other for other, role in roles.items()
            if role.what == "label" and role.part == part and arrays[other].ndim
            and other not in mates and other not in inputs
        ]  # fmt: skip
        if unequal:
            raise DataError(
                f"{source}: {file} has {len(arrays[file]):,} examples, {unequal[0]} has {len(arrays[unequal[0]]):,}",
                hint="the two must belong together, in the same order",
            )
        used |= {file, *mates}
        columns: dict[str, NDArray[np.generic]] = {}
        for other in mates:
            what = (
                roles[other].what
                if len(inputs) > 1 or len(mates) > 1 or roles[other].what == "label"
                else "label"
            )
            columns.update(_flatten_column(what, arrays[other]))
        parts.append(ArrayPart(file, part, arrays[file], columns))
    return parts, used


def _flatten_column(name: str, values: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
    flat = values.reshape(len(values), -1)
    if flat.shape[1] == 1:
        return {name: flat[:, 0]}
    is_one_hot = flat.dtype.kind in "buif" and bool(
        np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all()
    )
    if is_one_hot:
        return {name: flat.argmax(axis=1)}
    return {f"{name}/{number}": flat[:, number] for number in range(flat.shape[1])}


def list_npz(raw: bytes, *, name: str) -> FileSet:
    """The arrays of a `.npz` file as a file set; sizes are checked before anything is unpacked.

    Args:
        raw: content of the file.
        name: for messages.

    Raises:
        DataError: damaged, or it would unpack without bound.

    Example:
        >>> list_npz(b"PK no", name="x.npz")
        Traceback (most recent call last):
        heldout.errors.DataError: x.npz is a damaged or truncated npz archive (File is not a zip file)
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        members = {item.filename: item for item in archive.infolist() if not item.is_dir()}
    except _ZIP_FAULTS as error:
        raise DataError(f"{name} is a damaged or truncated npz archive ({error})") from None
    total = sum(item.file_size for item in members.values())
    if (total > _RATIO_FROM and total > _RATIO * len(raw)) or total > _MOST_BYTES:
        raise DataError(f"{name} would inflate from {len(raw)} to {total} bytes")

    def load(file: str) -> bytes:
        try:
            return archive.read(members[file])
        except _ZIP_FAULTS as error:
            raise DataError(f"{file} is damaged in {name} ({error})") from None

    return FileSet(
        name, tuple(sorted(members)), tuple(members[file].file_size for file in sorted(members)), load
    )
