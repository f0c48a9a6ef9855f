"""Lists in cells."""

from __future__ import annotations

import numpy as np

from heldout.cells.lists import ItemList, find_list, split_items
from heldout.cells.tally import Present


def find(*texts: str) -> ItemList | None:
    return find_list(Present(texts, np.ones(len(texts), np.int64), len(texts), 0, ""))


KNOWN = {"genu varum": "Genu varum", "bone pain": "bone pain"}


def test_items_that_come_back_make_a_list() -> None:
    found = find("pain; fever", "fever", "Pain", "pain; cough;", "cough")
    assert found is not None
    assert (found.separator, found.n_items, found.n_listed) == (";", 3, 2)
    assert find("a|b", "b|c", "a|c", "a") is not None
    assert find("a, b", "b, c", "a, c", "a, b, c", "c, b, a", "a") is not None


def test_prose_names_and_single_lists_are_no_lists() -> None:
    assert find("He came; he went.", "She stayed; it rained.", "x") is None
    assert find("Smith, John", "Doe, Jane", "Roe, Max") is None
    assert find("a; b", "c", "d") is None


def test_items_are_sorted_and_each_once() -> None:
    assert split_items("bone pain; Genu Varum;bone pain;", separator=";", items=KNOWN) == (
        "Genu varum",
        "bone pain",
    )
    assert split_items("new thing", separator=";", items=KNOWN) == ("new thing",)
    assert split_items(" ; ", separator=";", items=KNOWN) == ()


def test_and_splits_only_what_is_known_on_both_sides() -> None:
    assert split_items("Genu varum and bone pain", separator=";", items=KNOWN) == ("Genu varum", "bone pain")
    assert split_items("Hip and knee joint pain", separator=";", items=KNOWN) == ("Hip and knee joint pain",)


def test_a_qualifier_keeps_its_item() -> None:
    assert split_items("genu varum (mild)", separator=";", items=KNOWN) == ("Genu varum", "Genu varum (mild)")
