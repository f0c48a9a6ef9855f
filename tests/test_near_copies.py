"""Near copies are kept together; what would join nearly everything joins nothing and says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.test_lookalikes import draw
from tests.test_near_texts import edit, write

from heldout.links import Links
from heldout.near_copies import is_compared, join_near
from heldout.records import ArrayColumn, ArrayPolicy, Kind
from heldout.sources.columns import encode_cells


def unlinked(n: int) -> Links:
    return Links(np.arange(n), 0, 0, np.arange(n))


def pictures(values: np.ndarray) -> ArrayColumn:
    return ArrayColumn(
        "picture", Kind.PICTURE, values, ArrayPolicy(Kind.PICTURE, "uint8", ("red", "green", "blue"))
    )


def test_pictures_and_texts_join_what_is_kept_together_already() -> None:
    values = draw(np.random.default_rng(0), 80)
    values[50] = np.roll(values[3], 1, axis=1)
    texts = write(np.random.default_rng(1), 80, 60)
    texts[70] = edit(np.random.default_rng(2), texts[50], 0.05)
    unit = np.arange(80)
    unit[4] = 3
    unit[5:] -= 1
    links = join_near(replace(unlinked(80), unit=unit), (pictures(values),), (encode_cells("text", texts),))
    joined = [np.flatnonzero(links.unit == number).tolist() for number in np.unique(links.unit)]
    assert [rows for rows in joined if len(rows) > 1] == [[3, 4, 50, 70]]
    assert links.unit[0] == 0
    assert [near.pairs.tolist() for near in links.near] == [[[3, 50]], [[50, 70]]]
    assert "2 of 80 pictures of 'picture' are near copies of another one, in 1 families" in links.notes[0]
    assert "they stay on one side of every split" in links.notes[1]


def test_equal_texts_of_rows_that_differ_elsewhere_are_joined() -> None:
    texts = write(np.random.default_rng(3), 40, 30)
    column = encode_cells("text", [*texts, texts[7], None, texts[7]])
    links = join_near(unlinked(43), (), (column,))
    assert links.unit[7] == links.unit[40] == links.unit[42]
    assert len(np.unique(links.unit)) == 41
    assert links.near[0].likeness.tolist() == [1.0, 1.0]


def test_cells_without_a_word_are_no_copies_of_each_other() -> None:
    texts = write(np.random.default_rng(1), 40, 60)
    texts[3] = texts[9] = texts[20] = ""
    texts[5] = texts[6] = "..."
    texts[30] = texts[2]
    links = join_near(unlinked(40), (), (encode_cells("text", texts),))
    assert [near.pairs.tolist() for near in links.near] == [[[2, 30]]]


def test_titles_are_no_texts_to_compare() -> None:
    titles = encode_cells("title", ["officer of police of the county", "nurse of the county"] * 30)
    assert not is_compared(titles)
    assert not is_compared(encode_cells("title", [f"nurse {number}" for number in range(60)]))
    assert is_compared(encode_cells("text", write(np.random.default_rng(4), 30, 9)))
    links = unlinked(60)
    assert join_near(links, (), (titles,)) is links


def test_a_family_of_half_the_rows_is_told_and_not_joined() -> None:
    rng = np.random.default_rng(5)
    (one,) = write(rng, 1, 80)
    texts = [edit(rng, one, 0.03) for _ in range(30)] + write(rng, 30, 80)
    links = join_near(unlinked(60), (), (encode_cells("text", texts),))
    assert links.unit.tolist() == list(range(60))
    assert not links.near[0].is_joined
    assert "so near copies were not kept together: scores may be too high" in links.notes[0]


@pytest.mark.parametrize("n", [0, 1])
def test_tables_without_rows_to_compare(n: int) -> None:
    links = unlinked(n)
    assert join_near(links, (), (encode_cells("text", ["a b c d e f"] * n),)) is links
