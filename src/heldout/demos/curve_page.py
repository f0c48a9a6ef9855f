"""The page of the demo `curve`: words and pictures from its numbers."""

from __future__ import annotations

import numpy as np

from heldout.demos.curve_record import CurveRecord, DegreeResult, SizeResult
from heldout.demos.drawing import BLUE, GREY, ORANGE, Axes, Line, Panel, draw_lines, draw_panels
from heldout.demos.frame import DemoPage, DemoSection, DemoTable
from heldout.report.marks import Caption
from heldout.report.sentences import format_number
from heldout.report.svg import Chart

FITS_DRAWN = 12  # thin lines of a picture: more of them are one grey area
DOTS_DRAWN = 200
LARGEST_LOSS = 30.0  # upper end of the loss axes; a polynomial through ten points runs off far beyond


def show_curve(record: CurveRecord, *, shown: tuple[int, ...]) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
        shown: the degrees that the lecture asks for, smallest first.

    Returns:
        The page.
    """
    largest = shown[-1]
    return DemoPage(
        title="Polynomials on noisy points: who underfits, who overfits?",
        answer=(*_answer_degrees(record, shown), "", *_answer_sizes(record, largest)),
        sections=(
            _show_fits(record, shown),
            _show_ladder(record),
            _show_sizes(record, largest),
            _show_method(record),
        ),
        sources=("The points are made: a cubic with normal noise, declared above. No real data.",),
    )


def _answer_degrees(record: CurveRecord, shown: tuple[int, ...]) -> list[str]:
    lines = [
        f"{record.n_points} noisy points of a cubic, {record.n_draws} samples, judged on {record.n_validation} "
        "fresh points (1 = a constant guess):"
    ]
    for degree in shown:
        found = record.find(degree)
        lines.append(
            f"  degree {degree:<3} {found.word:14}  training loss {found.training.mean():.3f}   validation loss "
            f"{found.validation.mean():.3f}"
        )
    return [*lines, f"  degrees 1 to 12 as a ladder: {_say_ladder(record)}"]


def _answer_sizes(record: CurveRecord, degree: int) -> list[str]:
    lines = [f"The same degree {degree} with more points:"]
    for size in record.sizes:
        found = size.find(degree)
        loss = format_number(float(found.validation.mean()))
        lines.append(f"  {size.n_points:>5} points  {found.word:14}  validation loss {loss}")
    return lines


def _say_ladder(record: CurveRecord) -> str:
    """The ladder's verdict, with the degree in place of the number of parameters."""
    return record.ladder_word + (f" degree {record.ladder_degree}" if record.ladder_degree else "")


def _show_fits(record: CurveRecord, shown: tuple[int, ...]) -> DemoSection:
    panels = [_draw_fit(f"degree {degree}", record.find(degree), record, record.points) for degree in shown]
    words = ", ".join(f"degree {degree} {record.find(degree).word}" for degree in shown)
    caption = Caption(
        "fits",
        f"Polynomials on {record.n_points} noisy points",
        f"By the verdict on {record.n_validation} fresh points: {words}.",
        "Points: the first sample. Solid blue: the polynomial fitted to it. Thin lines: those fitted to other "
        "samples of the same size. Dashed grey: the cubic that the points come from.",
    )
    rows = tuple(
        (
            str(found.degree),
            found.word,
            found.code,
            format_number(float(found.training.mean())),
            format_number(float(found.validation.mean())),
            found.sentence,
        )
        for found in (record.find(degree) for degree in shown)
    )
    columns = ("degree", "verdict", "code", "training loss", "validation loss", "in words")
    return DemoSection(
        "Which degree fits the points, and which fits the noise?",
        (
            "A polynomial that bends too little misses the shape in the training points and in fresh ones "
            "alike: it underfits. One that may bend at will follows each point, noise included; on the points "
            "it has seen it is the best of all, between them it goes astray: it overfits. The training loss "
            "alone cannot tell the two apart. Fresh points can.",
            "The thin lines show why. Give the stiff polynomial another sample of the same points, and it "
            "hardly moves (it is wrong in the same way each time: bias). Give the pliant one another sample, "
            "and it is another curve (right on average, wrong each time: variance).",
        ),
        tables=(DemoTable("Verdicts", columns, rows),),
        charts=(draw_panels(caption, panels, _make_axes(record), per_row=3, height=190),),
    )


