"""Lines to paste next: every option that was given, in the words of the command line or of Python."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from heldout.settings import Settings, read_config
from heldout.stages.reading import name_source

FRAME = "frame"  # the name of a table in memory, where a line is to be pasted
# Settings whose option has another name, and those that have none: a line can then only be Python, or name the file.
OPTION_NAMES = {"target_order": "ordinal"}
WITHOUT_OPTION = frozenset(
    {
        "target_log",
        "label_rows",
        "sample_weight",
        "columns",
        "numeric_embedding",
        "signal_scaling",
        "stretch",
        "ladder",
        "remedies",
    }
    | {"keep_near_rows", "mute"}
)


def name_next(verb: str, source: Any, settings: Settings) -> str:  # noqa: ANN401 - a path or any data frame
    """Give the line that goes on with the same data and options.

    Args:
        verb: "fit" or "look".
        source: path or frame.
        settings: as they are; those that came from a settings file are given by that file.

    Returns:
        A command line where source and options can be typed; else the call in Python.

    Example:
        >>> name_next("fit", "a b.csv", Settings(target="y", header="no"))
        "heldout fit 'a b.csv' --target y --header no"
        >>> name_next("fit", [{"y": 1}], Settings(target="y", seed=3))
        "heldout.fit(frame, target='y', seed=3)"
    """
    config, from_file = read_config(settings)
    names = [name for name in Settings.model_fields if name in settings.model_fields_set - from_file]
    given = {name: value for name in names if (value := getattr(settings, name)) not in (None, "", (), {})}
    is_path = isinstance(source, str | Path)
    words = (
        [] if not is_path else [word for name, value in given.items() for word in _say_option(name, value)]
    )
    if not is_path or None in words:
        place = repr(str(source)) if is_path else FRAME
        arguments = [f"config={config!r}"] if config else []
        arguments += [f"{name}={_write(value)}" for name, value in given.items()]
        return f"heldout.{verb}({', '.join([place, *arguments])})"
    place = str(source) if is_path else name_source(source)
    file = ["--config", config] if config else []
    return shlex.join(["heldout", verb, place, *file, *[word for word in words if word is not None]])


def _say_option(name: str, value: Any) -> list[str | None]:  # noqa: ANN401 - the value of any setting
    """The words of one option; None among them where the command line has none for it."""
    flag = "--" + OPTION_NAMES.get(name, name).replace("_", "-")
    if name in WITHOUT_OPTION:
        return [None]
    if name == "target_map":
        return [word for raw, label in value.items() for word in (flag, f"{raw}={label}")]
    if name == "subgroups":
        return [word for column in value for word in ("--subgroup", column)]
    if name == "costs":
        return [
            word for kind, cost in value.items() for word in (f"--cost-{kind.replace('_', '-')}", f"{cost:g}")
        ]
    if name == "early_stopping":
        is_plain = value.model_fields_set <= {"rule"}
        return [flag, value.rule] if is_plain else [None]
    if name == "single":
        return ["--single" if value else "--ensemble"]
    if isinstance(value, bool):
        return [flag] if value else []
    return [flag, ",".join(value) if isinstance(value, tuple) else str(value)]


def _write(value: Any) -> str:  # noqa: ANN401 - the value of any setting
    """A value as it can be typed in Python; records as dicts."""
    if hasattr(value, "model_dump"):
        return repr(value.model_dump(mode="json", exclude_unset=True))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_write(item)}" for key, item in value.items()) + "}"
    return repr(value)
