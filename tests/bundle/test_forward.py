"""The forward pass: equal to a loop over networks in plain numpy, and blind to the company of a row."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from heldout.bundle import predict_features, predict_members
from heldout.bundle.forward import BLOCK, decide_labels, temper
from heldout.errors import BundleError
from heldout.records import Task


def make_features(bundle, n_rows, seed=0):
    rng = np.random.default_rng(seed)
    return [
        rng.normal(0, 1, (n_rows, bundle.recipe.n_features)).astype(np.float32) for _ in bundle.recipe.states
    ]


def run_plainly(member, features):
    """The network written out in float64."""
    hidden = features.astype(np.float64)
    for index, (weight, bias) in enumerate(member.params):
        hidden = hidden @ weight + bias
        if index < len(member.params) - 1:
            hidden = np.maximum(hidden, 0)
    return hidden


def predict_plainly(bundle, features):
    outputs = [run_plainly(member, features[member.state]) for member in bundle.members]
    if bundle.task is Task.REGRESSION:
        numbers = [
            o * m.target_spread + m.target_center for o, m in zip(outputs, bundle.members, strict=True)
        ]
        mean = np.mean(numbers, axis=0)
        return np.exp(mean) if bundle.target_log else mean
    logits = [np.clip(output, -15, 15) for output in outputs]
    if bundle.task is Task.BINARY:
        positive = [1 / (1 + np.exp(-logit)) for logit in logits]
        chances = [np.concatenate([1 - p, p], axis=1) for p in positive]
    else:
        chances = [np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True) for logit in logits]
    if bundle.task is Task.MULTILABEL:
        mean = np.mean([1 / (1 + np.exp(-logit)) for logit in logits], axis=0)
        yes, no = mean ** (1 / bundle.temperature), (1 - mean) ** (1 / bundle.temperature)
        return yes / (yes + no)
    powers = np.mean(chances, axis=0) ** (1 / bundle.temperature)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("which", ["bundle", "many", "numbers", "labels"])
def test_equals_the_plain_loop(which, request):
    made = request.getfixturevalue(which)
    features = make_features(made, 300)
    np.testing.assert_allclose(
        predict_features(made, features).values, predict_plainly(made, features), rtol=2e-5
    )


def test_logarithm_and_interval(numbers):
    features = make_features(numbers, 10)
    members = tuple(replace(member, target_center=0.5, target_spread=2.0) for member in numbers.members)
    made = replace(numbers, target_log=True, members=members)
    prediction = predict_features(made, features)
    np.testing.assert_allclose(prediction.values, predict_plainly(made, features), rtol=2e-5)
    np.testing.assert_allclose(prediction.high, prediction.values[:, 0] + 2.5)
    np.testing.assert_allclose(prediction.low, np.maximum(prediction.values[:, 0] - 2.5, 0))
    assert (prediction.low == 0).any()
    nothing = predict_features(replace(made, half_width=0.0, level=0.0), features)
    assert nothing.low.size == nothing.high.size == 0


@pytest.mark.parametrize("which", ["bundle", "many", "numbers"])
def test_a_row_does_not_depend_on_its_company(which, request):
    made = request.getfixturevalue(which)
    features = make_features(made, 2 * BLOCK + 37)
    whole = predict_features(made, features).values
    rng = np.random.default_rng(1)
    order = rng.permutation(len(whole))
    shuffled = predict_features(made, [part[order] for part in features]).values
    assert shuffled.tobytes() == whole[order].tobytes()
    for rows in (slice(0, 1), slice(5, 6), slice(100, 400), slice(BLOCK, None)):
        assert (
            predict_features(made, [part[rows] for part in features]).values.tobytes()
            == whole[rows].tobytes()
        )


def test_temperature_keeps_the_order_and_one_keeps_the_mean(many):
    features = make_features(many, 50)
    plain = predict_features(many, features)
    np.testing.assert_allclose(plain.values, predict_members(many, features).mean(axis=0), atol=1e-7)
    for temperature in (0.001, 0.5, 3.0, 1000.0):
        other = predict_features(replace(many, temperature=temperature), features)
        assert (other.labels == plain.labels).all()
        np.testing.assert_allclose(other.values.sum(axis=1), 1.0)


def test_logits_are_clipped(bundle):
    layers = tuple((weight * 1000, bias) for weight, bias in bundle.members[0].params)
    loud = replace(bundle, members=(replace(bundle.members[0], params=layers),), temperature=1.0)
    values = predict_features(loud, make_features(bundle, 100)).values
    assert values.min() == pytest.approx(1 / (1 + np.exp(15.0)), rel=0.1)


def test_no_rows(bundle, many, numbers):
    for made, width in ((bundle, 2), (many, 3), (numbers, 1)):
        features = make_features(made, 0)
        prediction = predict_features(made, features)
        assert prediction.values.shape == (0, width)
        assert predict_members(made, features).shape == (len(made.members), 0, width)
        assert prediction.labels.shape == (0,)


def test_members_in_user_units(numbers):
    features = make_features(numbers, 20)
    members = predict_members(numbers, features)
    assert members.shape == (2, 20, 1)
    np.testing.assert_allclose(members.mean(axis=0), predict_features(numbers, features).values)


def test_labels_follow_the_threshold(bundle, many):
    chances = np.array([[0.61, 0.39], [0.6, 0.4], [0.2, 0.8]])
    assert decide_labels(bundle, chances).tolist() == [0, 1, 1]
    assert decide_labels(many, np.array([[0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])).tolist() == [0, 2]


def test_wrong_features_are_refused(bundle):
    features = make_features(bundle, 3)
    with pytest.raises(BundleError, match="features for 1 fitted states were given, the recipe has 2"):
        predict_features(bundle, features[:1])
    with pytest.raises(BundleError, match=r"features of state 1 have shape \(2, \d+\), expected \(3, \d+\)"):
        predict_features(bundle, [features[0], features[1][:2]])


def test_weights_too_large_to_compute_with(numbers):
    layer = tuple(np.full_like(array, 3e38) for array in numbers.members[0].params[0])
    loud = replace(numbers, members=(replace(numbers.members[0], params=(layer,)),))
    with pytest.raises(BundleError, match="outputs that are not finite for rows 0 to 2"):
        predict_features(loud, [np.abs(part) + 9 for part in make_features(numbers, 3)])


def test_each_label_is_decided_for_itself(labels):
    values = np.array([[0.5, 0.49, 0.9], [0.1, 0.2, 0.3]])
    assert decide_labels(labels, values).tolist() == [[1, 0, 1], [0, 0, 0]]
    prediction = predict_features(labels, make_features(labels, 7))
    assert prediction.labels.shape == prediction.values.shape == (7, 3)
    assert prediction.values.sum(axis=1).std() > 0  # labels do not share one
    assert predict_features(labels, make_features(labels, 0)).labels.shape == (0, 3)


def test_classes_in_order_are_a_distribution_like_any_other(steps):
    prediction = predict_features(steps, make_features(steps, 9))
    np.testing.assert_allclose(prediction.values.sum(axis=1), 1.0)
    np.testing.assert_array_equal(prediction.labels, prediction.values.argmax(axis=1))
    assert predict_members(steps, make_features(steps, 2)).shape == (3, 2, 4)


@pytest.mark.parametrize("temperature", [0.05, 0.5, 1.0, 3.0])
def test_temperature_of_a_label_is_that_of_its_log_odds(temperature):
    values = np.array([[0.9, 0.01, 0.5]])
    found = temper(values, temperature, task=Task.MULTILABEL)
    np.testing.assert_allclose(found, expit(logit(values) / temperature), rtol=1e-6, atol=1e-12)
