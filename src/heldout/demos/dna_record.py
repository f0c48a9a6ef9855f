"""The numbers of the demo on DNA."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.demos.studies import StudyNumbers
from heldout.records import DoubleArray, Score


@dataclass(frozen=True)
class FaultyFile:
    """What the reader says of a file with planted faults.

    Args:
        planted: fault, and the record or line it stands in.
        notes: sentences of the reader, and on what stays together.
        set_aside: line and reason of each record that is not used.
        n_used: records used.
        n_units: units that no split cuts.
    """

    planted: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    set_aside: tuple[tuple[int, str], ...]
    n_used: int
    n_units: int


@dataclass(frozen=True)
class SeenSequence:
    """What the steps make of one sequence.

    Args:
        text: the sequence.
        letters: letter, place from 1, numbers in the order A, C, G, T and what is added.
        words: short words and their numbers, the largest first.
        rules: step and what it does.
    """

    text: str
    letters: tuple[tuple[str, int, tuple[float, ...]], ...]
    words: tuple[tuple[str, float], ...]
    rules: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class HiddenWord:
    """What happens to the answer when a stretch is hidden.

    Args:
        distances: float64 [X], from the first letter of the planted word to the first hidden one.
        drops: float64 [S, X], by how much the log-odds of "on" fall, sequence by sequence.
        n_hits: sequences in which the largest fall hides at least half of the word.
        n_shown: sequences.
        share_by_chance: share of hits if the place were drawn.
    """

    distances: DoubleArray
    drops: DoubleArray
    n_hits: int
    n_shown: int
    share_by_chance: float


@dataclass(frozen=True)
class DnaRecord:
    """All numbers of the demo.

    Args:
        faulty: the faulty file.
        n_rows: sequences of the studies.
        n_families: families they were drawn in.
        n_found: families found whole, from the letters alone.
        n_cut: families on several sides when rows are dealt one by one.
        cut_notes: what the study of such rows says of its split.
        apart: study of rows dealt one by one.
        together: study that keeps families whole.
        strangers_apart: score of the first one's networks on genes of new families.
        strangers_together: score of the second one's.
        seen: what the network sees of a sequence.
        hidden: where the answer comes from.
    """

    faulty: FaultyFile
    n_rows: int
    n_families: int
    n_found: int
    n_cut: int
    cut_notes: tuple[str, ...]
    apart: StudyNumbers
    together: StudyNumbers
    strangers_apart: Score
    strangers_together: Score
    seen: SeenSequence
    hidden: HiddenWord
