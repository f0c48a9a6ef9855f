"""Every setting of a study: one published schema for the command line, `heldout.toml` and Python."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from heldout.codes import refuse_mute
from heldout.errors import UsageError
from heldout.sections import ColumnSettings as ColumnSettings
from heldout.sections import LadderSettings as LadderSettings
from heldout.sections import RemedySettings as RemedySettings
from heldout.sections import Rule
from heldout.sections import StoppingSettings as StoppingSettings

Preset = Literal["quick", "standard", "thorough"]
WITHOUT_LAYERS = ("augmentation", "early_stopping", "fewer_parameters")  # remedies of a training as a whole


def _check_remedy(name: str, item: RemedySettings) -> None:
    """Refuse what a remedy has no use for: it would be passed over in silence."""
    if name != "dropout" and item.scaling:
        raise ValueError(f"remedies.{name} has no scaling, got {item.scaling!r}; it belongs to dropout")
    if name in WITHOUT_LAYERS and item.layers:
        raise ValueError(
            f"remedies.{name} acts on no layers, got {list(item.layers)}; dropout, l1 and l2 have layers"
        )
    if name != "augmentation" and item.kinds:
        raise ValueError(
            f"remedies.{name} has no kinds, got {sorted(item.kinds)}; they belong to augmentation"
        )


def _read_rule(value: object) -> object:
    """Take the name of a rule alone for a rule with its usual numbers."""
    return {"rule": value} if isinstance(value, str) else value


def _read_order(value: object) -> object:
    """Take "low,medium,high" or "1..5" for the steps of a scale."""
    if not isinstance(value, str):
        return value
    steps: list[str] = []
    for part in filter(None, map(str.strip, value.split(","))):
        span = re.fullmatch(r"([+-]?[0-9]{1,4})\s*\.\.\s*([+-]?[0-9]{1,4})", part)
        steps += map(str, range(int(span[1]), int(span[2]) + 1)) if span else [part]
    return tuple(steps)


class Settings(BaseModel):
    """All settings of one study, in the words of the command line.

    Example:
        >>> Settings(target="num", preset="quick").seed
        0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str = ""
    target_map: dict[str, str] = Field(
        default_factory=dict, description="raw target text (or range '1..4') -> class name, or '' for missing"
    )
    target_log: bool = Field(False, description="learn the logarithm of a positive regression target")
    target_order: Annotated[
        tuple[str, ...], BeforeValidator(_read_order, json_schema_input_type=str | tuple[str, ...])
    ] = Field(
        (),
        description="classes as steps of a scale, the lowest first, e.g. ['low', 'medium', 'high'], 'low,medium,high' "
        "or '1..5'",
    )
    task: Literal["auto", "classification", "regression", "multilabel", "ordinal"] = "auto"
    label_rows: int = Field(
        10,
        ge=2,
        description="several labels a row: a label needs so many development rows with and without it",
    )
    metric: Literal[
        "auto",
        "accuracy",
        "balanced_accuracy",
        "auc",
        "f1",
        "logloss",
        "quadratic_kappa",
        "rank_error",
        "label_accuracy",
        "exact_match",
        "micro_f1",
        "r2",
        "rmse",
        "mae",
    ] = "auto"
    group: str | None = None
    time: str | None = None
    gap: int = Field(0, ge=0, description="rows left out between fit and later parts when time is used")
    split: str | None = Field(None, description="column whose cells say train, validation or test")
    test: str | None = None
    validation: str | None = None
    sample_weight: str | None = None
    class_weight: Literal["none", "balanced"] = "none"
    class_shares: Literal["auto", "fit", "validation"] = Field(
        "auto", description="whose class shares probabilities follow where validation rows are declared"
    )
    costs: dict[str, float] = Field(
        default_factory=dict, description="binary: {'miss': 5, 'false_alarm': 1}; sets the decision threshold"
    )
    columns: dict[str, ColumnSettings] = Field(default_factory=dict)
    header: Literal["auto", "yes", "no"] = "auto"
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    label_pattern: str | None = Field(
        None,
        description="regular expression on headers of sequences or names of files; its first group is the label",
    )
    labels: str | None = Field(None, description="table with the labels of examples, joined by an id")
    key: str | None = Field(
        None, description="column of labels that holds the id; the one that names most examples when left out"
    )
    images: str | None = Field(
        None,
        description="folder or archive that the paths of pictures in a table are relative to; the table's own folder "
        "when left out",
    )
    side: int = Field(64, ge=8, le=1024, description="pictures get at most this many pixels squared")
    hdu: str | None = Field(None, description="name or number of the FITS extension to read")
    numeric_embedding: Literal["auto", "none", "piecewise"] = "auto"
    signal_scaling: Literal["set", "each"] = "set"
    stretch: Literal["auto", "none", "asinh", "zscale"] = Field(
        "auto", description="how FITS images and 16 bit pictures are compressed before they are scaled"
    )
    ladder: LadderSettings = LadderSettings()
    remedies: dict[str, tuple[float, ...] | RemedySettings] = Field(
        default_factory=dict,
        description="per remedy its strengths, e.g. {'dropout': [0.2, 0.5], 'l1': []}, or strengths and layers",
    )
    preset: Preset = "standard"
    budget: str | None = Field(None, description="time for the whole study, e.g. '90s', '5m', '1h'")
    seed: int = Field(0, ge=0, le=1_000_000)
    seeds: int | None = Field(
        None,
        ge=3,
        le=100,
        description="networks of each configuration that differ in their seed alone, at least 3; the preset's number "
        "when left out",
    )
    split_seed: int = Field(0, ge=0)
    subgroups: tuple[str, ...] = Field(
        (), description="columns whose groups are asked about: tested first, at an error rate of their own"
    )
    keep_near_rows: bool = Field(
        False,
        description="rows that almost repeat another in their numbers and categories stay on one side of every split, "
        "as exact copies and near copies of pictures and texts always do",
    )
    outliers: Literal["keep", "flag", "drop", "clip"] = Field(
        "keep",
        description="what happens to fit rows with a number beyond outlier_limit: kept, kept and shown, dropped, or "
        "the number pulled "
        "in; validation and test rows are never dropped",
    )
    outlier_limit: float = Field(
        3.0,
        gt=0,
        description="standard deviations from the mean of the fit rows, with outliers flag, drop or clip",
    )
    mute: tuple[str, ...] = Field(
        (),
        description="codes of findings not to be told again, e.g. ['HO217']; the report still lists them as muted",
    )
    show_rows: bool = Field(
        False,
        description="let the report show rows of the data: beginnings of rows set aside, the worst mistakes, examples",
    )
    single: bool = Field(False, description="deliver one network instead of the ensemble")

    early_stopping: Annotated[
        StoppingSettings, BeforeValidator(_read_rule, json_schema_input_type=Rule | StoppingSettings)
    ] = Field(StoppingSettings(), description="a rule by its name, or with its numbers: rule, patience, ...")
    _config: tuple[str, frozenset[str]] = PrivateAttr(("", frozenset()))
    device: Literal["auto", "cpu", "gpu"] = Field(
        "auto", description="where networks are trained; auto takes a graphics card where one is there"
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        for name, item in self.remedies.items():
            if isinstance(item, RemedySettings):
                _check_remedy(name, item)
        if self.key is not None and self.labels is None:
            raise ValueError(f"key {self.key!r} is a column of the table of labels, and needs labels")
        if reason := refuse_mute(self.mute):
            raise ValueError(f"mute: {reason}")
        if self.gap and self.time is None:
            raise ValueError("gap leaves rows out between past and future, and needs time")
        unknown = set(self.costs) - {"miss", "false_alarm"}
        if unknown or any(not cost > 0 for cost in self.costs.values()):
            raise ValueError(f"costs are {{'miss': ..., 'false_alarm': ...}}, each above 0, got {self.costs}")
        return self


OUTLIER_RULES = ("drop", "clip", "flag", "keep")  # the strongest first


def find_rule(settings: Settings, column: str) -> str:
    """Say what happens to extreme numbers of one column: "keep", "flag", "drop" or "clip".

    Example:
        >>> find_rule(Settings(outliers="drop", columns={"dose": ColumnSettings(outliers="keep")}), "dose")
        'keep'
    """
    own = settings.columns.get(column)
    return settings.outliers if own is None or own.outliers is None else own.outliers


def find_strongest_rule(settings: Settings) -> str:
    """Say what happens at most to extreme numbers of any column.

    Example:
        >>> find_strongest_rule(Settings(columns={"dose": ColumnSettings(outliers="clip")}))
        'clip'
    """
    asked = {settings.outliers, *(find_rule(settings, name) for name in settings.columns)}
    return next(rule for rule in OUTLIER_RULES if rule in asked)


def list_strengths(settings: Settings) -> dict[str, tuple[float, ...]]:
    """Give the strengths that the user named, by remedy.

    Example:
        >>> list_strengths(Settings(remedies={"l1": (), "dropout": RemedySettings(layers=(0,))}))
        {'l1': ()}
    """
    given = {
        name: item.strengths if isinstance(item, RemedySettings) else item
        for name, item in settings.remedies.items()
    }
    return {name: strengths for name, strengths in given.items() if strengths is not None}


def list_layers(settings: Settings) -> dict[str, tuple[int, ...]]:
    """Give the layers that the user named, by remedy.

    Example:
        >>> list_layers(Settings(remedies={"dropout": RemedySettings(layers=(0,))}))
        {'dropout': (0,)}
    """
    return {name: item.layers for name, item in settings.remedies.items() if isinstance(item, RemedySettings)}


def list_kinds(settings: Settings) -> dict[str, dict[str, tuple[float, ...]]]:
    """Give the kinds with strengths that the user named, by remedy.

    Example:
        >>> list_kinds(Settings(remedies={"augmentation": RemedySettings(kinds={"noise": (0.1,)})}))
        {'augmentation': {'noise': (0.1,)}}
    """
    given = {name: item.kinds for name, item in settings.remedies.items() if isinstance(item, RemedySettings)}
    return {name: kinds for name, kinds in given.items() if kinds}


def scales_test(settings: Settings) -> bool:
    """Say whether dropout multiplies all units by the keep share at the test, the lecture's second way.

    Example:
        >>> scales_test(Settings(remedies={"dropout": RemedySettings(scaling="test")}))
        True
    """
    given = settings.remedies.get("dropout")
    return isinstance(given, RemedySettings) and given.scaling == "test"


def load_settings(path: str | Path | None, **given: Any) -> Settings:  # noqa: ANN401 - any option value
    """Merge `heldout.toml` with what was given on the command line or in Python (which wins).

    Args:
        path: a TOML file, or None.
        **given: settings by name; None means not given.

    Raises:
        UsageError: the file is missing or malformed, or a setting is unknown or out of range.

    Example:
        >>> load_settings(None, target="num", seed=3).seed
        3
        >>> load_settings(None, sed=3)
        Traceback (most recent call last):
        heldout.errors.UsageError: setting 'sed': Extra inputs are not permitted
          -> did you mean 'seed'?
    """
    values: dict[str, Any] = _read_toml(Path(path)) if path else {}
    typed = {name: value for name, value in given.items() if value is not None}
    from_file = frozenset(values.keys() - typed.keys())
    values.update(typed)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _explain(error) from None
    if path:
        settings._config = (str(path), from_file)  # noqa: SLF001 - where they came from is no setting
    return settings


def read_config(settings: Settings) -> tuple[str, frozenset[str]]:
    """Give the file that settings were read from, and which of them came from there.

    Returns:
        Path and names; "" and none where no file was read.

    Example:
        >>> read_config(load_settings(None, seed=3))
        ('', frozenset())
    """
    return settings._config  # noqa: SLF001 - as above


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the settings file {str(path)!r}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} is not valid TOML: {error}") from None


