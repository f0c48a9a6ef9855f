"""The options of every verb as records: one field, one option, with its help beside it.

A verb takes its record as one value instead of thirty parameters; `build_command` turns record and function into
what typer expects. Fields of `FitOptions` that carry the name of a setting are that setting.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import typer

from heldout.errors import UsageError

Record = TypeVar("Record")
ALLOW_SHIFT = "Go on although a column seems to be in another unit or full of new categories."


def _option(flag: str, help_text: str, *, metavar: str | None = None, setting: str = "") -> Any:  # noqa: ANN401
    """An option; with `setting`, the environment variable `HELDOUT_<SETTING>` stands in for it."""
    variable = f"HELDOUT_{setting.upper()}" if setting else None
    short = ("-o",) if flag == "--out" else ()
    return typer.Option(
        flag, *short, help=help_text, metavar=metavar, envvar=variable, show_envvar=False, show_default=False
    )


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """Options that every verb has."""

    json: Annotated[bool, _option("--json", "Answer with one JSON object on standard output.")] = False
    quiet: Annotated[bool, _option("--quiet", "No narration; errors are still shown.")] = False
    progress: Annotated[
        Literal["auto", "bar", "lines", "json", "none"],
        _option("--progress", "How to show progress on standard error: auto, bar, lines, json or none."),
    ] = "auto"
    debug: Annotated[bool, _option("--debug", "Show the traceback of an unexpected error.")] = False
    strict: Annotated[bool, _option("--strict", "Refuse (exit code 3) where a finding is critical.")] = False
    require: Annotated[
        list[str],
        _option(
            "--require", "Exit code 4 unless this holds, e.g. 'verdict!=overfit'. Repeatable.", metavar="RULE"
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class FormatOptions(CommonOptions):
    """Options that say how the cells of a file are found."""

    header: Annotated[
        Literal["auto", "yes", "no"] | None,
        _option("--header", "Whether the first row holds the names: auto, yes or no.", setting="header"),
    ] = None
    delimiter: Annotated[
        str | None,
        _option(
            "--delimiter", "What separates the cells, e.g. ';' or 'tab'.", metavar="TEXT", setting="delimiter"
        ),
    ] = None
    encoding: Annotated[
        str | None,
        _option(
            "--encoding", "Encoding of the file, e.g. utf-8 or cp1252.", metavar="NAME", setting="encoding"
        ),
    ] = None
    sheet: Annotated[
        str | None,
        _option("--sheet", "Sheet of an Excel workbook.", metavar="NAME", setting="sheet"),
    ] = None
    labels: Annotated[
        str | None,
        _option("--labels", "Table with the labels of the examples.", metavar="FILE", setting="labels"),
    ] = None
    key: Annotated[
        str | None,
        _option("--key", "Column of --labels with the id of each example.", metavar="COLUMN", setting="key"),
    ] = None
    label_pattern: Annotated[
        str | None,
        _option(
            "--label-pattern",
            r"Label in headers of sequences or names of files, e.g. 'class=(\w+)'.",
            metavar="REGEX",
            setting="label_pattern",
        ),
    ] = None
    images: Annotated[
        str | None,
        _option(
            "--images",
            "Folder or archive of the pictures whose paths a column holds.",
            metavar="FOLDER",
            setting="images",
        ),
    ] = None
    hdu: Annotated[
        str | None,
        _option("--hdu", "Extension of FITS files, by name or number.", metavar="NAME", setting="hdu"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TargetOptions(FormatOptions):
    """Options that say what is predicted."""

    file: Annotated[
        Path,
        typer.Argument(
            help="A table (CSV, Parquet, Excel), or a file, archive or folder of pictures, sequences, FITS files, "
            "signals, texts.",
            metavar="FILE",
            show_default=False,
        ),
    ]
    target: Annotated[
        str | None,
        _option("--target", "Column to predict; 'label' of examples.", metavar="COLUMN", setting="target"),
    ] = None
    target_map: Annotated[
        list[str],
        _option(
            "--target-map",
            "Raw target to class, e.g. 0=no 1..4=yes; an empty class means missing. Repeatable.",
            metavar="RAW=CLASS",
        ),
    ] = field(default_factory=list)
    group: Annotated[
        str | None,
        _option("--group", "Rows that share this column are never split.", metavar="COLUMN", setting="group"),
    ] = None
    config: Annotated[
        Path | None, _option("--config", "Settings file, see docs/settings.md.", metavar="heldout.toml")
    ] = None


@dataclass(frozen=True, kw_only=True)
class ReadOptions(TargetOptions):
    """Options that say how a table is to be read and split."""

    task: Annotated[
        Literal["auto", "classification", "regression", "multilabel", "ordinal"] | None,
        _option(
            "--task",
            "What the target is: auto, classification, regression, multilabel (several labels a row) or ordinal.",
            setting="task",
        ),
    ] = None
    target_order: Annotated[
        str | None,
        _option(
            "--ordinal",
            "Classes as steps of a scale, the lowest first: low,medium,high or 1..5.",
            metavar="CLASSES",
            setting="target_order",
        ),
    ] = None
    time: Annotated[
        str | None,
        _option("--time", "Order by this column: learn from the past.", metavar="COLUMN", setting="time"),
    ] = None
    gap: Annotated[int | None, _option("--gap", "Rows left out between past and future.", setting="gap")] = (
        None
    )
    side: Annotated[
        int | None,
        _option(
            "--side", "Pictures get at most this many pixels squared (64).", metavar="PIXELS", setting="side"
        ),
    ] = None
    validation: Annotated[
        str | None,
        _option("--validation", "File with your own validation rows.", metavar="FILE", setting="validation"),
    ] = None
    test: Annotated[
        str | None, _option("--test", "File with your own test rows.", metavar="FILE", setting="test")
    ] = None
    split: Annotated[
        str | None,
        _option(
            "--split",
            "Column that says train, validation or test for each row.",
            metavar="COLUMN",
            setting="split",
        ),
    ] = None
    split_seed: Annotated[
        int | None,
        _option("--split-seed", "Seed of the split into rows for fit and test.", setting="split_seed"),
    ] = None
    outliers: Annotated[
        Literal["keep", "flag", "drop", "clip"] | None,
        _option(
            "--outliers",
            "Fit rows with extreme numbers: keep, flag, drop or clip; shows who is affected.",
            setting="outliers",
        ),
    ] = None
    outlier_limit: Annotated[
        float | None,
        _option(
            "--outlier-limit",
            "Standard deviations from which a number is extreme (3 by default).",
            metavar="SD",
            setting="outlier_limit",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class LookOptions(ReadOptions):
    """Options of `look`."""

    html: Annotated[
        Path | None, _option("--html", "Write what look shows as one HTML page too.", metavar="FILE")
    ] = None
    show_rows: Annotated[
        bool | None,
        _option(
            "--show-rows",
            "Let the page and --json hold quoted cells too; the words on the screen always do.",
            setting="show_rows",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class StudyOptions(CommonOptions):
    """Options that say how large a study is and where it goes."""

    preset: Annotated[
        Literal["quick", "standard", "thorough"] | None,
        _option("--preset", "Size of the study: quick, standard or thorough.", setting="preset"),
    ] = None
    budget: Annotated[
        str | None,
        _option("--budget", "Time for the whole study, e.g. 90s, 5m, 1h.", metavar="TIME", setting="budget"),
    ] = None
    seed: Annotated[int | None, _option("--seed", "Seed of the training.", setting="seed")] = None
    out: Annotated[
        Path | None, _option("--out", "Folder of the study; runs/<name> by default.", metavar="FOLDER")
    ] = None
    resume: Annotated[bool, _option("--resume", "Continue the study in the folder.")] = False
    dry_run: Annotated[
        bool, _option("--dry-run", "Print the plan with its estimated time; train nothing.")
    ] = False
    live: Annotated[
        bool, _option("--live", "Show the curves in the browser while the study runs; prints the address.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class FitOptions(StudyOptions, ReadOptions):
    """Options of `fit`."""

    seeds: Annotated[
        int | None,
        _option("--seeds", "Networks of each configuration, at least 3; else the preset's.", setting="seeds"),
    ] = None
    metric: Annotated[
        Literal["auto", "accuracy", "balanced_accuracy", "auc", "f1", "logloss", "r2", "rmse", "mae"] | None,
        _option("--metric", "Metric reported first (the verdict rests on the loss).", setting="metric"),
    ] = None
    show_rows: Annotated[
        bool | None,
        _option(
            "--show-rows",
            "Let the report show single rows: the worst mistakes, lines set aside, quoted cells.",
            setting="show_rows",
        ),
    ] = None
    single: Annotated[
        bool | None,
        _option("--single/--ensemble", "Deliver one network instead of the ensemble.", setting="single"),
    ] = None
    early_stopping: Annotated[
        Literal["best", "patience", "lecture"] | None,
        _option(
            "--early-stopping",
            "Which epoch is delivered: best, patience or lecture.",
            setting="early_stopping",
        ),
    ] = None
    device: Annotated[
        Literal["auto", "cpu", "gpu"] | None,
        _option("--device", "Where networks are trained: auto, cpu or gpu.", setting="device"),
    ] = None
    class_weight: Annotated[
        Literal["none", "balanced"] | None,
        _option(
            "--class-weight", "Weight of the classes in training: none or balanced.", setting="class_weight"
        ),
    ] = None
    class_shares: Annotated[
        Literal["auto", "fit", "validation"] | None,
        _option(
            "--class-shares",
            "Whose class shares new data have: fit or validation.",
            setting="class_shares",
        ),
    ] = None
    subgroups: Annotated[
        list[str],
        _option(
            "--subgroup",
            "Ask for whom it fails by this column first, e.g. sex. Repeatable.",
            metavar="COLUMN",
        ),
    ] = field(default_factory=list)
    cost_miss: Annotated[
        float | None, _option("--cost-miss", "Cost of a missed positive; sets the threshold.", metavar="COST")
    ] = None
    cost_false_alarm: Annotated[
        float | None,
        _option("--cost-false-alarm", "Cost of a false alarm; sets the threshold.", metavar="COST"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class DemoOptions(StudyOptions):
    """Options of `demo`; those of a study are refused by the pieces of the lecture, and say so in their help."""

    preset: Annotated[
        Literal["quick", "standard", "thorough"] | None,
        _option("--preset", "Of a study only: quick, standard or thorough.", setting="preset"),
    ] = None
    budget: Annotated[
        str | None,
        _option(
            "--budget", "Of a study only: time for it, e.g. 90s, 5m, 1h.", metavar="TIME", setting="budget"
        ),
    ] = None
    resume: Annotated[bool, _option("--resume", "Of a study only: continue the one in the folder.")] = False
    dry_run: Annotated[bool, _option("--dry-run", "Of a study only: print its plan, train nothing.")] = False
    live: Annotated[bool, _option("--live", "Of a study only: show its curves in the browser.")] = False
    name: Annotated[
        str,
        typer.Argument(help="Which shipped example; --list names them.", metavar="[NAME]", show_default=True),
    ] = "heart"
    shows_list: Annotated[bool, _option("--list", "List all examples with what they show.")] = False
    full: Annotated[
        Path | None,
        _option("--full", "Folder with the real data, for examples that have some.", metavar="DIR"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ScoreOptions(TargetOptions):
    """Options of `score`."""

    model: Annotated[Path, typer.Argument(help="A study's folder or its bundle.zip.", metavar="RUN")]
    allow_shift: Annotated[bool, _option("--allow-shift", ALLOW_SHIFT)] = False


@dataclass(frozen=True, kw_only=True)
class PredictOptions(FormatOptions):
    """Options of `predict`."""

    model: Annotated[Path, typer.Argument(help="A study's folder or its bundle.zip.", metavar="RUN")]
    file: Annotated[Path, typer.Argument(help="The rows: a table as in fit.", metavar="FILE")]
    out: Annotated[
        Path | None,
        _option("--out", "A .csv, .parquet or .jsonl file; standard output otherwise.", metavar="FILE"),
    ] = None
    flags: Annotated[bool, _option("--flags", "Add a column that says what was odd about each row.")] = False
    allow_shift: Annotated[bool, _option("--allow-shift", ALLOW_SHIFT)] = False


@dataclass(frozen=True, kw_only=True)
class ReportOptions(CommonOptions):
    """Options of `report`."""

    model: Annotated[Path, typer.Argument(help="A study's folder.", metavar="RUN")]
    out: Annotated[
        Path | None,
        _option(
            "--out",
            "The page; report.html in the study's folder otherwise (report-partial.html of what is left of one).",
            metavar="FILE",
        ),
    ] = None
    show_rows: Annotated[
        bool,
        _option("--show-rows", "Also show single rows: the worst mistakes, lines set aside, quoted cells."),
    ] = False


def build_command(record: type[Record], run: Callable[[Record], None]) -> Callable[..., None]:
    """The function typer reads: its parameters are the fields of the record.

    Args:
        record: a frozen dataclass whose fields are annotated with typer's options.
        run: the verb.

    Returns:
        A function that packs its keyword arguments into the record and calls the verb.

    Example:
        >>> seen = []
        >>> build_command(CommonOptions, seen.append)(json=True)
        >>> seen[0].json
        True
    """

    def command(**values: Any) -> None:  # noqa: ANN401 - each has the type of its field
        run(record(**values))

    command.__signature__ = inspect.Signature(_parameters(record))  # type: ignore[attr-defined]
    command.__doc__ = run.__doc__
    return command


def collect_settings(options: CommonOptions) -> dict[str, Any]:
    """What was given on the command line, by the names of `heldout.settings.Settings`; the rest is left out.

    Raises:
        UsageError: a `--target-map` entry is not RAW=CLASS.

    Example:
        >>> collect_settings(DemoOptions(seed=3))
        {'seed': 3}
    """
    from heldout.settings import Settings

    given: dict[str, Any] = {
        name: value
        for name in Settings.model_fields
        if (value := getattr(options, name, None)) is not None and name not in ("target_map", "subgroups")
    }
    if pairs := getattr(options, "target_map", None):
        given["target_map"] = dict(parse_target_map(pair) for pair in pairs)
    if columns := getattr(options, "subgroups", None):
        given["subgroups"] = tuple(columns)
    costs = {
        "miss": getattr(options, "cost_miss", None),
        "false_alarm": getattr(options, "cost_false_alarm", None),
    }
    if any(cost is not None for cost in costs.values()):
        given["costs"] = {name: 1.0 if cost is None else cost for name, cost in costs.items()}
    return given


def parse_target_map(pair: str) -> tuple[str, str]:
    """One `RAW=CLASS` of `--target-map`.

    Raises:
        UsageError: there is not exactly one equals sign, or nothing before it.

    Example:
        >>> parse_target_map("1..4=yes")
        ('1..4', 'yes')
        >>> parse_target_map("yes")
        Traceback (most recent call last):
        heldout.errors.UsageError: --target-map wants RAW=CLASS, got 'yes'
    """
    raw, equals, name = pair.partition("=")
    if not equals or not raw.strip() or "=" in name:
        raise UsageError(
            f"--target-map wants RAW=CLASS, got {pair!r}",
            hint="e.g. --target-map 0=no --target-map 1..4=yes; names with '=' go into heldout.toml",
        )
    return raw.strip(), name.strip()


def _parameters(record: type) -> list[inspect.Parameter]:
    hints = get_type_hints(record, include_extras=True)
    common = [entry.name for entry in dataclasses.fields(CommonOptions)]
    formats = [entry.name for entry in dataclasses.fields(FormatOptions)]
    parameters = []

    def place(entry: dataclasses.Field[Any]) -> int:
        # The model is named before the rows; what every verb has stands last in the help.
        rank = 1 + (entry.name in formats) + (entry.name in common)
        return 0 if entry.name == "model" else rank

    for entry in sorted(dataclasses.fields(record), key=place):  # own options first
        default: Any = entry.default
        if entry.default_factory is not dataclasses.MISSING:
            default = entry.default_factory()
        elif default is dataclasses.MISSING:
            default = inspect.Parameter.empty
        parameters.append(
            inspect.Parameter(
                entry.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[entry.name]
            )
        )
    return parameters
