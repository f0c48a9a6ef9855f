"""Everything that a report, a terminal answer or `--json` may show, in frozen records.

The study fills these records; the report only reads them. Nothing here is computed from losses: each number was
made, with its interval, where the evidence is judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from heldout.records import (
    Affected,
    Baseline,
    ByHeart,
    Choice,
    ChosenVerdict,
    ColumnSpec,
    ConfigurationRun,
    Finding,
    FloatArray,
    Gate,
    Growth,
    InputLayout,
    LabelScore,
    LadderVerdict,
    RemedyResult,
    Rung,
    Score,
    SetAside,
    Subgroups,
    Target,
)
from heldout.report.losses import ColumnLoss

NOT_A_NUMBER = float("nan")


@dataclass(frozen=True)
class ColumnNote:
    """What became of one column, as a line of the report.

    Args:
        name: column name.
        kind: what it was read as.
        why: the evidence for that, one sentence.
        decided: "auto" or "user".
        changed_to: what the network sees ("standardized", "7 one-hot slots", "not used: identifier").
        n_missing: cells without a value.
        n_unparsed: cells that could not be read as `kind` and count as missing.
        n_slots: width of the column in the network's input; 0 when not used.
        importance: how much the column matters, any scale, larger first; 0 when unknown. Studies give the largest
            share of the target's spread that one of its inputs alone explains (squared correlation, 0 to 1).
        before: rows by value as read, in bins of equal width (numbers, dates) or by category, the largest first.
        after: the same for what the network sees.
    """

    name: str
    kind: str
    why: str
    decided: str = "auto"
    changed_to: str = ""
    n_missing: int = 0
    n_unparsed: int = 0
    n_slots: int = 0
    importance: float = 0.0
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True)
class SplitSummary:
    """Which rows served what, in numbers.

    Args:
        method: how it was split, one sentence.
        n_development: rows on which networks were trained and compared.
        n_test: sealed rows; 0 when there is no test set.
        n_folds: divisions of the development rows (1: a single split).
        n_fit: fit rows of one division.
        n_validation: validation rows, over all divisions.
        n_units: groups that were never cut (rows when there are no groups).
        has_groups: True when a unit may hold several rows.
        ordered: True when the split follows time.
        why_no_test: empty, or why no test set was sealed.
        notes: further sentences.
    """

    method: str
    n_development: int
    n_test: int
    n_folds: int
    n_fit: int
    n_validation: int
    n_units: int
    has_groups: bool = False
    ordered: bool = False
    why_no_test: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Confusion:
    """Which class was answered for which, on rows that the answering networks had not fitted.

    Args:
        rows: which rows.
        counts: for each true class, in the order of the target's classes, how many rows got each answer.
        right: for each true class the share of right answers with its 95 % interval: estimate, low, high; NaN where
            the class has no row or rows come in groups and no interval is honest.
    """

    rows: str
    counts: tuple[tuple[int, ...], ...]
    right: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class LabelTable:
    """How well each label of a target with several labels a row is found.

    Args:
        rows: which rows.
        labels: one entry a label, the most frequent first.
    """

    rows: str
    labels: tuple[LabelScore, ...]


@dataclass(frozen=True)
class Mistake:
    """One row that was answered badly. Shown only with `show_rows`.

    Args:
        line: 1-based line in the file (row number for frames).
        truth: the class written, or the number.
        answer: the class answered, or the number.
        loss: its loss.
    """

    line: int
    truth: str
    answer: str
    loss: float


@dataclass(frozen=True)
class ReliabilityBin:
    """One point of the reliability picture: what was predicted and what came true.

    Args:
        predicted: mean predicted probability in the bin; for a number as target, the mean predicted number.
        observed: share that came true, or the mean of the true numbers.
        low: lower end of the 95 % interval of `observed`; NaN when none.
        high: upper end.
        n_rows: rows in the bin.
    """

    predicted: float
    observed: float
    low: float
    high: float
    n_rows: int


@dataclass(frozen=True)
class Calibration:
    """How probabilities were adjusted and how they fit; for a number as target, how predicted numbers fit.

    Args:
        temperature: the number that logits were divided by; 1 changes nothing, above 1 makes it less sure. NaN for
            numbers.
        bins: reliability on the rows named in `rows`.
        rows: on which rows, e.g. "development rows, each predicted by networks that had not seen it".
    """

    temperature: float
    bins: tuple[ReliabilityBin, ...] = ()
    rows: str = "development rows"


@dataclass(frozen=True)
class PredictionInterval:
    """What the prediction intervals of a regression promise and held.

    Args:
        level: promised share of rows inside, e.g. 0.9.
        coverage: share of rows inside as measured: estimate, low, high (NaN where unknown).
        n_rows: rows it was measured on.
        rows: which rows.
        half_width: typical half width in the target's unit; NaN when unknown.
    """

    level: float
    coverage: tuple[float, float, float]
    n_rows: int
    rows: str = "test rows"
    half_width: float = NOT_A_NUMBER


@dataclass(frozen=True)
class Costs:
    """What the study cost.

    Args:
        seconds: (phase, seconds) in the order they ran.
        n_networks: networks trained, folds and seeds counted.
        study_tax: time of the study over the time of training the smallest interpolating rung; None if unknown.
        peak_memory_bytes: largest resident memory of the process; 0 when unknown.
        device: what it ran on, in words.
        n_starts: how often the study was begun or resumed; all else here is of the last start alone.
    """

    seconds: tuple[tuple[str, float], ...] = ()
    n_networks: int = 0
    study_tax: float | None = None
    peak_memory_bytes: int = 0
    device: str = ""
    n_starts: int = 1


@dataclass(frozen=True, kw_only=True)
class StudyContent:
    """Everything a finished or partial study shows.

    Args:
        name: the study's name.
        created: time in UTC, as text.
        command: the command or call that made it.
        source: what was read (a path or "frame").
        n_rows: rows read, rows set aside not counted.
        n_columns: columns read.
        target: what is predicted.
        settings: (name, value) of every setting as resolved.
        versions: (package, version).
        machine: processor and system, in words.
        study_folder: where the study lies.
        report_path: where the report lies.
        bundle_path: where the bundle lies; empty when none was made.
        bundle_sha256: hash of the bundle.
        partial: empty, or why the study is not complete, one sentence.
        unread: files of its folder that are missing or damaged, where it was read from what is left; of a study that
            had been finished also the fields above and below that are therefore not known (which is not "none").
        specs: how each column is read.
        columns: one line per column.
        set_aside: rows read but not used.
        read_notes: guesses made while reading.
        niceness: lines saying how nice or messy the data are.
        findings: what is wrong with the data or remarkable.
        passed_checks: checks that found nothing, one line each ("not applicable: why" included).
        muted: findings that the user asked not to be told again.
        gates: what was checked before the verdicts, passed ones too; they also stand among findings and passed checks.
        split: which rows served what.
        ladder: from which size on the data are overfitted; None before the ladder was judged.
        chosen: the verdict on the delivered configuration; None before.
        chosen_name: name of the delivered configuration.
        epoch: the delivered epoch.
        rungs: the sizes of the ladder.
        runs: everything recorded per configuration.
        remedies: each remedy against the plain network.
        choice: which configuration is delivered, and the leaderboard.
        baselines: simple predictors beside the network.
        metric: name of the primary metric, fixed before the test was opened.
        tolerance: differences in loss below it do not matter (delta).
        constant_loss: loss of the constant predictor (R0).
        development_scores: scores of the procedure on rows predicted out of fold.
        test_scores: scores on the sealed rows; empty when there are none.
        test_opened: when the test was opened, as text.
        openings_before: how often these test rows had been looked at before.
        best_shown: after a repeated opening, what may stand as the best score on these rows; else empty.
        test_scores_without_copies: the same without test rows that have a copy among the development rows.
        permutation_p: p value of the permutation test (small studies), else None.
        growth: what twice as many fit rows brought; None where it was not measured.
        subgroups: for whom it fails; None where there are too few rows.
        affected: who is affected by an outlier rule; None where none is in use.
        by_heart: what the plain network learned by heart; None where it was not looked at.
        early_stopping_notes: where remedies were tried, what each rule of early stopping would have done, what the
            lecture's rule costs.
        notes: what was done otherwise than planned, one sentence each.
        confusions: which class was answered for which; empty for regression and several labels a row.
        labels: how well each of several labels a row is found; else empty.
        mistakes: the rows with the largest losses, for `show_rows` only.
        layout: what a row is to the networks where it is no table of numbers (picture, signal, tokens); else None.
        examples: a few rows in the units of training, only where the user asked to show rows; else None.
        calibration: how probabilities (or predicted numbers) fit what came true; None where not measured.
        threshold_notes: lines on the decision threshold and stated costs.
        interval: prediction intervals; None for classification.
        costs: what it cost.
        next_commands: lines to paste next.
        limits: what the model should not be used for, one sentence each.
        losses: what texts and sequences lost before the network saw them.
    """

    name: str
    created: str
    command: str
    source: str
    n_rows: int
    n_columns: int
    target: Target
    split: SplitSummary
    metric: str
    settings: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    machine: str = ""
    study_folder: str = ""
    report_path: str = ""
    bundle_path: str = ""
    bundle_sha256: str = ""
    partial: str = ""
    unread: tuple[str, ...] = ()
    specs: tuple[ColumnSpec, ...] = ()
    columns: tuple[ColumnNote, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    read_notes: tuple[str, ...] = ()
    niceness: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    passed_checks: tuple[str, ...] = ()
    muted: tuple[Finding, ...] = ()
    gates: tuple[Gate, ...] = ()
    ladder: LadderVerdict | None = None
    chosen: ChosenVerdict | None = None
    chosen_name: str = ""
    epoch: int = 0
    rungs: tuple[Rung, ...] = ()
    runs: tuple[ConfigurationRun, ...] = ()
    remedies: tuple[RemedyResult, ...] = ()
    choice: Choice | None = None
    baselines: tuple[Baseline, ...] = ()
    tolerance: float = NOT_A_NUMBER
    constant_loss: float = NOT_A_NUMBER
    development_scores: tuple[Score, ...] = ()
    test_scores: tuple[Score, ...] = ()
    test_opened: str = ""
    openings_before: int = 0
    best_shown: str = ""
    test_scores_without_copies: tuple[Score, ...] = ()
    permutation_p: float | None = None
    growth: Growth | None = None
    subgroups: Subgroups | None = None
    affected: Affected | None = None
    by_heart: ByHeart | None = None
    early_stopping_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    labels: tuple[LabelTable, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    layout: InputLayout | None = None
    examples: FloatArray | None = None
    calibration: Calibration | None = None
    threshold_notes: tuple[str, ...] = ()
    interval: PredictionInterval | None = None
    costs: Costs = Costs()
    next_commands: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    losses: tuple[ColumnLoss, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LookContent:
    """What `heldout look` shows: the table as it will be read, before anything is trained.

    Args:
        source: what was read.
        n_rows: rows.
        n_columns: columns.
        columns: one line per column.
        target: what would be predicted; None when no target was named.
        read_notes: guesses made while reading.
        n_set_aside: rows read but not used.
        bullets: the questions one asks of any data set (size, noise, balance, groups), one line each.
        nice_or_messy: the summing-up line.
        findings: what is wrong or remarkable.
        next_command: a line to paste next.
        passed_checks: checks that found nothing, one line each.
        set_aside: (reason, rows) of rows read but not used.
        affected: whose rows an outlier rule concerns; None where none was asked for.
        counts: (class, rows) of a target with classes.
        losses: what texts and sequences lose before a network sees them.
        refusal: why `fit` would refuse these data: columns whose cells have two readings; "" where it would not.
    """

    source: str
    n_rows: int
    n_columns: int
    columns: tuple[ColumnNote, ...]
    target: Target | None = None
    read_notes: tuple[str, ...] = ()
    n_set_aside: int = 0
    bullets: tuple[str, ...] = ()
    nice_or_messy: str = ""
    findings: tuple[Finding, ...] = ()
    next_command: str = ""
    passed_checks: tuple[str, ...] = ()
    set_aside: tuple[tuple[str, int], ...] = ()
    affected: Affected | None = None
    counts: tuple[tuple[str, int], ...] = ()
    losses: tuple[ColumnLoss, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanContent:
    """What `--dry-run` shows: what would be trained, and at what price.

    Args:
        source: what was read.
        target: what would be predicted.
        split: which rows would serve what.
        rungs: the sizes of the ladder.
        remedies: (remedy, strengths in words).
        n_seeds: seeds per configuration.
        n_epochs: epochs per network.
        n_networks: networks in all.
        seconds: estimated time, (low, high); NaN when unknown.
        memory_bytes: estimated peak memory; 0 when unknown.
        device: what it would run on.
        notes: further sentences.
    """

    source: str
    target: Target
    split: SplitSummary
    rungs: tuple[Rung, ...]
    remedies: tuple[tuple[str, str], ...]
    n_seeds: int
    n_epochs: int
    n_networks: int
    seconds: tuple[float, float] = (NOT_A_NUMBER, NOT_A_NUMBER)
    memory_bytes: int = 0
    device: str = ""
    notes: tuple[str, ...] = ()