def _explain(error: ValidationError) -> UsageError:
    import difflib

    lines, hint = [], ""
    seen: set[tuple[object, ...]] = set()
    for item in error.errors():
        # a setting of two forms complains once per form; the first form is the one most people write
        place = tuple(part for part in item["loc"] if not str(part).startswith(("tuple[", "RemedySettings")))
        if place[:2] in seen or (item["type"] == "tuple_type" and isinstance(item["input"], dict)):
            continue
        seen.add(place[:2])
        where = ".".join(str(part) for part in place)
        if not place:
            lines.append(item["msg"].removeprefix("Value error, "))
            continue
        got = "" if item["type"] == "extra_forbidden" else f", got {item['input']!r}"
        lines.append(f"setting {where!r}: {item['msg'].removeprefix('Value error, ')}{got}")
        if item["type"] == "extra_forbidden":
            close = difflib.get_close_matches(str(item["loc"][-1]), list(Settings.model_fields), n=1)
            near = f"did you mean {close[0]!r}?" if close else "see the published schema of heldout.toml"
            # A dotted line pasted below a line in brackets is taken for a part of that.
            is_below = len(item["loc"]) > 1 and item["loc"][-1] == "columns"
            above = "lines that begin with columns. belong above the first line in brackets"
            hint = hint or (above if is_below else near)
    return UsageError("; ".join(lines), hint=hint)


def settings_schema() -> dict[str, Any]:
    """Give the published JSON Schema of `heldout.toml`, of the command line and of Python's options.

    Example:
        >>> settings_schema()["title"]
        'Settings'
    """
    return Settings.model_json_schema()
