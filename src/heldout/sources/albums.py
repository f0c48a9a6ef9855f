"""Many pictures to one array: scanned, decoded in parallel, broken ones set aside with their reason."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
import PIL
from numpy.typing import NDArray

from heldout.errors import DataError
from heldout.records import ArrayColumn, ArrayPolicy, IndexArray, Kind, RawColumn
from heldout.sources.cache import Space, find_stored, make_key, make_space
from heldout.sources.columns import encode_cells
from heldout.sources.deep_colours import DEEP
from heldout.sources.folders import FileSet
from heldout.sources.pictures import (
    PictureHead,
    decide_policy,
    decode_picture,
    expected_format,
    refuse_bombs,
    scan_picture,
)
from heldout.sources.request import Request

Names = list[str] | tuple[str, ...]
Item = TypeVar("Item")
Result = TypeVar("Result")
_CHUNK, _MOST_THREADS = 128, 16
_FORM = "pictures 3"  # a change of the decoding rules makes a new cache


@dataclass(frozen=True)
class Album:
    """Pictures that could be decoded, and why the others could not.

    Args:
        rows: int64 [N], positions of the decoded pictures among the files asked for.
        array: the pictures.
        faults: (position, reason) of every other file.
        columns: how the N pictures were stored, where they differ in it: `picture/height`, `picture/width`,
            `picture/format`, `picture/camera`.
    """

    rows: IndexArray
    array: ArrayColumn
    faults: tuple[tuple[int, str], ...]
    columns: tuple[RawColumn, ...] = ()


def decode_files(files: FileSet, names: Names, request: Request, *, column: str = "picture") -> Album:
    """All pictures of some files, decoded by one policy.

    Args:
        files: where they lie.
        names: which of them, in order.
        request: policy and cache, if given.
        column: name of the array.

    Returns:
        The album; its array is a memory map when there is a cache or it is larger than 1 GB.

    Raises:
        DataError: none of the files is a picture that can be read.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> decode_files(as_file_set("t", {"a.png": b"no"}), ["a.png"], Request())
        Traceback (most recent call last):
        heldout.errors.DataError: none of the 1 files of t is a picture that can be read; the first, 'a.png': ...
    """
    key = ""
    if request.cache is not None:
        key = make_key(_list_key(files, names, request))
        stored = find_stored(request.cache, key)
        if stored is not None:
            return _restore(stored.values, stored.facts, column)
    with refuse_bombs():
        heads, faults = _scan(files, names)
        if not heads:
            first = min(faults)
            raise DataError(
                f"none of the {len(names):,} files of {files.name} is a picture that can be read; the first, "
                f"{names[first]!r}: {faults[first]}"
            )
        given = request.policy(Kind.PICTURE)
        policy = given or decide_policy(list(heads.values()), side=request.side)
        rows = np.array(sorted(heads), dtype=np.int64)
        space = make_space(
            (len(rows), policy.height, policy.width, len(policy.channels)),
            policy.dtype,
            cache=request.cache,
            key=key,
        )
        try:
            done = _decode_into(space, files, [(names[row], heads[int(row)]) for row in rows], policy)
        except BaseException:
            space.discard()
            raise
    faults.update({int(rows[place]): reason for place, reason in enumerate(done) if reason})
    is_good = np.array([not reason for reason in done], dtype=np.bool_)
    if not is_good.any():
        space.discard()
        raise DataError(
            f"none of the {len(names):,} pictures of {files.name} could be decoded; the first, "
            f"{names[int(rows[0])]!r}: {done[0]}"
        )
    _close_gaps(space.values, is_good)
    keep = policy.channels if given else narrow_channels(space.values[: int(is_good.sum())], policy)
    notes = _tell(heads, {int(row): names[row] for row in rows}, files.name, policy)
    facts = {
        "rows_kept": rows[is_good].tolist(),
        "faults": sorted(faults.items()),
        "notes": notes,
        "stored": policy.channels,
        "policy": asdict(replace(policy, channels=keep)),
        "origins": _list_origins([heads[int(row)] for row in rows[is_good]], keep_all=request.is_fixed),
    }
    return _restore(space.finish(int(is_good.sum()), facts), facts, column)


def _restore(values: NDArray[np.generic], facts: dict[str, Any], column: str) -> Album:
    known = {**facts["policy"], "kind": Kind.PICTURE, "channels": tuple(facts["policy"]["channels"])}
    policy = ArrayPolicy(**known)
    shown = keep_channels(values, tuple(facts["stored"]), policy.channels)
    array = ArrayColumn(column, Kind.PICTURE, shown, policy, (policy.why, *facts["notes"]))
    faults = tuple((int(row), str(reason)) for row, reason in facts["faults"])
    columns = tuple(encode_cells(f"{column}/{name}", cells) for name, cells in facts["origins"].items())
    return Album(np.array(facts["rows_kept"], dtype=np.int64), array, faults, columns)


def _list_origins(heads: Sequence[PictureHead], *, keep_all: bool) -> dict[str, list[str | None]]:
    """How pictures were stored, where they differ: by it a class may be told that shows nothing of itself."""
    cells: dict[str, list[str | None]] = {
        "height": [str(head.height) for head in heads],
        "width": [str(head.width) for head in heads],
        "format": [head.format for head in heads],
        "camera": [head.camera or None for head in heads],
    }
    return {name: texts for name, texts in cells.items() if keep_all or len(set(texts)) > 1}


def _list_key(files: FileSet, names: Names, request: Request) -> Iterable[bytes]:
    rules = (_FORM, PIL.__version__, request.side, request.is_fixed, request.policy(Kind.PICTURE))
    yield ";".join(map(str, rules)).encode()
    yield from run_parallel(lambda name: _digest(files, name), names)


def _digest(files: FileSet, name: str) -> bytes:
    try:
        return hashlib.sha256(files.read(name)).digest()
    except DataError as error:
        return error.message.encode("utf-8", "backslashreplace")


def run_parallel(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """What a function gives for every item, in order, by as many threads as there are processors.

    Args:
        work: a function of one item that releases the interpreter for most of its time.
        items: its inputs.

    Example:
        >>> run_parallel(lambda number: number + 1, [1, 2])
        [2, 3]
    """
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    n_threads = min(_MOST_THREADS, len(os.sched_getaffinity(0)), len(chunks))
    if n_threads < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(n_threads) as pool:
        return [
            result
            for done in pool.map(lambda chunk: [work(item) for item in chunk], chunks)
            for result in done
        ]


def _scan(files: FileSet, names: Names) -> tuple[dict[int, PictureHead], dict[int, str]]:
    def look(name: str) -> PictureHead | str:
        try:
            return scan_picture(files.read(name))
        except DataError as error:
            return error.message

    found = run_parallel(look, names)
    heads = {row: head for row, head in enumerate(found) if isinstance(head, PictureHead)}
    return heads, {row: reason for row, reason in enumerate(found) if isinstance(reason, str)}


def _decode_into(
    space: Space, files: FileSet, found: Sequence[tuple[str, PictureHead]], policy: ArrayPolicy
) -> list[str]:
    values = space.values

    def fill(place: int) -> str:
        try:
            name, head = found[place]
            values[place] = decode_picture(files.read(name), policy, head=head)
        except DataError as error:
            return error.message
        return ""

    return run_parallel(fill, range(len(found)))


def _close_gaps(values: NDArray[np.generic], is_good: NDArray[np.bool_]) -> None:
    if is_good.all():
        return
    for to, row in enumerate(np.flatnonzero(is_good)):
        if to != row:
            values[to] = values[row]


def _tell(
    heads: dict[int, PictureHead], names: dict[int, str], source: str, policy: ArrayPolicy
) -> list[str]:
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for row, head in heads.items():
        for what in _list_oddities(head, names[row], policy):
            counts[what] += 1
            first.setdefault(what, names[row])
    return [f"{source}: {count:,} {what} (first: {first[what]})" for what, count in counts.items()]


def _list_oddities(head: PictureHead, name: str, policy: ArrayPolicy) -> list[str]:
    promised = expected_format(name)
    colours = ("1", "L", "LA", "La", "I", "F")
    checks = [
        (head.is_animated, "pictures have several frames; the first was read"),
        (head.is_turned, "pictures were turned as their EXIF data say"),
        (head.has_alpha, "pictures have transparent parts; these are drawn on black"),
        (head.mode == "CMYK", "pictures are CMYK; converted to red, green, blue"),
        (bool(promised) and promised != head.format, "pictures are of another format than their ending says"),
        (
            policy.channels[0] == "gray" and head.mode not in colours and not head.mode.startswith("I;16"),
            "pictures have colours and were read as gray, as most others are",
        ),
        (
            head.bits == DEEP and (policy.dtype == "uint8" or not (head.is_deep or head.mode[0] in "IF")),
            "pictures have 16 bit and were read with 8: what differs in the lower bits only looks the same",
        ),
        (
            policy.fit != "exact" and min(head.height, head.width) * 2 < min(policy.height, policy.width),
            "pictures are less than half as large as wanted and were enlarged",
        ),
    ]
    return [what for holds, what in checks if holds]


def narrow_channels(values: NDArray[np.generic], policy: ArrayPolicy) -> tuple[str, ...]:
    """The channels that tell something: without alpha where all is opaque, gray where no pixel has a colour.

    Args:
        values: [N, H, W, C] as decoded.
        policy: how it was decoded.

    Example:
        >>> values = np.full((1, 4, 4, 3), 9, np.uint8)
        >>> narrow_channels(values, ArrayPolicy(Kind.PICTURE, "uint8", ("red", "green", "blue")))
        ('gray',)
    """
    channels = policy.channels
    if channels[-1] == "alpha" and _holds(values, lambda block: bool((block[..., -1] == 255).all())):
        channels = channels[:-1]
    if channels[:3] == ("red", "green", "blue") and _holds(values, _is_colourless):
        channels = ("gray", *channels[3:])
    return channels


def _is_colourless(block: NDArray[np.generic]) -> bool:
    return bool(((block[..., 0] == block[..., 1]) & (block[..., 0] == block[..., 2])).all())


def _holds(values: NDArray[np.generic], judge: Callable[[NDArray[np.generic]], bool]) -> bool:
    return all(judge(values[start : start + 512]) for start in range(0, len(values), 512))


def keep_channels(
    values: NDArray[np.generic], have: tuple[str, ...], keep: tuple[str, ...]
) -> NDArray[np.generic]:
    """A view of the array with fewer channels; gray is taken from red, which equals it.

    Example:
        >>> keep_channels(np.zeros((1, 4, 4, 3)), ("red", "green", "blue"), ("gray",)).shape
        (1, 4, 4, 1)
    """
    if have == keep:
        return values
    if keep[0] == "gray" and have[0] == "red":
        return values[..., 0::3] if keep[-1] == "alpha" else values[..., :1]
    return values[..., : len(keep)]
