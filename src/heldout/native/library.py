"""The native library of this machine: found, or built once, checked in a process of its own, then loaded.

A library is taken from the user's cache folder, where one stands only after it has passed its check. The first use
puts it there: the library that came with the package, else one built by the machine's C++ compiler. The check runs
in a process of its own, so that a library that does not fit this processor or this version of JAX cannot take the
study down with it. Without compiler, or after a failed check, the portable path is used and `heldout doctor` says why.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from heldout.folder import cache_root
from heldout.native.build import FLAGS, SOURCE, build_library, find_compiler, find_level

TARGETS = ("heldout_convolve", "heldout_convolve_dx", "heldout_convolve_dw")
CHECK_SECONDS = 120  # importing JAX takes 1 s, several times that on a busy machine


@dataclass(frozen=True)
class NativeLibrary:
    """What was found.

    Args:
        path: the library, None when there is none to use.
        note: one sentence about where it comes from, or why there is none.
    """

    path: Path | None
    note: str


@functools.cache
def find_library() -> NativeLibrary:
    """Find the library, build and check it at the first use, and make its functions known to JAX.

    Two processes that come first at the same time both build; each moves a whole, checked file to the same place.

    Returns:
        The loaded library, or why there is none.

    Example:
        >>> bool(find_library().note)
        True
    """
    level = find_level()
    if not level:
        return NativeLibrary(None, "no native code for this processor")
    try:
        place = locate_library(level)
    except FileNotFoundError as error:
        return NativeLibrary(None, _say_homeless(error))
    if not is_trusted(place):
        failed = place.with_suffix(".failed")
        if failed.is_file():
            return NativeLibrary(None, _say_failed(failed))
        place, problem = _obtain(place, level)
        if problem:
            return NativeLibrary(None, problem)
    return load_library(place)


def load_library(path: Path) -> NativeLibrary:
    """Load a library into this process and make its functions known to JAX.

    Args:
        path: the shared library.

    Returns:
        The library, or the reason why it could not be loaded.

    Example:
        >>> load_library(Path("/no/such/library.so")).path is None
        True
    """
    import jax

    try:
        library = ctypes.CDLL(str(path))
        functions = [getattr(library, name) for name in TARGETS]
    except (OSError, AttributeError) as error:  # AttributeError: a function is missing
        return NativeLibrary(None, f"{path.name} cannot be loaded: {error}")
    for name, function in zip(TARGETS, functions, strict=True):
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(function), platform="cpu")
    return NativeLibrary(path, path.name)


def describe_library() -> NativeLibrary:
    """Say what `find_library` would use, without building or loading anything.

    Returns:
        The library that stands ready or would be built (its path may not exist yet), or why there is none.

    Example:
        >>> bool(describe_library().note)
        True
    """
    level = find_level()
    if not level:
        return NativeLibrary(None, "no native code for this processor")
    try:
        place = locate_library(level)
    except FileNotFoundError as error:
        return NativeLibrary(None, _say_homeless(error))
    if is_trusted(place):
        return NativeLibrary(place, place.name)
    failed = place.with_suffix(".failed")
    if failed.is_file():
        return NativeLibrary(None, _say_failed(failed))
    if packaged_library(level).is_file():
        return NativeLibrary(place, f"{packaged_library(level).name}, checked at the first use")
    compiler = find_compiler()
    if not compiler:
        return NativeLibrary(None, "no C++ compiler to build the native library with")
    return NativeLibrary(place, f"built by {compiler} at the first use")


def locate_library(level: str) -> Path:
    """Name the file in the user's cache folder that holds the library for this source, compiler call and JAX.

    Args:
        level: one of `build.LEVELS`.

    Raises:
        FileNotFoundError: there is no home folder, and none is named.

    Example:
        >>> locate_library("x86-64-v3").parent.name
        'native'
    """
    parts = (SOURCE.read_bytes(), " ".join((*FLAGS, level)).encode(), version("jaxlib").encode())
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
    return cache_root() / "native" / f"convolution-{level}-{digest}.so"


def packaged_library(level: str) -> Path:
    """Name the file that a wheel carries for this level; a source tree has none.

    Example:
        >>> packaged_library("x86-64-v3").name
        'convolution-x86-64-v3.so'
    """
    return SOURCE.with_name(f"convolution-{level}.so")


def is_trusted(path: Path) -> bool:
    """Whether this is a file that nobody but this user and the system's owner can have written.

    Its code would run in this process, and the cache folder may lie on a shared disk.

    Example:
        >>> is_trusted(Path("/no/such/library.so"))
        False
    """
    try:
        entry = path.lstat()
    except OSError:
        return False
    is_own = entry.st_uid in (0, os.getuid())
    return stat.S_ISREG(entry.st_mode) and is_own and not entry.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def check_library(path: Path) -> str:
    """Run the check of `native/check.py` in a process of its own; "" when the library passed it, else why not.

    Example:
        >>> check_library(Path("/no/such/library.so")).startswith("the native library failed its check")
        True
    """
    command = [sys.executable, "-m", "heldout.native.check", str(path)]
    source = str(Path(__file__).resolve().parents[2])
    known = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH", ""))))
    environment = dict(os.environ, JAX_PLATFORMS="cpu", XLA_FLAGS="", PYTHONPATH=known)
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=CHECK_SECONDS, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the native library failed its check: {error}"
    if done.returncode == 0:
        return ""
    last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    reason = last[0] if last else f"exit code {done.returncode}"
    return f"the native library failed its check: {reason}"


def _obtain(place: Path, level: str) -> tuple[Path, str]:
    """Put a checked library to its place; gives where it stands, and "" or why there is none."""
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".building-", suffix=".so", dir=place.parent)
    except OSError as error:
        return place, f"no folder for the native library: {error.strerror or error} ({place.parent})"
    os.close(descriptor)
    fresh = Path(name)
    try:
        problem = _make(fresh, level)
        is_worth_noting = not problem
        problem = problem or check_library(fresh)
        if not problem:
            fresh.chmod(0o700)
            fresh.replace(place)
        elif is_worth_noting:
            place.with_suffix(".failed").write_text(problem, encoding="utf-8")
    finally:
        fresh.unlink(missing_ok=True)
    return place, problem


def _make(target: Path, level: str) -> str:
    packaged = packaged_library(level)
    if packaged.is_file():
        shutil.copyfile(packaged, target)
        return ""
    compiler = find_compiler()
    if not compiler:
        return "no C++ compiler to build the native library with"
    import jax

    return build_library(target, level=level, include=Path(jax.ffi.include_dir()), compiler=compiler)


def _say_homeless(error: FileNotFoundError) -> str:
    return f"no folder for the native library: {error.strerror}"


def _say_failed(note: Path) -> str:
    try:
        reason = note.read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = str(error)
    return f"{reason}; delete {note} to try again"
