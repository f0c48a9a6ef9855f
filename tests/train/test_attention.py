"""Networks that attend, trained by the engine: they learn what an average cannot, and remedies act on them."""

from dataclasses import replace

import numpy as np
import pytest

from heldout.executors import LocalExecutor
from heldout.executors.local import Job
from heldout.ladder import Schedule
from heldout.records import Fold, InputLayout, RemedyUse, Rung, Task
from heldout.remedies import apply_remedies
from heldout.tensors import TensorSource, build_tensors

LAYOUT = InputLayout("tokens", (6,), 8, 6)
ATTENDING = Rung(1, (8,), 5_000, 0.01, "attention", (16,), 0, 16)
AVERAGING = Rung(1, (8,), 300, 0.01, "text", embedding=16)


@pytest.fixture(scope="module")
def executor():
    """Rows of five words and a blank; the label says whether word 2 comes before word 3."""
    rng = np.random.default_rng(0)
    rows = np.zeros((320, 6), np.float32)
    for row in rows:
        row[:5] = rng.permutation([2, 3, *rng.integers(4, 8, 3)])
    is_before = np.argmax(rows == 2, axis=1) < np.argmax(rows == 3, axis=1)
    nothing = np.full(6, -1, np.int32)
    source = TensorSource(
        rows[None], is_before.astype(float), Task.BINARY, 2, None, False, nothing, layout=LAYOUT
    )
    tensors = build_tensors(source, (Fold(np.arange(256), np.arange(256, 320)),))
    return LocalExecutor(tensors, Schedule(32, 8, 20, (10, 20)))


def test_the_order_of_words_is_learned_and_remedies_act(executor):
    uses = (RemedyUse("dropout", 0.3, ""), RemedyUse("l1", 0.03, ""))
    named = [apply_remedies(ATTENDING, ()), apply_remedies(ATTENDING, uses), apply_remedies(AVERAGING, ())]
    plain, remedied, averaging = (
        executor.train(Job(f"job {place}", (configuration,), (0,)))[0]
        for place, configuration in enumerate(named)
    )
    assert plain.hits[-1].mean() > 0.95
    assert averaging.hits[-1].mean() < 0.7
    assert plain.zero_share[0].max() == 0.0
    assert (remedied.zero_share[0] > 0.2).all()
    assert remedied.train_curve[0, -1] > plain.train_curve[0, -1]
    assert (
        executor.train(Job("again", (replace(named[0]),), (0,)))[0].losses.tobytes() == plain.losses.tobytes()
    )
