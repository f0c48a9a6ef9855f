from dataclasses import fields, replace

import numpy as np
import pytest

from heldout.folder import open_folder
from heldout.records import Configuration, ConfigurationRun, Hyper, Outcome, RemedyUse, Rung
from heldout.stages.store import FolderStore, name_file

IDENTITY = "data 1, plan 2, version 3"
RUNG = Rung(3, (8,), 57, 0.003)
CONFIGURATION = Configuration(
    "rung 3 + dropout 0.3",
    RUNG,
    (RemedyUse("dropout", 0.3),),
    Hyper(0.003, dropout=(0.0, 0.3), l1=(0.0, 0.0), l2=(1e-4, 1e-4)),
)


def make_run(configuration=CONFIGURATION, *, is_regression=False):
    rng = np.random.default_rng(5)
    losses = rng.random((2, 3, 7)).astype(np.float32)
    losses[1, 1, :4] = np.nan  # a fold of one seed diverged
    losses[0, 0, 0] = np.float32(0.1)
    return ConfigurationRun(
        configuration,
        np.array([1, 9], np.int32),
        losses,
        np.zeros((0, 0, 0), bool) if is_regression else losses > 0.5,
        rng.random((3, 9)).astype(np.float32),
        np.full((3, 9), np.inf, np.float32),
        (Outcome.FINISHED, Outcome.DIVERGED, *(Outcome.FINISHED,) * 4),
        rng.random((6, 2)).astype(np.float32),
        -rng.random((6, 2)).astype(np.float32),
        41,
    )


def assert_same_run(one, other):
    for field in fields(ConfigurationRun):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, strict=True)
            assert a.tobytes() == b.tobytes()
        else:
            assert a == b


@pytest.fixture
def folder(tmp_path):
    with open_folder(tmp_path / "study", resume=False, identity={"seed": 0}) as made:
        yield made


@pytest.fixture
def store(folder):
    return FolderStore(folder, IDENTITY)


@pytest.fixture
def file(folder, store):
    """The file of a run that was kept."""
    store.save("ladder", make_run())
    return folder.path / name_file("ladder", CONFIGURATION)


@pytest.mark.parametrize("is_regression", [False, True])
def test_a_kept_run_comes_back_bit_for_bit(store, is_regression):
    run = make_run(is_regression=is_regression)
    store.save("ladder", run)
    assert_same_run(store.load("ladder", CONFIGURATION), run)


def test_another_process_finds_it(folder, file, tmp_path):
    folder.close()
    with open_folder(tmp_path / "study", resume=True, identity={"seed": 0}) as again:
        assert_same_run(FolderStore(again, IDENTITY).load("ladder", CONFIGURATION), make_run())


def test_the_same_run_makes_the_same_file(store, file):
    content = file.read_bytes()
    store.save("ladder", make_run())
    assert file.read_bytes() == content


def test_what_was_never_kept_is_not_there(store, file):
    assert store.load("pairs", CONFIGURATION) is None
    assert store.load("ladder", replace(CONFIGURATION, name="rung 4")) is None


def test_a_changed_byte_anywhere_is_noticed(store, file):
    content = file.read_bytes()
    for place in np.linspace(0, len(content) - 1, 60).astype(int):
        changed = bytearray(content)
        changed[place] ^= 1
        file.write_bytes(changed)
        assert store.load("ladder", CONFIGURATION) is None, place
    file.write_bytes(content)
    assert_same_run(store.load("ladder", CONFIGURATION), make_run())


@pytest.mark.parametrize("keep", [0, 1, 31, 32, 33, 500, -1])
def test_a_file_cut_short_is_noticed(store, file, keep):
    file.write_bytes(file.read_bytes()[:keep])
    assert store.load("ladder", CONFIGURATION) is None


def test_something_appended_is_noticed(store, file):
    file.write_bytes(file.read_bytes() + b"\0")
    assert store.load("ladder", CONFIGURATION) is None


def test_a_file_of_another_kind_is_not_used(store, file):
    import hashlib

    body = b"whole, but no arrays"
    file.write_bytes(hashlib.sha256(body).digest() + body)
    assert store.load("ladder", CONFIGURATION) is None


def test_a_damaged_file_is_replaced_by_the_next_one(store, file):
    file.write_bytes(b"torn")
    store.save("ladder", make_run())
    assert_same_run(store.load("ladder", CONFIGURATION), make_run())


@pytest.mark.parametrize("identity", ["", "data 1, plan 2, version 4", IDENTITY + " "])
def test_a_run_of_another_study_is_not_used(folder, file, identity):
    assert FolderStore(folder, identity).load("ladder", CONFIGURATION) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(CONFIGURATION, rung=replace(RUNG, learning_rate=0.001)),
        replace(CONFIGURATION, rung=replace(RUNG, widths=(16,))),
        replace(CONFIGURATION, remedies=()),
        replace(CONFIGURATION, hyper=replace(CONFIGURATION.hyper, l2=(1e-4, 2e-4))),
        replace(CONFIGURATION, name="rung 3 - dropout 0.3"),  # its file has the same name
    ],
)
def test_a_run_of_another_configuration_is_not_used(store, file, other):
    assert name_file("ladder", other) == name_file("ladder", CONFIGURATION)
    assert store.load("ladder", other) is None


def test_file_names_are_plain():
    assert name_file("ladder", CONFIGURATION) == "curves/ladder-rung-3-dropout-0.3.run"
