"""Predictions as a frame of the kind that came in."""

from __future__ import annotations

from typing import Any

from heldout.bundle import PredictionReport
from heldout.bundle.write import list_columns


def make_frame(report: PredictionReport, *, like: Any) -> Any:  # noqa: ANN401 - any data frame
    """Give predictions as a frame of the library of `like`; polars for a path.

    Example:
        A pandas frame gives a pandas frame, a polars frame a polars one, a path a polars one.
    """
    import narwhals.stable.v2 as nw

    columns = {name: list(values) for name, values in list_columns(report).items()}
    frame = nw.from_native(like, eager_only=True, pass_through=True)
    backend = frame.implementation if isinstance(frame, nw.DataFrame) else "polars"
    return nw.from_dict(columns, backend=backend).to_native()
