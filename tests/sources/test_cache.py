"""Room for arrays, and the cache that finds them again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.sources import cache
from heldout.sources.cache import find_stored, make_key, make_space


def test_large_arrays_without_a_cache_live_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_IN_MEMORY_BYTES", 10)
    space = make_space((4, 5), "float32")
    assert isinstance(space.values, np.memmap)
    space.values[:] = 2
    values = space.finish(3, {})
    assert values.tolist() == [[2.0] * 5] * 3
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = 1


def test_finished_arrays_are_found_with_their_facts(tmp_path: Path) -> None:
    key = make_key([b"x"])
    space = make_space((3, 2), "uint8", cache=tmp_path, key=key)
    assert find_stored(tmp_path, key) is None
    space.values[:] = 9
    assert space.finish(2, {"notes": ["n"]}).tolist() == [[9, 9], [9, 9]]
    stored = find_stored(tmp_path, key)
    assert stored is not None
    assert (stored.values.tolist(), stored.facts["notes"]) == ([[9, 9], [9, 9]], ["n"])
    again = make_space((3, 2), "uint8", cache=tmp_path, key=key)
    again.values[:] = 9
    assert again.finish(2, {}).tolist() == [[9, 9], [9, 9]]
    assert [path.name for path in tmp_path.iterdir()] == [f"arrays-{key}"]


def test_discarded_room_leaves_nothing(tmp_path: Path) -> None:
    make_space((3, 2), "uint8", cache=tmp_path, key="k").discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["values.npy", "facts.json"])
def test_damaged_entries_are_removed(tmp_path: Path, damage: str) -> None:
    make_space((3, 2), "uint8", cache=tmp_path, key="k").finish(3, {})
    (tmp_path / "arrays-k" / damage).write_bytes(b"{")
    assert find_stored(tmp_path, "k") is None
    assert list(tmp_path.iterdir()) == []


def test_no_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no room for 4,000,000,000,000,000 bytes"):
        make_space((1_000_000_000_000, 1_000), "float32", cache=tmp_path, key="k")


def test_keys_depend_on_every_piece() -> None:
    assert len({make_key(pieces) for pieces in ([b"a", b"b"], [b"ab"], [b"b", b"a"], [])}) == 4
