"""Questions and decisions of single columns."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from heldout.cells.kinds import declare_column
from heldout.cells.typed import type_column
from heldout.errors import DataError, UsageError
from heldout.records import ColumnSpec, Kind, Status, TypedColumn
from heldout.settings import ColumnSettings
from heldout.sources.columns import encode_cells


def declare(cells: list[str], name: str = "x", **said: object) -> ColumnSpec:
    override = ColumnSettings.model_validate(said) if said else None
    return declare_column(encode_cells(name, cells), rows=np.arange(len(cells)), override=override)


def read(cells: list[str], name: str = "x", **said: object) -> TypedColumn:
    return type_column(encode_cells(name, cells), declare(cells, name, **said))


GLUCOSE = [str(90 + i % 40) for i in range(60)]


def test_false_zeros_are_asked_about_not_taken_out() -> None:
    typed = read([*GLUCOSE, "0", "0", "0"])
    assert typed.status.tolist() == [Status.OK] * 63
    assert "3 cells are 0, the next smallest value is 90" in typed.spec.question
    assert 'columns."x".missing = ["0"]' in typed.spec.question


def test_an_answer_ends_the_question() -> None:
    answered = read([*GLUCOSE, "0", "0", "0"], missing=["0"])
    assert answered.spec.question == ""
    assert answered.status[-3:].tolist() == [Status.SENTINEL] * 3
    assert declare([*GLUCOSE, "0", "0", "0"], kind="number").question == ""


def test_limits_of_the_user() -> None:
    clipped = read([*GLUCOSE, "900"], clip=(0, 300))
    assert (clipped.status[-1], clipped.values[-1]) == (Status.CLIPPED, 300)
    taken = read([*GLUCOSE, "900"], range=(0, 300))
    assert taken.status[-1] == Status.OUT_OF_RANGE
    assert np.isnan(taken.values[-1])
    with pytest.raises(UsageError, match="the limits 9 to 0 of column 'x' are no range"):
        declare(GLUCOSE, clip=(9, 0))


def test_impossible_values_by_name_are_asked_about() -> None:
    ages = [str(20 + i % 40) for i in range(60)]
    assert "1 cells lie outside 0 to 125, as 340 does" in declare([*ages, "340"], "age").question


def test_censored_cells_keep_their_limit() -> None:
    typed = read([*GLUCOSE, "<5", ">600"])
    assert typed.status[-2:].tolist() == [Status.CENSORED_BELOW, Status.CENSORED_ABOVE]
    assert typed.values[-2:].tolist() == [5, 600]
    assert "2 cells are limits" in typed.spec.why


def test_units_are_converted_and_counted() -> None:
    typed = read(["70 kg", "80 kg", "154.32 lb", "75.5 kg"])
    assert typed.spec.unit == "kg"
    assert typed.values[2] == pytest.approx(70, abs=0.01)
    assert typed.status[2] == Status.REPAIRED


def test_compact_dates_clocks_and_mixed_dates() -> None:
    assert declare([f"202103{day:02d}" for day in range(1, 29)]).date_format == "%Y%m%d"
    clock = read(["14:30", "9:05", "23:59"])
    assert (clock.spec.kind, clock.spec.unit, clock.values[0]) == (Kind.NUMBER, "h", 14.5)
    mixed = read(["2021-03-04", "4.3.2021", "44259", "4 Mar 2021", "2021-03-05", "2021-03-06"])
    assert len(set(mixed.values[:4])) == 1
    with pytest.raises(DataError, match="holds dates in two orders"):
        declare(["13/01/2021", "01/13/2021", "14/02/2021", "02/14/2021"])


def test_lists_become_sets() -> None:
    typed = read(["pain; fever", "Fever", "fever;pain;", "cough", "cough; pain"])
    assert typed.spec.kind is Kind.SET
    assert typed.levels[typed.codes[0]] == typed.levels[typed.codes[2]]
    forced = read(["a;b", "c", "d"], kind="set")
    assert forced.levels == ("a; b", "c", "d")


def test_spellings_are_folded_and_slips_asked() -> None:
    cells = [*["Male"] * 50, *["Female"] * 50, "male ", "Mlae"]
    typed = read(cells)
    assert typed.status[-2:].tolist() == [Status.REPAIRED, Status.OK]
    assert 'map = {"Mlae" = "Male"}' in typed.spec.question
    mapped = read(cells, map={"Mlae": "Male"})
    assert set(mapped.levels) == {"Male", "Female"}
    assert mapped.spec.decided == "user"
    with pytest.raises(UsageError, match="is read as yes/no and has neither categories nor numbers to map"):
        declare(["yes", "no"] * 9, map={"yes": "2"})


def test_codes_are_categories_and_counts_are_numbers() -> None:
    weather = [str(1 + i % 4) for i in range(4000)]
    assert declare(weather, "type_code").kind is Kind.CATEGORY
    assert declare(weather, "weathersit").kind is Kind.CATEGORY
    why = declare(weather, "weathersit").why
    assert "any order of them; a number that no fit row holds is then unknown" in why
    assert declare([f"{i % 97 / 7:.2f}" for i in range(400)], "price").kind is Kind.NUMBER
    assert declare([str(2010 + i % 5) for i in range(400)], "year").kind is Kind.NUMBER


def test_keys_that_come_back_are_group_candidates() -> None:
    spec = declare([f"P{i // 2:04d}" for i in range(80)], "patient_id")
    assert spec.kind is Kind.IDENTIFIER
    assert "a candidate for --group" in spec.why


def test_an_unknown_kind_is_refused() -> None:
    class Said:
        kind, missing, true, false, date_format, decimal = "numbr", None, None, None, None, None
        thousands, unit, grammar, map, clip, range = None, None, None, None, None, None

    with pytest.raises(UsageError, match="kind 'numbr' of column 'x' is not known"):
        declare_column(encode_cells("x", ["1", "2"]), rows=np.arange(2), override=Said())


def test_neither_locale_nor_time_zone_changes_a_reading() -> None:
    program = (
        "import numpy as np\n"
        "from heldout.cells import declare_column, type_column\n"
        "from heldout.sources.columns import encode_cells\n"
        "raw = encode_cells('x', ['2021-03-04 23:30', '4.3.2021', '5 May 2021', '1.2.21', '2021-03-05'])\n"
        "print(type_column(raw, declare_column(raw, rows=np.arange(5))).values.tolist())\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "TZ": zone, "LC_ALL": locale, "LANG": locale},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone, locale in (("Asia/Tokyo", "de_DE.UTF-8"), ("America/Los_Angeles", "C"))
    }
    assert len(told) == 1
    assert "nan" not in told.pop()


def test_large_unique_whole_numbers_without_a_name_are_asked_about() -> None:
    numbers = np.random.default_rng(0).permutation(np.arange(61_634, 61_634 + 7 * 400, 7)).tolist()
    texts = [str(number) for number in numbers]
    for name, is_asked in (("column_1", True), ("population", False)):
        spec = declare_column(encode_cells(name, texts), rows=np.arange(len(texts)))
        assert spec.kind is Kind.NUMBER
        assert ("only name the rows" in spec.question) == is_asked
