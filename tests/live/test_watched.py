"""A study watched in a real browser from its start to its end; the connection is cut once, the server killed once.

The training must finish, and the page must in the end show what the event file holds.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chromium import require_browser, start_browser
from e2e.made_tables import command, environment, make_binary, write_table
from live.cable import Cable
from live.made_events import serving
from live.test_start import find_server

require_browser()

ADDRESS = re.compile(r"Live page: http://127\.0\.0\.1:(\d+)/([\w-]+)/")
# long enough to be cut off and killed in between
LONG_TOML = 'preset = "standard"\n[remedies]\ndropout = [0.2, 0.5]\nl1 = []\n'
TESTS = Path(__file__).resolve().parents[1]
# Stands in for a training: writes as many events of a made study as each line of its input asks for.
TRAIN = """
import json, sys
from pathlib import Path
from heldout.folder import open_folder
from heldout.live import open_door, start_beside
from live.made_events import whole_study
folder, door = Path(sys.argv[1]), open_door(0)
events = whole_study()
with start_beside(folder, door):
    print(f"Live page: {door.address}", file=sys.stderr, flush=True)
    with open_folder(folder, resume=False, identity={}):
        with (folder / "events.jsonl").open("a") as file:
            for line in sys.stdin:
                for _, event in zip(range(int(line)), events):
                    print(json.dumps(event), file=file, flush=True)
"""


@dataclass
class Training:
    """A process that trains, and where its page is."""

    process: subprocess.Popen
    port: int
    token: str
    folder: Path

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def write(self, n_events):
        """Let the made training go on; a real one does so by itself."""
        if self.process.stdin is not None:
            self.process.stdin.write(f"{n_events}\n")
            self.process.stdin.flush()

    def finish(self):
        """Its exit code."""
        if self.process.stdin is not None:
            self.write(1000)
        self.process.communicate(timeout=200)
        return self.process.returncode

    def count_curves(self):
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        found = [event for event in map(json.loads, lines) if event["kind"] == "curves"]
        return len({(e["phase"], e["configuration"], e["seed"], e["fold"]) for e in found})


@contextlib.contextmanager
def training(words, folder, **options):
    """A training with its live page."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, **pipes, **options) as process:
        try:
            line = process.stderr.readline()
            while line and not (match := ADDRESS.search(line)):
                line = process.stderr.readline()
            yield Training(process, int(match[1]), match[2], folder)
        finally:
            process.kill()


def make_training(folder):
    paths = os.pathsep.join([str(TESTS), os.environ["PYTHONPATH"]])
    words = [sys.executable, "-c", TRAIN, str(folder)]
    return training(words, folder, stdin=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths})


def real_training(place):
    write_table(place / "ill.csv", make_binary())
    (place / "small.toml").write_text(LONG_TOML)
    words = ["fit", "ill.csv", "--target", "ill", "--config", "small.toml", "--out", "run", "--live"]
    return training(command(*words), place / "run", cwd=place, env=environment())


def wait_for(page, script, *, seconds=60):
    page.wait_for_function(f"() => {script}", timeout=1000 * seconds)


def says(element, words):
    return f"document.getElementById('{element}').textContent.includes({json.dumps(words)})"


CARDS = "document.querySelectorAll('.card').length"


def cut_the_connection(page, cable):
    """Take the network from the page and give it back; what it showed must stay."""
    cable.pull()
    wait_for(page, says("connection", "Connection lost"))
    cards = page.evaluate(CARDS)
    cable.plug()
    wait_for(page, says("connection", "Connected."))
    assert page.evaluate(CARDS) >= cards > 0


def watch(study, page, cable):
    """The whole way: open, cut, go on, kill, finish, come back."""
    page.goto(study.address)
    study.write(6)
    wait_for(page, f"{CARDS} > 0")
    assert page.inner_text("#state") == "running"
    if study.process.stdin is not None:  # a real one may have more to say by now
        assert page.inner_text("#word") == "Too early to say"
    cut_the_connection(page, cable)
    seen = page.evaluate(CARDS)
    study.write(6)
    wait_for(page, f"{CARDS} > {seen}")
    os.kill(find_server(study.process), signal.SIGKILL)
    wait_for(page, says("connection", "Connection lost"))
    assert "the study is not affected" in page.inner_text("#connection")
    assert study.finish() == 0
    with serving(study.folder) as door:  # as `heldout live RUN` does
        page.goto(door.address)
        wait_for(page, says("state", "finished"))
        wait_for(page, says("phase", f"Done: {study.count_curves()} networks"))
        assert page.inner_text("#word") != "Too early to say"
        assert page.is_visible("#chosen")
        yield page


@pytest.fixture
def watched():
    """A page, and the cable through which it sees this machine."""
    cable = Cable()
    with start_browser() as chromium, contextlib.closing(cable):
        page, faults = chromium.new_page(proxy={"server": cable.address}), []
        page.on("pageerror", lambda error: faults.append(str(error)))
        yield page, cable
        assert faults == []


def test_a_made_study_is_watched_through_a_cut_and_a_killed_server(watched, tmp_path):
    with make_training(tmp_path / "run") as study:
        for page in watch(study, *watched):
            assert page.locator(".card").count() == 4
            assert page.locator("#rows td:nth-child(3)").all_inner_texts() == ["2"] * 4  # nothing twice


@pytest.mark.slow
def test_a_real_study_is_watched_through_a_cut_and_a_killed_server(watched, tmp_path):
    with real_training(tmp_path) as study:
        for page in watch(study, *watched):
            page.click("#report")
            assert "Does it work?" in page.inner_text("#answer")
    assert (tmp_path / "run" / "bundle.zip").is_file()
