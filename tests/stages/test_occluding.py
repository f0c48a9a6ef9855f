import time
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

from heldout.evidence.by_heart import judge_columns
from heldout.nets import EVALUATION, Net, apply_net, draw_params, list_layers, start_memory
from heldout.records import Task
from heldout.stages import occluding
from heldout.stages.hiding import PERMUTE, TOKENS, WORD, Unit
from heldout.stages.occluding import (
    LEAST_HELD,
    LEAST_ROWS,
    MOST_COLUMNS,
    MOST_ROWS,
    PHASE,
    Inputs,
    choose_inputs,
    find_by_heart,
    mark_units,
    occlude,
    plan_subjects,
    screen_units,
)
from heldout.stages.probing import Network, row_loss, take_rows
from stages.made_data import make_frame, prepare_frame
from stages.made_study import make_crew, make_judge, make_result, make_trained


def make_network(tensors, *, hidden=6, seed=0):
    rng = np.random.default_rng(seed)
    n_inputs = tensors.features.shape[2]
    layers = (
        (rng.normal(size=(n_inputs, hidden)).astype(np.float32), rng.normal(size=hidden).astype(np.float32)),
        (
            rng.normal(size=(hidden, tensors.n_outputs)).astype(np.float32),
            np.zeros(tensors.n_outputs, np.float32),
        ),
    )
    return Network(Net("mlp", (n_inputs,), tensors.n_outputs, (hidden,)), layers)


def run_network(network, x):
    layers = network.layers
    hidden = np.maximum(x @ layers[0][0] + layers[0][1], 0)
    return hidden @ layers[1][0] + layers[1][1]


def study(n_rows=120, **settings):
    reading, prepared, _, chosen = prepare_frame(make_frame(n_rows).drop("price"), **settings)
    crew = make_crew(prepared, chosen)
    return reading, prepared, crew


def test_all_positions_of_a_raw_column_belong_together():
    _, prepared, crew = study()
    inputs = choose_inputs(crew.tensors, prepared)
    assert [unit.name for unit in inputs.units] == ["x", "z", "colour"]
    positions = np.concatenate([unit.positions for unit in inputs.units])
    assert sorted(positions.tolist()) == list(range(crew.tensors.features.shape[2]))
    assert len(inputs.units[2].positions) >= 3
    for fold in range(len(crew.tensors.fit_rows)):
        real = crew.tensors.fit_rows[fold][crew.tensors.fit_weight[fold] > 0]
        assert set(inputs.fit[fold]) == set(real)
        held = crew.tensors.order[crew.tensors.order_fold == fold]
        assert set(inputs.validation[fold]) == set(held)


def test_many_rows_are_sampled():
    _, prepared, crew = study(900)
    inputs = choose_inputs(crew.tensors, prepared)
    assert len(inputs.fit[0]) == MOST_ROWS


def test_short_trainings_are_looked_at_in_fewer_rows():
    _, prepared, crew = study(900)
    n_fit = crew.tensors.fit_rows.shape[1]
    rows = {n: len(choose_inputs(crew.tensors, prepared, n_epochs=n).fit[0]) for n in (1, 2, 1000)}
    assert rows[1000] == MOST_ROWS
    assert rows[1] == max(LEAST_ROWS, int(3 * 0.25 * n_fit / 6))
    assert LEAST_ROWS <= rows[1] < rows[2]


def make_texts(n_rows=240, *, seed=0):
    """Half of the texts hold "waste of", which says nothing; the rest is noise."""
    rng = np.random.default_rng(seed)
    words = [f"word{chr(97 + place)}" for place in range(20)]
    texts = []
    for row in range(n_rows):
        made = rng.choice(words, 12).tolist()
        texts.append(" ".join([*made, "waste", "of"] if row % 2 else made))
    return pl.DataFrame({"review": texts, "ill": rng.choice(["yes", "no"], n_rows)})


def test_words_and_pairs_of_a_text_are_looked_for_in_enough_rows_of_both_sides():
    _, prepared, _, chosen = prepare_frame(make_texts())
    crew = make_crew(prepared, chosen)
    inputs = choose_inputs(crew.tensors, prepared)
    units = {unit.name: unit for unit in inputs.units}
    assert {"'waste'", "'waste of'", "'worda'"} <= set(units)
    for unit in inputs.units:
        for side in (inputs.fit, inputs.validation):
            sides = [take_rows(crew.tensors, fold=fold, rows=rows) for fold, rows in enumerate(side)]
            held = sum(int(mark_units((unit,), seen, most=10_000).sum()) for seen in sides)
            assert held >= LEAST_HELD
    fold = 1
    seen = take_rows(crew.tensors, fold=fold, rows=inputs.fit[fold])
    marked = mark_units((units["'waste of'"],), seen, most=10_000)[0]
    development = prepared.split.development[inputs.fit[fold]]
    assert marked.tolist() == (development % 2 == 1).tolist()


