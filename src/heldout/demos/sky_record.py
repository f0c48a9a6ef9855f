"""The numbers of the demo on the sky."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.demos.studies import StudyNumbers
from heldout.records import DoubleArray, FloatArray, RemedyResult


@dataclass(frozen=True)
class Turning:
    """The same network with and without turned pictures, on the same rows and seeds.

    Args:
        size: the configuration without remedies.
        n_seeds: of each.
        constant_loss: loss of always predicting the class shares.
        plain_training: float64 [S, T], training loss by epoch.
        plain: float64 [S, T], validation loss.
        training: float64 [S, T], training loss on turned pictures.
        turned: float64 [S, T], validation loss; validation pictures are never turned.
        result: what the comparison says.
    """

    size: str
    n_seeds: int
    constant_loss: float
    plain_training: DoubleArray
    plain: DoubleArray
    training: DoubleArray
    turned: DoubleArray
    result: RemedyResult


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
        turning: turned pictures against pictures as they are.
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
    turning: Turning
    study: StudyNumbers
