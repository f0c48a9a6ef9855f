"""The tables of `heldout.toml`: what may be said about one column, one remedy, the ladder and early stopping."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Rule = Literal["best", "patience", "lecture"]


class ColumnSettings(BaseModel):
    """What the user says about one column; everything left out is inferred.

    Example:
        >>> ColumnSettings(kind="category").kind
        'category'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: (
        Literal["number", "category", "yes/no", "date", "text", "set", "identifier", "sequence", "ignore"]
        | None
    ) = None
    missing: tuple[str, ...] | None = Field(
        None, description="cell texts that mean missing, e.g. ['?', '-999']"
    )
    true: tuple[str, ...] | None = None
    false: tuple[str, ...] | None = None
    date_format: str | None = Field(None, description="strptime format, e.g. '%d/%m/%Y'")
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'", ""] | None = Field(
        None, description="thousands separator of the numbers"
    )
    unit: str | None = Field(
        None,
        description="unit of the numbers, e.g. 'kg'; cells in other units of its dimension are converted",
    )
    grammar: (
        Literal["whole", "template", "pair", "range", "spread", "variant", "region", "pedigree"] | None
    ) = Field(None, description="how cells are taken apart; 'whole' leaves them as they are")
    map: dict[str, str] | None = Field(
        None, description="cell text -> the category it is read as, e.g. {'Mlae' = 'Male'}"
    )
    clip: tuple[float, float] | None = Field(None, description="values outside are clipped and counted")
    range: tuple[float, float] | None = Field(
        None, description="values outside are impossible: counted, and read as no value"
    )
    outliers: Literal["keep", "flag", "drop", "clip"] | None = Field(
        None, description="what happens to extreme numbers of this column; as for all columns when left out"
    )
    strands: Literal["one", "both"] | None = Field(None, description="strands that a sequence may come from")
    pieces: int | None = Field(None, ge=100, le=100_000, description="pieces of words that a text is read as")


class RemedySettings(BaseModel):
    """How one remedy is tried.

    Example:
        >>> RemedySettings(strengths=(0.2, 0.5), layers=(0, 1)).layers
        (0, 1)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    strengths: tuple[float, ...] | None = Field(
        None, description="strengths to try; empty leaves the remedy out"
    )
    layers: tuple[int, ...] = Field(
        (),
        description="layers it acts on: for dropout 0 is the input and i the i-th hidden layer, for l1 and l2 the "
        "weight matrix that follows it; all that make sense when left out",
    )
    kinds: dict[str, tuple[float, ...]] = Field(
        default_factory=dict,
        description="augmentation: augmenter -> strengths, e.g. {'shift': [0.1], 'flip': [0.5]}; only these are tried",
    )
    scaling: Literal["training", "test"] | None = Field(
        None,
        description="dropout: kept units are divided by the keep share while training (the default), or all are "
        "multiplied by it at the test",
    )

    @field_validator("layers")
    @classmethod
    def _check_layers(cls, layers: tuple[int, ...]) -> tuple[int, ...]:
        if any(layer < 0 for layer in layers):
            raise ValueError("layers are counted from 0, the input")
        if len(set(layers)) < len(layers):
            raise ValueError("a layer stands there twice")
        return layers


class StoppingSettings(BaseModel):
    """Which epoch of a network is delivered, and when a network that is trained anew may stop.

    Example:
        >>> StoppingSettings(rule="patience", patience=3).min_delta
        0.0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Rule = Field(
        default="best",
        description="best: the epoch with the lowest validation loss; patience: the lowest one before patience is used "
        "up; lecture: the epoch after the first rise",
    )
    patience: int = Field(default=5, ge=1, description="epochs in a row without improvement before stopping")
    min_delta: float = Field(
        default=0.0, ge=0, description="how much lower a loss must be to count as improvement"
    )
    smoothing: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of the smoothed loss before in the smoothed loss now; 0 reads the raw loss",
    )


class LadderSettings(BaseModel):
    """Which sizes of network are tried, and what all of them are trained with.

    Example:
        >>> LadderSettings(largest=10_000).largest
        10000
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    largest: int | None = Field(
        default=None,
        ge=1,
        description="networks with more weights are not tried; the two smallest sizes always are",
    )
    learning_rate: float | None = Field(
        default=None,
        description="step size of Adam for every size, above 0 and at most 1; searched for each size when left out",
        json_schema_extra={"exclusiveMinimum": 0, "maximum": 1},
    )
    weight_decay: float = Field(
        default=0.0,
        description="share of every weight taken away at each step, times the learning rate (decoupled, as in AdamW), "
        "in every network, 0 to 1; the remedy l2 acts through the gradient instead",
        json_schema_extra={"minimum": 0, "maximum": 1},
    )
    label_smoothing: float = Field(
        default=0.0,
        description="share of each label that training gives to all classes evenly, in every network, 0 to below 1; "
        "losses are read without it",
        json_schema_extra={"minimum": 0, "exclusiveMaximum": 1},
    )

    @field_validator("learning_rate", "weight_decay", "label_smoothing")
    @classmethod
    def _check_range(cls, value: float | None, info: ValidationInfo) -> float | None:
        """One message that names the whole range, whichever end was passed; NaN is in none."""
        kept, words = {
            "learning_rate": (value is None or 0 < value <= 1, "0 < learning_rate <= 1"),
            "weight_decay": (value is not None and 0 <= value <= 1, "0 <= weight_decay <= 1"),
            "label_smoothing": (value is not None and 0 <= value < 1, "0 <= label_smoothing < 1"),
        }[str(info.field_name)]
        if not kept:
            raise ValueError(f"outside its range {words}")
        return value
