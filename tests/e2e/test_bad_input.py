"""Every kind of bad input: one message with the place and what to do, the right exit code, nothing half-written."""

import errno
import os

import pytest

import heldout as ho
from e2e.made_tables import make_binary, make_numbers, run_here, write_table
from heldout.errors import DataError, StudyError

HEADER = "age,dose,colour,ill"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refuse(place, *arguments, code=3):
    """Run `fit` that must be refused; give its message. Nothing may be left behind."""
    before = sorted(place.rglob("*"))
    outcome = run_here("fit", *arguments, "--preset", "quick", "--out", "runs/study")
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert not (place / "runs" / "study").exists()
    assert [path for path in sorted(place.rglob("*")) if path.name != "runs"] == before
    return outcome.err


def spoil(place, change, **changed):
    """Write the usual table of 60 rows after a change to its columns."""
    columns = make_binary(60) | changed
    change(columns)
    return write_table(place / "data.csv", columns)


def test_a_missing_file_is_named_with_its_nearest_neighbour(place):
    write_table(place / "patients.csv", make_binary(60))
    message = refuse(place, "patient.csv", "--target", "ill")
    assert "there is no file 'patient.csv'" in message
    assert "did you mean 'patients.csv'?" in message


def test_an_empty_file(place):
    (place / "data.csv").write_text("")
    assert "data.csv is empty (0 bytes)" in refuse(place, "data.csv", "--target", "ill")


def test_a_file_with_nothing_but_a_header(place):
    (place / "data.csv").write_text(HEADER + "\n")
    message = refuse(place, "data.csv", "--target", "ill")
    assert "has a header (age, dose, colour, ill) but no rows below it" in message


def test_a_misspelt_target_suggests_the_nearest_column(place):
    spoil(place, lambda columns: None)
    message = refuse(place, "data.csv", "--target", "il")
    assert "no column 'il' in data.csv" in message
    assert "did you mean 'ill'?" in message


def test_no_target_is_a_usage_error_that_lists_the_columns(place):
    spoil(place, lambda columns: None)
    message = refuse(place, "data.csv", code=2)
    assert "no target column was named" in message
    assert "'age', 'dose', 'colour', 'ill'" in message


def test_a_constant_target(place):
    spoil(place, lambda columns: None, ill=["yes"] * 60)
    message = refuse(place, "data.csv", "--target", "ill")
    assert "target 'ill' is constant: all 60 cells are 'yes'" in message
    assert "--target" in message


def test_a_class_with_one_row_names_line_and_remedy(place):
    def add(columns):
        columns["ill"][37] = "maybe"

    spoil(place, add)
    message = refuse(place, "data.csv", "--target", "ill")
    assert "class 'maybe' has only one row" in message
    assert "line 39" in message
    assert "target_map" in message


def test_missing_targets_are_set_aside_and_counted(place):
    def empty(columns):
        for row in (3, 5, 8):
            columns["ill"][row] = ""

    spoil(place, empty)
    look = run_here("look", "data.csv", "--target", "ill", "--json")
    assert look.code == 0, look.err
    assert look.json["n_set_aside"] == 3
    assert look.json["target"]["missing"] == [3, 5, 8]
    plan = run_here("fit", "data.csv", "--target", "ill", "--dry-run", "--json").json
    assert plan["split"]["n_development"] == 57


def test_only_constants_and_identifiers_are_no_features(place):
    columns = {"id": [f"p{row:05d}" for row in range(60)], "k": [7] * 60, "ill": ["yes", "no"] * 30}
    write_table(place / "data.csv", columns)
    message = refuse(place, "data.csv", "--target", "ill")
    assert "no column is left to predict from ('id': identifier; 'k': constant; 'ill': the target)" in message
    assert "kind" in message


def test_one_group_for_all_rows(place):
    spoil(place, lambda columns: None, site=["A"] * 60)
    message = refuse(place, "data.csv", "--target", "ill", "--group", "site")
    assert "column 'site' cannot say which rows belong together: every row has the group 'A'" in message


def test_a_group_for_each_row_is_said_to_change_nothing(place):
    spoil(place, lambda columns: None, patient=[f"p{row}" for row in range(60)])
    look = run_here("look", "data.csv", "--target", "ill", "--group", "patient", "--json")
    assert look.code == 0, look.err
    assert "all 60 groups hold one row each, so the groups change nothing" in look.json["read_notes"]


def test_a_test_file_that_lacks_a_column(place):
    columns = make_binary(60)
    write_table(place / "data.csv", columns)
    write_table(place / "later.csv", {name: columns[name] for name in ("dose", "colour", "ill")})
    message = refuse(place, "data.csv", "--target", "ill", "--test", "later.csv")
    assert "the test file later.csv lacks 1 of 4 columns of data.csv: age" in message


def test_a_test_file_without_the_target(place):
    columns = make_binary(60)
    write_table(place / "data.csv", columns)
    write_table(place / "later.csv", {name: columns[name] for name in ("age", "dose", "colour")})
    assert "ill" in refuse(place, "data.csv", "--target", "ill", "--test", "later.csv")


