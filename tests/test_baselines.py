from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_info, threadpool_limits

from heldout import baselines
from heldout.baselines import (
    LINEAR_STEPS,
    MOST_CATEGORIES,
    BaselineData,
    fit_baselines,
    predict_persistence,
    stack_raw,
)
from heldout.records import ColumnSpec, Fold, Kind, Status, Task, TypedColumn

N, N_TEST = 90, 12
FOLDS = (Fold(np.arange(30, N), np.arange(30)), Fold(np.arange(60), np.arange(60, N)))
NAMES = ["constant", "linear", "gradient boosting"]


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other on a busy machine take a hundred times as long as one."""
    with threadpool_limits(1):
        yield


def make_data(task=Task.BINARY, *, weight=None, target=None, n_classes=None):
    rng = np.random.default_rng(11)
    features = rng.normal(size=(2, N, 3)).astype(np.float32)
    codes = rng.integers(0, 4, N + N_TEST).astype(float)
    numbers = rng.normal(size=N + N_TEST)
    numbers[::9] = np.nan
    raw = np.column_stack([numbers, codes])
    score = features[0, :, 0] + codes[:N] - 1.5 + 0.5 * rng.normal(size=N)
    if target is None:
        made = {
            Task.BINARY: (score > 0).astype(float),
            Task.MULTICLASS: np.digitize(score, [-1.0, 1.0]).astype(float),
            Task.REGRESSION: 100 * score,
        }
        target = made[task]
    count = {Task.BINARY: 2, Task.MULTICLASS: 3, Task.REGRESSION: 0}[task]
    return BaselineData(
        features,
        raw[:N],
        np.array([False, True]),
        rng.normal(size=(N_TEST, 3)).astype(np.float32),
        raw[N:],
        target,
        task,
        n_classes or count,
        weight,
    )


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS])
def test_probabilities_follow_the_shares_that_are_expected(task):
    plain, n_classes = make_data(task), {Task.BINARY: 2, Task.MULTICLASS: 3}[task]
    expected = np.arange(1.0, n_classes + 1) / np.arange(1, n_classes + 1).sum()
    followed = by_name(fit_baselines(replace(plain, shares=expected), FOLDS, seed=0))
    for name, before in by_name(fit_baselines(plain, FOLDS, seed=0)).items():
        after = followed[name]
        np.testing.assert_allclose(after.test.sum(axis=1), 1.0)
        counts = np.bincount(plain.target.astype(int), minlength=n_classes) + 0.5
        wanted = before.test * expected / (counts / counts.sum())
        np.testing.assert_allclose(after.test, wanted / wanted.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(followed["constant"].development, np.broadcast_to(expected, (60, n_classes)))


def by_name(outputs):
    assert [output.name for output in outputs] == NAMES
    return {output.name: output for output in outputs}


@pytest.mark.parametrize("weight", [None, np.linspace(0.1, 2.0, N)], ids=["plain", "weighted"])
@pytest.mark.parametrize("task", [Task.MULTICLASS, Task.REGRESSION])
def test_baselines_are_scikit_learns_own_on_the_fit_rows_of_each_fold(task, weight):
    data = make_data(task, weight=weight)
    got = by_name(fit_baselines(data, FOLDS, seed=3))
    is_number = task is Task.REGRESSION
    y = data.target if is_number else data.target.astype(int)
    for name, table, test in (
        ("linear", data.features, data.test_features),
        ("gradient boosting", np.stack([data.raw, data.raw]), data.test_raw),
    ):
        parts = [(table[k][fold.fit], fold.fit, table[k][fold.validation]) for k, fold in enumerate(FOLDS)]
        wanted = []
        for seen, rows, unseen in (*parts, (table[0], np.arange(N), test)):
            if name == "linear":
                model = Ridge(alpha=1.0) if is_number else LogisticRegression(C=1.0, max_iter=LINEAR_STEPS)
            else:
                kind = HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier
                model = kind(categorical_features=[False, True], random_state=3)
            model.fit(seen, y[rows], sample_weight=None if weight is None else weight[rows])
            wanted.append(model.predict(unseen)[:, None] if is_number else model.predict_proba(unseen))
        np.testing.assert_allclose(got[name].development, np.concatenate(wanted[:2]), rtol=1e-6)
        np.testing.assert_allclose(got[name].test, wanted[2], rtol=1e-6)


def test_a_linear_model_of_words_sees_what_stands_beside_them_and_boosting_sees_all():
    """The class follows from a word and a number together added up: neither alone is as good."""
    rng = np.random.default_rng(3)
    says = rng.random(N + N_TEST) < 0.5
    texts = [f"row of {'good' if good else 'bad'} words" for good in says]
    features = rng.normal(size=(2, N + N_TEST, 4)).astype(np.float32)
    features[1, :, 0] = features[0, :, 0]
    target = (2.0 * says - 1 + features[0, :, 0] > 0).astype(float)
    data = replace(
        make_data(target=target[:N]),
        features=features[:, :N],
        test_features=features[0, N:],
        texts=tuple(texts[:N]),
        test_texts=tuple(texts[N:]),
        n_beside=1,
        sees_features=True,
    )

    def count_right(given):
        outputs = {output.name: output for output in fit_baselines(given, FOLDS, seed=0)}
        truth = np.concatenate([target[fold.validation] for fold in FOLDS])
        return outputs, np.mean((outputs["linear"].development[:, 1] > 0.5) == truth)

    outputs, both = count_right(data)
    assert list(outputs) == NAMES
    alone, words = count_right(replace(data, n_beside=0))
    assert list(alone) == NAMES[:2]  # without anything beside, trees have nothing to split on
    _, numbers = count_right(replace(data, texts=(), test_texts=()))
    assert both > 0.95 > max(words, numbers) + 0.05
    assert np.mean((outputs["linear"].test[:, 1] > 0.5) == target[N:]) > 0.8
    wordless, share = count_right(replace(data, texts=("",) * N, test_texts=("",) * N_TEST))
    assert share > 0.6  # the number alone
    assert wordless["linear"].test.shape == (N_TEST, 2)


def test_of_several_labels_each_is_a_yes_or_no_of_its_own():
    data = make_data(Task.BINARY)
    other = (np.arange(N) % 3 == 0).astype(float)
    sets = np.array([[False, False], [True, False], [False, True], [True, True]])
    several = replace(data, target=data.target + 2 * other, task=Task.MULTILABEL, n_classes=2, sets=sets)
    got = by_name(fit_baselines(several, FOLDS, seed=0))
    alone = [by_name(fit_baselines(replace(data, target=one), FOLDS, seed=0)) for one in (data.target, other)]
    for name in NAMES:
        wanted = np.column_stack([single[name].development[:, 1] for single in alone])
        np.testing.assert_array_equal(got[name].development, wanted)
        assert got[name].test.shape == (N_TEST, 2)


def test_the_constant_knows_only_the_fit_rows():
    weight = np.linspace(0.1, 2.0, N)
    data = make_data(Task.REGRESSION, weight=weight)
    constant = by_name(fit_baselines(data, FOLDS, seed=0))["constant"]
    for k, fold in enumerate(FOLDS):
        mean = (data.target[fold.fit] * weight[fold.fit]).sum() / weight[fold.fit].sum()
        np.testing.assert_allclose(constant.development[30 * k : 30 * k + 30, 0], mean)
    np.testing.assert_allclose(constant.test, np.average(data.target, weights=weight))
    data = make_data(Task.BINARY)
    constant = by_name(fit_baselines(data, FOLDS, seed=0))["constant"]
    ones = data.target[FOLDS[0].fit].sum()
    np.testing.assert_allclose(constant.development[0], [(60 - ones + 0.5) / 61, (ones + 0.5) / 61])


def test_validation_rows_change_no_prediction():
    data = make_data(Task.REGRESSION)
    target = data.target.copy()
    target[FOLDS[0].validation] = 1e6
    one, other = (
        by_name(fit_baselines(replace(data, target=t), FOLDS, seed=0)) for t in (data.target, target)
    )
    for name in NAMES:
        np.testing.assert_array_equal(one[name].development[:30], other[name].development[:30])
        assert (one[name].development[30:] != other[name].development[30:]).any()


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_a_class_that_a_fold_lacks_keeps_a_small_share_in_its_own_place(absent):
    first, other = (index for index in range(3) if index != absent)
    target = np.full(N, float(first))
    target[:30] = np.arange(30) % 3  # the absent class is only among the validation rows of the first fold
    target[30::3] = other
    data = make_data(Task.MULTICLASS, target=target)
    for output in fit_baselines(data, FOLDS, seed=0):
        assert output.development.shape == (N - 30, 3)
        np.testing.assert_allclose(output.development.sum(axis=1), 1.0)
        made = output.development[:30]
        assert ((made[:, absent] > 0) & (made[:, absent] < 0.05)).all()
        assert made[:, first].mean() > made[:, other].mean() > made[:, absent].mean()


def test_a_fold_with_a_single_class_gets_its_share():
    target = np.zeros(N)
    target[:30] = np.arange(30) % 2
    outputs = by_name(fit_baselines(make_data(target=target), FOLDS, seed=0))
    for name in NAMES:
        np.testing.assert_allclose(outputs[name].development[:30], [[60.5 / 61, 0.5 / 61]] * 30)


def test_without_test_rows_there_are_no_test_predictions():
    data = make_data()
    data = replace(data, test_features=data.test_features[:0], test_raw=data.test_raw[:0])
    for output in fit_baselines(data, FOLDS, seed=0):
        assert output.test.shape == (0, 2)
        assert output.development.shape == (60, 2)


def test_without_raw_columns_the_boosting_sees_the_networks_features():
    data = replace(
        make_data(), raw=np.zeros((N, 0)), is_category=np.zeros(0, bool), test_raw=np.zeros((N_TEST, 0))
    )
    boosted = by_name(fit_baselines(data, FOLDS, seed=0))["gradient boosting"]
    model = HistGradientBoostingClassifier(random_state=0)
    model.fit(data.features[0][FOLDS[0].fit], data.target[FOLDS[0].fit].astype(int))
    np.testing.assert_allclose(
        boosted.development[:30], model.predict_proba(data.features[0][FOLDS[0].validation])
    )


@pytest.mark.parametrize(("least", "wanted"), [(60, 3), (61, 1)])
def test_small_tables_are_fitted_by_one_thread(monkeypatch, least, wanted):
    seen = []

    class Model(Ridge):
        def fit(self, *arguments, **others):
            seen.extend(info["num_threads"] for info in threadpool_info())
            return super().fit(*arguments, **others)

    monkeypatch.setattr(baselines, "_make_model", lambda *arguments: Model())
    monkeypatch.setattr(baselines, "LEAST_ROWS_FOR_THREADS", least)
    data = replace(make_data(Task.REGRESSION), raw=np.zeros((N, 0)), test_raw=np.zeros((N_TEST, 0)))
    with threadpool_limits(3):
        fit_baselines(replace(data, test_features=data.test_features[:0]), FOLDS, seed=0)
    assert set(seen) == {wanted}


# --------------------------------------------------------------------------------------------------------- persistence
def test_persistence_is_the_target_of_the_row_before():
    time = np.array([5.0, 1.0, 3.0, 9.0, 7.0])
    target = np.array([50.0, 10.0, 30.0, 90.0, 70.0])
    by_hand = {0: 30.0, 2: 10.0, 3: 70.0, 4: 50.0}
    rows = np.array([4, 0, 3, 2])
    assert predict_persistence(target, time, rows).tolist() == [by_hand[row] for row in rows]


def test_persistence_of_the_first_row_is_the_first_target():
    got = predict_persistence(np.array([1.0, 7.0, 3.0]), np.array([0.0, 1.0, 2.0]), np.array([0]))
    assert got.tolist() == [1.0]


@pytest.mark.parametrize(("gap", "wanted"), [(0, [10, 10, 30, 50]), (2, [10, 10, 10, 10]), (9, [10] * 4)])
def test_persistence_knows_nothing_within_the_gap(gap, wanted):
    time = np.array([5.0, 1.0, 3.0, 7.0])
    target = np.array([50.0, 10.0, 30.0, 70.0])
    got = predict_persistence(target, time, np.array([1, 2, 0, 3]), gap=gap)
    assert got.tolist() == wanted


def test_persistence_with_a_gap_repeats_the_row_before_the_gap():
    target = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    assert predict_persistence(target, np.arange(5.0), np.arange(5), gap=1).tolist() == [1, 1, 1, 2, 4]


def test_persistence_keeps_the_order_of_rows_at_the_same_time():
    assert predict_persistence(np.array([1.0, 2.0, 3.0]), np.zeros(3), np.array([1, 2])).tolist() == [
        1.0,
        2.0,
    ]


# ---------------------------------------------------------------------------------------------------------- raw columns
def make_column(name, kind, values, status=None, *, used=True):
    status = np.zeros(len(values), np.uint8) if status is None else np.array(status, np.uint8)
    is_code = kind in (Kind.CATEGORY, Kind.TEXT, Kind.IDENTIFIER)
    return TypedColumn(
        ColumnSpec(name, kind, "because", used=used),
        status,
        np.zeros(0) if is_code else np.array(values, float),
        np.array(values, np.int32) if is_code else np.zeros(0, np.int32),
    )


def test_raw_columns_are_laid_out_for_trees():
    columns = (
        make_column("number", Kind.NUMBER, [1.5, np.nan, 3.0], [0, Status.MISSING, Status.CENSORED_BELOW]),
        make_column("name", Kind.IDENTIFIER, [0, 1, 2]),
        make_column("town", Kind.CATEGORY, [2, -1, 300], [0, Status.MISSING, 0]),
        make_column("answer", Kind.YES_NO, [1.0, 0.0, 7.0], [0, 0, Status.UNPARSED]),
        make_column("left out", Kind.NUMBER, [9.0, 9.0, 9.0], used=False),
        make_column("note", Kind.TEXT, [0, 1, 2]),
        make_column("same", Kind.CONSTANT, [4.0, 4.0, 4.0]),
    )
    raw, is_category = stack_raw(columns, np.array([2, 0, 1]))
    assert is_category.tolist() == [False, True, False]
    np.testing.assert_array_equal(
        raw, [[3.0, MOST_CATEGORIES - 1, np.nan], [1.5, 2.0, 1.0], [np.nan, np.nan, 0.0]]
    )


def test_no_usable_column_gives_an_empty_table():
    raw, is_category = stack_raw((make_column("name", Kind.IDENTIFIER, [0, 1, 2]),), np.arange(3))
    assert raw.shape == (3, 0)
    assert is_category.shape == (0,)


def test_very_many_categories_do_not_stop_the_boosting():
    codes = np.arange(N) * 5
    raw, is_category = stack_raw((make_column("town", Kind.CATEGORY, codes),), np.arange(N))
    data = replace(make_data(), raw=raw, is_category=is_category, test_raw=raw[:N_TEST])
    assert np.isfinite(by_name(fit_baselines(data, FOLDS, seed=0))["gradient boosting"].development).all()


def test_a_predictor_that_does_not_fit_into_the_budget_is_left_out() -> None:
    asked: list[str] = []

    def affords(name: str, seconds: float) -> bool:
        asked.append(name)
        assert seconds >= 0
        return name != "gradient boosting"

    outputs = fit_baselines(make_data(), FOLDS, seed=0, affords=affords)
    assert asked == ["constant", "linear", "gradient boosting"]
    assert [output.name for output in outputs] == ["constant", "linear"]
