import numpy as np
import pytest
from tests.demos.page_checks import check_page

from heldout.demos import DEMOS, DemoRequest
from heldout.demos.dna import count_whole, measure_hiding, read_faulty, run_demo
from heldout.demos.dna_data import draw_genes
from heldout.demos.page import build_record, render_page


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return run_demo(DemoRequest(tmp_path_factory.mktemp("dna"), is_small=True))


def test_reader_names_every_fault(tmp_path):
    found = read_faulty(tmp_path / "faulty.fasta", seed=0)
    said = " ".join([*found.notes, *(reason for _, reason in found.set_aside)])
    for word in (
        "line 48 holds '>' in mid-line",
        "ambiguous letters: N 2, R 1, Y 1",
        "NC_204.1",
        "no sequence",
    ):
        assert word in said
    assert "different sequences" in said
    assert "accessions have several ranges; they stay on one side" in said
    assert len(found.set_aside) == 4
    assert found.n_used == 29
    assert found.n_units == 28  # the two ranges of one accession are one unit


def test_families_are_found_and_stay_whole(outcome):
    record = outcome.record
    assert record.n_found >= 0.95 * record.n_families
    assert record.n_cut > 0.3 * record.n_families
    assert record.together.n_units < record.together.n_development * 0.7


def test_promise_of_cut_families_is_not_kept(outcome):
    record = outcome.record
    assert record.apart.test.value > record.strangers_apart.value
    assert "belong to a unit (copy or group) that also has development rows" in record.cut_notes[0]


def test_letters_and_words_are_seen(outcome):
    seen = outcome.record.seen
    letters = {letter: numbers for letter, _, numbers in seen.letters}
    assert set(seen.text) == set(letters)
    assert letters["N"][:4] == (0.25,) * 4
    assert letters["R"][:4] == (0.5, 0.0, 0.5, 0.0)
    assert letters["a"][:4] == (1.0, 0.0, 0.0, 0.0)
    assert letters["a"][4:] != letters["A"][4:]
    assert {len(word) for word, _ in seen.words} <= {3, 4, 5}


def test_hits_are_counted_against_chance():
    drop = np.zeros((2, 31))
    drop[0, 19], drop[1, 26] = 2.0, 1.0
    found = measure_hiding(drop, np.array([15, 19]))
    assert found.n_hits == 1  # the second lies 7 letters off, beyond half of the word
    assert found.share_by_chance == pytest.approx(11 / 31)
    assert found.drops[0, found.distances == 4][0] == 2.0
    assert found.drops[1].max() == 1.0


def test_families_are_whole_only_where_nothing_else_is_in_them():
    genes = draw_genes(3, n_copies=2, seed=0, prefix="g")
    family = np.array([gene.family for gene in genes])
    assert count_whole(genes, family) == 3
    assert count_whole(genes, np.where(family == 2, 1, family)) == 1
    assert count_whole(genes, np.arange(6)) == 0


def test_page_and_record(outcome):
    demo = DEMOS["dna"]
    outline = check_page(render_page(demo, outcome, seed=0))
    assert outline.counts["figure"] == 3
    assert len(outcome.page.answer) <= 20
    assert max(map(len, outcome.page.answer)) <= 110
    assert build_record(demo, outcome, seed=0)["results"]["n_rows"] == 280