def test_numbers_that_are_not_finite_are_counted_never_used(place):
    def spoil_cells(columns):
        columns["age"][4], columns["dose"][9], columns["dose"][11] = "inf", "nan", "-inf"

    spoil(place, spoil_cells)
    look = run_here("look", "data.csv", "--target", "ill", "--json")
    assert look.code == 0, look.err
    by_name = {column["name"]: column for column in look.json["columns"]}
    assert by_name["age"]["kind"] == by_name["dose"]["kind"] == "number"
    assert by_name["age"]["n_missing"] + by_name["age"]["n_unparsed"] == 1
    assert by_name["dose"]["n_missing"] + by_name["dose"]["n_unparsed"] == 2


def test_an_infinite_regression_target_is_refused_with_its_line(place):
    columns = make_numbers(60)
    columns["price"][20] = "inf"
    write_table(place / "data.csv", columns)
    message = refuse(place, "data.csv", "--target", "price", "--task", "regression")
    assert "line 22" in message
    assert "inf" in message


def test_words_in_a_regression_target_are_refused_with_line_and_value(place):
    columns = make_numbers(60)
    columns["price"][7] = "five"
    write_table(place / "data.csv", columns)
    message = refuse(place, "data.csv", "--target", "price", "--task", "regression")
    assert "line 9" in message
    assert "'five'" in message


def test_duplicate_column_names_are_repaired_and_said(place):
    spoil(place, lambda columns: None)
    text = (place / "data.csv").read_text().replace(HEADER, "age,age,colour,ill", 1)
    (place / "data.csv").write_text(text)
    look = run_here("look", "data.csv", "--target", "ill", "--json").json
    assert [column["name"] for column in look["columns"]] == ["age", "age#2", "colour", "ill"]
    assert any("age#2" in note for note in look["read_notes"])


def test_a_duplicated_target_name_is_never_guessed(place):
    columns = make_binary(60)
    write_table(place / "data.csv", columns | {"ill2": columns["ill"]})
    (place / "data.csv").write_text((place / "data.csv").read_text().replace("ill,ill2", "ill,ill", 1))
    outcome = run_here("look", "data.csv", "--target", "ill")
    assert "ill#2" in outcome.out + outcome.err


def test_one_row(place):
    (place / "data.csv").write_text(f"{HEADER}\n1,2,red,yes\n")
    message = refuse(place, "data.csv", "--target", "ill")
    assert "data.csv has 1 row; a study needs at least 10" in message
    assert "collect more rows" in message


def test_a_file_in_the_place_of_the_output_folder(place):
    spoil(place, lambda columns: None)
    (place / "runs").write_text("a file")
    outcome = run_here("fit", "data.csv", "--target", "ill", "--out", "runs/study")
    assert outcome.code == 3
    assert "runs" in outcome.err
    assert "--out" in outcome.err
    assert (place / "runs").read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_to_write(place):
    spoil(place, lambda columns: None)
    (place / "runs").mkdir(mode=0o500)
    outcome = run_here("fit", "data.csv", "--target", "ill", "--out", "runs/study")
    assert outcome.code == 3
    assert "not writable" in outcome.err


def test_a_folder_with_other_files_is_left_alone(place):
    spoil(place, lambda columns: None)
    (place / "thesis").mkdir()
    (place / "thesis" / "chapter.txt").write_text("words")
    outcome = run_here("fit", "data.csv", "--target", "ill", "--out", "thesis")
    assert outcome.code == 3
    assert "no study" in outcome.err
    assert [path.name for path in (place / "thesis").iterdir()] == ["chapter.txt"]


def test_a_budget_that_is_no_time_leaves_no_folder(place):
    spoil(place, lambda columns: None)
    message = refuse(place, "data.csv", "--target", "ill", "--budget", "soon", code=2)
    assert "budget 'soon' is not a time" in message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--time", "colour"), "time column 'colour', line 2: 'green' is neither a date nor a number"),
        (("--split", "colour"), "in the split column 'colour' is no part"),
        (("--group", "colour~["), "not a valid regular expression"),
        (("--seed", "-1"), "setting 'seed'"),
        (("--config", "none.toml"), "cannot read the settings file 'none.toml'"),
        (("--test", "none.csv"), "there is no file 'none.csv'"),
    ],
)
def test_options_that_do_not_fit_the_data(place, options, words):
    spoil(place, lambda columns: None)
    outcome = run_here("fit", "data.csv", "--target", "ill", "--out", "runs/study", *options)
    assert outcome.code in (2, 3)
    assert words in outcome.err
    assert not (place / "runs").exists()


def test_the_error_is_one_json_object_with_json(place):
    outcome = run_here("fit", "none.csv", "--target", "ill", "--json")
    assert outcome.json["schema"] == "heldout/error/1"
    assert outcome.json["kind"] == "DataError"
    assert outcome.json["exit_code"] == 3


def test_python_gets_the_same_refusals(place):
    with pytest.raises(DataError, match="there is no file"):
        ho.fit("none.csv", target="ill")
    spoil(place, lambda columns: None)
    with pytest.raises(DataError, match="no column 'il'") as caught:
        ho.fit("data.csv", target="il")
    assert caught.value.hint == "did you mean 'ill'?"


def test_a_full_disk_at_the_start_says_so_and_leaves_nothing(place, monkeypatch):
    spoil(place, lambda columns: None)

    def fail(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("heldout.folder._write_through", fail)
    with pytest.raises(StudyError, match="no space left to write"):
        ho.fit("data.csv", target="ill", preset="quick", out="runs/study", progress="none")
    assert [path.name for path in (place / "runs" / "study").iterdir()] in ([], [".lock"])
