"""An invented but realistic study: heart patients, a ladder that overfits, remedies that partly help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.records import (
    Answer,
    Baseline,
    Candidate,
    Choice,
    ChosenVerdict,
    Configuration,
    ConfigurationRun,
    Finding,
    Hyper,
    LadderVerdict,
    Outcome,
    RemedyResult,
    RemedyUse,
    Rung,
    Score,
    SetAside,
    Severity,
    Target,
    Task,
)
from heldout.report.content import (
    Calibration,
    ColumnNote,
    Costs,
    LookContent,
    PlanContent,
    PredictionInterval,
    ReliabilityBin,
    SplitSummary,
    StudyContent,
)

N_EPOCHS, N_SEEDS, N_ROWS = 120, 5, 736
WIDTHS = ((), (2,), (4,), (8,), (16,), (64,), (256,), (512, 512))
SIZES = (28, 59, 117, 233, 465, 1857, 7425, 277505)
NAN = float("nan")


def make_rungs() -> tuple[Rung, ...]:
    """Eight sizes."""
    pairs = zip(WIDTHS, SIZES, strict=True)
    return tuple(Rung(index, widths, size, 0.003) for index, (widths, size) in enumerate(pairs))


def make_run(configuration: Configuration, *, excess: float, floor: float) -> ConfigurationRun:
    """Curves that fall and, by `excess`, rise again."""
    rng = np.random.default_rng(configuration.rung.index + 10 * len(configuration.remedies))
    epoch = np.arange(1, N_EPOCHS + 1)
    fall = 0.30 * np.exp(-epoch / 12)
    rise = excess * (1 - np.exp(-np.maximum(epoch - 22, 0) / 45))
    seeds = rng.normal(0, 0.012, (N_SEEDS, 1))
    validation = floor + fall + rise * (1 + 8 * seeds) + seeds + rng.normal(0, 0.004, (N_SEEDS, N_EPOCHS))
    train = np.maximum(
        floor - 0.02 + fall - 1.1 * rise - seeds / 2, 0.004 * (2 + rng.random((N_SEEDS, N_EPOCHS)))
    )
    checkpoints = np.array([1, 2, 4, 8, 15, 22, 40, 80, 120], dtype=np.int32)
    losses = np.repeat(validation[:, checkpoints - 1].T[:, :, None], 4, axis=2).astype(np.float32)
    n_layers = len(configuration.rung.widths) + 1
    return ConfigurationRun(
        configuration=configuration,
        checkpoints=checkpoints,
        losses=losses,
        hits=losses < 0.5,
        train_curve=train.astype(np.float32),
        validation_curve=validation.astype(np.float32),
        outcomes=(Outcome.FINISHED,) * (N_SEEDS * 5),
        zero_share=np.zeros((N_SEEDS * 5, n_layers), dtype=np.float32),
        weight_norm=np.ones((N_SEEDS * 5, n_layers), dtype=np.float32),
        n_rows=471,
    )


def make_configuration(rung: Rung, *remedies: RemedyUse) -> Configuration:
    """A rung with remedies."""
    layers = (0.0,) * (len(rung.widths) + 1)
    name = " + ".join([f"rung {rung.index}", *(f"{use.name} {use.strength:g}" for use in remedies)])
    return Configuration(name, rung, remedies, Hyper(rung.learning_rate, layers, layers, layers))


def make_runs() -> tuple[ConfigurationRun, ...]:
    """The ladder and one remedied configuration."""
    excess = (0.0, 0.0, 0.01, 0.02, 0.05, 0.16, 0.34, 0.62)
    floors = (0.43, 0.415, 0.405, 0.40, 0.397, 0.40, 0.41, 0.425)
    rungs = make_rungs()
    triples = zip(rungs, excess, floors, strict=True)
    plain = [make_run(make_configuration(rung), excess=rise, floor=floor) for rung, rise, floor in triples]
    remedied = make_configuration(rungs[4], RemedyUse("dropout", 0.3))
    return (*plain, make_run(remedied, excess=0.015, floor=0.385))


def make_answers(word: str = "no") -> tuple[Answer, ...]:
    """The five answers of the delivered configuration."""
    return (
        Answer(
            "skill", "yes", 0.281, 0.243, 0.319, 0.0, "", "The loss is 0.281 below that of a constant guess."
        ),
        Answer(
            "overtrained", word, 0.004, -0.001, 0.009, 0.0138, "", "Training to the end costs at most 0.009."
        ),
        Answer(
            "too big",
            word,
            0.001,
            -0.005,
            0.008,
            0.0138,
            "",
            "No smaller network is better by more than 0.008.",
        ),
        Answer(
            "underfit",
            "no",
            -0.002,
            -0.008,
            0.006,
            0.0138,
            "",
            "No larger network is better by more than 0.006.",
        ),
        Answer("memorising", "not applicable", NAN, NAN, NAN, 0.0, "", "The network has skill."),
    )


def make_ladder() -> LadderVerdict:
    """Overfits from 465 weights."""
    per_rung = tuple(make_answers("yes" if index > 3 else "no")[1:4] for index in range(8))
    return LadderVerdict(
        word="overfits from",
        code="HO101",
        rung=4,
        sentence="From 465 weights on, training to the last epoch costs 0.041 in validation loss (one-sided 95 % "
        "bounds 0.022 to 0.060; tolerance 0.014), in 5 of 5 seeds.",
        per_rung=per_rung,
        onset=(-1, -1, -1, -1, 61, 40, 33, 29),
        best_epoch=(118, 117, 60, 52, 36, 27, 25, 24),
    )


def make_remedies() -> tuple[RemedyResult, ...]:
    """One of each outcome."""

    def remedy(name: str, strength: float, early: tuple[float, float, float], outcome: str) -> RemedyResult:
        end = (early[0] - 0.025, early[1] - 0.03, early[2] - 0.02)
        return RemedyResult(
            name, strength, f"rung 4 + {name}", end, early, "helps", outcome, f"{name}: see numbers."
        )

    return (
        remedy("dropout", 0.3, (-0.021, -0.033, -0.009), "helps"),
        remedy("l2", 0.001, (-0.008, -0.021, 0.005), "cannot tell"),
        remedy("l1", 0.0003, (-0.002, -0.009, 0.005), "equivalent"),
        remedy("fewer_parameters", 233.0, (0.003, -0.007, 0.012), "equivalent"),
        remedy("augmentation", 0.1, (0.024, 0.011, 0.037), "hurts"),
    )


def make_scores(value: float, *, n_rows: int) -> tuple[Score, ...]:
    """Accuracy, AUC and log-loss."""
    return (
        Score("accuracy", value, value - 0.049, value + 0.042, n_rows, n_rows, "Clopper-Pearson, exact"),
        Score("auc", value + 0.06, value + 0.02, value + 0.09, n_rows, n_rows, "DeLong, logit scale"),
        Score("logloss", 0.391, 0.352, 0.437, n_rows, n_rows, "bootstrap-t"),
    )


def make_baselines() -> tuple[Baseline, ...]:
    """Constant, linear, gradient boosting."""
    return (
        Baseline(
            "constant",
            make_scores(0.553, n_rows=N_ROWS),
            (-0.281, -0.319, -0.243),
            "Better than a constant guess.",
        ),
        Baseline(
            "linear",
            make_scores(0.811, n_rows=N_ROWS),
            (-0.028, -0.045, -0.011),
            "Better than a linear model.",
        ),
        Baseline(
            "gradient boosting",
            make_scores(0.823, n_rows=N_ROWS),
            (-0.006, -0.027, 0.015),
            "Cannot tell them apart.",
        ),
    )


def make_choice() -> Choice:
    """Dropout wins, rung 3 is not excluded."""
    rows = [
        ("rung 4 + dropout 0.3", 465, 1, 31, 0.394, 0.394, 0.394, False, True),
        ("rung 3", 233, 0, 52, 0.412, 0.401, 0.424, False, False),
        ("rung 4", 465, 0, 36, 0.415, 0.404, 0.426, True, False),
        ("rung 0", 28, 0, 118, 0.432, 0.413, 0.451, True, False),
    ]
    return Choice(
        name="rung 4 + dropout 0.3",
        epoch=31,
        leader="rung 4 + dropout 0.3",
        sentence="It has the lowest validation loss; no simpler one lies within one standard error.",
        candidates=tuple(Candidate(*row) for row in rows),
        loss=(0.399, 0.361, 0.441),
        naive_loss=0.394,
    )


def make_columns() -> tuple[ColumnNote, ...]:
    """A few columns of a heart study."""
    return (
        ColumnNote("patient", "identifier", "736 distinct texts in 736 rows", "auto", "not used: identifier"),
        ColumnNote(
            "age", "number", "736 of 736 cells are numbers, 28 to 77", "auto", "standardized", 0, 0, 1, 0.8
        ),
        ColumnNote(
            "chol",
            "number",
            "0 means missing: 125 zeros, next smallest 85",
            "auto",
            "standardized, missing flag",
            125,
            0,
            2,
        ),
        ColumnNote(
            "ca", "number", "cells are 0 to 3 and '?'", "auto", "standardized, missing flag", 291, 3, 2
        ),
        ColumnNote(
            "thal",
            "category",
            "3 distinct texts: normal, fixed defect, reversable",
            "user",
            "5 slots",
            309,
            0,
            5,
            0.9,
        ),
        ColumnNote("hospital", "category", "4 distinct texts", "auto", "6 one-hot slots", 0, 0, 6),
    )


def make_findings() -> tuple[Finding, ...]:
    """One of each severity."""
    return (
        Finding(
            "HO201",
            "exact duplicates",
            Severity.INFO,
            "2 rows are exact copies.",
            "",
            2,
            "Copies were kept on one side of the split.",
        ),
        Finding(
            "HO214",
            "missing values depend on a group",
            Severity.WARNING,
            "Of 309 missing values in 'thal', 291 come from 3 of 4 hospitals.",
            "thal",
            309,
            "A missing flag was added.",
        ),
        Finding(
            "HO230",
            "a group in the rows",
            Severity.CRITICAL,
            "Rows of one hospital were split: the score may be too high for a new hospital.",
            "hospital",
            736,
            "Use --group hospital.",
        ),
    )


def make_split() -> SplitSummary:
    """Five folds and a test set."""
    return SplitSummary("5 folds of the development rows, classes balanced", 589, 147, 5, 471, 589, 589)


def make_target() -> Target:
    """A yes/no target."""
    values = np.tile([0.0, 1.0], N_ROWS // 2)
    why = "2 distinct texts: classification (change with --task)"
    return Target("disease", Task.BINARY, why, ("no", "yes"), values, np.array([5, 9], dtype=np.int64))


def make_study() -> StudyContent:
    """The finished study."""
    bins = tuple(
        ReliabilityBin(p, p + d, p + d - 0.1, p + d + 0.1, 118)
        for p, d in ((0.1, 0.02), (0.3, -0.03), (0.5, 0.04), (0.7, 0.01), (0.9, -0.12))
    )
    return StudyContent(
        name="heart-1",
        created="2025-03-02 10:14 UTC",
        command="heldout fit heart.csv --target disease",
        source="heart.csv",
        n_rows=N_ROWS,
        n_columns=14,
        target=make_target(),
        split=make_split(),
        metric="accuracy",
        settings=(("preset", "standard"), ("seed", "0"), ("split_seed", "0")),
        versions=(("heldout", "0.1.0"), ("jax", "0.10.2")),
        machine="x86-64, 2 cores, Linux",
        study_folder="runs/heart-1",
        report_path="runs/heart-1/report.html",
        bundle_path="runs/heart-1/bundle.zip",
        bundle_sha256="9f" * 32,
        columns=make_columns(),
        set_aside=(SetAside(17, "12 fields instead of 14", "63,1,typical"), SetAside(90, "empty line")),
        read_notes=("delimiter ',' (all 738 lines have it 13 times)", "encoding utf-8"),
        niceness=("Messy: 4 of 14 columns have missing values.", "736 rows for 14 columns: small."),
        findings=make_findings(),
        passed_checks=(
            "no column alone predicts the target",
            "drift between parts: not applicable, no time column",
        ),
        ladder=make_ladder(),
        chosen=ChosenVerdict(
            "good fit",
            "HO100",
            "It predicts better than a constant guess, and neither a smaller, a "
            "larger nor a shorter-trained network is better by more than the tolerance 0.014.",
            make_answers(),
            Answer(
                "accuracy",
                "no",
                0.002,
                -0.004,
                0.008,
                0.01,
                sentence="Accuracy is not harmed: against other epochs and simpler configurations it changes by -0.2 "
                "points (90 % interval -0.8 to +0.4; harm begins below -1).",
            ),
        ),
        chosen_name="rung 4 + dropout 0.3",
        epoch=31,
        rungs=make_rungs(),
        runs=make_runs(),
        remedies=make_remedies(),
        choice=make_choice(),
        baselines=make_baselines(),
        tolerance=0.0138,
        constant_loss=0.688,
        development_scores=make_scores(0.829, n_rows=589),
        test_scores=make_scores(0.837, n_rows=147),
        test_opened="2025-03-02 10:13 UTC",
        early_stopping_notes=(
            "Patience 5 would have stopped 3 of 5 seeds before their lowest epoch, costing 0.006.",
            "Stopping and keeping the last epoch instead of the best would have cost 0.011.",
            "Without patience 9.1 s more would have been spent.",
        ),
        calibration=Calibration(
            1.18, bins, "development rows, each predicted by networks that had not seen it"
        ),
        threshold_notes=(
            "A miss was said to cost 5 false alarms: 'yes' is answered from probability 0.17 on.",
        ),
        costs=Costs(
            (("reading", 0.4), ("ladder", 31.2), ("remedies", 44.9), ("report", 3.1)),
            325,
            9.4,
            812_000_000,
            "cpu, 2 cores",
        ),
        next_commands=(
            "heldout predict runs/heart-1/bundle.zip more.csv",
            "heldout fit heart.csv --target disease --group hospital",
        ),
        limits=(
            "Not for hospitals other than the four in the data.",
            "Not for patients under 28 or over 77 years.",
            "Not as the only ground for a treatment.",
        ),
    )


def make_small_study() -> StudyContent:
    """Sixteen rows: no test set, no verdict possible."""
    answers = (
        Answer(
            "skill",
            "undecided",
            0.1,
            -0.2,
            0.4,
            0.0,
            "leaning yes",
            "Loss 0.1 below a constant guess.",
            ("4 times the rows: 61 % chance to be decided.",),
        ),
    )
    score = Score("accuracy", 0.75, 0.476, 0.927, 16, 16, "Clopper-Pearson, exact")
    split = SplitSummary("5 folds", 16, 0, 5, 13, 16, 16, why_no_test="16 rows are too few to set some aside")
    return replace(
        make_study(),
        n_rows=16,
        split=split,
        test_scores=(),
        test_opened="",
        ladder=None,
        runs=(),
        rungs=(),
        remedies=(),
        choice=None,
        baselines=(),
        chosen_name="",
        epoch=0,
        development_scores=(score,),
        permutation_p=0.11,
        chosen=ChosenVerdict("cannot tell", "HO190", "16 rows are too few for a verdict.", answers),
        calibration=None,
        bundle_path="",
        bundle_sha256="",
        threshold_notes=(),
        early_stopping_notes=(),
    )


def make_partial_study() -> StudyContent:
    """Stopped during the ladder."""
    return replace(
        make_small_study(),
        n_rows=N_ROWS,
        split=make_split(),
        chosen=None,
        development_scores=(),
        permutation_p=None,
        partial="Stopped by the user after 3 of 8 sizes; go on with: heldout fit --resume runs/heart-1",
        rungs=make_rungs(),
        runs=make_runs()[:3],
    )


def make_regression_study() -> StudyContent:
    """Prices with prediction intervals."""
    rng = np.random.default_rng(0)
    target = Target(
        "price",
        Task.REGRESSION,
        "731 distinct numbers",
        (),
        rng.normal(20, 5, N_ROWS),
        np.zeros(0, np.int64),
        "EUR",
    )
    scores = (
        Score("rmse", 2.31, 2.02, 2.66, 147, 147, "bootstrap-t"),
        Score("r2", 0.71, 0.63, 0.78, 147, 147, "bootstrap"),
    )
    return replace(
        make_study(),
        target=target,
        metric="rmse",
        test_scores=scores,
        development_scores=scores,
        calibration=None,
        threshold_notes=(),
        baselines=(),
        interval=PredictionInterval(0.9, (0.912, 0.86, 0.95), 147, half_width=3.9),
    )


def make_look() -> LookContent:
    """What `look` shows."""
    return LookContent(
        source="heart.csv",
        n_rows=N_ROWS,
        n_columns=14,
        columns=make_columns(),
        target=make_target(),
        read_notes=("delimiter ','",),
        n_set_aside=2,
        bullets=(
            "Size: 736 rows, 14 columns.",
            "Noise: not known before training.",
            "Balance: no 55 %, yes 45 %.",
            "Groups: 4 hospitals.",
        ),
        nice_or_messy="Messy: 4 of 14 columns have missing values.",
        findings=make_findings(),
        next_command="heldout fit heart.csv --target disease --group hospital",
    )


def make_plan() -> PlanContent:
    """What `--dry-run` shows."""
    return PlanContent(
        source="heart.csv",
        target=make_target(),
        split=make_split(),
        rungs=make_rungs(),
        remedies=(("dropout", "0.2, 0.5"), ("l2", "0.0001, 0.001")),
        n_seeds=5,
        n_epochs=120,
        n_networks=325,
        seconds=(60.0, 95.0),
        memory_bytes=800_000_000,
        device="cpu, 2 cores",
    )
