"""Losses of single validation rows: the archive that `heldout.callbacks` writes, and the same as a long table.

Archive (`.npz`, no pickles): `losses` [configurations, checkpoints, seeds, rows], or without the first axis, or
[checkpoints, rows] of one seed; `epochs` [checkpoints]; optional `unit` [rows], `constant_loss` (one number or
[rows]), `names` and `n_parameters` [configurations], `train_losses` [configurations, seeds, checkpoints], `task`.
Table (Parquet): one row per loss with columns `epoch`, `row`, `loss`, and optional `seed`, `configuration`,
`n_parameters`, `unit`, `constant_loss`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from heldout.adapters.folders import peek_bytes
from heldout.errors import DataError
from heldout.records import DoubleArray, FloatArray, IndexArray

LAYOUT = "heldout/losses/1"
_MOST_VALUES = 500_000_000  # 2 GB of float32
_PARTS = (
    "layout",
    "losses",
    "epochs",
    "unit",
    "constant_loss",
    "names",
    "n_parameters",
    "train_losses",
    "task",
)


@dataclass(frozen=True)
class LossArchive:
    """Validation losses row by row.

    Args:
        source: for messages.
        losses: float32 [C, E, S, M].
        epochs: int64 [E], increasing.
        unit: int64 [M], which rows belong together.
        constant_losses: float64 [M], or empty when unknown.
        names: one per configuration.
        n_parameters: int64 [C]; zeros when unknown.
        train_losses: float32 [C, S, E], or empty when not recorded.
        task: "binary", "multiclass", "regression" or "".
    """

    source: str
    losses: FloatArray
    epochs: IndexArray
    unit: IndexArray
    constant_losses: DoubleArray
    names: tuple[str, ...]
    n_parameters: IndexArray
    train_losses: FloatArray
    task: str = ""


def write_archive(path: str | Path, archive: LossArchive) -> Path:
    """Write an archive that `read_archive` reads.

    Args:
        path: file to write, `.npz`.
        archive: losses.

    Returns:
        the path.
    """
    target = Path(path)
    with target.open("wb") as file:
        np.savez_compressed(
            file,
            layout=LAYOUT,
            losses=archive.losses,
            epochs=archive.epochs,
            unit=archive.unit,
            constant_loss=archive.constant_losses,
            names=np.array(archive.names),
            n_parameters=archive.n_parameters,
            train_losses=archive.train_losses,
            task=archive.task,
        )
    return target


def is_archive(path: Path) -> bool:
    """Whether a file holds losses row by row: an `.npz`, or Parquet with the columns row and loss.

    Args:
        path: a file.
    """
    opening = peek_bytes(path, 4)
    if opening == b"PK\x03\x04":
        return path.suffix == ".npz"
    if opening != b"PAR1":
        return False
    import polars

    try:
        return {"row", "loss", "epoch"} <= set(polars.read_parquet_schema(path))
    except polars.exceptions.PolarsError:
        return False  # damaged: the reader of tables says so


def read_archive(path: Path) -> LossArchive:
    """The losses in one file.

    Args:
        path: `.npz` or Parquet.

    Returns:
        `LossArchive` with all four axes.

    Raises:
        DataError: a part that is missing, of the wrong shape, or an object that would need pickle.
    """
    if path.suffix != ".npz":
        return _read_long_table(path)
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            parts = {name: file[name] for name in file.files if name in _PARTS}
            unknown = sorted(set(file.files) - set(_PARTS))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: no archive of arrays ({error})", hint="write it with numpy.savez") from None
    missing = [name for name in ("losses", "epochs") if name not in parts]
    if missing or unknown:
        what = f"has no array {missing[0]!r}" if missing else f"has an unknown array {unknown[0]!r}"
        raise DataError(f"{path}: {what}", hint=f"arrays are {', '.join(_PARTS)}")
    return check_archive(_build(str(path), parts))


def check_archive(archive: LossArchive) -> LossArchive:
    """The archive, when its shapes agree.

    Raises:
        DataError: shapes or epochs that do not fit.
    """
    n_configs, n_epochs, n_seeds, n_rows = archive.losses.shape
    for name, shape, wanted in (
        ("epochs", archive.epochs.shape, (n_epochs,)),
        ("unit", archive.unit.shape, (n_rows,)),
        ("names", (len(archive.names),), (n_configs,)),
        ("n_parameters", archive.n_parameters.shape, (n_configs,)),
    ):
        if shape != wanted:
            raise DataError(f"{archive.source}: {name!r} has shape {shape}, the losses ask for {wanted}")
    if len(set(archive.names)) < n_configs:
        raise DataError(f"{archive.source}: two configurations of one name: {', '.join(archive.names[:8])}")
    if archive.constant_losses.size not in (0, n_rows):
        raise DataError(
            f"{archive.source}: 'constant_loss' has {archive.constant_losses.size} values, expected 1 or {n_rows}"
        )
    if archive.train_losses.size and archive.train_losses.shape != (n_configs, n_seeds, n_epochs):
        raise DataError(
            f"{archive.source}: 'train_losses' has shape {archive.train_losses.shape}, expected "
            f"{(n_configs, n_seeds, n_epochs)}"
        )
    if n_epochs < 2 or (np.diff(archive.epochs) <= 0).any():
        raise DataError(
            f"{archive.source}: epochs {archive.epochs[:8].tolist()}; expected at least two, increasing"
        )
    return archive


def merge_archives(archives: Sequence[LossArchive]) -> LossArchive:
    """Several archives as one: equal names are seeds, other names are configurations.

    Args:
        archives: at least one, of the same rows and epochs.

    Raises:
        DataError: other rows, units or epochs, numbers of seeds that differ, or the same losses twice.
    """
    first = archives[0]
    for other in archives[1:]:
        same = np.array_equal(first.epochs, other.epochs) and np.array_equal(first.unit, other.unit)
        if not same:
            raise DataError(
                f"{other.source}: other epochs or rows than in {first.source}",
                hint="record the same rows, in the same order, at the same epochs",
            )
    _refuse_copies(archives)
    names = list(dict.fromkeys(name for item in archives for name in item.names))
    losses, training, sizes = [], [], []
    for name in names:
        found = [(item, item.names.index(name)) for item in archives if name in item.names]
        losses.append(np.concatenate([item.losses[i] for item, i in found], axis=1))
        training.append(np.concatenate([_take_training(item, i) for item, i in found]))
        sizes.append(found[0][0].n_parameters[found[0][1]])
    if len({item.shape for item in losses}) > 1:
        counts = ", ".join(f"{name}: {item.shape[1]}" for name, item in zip(names, losses, strict=True))
        raise DataError(
            f"configurations with different numbers of seeds ({counts})", hint="give equally many"
        )
    trained = np.stack(training) if all(item.size for item in training) else np.zeros((0, 0, 0), np.float32)
    return replace(
        first,
        losses=np.stack(losses),
        names=tuple(names),
        n_parameters=np.array(sizes, dtype=np.int64),
        train_losses=trained,
    )


def _refuse_copies(archives: Sequence[LossArchive]) -> None:
    for number, item in enumerate(archives):
        for other in archives[:number]:
            if item.names == other.names and np.array_equal(item.losses, other.losses):
                raise DataError(
                    f"{other.source} and {item.source} hold the same losses: one training, not two seeds",
                    hint="give each training once; seeds are trainings with other random numbers",
                )


def _take_training(archive: LossArchive, index: int) -> FloatArray:
    return archive.train_losses[index] if archive.train_losses.size else np.zeros((0, 0), np.float32)


def _build(source: str, parts: dict[str, np.ndarray]) -> LossArchive:
    losses = parts["losses"]
    if (
        losses.ndim not in (2, 3, 4)
        or losses.dtype.kind != "f"
        or losses.size > _MOST_VALUES
        or not losses.size
    ):
        raise DataError(
            f"{source}: 'losses' has shape {losses.shape} and type {losses.dtype}; expected floats "
            "[configurations, checkpoints, seeds, rows]",
            hint="leave out the first axis for one configuration, the seeds too for one seed",
        )
    losses = losses[:, None, :] if losses.ndim == 2 else losses
    losses = losses[None] if losses.ndim == 3 else losses
    n_configs, _, _, n_rows = losses.shape
    constant = np.asarray(parts.get("constant_loss", np.zeros(0)), dtype=np.float64).reshape(-1)
    constant = np.full(n_rows, constant[0]) if constant.size == 1 else constant
    training = np.asarray(parts.get("train_losses", np.zeros((0, 0, 0))), dtype=np.float32)
    while training.size and training.ndim < 3:
        training = training[None]
    names = parts.get("names", np.array([f"network {i + 1}" for i in range(n_configs)]))
    return LossArchive(
        source,
        losses.astype(np.float32),
        np.asarray(parts["epochs"]).astype(np.int64),
        np.asarray(parts.get("unit", np.arange(n_rows))).astype(np.int64),
        constant,
        tuple(str(name) for name in np.atleast_1d(names)),
        np.atleast_1d(parts.get("n_parameters", np.zeros(n_configs))).astype(np.int64),
        training,
        str(parts.get("task", "")),
    )


def _read_long_table(path: Path) -> LossArchive:
    import polars

    table = polars.read_parquet(path)
    axes = [name for name in ("configuration", "epoch", "seed", "row") if name in table.columns]
    table = table.sort(axes)
    values = {name: table[name].unique().sort() for name in axes}
    shape = tuple(
        len(values[name]) if name in values else 1 for name in ("configuration", "epoch", "seed", "row")
    )
    if table.height != int(np.prod(shape)) or table.select(axes).is_duplicated().any():
        raise DataError(
            f"{path}: {table.height} rows for {' x '.join(f'{len(values[name])} {name}s' for name in axes)}; expected "
            "every combination once",
            hint="record every row at every epoch for every seed",
        )
    n_rows = shape[3]
    parts = {
        "losses": table["loss"].cast(polars.Float32).to_numpy().reshape(shape),
        "epochs": values["epoch"].to_numpy(),
    }
    for name, key in (("unit", "unit"), ("constant_loss", "constant_loss")):
        if name in table.columns:
            parts[key] = table[name].to_numpy()[:n_rows]
    step = table.height // shape[0]
    if "configuration" in table.columns:
        parts["names"] = np.array([str(name) for name in values["configuration"]])
    if "n_parameters" in table.columns:
        parts["n_parameters"] = table["n_parameters"].to_numpy()[::step]
    return check_archive(_build(str(path), parts))
