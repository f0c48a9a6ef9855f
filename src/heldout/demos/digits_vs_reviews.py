"""One network on digits, the same on reviews: it hardly overfits the one and the other from the first epochs on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heldout.demos.drawing import BLUE, ORANGE, Axes, Line, Panel, draw_panels
from heldout.demos.frame import DemoOutcome, DemoPage, DemoRequest, DemoSection, DemoTable
from heldout.demos.real_data import find_imdb, find_mnist
from heldout.demos.shipped import Pictures, Texts, count_words, read_digits, read_reviews, split_rows
from heldout.demos.training import DemoData, build_data, train_networks
from heldout.evidence import judge_ladder
from heldout.ladder import Schedule, plain_hyper
from heldout.nets import count_parameters
from heldout.records import (
    Configuration,
    ConfigurationRun,
    DoubleArray,
    FloatArray,
    Fold,
    IndexArray,
    JudgeSettings,
    Rung,
    Task,
)
from heldout.report.marks import Caption
from heldout.report.sentences import format_number

WIDTHS, LEARNING_RATE = (64, 64), 0.003  # the same network and pace for both
N_SEEDS, N_EPOCHS, BATCH = 5, 40, 32
FULL_EPOCHS, FULL_BATCH, FULL_WORDS = 20, 128, 4000
FIT_DIGITS, FIT_REVIEWS = 1000, 2000  # more for the one that overfits: that it has less cannot be the reason
FEW = 3  # a word that stands in at most so many fit reviews marks these reviews more than it means something
N_MARKS = 20
EARLY = 5  # IMDB without remedies is known to overfit by then in every seed, and MNIST not to: checked on real data
LARGEST_SHARE = 2.5  # upper end of the loss axis, in constant guesses


@dataclass(frozen=True)
class SideResult:
    """One of the two data sets.

    Args:
        name: "digits" or "reviews".
        what: the rows in words.
        n_fit: fit rows.
        n_validation: validation rows.
        n_inputs: inputs of the network.
        n_parameters: of the network.
        constant_loss: log-loss of always predicting the class shares.
        training: float64 [S, T], training loss by epoch, in constant guesses.
        validation: float64 [S, T], validation loss by epoch, in constant guesses.
        accuracy: share of right answers on validation rows at the last epoch, mean over seeds.
        word: verdict of the evidence room on training to the last epoch.
        answer: its answer to "overtrained?": yes, no or undecided.
        sentence: the answer in words with its interval.
        best_epoch: with the lowest mean validation loss.
        onset: first epoch from which on the rise is beyond chance and tolerance, -1 for none.
        seed_onsets: the same for each seed's network judged by itself; -1 where it is not shown to overfit.
    """

    name: str
    what: str
    n_fit: int
    n_validation: int
    n_inputs: int
    n_parameters: int
    constant_loss: float
    training: DoubleArray
    validation: DoubleArray
    accuracy: float
    word: str
    answer: str
    sentence: str
    best_epoch: int
    onset: int
    seed_onsets: tuple[int, ...]


@dataclass(frozen=True)
class TwoSidesRecord:
    """All numbers of the demo.

    Args:
        digits: pictures.
        reviews: texts.
        n_words: words that became inputs.
        rare_share: share of them that stand in at most three fit reviews.
        usual_share: of the places of a digit, the share that is inked in at least a tenth of the fit pictures.
        is_full: whether the data are the real ones of a user's folder.
    """

    digits: SideResult
    reviews: SideResult
    n_words: int
    rare_share: float
    usual_share: float
    is_full: bool


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Train the same network on pictures of digits and on reviews, and ask both times whether it overfits.

    Args:
        request: with `full`, the real MNIST and IMDB data are read from that folder.

    Returns:
        A `TwoSidesRecord` and its page.

    Raises:
        DataError: the folder of the real data does not hold them.
    """
    pictures = read_digits() if request.full is None else find_mnist(request.full)
    texts = read_reviews() if request.full is None else find_imdb(request.full)
    digits, inked = _study_digits(pictures, request)
    reviews, n_words, rare = _study_reviews(texts, request)
    record = TwoSidesRecord(digits, reviews, n_words, rare, inked, request.full is not None)
    return DemoOutcome(record, show_sides(record, sources=(pictures.source, texts.source)))


