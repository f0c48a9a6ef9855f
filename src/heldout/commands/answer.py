"""The answer of a verb on standard output, narration on standard error, and the gates of `--require`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import typer

from heldout.commands.options import CommonOptions
from heldout.errors import HeldoutError, RequirementError, UsageError
from heldout.events import ProgressChoice, escape_controls

_RULE = re.compile(r"\s*(?P<name>[a-z]+)\s*(?P<sign>==|!=)\s*(?P<word>[a-z _-]+?)\s*")


@dataclass(frozen=True)
class Requirement:
    """One gate.

    Args:
        name: what is looked at; `verdict` is the verdict on the delivered network.
        sign: `==` or `!=`.
        word: one of the words of the verdict.
    """

    name: str
    sign: str
    word: str


def give_answer(
    options: CommonOptions, *, text: Callable[[], str], data: Callable[[], dict[str, Any]]
) -> None:
    """Print the answer: words, or one JSON object with `--json`.

    Args:
        options: what the user asked for.
        text: makes the words.
        data: makes the object; only plain values, no NaN.
    """
    if options.json:
        typer.echo(json.dumps(data(), allow_nan=False))
    else:
        typer.echo(escape_controls(text().rstrip("\n")))


def narrate(options: CommonOptions, sentence: str) -> None:
    """Say something on standard error, unless `--quiet`."""
    if not options.quiet:
        typer.echo(escape_controls(sentence), err=True)


def tell_error(message: str, *, hint: str) -> None:
    """Say on standard error what went wrong and what to do, also with `--quiet`."""
    lines = f"heldout: {message}" + (f"\n  -> {hint}" if hint else "")
    typer.echo(escape_controls(lines), err=True)


def fail_after_answer(error: HeldoutError) -> NoReturn:
    """End with the exit code of an error although the answer was given.

    Standard output holds the answer already, and with `--json` exactly one object; so the error is told on
    standard error alone.

    Raises:
        typer.Exit: with the exit code of the error.
    """
    tell_error(error.message, hint=error.hint)
    raise typer.Exit(error.exit_code)


def choose_progress(options: CommonOptions) -> ProgressChoice:
    """The display that was asked for; `--quiet` shows none.

    Example:
        >>> choose_progress(CommonOptions(quiet=True))
        'none'
    """
    return "none" if options.quiet else options.progress


def parse_requirements(rules: list[str]) -> tuple[Requirement, ...]:
    """The gates, read before anything is computed so that a misspelt one costs no study.

    Raises:
        UsageError: a rule is not understood.

    Example:
        >>> parse_requirements(["verdict!=overfit"])
        (Requirement(name='verdict', sign='!=', word='overfit'),)
        >>> parse_requirements(["verdict!=fine"])
        Traceback (most recent call last):
        heldout.errors.UsageError: --require 'verdict!=fine' cannot be read
    """
    return tuple(_parse(rule) for rule in rules)


def refuse_requirements(options: CommonOptions) -> None:
    """Refuse `--require` in a verb that makes no verdict: a gate that is never held would pass unseen.

    Raises:
        UsageError: a gate was given.

    Example:
        >>> refuse_requirements(CommonOptions(require=["verdict!=overfit"]))
        Traceback (most recent call last):
        heldout.errors.UsageError: --require needs a verdict, and only fit, demo and diagnose make one
    """
    if options.require:
        raise UsageError(
            "--require needs a verdict, and only fit, demo and diagnose make one", hint="leave it out here"
        )


def check_requirements(requirements: tuple[Requirement, ...], *, verdict: str) -> None:
    """Hold the verdict on the delivered network against every gate.

    Args:
        requirements: the gates.
        verdict: word of the verdict on the delivered network, "" when the study came to none.

    Raises:
        RequirementError: a gate is not met (exit code 4).

    Example:
        >>> check_requirements(parse_requirements(["verdict!=overfit"]), verdict="good fit")
    """
    failed = [gate for gate in requirements if (gate.word == verdict) != (gate.sign == "==")]
    failed = list(requirements) if not verdict else failed
    if failed:
        rules = ", ".join(f"{gate.name}{gate.sign}{gate.word}" for gate in failed)
        raise RequirementError(
            f"required {rules}, but the verdict is {verdict or 'missing'!r}", hint="the report says why"
        )


def _parse(rule: str) -> Requirement:
    from heldout.records import VERDICT_WORDS  # loads numpy, which --help does without

    match = _RULE.fullmatch(rule)
    word = re.sub(r"[ _-]+", " ", match["word"]) if match else ""
    if match is None or match["name"] != "verdict" or word not in VERDICT_WORDS:
        words = ", ".join(VERDICT_WORDS)
        raise UsageError(
            f"--require {rule!r} cannot be read",
            hint=f"write verdict==WORD or verdict!=WORD; the words are {words}",
        )
    return Requirement(match["name"], match["sign"], word)
