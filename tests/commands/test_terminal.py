"""What a person meets in a terminal before any study: completion of words, and colours only where they are wanted."""

import os
import pty
import re
import subprocess

import pytest

from e2e.made_tables import command, environment

COLOUR = re.compile(rb"\x1b\[[0-9;]*[1-9][0-9;]*m")


def show_in_terminal(*words, **more):
    """What a command writes to a terminal of its own."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        command(*words),
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        env=environment() | {"TERM": "xterm-256color", "COLUMNS": "100"} | more,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    child.wait(60)
    return shown


def test_no_colour_where_none_is_wanted():
    for words in (("fit", "--help"), ("fit", "no-such-file.csv", "--target", "y")):
        shown = show_in_terminal(*words, NO_COLOR="1")
        assert len(shown) > 80
        assert COLOUR.findall(shown) == []


@pytest.mark.parametrize(("typed", "offered"), [("heldout fi", "fit"), ("heldout fit --targ", "--target")])
def test_words_are_completed(typed, offered):
    asked = {
        "_HELDOUT_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    done = subprocess.run(command(), capture_output=True, text=True, env=environment() | asked, check=False)
    assert offered in done.stdout.split()
