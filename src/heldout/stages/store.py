"""Finished configurations on disk: exact arrays with a hash, so that a resumed study gives the same bits."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from heldout.folder import StudyFolder
from heldout.records import Configuration, ConfigurationRun, Outcome

ARRAYS = ("checkpoints", "losses", "hits", "train_curve", "validation_curve", "zero_share", "weight_norm")
HASH_BYTES = 32


class FolderStore:
    """Keeps each finished configuration as one file of the study folder.

    A file begins with the sha256 of the rest; one that is damaged is not used and trained again.

    Args:
        folder: the locked study folder.
        identity: what the numbers depend on besides the configuration (tensors, schedule, versions).
    """

    def __init__(self, folder: StudyFolder, identity: str) -> None:
        self._folder = folder
        self._identity = identity

    def load(self, key: str, configuration: Configuration) -> ConfigurationRun | None:
        """Give the stored run of a configuration, or None if it is not there, damaged, or of another study."""
        name = name_file(key, configuration)
        if not self._folder.has(name):
            return None
        stored = unpack_run((self._folder.path / name).read_bytes(), configuration)
        if stored is None or (stored.described, stored.identity) != (
            _describe(configuration),
            self._identity,
        ):
            return None
        return stored.run

    def save(self, key: str, run: ConfigurationRun) -> None:
        """Write a finished run as a whole file."""
        about = {
            "configuration": _describe(run.configuration),
            "identity": self._identity,
            "outcomes": [outcome.name for outcome in run.outcomes],
            "n_rows": run.n_rows,
        }
        arrays: dict[str, Any] = {name: np.ascontiguousarray(getattr(run, name)) for name in ARRAYS}
        arrays["hits"] = arrays["hits"].astype(np.uint8)
        arrays["about"] = np.frombuffer(json.dumps(about, sort_keys=True).encode(), np.uint8)
        body = save(arrays)
        self._folder.write_bytes(name_file(key, run.configuration), hashlib.sha256(body).digest() + body)


@dataclass(frozen=True)
class StoredRun:
    """What one file holds.

    Args:
        run: the losses and curves, under the configuration that was asked for.
        described: the configuration as the file names it, in plain values.
        identity: what the numbers depend on besides.
    """

    run: ConfigurationRun
    described: object
    identity: str


def unpack_run(content: bytes, configuration: Configuration) -> StoredRun | None:
    """Give what a file of a configuration holds; whether it is the wanted one is for the caller to check.

    Args:
        content: the whole file.
        configuration: what the run is said to be of.

    Returns:
        None where the file is damaged.

    Example:
        >>> from heldout.records import Hyper, Rung
        >>> rung = Rung(5, (), 3, 0.01)
        >>> unpack_run(b"torn", Configuration("rung 5", rung, (), Hyper(0.01, (0.0,), (0.0,), (0.0,)))) is None
        True
    """
    digest, body = content[:HASH_BYTES], content[HASH_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        return None
    try:
        arrays = load(body)
    except SafetensorError:
        return None
    about = json.loads(arrays.pop("about").tobytes().decode())
    arrays["hits"] = arrays["hits"].astype(bool)
    outcomes = tuple(Outcome[name] for name in about["outcomes"])
    run = ConfigurationRun(configuration=configuration, outcomes=outcomes, n_rows=about["n_rows"], **arrays)
    return StoredRun(run, about["configuration"], about["identity"])


def name_file(key: str, configuration: Configuration) -> str:
    """Name the file of one configuration.

    Example:
        >>> from heldout.records import Hyper, Rung
        >>> rung = Rung(5, (), 3, 0.01)
        >>> name_file("ladder", Configuration("rung 5", rung, (), Hyper(0.01, (0.0,), (0.0,), (0.0,))))
        'curves/ladder-rung-5.run'
    """
    return f"curves/{re.sub(r'[^a-z0-9.]+', '-', f'{key} {configuration.name}'.lower())}.run"


def _describe(configuration: Configuration) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(configuration)))
