from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from heldout.records import Prediction
from heldout.stages import grouping
from heldout.stages.grouping import NO_SKILL, find_groups, find_harms, look_at_groups, mark_hits, show_on_test
from stages.made_data import make_frame, prepare_frame
from stages.made_study import make_crew, make_judge, make_result, make_trained
from stages.test_delivering import deliver_frame


def study(n_rows=300, *, bad="red", **settings):
    """Predictions that are right but for one colour."""
    frame = make_frame(n_rows).drop("price")
    reading, prepared, _, chosen = prepare_frame(frame, **settings)
    crew = make_crew(prepared, chosen)
    order = prepared.split.development[crew.tensors.order]
    delivered = SimpleNamespace(
        development=predict(reading, frame, order, bad),
        order=order,
        bundle=deliver_frame(make_frame().drop("price"))[0].bundle,
    )
    return reading, prepared, crew, delivered, frame


def predict(reading, frame, rows, bad):
    truth = reading.target.values[rows].astype(int)
    wrong = (frame["colour"].to_numpy()[rows] == bad) & (np.random.default_rng(0).random(len(rows)) < 0.7)
    said = np.where(wrong, 1 - truth, truth)
    values = np.full((len(rows), 2), 0.1)
    values[np.arange(len(rows)), said] = 0.9
    return Prediction(values, said.astype(np.int32))


def judged(crew, prepared, *, change=None):
    rng = np.random.default_rng(1)
    plain = rng.exponential(0.3, (5, len(crew.tensors.order)))
    trained = make_trained(plain, plain - 0.1 if change is None else plain + change)
    return trained, (make_result(trained),), make_judge(crew, prepared)


def test_the_group_that_is_failed_is_found_and_shown_again_on_test_rows():
    reading, prepared, crew, delivered, frame = study()
    found = find_groups(crew, reading, prepared, delivered, judged=judged(crew, prepared))
    assert found.slices[0].name == "colour = red"
    assert found.slices[0].outcome == "worse"
    rows = prepared.split.test
    opened = (predict(reading, frame, rows, "red"), reading.target.values[rows])
    data = (reading, prepared)
    shown = show_on_test(found, opened, data=data, delivered=delivered, settings=crew.settings)
    red = frame["colour"].to_numpy()[rows] == "red"
    assert shown.slices[0].test.n_rows == int(red.sum())
    assert shown.slices[0].test.difference[0] > 0.5
    assert show_on_test(found, None, data=data, delivered=delivered, settings=crew.settings) is found
    assert show_on_test(None, opened, data=data, delivered=delivered, settings=crew.settings) is None


def test_labels_of_test_rows_have_no_part_in_the_search():
    reading, prepared, crew, delivered, _ = study()
    hidden = reading.target.values.copy()
    hidden[prepared.split.test] = np.nan
    blind = replace(reading, target=replace(reading.target, values=hidden))
    one = find_groups(crew, reading, prepared, delivered, judged=judged(crew, prepared))
    other = find_groups(crew, blind, prepared, delivered, judged=judged(crew, prepared))
    assert one.sentence == other.sentence


def test_a_remedy_that_helps_on_average_hurts_a_colour():
    reading, prepared, crew, delivered, frame = study()
    order = prepared.split.development[crew.tensors.order]
    blue = frame["colour"].to_numpy()[order] == "blue"
    noise = np.random.default_rng(2).normal(0, 0.1, (5, len(order)))
    found = find_groups(
        crew,
        reading,
        prepared,
        delivered,
        judged=judged(crew, prepared, change=np.where(blue, 0.4, -0.4) + noise),
    )
    assert found.harms[0].what == "dropout 0.3"
    assert found.harms[0].slices[0].name == "colour = blue"
    assert found.harms[0].slices[0].outcome == "hurt"


def test_remedies_that_help_nobody_are_not_searched():
    _, prepared, crew, _, _ = study()
    trained, results, judge = judged(crew, prepared)
    nothing = tuple(replace(item, outcome="cannot tell", outcome_at_end="equivalent") for item in results)
    assert find_harms((), (trained, nothing, judge)) == ()


def test_early_stopping_is_held_against_the_last_epoch():
    _, prepared, crew, _, _ = study()
    trained, _, judge = judged(crew, prepared)
    found = find_harms((), (trained, (make_result(trained, name="early_stopping"),), judge))
    assert found[0].what == "early stopping (epoch 2)"
    assert abs(found[0].overall[0] + 0.2) < 0.05
    at_end = make_result(trained, outcome="cannot tell")
    late = find_harms((), (trained, (at_end,), judge))[0]
    assert late.what == "dropout 0.3 (at the last epoch)"
    assert abs(late.overall[0] + 0.3) < 0.05


def test_few_rows_are_not_searched():
    reading, prepared, crew, delivered, _ = study(60)
    few = SimpleNamespace(development=delivered.development, order=delivered.order[:30], bundle=None)
    assert find_groups(crew, reading, prepared, few, judged=judged(crew, prepared)) is None


def test_hits_are_for_classes():
    assert mark_hits(Prediction(np.zeros((2, 1)), np.zeros(0, np.int32)), np.zeros(2)) is None
    assert mark_hits(Prediction(np.zeros((2, 2)), np.array([0, 1], np.int32)), np.zeros(2)).tolist() == [1, 0]


def test_all_three_questions_are_asked(monkeypatch):
    monkeypatch.setattr(
        grouping, "find_groups", lambda crew, *data, judged: ("groups", len(data), len(judged))
    )
    monkeypatch.setattr(
        grouping, "judge_outliers", lambda crew, *data, judged: ("affected", len(data), judged[1])
    )
    monkeypatch.setattr(grouping, "find_by_heart", lambda crew, prepared, judged: ("by heart", judged[1]))
    found = look_at_groups(
        "crew", ("reading", "prepared", "delivered"), judged=("t", "results", "choice", "j")
    )
    assert found.subgroups == ("groups", 3, 3)
    assert found.affected == ("affected", 2, "choice")
    assert found.by_heart == ("by heart", "results")


def test_a_network_that_only_guesses_names_no_group_but_those_asked_about():
    reading, prepared, crew, delivered, _ = study()
    rng = np.random.default_rng(3)
    truth = reading.target.values[delivered.order]
    values = np.column_stack([half := 0.5 + rng.normal(0, 0.01, len(truth)), 1 - half])
    delivered.development = Prediction(values, (half < 0.5).astype(np.int32))
    found = find_groups(crew, reading, prepared, delivered, judged=judged(crew, prepared))
    assert found.sentence == NO_SKILL
    assert found.slices == ()
    asked = SimpleNamespace(
        **{**vars(crew), "settings": crew.settings.model_copy(update={"subgroups": ("colour",)})}
    )
    told = find_groups(asked, reading, prepared, delivered, judged=judged(crew, prepared))
    assert {item.parts[0] for item in told.slices if item.declared} >= {"colour = red"}
    assert not any("true" in item.name for item in told.slices)
