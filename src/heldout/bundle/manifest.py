"""The manifest of a bundle: one closed schema, read strictly, written from the record."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heldout.bundle.container import MEMBERS
from heldout.bundle.record import Bundle, Limits, Member, count_outputs, find_net
from heldout.errors import BundleError
from heldout.nets import Net, check_net, count_layer_parameters, list_layers, list_shapes
from heldout.records import InputLayout, Score, Task

SCHEMA_VERSION = 1
MAX_NUMBERS = 1 << 28
HASHED = tuple(name for name in MEMBERS if name != "manifest.json")

Text = Annotated[str, Field(max_length=100_000)]
Word = Annotated[str, Field(max_length=200)]
Sentence = Annotated[str, Field(max_length=10_000)]
Count = Annotated[int, Field(ge=0, le=1 << 53)]
Width = Annotated[int, Field(ge=1, le=10_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e300)]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]


class _Closed(BaseModel):
    """An object with exactly the declared keys, each of exactly the declared type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class FileEntry(_Closed):
    """Length and hash of one member."""

    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class MemberEntry(_Closed):
    """Where the weights of one network came from and how its outputs become numbers."""

    state: Count
    seed: Count
    fold: Count
    epoch: Count
    target_center: Number
    target_spread: Positive


class ScoreEntry(_Closed):
    """One score with its interval; null where there is no honest one."""

    metric: Word
    value: Number | None
    low: Number | None
    high: Number | None
    n_rows: Count
    n_units: Count
    method: Sentence


class LimitsEntry(_Closed):
    """When new data are refused."""

    max_unseen: Share
    max_unparsed: Share
    warn_factor: Annotated[float, Field(ge=1, le=1000)]


class PartEntry(_Closed):
    """One part of the row of a joined network; see `heldout.records.InputLayout`."""

    kind: Literal["numbers", "tokens", "picture", "signal"]
    shape: Annotated[list[Width], Field(min_length=1, max_length=3)]
    vocabulary: Annotated[int, Field(ge=0, le=10_000_000)]
    leading: Annotated[int, Field(ge=0, le=10_000_000)]
    letters: Annotated[str, Field(max_length=32)]
    both_strands: bool


class NetEntry(_Closed):
    """The network all members share; see `heldout.nets.Net`."""

    family: Literal[
        "mlp",
        "pooled",
        "cnn",
        "residual",
        "sequence",
        "signal",
        "text",
        "attention",
        "joined",
        "joined attention",
        "joined residual",
    ]
    inputs: Annotated[list[Width], Field(min_length=1, max_length=3)]
    n_outputs: Width
    widths: Annotated[list[Width], Field(max_length=100)]
    channels: Annotated[list[Width], Field(max_length=100)]
    kernel: Annotated[int, Field(ge=0, le=1000)]
    embedding: Annotated[int, Field(ge=0, le=100_000)]
    vocabulary: Annotated[int, Field(ge=0, le=10_000_000)]
    leading: Annotated[int, Field(ge=0, le=10_000_000)]
    parts: Annotated[list[PartEntry], Field(max_length=10_000)]
    ordered: bool = False


class Manifest(_Closed):
    """Everything about a bundle that is not the recipe or the weights.

    Example:
        >>> Manifest.model_json_schema()["additionalProperties"]
        False
    """

    format: Literal["heldout bundle"]
    schema_version: Literal[1]
    files: dict[Literal[HASHED], FileEntry]  # type: ignore[valid-type] # the names stand in one place
    task: Literal["binary", "multiclass", "multilabel", "regression"]
    classes: Annotated[list[Text], Field(max_length=100_000)]
    target: Text
    target_log: bool
    target_spread: Positive
    net: NetEntry
    members: Annotated[list[MemberEntry], Field(min_length=1, max_length=10_000)]
    temperature: Annotated[float, Field(ge=1e-3, le=1e3)]
    threshold: Share
    costs: Annotated[list[Positive], Field(max_length=2)]
    half_width: Annotated[float, Field(ge=0, le=1e300)]
    level: Share
    metric: Word
    scores: Annotated[list[ScoreEntry], Field(max_length=100)]
    common_values: Annotated[
        list[Annotated[list[Text], Field(min_length=2, max_length=2)]], Field(max_length=100_000)
    ]
    limits: LimitsEntry
    fingerprint: Word
    group: Text
    versions: Annotated[list[Annotated[list[Word], Field(min_length=2, max_length=2)]], Field(max_length=200)]
    created: Word


