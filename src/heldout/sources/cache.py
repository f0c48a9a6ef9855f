"""Room for large arrays: in memory, in a file that vanishes, or in a cache that the next study finds again.

A cached array is a folder that appears as a whole by one rename, so that a killed study leaves none half-written.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heldout.errors import DataError

# Above this an array that is not cached lives in a temporary file, which the system may page out.
_IN_MEMORY_BYTES = 1_000_000_000
_TEMPORARY = ".heldout-tmp-"
_VALUES, _FACTS = "values.npy", "facts.json"
_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True)
class Stored:
    """An array found in the cache.

    Args:
        values: read-only memory map.
        facts: what was kept beside it, JSON values.
    """

    values: NDArray[np.generic]
    facts: dict[str, Any]


class Space:
    """Room for one array that is filled row by row; made by `make_space`.

    Args:
        values: the writable array, zeros at first.
        folder: temporary folder of the cache, or None.
        final: where the folder goes when it is finished, or None.
    """

    def __init__(
        self, values: NDArray[np.generic], *, folder: Path | None = None, final: Path | None = None
    ) -> None:
        self.values, self._folder, self._final = values, folder, final

    def finish(self, rows: int, facts: dict[str, Any]) -> NDArray[np.generic]:
        """The first rows of the array, read-only; in the cache they lie under their final name from now on.

        Args:
            rows: how many rows were filled.
            facts: JSON values to keep beside them.
        """
        if self._folder is None or self._final is None:
            self.values.flags.writeable = False
            return self.values[:rows]
        self.values.flush()  # type: ignore[attr-defined] - a memory map
        known = {**facts, "rows": rows, "crc32": _checksum(self.values)}
        _write_through(self._folder / _FACTS, json.dumps(known, allow_nan=False).encode())
        try:
            self._folder.rename(self._final)
        except OSError:  # another study finished the same array first
            shutil.rmtree(self._folder, ignore_errors=True)
        del self.values
        found = np.load(self._final / _VALUES, mmap_mode="r", allow_pickle=False)
        return found[:rows]

    def discard(self) -> None:
        """Give the room back after a failure."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def make_key(pieces: Iterable[bytes]) -> str:
    """A name for the cache from everything that decides the array.

    Args:
        pieces: contents (or their digests) and rules, in order.

    Example:
        >>> make_key([b"a", b"bc"]) == make_key([b"ab", b"c"])
        False
    """
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(b"%d:" % len(piece))
        digest.update(piece)
    return digest.hexdigest()[:40]


def make_space(shape: tuple[int, ...], dtype: str, *, cache: Path | None = None, key: str = "") -> Space:
    """Room for an array of this shape.

    Args:
        shape: rows first.
        dtype: numpy name.
        cache: folder to keep it in, or None.
        key: its name there, from `make_key`.

    Raises:
        DataError: the disk has no room for it.

    Example:
        >>> space = make_space((2, 3), "uint8")
        >>> space.values[:] = 7
        >>> space.finish(1, {}).tolist()
        [[7, 7, 7]]
    """
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if cache is None and size <= _IN_MEMORY_BYTES:
        return Space(np.zeros(shape, dtype))
    try:
        if cache is None:
            with tempfile.TemporaryFile() as file:
                os.posix_fallocate(file.fileno(), 0, size)
                return Space(np.memmap(file, dtype=dtype, mode="r+", shape=shape))
        cache.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=cache))
        values = np.lib.format.open_memmap(folder / _VALUES, mode="w+", dtype=np.dtype(dtype), shape=shape)
        with (folder / _VALUES).open("r+b") as file:
            # Without it a full disk would end the process while the map is written.
            os.posix_fallocate(file.fileno(), 0, file.seek(0, os.SEEK_END))
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise DataError(
            f"no room for {size:,} bytes of decoded examples in {cache or tempfile.gettempdir()}: {error.strerror}",
            hint="free some space" if is_full else "give another folder",
        ) from None
    return Space(values, folder=folder, final=cache / f"arrays-{key}")


def find_stored(cache: Path | None, key: str) -> Stored | None:
    """The array of this key, or None when it is not there or not intact.

    Args:
        cache: folder of the cache, or None.
        key: from `make_key`.

    Example:
        >>> find_stored(None, "0") is None
        True
    """
    if cache is None:
        return None
    folder = cache / f"arrays-{key}"
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        values = np.load(folder / _VALUES, mmap_mode="r", allow_pickle=False)
        is_intact = facts["crc32"] == _checksum(values)
        rows = int(facts["rows"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        is_intact, rows, values, facts = False, 0, np.zeros(0), {}
    if not is_intact:
        shutil.rmtree(folder, ignore_errors=True)  # damaged: it is made again
        return None
    return Stored(values[:rows], facts)


def _checksum(values: NDArray[np.generic]) -> int:
    crc = 0
    rows = max(1, _BLOCK_BYTES // max(1, values[:1].nbytes))
    for start in range(0, len(values), rows):
        crc = zlib.crc32(np.ascontiguousarray(values[start : start + rows]).data, crc)
    return crc


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