def _study_digits(pictures: Pictures, request: DemoRequest) -> tuple[SideResult, float]:
    n_fit, n_validation = _share_rows(len(pictures.target), FIT_DIGITS, request)
    fit, validation = split_rows(pictures.target, n_fit, n_validation=n_validation, seed=request.seed)
    flat = pictures.values.reshape(len(pictures.values), -1)
    inked = float(np.mean((flat[fit] > 0.5).mean(axis=0) >= 0.1))
    rows = (flat - flat[fit].mean()) / flat[fit].std()
    return _study("digits", pictures.name, rows, pictures.target, (fit, validation), request), inked


def _study_reviews(texts: Texts, request: DemoRequest) -> tuple[SideResult, int, float]:
    n_fit, n_validation = _share_rows(len(texts.target), FIT_REVIEWS, request)
    fit, validation = split_rows(texts.target, n_fit, n_validation=n_validation, seed=request.seed)
    rows, words = count_words(texts.texts, fit, most=FULL_WORDS)
    rare = float(np.mean(rows[fit].sum(axis=0) <= FEW))
    return _study("reviews", texts.name, rows, texts.target, (fit, validation), request), len(words), rare


def _share_rows(n_rows: int, n_fit: int, request: DemoRequest) -> tuple[int, int]:
    """Fit and validation rows: as set for what is shipped, four fifths and one of the real data."""
    if request.full is not None:
        return n_rows * 4 // 5, n_rows // 5
    return (n_fit // 2, 400) if request.is_small else (n_fit, min(1000, n_rows - n_fit))


def _study(
    name: str,
    what: str,
    rows: FloatArray,
    target: DoubleArray,
    parts: tuple[IndexArray, IndexArray],
    request: DemoRequest,
) -> SideResult:
    """Train the network with every seed, and let the evidence room read the curves."""
    task = Task.MULTICLASS if target.max() > 1 else Task.BINARY
    data = build_data(rows.astype(np.float32, copy=False), target, task=task, folds=[Fold(*parts)])
    n_outputs = data.tensors.n_outputs
    rung = Rung(0, WIDTHS, count_parameters(rows.shape[1], WIDTHS, n_outputs), LEARNING_RATE)
    configuration = Configuration(f"{name}, {WIDTHS[0]} + {WIDTHS[1]} units", rung, (), plain_hyper(rung))
    n_epochs, batch = (N_EPOCHS, BATCH) if request.full is None else (FULL_EPOCHS, FULL_BATCH)
    n_epochs = 20 if request.is_small else n_epochs
    marks = np.unique(np.geomspace(1, n_epochs, N_MARKS).round().astype(int))
    schedule = Schedule(batch, -(-len(parts[0]) // batch), n_epochs, tuple(int(mark) for mark in marks))
    seeds = range(request.seed * N_SEEDS, request.seed * N_SEEDS + N_SEEDS)
    (networks,) = train_networks(data, schedule, [configuration], seeds=seeds, request=request, phase=name)
    run, guess = networks.run, data.constant_loss
    verdict = judge_ladder([run], data.judge)
    overtrained = verdict.per_rung[0][0]
    return SideResult(
        name=name,
        what=what,
        n_fit=len(parts[0]),
        n_validation=len(parts[1]),
        n_inputs=rows.shape[1],
        n_parameters=rung.n_parameters,
        constant_loss=guess,
        training=run.train_curve.astype(np.float64) / guess,
        validation=run.validation_curve.astype(np.float64) / guess,
        accuracy=_read_accuracy(networks.run.hits, data),
        word=verdict.word,
        answer=overtrained.answer,
        sentence=overtrained.sentence,
        best_epoch=verdict.best_epoch[0],
        onset=verdict.onset[0],
        seed_onsets=_judge_seeds(run, data.judge),
    )


def _judge_seeds(run: ConfigurationRun, judge: JudgeSettings) -> tuple[int, ...]:
    """Judge each network as if it were the only one; one fold, so that members are seeds."""
    onsets = []
    for seed in range(run.losses.shape[1]):
        own = slice(seed, seed + 1)
        alone = replace(
            run,
            losses=run.losses[:, own],
            hits=run.hits[:, own],
            train_curve=run.train_curve[own],
            validation_curve=run.validation_curve[own],
            outcomes=run.outcomes[own],
            zero_share=run.zero_share[own],
            weight_norm=run.weight_norm[own],
        )
        verdict = judge_ladder([alone], judge)
        last = int(run.checkpoints[-1])
        is_shown = verdict.word == "overfits from"
        onsets.append((verdict.onset[0] if verdict.onset[0] > 0 else last) if is_shown else -1)
    return tuple(onsets)


def _read_accuracy(hits: np.ndarray, data: DemoData) -> float:
    return float(hits[-1].mean()) if hits.size else float("nan")


def show_sides(record: TwoSidesRecord, *, sources: tuple[str, ...]) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
        sources: where the data come from.

    Returns:
        The page.
    """
    sides = (record.digits, record.reviews)
    return DemoPage(
        title="One network, two data sets: why does it overfit the one and not the other?",
        answer=(
            f"The same network ({WIDTHS[0]} + {WIDTHS[1]} units, no remedy, {N_SEEDS} seeds, "
            f"{sides[0].training.shape[1]} epochs) on both:",
            *(line for side in sides for line in _answer_side(side)),
            *((_say_expected(record),) if record.is_full else ()),
            "Losses count constant guesses: 1 is always predicting the class shares.",
        ),
        sections=(_show_curves(record), _show_reason(record), _show_use(record)),
        sources=sources,
    )


def _answer_side(side: SideResult) -> tuple[str, ...]:
    return (
        f"  {side.name:8} {_say_verdict(side)} ({side.n_fit:,} fit rows, {side.n_inputs:,} inputs)",
        f"           validation loss {_at(side.validation, side.best_epoch)} at epoch {side.best_epoch} (the "
        f"best), {_at(side.validation, 0)} at the last; training {_at(side.training, 0)}",
        f"           right at the last epoch: {100 * side.accuracy:.1f} % of {side.n_validation:,} validation rows",
        f"           each seed's network by itself: {_say_seeds(side)}",
    )


def _say_seeds(side: SideResult) -> str:
    """In how many seeds the network overfits when it is judged alone, and from when on."""
    shown = sorted(onset for onset in side.seed_onsets if onset > 0)
    if not shown:
        return f"0 of {len(side.seed_onsets)} overfit"
    epochs = f"epoch {shown[0]}" if shown[0] == shown[-1] else f"epochs {shown[0]} to {shown[-1]}"
    return f"{len(shown)} of {len(side.seed_onsets)} overfit, onset at {epochs}"


def _say_expected(record: TwoSidesRecord) -> str:
    """What is known of the real data, where these numbers carry it, or what they say instead."""
    onsets = record.reviews.seed_onsets
    if min(onsets) > 0 and max(onsets) <= EARLY and record.digits.word == "no overfitting shown":
        return f"IMDB overfits in every seed, onset by epoch {max(onsets)}; MNIST is not overfit by its headline."
    n_early = sum(0 < onset <= EARLY for onset in onsets)
    return (
        f"IMDB overfits by epoch {EARLY} in {n_early} of {len(onsets)} seeds (known: all); "
        f"MNIST: {_say_verdict(record.digits)} (known: not)."
    )


def _say_verdict(side: SideResult) -> str:
    """The word of the evidence room, with the epoch where it names one."""
    if side.word != "overfits from":
        return side.word
    return f"overfits from epoch {side.onset} on" if side.onset > 0 else "overfits at the last epoch"


def _at(curves: DoubleArray, epoch: int) -> str:
    return f"{float(curves[:, epoch - 1].mean()):.3f}"


def _show_curves(record: TwoSidesRecord) -> DemoSection:
    sides = (record.digits, record.reviews)
    top = min(LARGEST_SHARE, 1.1 * max(float(side.validation.max()) for side in sides))
    panels = []
    for side in sides:
        epochs = np.arange(1, side.training.shape[1] + 1)
        panels.append(
            Panel(
                f"{side.name}: {side.what}",
                (
                    Line(f"{side.name}: training", epochs, side.training, BLUE),
                    Line(f"{side.name}: validation", epochs, side.validation, ORANGE, (6, 3)),
                ),
                levels=((1.0, "constant guess"),),
                moments=((float(side.best_epoch), f"best: {side.best_epoch}"),),
                subtitle=_say_verdict(side),
            )
        )
    caption = Caption(
        "curves",
        "Training and validation loss by epoch",
        f"Digits: {_say_verdict(record.digits)}. Reviews: {_say_verdict(record.reviews)}.",
        "Solid blue: training loss. Dashed orange: validation loss. Thin: each seed; thick: their mean. Both "
        "are shares of the loss of a constant guess, so that the two pictures can be compared. Dotted: the "
        "best epoch.",
    )
    return DemoSection(
        "What do the curves say?",
        (
            "A gap between the two lines is no fault by itself: every network knows the rows it has seen "
            "better than those it has not. Overfitting is the turn of the dashed line: from there on each "
            "further epoch makes the network better on the fit rows and worse on all others.",
        ),
        tables=(_list_verdicts(sides),),
        charts=(
            draw_panels(
                caption,
                panels,
                Axes("epoch", "loss (constant guesses)", y_domain=(0.0, top)),
                per_row=2,
                height=220,
            ),
        ),
    )


def _list_verdicts(sides: tuple[SideResult, ...]) -> DemoTable:
    rows = tuple(
        (
            side.name,
            side.word,
            side.answer,
            str(side.best_epoch),
            str(side.onset) if side.onset > 0 else "none",
            _say_seeds(side),
            side.sentence,
        )
        for side in sides
    )
    columns = (
        "data",
        "verdict",
        "overtrained?",
        "best epoch",
        "rises from",
        "each seed by itself",
        "in words",
    )
    return DemoTable("Verdicts on training to the last epoch", columns, rows)


def _show_reason(record: TwoSidesRecord) -> DemoSection:
    return DemoSection(
        "Why the one and not the other?",
        (
            "The network is the same, and the reviews even get more rows. What differs is how much of what can "
            "be read off a row is shared with other rows.",
            f"Of the {record.digits.n_inputs} places of a digit {100 * record.usual_share:.0f} % are inked in "
            "at least a tenth of all pictures. Whoever learns what one of them means has learned it from "
            "hundreds of rows, and has little else to go by.",
            f"Of the {record.n_words:,} words that the fit reviews share, {100 * record.rare_share:.0f} % stand "
            f"in at most {FEW} of the {record.reviews.n_fit:,}. Such a word says nothing reliable about praise "
            "or blame, yet it picks out its reviews as a name would. With enough weights every review can be "
            "learned by its own rare words, and that is what training does once the common words are used up: "
            "the training loss goes to zero and the network grows ever surer of itself, also where it is wrong.",
            "So it is not a question of size. Whether a network overfits depends on how many ways of telling "
            "rows apart the inputs offer, how few of them generalize, and how many rows there are to find out "
            "which.",
        ),
    )


def _show_use(record: TwoSidesRecord) -> DemoSection:
    reviews = record.reviews
    shares = [f"{side.name} {format_number(100 * side.accuracy)} %" for side in (record.digits, reviews)]
    accuracy = ", ".join(shares)
    full = (
        "These are the real data; fit and validation rows are cut from the parts named below with their sources."
        if record.is_full
        else "With the real MNIST and IMDB data in a folder DIR: heldout demo digits-vs-reviews --full DIR."
    )
    return DemoSection(
        "What follows from that?",
        (
            f"Accuracy hides it: at the last epoch it is still {accuracy}, while the loss of the reviews went "
            f"from {_at(reviews.validation, reviews.best_epoch)} at the best epoch to "
            f"{_at(reviews.validation, 0)} constant guesses. A network that overfits often keeps its right "
            "answers and loses its doubts. That is why verdicts here rest on the loss.",
            "What helps is the next piece: heldout demo remedies.",
            full,
        ),
    )
