"""A synthetic sky: faint pictures with gaps, the stretch that makes them visible, and turning as knowledge."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heldout.demos.drawing import BLUE, Bars, draw_histograms, draw_pictures
from heldout.demos.frame import DemoOutcome, DemoPage, DemoRequest, DemoSection, DemoTable
from heldout.demos.studies import (
    FEW_REMEDIES,
    StudyNumbers,
    draw_studies,
    list_studies,
    run_small,
    show_score,
    take_numbers,
)
from heldout.recipe.arrays import encode_array
from heldout.records import DoubleArray, FloatArray, InputLayout, RemedyResult, RemedyUse
from heldout.remedies.augmentation import augment_examples
from heldout.report.marks import Caption
from heldout.report.sentences import format_number
from heldout.settings import Settings
from heldout.stages.preparing import encode_rows, split_rows, type_columns
from heldout.stages.reading import read_data

SIDE, CLASSES, TARGET = 20, ("elongated", "round"), "CLASS"
PARTS = (("train", 160), ("validation", 160), ("test", 200))
SMALL_PARTS = (("train", 60), ("validation", 60), ("test", 60))
SKY, NOISE = 120.0, 4.0  # counts a pixel of the empty sky, and their spread
SHARE_DEAD = 0.01  # pixels without a measurement
TURNED = 180.0  # degrees either way: any
N_BINS, N_SHOWN = 40, 5


@dataclass(frozen=True)
class SkyRecord:
    """All numbers of the demo.

    Args:
        form: "FITS files", or what is written where they cannot be.
        n_pictures: all of them.
        share_missing: share of pixels without a measurement.
        channels: what the network sees of a picture.
        stretch: what the recipe decided, in words.
        brightest: brightest pixel, in spreads of the empty sky's noise above it.
        raw: float32 [n, H, W], the shown pictures in counts, gaps filled.
        encoded: float32 [n, H, W], the same as the network sees them.
        mask: float32 [n, H, W], where nothing was measured.
        turned: float32 [k, H, W], one of them as augmentation turns it.
        raw_edges: float64 [B + 1], bins of the counts.
        raw_counts: float64 [B], pixels.
        encoded_edges: float64 [B + 1], bins of what the network sees.
        encoded_counts: float64 [B], pixels.
        rotation: the remedy, against the plain network.
        study: what came out.
    """

    form: str
    n_pictures: int
    share_missing: float
    channels: tuple[str, ...]
    stretch: str
    brightest: float
    raw: FloatArray
    encoded: FloatArray
    mask: FloatArray
    turned: FloatArray
    raw_edges: DoubleArray
    raw_counts: DoubleArray
    encoded_edges: DoubleArray
    encoded_counts: DoubleArray
    rotation: RemedyResult | None
    study: StudyNumbers


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
    rotation = {"kinds": {"rotate": (TURNED,)}}
    study = run_small(
        source, request, name="study", **options, remedies=FEW_REMEDIES | {"augmentation": rotation}
    )
    helped = next((item for item in study.content.remedies if item.name == "augmentation"), None)
    numbers = take_numbers(study, "turned pictures among the remedies")
    record = _measure(source, Settings.model_validate(options), has_fits, numbers, helped)
    return DemoOutcome(record, show_sky(record))


def draw_galaxies(n_pictures: int, *, seed: int) -> tuple[FloatArray, DoubleArray]:
    """Draw synthetic galaxies: round ones, and ones seen from the side at any angle.

    Args:
        n_pictures: how many; every second one is round.
        seed: of all that is drawn.

    Returns:
        float32 [n, 20, 20] counts, NaN where nothing was measured; float64 [n], 1 for round.

    Example:
        >>> pictures, is_round = draw_galaxies(4, seed=0)
        >>> pictures.shape, is_round.tolist(), bool(np.isnan(pictures).any())
        ((4, 20, 20), [0.0, 1.0, 0.0, 1.0], True)
    """
    rng = np.random.default_rng(seed)
    is_round = (np.arange(n_pictures) % 2).astype(np.float64)
    ratio = np.where(is_round > 0, rng.uniform(0.8, 1.0, n_pictures), rng.uniform(0.3, 0.5, n_pictures))
    angle, peak = rng.uniform(0, np.pi, n_pictures), rng.lognormal(5.6, 1.0, n_pictures)
    scale = rng.uniform(1.6, 2.8, n_pictures) / np.sqrt(ratio)  # the same area for both: size tells nothing
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


def _measure(
    source: Path, settings: Settings, has_fits: bool, study: StudyNumbers, rotation: RemedyResult | None
) -> SkyRecord:
    """Encode the pictures as the study does: the scales and the stretch come from the fit rows."""
    reading = read_data(source, settings)
    split = split_rows(reading, settings)
    prepared = encode_rows(reading, split, type_columns(reading, split, settings), settings)
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
        rotation=rotation,
        study=study,
    )


def show_sky(record: SkyRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
    """
    study, rotation = record.study, record.rotation
    return DemoPage(
        title="The sky: faint pictures, gaps, and a symmetry that is known beforehand",
        answer=(
            f"{record.n_pictures} synthetic galaxies of {SIDE} x {SIDE} pixels, as {record.form}.",
            f"The brightest pixel lies {format_number(record.brightest)} times the sky's noise above the sky.",
            f"Pixels without a measurement: {100 * record.share_missing:.1f} %.",
            "Turning pictures by any angle: "
            + (rotation.outcome_at_end if rotation else "not tried")
            + " at the last "
            "epoch, " + (rotation.outcome if rotation else "not tried") + " when stopped early.",
            f"Delivered: {study.delivered}, epoch {study.epoch}: {study.headline} [{study.code}].",
            f"Sealed pictures: {show_score(study.test)}.",
        ),
        sections=(_show_stretch(record), _show_gaps(record), _show_turning(record), _show_study(record)),
        sources=("The sky is synthetic, drawn by src/heldout/demos/sky.py; no telescope has seen it.",),
    )


