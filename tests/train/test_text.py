"""Networks of texts keep how rare each word is among the rows they are fitted on."""

import numpy as np
import pytest

from heldout.executors.local import FINAL_RATE
from heldout.nets import Net
from heldout.nets.text import weigh_tokens
from heldout.records import Fold, Hyper, InputLayout, Task
from heldout.tensors import TensorSource, build_tensors
from heldout.train.member import Shape
from heldout.train.program import MemberSpec, put_data, run_members

WORDS = InputLayout("tokens", (6,), 9)
NUMBERS = InputLayout("numbers", (2,))
FOLDS = (Fold(np.arange(12, 40), np.arange(12)), Fold(np.arange(25), np.arange(25, 40)))


@pytest.mark.parametrize("parts", [(), (NUMBERS, WORDS)])
def test_each_fold_counts_its_own_fit_rows_and_training_leaves_the_counts(parts):
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 6, (40, 6)).astype(np.float32)
    tokens[12:40, 0] = 7  # a word of most fit rows of the first fold, of half of those of the second
    row = np.concatenate([rng.normal(size=(40, 2)), tokens], axis=1) if parts else tokens
    layout = InputLayout("joined", (8,), parts=parts) if parts else WORDS
    n_inputs = row.shape[1]
    source = TensorSource(
        row[None].astype(np.float32),
        (tokens == 3).any(axis=1).astype(float),
        Task.BINARY,
        2,
        None,
        False,
        np.full(n_inputs, -1, np.int32),
        layout=layout,
    )
    data = put_data(build_tensors(source, FOLDS))
    sizes = {"family": "joined", "parts": parts} if parts else {"family": "text", "vocabulary": 9}
    net = Net(inputs=(n_inputs,), n_outputs=1, embedding=4, **sizes)
    zeros = (0.0, 0.0)
    specs = [MemberSpec(Hyper(0.01, dropout=zeros, l1=zeros, l2=zeros), 0, fold) for fold in (0, 1)]
    results = run_members(Shape(net, Task.BINARY, 8, 3, 4, FINAL_RATE), specs, data, (1, 4))
    kept = results.memory[0][0]
    for fold in (0, 1):
        np.testing.assert_array_equal(kept[fold], weigh_tokens(tokens[FOLDS[fold].fit], 9))
    assert kept[0][7] == 1.0 < kept[1][7] < kept[0][8]
    assert np.abs(results.params[0][0]).max() > 0.02  # the vectors moved