def write_manifest(bundle: Bundle, files: dict[str, bytes]) -> bytes:
    """Write the manifest of a bundle, keys sorted, floats in shortest round-trip form.

    Args:
        bundle: what to describe.
        files: content of every other member, for their hashes.

    Raises:
        BundleError: a value of the record is outside the schema, naming the field.
    """
    entry = {
        "format": "heldout bundle",
        "schema_version": SCHEMA_VERSION,
        "files": {name: {"bytes": len(data), "sha256": hash_bytes(data)} for name, data in files.items()},
        "net": _describe_net(find_net(bundle)),
        "members": [_describe_member(member) for member in bundle.members],
        "scores": [_describe_score(score) for score in bundle.scores],
        "limits": {name: float(getattr(bundle.limits, name)) for name in LimitsEntry.model_fields},
        "classes": [str(name) for name in bundle.classes],
        "costs": [float(cost) for cost in bundle.costs],
        "common_values": [[column, text] for column, text in bundle.common_values],
        "versions": [[package, version] for package, version in bundle.versions],
        "task": str(bundle.task.value),
        "target_log": bool(bundle.target_log),
    }
    entry |= {
        name: str(getattr(bundle, name)) for name in ("target", "metric", "group", "fingerprint", "created")
    }
    numbers = ("target_spread", "temperature", "threshold", "half_width", "level")
    entry |= {name: float(getattr(bundle, name)) for name in numbers}
    check_manifest(entry, where="the bundle to save")
    return json.dumps(entry, sort_keys=True, indent=1, allow_nan=False).encode("ascii")


def check_manifest(entry: object, *, where: str) -> Manifest:
    """Check a parsed manifest against the closed schema and its fields against each other.

    Args:
        entry: the parsed JSON.
        where: member and file, for messages.

    Raises:
        BundleError: another schema version, an unknown or missing key, a value of another type or out of bounds,
            sizes that do not fit the classes, or more numbers than can be loaded.

    Example:
        >>> check_manifest({"schema_version": 7}, where="manifest.json")
        Traceback (most recent call last):
        heldout.errors.BundleError: manifest.json: schema version 7, this version of heldout reads 1
          -> install the version of heldout that wrote the bundle, or make the bundle again
    """
    version = entry.get("schema_version") if isinstance(entry, dict) else None
    if type(version) is not int:
        raise BundleError(f"{where}: schema_version must be a whole number, got {version!r}")
    if version != SCHEMA_VERSION:
        raise BundleError(
            f"{where}: schema version {version}, this version of heldout reads {SCHEMA_VERSION}",
            hint="install the version of heldout that wrote the bundle, or make the bundle again",
        )
    try:
        manifest = Manifest.model_validate(entry)
    except ValidationError as error:
        raise _explain(error, where) from None
    _check_together(manifest, where)
    return manifest


def read_members(manifest: Manifest, weights: dict[str, np.ndarray]) -> tuple[Member, ...]:
    """Take the stacked weights apart into the networks they belong to.

    Args:
        manifest: a checked manifest.
        weights: arrays as named by `list_weights`.

    Returns:
        One `Member` per entry, its arrays copies of their own.
    """
    names = name_arrays(read_net(manifest))
    return tuple(
        Member(
            params=tuple(tuple(weights[name][index].copy() for name, _ in layer) for layer in names.params),
            memory=tuple(tuple(weights[name][index].copy() for name, _ in layer) for layer in names.memory),
            **entry.model_dump(),
        )
        for index, entry in enumerate(manifest.members)
    )


@dataclass(frozen=True)
class ArrayNames:
    """Names and shapes of the arrays of one network, layer by layer.

    Args:
        params: trained arrays.
        memory: arrays kept beside them.
    """

    params: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]
    memory: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]


PARTS = ("weight", "bias", "scale")
KEPT = ("mean", "variance")


def name_arrays(net: Net) -> ArrayNames:
    """Name the arrays of a network: "layer0.weight", "layer0.bias", ...

    Example:
        >>> name_arrays(Net("mlp", (3,), 1)).params
        ((('layer0.weight', (3, 1)), ('layer0.bias', (1,))),)
    """
    layers = list_layers(net)

    def name(parts: tuple[str, ...], shapes: tuple[tuple[tuple[int, ...], ...], ...]) -> tuple:
        return tuple(
            tuple((f"layer{at}.{part}", shape) for part, shape in zip(parts, layer, strict=False))
            for at, layer in enumerate(shapes)
        )

    return ArrayNames(name(PARTS, list_shapes(layers)), name(KEPT, list_shapes(layers, kept=True)))


def read_net(manifest: Manifest) -> Net:
    """Read the network of a checked manifest."""
    entry = manifest.net
    sizes = (tuple(entry.inputs), entry.n_outputs, tuple(entry.widths), tuple(entry.channels))
    parts = tuple(InputLayout(**{**part.model_dump(), "shape": tuple(part.shape)}) for part in entry.parts)
    numbers = (entry.kernel, entry.embedding, entry.vocabulary, entry.leading)
    return Net(entry.family, *sizes, *numbers, parts, ordered=entry.ordered)


def _describe_net(net: Net) -> dict[str, Any]:
    described = _list_values(net)
    return described | {"parts": [_describe_part(part) for part in net.parts]}


