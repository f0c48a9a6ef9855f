"""No cell that one row has reaches what is passed on: report, charts, the answer for machines, the page of `look`."""

import csv
import re

import numpy as np
import pytest

from e2e.made_tables import SMALL_TOML, run_here

# cell by cell what is planted, and how numbers among them may be written
PLANTED = (
    "7,171,717.17", "7171717", "7.17172e+06", "M/117", "Q77.71", "SENTINELWORD", "SENTINELCELL", "SENTINELFILE",
    "SENTINELCITY", "SENTINELBROKEN", "98765", "97654", "96543", "5151.5", "0.123454321", "0.12345",
    "SENTINELMAIL",
)  # fmt: skip
N_ROWS = 240
FAR = {7: "98765.43", 77: "97654.32", 147: "96543.21"}


def make_planted(place):
    """A table of 240 rows with sentinels in cells of every kind, and one row that cannot be read."""
    rng = np.random.default_rng(3)
    age, x = rng.integers(30, 80, N_ROWS), rng.normal(size=N_ROWS)
    columns = {
        "age": [str(value) for value in age],
        "x": [f"{value:.3f}" for value in x],
        "money": [f"{100 + 3 * i}" for i in range(N_ROWS)],
        "pair": [f"{'MF'[i % 2]}/{age[i]}" for i in range(N_ROWS)],
        "code": [f"J{i % 60 + 10}.{i % 7}" if i % 4 else str(400 + i) for i in range(N_ROWS)],
        "note": [f"w{i % 7} told of w{i % 11} and then w{i % 13} again w{i % 5}" for i in range(N_ROWS)],
        "mixed": [f"{value:.2f}" for value in rng.normal(size=N_ROWS)],
        "file": [f"notes/p{i}.txt" for i in range(N_ROWS)],
        "city": ["Ulm" if i % 2 else "Bonn" for i in range(N_ROWS)],
        # one address a person, who was seen six times
        "mail": [f"p{i // 6}@SENTINELMAIL" for i in range(N_ROWS)],
        "y": [f"{3 * x[i] + age[i] / 10 + rng.normal():.2f}" for i in range(N_ROWS)],
    }
    columns["money"][:2] = ["7,171,717.17", "7,171,717.17"]
    columns["pair"][2] = "M/117"
    columns["code"][3] = "Q77.71"
    columns["note"][4] = "SENTINELWORD was here and SENTINELWORD again of w2 and w3"
    columns["mixed"][5], columns["mixed"][95] = "SENTINELCELL", "0.123454321"
    columns["file"][6] = "notes/SENTINELFILE.txt"
    columns["city"][8] = "SENTINELCITY"
    columns["x"][9] = "-5151.515"
    for row, value in FAR.items():
        columns["y"][row] = value
    with place.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for i, row in enumerate(zip(*columns.values(), strict=True)):
            writer.writerow(row)
            if i == 50:
                file.write("SENTINELBROKEN,1,2,3,4,5,6,7,8,9,10,11,12,13\n")


@pytest.fixture(scope="module")
def told(tmp_path_factory, few_permutations):
    """(name -> what was written, folder of the study) of `look` and `fit`, and the words on the screen.

    Every part of report and answer is there; how many sizes and permutations stand behind it moves no cell.
    """
    place = tmp_path_factory.mktemp("private")
    make_planted(place / "made.csv")
    (place / "small.toml").write_text(SMALL_TOML)
    table = (place / "made.csv", "--target", "y", "--config", place / "small.toml")
    look = run_here("look", *table, "--html", place / "look.html", "--json")
    plan = run_here("fit", *table, "--dry-run", "--json")
    study = run_here("fit", *table, "--out", place / "run", "--json", "--quiet")
    assert (look.code, plan.code, study.code) == (0, 0, 0), look.err + plan.err + study.err
    files = [place / "run" / "report.html", *(place / "run" / "charts").iterdir(), place / "look.html"]
    written = {file.name: file.read_text(encoding="utf-8") for file in files}
    answers = {"look --json": look.out, "fit --dry-run --json": plan.out, "fit --json": study.out}
    return {**written, **answers}, place


def find_planted(text):
    """Digits count where a number begins: those of a loss may hold them by chance."""
    return [word for word in PLANTED if re.search(r"(?<![\d.,])" + re.escape(word), text)]


def test_digits_are_found_where_a_number_begins() -> None:
    assert find_planted('"y": 97654.32') == ["97654"]
    assert find_planted("6.796543,0.0096543") == []
    assert find_planted("notes/SENTINELFILE.txt, -5151.515") == ["SENTINELFILE", "5151.5"]


def test_no_planted_cell_is_passed_on(told) -> None:
    texts, _ = told
    assert {name.rpartition(".")[2] for name in texts} >= {"html", "csv", "json"}
    assert {name: found for name, text in texts.items() if (found := find_planted(text))} == {}


def test_they_are_shown_where_asked_and_on_the_own_screen(told, tmp_path) -> None:
    _, place = told
    assert run_here("report", place / "run", "--out", tmp_path / "rows.html", "--show-rows").code == 0
    shown = find_planted((tmp_path / "rows.html").read_text(encoding="utf-8"))
    assert {"7,171,717.17", "SENTINELBROKEN", "98765", "SENTINELMAIL"} <= set(shown)
    screen = run_here("look", place / "made.csv", "--target", "y").out
    assert "7,171,717.17" in screen
    page = run_here(
        "look", place / "made.csv", "--target", "y", "--show-rows", "--html", tmp_path / "look.html", "--json"
    )
    assert "7,171,717.17" in page.out
    assert "7,171,717.17" in (tmp_path / "look.html").read_text(encoding="utf-8")


def test_what_rows_share_stays(told) -> None:
    texts, _ = told
    assert "thousands comma, as in (hidden)" in texts["report.html"]
    assert "pair/age" in texts["report.html"]
