"""Folders of small text files, one signal each."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.sources.curve_tables import parse_grid, read_curves
from heldout.sources.folders import as_file_set
from heldout.sources.ledger import check_ledger
from heldout.sources.request import Request


def lines(*rows: str) -> bytes:
    return "\n".join(rows).encode()


def signal(count: int = 6, *, head: str = "time,flux") -> bytes:
    return lines(head, *(f"{k},{k * k}" for k in range(count)))


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("t;y\n0;1\n2;3", ("t", "y"), [[0, 1], [2, 3]]),
        ("# star\n0.5 1d2\n 1.5\t-3", ("1", "2"), [[0.5, 100], [1.5, -3]]),
        ('"y"\n1\n\n?\n', ("y",), [[1], [np.nan]]),
    ],
)
def test_grids(text: str, names: tuple[str, ...], values: list[list[float]]) -> None:
    grid = parse_grid(text)
    assert grid.names == names
    np.testing.assert_array_equal(grid.values, values)


def test_grids_refuse_words_and_ragged_lines() -> None:
    with pytest.raises(DataError, match="line 3 has 3 cells, the first 2"):
        parse_grid("a,b\n1,2\n1,2,3")
    with pytest.raises(DataError, match="line 3: 'x' is no number"):
        parse_grid("a,b\n1,2\n1,x")
    with pytest.raises(DataError, match="holds no numbers"):
        parse_grid("a,b\n")


def test_classes_axis_and_faults() -> None:
    contents = {f"{c}/{k}.csv": signal() for c in ("star", "quasar") for k in range(4)}
    contents["star/bad.csv"] = b"time,flux\n1,x\n"
    contents["star/other.csv"] = signal(head="time,magnitude")
    contents["star/short.csv"] = signal(2)
    table = check_ledger(read_curves(as_file_set("d", contents), Request()))
    assert table.arrays[0].values[0, :, 0].tolist() == [0, 1, 4, 9, 16, 25]
    assert table.arrays[0].policy.axis == "time"
    assert table.columns[1].levels == ("quasar", "star")
    assert [item.reason for item in table.set_aside] == [
        "line 2: 'x' is no number",
        "its columns are time, magnitude; most others have time, flux",
        "a signal of 2 points; at least 4 are needed",
    ]


def test_first_increasing_column_without_a_header_is_the_axis() -> None:
    raw = lines(*(f"{k / 2} {k} {-k}" for k in range(9)))
    array = read_curves(as_file_set("d", {"a": raw, "b": raw}), Request()).arrays[0]
    assert array.policy.channels == ("2", "3")
    assert array.values.shape == (2, 9, 2)


def test_nothing_to_read() -> None:
    with pytest.raises(DataError, match="no file of d holds a signal; the first, a: holds no numbers"):
        read_curves(as_file_set("d", {"a": b"x\n"}), Request())
