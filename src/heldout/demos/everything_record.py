"""The numbers of the demo that goes through a whole study."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.demos.studies import StudyNumbers
from heldout.records import DoubleArray, Score


@dataclass(frozen=True)
class LookNumbers:
    """What the look says.

    Args:
        n_rows: rows.
        n_columns: columns.
        counts: (class, rows).
        bullets: the questions one asks of any data, one line each.
        notes: guesses made while reading.
    """

    n_rows: int
    n_columns: int
    counts: tuple[tuple[str, int], ...]
    bullets: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CheckedRow:
    """One finding of the audit.

    Args:
        code: its code.
        severity: "critical", "warning" or "info".
        column: the column it is about, "" for all.
        sentence: what was found.
    """

    code: str
    severity: str
    column: str
    sentence: str


@dataclass(frozen=True)
class RungNumbers:
    """One size of the ladder.

    Args:
        name: of the configuration.
        widths: units of the hidden layers.
        n_parameters: weights and biases.
        training: float64 [S], training loss at the last epoch, seed by seed.
        best: float64 [S], validation loss at the epoch that is best on average.
        last: float64 [S], validation loss at the last epoch.
        best_epoch: that epoch.
        n_epochs: the last one.
    """

    name: str
    widths: tuple[int, ...]
    n_parameters: int
    training: DoubleArray
    best: DoubleArray
    last: DoubleArray
    best_epoch: int
    n_epochs: int


@dataclass(frozen=True)
class PredictedRow:
    """One raw row and the answer to it.

    Args:
        cells: as sent.
        answer: the class.
        share: its probability.
        flags: what was noticed about the row.
    """

    cells: tuple[str, ...]
    answer: str
    share: float
    flags: tuple[str, ...]


@dataclass(frozen=True)
class SentRows:
    """Raw rows sent to the bundle.

    Args:
        names: their columns.
        rows: cells and answers.
        notes: what was noticed about the table.
    """

    names: tuple[str, ...]
    rows: tuple[PredictedRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class EverythingRecord:
    """All numbers of the demo, in the order of the phases.

    Args:
        look: what the look says.
        split: in words, development rows, sealed rows, folds.
        findings: of the audit.
        later: findings that needed trained networks.
        n_passed: checks before any training that found nothing.
        columns: name, kind, why, what the network sees.
        explained: one cell's way into the network, in words.
        rungs: sizes of the ladder.
        study: verdicts, remedies, scores.
        gates: code, name, state, sentence of each check before the verdicts.
        candidates: name, parameters, loss with interval, whether delivered; the best first.
        choice: why it was chosen.
        corrected: loss of the whole choice without its optimism: estimate, low, high.
        naive: validation loss of the delivered configuration, optimistic.
        test_scores: on the sealed rows.
        baselines: simple predictors, one sentence each.
        whom: for whom it fails, in words; "" where that was not asked.
        seconds: phases and how long they took.
        sent: raw rows and the bundle's answers.
    """

    look: LookNumbers
    split: tuple[str, int, int, int]
    findings: tuple[CheckedRow, ...]
    later: tuple[CheckedRow, ...]
    n_passed: int
    columns: tuple[tuple[str, str, str, str], ...]
    explained: str
    rungs: tuple[RungNumbers, ...]
    study: StudyNumbers
    gates: tuple[tuple[str, str, str, str], ...]
    candidates: tuple[tuple[str, int, float, float, float, bool], ...]
    choice: str
    corrected: tuple[float, float, float]
    naive: float
    test_scores: tuple[Score, ...]
    baselines: tuple[str, ...]
    whom: str
    seconds: tuple[tuple[str, float], ...]
    sent: SentRows
