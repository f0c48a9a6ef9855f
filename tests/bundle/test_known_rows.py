"""Marks of rows: equal where all that the networks read is, and of no use elsewhere."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bundle.conftest import N_ROWS, make_frame
from heldout.bundle import bundle_bytes, find_known, mark_rows, read_bundle, share_repeated
from heldout.bundle.container import pack_members, unpack_members
from heldout.bundle.known_rows import check_marks
from heldout.bundle.manifest import hash_bytes
from heldout.cells import type_table
from heldout.errors import BundleError, DataError
from heldout.records import ArrayColumn, ArrayPolicy, Kind
from heldout.sources import read_table

POLICY = ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), height=2, width=2)


def mark_table(bundle, frame, rows=None):
    table = read_table(frame)
    typed = type_table(
        replace(table, columns=tuple(column for column in table.columns if column.name != "num")),
        [plan.spec for plan in bundle.recipe.columns],
    )
    rows = np.arange(len(frame)) if rows is None else rows
    return mark_rows(bundle.recipe, typed, (), rows=rows, salt=bundle.fingerprint)


def test_marks_agree_where_all_cells_do_as_a_stupid_comparison_says(bundle):
    old, new = make_frame(), make_frame(40, seed=9)
    new.iloc[5:20] = old.iloc[50:65].to_numpy()
    new.loc[7, "weight"] = "1.25"
    knowing = replace(bundle, known_rows=np.sort(mark_table(bundle, old)))
    cells = [tuple(map(str, row)) for row in old.drop(columns="num").to_numpy()]
    expected = [tuple(map(str, row)) in cells for row in new.drop(columns="num").to_numpy()]
    assert find_known(knowing, read_table(new)).tolist() == expected
    assert sum(expected) == 14
    # labels and further columns count for nothing, and the order of columns neither
    turned = new.assign(num="ill", more="x")[["more", "weight", "num", "smoker", "color", "age"]]
    assert find_known(knowing, read_table(turned)).tolist() == expected
    with pytest.raises(DataError, match="1 column is missing: 'weight'"):
        find_known(knowing, read_table(new.drop(columns="weight")))


def test_marks_of_some_rows_are_those_of_all(bundle):
    frame, rows = make_frame(), np.array([5, 80, 3])
    assert (mark_table(bundle, frame, rows) == mark_table(bundle, frame)[rows]).all()


def test_marks_of_another_study_say_nothing(bundle):
    other = replace(bundle, fingerprint="cd" * 32)
    assert not np.isin(mark_table(bundle, make_frame()), mark_table(other, make_frame())).any()


def test_a_picture_is_known_again_by_every_pixel():
    pixels = np.random.default_rng(0).integers(0, 255, (6, 2, 2, 1)).astype(np.uint8)
    recipe = SimpleNamespace(columns=(), arrays=(SimpleNamespace(name="p"),))

    def mark(values):
        array = ArrayColumn("p", Kind.PICTURE, values, POLICY)
        return mark_rows(recipe, (), (array,), rows=np.arange(6), salt="a")

    changed = pixels.copy()
    changed[2, 0, 0, 0] ^= 1
    assert (mark(pixels) == mark(changed)).tolist() == [True, True, False, True, True, True]
    assert share_repeated(mark(pixels)) == 0


def test_the_bundle_keeps_eight_bytes_a_row_and_nothing_else_of_it(bundle):
    marks = np.sort(mark_table(bundle, make_frame()))
    saved = bundle_bytes(replace(bundle, known_rows=marks, group="site"))
    loaded = read_bundle(saved)
    assert (loaded.known_rows == marks).all()
    assert loaded.group == "site"
    assert len(saved) - len(bundle_bytes(bundle)) < 8 * N_ROWS + 50
    assert f"a salted hash of 8 bytes for each of the {N_ROWS} rows".encode() in saved


def test_other_marks_are_refused(bundle):
    members = unpack_members(
        bundle_bytes(replace(bundle, known_rows=np.arange(9, dtype=np.uint64))), source="b"
    )

    def change(content):
        old, manifest = members["rows.safetensors"], members["manifest.json"].decode()
        for one, other in ((hash_bytes(old), hash_bytes(content)),):
            manifest = manifest.replace(one, other)
        return pack_members({**members, "rows.safetensors": content, "manifest.json": manifest.encode()})

    renamed = members["rows.safetensors"].replace(b'"marks"', b'"names"')
    with pytest.raises(BundleError, match=r"expected one array 'marks' of U64, got \['names'\]"):
        read_bundle(change(renamed))
    with pytest.raises(BundleError, match="not in ascending order"):
        check_marks(np.array([[3], [4]], np.uint64), where="rows")
