import time
from types import SimpleNamespace

import numpy as np
import pytest

from heldout.records import Task
from heldout.stages import occluding
from heldout.stages.occluding import (
    CUT,
    MOST_COLUMNS,
    MOST_ROWS,
    Inputs,
    choose_inputs,
    find_by_heart,
    occlude,
    plan_subjects,
    row_loss,
    screen_columns,
)
from stages.made_data import make_frame, prepare_frame
from stages.made_study import make_crew, make_judge, make_result, make_trained


def make_layers(tensors, *, hidden=6, seed=0):
    rng = np.random.default_rng(seed)
    n_inputs = tensors.features.shape[2]
    return (
        (rng.normal(size=(n_inputs, hidden)).astype(np.float32), rng.normal(size=hidden).astype(np.float32)),
        (
            rng.normal(size=(hidden, tensors.n_outputs)).astype(np.float32),
            np.zeros(tensors.n_outputs, np.float32),
        ),
    )


def run_network(layers, x):
    hidden = np.maximum(x @ layers[0][0] + layers[0][1], 0)
    return hidden @ layers[1][0] + layers[1][1]


def study(n_rows=120, **settings):
    reading, prepared, _, chosen = prepare_frame(make_frame(n_rows).drop("price"), **settings)
    crew = make_crew(prepared, chosen)
    return reading, prepared, crew


def test_all_positions_of_a_raw_column_belong_together():
    _, prepared, crew = study()
    inputs = choose_inputs(crew.tensors, prepared)
    assert inputs.names == ("x", "z", "colour")
    assert sorted(np.concatenate(inputs.positions).tolist()) == list(range(crew.tensors.features.shape[2]))
    assert len(inputs.positions[2]) >= 3
    for fold in range(len(crew.tensors.fit_rows)):
        real = crew.tensors.fit_rows[fold][crew.tensors.fit_weight[fold] > 0]
        assert set(inputs.fit[fold]) == set(real)
        held = crew.tensors.order[crew.tensors.order_fold == fold]
        assert set(inputs.validation[fold]) == set(held)


def test_many_rows_are_sampled():
    _, prepared, crew = study(900)
    inputs = choose_inputs(crew.tensors, prepared)
    assert len(inputs.fit[0]) == MOST_ROWS


def test_inputs_that_are_no_columns_are_not_looked_at():
    _, prepared, crew = study()
    pictures = SimpleNamespace(features=np.zeros((1, 9, 4, 4, 1)))
    assert choose_inputs(pictures, prepared) is None


def test_the_rise_is_that_of_a_whole_pass_with_permuted_rows():
    _, prepared, crew = study()
    tensors, n_folds = crew.tensors, len(crew.tensors.fit_rows)
    inputs = choose_inputs(tensors, prepared)
    layers = [make_layers(tensors, seed=i) for i in range(2 * n_folds)]
    found = occlude("net", layers, tensors, inputs, seeds=(7, 8))
    assert found.fit.shape == (3, 2, sum(len(rows) for rows in inputs.fit))
    fold, column, rows = 1, 2, inputs.validation[1]
    x = tensors.features[fold, rows]
    order = np.random.default_rng((8, fold, 1, int(inputs.positions[column][0]))).permutation(len(rows))
    moved = x.copy()
    moved[:, inputs.positions[column]] = x[order][:, inputs.positions[column]]
    network = layers[n_folds + fold]
    expected = row_loss(run_network(network, moved), tensors, fold=fold, rows=rows) - row_loss(
        run_network(network, x), tensors, fold=fold, rows=rows
    )
    first = len(inputs.validation[0])
    assert found.validation[column, 1, first : first + len(rows)] == pytest.approx(expected, abs=1e-4)


def test_a_column_that_the_network_does_not_use_is_worth_nothing():
    _, prepared, crew = study()
    inputs = choose_inputs(crew.tensors, prepared)
    layers = make_layers(crew.tensors)
    layers[0][0][inputs.positions[1]] = 0
    found = occlude("net", [layers] * len(inputs.fit), crew.tensors, inputs, seeds=(0,))
    assert np.abs(found.fit[1]).max() == 0
    assert np.abs(found.fit[0]).max() > 0


