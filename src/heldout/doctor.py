"""Whether this machine and this installation are ready: versions, cores, memory, devices, caches, folders."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from heldout.errors import UsageError
from heldout.train.device import CACHE_LIMIT_BYTES, count_cores, measure_folder, prepare_device
from heldout.version import __version__

_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>\S+)")
_GIB = 2**30


@dataclass(frozen=True)
class PinCheck:
    """One pinned dependency.

    Args:
        name: package.
        pinned: the version the tests run with.
        installed: the version here, "" when it is not installed.
    """

    name: str
    pinned: str
    installed: str


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Args:
        heldout: version of this package.
        python: version of Python.
        system: operating system and processor.
        cores: cores this process may use.
        memory_bytes: memory this process may use, 0 when unknown.
        devices: JAX's devices, one text each.
        cache: folder of compiled programs.
        cache_bytes: its size.
        runs: the folder for studies.
        runs_writable: whether studies can be written there.
        native: native parts and their state.
        pins_known: False when the list of tested versions is absent.
        differing: dependencies whose version is not the tested one.
        problems: sentences about what will not work.
    """

    heldout: str
    python: str
    system: str
    cores: int
    memory_bytes: int
    devices: tuple[str, ...]
    cache: str
    cache_bytes: int
    runs: str
    runs_writable: bool
    native: dict[str, str]
    pins_known: bool
    differing: tuple[PinCheck, ...]
    problems: tuple[str, ...]


def examine(*, runs: Path = Path("runs")) -> Diagnosis:
    """Look at the machine and the installation; nothing is changed, nothing is fetched.

    Args:
        runs: the folder that studies would be written to.

    Returns:
        What was found, with a sentence for each thing that will not work.
    """
    setup = prepare_device()
    devices, problem = _list_devices()
    pins = read_pins()
    differing = compare_pins(pins)
    problems = [sentence for sentence in (setup.note, problem) if sentence]
    problems += [
        f"{pin.name} is not installed (tested: {pin.pinned})" for pin in differing if not pin.installed
    ]
    writable = is_writable(runs)
    if not writable:
        problems.append(f"studies cannot be written to {str(runs.absolute())!r}: use --out")
    return Diagnosis(
        heldout=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=count_cores(),
        memory_bytes=measure_memory(),
        devices=devices,
        cache=str(setup.cache or "none"),
        cache_bytes=measure_folder(setup.cache) if setup.cache else 0,
        runs=str(runs.absolute()),
        runs_writable=writable,
        native=_native_parts(),
        pins_known=bool(pins),
        differing=differing,
        problems=tuple(problems),
    )


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as one JSON object."""
    return {"schema": "heldout/doctor/1", **asdict(diagnosis)}


def as_text(diagnosis: Diagnosis) -> str:
    """The diagnosis in words, one line a fact."""
    memory = f"{diagnosis.memory_bytes / _GIB:.1f} GiB" if diagnosis.memory_bytes else "unknown"
    limit = CACHE_LIMIT_BYTES / 1e6
    lines = [
        ("heldout", diagnosis.heldout),
        ("python", f"{diagnosis.python} ({sys.executable})"),
        ("system", diagnosis.system),
        ("cores", str(diagnosis.cores)),
        ("memory", memory),
        ("devices", ", ".join(diagnosis.devices) or "none"),
        ("cache", f"{diagnosis.cache} ({diagnosis.cache_bytes / 1e6:.1f} of at most {limit:.0f} MB)"),
        ("studies", f"{diagnosis.runs} ({'writable' if diagnosis.runs_writable else 'NOT writable'})"),
        *((f"native {name}", state) for name, state in diagnosis.native.items()),
        ("versions", _describe_pins(diagnosis)),
    ]
    text = [f"{name:<12} {value}" for name, value in lines]
    text += [f"problem      {sentence}" for sentence in diagnosis.problems]
    return "\n".join(text if diagnosis.problems else [*text, "ready"])


def read_pins() -> dict[str, str]:
    """The versions the tests run with, by package; empty when the list is not there.

    Example:
        >>> read_pins().get("jax", "0.10.0").startswith("0.10.")
        True
    """
    here = Path(__file__).resolve()
    for place in (here.with_name("constraints.txt"), here.parents[2] / "constraints.txt"):
        try:
            lines = place.read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        found = (_PIN.fullmatch(line.partition("#")[0].strip()) for line in lines)
        return {match["name"].lower().replace("_", "-"): match["version"] for match in found if match}
    return {}


def compare_pins(pins: dict[str, str]) -> tuple[PinCheck, ...]:
    """The direct dependencies whose installed version is not the tested one.

    Args:
        pins: tested version by package.

    Example:
        >>> compare_pins({"numpy": "0.0.1"})[0].name
        'numpy'
    """
    checks = (PinCheck(name, pinned, _installed(name)) for name, pinned in sorted(pins.items()))
    wanted = _direct_dependencies()
    return tuple(check for check in checks if check.name in wanted and check.installed != check.pinned)


def measure_memory() -> int:
    """Bytes of memory this process may use: the machine's, or its container's limit if that is lower; 0: unknown."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdigit() else machine


def is_writable(folder: Path) -> bool:
    """Whether files can be made in this folder, or the folder itself where it is not there yet.

    Example:
        >>> is_writable(Path("/dev/null/runs"))
        False
    """
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def _list_devices() -> tuple[tuple[str, ...], str]:
    try:
        import jax

        return tuple(f"{device.platform}:{device.id} {device.device_kind}" for device in jax.devices()), ""
    except (ImportError, RuntimeError) as error:  # RuntimeError: the platform asked for is not there
        return (), f"JAX does not start: {str(error).splitlines()[0]}"


def _native_parts() -> dict[str, str]:
    try:
        import jax

        from heldout.nets.convolution import describe_convolution

        return {"convolution": describe_convolution(jax.default_backend())}
    except (ImportError, RuntimeError, UsageError) as error:  # no JAX, no device, a wish that cannot be met
        return {"convolution": str(error).splitlines()[0]}


def _describe_pins(diagnosis: Diagnosis) -> str:
    if not diagnosis.pins_known:
        return "the list of tested versions is not part of this installation"
    if not diagnosis.differing:
        return "all direct dependencies are the tested versions"
    untested = (
        f"{pin.name} {pin.installed or 'absent'} (tested {pin.pinned})" for pin in diagnosis.differing
    )
    return "untested: " + ", ".join(untested)


def _direct_dependencies() -> set[str]:
    try:
        lines = requires("heldout") or []
    except PackageNotFoundError:  # run from a checkout that is not installed
        return {name for name in read_pins() if _installed(name)}
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if "extra ==" not in line)
    return {match.group().lower().replace("_", "-") for match in names if match}


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