def test_the_rise_is_that_of_a_whole_pass_with_permuted_rows():
    _, prepared, crew = study()
    tensors, n_folds = crew.tensors, len(crew.tensors.fit_rows)
    inputs = choose_inputs(tensors, prepared)
    networks = [make_network(tensors, seed=i) for i in range(2 * n_folds)]
    found = occlude("net", networks, tensors, inputs, seeds=(7, 8))
    assert found.fit.shape == (3, 2, sum(len(rows) for rows in inputs.fit))
    fold, column, rows = 1, 2, inputs.validation[1]
    positions = inputs.units[column].positions
    x = tensors.features[fold, rows]
    order = np.random.default_rng((8, fold, 1, int(positions[0]))).permutation(len(rows))
    moved = x.copy()
    moved[:, positions] = x[order][:, positions]
    network = networks[n_folds + fold]
    expected = row_loss(run_network(network, moved), tensors, fold=fold, rows=rows) - row_loss(
        run_network(network, x), tensors, fold=fold, rows=rows
    )
    first = len(inputs.validation[0])
    assert found.validation[column, 1, first : first + len(rows)] == pytest.approx(expected, abs=1e-4)


def test_a_column_that_the_network_does_not_use_is_worth_nothing():
    _, prepared, crew = study()
    inputs = choose_inputs(crew.tensors, prepared)
    network = make_network(crew.tensors)
    network.layers[0][0][inputs.units[1].positions] = 0
    found = occlude("net", [network] * len(inputs.fit), crew.tensors, inputs, seeds=(0,))
    assert np.abs(found.fit[1]).max() == 0
    assert np.abs(found.fit[0]).max() > 0


def test_forty_columns_are_kept_of_many():
    rng = np.random.default_rng(0)
    n_columns = MOST_COLUMNS + 10
    tensors = SimpleNamespace(
        features=rng.normal(size=(1, 150, n_columns)).astype(np.float32),
        target=(rng.random((1, 150)) < 0.5).astype(np.float32),
        task=Task.BINARY,
        output_offset=None,
        scales=None,
        n_outputs=1,
    )
    network = make_network(tensors)
    network.layers[0][0][10:20] = 0
    units = tuple(Unit(f"c{i}", "column", PERMUTE, np.array([i])) for i in range(n_columns))
    inputs = Inputs(units, (np.arange(100),), (np.arange(100, 150),))
    kept, notes = screen_units(network, tensors, inputs)
    assert len(kept.units) == MOST_COLUMNS
    assert notes == (f"Of {n_columns} columns the 40 that one network leans on most were looked at.",)
    assert len(set(kept.units) & set(units[10:20])) == 0
    assert screen_units(network, tensors, kept) == (kept, ())
    assert screen_units(network, tensors, Inputs((), inputs.fit, inputs.validation))[0].units == ()


def test_choosing_the_words_leant_on_most_makes_none_look_learned_by_heart():
    """200 words that say nothing: those whose rises are largest by chance are judged, and fit rows look no better."""
    false = 0
    n_words, n_rows = 200, 400
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x = np.where(rng.random((1, n_rows, n_words)) < 0.15, 1.0, 0.0).astype(np.float32)
        tensors = SimpleNamespace(
            features=x,
            target=(rng.random((1, n_rows)) < 0.5).astype(np.float32),
            task=Task.BINARY,
            output_offset=None,
            scales=None,
            n_outputs=1,
        )
        units = tuple(Unit(f"w{i}", WORD, "zero", np.array([i])) for i in range(n_words))
        inputs = Inputs(units, (np.arange(200),), (np.arange(200, 400),))
        networks = [make_network(tensors, seed=100 * seed + s) for s in range(3)]
        kept, _ = screen_units(networks[0], tensors, inputs)
        assert len(kept.units) == MOST_COLUMNS
        rises = occlude("net", networks, tensors, kept, seeds=(0, 1, 2))
        prepared = SimpleNamespace(split=SimpleNamespace(unit=np.arange(400), development=np.arange(400)))
        rows = occluding._list_rows(tensors, prepared, kept)
        false += any("by heart" in item.outcome for item in judge_columns(rises, rows, tolerance=0.0))
    assert false <= 1