@pytest.mark.parametrize("task", list(Task))
def test_losses_are_those_of_training(task):
    outputs = np.array([[2.0, -1.0, 0.5], [30.0, -30.0, 0.0]], np.float32)
    target = np.array([[1.0, 1.0]], np.float32)
    tensors = SimpleNamespace(task=task, target=target, target_scale=np.array([2.0]), output_offset=None)
    rows, exact = np.arange(2), outputs.astype(float)
    if task is Task.MULTICLASS:
        clipped = np.clip(exact, -15, 15)
        expected = -np.log(np.exp(clipped[:, 1]) / np.exp(clipped).sum(axis=1))
    elif task is Task.BINARY:
        outputs = outputs[:, :1]
        expected = -np.log(1 / (1 + np.exp(-np.clip(exact[:, 0], -15, 15))))
    else:
        outputs = outputs[:, :1]
        expected = 4 * (outputs[:, 0] - 1) ** 2
    assert row_loss(outputs, tensors, fold=0, rows=rows) == pytest.approx(expected, rel=1e-5)


def test_forty_columns_are_kept_of_many():
    rng = np.random.default_rng(0)
    n_columns = MOST_COLUMNS + 10
    tensors = SimpleNamespace(
        features=rng.normal(size=(1, 150, n_columns)).astype(np.float32),
        target=(rng.random((1, 150)) < 0.5).astype(np.float32),
        task=Task.BINARY,
        output_offset=None,
        n_outputs=1,
    )
    layers = make_layers(tensors)
    layers[0][0][10:20] = 0
    names = tuple(f"c{i}" for i in range(n_columns))
    rows = (np.arange(100),)
    inputs = Inputs(names, tuple(np.array([i]) for i in range(n_columns)), rows, (np.arange(100, 150),))
    kept, notes = screen_columns([layers], tensors, inputs)
    assert len(kept.names) == MOST_COLUMNS
    assert notes == (f"Of {n_columns} columns the 40 that one network leans on most were looked at.",)
    assert len(set(kept.names) & set(names[10:20])) == 0
    assert screen_columns([layers], tensors, kept) == (kept, ())


def test_retraining_stays_within_a_tenth_of_the_study():
    plain = np.ones((5, 20))
    trained = make_trained(plain, plain)
    results = (make_result(trained), make_result(trained, name="early_stopping"))
    subjects, n_seeds = plan_subjects(trained.ladder[0], trained, results, n_seeds=5)
    # two configurations were trained: plain and stopping early at least, with the fewest seeds
    assert [item.epoch for item in subjects] == [3, 2]
    assert n_seeds == 3
    many = make_trained(plain, plain)
    more = SimpleNamespace(all_runs=lambda: trained.all_runs() * 40, find=many.find)
    subjects, n_seeds = plan_subjects(trained.ladder[0], more, results, n_seeds=5)
    assert [item.what for item in subjects] == ["rung 0", "stopping at epoch 2", "dropout 0.3"]
    assert n_seeds == 5
    assert plan_subjects(trained.ladder[0], trained, (), n_seeds=2)[1] == 2


def test_a_column_learned_by_heart_is_found(monkeypatch):
    """The plain network knows the fit rows by their colour, the remedied one does not."""
    _, prepared, crew = study(300)
    tensors, judge = crew.tensors, make_judge(crew, prepared)
    trained = make_trained(np.ones((5, len(tensors.order))), np.ones((5, len(tensors.order))))
    results = (make_result(trained),)
    asked = []

    def retrain(executor, configuration, epoch, seeds):
        asked.append((configuration.name, epoch, seeds))
        return SimpleNamespace(layers=[configuration.name] * (len(seeds) * len(tensors.fit_rows)))

    def rise(layers, tensors, of, inputs, *, key):
        rng = np.random.default_rng(key)
        made = 0.1 * rng.normal(size=(len(inputs.names), len(of[1])))
        made[2] += 0.6 * (key[2] == 0) * (layers == "rung 0")
        return made

    monkeypatch.setattr(occluding, "retrain_chosen", retrain)
    monkeypatch.setattr(occluding, "_rise", rise)
    found = find_by_heart(crew, prepared, judged=(trained, results, judge))
    assert asked == [("rung 0", 3, (0, 1, 2)), ("rung 0 + dropout 0.3", 3, (0, 1, 2))]
    assert found.columns[0].column == "colour"
    assert found.columns[0].outcome == "learned by heart"
    assert "dropout 0.3" in found.sentences[0]
    assert found.n_networks == 2 * 3 * len(tensors.fit_rows)


def test_a_used_up_budget_leaves_it_out_for_good():
    _, prepared, crew = study()
    trained = make_trained(np.ones((5, len(crew.tensors.order))))
    judged = (trained, (), make_judge(crew, prepared))
    late = make_crew(prepared, crew.settings, deadline=time.monotonic() - 1)
    assert find_by_heart(late, prepared, judged=judged) is None
    assert CUT in late.workplace.files
    assert "budget is used up" in late.workplace.said[0]
    again = make_crew(prepared, crew.settings, files=(CUT,))
    assert find_by_heart(again, prepared, judged=judged) is None
