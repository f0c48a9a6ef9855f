"""Saving: the same bytes always, atomically, and nothing that could not be loaded."""

import errno
import os
import stat
from dataclasses import replace

import numpy as np
import pytest

from heldout.bundle import bundle_bytes, load_bundle, predict_table, save_bundle, write_file
from heldout.bundle import save as save_module
from heldout.bundle.record import find_net
from heldout.errors import BundleError, StudyError


def test_same_bundle_same_bytes(bundle, tmp_path):
    first, second = save_bundle(bundle, tmp_path / "a.zip"), save_bundle(bundle, tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes() == bundle_bytes(bundle)
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "b.zip"]


def test_another_bundle_other_bytes(bundle):
    assert bundle_bytes(replace(bundle, threshold=0.41)) != bundle_bytes(bundle)


def test_file_is_readable_by_the_umask(tmp_path):
    old = os.umask(0o022)
    try:
        path = write_file(tmp_path / "a", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_missing_folder(bundle, tmp_path):
    with pytest.raises(StudyError, match="the folder does not exist\n  -> make the folder"):
        save_bundle(bundle, tmp_path / "no" / "b.zip")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space: cannot write .*it needs 3 bytes and [0-9,]+ are free"),
        (errno.EDQUOT, "no space"),
        (errno.EACCES, "not writable: cannot write .*Permission denied"),
        (errno.EROFS, "not writable: cannot write .*Read-only file system"),
        (errno.EIO, "cannot write .*Input/output error"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_failing_disk_is_an_error_and_keeps_the_old_file(call, number, words, tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    path.write_bytes(b"old")

    def fail(*_args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(save_module.os, call, fail)
    with pytest.raises(StudyError, match=words):
        write_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.zip"]


def test_weights_that_are_not_finite_are_never_saved(bundle):
    weight, bias = bundle.members[0].params[0]
    broken = replace(
        bundle.members[0], params=((weight * np.float32("nan"), bias), *bundle.members[0].params[1:])
    )
    with pytest.raises(BundleError, match="network 0 .* has weights that are not finite"):
        bundle_bytes(replace(bundle, members=(broken,)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"members": ()}, "at least one network, got 0"),
        ({"classes": ("a",)}, "1 classes .* do not fit the task 'binary'"),
        ({"temperature": 0.0}, "key 'temperature'"),
        ({"threshold": float("nan")}, "key 'threshold'"),
        ({"costs": (1.0,)}, "costs must be two numbers"),
        ({"common_values": (("c" * 60, "v"),) * 20_000}, "bytes, at most 1,048,576 are allowed"),
    ],
)
def test_records_that_do_not_fit_are_never_saved(change, words, bundle):
    with pytest.raises(BundleError, match=words):
        bundle_bytes(replace(bundle, **change))


def test_other_number_of_features(bundle, recipe):
    layer = (np.zeros((recipe.n_features + 1, 1), np.float32), np.zeros(1, np.float32))
    with pytest.raises(BundleError, match=r"the networks take \d+ features, the recipe gives \d+"):
        bundle_bytes(replace(bundle, members=(replace(bundle.members[0], params=(layer,)),)))


def test_state_beyond_the_recipe(bundle):
    with pytest.raises(BundleError, match="network 0 uses fitted state 2, the recipe has 2"):
        bundle_bytes(replace(bundle, members=(replace(bundle.members[0], state=2),)))


@pytest.mark.parametrize("which", ["labels", "steps"])
def test_labels_and_order_come_back_with_the_same_predictions(which, request, table, tmp_path):
    made = request.getfixturevalue(which)
    path = tmp_path / "bundle.zip"
    save_bundle(made, path)
    loaded = load_bundle(path)
    assert loaded.task is made.task
    assert find_net(loaded) == find_net(made)
    one, other = (predict_table(each, table, allow_shift=True).prediction for each in (made, loaded))
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.labels, other.labels)
