"""The numbers of the demo `curve`."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.records import DoubleArray


@dataclass(frozen=True)
class DegreeResult:
    """Polynomials of one degree, fitted to every sample of one size.

    Args:
        degree: of the polynomial.
        training: float64 [K], mean squared error of each sample's polynomial on its own points, as a share of the
            variance of all points.
        validation: float64 [K], on the fresh points.
        fits: float64 [K, G], the polynomials on the grid.
        word: verdict of the evidence room, the other degrees being the alternatives.
        code: `HO1xx`.
        sentence: the verdict in words.
        off_least_squares: largest distance of the trained polynomial from the least-squares one within 0.9 of the
            middle, median over the samples; NaN where least squares has no single answer.
    """

    degree: int
    training: DoubleArray
    validation: DoubleArray
    fits: DoubleArray
    word: str
    code: str
    sentence: str
    off_least_squares: float


@dataclass(frozen=True)
class SizeResult:
    """Polynomials of some degrees on samples of one size.

    Args:
        n_points: fit points of a sample.
        degrees: one result each.
    """

    n_points: int
    degrees: tuple[DegreeResult, ...]

    def find(self, degree: int) -> DegreeResult:
        """Give the result of one degree."""
        return next(result for result in self.degrees if result.degree == degree)


@dataclass(frozen=True)
class CurveRecord:
    """All numbers of the demo.

    Args:
        noise: standard deviation of the noise.
        n_draws: samples of each size (K).
        n_validation: fresh points that all polynomials are judged on.
        n_points: fit points of a sample where all degrees are compared.
        grid: float64 [G], where polynomials are drawn.
        truth: float64 [G], the cubic.
        points: float64 [n, 2], the first sample.
        degrees: all degrees on samples of `n_points`.
        ladder: what the evidence room says of the degrees as a ladder, in its own words.
        ladder_word: the same in two words.
        ladder_degree: the first degree that overfits, 0 for none.
        sizes: some degrees on samples of several sizes.
        size_points: float64 [n, 2], the first sample of each size.
    """

    noise: float
    n_draws: int
    n_validation: int
    n_points: int
    grid: DoubleArray
    truth: DoubleArray
    points: DoubleArray
    degrees: tuple[DegreeResult, ...]
    ladder: str
    ladder_word: str
    ladder_degree: int
    sizes: tuple[SizeResult, ...]
    size_points: tuple[DoubleArray, ...]

    def find(self, degree: int) -> DegreeResult:
        """Give the result of one degree on the main sample size."""
        return next(result for result in self.degrees if result.degree == degree)
