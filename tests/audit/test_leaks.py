from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from audit.tables import find_data, make_input, read_table
from heldout.audit.leaks import check_leaks
from heldout.ranks import find_auc
from heldout.records import Finding, Kind, Severity


def find(findings: tuple[Finding, ...], code: str) -> list[str]:
    return [item.column for item in findings if item.code == code and item.severity is not Severity.INFO]


def make_noise(n_rows: int, n_columns: int, seed: int) -> dict[str, list[str]]:
    rng = np.random.default_rng(seed)
    return {f"c{k}": [f"{v:.6f}" for v in rng.normal(size=n_rows)] for k in range(n_columns)}


def test_auc_as_sklearn_does() -> None:
    rng = np.random.default_rng(0)
    guess, label = rng.integers(0, 6, 80).astype(float), rng.random(80) < 0.4
    assert np.isclose(find_auc(guess, label), roc_auc_score(label, guess))


def test_clean_columns_raise_no_alarm() -> None:
    for seed in range(4):
        table = make_noise(60, 40, seed)
        table["y"] = ["a", "b"] * 30
        assert {item.severity for item in check_leaks(make_input(table, "y"))} == {Severity.INFO}


def test_sixteen_rows_raise_no_alarm() -> None:
    table = make_noise(16, 50, 0)
    table["y"] = ["a", "b"] * 8
    assert {item.severity for item in check_leaks(make_input(table, "y"))} == {Severity.INFO}


def test_planted_leaks_are_found() -> None:
    rng = np.random.default_rng(1)
    table = make_noise(600, 4, 1)
    label = rng.integers(0, 2, 600)
    table["noisy"] = [f"{v:.5f}" for v in label + rng.normal(0, 0.2, 600)]
    table["band"] = [
        f"{v:.5f}" for v in np.where(label, rng.uniform(-1, 1, 600), 3 * rng.choice([-1, 1], 600))
    ]
    gone = (label == 1) & (rng.random(600) < 0.99)
    table["gone"] = [
        "?" if absent else f"{v:.5f}" for absent, v in zip(gone, rng.normal(size=600), strict=True)
    ]
    table["word"] = [f"w{2 * k + lab}" for k, lab in zip(rng.integers(0, 9, 600), label, strict=True)]
    table["y"] = ["ab"[k] for k in label]
    findings = check_leaks(make_input(table, "y"))
    assert sorted(find(findings, "HO210")) == ["band", "gone", "noisy", "word"]
    assert all(item.severity is Severity.CRITICAL for item in findings if item.column)
    assert find(findings, "HO209") == []


def test_copies_of_the_target_are_found_under_other_names() -> None:
    table = make_noise(200, 2, 2)
    table["y"] = ["a", "b", "c", "a"] * 50
    table["renamed"] = [{"a": "1", "b": "0", "c": "5"}[cell] for cell in table["y"]]
    table["lossy"] = ["?", *table["y"][1:]]
    assert find(check_leaks(make_input(table, "y")), "HO209") == ["renamed", "lossy"]


def test_a_number_and_its_parts() -> None:
    rng = np.random.default_rng(3)
    table = make_noise(300, 3, 3)
    first, second = rng.integers(0, 50, 300), rng.integers(0, 50, 300)
    table["first"], table["second"] = [str(v) for v in first], [str(v) for v in second]
    table["scaled"] = [str(2.5 * v + 3) for v in first + second]
    table["y"] = [str(v) for v in first + second]
    findings = check_leaks(make_input(table, "y", regression=True))
    assert find(findings, "HO209") == ["scaled", "first"]
    assert any("'first' + 'second' is exactly the target 'y'" in item.sentence for item in findings)


def test_a_difference_is_found_and_an_accident_is_not() -> None:
    table = make_noise(100, 3, 4)
    values = {name: np.array(cells, float) for name, cells in table.items()}
    table["y"] = [str(float(v)) for v in values["c2"] - values["c0"]]
    sentences = [item.sentence for item in check_leaks(make_input(table, "y", regression=True))]
    assert sum("is exactly the target" in text for text in sentences) == 1
    assert any("'c2' - 'c0'" in text for text in sentences)


def test_text_is_left_out() -> None:
    table = make_noise(100, 1, 5)
    table["y"] = ["a", "b"] * 50
    table["note"] = [f"said {cell}" for cell in table["y"]]
    assert find(check_leaks(make_input(table, "y", kinds={"note": Kind.TEXT})), "HO209") == []
    assert find(check_leaks(make_input(table, "y")), "HO209") == ["note"]


def test_many_columns_are_screened_without_losing_the_leak() -> None:
    table = make_noise(200, 250, 6)
    rng = np.random.default_rng(6)
    table["y"] = ["a", "b"] * 100
    table["leak"] = [f"{(cell == 'a') + rng.normal(0, 0.1):.5f}" for cell in table["y"]]
    assert find(check_leaks(make_input(table, "y")), "HO210") == ["leak"]


def test_titanic_alive_and_boat() -> None:
    data = make_input(read_table(find_data("titanic/titanic.csv")), "survived")
    assert find(check_leaks(data), "HO209") == ["alive"]
    data = make_input(read_table(find_data("titanic/titanic_openML.csv")), "survived")
    assert find(check_leaks(data), "HO210") == ["boat"]


def test_bike_sharing_parts() -> None:
    data = make_input(read_table(find_data("bike_sharing/bike_sharing.csv.gz")), "cnt", regression=True)
    sentences = [item.sentence for item in check_leaks(data)]
    assert any("'casual' + 'registered' is exactly the target 'cnt' in 13904" in text for text in sentences)
