"""One table, one page a code, no page without a code; measured rates are the published ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from heldout.codes import CODES, LOGGED_CODES, Code, find_code, refuse_mute, say_mute, write_index, write_page
from heldout.codes.planted import PLANTED
from heldout.errors import UsageError
from heldout.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "codes"
REWRITE = (
    "write the pages again: python -c 'from pathlib import Path; from heldout.codes import *; "
    '[Path(f"docs/codes/{c.code}.md").write_text(write_page(c)) for c in CODES]; '
    'Path("docs/codes/index.md").write_text(write_index(CODES))\''
)


def list_emitted() -> set[str]:
    """Codes that stand as texts in the source outside the table and outside docstrings' invented ones."""
    found = set()
    for path in (ROOT / "src" / "heldout").rglob("*.py"):
        if path.parent.name != "codes":
            found |= set(re.findall(r'"(HO[1-4]\d\d)"', path.read_text(encoding="utf-8")))
    return found


def test_every_code_that_the_code_base_emits_is_in_the_table_and_the_other_way_round() -> None:
    table = {item.code for item in CODES}
    assert list_emitted() - table == set()
    by_word = {item.code for item in LOGGED_CODES}  # found by the word of the verdict
    assert table - list_emitted() - by_word == set()


def test_codes_are_unique_and_told_whole() -> None:
    codes = [item.code for item in CODES]
    assert len(codes) == len(set(codes))
    for item in CODES:
        assert re.fullmatch(r"HO[1-4]\d\d", item.code)
        assert all((item.title, item.meaning, item.threshold, item.error_rate)), item


@pytest.mark.parametrize("item", CODES, ids=lambda item: item.code)
def test_each_page_is_written_from_its_line(item: Code) -> None:
    page = PAGES / f"{item.code}.md"
    assert page.is_file(), REWRITE
    assert page.read_text(encoding="utf-8") == write_page(item), REWRITE


def test_there_is_no_page_without_a_code() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"index"}
    assert pages == {item.code for item in CODES}
    assert (PAGES / "index.md").read_text(encoding="utf-8") == write_index(CODES), REWRITE


OF_SKILL = ("of the claims SKILL, untrue", "random labels")  # every such claim is untrue by construction


def read_rates(least: int = 0) -> dict[str, list[float]]:
    """The measured shares of docs/error-rates.md with so many claims, both suites, by the words of the promise."""
    rates: dict[str, list[float]] = {}
    for line in (ROOT / "docs" / "error-rates.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        is_rate = len(cells) == 7 and cells[3].endswith("%") and (cells[0], cells[1]) != OF_SKILL
        if is_rate and int(cells[5].split()[0]) >= least:
            rates.setdefault(cells[0], []).append(float(cells[3].removesuffix(" %")))
    return rates


def test_measured_rates_are_those_of_the_published_page() -> None:
    rates = {least: read_rates(least) for least in (0, 100)}
    told = [measured for item in CODES for measured in item.measured]
    assert told
    for measured in told:
        assert measured.least == (100 if measured.promise in rates[100] else 0), measured
        found = rates[measured.least][measured.promise]
        assert (measured.low, measured.high) == (min(found), max(found)), measured


def test_the_page_of_a_good_fit_says_nothing_of_one_claim_of_one() -> None:
    page = " ".join(write_page(find_code("HO116")).split())
    assert "of the claims SKILL, untrue: 0 to 2.1 %" in page
    assert "kinds with at least 100 claims (docs/error-rates.md)" in page
    assert "at least 100 claims" not in write_page(find_code("HO306"))  # of 4 and 12 planted faults


def test_what_was_planted_is_a_line_of_the_published_page() -> None:
    lines = (ROOT / "docs" / "results.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    for item in PLANTED:
        found = [row for row in cells if row[0] == item.promise]
        assert len(found) == 1, item.promise
        assert re.match(re.escape(item.result) + r"($|[;, (])", found[0][1]), item
        assert all(find_code(code) for code in item.codes)


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(UsageError, match="no code 'HO999'"):
        find_code("HO999")


def test_verdicts_are_never_muted_and_findings_are_by_a_setting() -> None:
    assert Settings(mute=("HO217", "HO402")).mute == ("HO217", "HO402")
    assert say_mute(find_code("HO116")) == "A verdict cannot be muted."
    assert 'mute = ["HO217"]' in say_mute(find_code("HO217"))
    assert refuse_mute(()) == ""
    with pytest.raises(UsageError, match="'HO116' is a verdict and cannot be muted"):
        load_settings(None, mute=("HO116",))
    with pytest.raises(UsageError, match="there is no code 'HO21'"):
        load_settings(None, mute=("HO21",))
