"""What the process must settle before JAX is imported: devices, platform and the cache of compiled programs."""

from __future__ import annotations

import hashlib
import math
import os
import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from heldout.errors import UsageError
from heldout.folder import cache_root

HOST_DEVICES_FLAG = "--xla_force_host_platform_device_count"
CACHE_LIMIT_BYTES = 1_000_000_000
# Programs that compile faster than this are not worth a file; measured compile times are 2 to 20 s.
CACHE_MIN_SECONDS = 0.3
_GPU_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")


@dataclass(frozen=True)
class DeviceSetup:
    """How JAX was prepared.

    Args:
        platforms: value of `JAX_PLATFORMS`; "" lets JAX choose.
        host_devices: number of CPU devices that XLA is asked for.
        cache: folder of compiled programs, or None when it cannot be used.
        in_time: False when JAX was imported before; what it computed until now keeps its devices.
        note: "" or one sentence about what could not be done.
    """

    platforms: str
    host_devices: int
    cache: Path | None
    in_time: bool
    note: str = ""


def prepare_device(*, device: str = "auto", cores: int | None = None) -> DeviceSetup:
    """Set the environment that JAX reads at its import; what the user has set stays as it is.

    Members of a stack are spread over XLA's host devices, one a core, so their number must be known before the
    first computation. Compiled programs are kept between processes: a second study of the same shapes starts in
    tenths of a second instead of seconds.

    Args:
        device: "auto", "cpu" or "gpu"; the last two narrow `JAX_PLATFORMS` to what was asked for.
        cores: number of host devices, 1 or more; None takes the cores this process may use.

    Returns:
        What was set.

    Raises:
        UsageError: the device cannot be had: no plugin for it, or `JAX_PLATFORMS` says otherwise.

    Source: device layout and cache times as measured in bench/.

    Example:
        >>> prepare_device(cores=2).host_devices >= 1
        True
    """
    host_devices = _set_host_devices(cores or count_cores())
    in_time = "jax" not in sys.modules
    platforms = _choose_platforms(device)
    if platforms != os.environ.get("JAX_PLATFORMS", ""):
        os.environ["JAX_PLATFORMS"] = platforms
        if not in_time:
            sys.modules["jax"].config.update("jax_platforms", platforms)
    cache, note = _prepare_cache()
    if cache is not None:
        _point_jax_to(cache, in_time=in_time)
    return DeviceSetup(os.environ.get("JAX_PLATFORMS", ""), host_devices, cache, in_time, note)


def check_device(device: str) -> None:
    """Refuse a device that was asked for and is not there; imports JAX unless the device is "auto".

    Args:
        device: "auto", "cpu" or "gpu", as given to `prepare_device` before.

    Raises:
        UsageError: the computations would run on another device; the message names those that are there.

    Example:
        >>> check_device("auto")
    """
    if device == "auto":
        return
    import jax

    try:
        found = jax.devices()
    except RuntimeError as error:  # the platform is named, but its driver or card is missing
        raise UsageError(
            f"device {device!r} is asked for and cannot be started: {str(error).splitlines()[0]}",
            hint=f"there are {count_cores()} processor cores: leave --device out, or give --device cpu",
        ) from None
    kinds = [entry.device_kind for entry in found]
    if ("cpu" if found[0].platform == "cpu" else "gpu") != device:
        raise UsageError(
            f"device {device!r} is asked for; there are: "
            + ", ".join(f"{kinds.count(kind)} x {kind}" for kind in dict.fromkeys(kinds)),
            hint="JAX was started before with these; ask for the device in a fresh process, or leave --device out",
        )


def _choose_platforms(device: str) -> str:
    """Give what `JAX_PLATFORMS` should say; "" lets JAX choose."""
    given = os.environ.get("JAX_PLATFORMS", "")
    has_plugin = any(find_spec(name) for name in _GPU_PLUGINS)
    if device == "auto":
        return given or ("" if has_plugin or "JAX_PLATFORMS" in os.environ else "cpu")
    named = [part for part in given.split(",") if part]
    wanted = [part for part in named if (part == "cpu") == (device == "cpu")]
    if named and not wanted:
        raise UsageError(
            f"device {device!r} is asked for, and JAX_PLATFORMS={given!r} allows none",
            hint="unset JAX_PLATFORMS, or leave --device out",
        )
    if device == "cpu":
        return "cpu"
    if not has_plugin:
        raise UsageError(
            f"device 'gpu' is asked for, and JAX has no plugin for graphics cards here; there are: cpu with "
            f"{count_cores()} cores",
            hint="leave --device out, or install heldout with JAX for CUDA: jax[cuda12] or jax[cuda13]",
        )
    return ",".join([*(wanted or ["cuda"]), "cpu"])  # the first one computes, the other serves host callbacks