def _draw_fit(title: str, found: DegreeResult, record: CurveRecord, points: np.ndarray) -> Panel:
    return Panel(
        title,
        (
            Line("", record.grid, found.fits[1 : FITS_DRAWN + 1], BLUE, is_bundle=True),
            Line("cubic", record.grid, record.truth, GREY, (4, 3)),
            Line("fitted to the first sample", record.grid, found.fits[0], BLUE),
        ),
        dots=tuple((float(x), float(y)) for x, y in points[:: max(1, len(points) // DOTS_DRAWN)]),
        subtitle=found.word,
    )


def _make_axes(record: CurveRecord) -> Axes:
    low, high = float(record.truth.min()) - 4 * record.noise, float(record.truth.max()) + 3 * record.noise
    return Axes("x", "y", x_domain=(-1.0, 1.0), y_domain=(low, high), x_ticks=(-1.0, 0.0, 1.0))


def _show_ladder(record: CurveRecord) -> DemoSection:
    degrees = [found.degree for found in record.degrees]
    validation = np.stack([found.validation for found in record.degrees], axis=1)
    training = np.stack([found.training for found in record.degrees], axis=1)
    lines = (
        Line("validation", degrees, np.minimum(validation, LARGEST_LOSS), ORANGE, (6, 3), shows_seeds=False),
        Line("training", degrees, training, BLUE, shows_seeds=False),
    )
    caption = Caption(
        "degrees",
        "Loss by degree",
        f"Degrees 1 to 12 as a ladder: {_say_ladder(record)}.",
        "Line: mean over the samples. Shaded: from the lowest to the highest. The loss is a share of the "
        "variance of the points: 1 is a constant guess.",
    )
    axes = Axes("degree", "squared error (share of the variance)", has_log_y=True, x_ticks=tuple(degrees))
    return DemoSection(
        "From which degree on?",
        (
            "All degrees on the same samples, as a ladder from stiff to pliant. The training loss can only "
            "fall: each degree contains all the smaller ones. The validation loss falls while the added bends "
            "find the shape and rises once they find the noise. Degree 12 stands at the end so that degree 10 "
            "is not the last step: whether something larger would be better can only be said where something "
            "larger was tried.",
        ),
        charts=(draw_lines(caption, Panel("", lines), axes),),
        after=(
            f"The verdict in its own words (a polynomial has one parameter more than its degree): {record.ladder}",
        ),
    )


def _show_sizes(record: CurveRecord, degree: int) -> DemoSection:
    panels = [
        _draw_fit(f"{size.n_points} points", size.find(degree), record, points)
        for size, points in zip(record.sizes, record.size_points, strict=True)
    ]
    fits = Caption(
        "sizes",
        f"Degree {degree} on more and more points",
        f"Degree {degree}: "
        + ", ".join(f"{s.find(degree).word} with {s.n_points} points" for s in record.sizes)
        + ".",
        "As above; of 1000 points each fifth is drawn.",
    )
    return DemoSection(
        "Does overfitting go away with more data?",
        (
            f"The network stays the same, only the number of points grows. With {record.sizes[0].n_points} "
            f"points degree {degree} can pass through every one of them, and what it does in between is "
            "anybody's guess: the verdict may then be that nothing was learned at all. With each tenfold of "
            "points the same freedom does less harm. Overfitting is not a property of the network: it is one "
            "of the network and the amount of data together.",
            "Underfitting does not go away: a parabola stays a parabola however many points it is shown.",
        ),
        charts=(
            draw_panels(fits, panels, _make_axes(record), per_row=4, height=150),
            _draw_sizes(record.sizes, degree),
        ),
    )


def _draw_sizes(sizes: tuple[SizeResult, ...], degree: int) -> Chart:
    counts = [size.n_points for size in sizes]
    smaller = [found.degree for found in sizes[0].degrees if found.degree < degree]
    looks = {2: (GREY, (2, 3)), 3: (BLUE, (6, 3))}
    lines = [
        Line(f"degree {d}", counts, _stack(sizes, d), *looks.get(d, (GREY, ())), shows_seeds=False)
        for d in smaller
    ]
    lines.append(Line(f"degree {degree}", counts, _stack(sizes, degree), ORANGE, shows_seeds=False))
    last = sizes[-1]
    best = min(last.degrees, key=lambda found: float(found.validation.mean()))
    gaps = [
        float(np.median(size.find(degree).validation - size.find(best.degree).validation)) for size in sizes
    ]
    caption = Caption(
        "by-size",
        "Validation loss by number of points",
        f"What degree {degree} loses against degree {best.degree} (median over the samples): "
        + ", ".join(f"{format_number(gap)} with {n} points" for gap, n in zip(gaps, counts, strict=True))
        + ".",
        f"Mean over the samples, shaded from the lowest to the highest; losses above {LARGEST_LOSS:g} are drawn "
        "there.",
    )
    axes = Axes(
        "fit points (logarithmic)",
        "squared error (share of the variance)",
        has_log_x=True,
        has_log_y=True,
        x_ticks=tuple(counts),
    )
    return draw_lines(caption, Panel("", tuple(lines)), axes)


def _stack(sizes: tuple[SizeResult, ...], degree: int) -> np.ndarray:
    return np.minimum(np.stack([size.find(degree).validation for size in sizes], axis=1), LARGEST_LOSS)


def _show_method(record: CurveRecord) -> DemoSection:
    off = max(found.off_least_squares for found in record.degrees)
    return DemoSection(
        "How was this computed?",
        (
            "Each polynomial is a network without hidden layers whose inputs are polynomials up to its degree, "
            "trained by the same engine as every study. Its inputs are made orthogonal on its own points, so "
            f"that training ends where least squares does: the largest distance between the two was {off:.1e} "
            "(median over the samples, worst degree).",
            f"Every sample has its own {record.n_points} points; all are judged on the same "
            f"{record.n_validation} fresh "
            'ones. The verdicts count both kinds of chance, of the sample and of the fresh points, and say "undecided" '
            "where they do not suffice.",
        ),
    )
