import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from heldout.bundle import PredictionReport
from heldout.records import Prediction, Task
from heldout.stages.frames import make_frame


@pytest.fixture
def report():
    values = np.array([[0.25, 0.75], [0.5, 0.5]])
    prediction = Prediction(values, np.array([1, 0], np.int32))
    flags = np.zeros(2, np.uint8)
    return PredictionReport(
        prediction, np.array([2, 3]), flags, (), (), (), "t.csv", "ill", Task.BINARY, ("no", "yes")
    )


@pytest.mark.parametrize(
    ("like", "kind"),
    [
        (pd.DataFrame({"a": [1]}), pd.DataFrame),
        (pl.DataFrame({"a": [1]}), pl.DataFrame),
        (pa.table({"a": [1]}), pa.Table),
        ("t.csv", pl.DataFrame),
    ],
)
def test_a_frame_comes_back_in_the_kind_that_came_in(report, like, kind):
    frame = make_frame(report, like=like)
    assert isinstance(frame, kind)
    columns = (
        frame.to_pydict()
        if isinstance(frame, pa.Table)
        else {name: list(frame[name]) for name in frame.columns}
    )
    assert columns["prediction"] == ["yes", "no"]
    assert columns["p_yes"] == [0.75, 0.5]
    assert columns["line"] == [2, 3]
