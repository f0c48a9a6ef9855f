"""A synthetic sky: faint pictures with gaps, the stretch that makes them visible, and turning as knowledge."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np

from heldout.demos.frame import DemoOutcome, DemoRequest
from heldout.demos.sky_page import show_sky
from heldout.demos.sky_record import SkyRecord, Turning
from heldout.demos.studies import StudyNumbers, run_small, take_numbers
from heldout.demos.training import DemoData, train_networks
from heldout.evidence import compare_remedies
from heldout.ladder import Schedule
from heldout.recipe.arrays import encode_array
from heldout.records import DoubleArray, FloatArray, InputLayout, RemedyUse
from heldout.remedies import apply_remedies
from heldout.remedies.augmentation import augment_examples
from heldout.report.content import StudyContent
from heldout.report.series import find_run
from heldout.settings import Settings
from heldout.stages.judging import make_judge
from heldout.stages.preparing import Prepared, encode_rows, make_tensors, split_rows, type_columns
from heldout.stages.reading import read_data

SIDE, CLASSES, TARGET = 16, ("elongated", "round"), "CLASS"
PARTS = (("train", 160), ("validation", 400), ("test", 200))
SMALL_PARTS = (("train", 110), ("validation", 110), ("test", 60))
LARGEST = 15_000  # weights: larger networks take longer than a demo may
SKY, NOISE = 120.0, 4.0  # counts a pixel of the empty sky, and their spread
SHARE_DEAD = 0.01  # pixels without a measurement
TURNED = 180.0  # degrees either way: any
N_BINS, N_SHOWN = 40, 5
N_SEEDS, N_EPOCHS, BATCH, N_MARKS = 5, 100, 16, 20  # under five seeds no remedy may be said to help


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Draw a sky, look at what becomes of its pictures, and study them with and without turning.

    Args:
        request: a small one has fewer pictures.

    Returns:
        A `SkyRecord` and its page.
    """
    parts = SMALL_PARTS if request.is_small else PARTS
    has_fits = importlib.util.find_spec("astropy") is not None
    drawn = {name: draw_galaxies(n, seed=request.seed * 3 + at) for at, (name, n) in enumerate(parts)}
    source = (_write_fits if has_fits else _write_arrays)(drawn, request.folder)
    options = {"target": TARGET} if has_fits else {}
    if not has_fits:
        request.say(
            "astropy is not installed (extra astro): the sky is written as numpy arrays, not as FITS files"
        )
    study = run_small(source, request, name="study", ladder={"largest": LARGEST}, **options)
    prepared = _prepare(source, Settings.model_validate(options))
    turning = compare_turning(prepared, study.content, request)
    numbers = take_numbers(study, "the sky")
    record = _measure(prepared, has_fits, numbers, turning)
    return DemoOutcome(record, show_sky(record))


def draw_galaxies(n_pictures: int, *, seed: int) -> tuple[FloatArray, DoubleArray]:
    """Draw synthetic galaxies: round ones, and ones seen from the side at any angle.

    Args:
        n_pictures: how many; every second one is round.
        seed: of all that is drawn.

    Returns:
        float32 [n, 16, 16] counts, NaN where nothing was measured; float64 [n], 1 for round.

    Example:
        >>> pictures, is_round = draw_galaxies(4, seed=0)
        >>> pictures.shape, is_round.tolist(), bool(np.isnan(pictures).any())
        ((4, 16, 16), [0.0, 1.0, 0.0, 1.0], True)
    """
    rng = np.random.default_rng(seed)
    is_round = (np.arange(n_pictures) % 2).astype(np.float64)
    ratio = np.where(is_round > 0, rng.uniform(0.8, 1.0, n_pictures), rng.uniform(0.3, 0.5, n_pictures))
    angle, peak = rng.uniform(0, np.pi, n_pictures), rng.lognormal(5.6, 1.0, n_pictures)
    scale = rng.uniform(1.3, 2.3, n_pictures) / np.sqrt(ratio)  # the same area for both: size tells nothing
    middle = (SIDE - 1) / 2 + rng.normal(0, 1.0, (2, n_pictures, 1, 1))
    down, right = np.arange(SIDE)[None, :, None] - middle[0], np.arange(SIDE)[None, None, :] - middle[1]
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    along, across = right * cos + down * sin, (down * cos - right * sin) / ratio[:, None, None]
    light = peak[:, None, None] * np.exp(-np.hypot(along, across) / scale[:, None, None])
    counts = SKY + light + rng.normal(size=light.shape) * np.sqrt(NOISE**2 + light)
    counts[rng.random(counts.shape) < SHARE_DEAD] = np.nan
    return counts.astype(np.float32), is_round


