"""Tables of odd shape and names through a whole `heldout fit` and its report: many classes, wide, markup, 16 rows."""

import contextlib
import html.parser
from dataclasses import dataclass

import numpy as np
import pytest

from chromium import find_barriers, find_chromium, start_browser
from e2e.made_tables import load_answer, run_here, with_parts, write_table

pytestmark = pytest.mark.usefixtures("few_permutations")
# at most one remedy with one strength: more would only compile more
SMALL_TOML = 'preset = "quick"\n[remedies]\naugmentation = []\ndropout = [{}]\nl1 = []\nl2 = []\n'
SCRIPT, PICTURE, END = "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "]]>"
EVIL = (SCRIPT, PICTURE, END)
FILE = '"><img src=x onerror=alert(3)>]]><script>alert(4).csv'  # a name cannot hold a slash
OPEN_FEW = """() => document.querySelectorAll('details').forEach((one) => {
  one.open = one.querySelectorAll('tr').length < 50; })"""


class Shown(html.parser.HTMLParser):
    """The tags of a page, what its attributes ask for, and the text a reader sees."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.orders, self.text = set(), [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.orders += [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


@dataclass(frozen=True)
class Finished:
    """A study as `heldout fit` left it."""

    folder: object
    outcome: object

    @property
    def page(self):
        return (self.folder / "report.html").read_text(encoding="utf-8")


def quote(cell):
    return '"' + str(cell).replace('"', '""') + '"'


def fit(place, columns, *, target, name="table.csv"):
    (place / "small.toml").write_text(SMALL_TOML.format("0.5" if name == FILE else ""))
    quoted = {quote(column): [quote(cell) for cell in cells] for column, cells in columns.items()}
    table = write_table(place / name, quoted)
    words = ("fit", table, "--target", target, "--config", place / "small.toml", "--out", place / "run")
    parts = ("--split", "part") if "part" in columns else ()
    outcome = run_here(*words, *parts, "--progress", "none")
    assert outcome.code == 0, outcome.err
    return Finished(place / "run", outcome)


def make_forty_classes():
    rng = np.random.default_rng(0)
    kind = np.arange(480) % 40
    noise = 0.15 * rng.normal(size=(480, 2))
    columns = {
        "length": [f"{value:.3f}" for value in kind % 8 + noise[:, 0]],
        "width": [f"{value:.3f}" for value in kind // 8 + noise[:, 1]],
        "species": [f"species {number:02d}" for number in kind],
    }
    return with_parts(columns, validation=80, test=80)


def make_wide():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(240, 500))
    ill = values[:, 7] + values[:, 300] + 0.3 * rng.normal(size=240) > 0
    genes = {f"gene_{number:03d}": [f"{value:.3f}" for value in values[:, number]] for number in range(500)}
    return with_parts(genes | {"ill": ["yes" if value else "no" for value in ill]})


def make_hostile():
    rng = np.random.default_rng(2)
    x = rng.normal(size=240)
    colour = rng.choice(EVIL, 240)
    positive = x + (colour == SCRIPT) + 0.3 * rng.normal(size=240) > 0.3
    columns = {
        SCRIPT: [f"{value:.3f}" for value in x],
        PICTURE: list(colour),
        END: [PICTURE if value else SCRIPT for value in positive],
    }
    return with_parts(columns)


def make_sixteen():
    rng = np.random.default_rng(3)
    return {
        "age": [f"{value:.1f}" for value in rng.normal(50, 10, 16)],
        "sex": list(rng.choice(["f", "m"], 16)),
        "kind": ["familial" if number % 3 else "sporadic" for number in range(16)],
    }


CASES = {
    "classes": (make_forty_classes, "species", "table.csv"),
    "wide": (make_wide, "ill", "table.csv"),
    "hostile": (make_hostile, END, FILE),
    "sixteen": (make_sixteen, "kind", "table.csv"),
}


@pytest.fixture(scope="module")
def studies(tmp_path_factory, few_permutations):
    """Each study when it is first asked for."""
    made = {}

    def study(name):
        if name not in made:
            make, target, file = CASES[name]
            made[name] = fit(tmp_path_factory.mktemp(name), make(), target=target, name=file)
        return made[name]

    return study


def test_forty_classes_are_told_apart_and_all_named(studies):
    study = studies("classes")
    score = load_answer(study.folder)["test"]["scores"][0]
    assert score["value"] > 5 / 40
    shown = Shown(study.page).text
    assert [number for number in range(40) if f"species {number:02d}" not in shown] == []


def test_five_hundred_columns_are_all_named_and_the_telling_ones_come_first(studies):
    shown = Shown(studies("wide").page).text
    assert [number for number in range(500) if f"gene_{number:03d}" not in shown] == []
    first, found, _ = shown.partition("The other 462 columns")  # of 502: target and parts are columns too
    assert found
    assert "gene_007" in first
    assert "gene_300" in first


def test_markup_in_names_and_cells_is_text(studies):
    study = studies("hostile")
    shown = Shown(study.page)
    assert shown.tags & {"script", "img", "iframe", "object", "embed"} == set()
    assert shown.orders == []
    assert [word for word in (*EVIL, FILE) if word not in shown.text] == []


def test_sixteen_rows_end_in_no_verdict_and_no_score(studies):
    study = studies("sixteen")
    answer = load_answer(study.folder)
    assert answer["verdict"]["chosen"]["word"] == "cannot tell"
    shown = Shown(study.page).text
    assert "Cannot tell: 16 development rows; under 30 no rule keeps its error rate" in shown
    assert "there are 16 usable rows; a sealed test set needs 200" in shown
    assert answer["test"] is None


@contextlib.contextmanager
def opened(browser, study, **options):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True, **options)
    page, faults = context.new_page(), []
    page.on("dialog", lambda dialog: faults.append("a script of the data ran"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    own = (study.folder / "report.html").as_uri()
    page.on("request", lambda asked: None if asked.url.startswith(own) else faults.append(asked.url[:80]))
    page.goto(own)
    yield page
    context.close()
    assert [fault for fault in faults if not fault.startswith("data:image/png")] == []


def test_no_page_has_a_barrier_or_runs_or_asks_for_anything(studies):
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    _, why_not = find_chromium()
    if why_not:
        pytest.skip(why_not)
    with start_browser() as browser:
        for name in CASES:
            with opened(browser, studies(name)) as page:
                page.evaluate(OPEN_FEW)
                assert find_barriers(page) == [], name
                assert page.evaluate("() => document.documentElement.scrollWidth") <= 1280, name
