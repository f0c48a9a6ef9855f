import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from heldout.errors import UsageError
from heldout.train import device
from heldout.train.device import (
    cache_folder,
    check_device,
    count_cores,
    measure_folder,
    prepare_device,
    prune_cache,
)

NAMES = (
    "XLA_FLAGS",
    "JAX_PLATFORMS",
    "HELDOUT_CACHE",
    "XDG_CACHE_HOME",
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
)


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """An environment as on a fresh machine, before JAX is imported."""
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that what the code sets is undone afterwards
        monkeypatch.delenv(name)
    monkeypatch.setenv("HELDOUT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    monkeypatch.setattr(device, "_GPU_PLUGINS", ())
    return monkeypatch


def test_fresh_process_is_prepared(clean, tmp_path):
    setup = prepare_device(cores=3)
    assert (setup.platforms, setup.host_devices, setup.in_time, setup.note) == ("cpu", 3, True, "")
    assert os.environ["XLA_FLAGS"] == "--xla_force_host_platform_device_count=3"
    assert setup.cache.parent == tmp_path / "cache" / "xla"
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(setup.cache)
    assert setup.cache.stat().st_mode & 0o077 == 0  # programs are loaded from it: nobody else may write there


def test_what_the_user_has_set_stays(clean):
    clean.setenv("XLA_FLAGS", "--xla_dump_to=/x --xla_force_host_platform_device_count=7")
    clean.setenv("JAX_PLATFORMS", "cuda")
    clean.setenv("JAX_COMPILATION_CACHE_DIR", "/own")
    setup = prepare_device(cores=2)
    assert (setup.platforms, setup.host_devices, setup.cache) == ("cuda", 7, Path("/own"))
    assert os.environ["XLA_FLAGS"].count("device_count") == 1


def test_other_flags_are_kept(clean):
    clean.setenv("XLA_FLAGS", "--xla_dump_to=/x")
    prepare_device(cores=2)
    assert os.environ["XLA_FLAGS"] == "--xla_dump_to=/x --xla_force_host_platform_device_count=2"


def test_cache_switched_off_by_the_user(clean):
    clean.setenv("JAX_COMPILATION_CACHE_DIR", "")
    assert prepare_device(cores=1).cache is None


def test_with_a_gpu_part_jax_chooses(clean):
    clean.setattr(device, "_GPU_PLUGINS", ("json",))  # any package that is there
    assert prepare_device(cores=1).platforms == ""


def test_unusable_cache_is_said_and_stops_nothing(clean, tmp_path):
    (tmp_path / "file").write_text("")
    clean.setenv("HELDOUT_CACHE", str(tmp_path / "file"))
    setup = prepare_device(cores=1)
    assert setup.cache is None
    assert setup.note == "compiled programs are not kept between runs: Not a directory"


def test_cache_place_by_convention(clean):
    assert str(cache_folder()).startswith(f"{os.environ['HELDOUT_CACHE']}/xla/")
    clean.delenv("HELDOUT_CACHE")
    assert "/.cache/heldout/xla/" in str(cache_folder())
    clean.setenv("XDG_CACHE_HOME", "/x")
    assert str(cache_folder()).startswith("/x/heldout/xla/")


def test_without_a_home_nothing_is_kept_and_it_is_said(clean):
    clean.delenv("HELDOUT_CACHE")
    clean.setattr(Path, "home", _find_no_home)
    setup = prepare_device(cores=1)
    assert setup.cache is None
    assert setup.note == (
        "compiled programs are not kept between runs: there is no home folder; set HELDOUT_CACHE to a folder of "
        "your own"
    )


def _find_no_home():
    raise RuntimeError("Could not determine home directory.")


def test_cache_is_pruned_longest_unused_first(tmp_path):
    for age, name in enumerate(("new", "older", "oldest")):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert measure_folder(tmp_path) == 300
    assert prune_cache(tmp_path, limit_bytes=300) == 0
    assert prune_cache(tmp_path, limit_bytes=250) == 100
    assert {path.name for path in tmp_path.iterdir()} == {"new", "older"}


def test_links_are_neither_counted_nor_followed(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "mine").write_bytes(bytes(100))
    (tmp_path / "cache" / "link").symlink_to(tmp_path / "mine")
    assert prune_cache(tmp_path / "cache", limit_bytes=0) == 0
    assert (tmp_path / "mine").exists()


def test_cores_follow_the_affinity(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "max 100000\n")
    assert count_cores() == 3
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "150000 100000\n")
    assert count_cores() == 2
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "10000 100000\n")
    assert count_cores() == 1


