from __future__ import annotations

import numpy as np

from heldout.records import Target, Task
from heldout.stages.suspecting import suspect_labels


def make_target(n_rows: int, task: Task = Task.BINARY) -> Target:
    values = (np.arange(n_rows) % 2).astype(float)
    return Target("ill", task, "", ("no", "yes"), values, np.zeros(0, np.int64))


def make_shares(target: Target, wrong: list[int]) -> np.ndarray:
    sure = np.where(target.values == 1, 0.95, 0.05)
    sure[wrong] = 1 - sure[wrong]
    return np.stack([1 - sure, sure], axis=1)


def test_a_contradicted_label_is_named_by_its_line() -> None:
    target = make_target(80)
    found = suspect_labels(target, np.arange(80) + 2, order=np.arange(80), shares=make_shares(target, [7]))
    assert [item.code for item in found] == ["HO232"]
    assert "line 9: 'yes', the networks say 'no'" in found[0].sentence
    assert found[0].rows == 1


def test_the_order_of_predictions_is_followed() -> None:
    target = make_target(80)
    order = np.random.default_rng(0).permutation(80)
    shares = make_shares(target, [7])[order]
    assert (
        "line 9: 'yes'" in suspect_labels(target, np.arange(80) + 2, order=order, shares=shares)[0].sentence
    )


def test_clean_labels_pass_and_few_rows_are_not_asked() -> None:
    target = make_target(80)
    passed = suspect_labels(target, np.arange(80), order=np.arange(80), shares=make_shares(target, []))
    assert passed[0].title == "passed: labels to look at"
    few = suspect_labels(target, np.arange(80), order=np.arange(20), shares=make_shares(target, [])[:20])
    assert few[0].sentence == "20 predicted rows are fewer than 50"


def test_examples_are_named_by_their_file_or_id() -> None:
    target = make_target(80)
    names = [f"cat/{number}.png" for number in range(80)]
    order = np.random.default_rng(1).permutation(80)
    shares = make_shares(target, [7, 30])[order]
    (found,) = suspect_labels(target, np.arange(80) + 1, order=order, shares=shares, names=names)
    assert "'cat/7.png': 'yes', the networks say 'no'" in found.sentence
    assert "'cat/30.png': 'no', the networks say 'yes'" in found.sentence
    assert "line" not in found.sentence.partition("first: ")[2]
