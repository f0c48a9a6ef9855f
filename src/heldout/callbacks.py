"""Recorders that write the loss of every validation row while another tool trains; `heldout.diagnose` reads them.

Keras, Lightning and torch are recognised by what their objects can do and never imported. The training loss is
measured like the validation loss: in evaluation mode, without penalty, with the weights at the end of the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from heldout.adapters.per_example import LossArchive, check_archive, write_archive
from heldout.errors import DataError, UsageError
from heldout.records import DoubleArray

_LARGEST_LOGIT = 15.0  # as in a study: probabilities nearer to 0 and 1 count as this logit
_TASKS = ("binary", "multiclass", "regression")
RowLosses = Callable[[Any], Any]


def find_row_losses(target: ArrayLike, predicted: ArrayLike, *, task: str) -> DoubleArray:
    """The loss of each row from predictions: log-loss of probabilities, or squared error.

    Args:
        target: [M] class numbers, 0/1, or numbers.
        predicted: [M] or [M, 1] probability of class 1 (binary) or number (regression); [M, K] probabilities
            (multiclass).
        task: "binary", "multiclass" or "regression".

    Returns:
        float64 [M]; log-losses in nats, clipped at a logit of 15 as in a study.

    Raises:
        UsageError: an unknown task.
        DataError: shapes that do not fit, or numbers that are no probabilities.

    Example:
        >>> find_row_losses([0, 1], [0.5, 1.0], task="binary").round(3)
        array([0.693, 0.   ])
        >>> find_row_losses([0, 1], [0.5, 1.7], task="binary")
        Traceback (most recent call last):
        heldout.errors.DataError: predictions run from 0.5 to 1.7: probabilities were expected
          -> give probabilities, or a function that computes the loss of each row
    """
    if task not in _TASKS:
        raise UsageError(f"unknown task {task!r}", hint=f"expected one of {', '.join(_TASKS)}")
    y, p = _as_array(target).reshape(-1), _as_array(predicted)
    wanted = (y.size,) if task != "multiclass" else (y.size, p.shape[-1] if p.ndim == 2 else 0)
    p = p.reshape(-1) if task != "multiclass" and p.ndim == 2 and p.shape[1] == 1 else p
    if p.shape != wanted or not p.size:
        raise DataError(f"predictions of shape {p.shape} for {y.size} rows ({task}); expected {wanted}")
    if task == "regression":
        return (p - y) ** 2
    if not (p.min() >= -1e-6 and p.max() <= 1 + 1e-6):
        raise DataError(
            f"predictions run from {p.min():.4g} to {p.max():.4g}: probabilities were expected",
            hint="give probabilities, or a function that computes the loss of each row",
        )
    floor = 1 / (1 + np.exp(_LARGEST_LOGIT))
    chosen = np.where(y == 1, p, 1 - p) if task == "binary" else p[np.arange(y.size), y.astype(np.int64)]
    return -np.log(np.clip(chosen, floor, 1 - floor))


class LossRecorder:
    """Collects losses of single rows in a loop of one's own and writes them.

    Args:
        path: `.npz` to write.
        name: name of the configuration; files with equal names are seeds, others are other sizes.
        n_parameters: number of weights, needed to compare sizes.
        constant_loss: loss of the constant prediction, one number or one per validation row.
        unit: which validation rows belong together (patients, families); every row its own by default.
        task: "binary", "multiclass", "regression" or "".

    Example:
        >>> import tempfile, pathlib
        >>> place = pathlib.Path(tempfile.mkdtemp(), "seed0.npz")
        >>> recorder = LossRecorder(place, constant_loss=0.69)
        >>> for epoch in (1, 2):
        ...     recorder.record(epoch, train_losses=[0.5, 0.4], val_losses=[0.6, 0.7, 0.8])
        >>> recorder.save() == place
        True
        >>> recorder.record(1, train_losses=[0.5], val_losses=[0.6, 0.7, 0.8])
        Traceback (most recent call last):
        heldout.errors.DataError: epoch 1 after epoch 2: epochs are recorded in order, each once
    """

    def __init__(
        self,
        path: str | Path,
        *,
        name: str = "network",
        n_parameters: int = 0,
        constant_loss: ArrayLike | None = None,
        unit: ArrayLike | None = None,
        task: str = "",
    ) -> None:
        if task not in ("", *_TASKS):
            raise UsageError(f"unknown task {task!r}", hint=f"expected one of {', '.join(_TASKS)}")
        self.path, self.name, self.n_parameters, self.task = Path(path), name, n_parameters, task
        self._constant, self._unit = constant_loss, unit
        self._epochs: list[int] = []
        self._train: list[float] = []
        self._validation: list[np.ndarray] = []

    def record(self, epoch: int, *, train_losses: ArrayLike | None = None, val_losses: ArrayLike) -> None:
        """Keep the losses of one epoch.

        Args:
            epoch: its number, larger than the last one's.
            train_losses: losses of training rows in evaluation mode (their mean is kept), or None.
            val_losses: [M], one loss per validation row, always in the same order.

        Raises:
            DataError: an epoch out of order, another number of rows, or a mean where rows are expected.
        """
        losses = _as_array(val_losses).reshape(-1)
        if self._epochs and epoch <= self._epochs[-1]:
            raise DataError(
                f"epoch {epoch} after epoch {self._epochs[-1]}: epochs are recorded in order, each once"
            )
        if losses.size < 2:
            raise DataError(
                f"{losses.size} validation losses at epoch {epoch}: expected one per row, not their mean",
                hint="compute the loss without reduction",
            )
        if self._validation and losses.size != self._validation[0].size:
            raise DataError(
                f"{losses.size} validation losses at epoch {epoch}, {self._validation[0].size} before",
                hint="record the same rows in the same order",
            )
        self._epochs.append(int(epoch))
        self._validation.append(losses.astype(np.float32))
        self._train.append(float(np.nan if train_losses is None else _as_array(train_losses).mean()))

    def save(self) -> Path:
        """Write what was recorded.

        Returns:
            the path.

        Raises:
            DataError: fewer than two epochs.
        """
        if len(self._epochs) < 2:
            raise DataError(
                f"{len(self._epochs)} epochs recorded: at least two are needed", hint="record every epoch"
            )
        losses = np.stack(self._validation)[None, :, None, :]  # [1, E, 1, M]
        n_rows = losses.shape[3]
        constant = np.zeros(0) if self._constant is None else _as_array(self._constant).reshape(-1)
        unit = np.arange(n_rows) if self._unit is None else np.asarray(self._unit)
        _, codes = np.unique(unit, return_inverse=True)
        archive = LossArchive(
            str(self.path),
            losses,
            np.array(self._epochs, dtype=np.int64),
            codes.reshape(-1).astype(np.int64),
            np.full(n_rows, constant[0]) if constant.size == 1 else constant,
            (self.name,),
            np.array([self.n_parameters], dtype=np.int64),
            np.array(self._train, dtype=np.float32)[None, None, :],
            self.task,
        )
        return write_archive(self.path, check_archive(archive))


class KerasRecorder:
    """A callback for Keras that records the loss of every validation row at the end of each epoch.

    Args:
        recorder: where to.
        validation: (x, y) of the validation rows.
        training: (x, y) of training rows, or None; a sample as large as the validation rows is enough.

    The model must predict probabilities (or numbers); `recorder.task` says which. Nothing random is drawn, so the
    training is not changed.
    """

    async_safe = False

    def __init__(
        self, recorder: LossRecorder, *, validation: Sequence[Any], training: Sequence[Any] | None = None
    ) -> None:
        if not recorder.task:
            raise UsageError("the recorder has no task", hint='LossRecorder(path, task="binary")')
        self.recorder, self.validation, self.training = recorder, validation, training
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:  # noqa: ANN401 - a model of whichever Keras
        """Keras hands over the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Keras hands over what it was called with."""
        self.params = params

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record one epoch; Keras counts from 0, the record from 1."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        train = None if self.training is None else self._measure(self.training)
        self.recorder.record(epoch + 1, train_losses=train, val_losses=self._measure(self.validation))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Take the number of weights."""
        if not self.recorder.n_parameters and getattr(self.model, "built", False):
            self.recorder.n_parameters = int(self.model.count_params())

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Write the file."""
        if not self.recorder.n_parameters:
            self.recorder.n_parameters = int(self.model.count_params())
        self.recorder.save()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - every other hook does nothing
        if name.startswith("on_"):
            return _ignore
        raise AttributeError(f"KerasRecorder has no attribute {name!r}")

    def _measure(self, rows: Sequence[Any]) -> DoubleArray:
        # Called as a function in evaluation mode: `predict` would start a second loop inside the first.
        predicted = self.model(rows[0], training=False)
        return find_row_losses(rows[1], predicted, task=self.recorder.task)


class LightningRecorder:
    """A callback for Lightning that records the loss of every validation row after each validation.

    Args:
        recorder: where to.
        validation: takes the module, gives one loss per validation row (a loss with `reduction="none"`); it is
            called in evaluation mode and without gradients, as Lightning validates.
        training: the same for training rows, or None.
    """

    state_key = "heldout.LightningRecorder"
    _legacy_state_key = "LightningRecorder"  # asked for by Lightning when a training is resumed

    def __init__(
        self, recorder: LossRecorder, *, validation: RowLosses, training: RowLosses | None = None
    ) -> None:
        self.recorder, self.validation, self.training = recorder, validation, training

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401 - of whichever Lightning
        """Record one epoch; the check before training is left out."""
        if getattr(trainer, "sanity_checking", False):
            return
        train = None if self.training is None else self.training(pl_module)
        self.recorder.record(
            int(trainer.current_epoch) + 1, train_losses=train, val_losses=self.validation(pl_module)
        )

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ANN401 - of whichever Lightning
        """Write the file."""
        if not self.recorder.n_parameters:
            self.recorder.n_parameters = sum(int(weight.numel()) for weight in pl_module.parameters())
        self.recorder.save()

    def state_dict(self) -> dict[str, Any]:
        """Nothing to keep in a checkpoint."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing to take from a checkpoint."""

    def setup(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - a hook that does nothing
        """Nothing to prepare."""

    def teardown(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - a hook that does nothing
        """Nothing to tidy up."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - every other hook does nothing
        if name.startswith("on_"):
            return _ignore
        raise AttributeError(f"LightningRecorder has no attribute {name!r}")


def _ignore(*_: Any, **__: Any) -> None:  # noqa: ANN401 - takes what any hook takes
    """A hook that does nothing."""


def _as_array(given: Any) -> DoubleArray:  # noqa: ANN401 - an array or tensor of any library
    """Numbers of a list, array or tensor; tensors are detached and moved to the host first."""
    for step in ("detach", "cpu"):
        given = getattr(given, step)() if hasattr(given, step) else given
    return np.asarray(given, dtype=np.float64)