@pytest.mark.parametrize("first", ["prepare_device(cores=3)", "import jax"])
def test_jax_follows_even_when_it_was_imported_before(first, tmp_path):
    program = f"""
from heldout.train.device import prepare_device
{first}
prepare_device(cores=3)
import jax
print(len(jax.devices()), jax.config.jax_compilation_cache_dir.split("/")[-2])
"""
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    environment["HELDOUT_CACHE"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["3", "xla"]


def pretend_plugin(clean):
    clean.setattr(device, "_GPU_PLUGINS", ("numpy",))  # any module that is installed


@pytest.mark.parametrize(
    ("asked", "given", "has_plugin", "wanted"),
    [
        ("auto", None, False, "cpu"),
        ("auto", None, True, ""),
        ("auto", "cuda", False, "cuda"),
        ("auto", "", False, ""),
        ("cpu", None, True, "cpu"),
        ("cpu", "cuda,cpu", True, "cpu"),
        ("gpu", None, True, "cuda,cpu"),
        ("gpu", "rocm", True, "rocm,cpu"),
        ("gpu", "cpu,cuda", True, "cuda,cpu"),
    ],
)
def test_the_device_asked_for_narrows_the_platforms(clean, asked, given, has_plugin, wanted):
    if has_plugin:
        pretend_plugin(clean)
    if given is not None:
        clean.setenv("JAX_PLATFORMS", given)
    assert prepare_device(device=asked, cores=1).platforms == wanted
    assert os.environ.get("JAX_PLATFORMS", "") == wanted


def test_a_device_that_cannot_be_had_is_refused_before_jax_starts(clean):
    with pytest.raises(
        UsageError, match=r"'gpu' is asked for, .*no plugin .*; there are: cpu with \d+ cores"
    ):
        prepare_device(device="gpu")
    assert "jax" not in sys.modules
    pretend_plugin(clean)
    clean.setenv("JAX_PLATFORMS", "cpu")
    with pytest.raises(UsageError, match=r"'gpu' is asked for, and JAX_PLATFORMS='cpu' allows none"):
        prepare_device(device="gpu")
    clean.setenv("JAX_PLATFORMS", "cuda")
    with pytest.raises(UsageError, match=r"'cpu' is asked for, and JAX_PLATFORMS='cuda' allows none"):
        prepare_device(device="cpu")


def fake_jax(clean, *kinds, error=""):
    def devices():
        if error:
            raise RuntimeError(error)
        return [
            SimpleNamespace(platform="cpu" if kind == "cpu" else "gpu", device_kind=kind) for kind in kinds
        ]

    clean.setitem(sys.modules, "jax", SimpleNamespace(devices=devices))


def test_a_device_that_is_not_there_is_refused_with_those_that_are(clean):
    fake_jax(clean, "cpu", "cpu")
    check_device("auto")
    check_device("cpu")
    with pytest.raises(UsageError, match="device 'gpu' is asked for; there are: 2 x cpu"):
        check_device("gpu")
    fake_jax(clean, "NVIDIA H100")
    check_device("gpu")
    with pytest.raises(UsageError, match="device 'cpu' is asked for; there are: 1 x NVIDIA H100"):
        check_device("cpu")
    fake_jax(clean, error="Unable to initialize backend 'cuda'\nmore")
    with pytest.raises(UsageError, match="cannot be started: Unable to initialize backend 'cuda'") as caught:
        check_device("gpu")
    assert "--device cpu" in caught.value.hint
