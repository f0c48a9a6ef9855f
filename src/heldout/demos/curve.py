"""Polynomials on noisy points: degree 2 bends too little, degree 10 too much, and more points heal the latter.

A polynomial of degree d is a network without hidden layers whose inputs are the first d polynomials of a basis. The
basis is made orthogonal on the fit points of each draw, so that gradient descent ends where least squares does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.demos.curve_page import show_curve
from heldout.demos.curve_record import CurveRecord, DegreeResult, SizeResult
from heldout.demos.frame import DemoOutcome, DemoRequest
from heldout.demos.training import DemoData, Networks, build_data, take_seeds, train_networks
from heldout.evidence import judge_chosen, judge_ladder
from heldout.evidence.curve_rule import DELTA_SHARE
from heldout.ladder import Schedule, plain_hyper
from heldout.records import Configuration, ConfigurationRun, DoubleArray, Fold, LadderVerdict, Rung, Task

CUBIC, NOISE = (0.0, -1.5, 2.0, 3.0), 0.4  # the points come from -1.5 x + 2 x^2 + 3 x^3; sd of the noise
SHOWN_DEGREES = (2, 3, 10)
BEYOND = 12  # fitted too: whether degree 10 is too small can only be said where something larger was tried
DEGREES = (*range(1, 11), BEYOND)
SIZES = (10, 30, 100, 1000)
MAIN_SIZE = 30
LARGEST_DEGREE = DEGREES[-1]
N_DRAWS, N_VALIDATION = 20, 500
N_EPOCHS = (
    200  # one step each: the trained polynomials then differ from least squares by less than a line's width
)
LEARNING_RATE = 0.05
GRID = np.linspace(-1.0, 1.0, 61)
# standard deviation of the points: losses are then shares of their variance, and 1 is a constant guess
SPREAD = float(np.hypot(np.polynomial.polynomial.polyval(np.linspace(-1.0, 1.0, 2001), CUBIC).std(), NOISE))


@dataclass(frozen=True)
class Draws:
    """Samples of one size, and the points all are judged on.

    Args:
        x: float64 [K, n], fit points.
        y: float64 [K, n].
        x_validation: float64 [V].
        y_validation: float64 [V].
    """

    x: DoubleArray
    y: DoubleArray
    x_validation: DoubleArray
    y_validation: DoubleArray


def find_truth(x: DoubleArray) -> DoubleArray:
    """The cubic that the points come from, without noise.

    Example:
        >>> find_truth(np.array([0.0, 1.0])).tolist()
        [0.0, 3.5]
    """
    return np.polynomial.polynomial.polyval(x, CUBIC).astype(np.float64)


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Fit polynomials of degree 1 to 10 to noisy points, many times, and let the evidence say who fits how.

    Args:
        request: what is asked for.

    Returns:
        A `CurveRecord` and its page.
    """
    n_draws, n_validation = (10, 400) if request.is_small else (N_DRAWS, N_VALIDATION)
    samples = {size: draw_points(size, n_draws, n_validation, seed=request.seed) for size in SIZES}
    degrees, ladder = _fit_degrees(samples[MAIN_SIZE], request)
    sizes = tuple(_fit_size(samples[size], degrees if size == MAIN_SIZE else (), request) for size in SIZES)
    record = CurveRecord(
        noise=NOISE,
        n_draws=n_draws,
        n_validation=n_validation,
        n_points=MAIN_SIZE,
        grid=GRID,
        truth=find_truth(GRID),
        points=np.stack([samples[MAIN_SIZE].x[0], samples[MAIN_SIZE].y[0]], axis=1),
        degrees=degrees,
        ladder=ladder.sentence,
        ladder_word=ladder.word,
        ladder_degree=DEGREES[ladder.rung] if ladder.rung >= 0 else 0,
        sizes=sizes,
        size_points=tuple(np.stack([samples[size].x[0], samples[size].y[0]], axis=1) for size in SIZES),
    )
    return DemoOutcome(record, show_curve(record, shown=SHOWN_DEGREES))