def _write_fits(drawn: dict[str, tuple[FloatArray, DoubleArray]], folder: Path) -> Path:
    fits = importlib.import_module("astropy.io.fits")
    for part, (pictures, is_round) in drawn.items():
        (folder / "sky" / part).mkdir(parents=True, exist_ok=True)
        for number, (picture, kind) in enumerate(zip(pictures, is_round, strict=True)):
            sheet = fits.PrimaryHDU(picture)
            sheet.header[TARGET] = CLASSES[int(kind)]
            sheet.writeto(folder / "sky" / part / f"{part}-{number:04d}.fits", overwrite=True)
    return folder / "sky"


def _write_arrays(drawn: dict[str, tuple[FloatArray, DoubleArray]], folder: Path) -> Path:
    arrays = {}
    for part, (pictures, is_round) in drawn.items():
        arrays[f"{part}_images"] = pictures
        arrays[f"{part}_labels"] = np.array(CLASSES)[is_round.astype(int)]
    np.savez(folder / "sky.npz", **arrays)
    return folder / "sky.npz"


def _prepare(source: Path, settings: Settings) -> Prepared:
    """Encode the pictures as the study does: the scales and the stretch come from the fit rows."""
    reading = read_data(source, settings)
    split = split_rows(reading, settings)
    return encode_rows(reading, split, type_columns(reading, split, settings), settings)


def compare_turning(prepared: Prepared, content: StudyContent, request: DemoRequest) -> Turning:
    """Train the size that the study delivers with and without turned pictures.

    Args:
        prepared: the pictures as the study encodes them.
        content: the study, for the size of the network.
        request: a small one has fewer seeds and epochs.

    Returns:
        Curves and what they come to.
    """
    run = find_run(content, content.chosen_name)
    rung = content.rungs[0] if run is None else run.configuration.rung
    rung = replace(rung, learning_rate=rung.augmented_rate or rung.learning_rate)  # one rate for both
    tensors = make_tensors(prepared, prepared.folds)
    data = DemoData(tensors, make_judge(prepared, tensors, prepared.folds))
    n_fit = len(prepared.folds[0].fit)
    n_epochs, n_seeds = (12, 3) if request.is_small else (N_EPOCHS, N_SEEDS)
    marks = np.unique(np.geomspace(1, n_epochs, N_MARKS).round().astype(int))
    schedule = Schedule(BATCH, -(-n_fit // BATCH), n_epochs, tuple(int(mark) for mark in marks))
    use = RemedyUse("augmentation", TURNED, "rotate")
    plain, turned = train_networks(
        data,
        schedule,
        [apply_remedies(rung, ()), apply_remedies(rung, (use,))],
        seeds=range(request.seed * N_SEEDS, request.seed * N_SEEDS + n_seeds),
        request=request,
        phase="turning",
    )
    (result,) = (
        item
        for item in compare_remedies(plain.run, {"augmentation": [turned.run]}, data.judge)
        if item.name == "augmentation"
    )
    return Turning(
        size=f"rung {rung.index}, {rung.n_parameters:,} parameters",
        n_seeds=n_seeds,
        constant_loss=data.constant_loss,
        plain_training=plain.run.train_curve.astype(np.float64),
        plain=plain.run.validation_curve.astype(np.float64),
        training=turned.run.train_curve.astype(np.float64),
        turned=turned.run.validation_curve.astype(np.float64),
        result=result,
    )


def _measure(prepared: Prepared, has_fits: bool, study: StudyNumbers, turning: Turning) -> SkyRecord:
    """Take what is shown from the fit pictures."""
    split = prepared.split
    array, plan, state = prepared.arrays[0], prepared.recipe.arrays[0], prepared.recipe.states[0].arrays[0]
    fit = split.folds[0].fit
    counts = np.asarray(array.values[fit], np.float32)
    encoded = encode_array(plan, state, counts).reshape(counts.shape)
    mask = counts[..., -1] if plan.policy.channels[-1] == "mask" else np.zeros(counts.shape[:-1], np.float32)
    layout = InputLayout("picture", plan.shape)
    uses = [RemedyUse("augmentation", TURNED, "rotate")]
    turned = [augment_examples(layout, encoded[:1], uses, seed)[0, 0, ..., 0] for seed in range(N_SHOWN)]
    raw_counts, raw_edges = np.histogram(counts[..., 0], N_BINS)
    seen_counts, seen_edges = np.histogram(encoded[..., 0], N_BINS)
    return SkyRecord(
        form="FITS files" if has_fits else "arrays in one .npz file (astropy is not installed)",
        n_pictures=len(array.values),
        share_missing=float(mask.mean()),
        channels=plan.policy.channels,
        stretch=plan.why,
        brightest=float((counts[..., 0].max() - SKY) / NOISE),
        raw=counts[:N_SHOWN, ..., 0],
        encoded=encoded[:N_SHOWN, ..., 0],
        mask=mask[:N_SHOWN],
        turned=np.asarray(turned, np.float32),
        raw_edges=raw_edges.astype(np.float64),
        raw_counts=raw_counts.astype(np.float64),
        encoded_edges=seen_edges.astype(np.float64),
        encoded_counts=seen_counts.astype(np.float64),
        turning=turning,
        study=study,
    )
