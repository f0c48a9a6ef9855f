"""A planted keyword is named with its score and its null; honest ones and other columns are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.tables import make_input, make_raw
from heldout.audit import AuditInput
from heldout.audit.origins import check_origins, list_origins
from heldout.records import Finding, Kind, Severity


def make(columns: dict[str, list[str]], *, n: int = 240, regression: bool = False) -> AuditInput:
    """Files with headers; their class alternates."""
    target = [f"{k / 9:.4f}" for k in range(n)] if regression else ["star", "galaxy"] * (n // 2)
    table = {"file": [f"{k}.fits" for k in range(n)], **columns, "y": target}
    unused = {name: Kind.IDENTIFIER for name in ("file",)}
    data = make_input(table, "y", kinds=unused, regression=regression)
    apart = tuple(replace(item, spec=replace(item.spec, used=False)) for item in data.columns)
    return replace(data, columns=apart)


def find(data: AuditInput) -> list[Finding]:
    return [item for item in check_origins(data) if item.severity is Severity.WARNING]


def exposures(rng: np.random.Generator, shift: float, n: int = 240) -> list[str]:
    return [f"{100 + shift * (k % 2) + rng.normal(0, 10):.3f}" for k in range(n)]


def test_an_exposure_that_follows_the_class_is_named_with_score_and_null() -> None:
    rng = np.random.default_rng(0)
    (found,) = find(make({"header/EXPTIME": exposures(rng, 25.0), "header/AIRMASS": exposures(rng, 0.0)}))
    assert found.code == "HO243"
    assert found.column == "header/EXPTIME"
    assert "AUC 0.9" in found.sentence
    assert "permuted targets reach 0." in found.sentence


def test_a_filter_by_class_decides() -> None:
    (found,) = find(make({"header/FILTER": ["r", "g"] * 120}))
    assert "alone decides the target 'y' with AUC 1.000" in found.sentence
    assert "--subgroup 'header/FILTER'" in found.action


def test_missing_keywords_count_as_a_value() -> None:
    cells = ["", "HST"] * 120
    assert [item.column for item in find(make({"header/TELESCOP": cells}))] == ["header/TELESCOP"]


def test_a_number_is_told_by_a_keyword() -> None:
    (found,) = find(make({"header/MJD": [f"{5 + k:.1f}" for k in range(240)]}, regression=True))
    assert "R2" in found.sentence


@pytest.mark.parametrize("seed", range(4))
def test_honest_keywords_raise_no_alarm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = {f"header/K{k}": exposures(rng, 0.0) for k in range(20)}
    columns["header/FILTER"] = rng.choice(["r", "g", "i"], 240).tolist()
    assert find(make(columns)) == []
    assert check_origins(make(columns))[0].title == "passed: how an example was taken tells its target"


@pytest.mark.parametrize(
    "words", [("star", "galaxy"), ("STAR ", "Galaxy"), ("star/dr7", "a galaxy of dr7"), ("", "galaxy")]
)
def test_the_label_itself_is_no_origin_but_a_second_column_is(words: tuple[str, str]) -> None:
    columns = {"header/class": [words[0], words[1]] * 120, "header/TELESCOP": ["HST", "SDSS"] * 120}
    told = {item.column for item in find(make(columns))}
    # half of the labels written are no label
    assert told == {"header/TELESCOP"} | (set() if words[0] else {"header/class"})


def test_the_label_left_out_is_named_where_nothing_else_tells_it() -> None:
    (found,) = check_origins(make({"header/class": ["star", "galaxy"] * 120}))
    assert found.title.startswith("not applicable")
    assert found.sentence.endswith("'header/class' is the label itself")
    (found,) = check_origins(
        make({"folder/1": ["star", "galaxy"] * 120, "header/GAIN": ["1", "1", "2"] * 80})
    )
    assert found.title.startswith("passed")
    assert found.sentence.endswith("'folder/1' is the label itself")


def test_a_text_that_names_several_labels_is_an_origin() -> None:
    cells = ["star galaxy field 1", "star galaxy field 2"] * 120
    assert [item.column for item in find(make({"header/FIELD": cells}))] == ["header/FIELD"]


def test_a_number_written_in_the_header_is_the_label_and_a_rounded_one_is_not() -> None:
    target = [f"{k / 9:.4f}" for k in range(240)]
    same = make({"header/z": [f"{text}00" for text in target]}, regression=True)
    assert find(same) == []
    rounded = make({"header/z": [f"{float(text):.0f}" for text in target]}, regression=True)
    assert [item.column for item in find(rounded)] == ["header/z"]


def test_a_column_that_decides_is_not_offered_as_a_group() -> None:
    """A fold that keeps its two values apart would hold one class."""
    (found,) = find(make({"header/FILTER": ["r", "g"] * 120}))
    assert "--group" not in found.action


def test_features_files_and_targets_are_not_asked() -> None:
    data = make({"header/CLASS": ["star", "galaxy"] * 120, "x": [str(k) for k in range(240)]})
    renamed = replace(data, target=replace(data.target, name="header/CLASS"))
    assert list_origins(renamed) == []
    used = tuple(replace(item, spec=replace(item.spec, used=True)) for item in data.columns)
    assert list_origins(replace(data, columns=used)) == []  # HO210 asks about features
    assert check_origins(renamed)[0].title == "not applicable: how an example was taken tells its target"
    plain = make_input({"header/A": ["r", "g"] * 120, "y": ["a", "b"] * 120}, "y")
    assert check_origins(plain)[0].title == "not applicable: how an example was taken tells its target"
    assert make_raw("x", ["a"]).levels == ("a",)
