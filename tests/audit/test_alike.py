"""Units without a telling name are found by rows that are too much alike, and hardly ever where there are none."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from audit.tables import find_data, make_input, make_raw, read_table
from heldout.audit.alike import (
    Likeness,
    center_columns,
    center_target,
    find_alike,
    has_few_rows,
    judge_places,
    measure_likeness,
    number_cells,
)
from heldout.audit.families import check_families
from heldout.records import Kind, Severity


def write(table: np.ndarray, **more: list[str]) -> dict[str, list[str]]:
    return {f"x{j}": [f"{value:.4f}" for value in table[:, j]] for j in range(table.shape[1])} | more


def make_clean(seed: int, n_rows: int = 240) -> dict[str, list[str]]:
    """Columns that go together, three whole-numbered measures and a code without a meaning."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n_rows, 6))
    mixed = mixed + 0.5 * mixed @ rng.normal(size=(6, 6))
    y = mixed[:, 0] + mixed[:, 1] + rng.normal(size=n_rows) > 0
    fine = 500 + n_rows / 12 * (mixed[:, 0] + 2 * rng.normal(size=n_rows))
    return write(
        mixed,
        measure=[str(int(value)) for value in fine],
        age=[str(int(50 + 12 * value)) for value in mixed[:, 2].clip(-4, 4)],
        code=[f"c{value}" for value in rng.integers(0, n_rows // 3, n_rows)],
        y=["ab"[int(value)] for value in y],
    )


def make_planted(seed: int, size: int = 2, *, numbered: bool = False) -> dict[str, list[str]]:
    """240 rows of units whose rows share half of the spread of every column and of the target."""
    rng = np.random.default_rng(seed)
    unit = rng.permutation(np.arange(240) // size)
    made = np.sqrt(0.5) * (rng.normal(size=(unit.max() + 1, 7))[unit] + rng.normal(size=(240, 7)))
    names = [str(1000 + value) if numbered else f"c{value}" for value in unit]
    return write(made[:, :6], code=names, y=["ab"[int(value > 0)] for value in made[:, 6]])


def make_sites(
    seed: int, *, shift: float, n_sites: int = 3, n_rows: int = 240, letter: str = "s"
) -> dict[str, list[str]]:
    rng = np.random.default_rng(seed)
    site = rng.integers(0, n_sites, n_rows)
    made = rng.normal(size=(n_rows, 7)) + shift * rng.normal(size=(n_sites, 7))[site]
    return write(
        made[:, :6],
        site=[f"{letter}{value}" for value in site],
        y=["ab"[int(value > 0)] for value in made[:, 6]],
    )


def test_clean_tables_are_left_alone() -> None:
    """By the rule 1 % of tables; the page of HO211 quotes this test."""
    assert sum(bool(find_alike(make_input(make_clean(seed), "y"))) for seed in range(60)) <= 1


@pytest.mark.parametrize(("size", "numbered"), [(2, False), (2, True), (4, False)])
def test_pairs_and_families_are_found(size: int, *, numbered: bool) -> None:
    """Measured 36 to 39 of 40 tables of 300 rows; numbers that correlate 0.3 within a unit are not found."""
    found = [find_alike(make_input(make_planted(seed, size, numbered=numbered), "y")) for seed in range(12)]
    assert sum("code" in item for item in found) >= 10
    assert all(item["code"].share >= 0.2 for item in found if item)


def test_the_finding_warns_and_names_the_option() -> None:
    (finding,) = check_families(make_input(make_planted(0), "y"))
    assert finding.severity is Severity.WARNING
    assert "more alike than rows at random" in finding.sentence
    assert "score and verdict are too high for a new one" in finding.sentence
    assert finding.action == "if rows with the same value belong together, use --group code"
    assert (finding.code, finding.column) == ("HO211", "code")


def test_a_declared_group_is_not_second_guessed() -> None:
    table = make_planted(0)
    group = np.unique(table["code"], return_inverse=True)[1]
    assert check_families(make_input(table, "y", group=("code", group)))[0].title.startswith("passed")


def test_few_sites_are_proposed_where_their_rows_are_alike_and_warn() -> None:
    found = check_families(make_input(make_sites(0, shift=1.0), "y"))
    assert (found[0].severity, found[0].column) == (Severity.WARNING, "site")
    assert "240 rows" not in found[0].sentence  # development rows alone
    assert check_families(make_input(make_sites(0, shift=0.0), "y"))[0].title == "passed: families"


def test_many_sites_whose_rows_are_alike_warn_and_others_are_a_note() -> None:
    severities = [
        check_families(make_input(make_sites(1, shift=shift, n_sites=8), "y"))[0].severity
        for shift in (0.0, 1.0)
    ]
    assert severities == [Severity.INFO, Severity.WARNING]
    assert judge_places(make_input(make_sites(1, shift=0.0, n_sites=8), "y"), ["site"]) == {}


@pytest.mark.parametrize(
    ("n_sites", "n_rows"), [(3, 6_000), (4, 6_000), (8, 6_000), (3, 20_000), (300, 6_000)]
)
def test_sites_of_many_rows_are_found(n_sites: int, n_rows: int) -> None:
    found = judge_places(make_input(make_sites(0, shift=1.0, n_sites=n_sites, n_rows=n_rows), "y"), ["site"])
    assert found["site"].share >= 0.2
    clean = make_input(make_sites(0, shift=0.0, n_sites=n_sites, n_rows=n_rows), "y")
    assert judge_places(clean, ["site"]) == {}


def test_the_likeness_of_large_sites_is_about_that_of_all_their_rows() -> None:
    """Sites of very different sizes keep their weights when rows are drawn from each."""
    rng = np.random.default_rng(0)
    site = np.repeat([0, 1, 2], [4_000, 1_500, 500])
    made = rng.normal(size=(6_000, 7)) + 1.5 * rng.normal(size=(3, 7))[site]
    table = write(
        made[:, :6], site=[f"s{value}" for value in site], y=["ab"[int(value > 0)] for value in made[:, 6]]
    )
    data = make_input(table, "y")
    others = [column for column in data.columns if column.spec.name.startswith("x")]
    whole = measure_likeness(
        site[data.rows],
        center_columns(others, data.rows),
        center_target(data, data.rows),
        is_ordered=False,
        level=0.1,
        rng=rng,
    )
    drawn = judge_places(data, ["site"])["site"]
    assert whole is not None
    assert (drawn.share, drawn.target) == pytest.approx((whole.share, whole.target), abs=0.05)


@pytest.mark.parametrize("n_rows", [240, 6_000])
def test_numbers_of_sites_have_no_order(n_rows: int) -> None:
    table = make_sites(0, shift=0.7, n_sites=8, n_rows=n_rows, letter="")
    data = make_input(table, "y")
    assert next(item.spec.kind for item in data.columns if item.spec.name == "site") is Kind.NUMBER
    assert "site" in judge_places(data, ["site"])


def test_a_place_whose_values_repeat_in_copies_alone_is_asked_nothing() -> None:
    table = {name: cells[:230] + cells[:10] for name, cells in make_clean(0).items()}
    batch = [f"b{row}" for row in [*range(230), *range(10)]]
    assert judge_places(make_input(table | {"batch": batch}, "y"), ["batch"]) == {}
    slots = np.random.default_rng(0).normal(size=(6, 1))
    found = measure_likeness(
        np.arange(6),
        (slots, np.zeros(1, np.int64)),
        slots,
        is_ordered=False,
        level=0.1,
        rng=np.random.default_rng(0),
    )
    assert found is None


def test_words_for_no_name_are_no_site() -> None:
    """Rows without a site differ from all others, as where a second file lacks the column."""
    table = make_sites(0, shift=0.0, n_sites=8)
    lost = [row % 3 == 0 for row in range(240)]
    for name in [f"x{j}" for j in range(6)]:
        table[name] = [f"{float(cell) + 3 * gone:.4f}" for cell, gone in zip(table[name], lost, strict=True)]
    words = ["unknown", "N/A", "unknown", "none"]
    found = {}
    for word in ("lost and found", *words):
        table["site"] = [
            word if gone else cell if cell.startswith("s") else "s0"
            for cell, gone in zip(table["site"], lost, strict=True)
        ]
        found[word] = judge_places(make_input(table, "y"), ["site"])
    assert found["unknown"] == found["N/A"] == found["none"] == {}
    raw = make_raw("site", ["NA", "Bern", " unknown", "Bern ", "", "Ulm"])
    assert number_cells(raw, np.arange(6)).tolist() == [-1, 0, -1, 0, -1, 1]


def test_exact_copies_make_no_unit_of_every_column() -> None:
    table = make_clean(1)
    doubled = {name: cells[:80] + cells[:80] + cells[160:] for name, cells in table.items()}
    assert find_alike(make_input(doubled, "y")) == {}


def test_likeness_is_the_mean_product_of_pairs() -> None:
    rng = np.random.default_rng(3)
    family = np.array([0, 0, 0, 1, 1, 2])
    values = rng.normal(size=(6, 1))
    values = (values - values.mean()) / values.std()
    found = measure_likeness(
        family, (values, np.zeros(1, np.int64)), values, is_ordered=False, level=0.1, rng=rng
    )
    of_rows = [
        np.mean([values[i, 0] * values[j, 0] for j in range(6) if j != i and family[j] == family[i]])
        for i in range(5)
    ]
    assert found is not None
    assert found.target == pytest.approx(np.mean(of_rows))
    assert found.share == pytest.approx(np.mean(of_rows))
    assert isinstance(found, Likeness)


def test_columns_become_centred_slots() -> None:
    table = {"a": ["1", "2", "NA", "9"] * 5, "b": ["u", "v", "w", "u"] * 5, "y": ["p", "q"] * 10}
    data = make_input(table, "y")
    slots, numbers = center_columns([column for column in data.columns if column.spec.name != "y"], data.rows)
    assert numbers.tolist() == [0, 1, 1, 1]
    assert slots.mean(axis=0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([2] * 10, True),
        ([2] * 9, False),
        ([1] * 100, False),
        ([30] * 10, False),
        ([3, 1] * 10, True),
        ([2] * 20 + [1] * 130, False),
    ],
)
def test_few_rows_a_value(sizes: list[int], *, expected: bool) -> None:
    family = np.array(list(itertools.chain.from_iterable([k] * size for k, size in enumerate(sizes))))
    assert has_few_rows(family) is expected


def test_tickets_and_homes_of_the_titanic_are_proposed() -> None:
    table = read_table(find_data("titanic/titanic_openML.csv"))
    kept = {name: [cell.strip().strip("'") for cell in cells] for name, cells in table.items()}
    found = find_alike(
        make_input({name: cells for name, cells in kept.items() if name != "name"}, "survived")
    )
    assert "ticket" in found
    assert "age" not in found


def test_cells_that_are_taken_apart_name_nobody() -> None:
    data = make_input(make_planted(0), "y")
    part = next(column for column in data.columns if column.spec.name == "x5")
    part = dataclasses.replace(part, spec=dataclasses.replace(part.spec, name="code/2", source="code"))
    assert "code" in find_alike(data)
    assert find_alike(dataclasses.replace(data, columns=(*data.columns, part))) == {}
