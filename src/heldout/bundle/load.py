"""A file to a bundle: everything is checked before it is used, nothing is extracted, nothing can run code.

Order of the checks: size, container, manifest, hashes, recipe, sizes of the networks, headers of the arrays, finite
weights. Each costs time and memory bounded by the size of the file.
"""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path

import numpy as np

from heldout.bundle.arrays import read_arrays
from heldout.bundle.container import MAX_BUNDLE_BYTES, SAVE_AGAIN, unpack_members
from heldout.bundle.known_rows import check_marks
from heldout.bundle.manifest import (
    Manifest,
    check_manifest,
    hash_bytes,
    list_weights,
    read_members,
    read_net,
    read_settings,
)
from heldout.bundle.record import Bundle
from heldout.bundle.strict_json import parse_json
from heldout.errors import BundleError, RecipeError
from heldout.recipe import Recipe, recipe_from_json

MAX_RECIPE_BYTES = 1 << 26
BUNDLE_NAME = "bundle.zip"


def load_bundle(path: str | Path) -> Bundle:
    """Load a bundle after checking every byte of it.

    A hash proves that nothing was damaged, not who made it; but whatever a hostile file holds, loading it only
    ever makes numbers and texts.

    Args:
        path: a bundle, or the folder of a study (its `bundle.zip` is loaded).

    Returns:
        The bundle, equal to the one saved.

    Raises:
        BundleError: there is no such file, or anything in it is not exactly as it was written; the message names
            the member and what to do.

    Example:
        >>> load_bundle("/no/such/bundle.zip")
        Traceback (most recent call last):
        heldout.errors.BundleError: cannot read the bundle '/no/such/bundle.zip': No such file or directory
          -> give the path of a bundle.zip or of a study's folder
    """
    file = Path(path)
    file = file / BUNDLE_NAME if file.is_dir() else file
    return read_bundle(_read_file(file), source=file.name)


def read_bundle(data: bytes, *, source: str = "the bundle") -> Bundle:
    """Read a bundle from the bytes of its file.

    Args:
        data: the content of the file.
        source: its name, for messages.

    Returns:
        The bundle.

    Raises:
        BundleError: see `load_bundle`.
    """
    members = unpack_members(data, source=source)
    where = f"{source}, member 'manifest.json'"
    manifest = check_manifest(parse_json(members["manifest.json"], where=where), where=where)
    _check_hashes(manifest, members, source)
    recipe = _read_recipe(members, source)
    _check_fit(manifest, recipe, where)
    expected = list_weights(read_net(manifest), len(manifest.members))
    where = f"{source}, member 'weights.safetensors'"
    weights = read_arrays(members["weights.safetensors"], where=where, expected=expected)
    where = f"{source}, member 'rows.safetensors'"
    known = read_arrays(members["rows.safetensors"], where=where)
    if set(known) != {"marks"} or known["marks"].dtype != np.uint64:
        raise BundleError(
            f"{where}: expected one array 'marks' of U64, got {sorted(known)!r}", hint=SAVE_AGAIN
        )
    return Bundle(
        known_rows=check_marks(known["marks"], where=where),
        members=read_members(manifest, weights),
        recipe=recipe,
        net=read_net(manifest),
        **read_settings(manifest),
    )


def _read_file(file: Path) -> bytes:
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BundleError(f"{str(file)!r} is not a plain file", hint="give the path of a bundle.zip")
            if status.st_size > MAX_BUNDLE_BYTES:
                raise BundleError(
                    f"{file.name} has {status.st_size:,} bytes, a bundle has at most {MAX_BUNDLE_BYTES:,}",
                    hint="give the path of a bundle.zip",
                )
            return opened.read(MAX_BUNDLE_BYTES)
    except (OSError, ValueError) as error:
        if isinstance(error, BundleError):
            raise
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BundleError(
            f"cannot read the bundle {str(file)!r}: {reason}",
            hint="give the path of a bundle.zip or of a study's folder",
        ) from None


def _check_hashes(manifest: Manifest, members: dict[str, bytes], source: str) -> None:
    for name, entry in manifest.files.items():
        if len(members[name]) != entry.bytes or hash_bytes(members[name]) != entry.sha256:
            raise BundleError(
                f"{source}, member {name!r}: its {len(members[name])} bytes are not those it was saved with "
                f"(length or sha256 differs from the manifest)",
                hint=SAVE_AGAIN,
            )


def _read_recipe(members: dict[str, bytes], source: str) -> Recipe:
    where = f"{source}, member 'recipe.json'"
    parse_json(members["recipe.json"], where=where, max_bytes=MAX_RECIPE_BYTES)
    arrays = read_arrays(members["recipe.safetensors"], where=f"{source}, member 'recipe.safetensors'")
    try:
        return recipe_from_json(members["recipe.json"].decode("utf-8"), arrays)
    except RecipeError as error:
        raise BundleError(f"{where}: {error.message}", hint=error.hint or SAVE_AGAIN) from error


def _check_fit(manifest: Manifest, recipe: Recipe, where: str) -> None:
    n_inputs = math.prod(manifest.net.inputs)
    if n_inputs != recipe.n_features:
        raise BundleError(f"{where}: {n_inputs} inputs, the recipe gives {recipe.n_features} features")
    for number, member in enumerate(manifest.members):
        if member.state >= len(recipe.states):
            raise BundleError(
                f"{where}: network {number} uses fitted state {member.state}, the recipe has {len(recipe.states)}"
            )