def draw_points(n_points: int, n_draws: int, n_validation: int, *, seed: int) -> Draws:
    """Draw samples of noisy points from the cubic; the points they are judged on are the same for every size.

    Each point falls at random into a stretch of its own: with all of them anywhere, a sample without points near an
    end would decide everything, because a polynomial runs off beyond its last point.

    Args:
        n_points: fit points of a sample.
        n_draws: samples.
        n_validation: points that all are judged on.
        seed: of the draw.

    Returns:
        `Draws`.
    """
    judged, fitted = np.random.default_rng([seed, 0]), np.random.default_rng([seed, n_points])
    x_validation = judged.uniform(-1, 1, n_validation)
    y_validation = find_truth(x_validation) + NOISE * judged.standard_normal(n_validation)
    x = 2.0 * (np.arange(n_points) + fitted.uniform(0, 1, (n_draws, n_points))) / n_points - 1.0
    y = find_truth(x) + NOISE * fitted.standard_normal(x.shape)
    return Draws(x, y, x_validation, y_validation)


def make_basis(x: DoubleArray) -> tuple[DoubleArray, int]:
    """Give the change of basis after which the polynomials are orthogonal on some points, with mean square one.

    Args:
        x: float64 [n] points.

    Returns:
        float64 [13, 13] that Legendre values [.., 13] are multiplied by, and how many of its columns hold: no more
        than there are points.

    Example:
        >>> x = np.linspace(-1, 1, 50)
        >>> change, n_held = make_basis(x)
        >>> q = np.polynomial.legendre.legvander(x, LARGEST_DEGREE) @ change
        >>> bool(np.allclose(q.T @ q / 50, np.eye(13))), n_held
        (True, 13)
    """
    values = np.polynomial.legendre.legvander(x, LARGEST_DEGREE)
    n_held = min(values.shape)
    triangle = np.linalg.qr(values[:, :n_held], mode="r")
    change = np.zeros((LARGEST_DEGREE + 1, LARGEST_DEGREE + 1))
    change[:n_held, :n_held] = np.linalg.inv(triangle) * np.sqrt(len(x))
    return change, n_held


def _fit_degrees(draws: Draws, request: DemoRequest) -> tuple[tuple[DegreeResult, ...], LadderVerdict]:
    """Fit all degrees to one sample size and judge them as a ladder."""
    fitted = [_fit_polynomials(draws, degree, request) for degree in DEGREES]
    runs = [run for run, _, _ in fitted]
    judge = fitted[0][2].judge
    ladder = judge_ladder(runs, judge)
    results = tuple(
        _describe_degree(degree, draws, (run, networks), judged=(runs, data))
        for degree, (run, networks, data) in zip(DEGREES, fitted, strict=True)
    )
    return results, ladder


def _fit_size(draws: Draws, known: Sequence[DegreeResult], request: DemoRequest) -> SizeResult:
    """Fit the shown degrees to another sample size; those of the main size are known already."""
    n_points = draws.x.shape[1]
    if known:
        results = tuple(result for result in known if result.degree in SHOWN_DEGREES)
    else:
        fitted = [_fit_polynomials(draws, degree, request) for degree in (*SHOWN_DEGREES, BEYOND)]
        runs = [run for run, _, _ in fitted]
        results = tuple(
            _describe_degree(degree, draws, (run, networks), judged=(runs, data))
            for degree, (run, networks, data) in zip(SHOWN_DEGREES, fitted, strict=False)
        )
    return SizeResult(n_points, results)


def _fit_polynomials(
    draws: Draws, degree: int, request: DemoRequest
) -> tuple[ConfigurationRun, Networks, DemoData]:
    """Train one degree on every sample: a linear network on the columns of the basis up to this degree."""
    data = _encode(draws, degree)
    n_fit = data.tensors.fit_rows.shape[1]
    schedule = Schedule(n_fit, 1, N_EPOCHS, (N_EPOCHS,))
    rung = Rung(DEGREES.index(degree), (), degree + 1, LEARNING_RATE)
    configuration = Configuration(f"degree {degree}", rung, (), plain_hyper(rung))
    phase = f"polynomials on {draws.x.shape[1]} points"
    (networks,) = train_networks(
        data, schedule, [configuration], seeds=(request.seed,), request=request, phase=phase
    )
    run = replace(take_seeds(networks, data), n_rows=draws.x.shape[1])
    return run, networks, data


