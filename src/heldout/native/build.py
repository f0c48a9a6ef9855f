"""The build of the native library: one call of the compiler, no other tool; also run by the build of the wheel.

Only the standard library is imported here, because a wheel is built before anything else is installed.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("convolution.cc")
# Instruction sets that the source is built for, the widest first, with the processor flags that each needs.
LEVELS = {
    "x86-64-v4": ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
    "x86-64-v3": ("avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"),
}
# No -ffast-math: it may switch the whole process to flushing subnormal numbers to zero.
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fPIC", "-shared")
# The build takes 4 to 6 s of processor time; a machine under load takes a multiple of it.
BUILD_SECONDS = 180


def find_level() -> str:
    """Give the widest instruction set of `LEVELS` that this processor has, "" when it has none.

    Example:
        >>> find_level() in ("", *LEVELS)
        True
    """
    if platform.machine() not in ("x86_64", "AMD64"):
        return ""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    own = next((line for line in lines if line.startswith("flags")), "").split()
    return choose_level(frozenset(own))


def choose_level(flags: frozenset[str]) -> str:
    """Give the widest instruction set whose needs these processor flags meet, "" for none.

    Example:
        >>> choose_level(frozenset({"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm", "avx512f"}))
        'x86-64-v3'
        >>> choose_level(frozenset({"sse2"}))
        ''
    """
    wide = {"x86-64-v4": LEVELS["x86-64-v4"] + LEVELS["x86-64-v3"], "x86-64-v3": LEVELS["x86-64-v3"]}
    return next((level for level, needs in wide.items() if flags.issuperset(needs)), "")


def find_compiler() -> str:
    """Give the C++ compiler: `$CXX` if it is there, else g++, clang++ or c++ from the path; "" when there is none.

    Example:
        >>> isinstance(find_compiler(), str)
        True
    """
    names = (os.environ.get("CXX", ""), "g++", "clang++", "c++")
    return next((found for name in names if name and (found := shutil.which(name))), "")


def build_library(target: Path, *, level: str, include: Path, compiler: str) -> str:
    """Compile the source into one shared library.

    Args:
        target: the file to write; whoever calls moves it to its place, so that no process sees half of it.
        level: one of `LEVELS`.
        include: folder with `xla/ffi/api/ffi.h`, as `jax.ffi.include_dir()` names it.
        compiler: program to call.

    Returns:
        "" when it is built, else one sentence that says why not.

    Example:
        >>> build_library(Path("/tmp/none.so"), level="x86-64-v3", include=Path("/tmp"), compiler="false")
        'false could not build convolution.cc: exit code 1'
    """
    command = [compiler, *FLAGS, f"-march={level}", "-isystem", str(include), str(SOURCE), "-o", str(target)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=BUILD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{compiler} could not build {SOURCE.name}: {error}"
    if done.returncode == 0:
        return ""
    complaint = done.stderr.decode("utf-8", "replace").strip().splitlines()
    first = next((line for line in complaint if "error" in line), f"exit code {done.returncode}")
    return f"{compiler} could not build {SOURCE.name}: {first}"
