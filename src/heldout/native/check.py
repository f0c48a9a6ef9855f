"""The check of a native library: small convolutions against sums written as loops. Run as `python -m`.

It runs in a process of its own, because a library for another processor or another version of JAX may end it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from heldout.native.library import load_library

TOLERANCE = 1e-4  # the sums have at most 81 terms of size 1; rounding leaves about 1e-6


def check_library_here(path: Path) -> str:
    """Compare the three functions of a library with plain loops, inside this process.

    Args:
        path: the shared library.

    Returns:
        "" when all results agree, else what differs.

    Example:
        >>> check_library_here(Path("/no/such/library.so")).startswith("library.so cannot be loaded")
        True
    """
    found = load_library(path)
    if found.path is None:
        return found.note
    rng = np.random.default_rng(0)
    for stride, outputs in ((1, 35), (2, 8)):
        x = rng.normal(size=(2, 7, 20, 3)).astype(np.float32)
        w = rng.normal(size=(3, 3, 3, outputs)).astype(np.float32)
        bias = rng.normal(size=outputs).astype(np.float32)
        own, expected = _run(x, w, bias, stride), _loop(x, w, bias, stride)
        for name, got, wanted in zip(("y", "dx", "dw", "db"), own, expected, strict=True):
            if not np.allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE * np.abs(wanted).max()):
                return f"{name} differs by {np.abs(got - wanted).max():.3g} (stride {stride})"
    return ""


def _slopes(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def _run(x: np.ndarray, w: np.ndarray, bias: np.ndarray, stride: int) -> list[np.ndarray]:
    import jax

    size = [(side + 2 - 3) // stride + 1 for side in x.shape[1:3]]
    shape = (len(x), *size, w.shape[3])
    sizes = {"stride": np.int64(stride), "top": np.int64(1), "left": np.int64(1), "relu": True}
    array = [jax.ShapeDtypeStruct(of, np.float32) for of in (shape, x.shape, w.shape, bias.shape)]
    y = jax.ffi.ffi_call("heldout_convolve", array[0])(x, w, bias, **sizes)
    d = _slopes(shape)
    dx = jax.ffi.ffi_call("heldout_convolve_dx", array[1])(d, y, w, **sizes)
    dw, db = jax.ffi.ffi_call("heldout_convolve_dw", array[2:])(x, d, y, **sizes)
    return [np.asarray(result) for result in (y, dx, dw, db)]


def _loop(x: np.ndarray, w: np.ndarray, bias: np.ndarray, stride: int) -> list[np.ndarray]:
    """Convolve with one zero around the image, and a rectifier; all sums in float64, one window at a time."""
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows, cols = ((side + 2 - 3) // stride + 1 for side in x.shape[1:3])
    y = np.zeros((len(x), rows, cols, w.shape[3]))
    windows = [(r, c, r * stride, c * stride) for r in range(rows) for c in range(cols)]
    for r, c, top, left in windows:
        y[:, r, c] = np.tensordot(padded[:, top : top + 3, left : left + 3], w.astype(np.float64), 3) + bias
    y = np.maximum(y, 0.0)
    d = _slopes(y.shape) * (y > 0)
    dx, dw = np.zeros_like(padded), np.zeros(w.shape)
    for r, c, top, left in windows:
        patch = padded[:, top : top + 3, left : left + 3]
        dw += np.tensordot(patch, d[:, r, c], ((0,), (0,)))
        dx[:, top : top + 3, left : left + 3] += np.tensordot(d[:, r, c], w, ((1,), (3,)))
    return [y, dx[:, 1:-1, 1:-1], dw, d.sum(axis=(0, 1, 2))]


def main() -> None:
    """Check the library named on the command line; the reason of a failure is the process' last word."""
    problem = check_library_here(Path(sys.argv[1]))
    if problem:
        sys.exit(problem)


if __name__ == "__main__":
    main()
