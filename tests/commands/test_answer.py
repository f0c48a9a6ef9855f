import json

import pytest

from heldout.commands.answer import (
    check_requirements,
    choose_progress,
    give_answer,
    narrate,
    parse_requirements,
)
from heldout.commands.options import CommonOptions
from heldout.errors import RequirementError, UsageError


def test_words_or_object(capsys):
    give_answer(CommonOptions(), text=lambda: "good \x1b[31m fit\n\n", data=lambda: 1 / 0)
    give_answer(CommonOptions(json=True), text=lambda: 1 / 0, data=lambda: {"name": "\u00e9\x1b"})
    words, line = capsys.readouterr().out.splitlines()
    assert words == "good \\x1b[31m fit"
    assert json.loads(line) == {"name": "\u00e9\x1b"}
    assert line.isascii()


def test_object_without_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        give_answer(CommonOptions(json=True), text=str, data=lambda: {"loss": float("nan")})


def test_narration_goes_to_standard_error_unless_quiet(capsys):
    narrate(CommonOptions(), "hello \x07")
    narrate(CommonOptions(quiet=True), "silence")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "hello \\x07\n")


def test_quiet_shows_no_progress():
    assert choose_progress(CommonOptions(progress="bar")) == "bar"
    assert choose_progress(CommonOptions(progress="bar", quiet=True)) == "none"


@pytest.mark.parametrize(
    ("rule", "verdict", "is_met"),
    [
        ("verdict!=overfit", "good fit", True),
        ("verdict!=overfit", "overfit", False),
        ("verdict==good fit", "good fit", True),
        ("verdict==good-fit", "good fit", True),
        (" verdict == good_fit ", "undecided", False),
        ("verdict!=no-skill-shown", "no skill shown", False),
    ],
)
def test_gates(rule, verdict, is_met):
    gates = parse_requirements([rule])
    if is_met:
        check_requirements(gates, verdict=verdict)
    else:
        with pytest.raises(RequirementError, match=f"but the verdict is '{verdict}'"):
            check_requirements(gates, verdict=verdict)


def test_all_gates_count():
    gates = parse_requirements(["verdict!=overfit", "verdict!=undecided"])
    with pytest.raises(RequirementError, match="required verdict!=undecided, but"):
        check_requirements(gates, verdict="undecided")


@pytest.mark.parametrize(
    "rule", ["verdict", "verdict=overfit", "verdict!=fine", "accuracy>=0.8", "verdict!=OVERFIT", ""]
)
def test_unknown_rules_are_refused(rule):
    with pytest.raises(
        UsageError, match="--require .* cannot be read\n.*the words are no skill shown, overfit"
    ):
        parse_requirements([rule])
