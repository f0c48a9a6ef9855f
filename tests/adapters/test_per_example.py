from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from heldout.adapters.per_example import LossArchive, is_archive, merge_archives, read_archive, write_archive
from heldout.errors import DataError

RNG = np.random.default_rng(0)


def make(losses=None, **more):
    losses = RNG.random((1, 3, 1, 5)).astype(np.float32) if losses is None else losses
    c, e, s, m = losses.shape
    given = {
        "epochs": np.arange(1, e + 1),
        "unit": np.arange(m),
        "constant_losses": np.full(m, 0.69),
        "names": tuple(f"n{i}" for i in range(c)),
        "n_parameters": np.arange(1, c + 1),
        "train_losses": np.ones((c, s, e), np.float32),
        "task": "binary",
    }
    return LossArchive("x", losses, **(given | more))


def test_round_trip(tmp_path):
    archive = make(RNG.random((2, 3, 2, 5)).astype(np.float32))
    found = read_archive(write_archive(tmp_path / "a.npz", archive))
    assert is_archive(tmp_path / "a.npz")
    for name in ("losses", "epochs", "unit", "constant_losses", "n_parameters", "train_losses"):
        np.testing.assert_array_equal(getattr(found, name), getattr(archive, name))
    assert (found.names, found.task) == (archive.names, "binary")


@pytest.mark.parametrize(("shape", "wanted"), [((4, 7), (1, 4, 1, 7)), ((4, 2, 7), (1, 4, 2, 7))])
def test_fewer_axes(tmp_path, shape, wanted):
    np.savez(tmp_path / "a.npz", losses=RNG.random(shape), epochs=np.arange(4), constant_loss=0.5)
    found = read_archive(tmp_path / "a.npz")
    assert found.losses.shape == wanted
    assert found.constant_losses.tolist() == [0.5] * 7


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"epochs": [1, 2]}, "has no array 'losses'"),
        ({"losses": np.ones((2, 3)), "epochs": [1, 2], "loses": 1}, "has an unknown array 'loses'"),
        ({"losses": np.ones(3), "epochs": [1]}, r"'losses' has shape \(3,\) and type float64"),
        (
            {"losses": np.ones((2, 3)), "epochs": [2, 1]},
            r"epochs \[2, 1\]; expected at least two, increasing",
        ),
        ({"losses": np.ones((2, 3)), "epochs": [1, 2], "unit": [1]}, r"'?unit'? has shape \(1,\)"),
        (
            {"losses": np.ones((2, 3)), "epochs": [1, 2], "constant_loss": [1, 2]},
            "has 2 values, expected 1 or 3",
        ),
        ({"losses": np.ones((2, 3)), "epochs": [1, 2], "train_losses": [1.0]}, "'train_losses' has shape"),
        (
            {"losses": np.ones((2, 2, 1, 3)), "epochs": [1, 2], "names": ["a", "a"]},
            "two configurations of one name",
        ),
    ],
)
def test_archives_that_do_not_fit(tmp_path, parts, words):
    np.savez(tmp_path / "a.npz", **parts)
    with pytest.raises(DataError, match=words):
        read_archive(tmp_path / "a.npz")


def test_pickled_objects_are_never_loaded(tmp_path):
    np.savez(tmp_path / "a.npz", losses=np.array([{"a": 1}], dtype=object), epochs=[1])
    with pytest.raises(DataError, match="no archive of arrays"):
        read_archive(tmp_path / "a.npz")


def test_damaged_files_are_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04garbage")
    with pytest.raises(DataError, match="no archive of arrays"):
        read_archive(tmp_path / "a.npz")
    (tmp_path / "a.parquet").write_bytes(b"PAR1garbagePAR1")
    assert not is_archive(tmp_path / "a.parquet")


def test_equal_names_are_seeds_others_are_configurations():
    one, two, three = make(), make(), make(names=("big",), n_parameters=np.array([9]))
    seeds = merge_archives([one, two])
    np.testing.assert_array_equal(seeds.losses[0, :, 1], two.losses[0, :, 0])
    sizes = merge_archives([one, three])
    assert (sizes.losses.shape[0], sizes.names, sizes.n_parameters.tolist()) == (2, ("n0", "big"), [1, 9])
    assert sizes.train_losses.shape == (2, 1, 3)


def test_archives_that_cannot_be_merged():
    with pytest.raises(DataError, match="other epochs or rows"):
        merge_archives([make(), make(epochs=np.array([1, 2, 9]))])
    big = replace(make(), names=("big",))
    with pytest.raises(DataError, match=r"different numbers of seeds \(n0: 2, big: 1\)"):
        merge_archives([make(), make(), big])


def test_long_table_agrees_with_the_archive(tmp_path):
    losses = RNG.random((2, 3, 2, 4)).astype(np.float32)
    rows = [
        {"configuration": f"n{c}", "n_parameters": 10 * (c + 1), "epoch": e + 1, "seed": s, "row": m, "unit": m // 2,
         "constant_loss": 0.5 + m, "loss": float(losses[c, e, s, m])}
        for c, e, s, m in np.ndindex(losses.shape)
    ]  # fmt: skip
    pl.DataFrame(rows).sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / "a.parquet")
    found = read_archive(tmp_path / "a.parquet")
    assert is_archive(tmp_path / "a.parquet")
    np.testing.assert_array_equal(found.losses, losses)
    assert found.unit.tolist() == [0, 0, 1, 1]
    assert found.constant_losses.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert (found.names, found.n_parameters.tolist()) == (("n0", "n1"), [10, 20])
    pl.DataFrame(rows[:-1]).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match="47 rows for 2 configurations x 3 epochs x 2 seeds x 4 rows"):
        read_archive(tmp_path / "b.parquet")
