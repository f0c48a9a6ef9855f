"""A bundle to a file: the same bundle gives the same bytes, and a file is there whole or not at all."""

from __future__ import annotations

import errno
import math
import os
import secrets
import shutil
from pathlib import Path

import numpy as np

from heldout.bundle.arrays import write_arrays
from heldout.bundle.card import write_card, write_examples
from heldout.bundle.container import MEMBERS, pack_members
from heldout.bundle.load import read_bundle
from heldout.bundle.manifest import name_arrays, write_manifest
from heldout.bundle.record import Bundle, find_net
from heldout.errors import BundleError, StudyError
from heldout.folder import sync_folder
from heldout.recipe import recipe_to_json

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


def bundle_bytes(bundle: Bundle) -> bytes:
    """Give the file content of a bundle, byte for byte the same for the same bundle.

    Args:
        bundle: what to save.

    Returns:
        One uncompressed zip with the members of `heldout.bundle.container.MEMBERS`.

    Raises:
        BundleError: the record does not fit together (shapes, classes, numbers out of bounds, weights that are not
            finite); nothing is saved that could not be loaded again.
    """
    _check_record(bundle)
    text, arrays = recipe_to_json(bundle.recipe)
    files = {
        "recipe.json": text.encode("utf-8"),
        "recipe.safetensors": write_arrays(arrays),
        "weights.safetensors": write_arrays(_stack_weights(bundle)),
        "rows.safetensors": write_arrays({"marks": bundle.known_rows}),
        "example.jsonl": write_examples(bundle).encode("utf-8"),
        "README.md": write_card(bundle).encode("utf-8"),
    }
    files["manifest.json"] = write_manifest(bundle, {name: files[name] for name in MEMBERS if name in files})
    data = pack_members(files)
    # Read back, so that a limit of the loader is met here and not by whoever gets the file.
    read_bundle(data, source="the bundle to save")
    return data


def save_bundle(bundle: Bundle, path: str | Path) -> Path:
    """Save a bundle as one file, atomically.

    Args:
        bundle: what to save.
        path: the file, by custom `bundle.zip`; an existing one is replaced only once the new one is complete.

    Returns:
        The path.

    Raises:
        BundleError: see `bundle_bytes`.
        StudyError: the file cannot be written (no space, no permission, no such folder).
    """
    return write_file(path, bundle_bytes(bundle))


def write_file(path: str | Path, data: bytes) -> Path:
    """Write a file so that it is there whole or not at all, also after a power cut.

    Args:
        path: the file; its folder must exist.
        data: its content.

    Returns:
        The path.

    Raises:
        StudyError: the file cannot be written, naming the path and why; an older file of that name is unharmed.

    Source:
        Pillai et al. 2014, "All File Systems Are Not Created Equal": write beside, fsync, rename, fsync the folder.

    Example:
        >>> write_file("/no/such/folder/a.zip", b"")
        Traceback (most recent call last):
        heldout.errors.StudyError: cannot write '/no/such/folder/a.zip': the folder does not exist
          -> make the folder '/no/such/folder' first, or choose another path
    """
    target = Path(path)
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        # Mode 0666 less the umask: colleagues in a shared folder can read it, which a mkstemp file (0600) forbids.
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)
    except OSError as error:
        raise _explain(error, target, len(data)) from error
    return target


def _explain(error: OSError, path: Path, n_bytes: int) -> StudyError:
    shown, folder = repr(str(path)), repr(str(path.parent))
    if error.errno in _NO_SPACE:
        free = shutil.disk_usage(path.parent).free
        return StudyError(
            f"no space: cannot write {shown}, it needs {n_bytes:,} bytes and {free:,} are free",
            hint=f"free some space in {folder}, or choose another path",
        )
    if error.errno in _NOT_WRITABLE:
        return StudyError(f"not writable: cannot write {shown}: {error.strerror}", hint="choose another path")
    if error.errno == errno.ENOENT:
        return StudyError(
            f"cannot write {shown}: the folder does not exist",
            hint=f"make the folder {folder} first, or choose another path",
        )
    return StudyError(f"cannot write {shown}: {error.strerror}", hint="choose another path")


def _check_record(bundle: Bundle) -> None:
    n_inputs = math.prod(find_net(bundle).inputs)
    if n_inputs != bundle.recipe.n_features:
        raise BundleError(
            f"the networks take {n_inputs} features, the recipe gives {bundle.recipe.n_features}"
        )
    for number, member in enumerate(bundle.members):
        if not 0 <= member.state < len(bundle.recipe.states):
            raise BundleError(
                f"network {number} uses fitted state {member.state}, the recipe has {len(bundle.recipe.states)}"
            )
        if not all(np.isfinite(array).all() for layer in member.params for array in layer):
            raise BundleError(
                f"network {number} (seed {member.seed}, fold {member.fold}) has weights that are not finite",
                hint="a network that diverged is never delivered; leave it out",
            )
    # Checked before the card is written, which relies on it.
    write_manifest(bundle, dict.fromkeys(MEMBERS[1:], b""))


def _stack_weights(bundle: Bundle) -> dict[str, np.ndarray]:
    """Stack the networks, one array per layer and part: fewer, larger arrays are checked and read faster."""
    names = name_arrays(find_net(bundle))
    stacked = {}
    for at, layer in enumerate(names.params):
        for part, (name, _) in enumerate(layer):
            stacked[name] = np.stack([member.params[at][part] for member in bundle.members])
    for at, layer in enumerate(names.memory):
        for part, (name, _) in enumerate(layer):
            stacked[name] = np.stack([member.memory[at][part] for member in bundle.members])
    return stacked
