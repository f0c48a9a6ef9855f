from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.packed import FEWEST_PACKED, PackedTexts, pack_texts
from heldout.records import Table
from heldout.sources.columns import encode_cells, fingerprint_table, take_rows

TEXTS = st.lists(st.text(st.characters(blacklist_characters="\x1e"), max_size=5), max_size=12)


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_packed_texts_behave_as_their_tuple(texts: list[str]) -> None:
    packed, plain = PackedTexts(texts), tuple(texts)
    assert packed == plain
    assert packed == PackedTexts(texts)
    assert tuple(packed) == plain
    assert (len(packed), bool(packed)) == (len(plain), bool(plain))
    assert [packed[place] for place in range(-len(texts), len(texts))] == [*plain, *plain]
    for part in (slice(1, 3), slice(None, None, 2), slice(5, 2)):
        assert packed[part] == plain[part]
    assert all(text in packed for text in plain)
    assert packed != (*plain, "one more")


@pytest.mark.parametrize("place", [3, -4])
def test_a_place_without_a_text_is_refused(place: int) -> None:
    with pytest.raises(IndexError, match="there are 3 texts, none at"):
        PackedTexts(["a", "b", "c"])[place]


def test_texts_longer_than_a_piece_come_in_order() -> None:
    texts = [f"täxt {k}" for k in range(50_001)]
    assert list(PackedTexts(texts)) == texts


def test_texts_that_hold_the_separator_stay_a_tuple() -> None:
    texts = [str(k) for k in range(FEWEST_PACKED)]
    assert isinstance(pack_texts(texts), PackedTexts)
    assert isinstance(pack_texts([*texts, "a\x1eb"]), tuple)
    assert isinstance(pack_texts(texts[:-1]), tuple)


def test_a_packed_column_has_the_fingerprint_and_rows_of_its_cells() -> None:
    texts = [f"{k}" for k in range(FEWEST_PACKED + 5)]
    column = encode_cells("x", texts)
    assert isinstance(column.levels, PackedTexts)
    table = Table((column,), np.arange(len(texts)), "t.csv")
    plain = Table((type(column)("x", column.codes, tuple(texts)),), np.arange(len(texts)), "t.csv")
    assert fingerprint_table(table) == fingerprint_table(plain)
    kept = take_rows(table, np.arange(len(texts) - 1, -1, -1)).columns[0]
    assert (kept.levels[0], len(kept.levels)) == (texts[-1], len(texts))
    assert take_rows(table, np.array([7, 3])).columns[0].levels == ("7", "3")
