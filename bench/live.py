"""How fast the live page is with 300 networks of 200 epochs: its first paint, and an update by one more network.

    python bench/live.py [--times 5]

A made event file, the page's own server, and Chromium without a window (`apt-get install chromium`, the package
playwright). Each time is a fresh page of a fresh browser context: until all curves stand there, counted from the
request, then ten updates, each the page's work from the event to the changed page.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from shared import ROOT, describe_machine, print_table

sys.path.insert(0, str(ROOT))  # the made studies and the browser of the tests of this page

from tests.chromium import find_chromium, start_browser  # noqa: E402
from tests.live.made_events import curves_event, serving, study_event, write_events  # noqa: E402

N_RUNGS, N_SEEDS, N_EPOCHS, N_STRENGTHS, N_LATE = 12, 5, 200, 48, 10
FIRST_GOAL, UPDATE_GOAL = 1000, 100  # milliseconds
UPDATES = "() => performance.getEntriesByName('heldout-update').map((one) => [one.startTime, one.duration])"
COUNT = "() => performance.getEntriesByName('heldout-update').length"
DRAWN = """() => document.querySelectorAll('.card').length >= 58
  && performance.getEntriesByName('heldout-update').length > 0"""
PAINTED = "() => (performance.getEntriesByName('first-contentful-paint')[0] || {startTime: NaN}).startTime"


@dataclass(frozen=True)
class Watched:
    """One visit of the page, in milliseconds.

    Args:
        painted: until anything was painted.
        ready: until all curves were drawn.
        updates: one for each network that came later.
        load: load average of the last minute.
    """

    painted: float
    ready: float
    updates: tuple[float, ...]
    load: float


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--times", type=int, default=5, help="visits of the page (5)")
    times = asked.parse_args().times
    path, why_not = find_chromium()
    if not path:
        raise SystemExit(why_not)
    cores = len(os.sched_getaffinity(0))
    members = make_members()
    with start_browser() as browser:
        print(f"{describe_machine()}; {cores} of them used, Chromium {browser.version}")
        print(f"{len(members)} networks of {N_EPOCHS} epochs\n")
        visits = [visit(browser, members) for _ in range(times)]
    rows = [
        ["first paint", f"{FIRST_GOAL} ms", *spread([one.painted for one in visits], FIRST_GOAL)],
        ["all curves drawn", f"{FIRST_GOAL} ms", *spread([one.ready for one in visits], FIRST_GOAL)],
        [
            "update by one network",
            f"{UPDATE_GOAL} ms",
            *spread([update for one in visits for update in one.updates], UPDATE_GOAL),
        ],
    ]
    print_table(["what", "goal", "median", "least", "most", "n", "median ok", "all ok"], rows)
    print(f"\nload {min(one.load for one in visits):.1f} to {max(one.load for one in visits):.1f}")


def make_members() -> list[dict[str, Any]]:
    """Events of 300 networks: a ladder of 12 sizes, and one size with 48 strengths of a remedy, 5 seeds each."""
    sizes = {"n_epochs": N_EPOCHS, "n_rungs": N_RUNGS}
    ladder = [curves_event(rung, seed, **sizes) for rung in range(N_RUNGS) for seed in range(N_SEEDS)]
    remedies = [
        curves_event(N_RUNGS // 2, seed, **sizes, strength=strength / 100, phase="remedies")
        for strength in range(N_STRENGTHS)
        for seed in range(N_SEEDS)
    ]
    return [*ladder, *remedies]


def visit(browser: Any, members: list[dict[str, Any]]) -> Watched:  # noqa: ANN401 - imported late
    """Open the page on all but ten networks, then let these come one by one."""
    about = study_event(n_rungs=N_RUNGS, n_seeds=N_SEEDS, n_epochs=N_EPOCHS)
    with tempfile.TemporaryDirectory() as place:
        folder = write_events(Path(place) / "run", [about, *members[:-N_LATE]])
        with serving(folder) as door:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{door.port}/{door.token}/")
            page.wait_for_function(DRAWN)
            seen = page.evaluate(UPDATES)
            for member in members[-N_LATE:]:
                shown = page.evaluate(COUNT)
                write_events(folder, [member])
                page.wait_for_function(f"{COUNT} > {shown}")
            updates = page.evaluate(UPDATES)[len(seen) :]
            painted = page.evaluate(PAINTED)
            context.close()
    ready = seen[-1][0] + seen[-1][1]
    return Watched(painted, ready, tuple(duration for _, duration in updates), os.getloadavg()[0])


def spread(values: list[float], goal: float) -> list[str]:
    """Median, least, most, how many, and whether the median and all of them keep the goal."""
    kept = [median(values) <= goal, max(values) <= goal]
    numbers = [f"{value:.0f} ms" for value in (median(values), min(values), max(values))]
    return [*numbers, str(len(values)), *("yes" if one else "no" for one in kept)]


if __name__ == "__main__":
    main()