def _describe_part(part: InputLayout) -> dict[str, Any]:
    return {name: value for name, value in _list_values(part).items() if name in PartEntry.model_fields}


def _list_values(record: Net | InputLayout) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(record).items()}


def list_weights(net: Net, n_members: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """List the arrays that the weights of such networks must consist of: exact name, shape and type.

    Example:
        >>> list_weights(Net("mlp", (3,), 1), 2)
        {'layer0.weight': ((2, 3, 1), 'F32'), 'layer0.bias': ((2, 1), 'F32')}
    """
    names = name_arrays(net)
    arrays = [array for layer in (*names.params, *names.memory) for array in layer]
    return {name: ((n_members, *shape), "F32") for name, shape in arrays}


def read_settings(manifest: Manifest) -> dict[str, Any]:
    """Read the fields of `Bundle` that stand in the manifest itself, as keyword arguments."""
    same = (
        "target",
        "target_log",
        "target_spread",
        "temperature",
        "threshold",
        "half_width",
        "level",
        "metric",
    )
    return {name: getattr(manifest, name) for name in (*same, "group", "fingerprint", "created")} | {
        "task": Task(manifest.task),
        "classes": tuple(manifest.classes),
        "costs": tuple(manifest.costs),
        "scores": tuple(_read_score(score) for score in manifest.scores),
        "common_values": tuple((column, text) for column, text in manifest.common_values),
        "limits": Limits(**manifest.limits.model_dump()),
        "versions": tuple((package, version) for package, version in manifest.versions),
    }


def hash_bytes(data: bytes) -> str:
    """Give the sha256 of some bytes in hexadecimal.

    Example:
        >>> hash_bytes(b"")[:8]
        'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def _describe_member(member: Member) -> dict[str, int | float]:
    whole = {name: int(getattr(member, name)) for name in ("state", "seed", "fold", "epoch")}
    return whole | {
        "target_center": float(member.target_center),
        "target_spread": float(member.target_spread),
    }


def _describe_score(score: Score) -> dict[str, str | int | float | None]:
    numbers = {name: float(getattr(score, name)) for name in ("value", "low", "high")}
    return {
        "metric": score.metric,
        "n_rows": int(score.n_rows),
        "n_units": int(score.n_units),
        "method": score.method,
        **{name: number if math.isfinite(number) else None for name, number in numbers.items()},
    }


def _read_score(entry: ScoreEntry) -> Score:
    numbers = {name: getattr(entry, name) for name in ("value", "low", "high")}
    known = {name: math.nan if number is None else number for name, number in numbers.items()}
    return Score(
        metric=entry.metric, n_rows=entry.n_rows, n_units=entry.n_units, method=entry.method, **known
    )


def _check_together(manifest: Manifest, where: str) -> None:
    """Check what no single field shows, before anything is allocated."""
    task, classes = Task(manifest.task), tuple(manifest.classes)
    absent = [name for name in HASHED if name not in manifest.files]
    if absent:
        raise BundleError(f"{where}: key 'files' lacks {absent[0]!r}")
    n_classes_fit = {
        Task.BINARY: len(classes) == 2,
        Task.MULTICLASS: len(classes) >= 2,
        Task.MULTILABEL: len(classes) >= 1,
    }
    if not n_classes_fit.get(task, not classes) or len(set(classes)) != len(classes):
        raise BundleError(
            f"{where}: {len(classes)} classes {list(classes[:5])!r} do not fit the task {task.value!r}"
        )
    if manifest.net.ordered and task is not Task.MULTICLASS:
        raise BundleError(
            f"{where}: the outputs are in order, the task is {task.value!r}, expected 'multiclass'"
        )
    if manifest.net.n_outputs != count_outputs(task, classes):
        raise BundleError(
            f"{where}: {manifest.net.n_outputs} outputs, expected {count_outputs(task, classes)}"
        )
    net = read_net(manifest)
    wrong = check_net(net)
    if wrong:
        raise BundleError(f"{where}: key 'net': {wrong}")
    if len(manifest.costs) == 1:
        raise BundleError(
            f"{where}: costs must be two numbers (miss, false alarm) or none, got {manifest.costs!r}"
        )
    n_numbers = count_layer_parameters(list_layers(net))
    if n_numbers * len(manifest.members) > MAX_NUMBERS:
        raise BundleError(
            f"{where}: {len(manifest.members)} networks of {n_numbers:,} weights, at most {MAX_NUMBERS:,} in all"
        )


def _explain(error: ValidationError, where: str) -> BundleError:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:200]
    got = "" if first["type"] == "missing" else f", got {repr(first['input'])[:80]}"
    return BundleError(
        f"{where}: key {place!r}: {first['msg']}{got}",
        hint="the manifest was changed or written by another program; make the bundle again with 'heldout fit'",
    )
