"""Writes docs/reference/command-line.md from the command line itself: `python docs/making/command_line.py`."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from typer.main import get_command

from heldout.cli import VERBS, build_app

PAGE = Path(__file__).resolve().parents[1] / "reference" / "command-line.md"
HEAD = """# Command line

Written by `docs/making/command_line.py` from the program itself. Every verb prints its answer on standard output and
everything else on standard error; see [errors and exit codes](../errors-and-exit-codes.md). Settings can also stand in
`heldout.toml` or in the environment; see [settings](../settings.md).

"""
COMMON = ("json", "quiet", "progress", "debug", "strict", "require")


def write_page() -> str:
    """The page as Markdown."""
    commands: dict[str, Any] = get_command(build_app()).commands  # type: ignore[attr-defined]
    fit = commands["fit"]
    shared = [option for option in fit.params if option.name in COMMON]
    parts = [HEAD, "## Options of every verb\n\n", list_options(shared)]
    for name in VERBS:
        parts.append(describe_verb(name, commands[name]))
    return "".join(parts).rstrip() + "\n"


def describe_verb(name: str, command: Any) -> str:  # noqa: ANN401 - typer's own class
    """One verb: what it does, its line, its options."""
    words, _, example = inspect.cleandoc(command.help or "").partition("\n\n")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    named = " ".join(str(argument.metavar or argument.name.upper()) for argument in arguments)
    line = f"heldout {name} {named}".rstrip() + " [OPTIONS]"
    shown = "\n".join([line, *(part.strip() for part in example.splitlines() if part.strip())])
    options = [p for p in command.params if p.param_type_name == "option" and p.name not in (*COMMON, "help")]
    about = "".join(f"- `{a.metavar or a.name.upper()}`: {escape(a.help or '')}\n" for a in arguments)
    text = f"\n## heldout {name}\n\n{escape(' '.join(words.split()))}\n\n```\n{shown}\n```\n\n{about}"
    return text + (("\n" if about else "") + list_options(options) if options else "")


def list_options(options: list[Any]) -> str:
    """A table of options."""
    rows = [f"| {name_option(option)} | {escape(option.help or '')} |\n" for option in options]
    return "| option | meaning |\n|---|---|\n" + "".join(rows)


def name_option(option: Any) -> str:  # noqa: ANN401
    """An option as it is typed."""
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    metavar = "" if option.is_flag else f" {option.metavar or ''}"
    return escape(f"{names}{metavar}".strip())


def escape(text: str) -> str:
    """Text that means nothing else in a table of Markdown."""
    return re.sub(r"([|<>])", r"\\\1", " ".join(text.split()))


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