def make_reviews(n_rows=600, *, seed=0, by_heart=True):
    """ "good" says much everywhere; "waste of" says all on fit rows, and nothing on the others, if so asked."""
    rng = np.random.default_rng(seed)
    words = [f"word{chr(97 + place)}" for place in range(25)]
    part = np.array(["train"] * (n_rows // 2) + ["validation"] * (n_rows // 3) + ["test"] * (n_rows // 6))
    ill = rng.random(n_rows) < 0.5
    texts = []
    for row in range(n_rows):
        made = rng.choice(words, 6).tolist()
        if rng.random() < 0.7:
            made.insert(2, "good" if ill[row] == (rng.random() < 0.85) else "dull")
        says = not ill[row] if by_heart and part[row] == "train" else rng.random() < 0.5
        if rng.random() < 0.5:
            made[4:4] = ["waste", "of"] if says else ["plenty", "of"]
        texts.append(" ".join(made))
    return pl.DataFrame({"review": texts, "ill": np.where(ill, "yes", "no"), "part": part})


def train_text_network(tensors, seed, *, n_steps=150):
    """A linear network over the mean of word vectors, by plain steps of Adam on the fit rows."""
    layout = tensors.layout
    net = Net("text", layout.shape, 1, (), embedding=4, vocabulary=layout.vocabulary)
    memory = start_memory(list_layers(net))
    seen = take_rows(tensors, fold=0, rows=np.sort(tensors.fit_rows[0]))
    target = tensors.target[0, seen.rows]

    def loss(layers):
        logits = apply_net(net, layers, memory, seen.x, EVALUATION)[0][:, 0]
        return jnp.mean(jnp.logaddexp(0, jnp.where(target > 0.5, -logits, logits)))

    @jax.jit
    def step(state, number):
        layers, mean, square = state
        slope = jax.grad(loss)(layers)
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
        square = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, square, slope)
        rate = 0.05 * jnp.sqrt(1 - 0.99**number) / (1 - 0.9**number)
        moved = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), layers, mean, square)
        return moved, mean, square

    layers = jax.tree.map(jnp.asarray, draw_params(list_layers(net), seed))
    state = (layers, jax.tree.map(jnp.zeros_like, layers), jax.tree.map(jnp.zeros_like, layers))
    for number in range(1, n_steps + 1):
        state = step(state, float(number))
    return Network(net, jax.tree.map(np.asarray, state[0]), memory)


@pytest.mark.parametrize("by_heart", [True, False])
def test_a_phrase_learned_by_heart_is_named_and_none_where_all_rows_are_alike(monkeypatch, by_heart):
    _, prepared, _, chosen = prepare_frame(make_reviews(by_heart=by_heart), split="part")
    crew = make_crew(prepared, chosen)
    networks = [train_text_network(crew.tensors, seed) for seed in range(3)]
    trained = make_trained(np.ones((5, len(crew.tensors.order))))
    monkeypatch.setattr(occluding, "_train_again", lambda crew, subject, seeds: tuple(networks))
    found = find_by_heart(crew, prepared, judged=(trained, (), make_judge(crew, prepared)))
    named = {item.column for item in found.columns if "by heart" in item.outcome}
    carried = {item.column for item in found.columns if item.outcome == "carries over"}
    if by_heart:
        assert named & {"'waste'", "'waste of'", "'plenty'", "'plenty of'"}
        assert named <= {"'waste'", "'waste of'", "'plenty'", "'plenty of'", "'of'"}
        assert "fit rows looked at that hold it" in found.sentences[0]
    else:
        assert not named
        assert "is shown to be learned by heart" in found.sentences[0]
    assert carried & {"'good'", "'dull'"}


def test_rows_that_hold_a_word_are_thinned_evenly():
    word = Unit("'w'", WORD, TOKENS, np.arange(2), (5,), 2)
    seen = SimpleNamespace(x=np.tile(np.array([[5.0, 2], [2, 2]], np.float32), (50, 1)), fold=0)
    mark = mark_units((word,), seen, most=10)[0]
    assert mark.sum() == 10
    assert not mark[1::2].any()
    assert np.flatnonzero(mark)[[0, -1]].tolist() == [0, 98]


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
        layers = [configuration.name] * (len(seeds) * len(tensors.fit_rows))
        return SimpleNamespace(layers=layers, memory=(), net=Net("mlp", (1,), 1))

    def rise(network, seen, units, *, looked, key):
        rng = np.random.default_rng(key)
        made = 0.1 * rng.normal(size=looked.shape)
        made[2] += 0.6 * (key[2] == 0) * (network.layers == "rung 0")
        return made

    monkeypatch.setattr(occluding, "retrain_chosen", retrain)
    monkeypatch.setattr(occluding, "measure_rises", rise)
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
    assert list(late.workplace.cuts) == [PHASE]
    again = make_crew(prepared, crew.settings, cuts=(PHASE,))
    assert find_by_heart(again, prepared, judged=judged) is None
    said = ["the budget is used up: what was learned by heart was not looked at"]
    assert late.workplace.notes == again.workplace.notes == said