def _encode(draws: Draws, degree: int) -> DemoData:
    """Lay the samples out as folds: each has its own basis, and all are judged on the same points."""
    n_draws, n_points = draws.x.shape
    n_validation = len(draws.x_validation)
    length = SIZES[-1] if SIZES[-1] % n_points == 0 else n_points  # few lengths share few programs
    x = np.concatenate([draws.x.ravel(), draws.x_validation])
    y = np.concatenate([draws.y.ravel(), draws.y_validation]) / SPREAD
    rows = [np.resize(k * n_points + np.arange(n_points), length) for k in range(n_draws)]
    judged = n_draws * n_points + np.arange(n_validation)
    data = build_data(
        np.zeros((len(x), LARGEST_DEGREE), np.float32),
        y,
        task=Task.REGRESSION,
        folds=[Fold(fit, judged) for fit in rows],
    )
    values = np.polynomial.legendre.legvander(x, LARGEST_DEGREE)
    features = np.zeros((n_draws, SIZES[-1] * n_draws + n_validation, LARGEST_DEGREE), np.float32)
    for k in range(n_draws):
        change, _ = make_basis(draws.x[k])
        change[:, degree + 1 :] = 0.0
        features[k, : len(x)] = (values @ change)[:, 1:]
    ones, zeros = np.ones(n_draws), np.zeros(n_draws)
    target = np.zeros(features.shape[:2], np.float32)
    target[:, : len(y)] = y
    # one unit for all: every sample would else be measured by its own spread
    tensors = replace(
        data.tensors,
        features=features,
        target=target,
        target_scale=ones,
        target_center=zeros,
        target_spread=ones,
    )
    off_mean = (draws.y_validation[None] - draws.y.mean(axis=1)[:, None]) / SPREAD
    constant = np.square(off_mean).mean(axis=0)
    judge = replace(
        data.judge,
        constant_losses=constant,
        unit=np.arange(n_validation, dtype=np.int64),
        delta=DELTA_SHARE * float(constant.mean()),
    )
    return DemoData(tensors, judge)


def _describe_degree(
    degree: int,
    draws: Draws,
    trained: tuple[ConfigurationRun, Networks],
    *,
    judged: tuple[Sequence[ConfigurationRun], DemoData],
) -> DegreeResult:
    (run, networks), (runs, data) = trained, judged
    verdict = judge_chosen(run, runs, data.judge, n_rows=draws.x.shape[1] + len(draws.x_validation))
    fits = SPREAD * _draw_fits(degree, draws, networks)
    exact = np.stack([_solve(degree, x, y) for x, y in zip(draws.x, draws.y, strict=True)])
    has_one_solution = degree < draws.x.shape[1]
    return DegreeResult(
        degree=degree,
        training=run.train_curve[:, -1].astype(np.float64),
        validation=run.losses[-1].mean(axis=1, dtype=np.float64),
        fits=fits,
        word=verdict.word,
        code=verdict.code,
        sentence=verdict.sentence,
        off_least_squares=_find_distance(fits, exact) if has_one_solution else float("nan"),
    )


def _draw_fits(degree: int, draws: Draws, networks: Networks) -> DoubleArray:
    """Give the trained polynomials on the grid: float64 [K, G]."""
    weight, bias = networks.results.params[0]
    values = np.polynomial.legendre.legvander(GRID, LARGEST_DEGREE)
    curves = []
    for k, x in enumerate(draws.x):
        change, _ = make_basis(x)
        change[:, degree + 1 :] = 0.0
        curves.append((values @ change)[:, 1:] @ weight[k, :, 0] + bias[k, 0])
    return np.stack(curves).astype(np.float64)


def _solve(degree: int, x: DoubleArray, y: DoubleArray) -> DoubleArray:
    """Give the least-squares polynomial on the grid, by the closed form."""
    found, *_ = np.linalg.lstsq(np.polynomial.legendre.legvander(x, degree), y, rcond=None)
    return np.polynomial.legendre.legvander(GRID, degree) @ found


def _find_distance(fits: DoubleArray, exact: DoubleArray) -> float:
    """Give the median over the samples of the largest distance, between the outermost grid points left out."""
    inner = np.abs(GRID) < 0.9
    return float(np.median(np.abs(fits - exact)[:, inner].max(axis=1)))