def count_cores() -> int:
    """Cores this process may use: its CPU affinity, and the quota of its container if that is lower.

    Example:
        >>> count_cores() >= 1
        True
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, math.ceil(int(quota) / int(period))))


def describe_devices() -> str:
    """Name what networks are computed on: the cores of the processor, or the graphics cards. Starts JAX.

    Example:
        >>> "core" in describe_devices() or " x " in describe_devices()
        True
    """
    import jax

    devices = jax.devices()
    if devices[0].platform == "cpu":
        return f"{count_cores()} core{'s' * (count_cores() != 1)}"
    return f"{len(devices)} x {devices[0].device_kind}"


def cache_folder() -> Path:
    """Where compiled programs are kept, below `folder.cache_root`.

    The last part of the path names the processor: a program compiled for another processor
    may use instructions that this one lacks.

    Raises:
        FileNotFoundError: there is no home folder, and none is named.

    Example:
        >>> cache_folder().parent.name
        'xla'
    """
    return cache_root() / "xla" / _machine_key()


def measure_folder(folder: Path) -> int:
    """Size of all files below a folder in bytes; 0 where there is no folder.

    Example:
        >>> measure_folder(Path("/no/such/folder"))
        0
    """
    return sum(size for _, size, _ in _list_files(folder))


def prune_cache(folder: Path, *, limit_bytes: int = CACHE_LIMIT_BYTES) -> int:
    """Delete the files longest unused until the folder fits its limit.

    Args:
        folder: the folder of compiled programs.
        limit_bytes: largest size that may stay.

    Returns:
        Number of bytes deleted.

    Example:
        >>> prune_cache(Path("/no/such/folder"))
        0
    """
    files = sorted(_list_files(folder))
    excess = sum(size for _, size, _ in files) - limit_bytes
    deleted = 0
    for _, size, path in files:
        if deleted >= excess:
            break
        try:
            path.unlink()
        except OSError:  # another process may have deleted it, or still hold it: it is only a cache
            continue
        deleted += size
    return deleted


def _set_host_devices(cores: int) -> int:
    flags = os.environ.get("XLA_FLAGS", "")
    for flag in flags.split():
        if flag.startswith(f"{HOST_DEVICES_FLAG}="):
            value = flag.partition("=")[2]
            return int(value) if value.isdigit() else cores
    os.environ["XLA_FLAGS"] = f"{flags} {HOST_DEVICES_FLAG}={cores}".strip()
    return cores


def _prepare_cache() -> tuple[Path | None, str]:
    given = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    if given is not None:
        return (Path(given) if given else None), ""
    try:
        folder = cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "not writable")
    except OSError as error:
        return None, f"compiled programs are not kept between runs: {error.strerror or error}"
    prune_cache(folder.parent)
    return folder, ""


def _point_jax_to(cache: Path, *, in_time: bool) -> None:
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", str(CACHE_MIN_SECONDS))
    if not in_time:  # the environment was read at JAX's import; its settings can still be changed
        config = sys.modules["jax"].config
        config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
        config.update("jax_persistent_cache_min_compile_time_secs", CACHE_MIN_SECONDS)


def _machine_key() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = [platform.processor()]
    features = sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
    digest = hashlib.sha256("\n".join(features or lines[:1]).encode()).hexdigest()[:8]
    return f"{platform.machine() or 'cpu'}-{digest}"


def _list_files(folder: Path) -> list[tuple[float, int, Path]]:
    found: list[tuple[float, int, Path]] = []
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            entry = path.lstat()
        except OSError:  # deleted between listing and looking
            continue
        if path.is_file() and not path.is_symlink():
            found.append((max(entry.st_atime, entry.st_mtime), entry.st_size, path))
    return found
