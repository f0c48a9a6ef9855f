"""heldout: messy data in, a neural network that generalizes out, with the evidence.

Importing this package loads nothing heavy: every name below is fetched when it is first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heldout.version import __version__ as __version__

if TYPE_CHECKING:
    from heldout import callbacks as callbacks
    from heldout.settings import Settings as Settings
    from heldout.stages.comparing import compare as compare
    from heldout.stages.diagnosing import diagnose as diagnose
    from heldout.study import dry_run as dry_run
    from heldout.study import fit as fit
    from heldout.study import load as load
    from heldout.study import look as look
    from heldout.study import predict as predict
    from heldout.study import score as score


_HOMES = {
    "Settings": "heldout.settings",
    "compare": "heldout.stages.comparing",
    "diagnose": "heldout.stages.diagnosing",
    "dry_run": "heldout.study",
    "fit": "heldout.study",
    "load": "heldout.study",
    "look": "heldout.study",
    "predict": "heldout.study",
    "score": "heldout.study",
}

__all__ = [
    "Settings",
    "__version__",
    "callbacks",
    "compare",
    "diagnose",
    "dry_run",
    "fit",
    "load",
    "look",
    "predict",
    "score",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the type of each name stands above
    if name == "callbacks":
        return import_module("heldout.callbacks")
    if name not in _HOMES:
        raise AttributeError(f"module 'heldout' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
