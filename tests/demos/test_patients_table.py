import csv
import re

from heldout.demos.patients_table import HEADER, VISITS, write_patients


def read(path):
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    return header, [dict(zip(header, row, strict=True)) for row in rows]


def test_every_patient_has_all_visits_and_one_answer(tmp_path):
    write_patients(tmp_path / "a.csv", n_patients=30, seed=1)
    header, rows = read(tmp_path / "a.csv")
    assert tuple(header) == HEADER
    assert len(rows) == 30 * VISITS
    answers = {(row["patient"], row["readmitted"]) for row in rows}
    assert len(answers) == 30
    assert all(re.fullmatch(r"[FM]/\d\d", row["sex/age"]) for row in rows)


def test_quantities_are_written_in_many_ways(tmp_path):
    write_patients(tmp_path / "a.csv", n_patients=60, seed=0)
    _, rows = read(tmp_path / "a.csv")
    assert {row["height"].rpartition(" ")[2] for row in rows} >= {"cm", "m"}
    assert any("'" in row["height"] for row in rows)
    assert any(row["weight"].startswith("ca. ") for row in rows)
    assert {"?", "n/a"} <= {row["ward"] for row in rows} | {row["smoker"] for row in rows}


def test_two_orders_show_in_the_dates_alone(tmp_path):
    write_patients(tmp_path / "a.csv", n_patients=40, seed=0)
    write_patients(tmp_path / "b.csv", n_patients=40, seed=0, has_two_orders=True)
    months = [
        [int(row["visit"].split("/")[1]) for row in read(tmp_path / name)[1] if "/" in row["visit"]]
        for name in ("a.csv", "b.csv")
    ]
    assert max(months[0]) <= 12 < max(months[1])


def test_same_seed_same_file(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_patients(tmp_path / name, n_patients=5, seed=seed)
    texts = [(tmp_path / name).read_text() for name in "abc"]
    assert texts[0] == texts[1] != texts[2]
