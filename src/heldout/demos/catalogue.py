"""The table of everything `heldout demo` can show: the whole study on shipped data, and the lecture in pieces."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from heldout.errors import UsageError

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class StudyDemo:
    """The whole study on a shipped table.

    Args:
        name: its name on the command line.
        table: the data.
        settings: its `heldout.toml`.
        about: one sentence for people.
    """

    name: str
    table: Path
    settings: Path
    about: str


@dataclass(frozen=True)
class LectureDemo:
    """One piece of the lecture, computed anew each time and shown as one page.

    Args:
        name: its name on the command line.
        module: file of this folder that holds it (without ".py"); it has a function `run_demo`.
        about: one sentence for people.
        has_full: True where `--full DIR` runs it on the real data in a folder.
    """

    name: str
    module: str
    about: str
    has_full: bool = False


DEMOS: dict[str, StudyDemo | LectureDemo] = {
    "heart": StudyDemo(
        name="heart",
        table=DATA / "heart.csv",
        settings=DATA / "heart.toml",
        about="303 patients of the Cleveland clinic, 13 measurements: is a coronary artery narrowed?",
    ),
    "curve": LectureDemo(
        name="curve",
        module="curve",
        about="polynomials of degree 1 to 10 on noisy points: who underfits, who overfits, what more points change",
    ),
    "digits-vs-reviews": LectureDemo(
        name="digits-vs-reviews",
        module="digits_vs_reviews",
        about="one network that hardly overfits and one that does from the first epochs on",
        has_full=True,
    ),
    "remedies": LectureDemo(
        name="remedies",
        module="remedies",
        about="the five remedies against overfitting, one after another on the same rows and seeds",
    ),
    "depth": LectureDemo(
        name="depth",
        module="depth",
        about="how far pooling makes a network blind to shifts, and where gradients vanish in deep ones",
    ),
    "patients": LectureDemo(
        name="patients",
        module="patients",
        about="messy cells, and what it changes that the visits of one patient stay together",
    ),
    "outliers": LectureDemo(
        name="outliers",
        module="outliers",
        about="whose rows a rule against extreme numbers drops, and who pays for it",
    ),
    "sky": LectureDemo(
        name="sky",
        module="sky",
        about="faint pictures: gaps as a mask, the stretch that shows them, and turning them as augmentation",
    ),
    "dna": LectureDemo(
        name="dna",
        module="dna",
        about="faults of FASTA files, relatives on both sides of a split, and a planted word that is found",
    ),
    "everything": LectureDemo(
        name="everything",
        module="everything",
        about="a whole study phase by phase: look, split, audit, recipe, ladder, remedies, verdict, sealed test",
    ),
}


def find_demo(name: str) -> StudyDemo | LectureDemo:
    """The example of this name.

    Raises:
        UsageError: there is no such example.

    Example:
        >>> find_demo("heart").name
        'heart'
        >>> find_demo("hart")
        Traceback (most recent call last):
        heldout.errors.UsageError: no example 'hart'
          -> did you mean 'heart'?
    """
    if name in DEMOS:
        return DEMOS[name]
    close = difflib.get_close_matches(name, list(DEMOS), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the examples are: {', '.join(DEMOS)}"
    raise UsageError(f"no example {name!r}", hint=hint)


def list_demos() -> str:
    """All examples with what they show, one a line.

    Example:
        >>> list_demos().splitlines()[0]
        'heart              303 patients of the Cleveland clinic, 13 measurements: is a coronary artery narrowed?'
    """
    width = max(map(len, DEMOS)) + 2
    return "\n".join(f"{demo.name:{width}}{demo.about}" for demo in DEMOS.values())
