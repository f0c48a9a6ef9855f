"""Fit the recipe: declared steps, one layout for all states, and fitted values from the fit rows only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.errors import RecipeError
from heldout.recipe.arrays import fit_arrays, plan_arrays
from heldout.recipe.layout import LONGEST_TOKENS, SHORTEST_TOKENS
from heldout.recipe.match import match_columns
from heldout.recipe.record import ColumnPlan, ColumnState, FitRates, OpUse, Recipe, Slot, State
from heldout.recipe.rules import read_fields
from heldout.recipe.steps.bases import explain_bases, plan_bases
from heldout.recipe.steps.drop import DropAsked
from heldout.recipe.steps.kmers import plan_words
from heldout.recipe.steps.onehot import CategoriesAsked
from heldout.recipe.steps.piecewise import BinsAsked
from heldout.recipe.steps.set import ItemsAsked
from heldout.recipe.steps.standardize import take_quantile, take_values
from heldout.recipe.steps.step import NothingAsked
from heldout.recipe.steps.table import STEPS
from heldout.recipe.steps.tokens import TokensAsked, split_tokens
from heldout.recipe.steps.words import WordsAsked
from heldout.recipe.view import NUMERIC_KINDS, Cells, FitView, Outcome, make_view
from heldout.records import ArrayColumn, ColumnSpec, IndexArray, Kind, TypedColumn

EMBEDDINGS = ("auto", "none", "piecewise")
# Below, bins would hold too few rows to be worth their weights; above, they would multiply an already wide input
# (assumptions, not studied here).
FEWEST_ROWS_FOR_BINS = 1000
MOST_COLUMNS_FOR_BINS = 200
ROWS_PER_BIN = 50
# Whole quick studies with 16 and with 48 bins: California housing RMSE 0.474 and 0.463, SDSS accuracy 0.984 and 0.987
# (one run each). Many columns get fewer, so that the bins together make about a thousand inputs.
MOST_BINS, BINS_OF_MANY_COLUMNS, INPUTS_OF_BINS = 48, 16, 1000
LONGEST_REASON = 2000
PIECES_A_WORD = 1.5  # assumption: English with a few thousand pieces; longer texts keep their two ends


@dataclass(frozen=True)
class RecipeOptions:
    """What may be asked of the recipe; the defaults serve ordinary tables.

    Args:
        max_bins: bins of a number at most, 2 to 256; never more than one per 50 fit rows.
        most_values: categories of a column with a slot of their own, at most.
        rare_rows: a category in fewer fit rows is rare (at least 2).
        rare_share: a category in a smaller share of the fit rows is rare too.
        most_words: words of a text column with a slot of their own, at most.
        fewest_word_rows: a word must stand in at least so many fit rows.
        tokens: text columns read as rows of word numbers, with their number of words; the others become weights of
            their words.
        most_pairs: pairs of neighbouring words with a number of their own, at most.
        signal_scaling: "set": signals are scaled by channel, all alike; "each": every signal by its own numbers.
        stretch: "auto", "none", "asinh" or "zscale", of pictures of numbers (FITS images, 16 bit).
        both_strands: columns whose sequences may come from either strand.
        pieces: text columns read as pieces of words, with the number of pieces.

    Example:
        >>> RecipeOptions(max_bins=8).most_values
        64
    """

    max_bins: int = MOST_BINS
    most_values: int = 64
    rare_rows: int = 2
    rare_share: float = 0.001
    most_words: int = 256
    fewest_word_rows: int = 3
    tokens: tuple[tuple[str, int], ...] = ()
    most_pairs: int = 20_000
    signal_scaling: str = "set"
    stretch: str = "auto"
    both_strands: tuple[str, ...] = ()
    pieces: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class _Draft:
    ops: tuple[tuple[str, object], ...]
    why: str


def fit_recipe(
    columns: tuple[TypedColumn, ...],
    fit_rows: tuple[IndexArray, ...],
    *,
    arrays: tuple[ArrayColumn, ...] = (),
    embedding: str = "auto",
    options: RecipeOptions | None = None,
) -> Recipe:
    """Fit one recipe with one state per set of fit rows, all states on one shared layout.

    Everything fitted comes from `FitView`s, copies of the fit rows alone: no other row can change a bit of it.

    Args:
        columns: typed columns with unique names and equally many rows.
        fit_rows: for each state (fold) the int64 positions of its fit rows.
        arrays: pictures and signals of the same rows.
        embedding: "none": numbers are standardized; "piecewise": bins beside; "auto": bins when every set of fit
            rows has at least 1,000 rows and there are at most 200 number columns.
        options: further parameters; the defaults when None.

    Returns:
        The recipe; state k belongs to `fit_rows[k]`.

    Raises:
        RecipeError: no column is left, unknown embedding, bad rows, repeated column names.

    Example:
        >>> import numpy as np
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("age", Kind.NUMBER, "all cells are numbers")
        >>> age = TypedColumn(spec, np.zeros(4, np.uint8), np.array([1.0, 2.0, 3.0, 9.0]), np.zeros(0, np.int32))
        >>> fit_recipe((age,), (np.array([0, 1, 2]),)).layout[0].role.value
        'value'
        >>> fit_recipe((age,), (np.array([0, 1, 2]),), embedding="deep")
        Traceback (most recent call last):
        heldout.errors.RecipeError: embedding 'deep' is not known; choose auto, none or piecewise
    """
    if embedding not in EMBEDDINGS:
        raise RecipeError(f"embedding {embedding!r} is not known; choose auto, none or piecewise")
    if not fit_rows:
        raise RecipeError("there are no sets of fit rows", hint="give one array of row positions per fold")
    chosen = options or RecipeOptions()
    _check_options(chosen)
    match_columns(Recipe((), ()), columns)
    n_rows = len(arrays[0].values) if arrays and not columns else None
    views = tuple(make_view(columns, rows, n_rows=n_rows) for rows in fit_rows)
    bins, bins_why = _choose_bins(columns, views, embedding, chosen)
    _check_asked(columns, chosen)
    is_alone = not arrays and sum(not _find_drop_reason(column.spec, ()) for column in columns) == 1
    plans: list[ColumnPlan] = []
    states: list[list[ColumnState]] = [[] for _ in views]
    position = 0
    for index, column in enumerate(columns):
        cells = tuple(view.columns[index] for view in views)
        draft = _draft_ops(column.spec, cells, bins, bins_why, chosen, is_alone=is_alone)
        plan, fitted = _fit_column(column.spec, draft, cells, position)
        plans.append(plan)
        position += sum(len(use.slots) for use in plan.ops)
        for state, values, view_cells in zip(states, fitted, cells, strict=True):
            state.append(ColumnState(values, measure_rates(view_cells)))
    _check_width(plans, position + len(arrays))
    array_plans = plan_arrays(arrays, fit_rows, scaling=chosen.signal_scaling, stretch=chosen.stretch)
    made = (
        State(view.rows, view.sha256, tuple(state), fit_arrays(array_plans, arrays, rows))
        for view, state, rows in zip(views, states, fit_rows, strict=True)
    )
    return Recipe(tuple(plans), tuple(made), array_plans)


def measure_rates(cells: Cells) -> FitRates:
    """Measure what the fit rows look like, for the checks on new rows.

    Args:
        cells: the fit rows' cells of one column.

    Example:
        >>> import numpy as np
        >>> nothing = np.zeros(0, np.int8)
        >>> measure_rates(Cells("a", Kind.NUMBER, np.array([0, 1], np.uint8), nothing, np.array([3.0, np.nan]),
        ...     np.zeros(0, np.int32), ())).missing
        0.5
    """
    shares = (np.bincount(cells.outcome, minlength=len(Outcome)) / max(cells.size, 1)).tolist()
    missing, unparsed = shares[Outcome.MISSING], shares[Outcome.UNPARSED]
    if cells.kind in NUMERIC_KINDS:
        ordered = take_values(cells)
        if ordered.size == 0:
            return FitRates(missing, 0.0, unparsed)
        low, median, high = (take_quantile(ordered, share) for share in (0.01, 0.5, 0.99))
        return FitRates(missing, 0.0, unparsed, low, median, high)
    with_value = cells.codes[cells.outcome == Outcome.VALUE]
    once = int(np.count_nonzero(np.bincount(with_value, minlength=1) == 1))
    is_open = cells.kind in (Kind.CATEGORY, Kind.SET)
    return FitRates(missing, once / cells.size if is_open and cells.size else 0.0, unparsed)


def _check_options(options: RecipeOptions) -> None:
    """Hold the options to the same bounds as a recipe file, so that what is fitted can be read back."""
    asked = {
        "piecewise@1": {"bins": options.max_bins},
        "onehot@1": {
            "most_values": options.most_values,
            "rare_rows": options.rare_rows,
            "rare_share": options.rare_share,
        },
        "words@1": {"most_words": options.most_words, "fewest_rows": options.fewest_word_rows},
    }
    for op, values in asked.items():
        read_fields(values, STEPS[op].asked_rules, f"recipe options for {op}")


def _check_asked(columns: tuple[TypedColumn, ...], options: RecipeOptions) -> None:
    """Refuse what was asked of a column that is no text or no sequence."""
    asked = [(name, "pieces", Kind.TEXT) for name, _ in options.pieces]
    asked += [(name, "strands", Kind.SEQUENCE) for name in options.both_strands]
    for name, setting, kind in asked:
        found = next((column.spec.kind for column in columns if column.spec.name == name), None)
        if found is not kind:
            read = "is not there" if found is None else f"is read as {found.value}"
            raise RecipeError(
                f"column {name!r} {read}; {setting} belongs to a {kind.value}",
                hint=f"leave {setting} out, or set kind = '{kind.value}' for that column",
            )


def _choose_bins(
    columns: tuple[TypedColumn, ...], views: tuple[FitView, ...], embedding: str, options: RecipeOptions
) -> tuple[int, str]:
    """Give the number of bins (0 for none) and the reason."""
    smallest = min(view.rows for view in views)
    n_numbers = sum(column.spec.kind is Kind.NUMBER and column.spec.used for column in columns)
    found = f"the smallest set of fit rows has {smallest} rows and there are {n_numbers} number columns"
    if embedding == "none":
        return 0, "no bins, as asked"
    most = min(options.max_bins, max(BINS_OF_MANY_COLUMNS, INPUTS_OF_BINS // max(1, n_numbers)))
    bins = max(2, min(most, smallest // ROWS_PER_BIN))
    if embedding == "piecewise":
        return bins, f"at most {bins} bins beside it, as asked"
    if smallest < FEWEST_ROWS_FOR_BINS or n_numbers > MOST_COLUMNS_FOR_BINS:
        limits = f"{FEWEST_ROWS_FOR_BINS} rows and {MOST_COLUMNS_FOR_BINS} columns"
        return 0, f"no bins, since {found} (limits {limits})"
    return bins, f"at most {bins} bins beside it, since {found}"


def _draft_ops(
    spec: ColumnSpec,
    cells: tuple[Cells, ...],
    bins: int,
    bins_why: str,
    options: RecipeOptions,
    *,
    is_alone: bool,
) -> _Draft:
    reason = _find_drop_reason(spec, cells)
    if reason:
        return _Draft((("drop@1", DropAsked(reason[:LONGEST_REASON])),), reason)
    nothing = NothingAsked()
    absent = ("missing@1", nothing)
    if spec.kind is Kind.NUMBER:
        ops: list[tuple[str, object]] = [("standardize@1", nothing)]
        if bins:
            ops.append(("piecewise@1", BinsAsked(bins)))
        return _Draft((*ops, absent, ("censored@1", nothing)), f"a number is standardized; {bins_why}")
    if spec.kind is Kind.DATE:
        return _Draft(
            (("date@1", nothing), absent), "a date becomes days, year and positions in year, week and day"
        )
    pieces = dict(options.pieces).get(spec.name, 0)
    if pieces:
        return _draft_pieces(cells, pieces)
    length = dict(options.tokens).get(spec.name, 0)
    if length:
        return _draft_tokens(length, options, is_alone=is_alone)
    if spec.kind is Kind.TEXT:
        words = WordsAsked(options.most_words, options.fewest_word_rows)
        return _Draft((("words@1", words), absent), "free text becomes weights of its frequent words")
    if spec.kind is Kind.SET:
        items = ItemsAsked(options.most_values, options.rare_rows)
        return _Draft((("set@1", items), absent), "a list becomes one slot per item and the number of items")
    if spec.kind is Kind.SEQUENCE:
        both = spec.name in options.both_strands
        bases = plan_bases(spec.pattern, cells, both_strands=both)
        words = plan_words(bases.alphabet, both_strands=both)
        return _Draft((("bases@1", bases), ("kmers@1", words), absent), explain_bases(bases, cells))
    asked = CategoriesAsked(options.most_values, options.rare_rows, options.rare_share)
    return _Draft(
        (("onehot@1", asked),), f"{spec.kind.value}: one slot per value; missing, unseen and unparsed apart"
    )


def _draft_tokens(length: int, options: RecipeOptions, *, is_alone: bool) -> _Draft:
    """A text as a row of word numbers; beside other columns an absent one has a place of its own."""
    tokens = ("tokens@1", TokensAsked(length=length, most_pairs=options.most_pairs))
    if is_alone:
        why = "the text is the only feature: a row of word numbers, for networks that read texts"
        return _Draft((tokens,), why)
    why = "a row of word numbers: networks read it in a branch of its own, joined with the other columns"
    return _Draft((tokens, ("missing@1", NothingAsked())), why)


def _draft_pieces(cells: tuple[Cells, ...], size: int) -> _Draft:
    """Texts as rows of pieces, long enough for nearly all fit rows."""
    counts = []
    for one in cells:
        has_value = one.outcome == Outcome.VALUE
        words = np.array([len(split_tokens(text)) for text in one.levels] or [0])
        counts.append(np.quantile(words[one.codes[has_value]], 0.95) if has_value.any() else 0.0)
    length = int(np.clip(round(PIECES_A_WORD * max(counts)), SHORTEST_TOKENS, LONGEST_TOKENS))
    asked = TokensAsked(length=length, most_pairs=0, pieces=size)
    return _Draft((("tokens@1", asked),), "as asked, words are cut into pieces: a row of numbers of pieces")


def _find_drop_reason(spec: ColumnSpec, cells: tuple[Cells, ...]) -> str:
    if not spec.used:
        return f"not a feature: {spec.why}"
    if spec.kind in (Kind.IDENTIFIER, Kind.CONSTANT):
        return f"{spec.kind.value}: {spec.why}"
    rows = max((one.size for one in cells), default=0)
    if rows < 2:
        return ""
    outcomes = {int(end) for one in cells for end in (one.outcome.min(), one.outcome.max())}
    if len(outcomes) > 1 or any(one.censored.any() for one in cells):
        return ""
    if outcomes != {int(Outcome.VALUE)}:
        word = Outcome(outcomes.pop()).name.lower()
        return f"constant: the cell is {word} in every fit row"
    if spec.kind in NUMERIC_KINDS:
        ends = {float(end) for one in cells for end in (one.values.min(), one.values.max())}
    else:
        ends = {one.levels[code] for one in cells for code in np.unique(one.codes).tolist()}
    return f"constant: every fit row holds {str(next(iter(ends)))[:80]!r}" if len(ends) == 1 else ""


def _fit_column(
    spec: ColumnSpec, draft: _Draft, cells: tuple[Cells, ...], position: int
) -> tuple[ColumnPlan, tuple[tuple[object, ...], ...]]:
    """Fit every step on every view, then lay out its slots so that all states agree."""
    uses: list[OpUse] = []
    fitted: list[list[object]] = [[] for _ in cells]
    for op, asked in draft.ops:
        step = STEPS[op]
        values = tuple(step.fit(one, asked) for one in cells)
        planned = step.plan(values)
        if not planned and op != "drop@1":
            continue
        slots = tuple(
            Slot(position + offset, spec.name, plan.role, plan.label, plan.unit)
            for offset, plan in enumerate(planned)
        )
        position += len(slots)
        uses.append(OpUse(op, asked, slots))
        for state, value in zip(fitted, values, strict=True):
            state.append(value)
    return ColumnPlan(spec, tuple(uses), draft.why), tuple(tuple(state) for state in fitted)


def _check_width(plans: list[ColumnPlan], width: int) -> None:
    if width:
        return
    reasons = "; ".join(f"{plan.spec.name!r} {plan.why}" for plan in plans[:5])
    raise RecipeError(
        f"no feature is left of {len(plans)} columns" + (f": {reasons}" if reasons else ""),
        hint="declare another kind for a column that carries information",
    )