def _show_stretch(record: SkyRecord) -> DemoSection:
    raw = Caption(
        "counts",
        "The pictures in counts",
        "Next to the centres of the bright ones nothing else is seen.",
        "The larger, the darker, in each picture from its smallest to its largest number.",
    )
    seen = Caption(
        "stretched",
        "The same pictures as the network sees them",
        "The faint outskirts, which show the shape, are seen as well.",
        "After the stretch and the scale, both fitted on fit rows alone.",
    )
    names = [f"picture {number + 1}" for number in range(len(record.raw))]
    caption = Caption(
        "pixels",
        "Pixels by value, before and after",
        f"Before, nearly all lie in the first bins, and the brightest {format_number(record.brightest)} noise spreads "
        "above; after, they fill the range.",
        "The height is stretched so that single pixels can be seen. Bins are numbered from the smallest value to the "
        "largest.",
    )
    places = np.arange(N_BINS + 1)
    bars = (
        Bars("in counts", places, record.raw_counts, BLUE),
        Bars("as seen by the network", places, record.encoded_counts, BLUE),
    )
    return DemoSection(
        "What becomes of a faint picture?",
        (
            "A detector counts light, and a galaxy's centre can be a thousand times as bright as its edge. Scaled by "
            "mean and spread, a few bright pixels would be all that a network notices.",
            f"What the recipe decided: {record.stretch}. asinh is linear near the sky's level, logarithmic far above.",
        ),
        charts=(
            draw_pictures(raw, list(zip(names, record.raw, strict=True))),
            draw_pictures(seen, list(zip(names, record.encoded, strict=True))),
            draw_histograms(caption, bars, x="bin", y="pixels", has_log_y=True),
        ),
    )


def _show_gaps(record: SkyRecord) -> DemoSection:
    caption = Caption(
        "mask",
        "Where nothing was measured",
        f"{100 * record.share_missing:.1f} % of the pixels of the fit rows.",
        "Dark: no measurement. The pixel itself holds the median of its picture.",
    )
    names = [f"picture {number + 1}" for number in range(len(record.mask))]
    return DemoSection(
        "And the gaps?",
        (
            "Dead pixels come as NaN. They become the median of their picture, and a channel of its own says where "
            "they are: the network can learn to look away, and a gap is never mistaken for darkness.",
        ),
        charts=(draw_pictures(caption, list(zip(names, record.mask, strict=True))),),
    )


def _show_turning(record: SkyRecord) -> DemoSection:
    rotation = record.rotation
    caption = Caption(
        "turned",
        "One galaxy as the network meets it in five epochs",
        "The shape stays, the direction does not.",
        f"Turned by up to {TURNED:g} degrees either way, newly drawn each time; what comes in at the corners is sky.",
    )
    names = [f"epoch {number + 1}" for number in range(len(record.turned))]
    said = rotation.sentence if rotation else "It was not tried."
    return DemoSection(
        "What does turning help?",
        (
            "The sky has no up. An elongated galaxy may lie in any direction, and few fit pictures show few of them. "
            "Turning tells the network what an astronomer knows before the first picture. Whether it helps is not "
            "taken for granted but measured against the plain network on the same rows and seeds:",
            said,
        ),
        charts=(draw_pictures(caption, list(zip(names, record.turned, strict=True))),),
        after=(
            "A figure 6 must not be turned into a 9, nor a heart scan left to right. Only what leaves the answer as it "
            "is may be told to a network this way.",
        ),
    )


def _show_study(record: SkyRecord) -> DemoSection:
    rows = tuple(
        (name.replace("_", " "), outcome, sentence) for name, outcome, sentence in record.study.remedies
    )
    return DemoSection(
        "What does the study say?",
        (
            "The parts were named in the data (train, validation, test), so there is one division and no folds.",
        ),
        tables=(
            list_studies("The study", (record.study,)),
            DemoTable(
                "Remedies against the plain network", ("remedy", "outcome, stopped early", "in words"), rows
            ),
        ),
        charts=(draw_studies((record.study,)),),
    )
