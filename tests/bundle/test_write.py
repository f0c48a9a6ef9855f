"""Writing predictions."""

import csv
import json
import os

import numpy as np
import pytest

from heldout.bundle import predict_table, write_predictions
from heldout.bundle.write import format_csv, guard_cell, list_columns
from heldout.errors import StudyError, UsageError


def read_rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def report(bundle, table):
    return predict_table(bundle, table)


def test_csv_reads_back_to_the_same_numbers(report, table, tmp_path):
    write_predictions(report, tmp_path / "out.csv", flags=True)
    rows = read_rows(tmp_path / "out.csv")
    assert list(rows[0]) == ["line", "prediction", "p_well", "p_ill", "flags"]
    assert [int(row["line"]) for row in rows] == table.lines.tolist()
    assert (
        np.array([float(row["p_ill"]) for row in rows]).tobytes() == report.prediction.values[:, 1].tobytes()
    )
    assert {row["prediction"] for row in rows} <= {"well", "ill"}
    assert rows[3]["flags"] == "missing:age"
    assert rows[0]["flags"] == ""


def test_parquet_and_json_lines_hold_the_same(many, table, tmp_path):
    import pyarrow.parquet as pq

    report = predict_table(many, table)
    columns = list_columns(report)
    assert list(columns) == ["line", "prediction", "p_a", "p_=b", "p_c"]
    write_predictions(report, tmp_path / "out.parquet")
    write_predictions(report, tmp_path / "out.jsonl")
    assert pq.read_table(tmp_path / "out.parquet").to_pydict() == columns
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert {name: [line[name] for line in lines] for name in columns} == columns
    assert "=b" in columns["prediction"]


def test_numbers_with_interval(numbers, table, tmp_path):
    report = predict_table(numbers, table)
    write_predictions(report, tmp_path / "out.csv")
    row = read_rows(tmp_path / "out.csv")[0]
    assert list(row) == ["line", "prediction", "low", "high"]
    assert float(row["high"]) - float(row["low"]) == pytest.approx(5.0)


def test_no_rows_give_a_header(bundle, table, tmp_path):
    from dataclasses import replace

    columns = tuple(replace(column, codes=column.codes[:0]) for column in table.columns)
    report = predict_table(bundle, replace(table, columns=columns, lines=table.lines[:0]))
    write_predictions(report, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "line,prediction,p_well,p_ill\n"
    write_predictions(report, tmp_path / "out.parquet")
    write_predictions(report, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == ""


def test_standard_output(report, capsys):
    write_predictions(report, "-")
    assert capsys.readouterr().out == format_csv(list_columns(report))


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx", "\rx", "\0x", "--5", "-1-1", "+1e5x"]
)
def test_formulas_get_an_apostrophe(text):
    assert guard_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+1e5", "-.5", "yes", "", "a=b", "'x"])
def test_numbers_and_plain_texts_are_untouched(text):
    assert guard_cell(text) == text


def test_formula_labels_are_guarded_in_csv_only(many, table, tmp_path):
    report = predict_table(many, table)
    write_predictions(report, tmp_path / "out.csv")
    labels = {row["prediction"] for row in read_rows(tmp_path / "out.csv")}
    assert "'=b" in labels
    assert "=b" not in labels


def test_the_input_is_never_overwritten(bundle, frame, tmp_path):
    from heldout.sources import read_table

    source = tmp_path / "new.csv"
    frame.to_csv(source, index=False)
    table = read_table(source)
    report = predict_table(bundle, table)
    os.link(source, tmp_path / "hard.csv")
    (tmp_path / "soft.csv").symlink_to(source)
    before = source.read_bytes()
    for name in ("new.csv", "hard.csv", "soft.csv"):
        with pytest.raises(UsageError, match="is the file that was read; it is never overwritten"):
            write_predictions(report, tmp_path / name, source=source)
    with pytest.raises(UsageError, match="is the file that was read"):
        write_predictions(report, source)
    assert source.read_bytes() == before


def test_older_predictions_are_replaced(report, tmp_path):
    (tmp_path / "out.csv").write_text("old")
    write_predictions(report, tmp_path / "out.csv", source=tmp_path / "gone.csv")
    assert (tmp_path / "out.csv").read_text().startswith("line,prediction")


def test_unknown_endings_and_folders(report, tmp_path):
    with pytest.raises(
        UsageError,
        match=r"cannot write predictions to '.*out\.xlsx': its ending says no format\n  -> use one of \.csv",
    ):
        write_predictions(report, tmp_path / "out.xlsx")
    with pytest.raises(StudyError, match="the folder does not exist"):
        write_predictions(report, tmp_path / "no" / "out.csv")


def test_labels_are_written_as_a_list_with_a_column_each(labels, table, tmp_path):
    report = predict_table(labels, table, allow_shift=True)
    path = tmp_path / "predictions.csv"
    write_predictions(report, path)
    rows = read_rows(path)
    assert list(rows[0]) == ["line", "prediction", "p_a", "p_b", "p_c"]
    for row in rows:
        given = [name for name in "abc" if float(row[f"p_{name}"]) >= 0.5]
        assert row["prediction"] == ("; ".join(given) or "(none)")
