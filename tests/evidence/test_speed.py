import time
import tracemalloc

import numpy as np
import pytest

from evidence.made_runs import make_run, make_settings
from heldout.evidence import choose, compare_remedies, judge_chosen, judge_ladder


@pytest.mark.slow
def test_forty_configurations_are_judged_in_ten_seconds_and_below_one_gigabyte():
    rng = np.random.default_rng(0)
    n_epochs, n_seeds, n_rows = 20, 5, 5000
    curve = (0.4 + 0.3 * np.exp(-np.arange(n_epochs) / 3)).astype(np.float32)[:, None, None]
    rows = rng.gamma(2, 0.15, n_rows).astype(np.float32)
    runs = []
    for i in range(40):
        noise = rng.standard_normal((n_epochs, n_seeds, n_rows), dtype=np.float32)
        rung = min(i, 19)
        use = [("dropout" if i % 2 else "l2", 0.1 * (i - 19))] if i > 19 else []
        runs.append(make_run(curve + rows + 0.1 * noise, size=100 * (rung + 1), index=rung, remedies=use))
    settings = make_settings(n_rows)
    tracemalloc.start()
    start = time.process_time()
    judge_ladder(runs[:20], settings)
    choice = choose(runs, settings)
    chosen = next(run for run in runs if run.configuration.name == choice.name)
    judge_chosen(chosen, runs, settings, n_rows=n_rows)
    compare_remedies(runs[19], {"dropout": runs[21::2], "l2": runs[20::2]}, settings)
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 10
    assert peak + sum(run.losses.nbytes for run in runs) < 1e9
