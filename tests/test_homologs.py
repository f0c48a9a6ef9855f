"""Copies of sequences are joined, unrelated ones are not, and what joins nearly everything joins nothing."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.homologs import find_homologs, join_homologs
from heldout.links import Links
from heldout.sources.columns import encode_cells

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
OTHER_STRAND = str.maketrans("ACGT", "TGCA")


def draw(rng: np.random.Generator, length: int, letters: str = "ACGT") -> str:
    return "".join(rng.choice(list(letters), length))


def change(rng: np.random.Generator, text: str, identity: float, letters: str = "ACGT") -> str:
    return "".join(
        letter if rng.random() < identity else rng.choice([other for other in letters if other != letter])
        for letter in text
    )


def plant(rng: np.random.Generator, n: int, length: int, identity: float, letters: str = "ACGT") -> list[str]:
    """Pairs of a sequence and its copy; of bases every second copy is from the other strand."""
    texts = []
    for number in range(n):
        one = draw(rng, length, letters)
        copy = change(rng, one, identity, letters)
        texts += [one, copy.translate(OTHER_STRAND)[::-1] if letters == "ACGT" and number % 2 else copy]
    return texts


def count_impure(unit: np.ndarray) -> int:
    return sum(len(set(np.flatnonzero(unit == one) // 2)) > 1 for one in np.unique(unit))


@pytest.mark.parametrize(
    ("length", "identity", "least"), [(60, 0.9, 0.98), (60, 0.85, 0.95), (200, 0.9, 1.0), (200, 0.85, 0.99)]
)
def test_planted_copies_are_joined_and_nothing_else(length: int, identity: float, least: float) -> None:
    texts = plant(np.random.default_rng(0), 80, length, identity)
    unit = find_homologs(texts, alphabet="DNA").unit
    assert (unit[::2] == unit[1::2]).mean() >= least
    assert count_impure(unit) == 0


def test_copies_with_lost_and_added_letters_are_joined() -> None:
    rng = np.random.default_rng(1)
    texts = plant(rng, 60, 300, 0.92)
    for place in range(1, len(texts), 2):
        cuts = sorted(rng.choice(300, 5, replace=False))
        pieces = [texts[place][a:b] for a, b in zip([0, *cuts], [*cuts, 300], strict=True)]
        texts[place] = "ACG".join(pieces[:3]) + "".join(piece[2:] for piece in pieces[3:])
    unit = find_homologs(texts, alphabet="DNA").unit
    assert (unit[::2] == unit[1::2]).mean() >= 0.98
    assert count_impure(unit) == 0


@pytest.mark.parametrize("letters", ["ACGT", "AAACGTTT", RESIDUES])
def test_unrelated_sequences_stay_apart(letters: str) -> None:
    rng = np.random.default_rng(2)
    texts = [draw(rng, 80, letters) for _ in range(500)]
    found = find_homologs(texts, alphabet="protein" if letters == RESIDUES else "DNA")
    assert found.n_families == 0
    assert len(np.unique(found.unit)) == len(texts)


def test_proteins_are_joined_on_one_strand_only() -> None:
    rng = np.random.default_rng(3)
    texts = plant(rng, 60, 80, 0.8, RESIDUES)
    unit = find_homologs(texts, alphabet="protein").unit
    assert (unit[::2] == unit[1::2]).mean() >= 0.95
    one = draw(rng, 60, RESIDUES)
    assert len(set(find_homologs([one, one[::-1]], alphabet="protein").unit)) == 2


def test_overlapping_windows_and_contained_pieces_are_copies() -> None:
    rng = np.random.default_rng(4)
    gene, others = draw(rng, 400), [draw(rng, 200) for _ in range(50)]
    unit = find_homologs([gene[:200], gene[120:320], gene[30:110], *others], alphabet="DNA").unit
    assert unit[:3].tolist() == [0, 0, 0]
    assert len(np.unique(unit)) == 51


def test_repeats_primers_and_tails_join_nothing() -> None:
    rng = np.random.default_rng(5)
    alu, primer = draw(rng, 300), draw(rng, 20)
    longer = [draw(rng, 1_000) + change(rng, alu, 0.95) + draw(rng, 700) for _ in range(30)]
    tailed = [draw(rng, 60) + "A" * 60 for _ in range(60)]
    satellites = [draw(rng, 60) + "CAG" * 20 for _ in range(60)]
    primed = [primer + draw(rng, 100) for _ in range(60)]
    for texts in (longer, tailed, satellites, primed):
        assert find_homologs(texts, alphabet="DNA").n_families == 0


def test_a_large_family_is_one() -> None:
    rng = np.random.default_rng(6)
    ancestor = draw(rng, 150)
    texts = [change(rng, ancestor, 0.93) for _ in range(120)] + [draw(rng, 150) for _ in range(100)]
    found = find_homologs(texts, alphabet="DNA")
    assert (found.n_families, found.n_members, found.unit.max()) == (1, 120, 100)


def test_case_gaps_and_codes_do_not_matter_and_empty_ones_stand_alone() -> None:
    rng = np.random.default_rng(7)
    one = draw(rng, 60)
    texts = [
        one,
        one.lower(),
        one[:30] + "--" + one[30:],
        one[:20] + "NNN" + one[23:],
        "",
        "",
        "N" * 60,
        draw(rng, 60),
    ]
    found = find_homologs(texts, alphabet="DNA")
    assert found.unit.tolist() == [0, 0, 0, 0, 1, 2, 3, 4]
    assert find_homologs([], alphabet="DNA").unit.tolist() == []
    assert find_homologs(
        ["ACGU" * 9 + "GAUUACA" * 3, "ACGT" * 9 + "GATTACA" * 3], alphabet="RNA"
    ).unit.tolist() == [0, 0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_changes_no_family(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = plant(rng, 8, 80, 0.9) + [draw(rng, 40)]
    order = rng.permutation(len(texts))
    unit, moved = (find_homologs(some, alphabet="DNA").unit for some in (texts, [texts[at] for at in order]))
    assert ((unit[order][:, None] == unit[order]) == (moved[:, None] == moved)).all()


def test_long_sequences_are_compared_in_both_directions() -> None:
    rng = np.random.default_rng(8)
    texts = [draw(rng, 5_000) for _ in range(12)]
    texts.append(texts[3][1_000:4_000].translate(OTHER_STRAND)[::-1])
    unit = find_homologs(texts, alphabet="DNA").unit
    assert unit[12] == unit[3]
    assert len(np.unique(unit)) == 12


def lone(n: int) -> Links:
    return Links(np.arange(n), 0, 0, np.arange(n))


def test_families_are_joined_with_the_units_there_are() -> None:
    rng = np.random.default_rng(9)
    one, other = draw(rng, 80), draw(rng, 80)
    cells = [one, None, change(rng, one, 0.95), "?", other, *(draw(rng, 80) for _ in range(15))]
    links = Links(np.array([0, 1, 2, 3, 4, 4, *range(5, 19)]), 0, 0, np.arange(20))
    joined = join_homologs(links, (encode_cells("gene", cells),))
    assert joined.unit[:6].tolist() == [0, 1, 0, 2, 3, 3]
    assert "2 of 20 sequences of 'gene' are copies of another one in part, in 1 families" in joined.notes[0]
    assert (joined.first_of_duplicate == links.first_of_duplicate).all()


def test_a_family_of_nearly_all_rows_is_told_and_not_kept_together() -> None:
    rng = np.random.default_rng(10)
    wild = draw(rng, 200, RESIDUES)
    cells: list[str | None] = [change(rng, wild, 0.98, RESIDUES) for _ in range(50)]
    links = lone(50)
    joined = join_homologs(links, (encode_cells("variant", cells),))
    assert (joined.unit == links.unit).all()
    assert "the largest family would hold 50 rows, so families were not kept together" in joined.notes[0]


def test_ranges_of_one_accession_stay_together_unless_they_are_windows_of_chromosomes() -> None:
    rng = np.random.default_rng(11)
    sequences = encode_cells("sequence", [draw(rng, 80) for _ in range(8)])
    few = encode_cells("accession", ["NC_1", "NC_1", "NC_2", "NC_3", "NC_4", "NC_5", "NC_6", None])
    joined = join_homologs(lone(8), (sequences,), accession=few)
    assert joined.unit.tolist() == [0, 0, 1, 2, 3, 4, 5, 6]
    assert joined.notes == ("1 of 6 accessions have several ranges; they stay on one side of every split",)
    windows = encode_cells("accession", ["chr1"] * 4 + ["chr2"] * 4)
    assert join_homologs(lone(8), (sequences,), accession=windows).unit.tolist() == list(range(8))


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_real_sequences_of_one_kind_fall_into_small_families() -> None:
    with gzip.open(DATA / "splice_junction" / "splice.fasta.gz", "rt") as file:
        texts = ["".join(record.split("\n")[1:]) for record in file.read().split(">")[1:]]
    found = find_homologs(texts, alphabet="DNA")
    sizes = np.bincount(found.unit)
    assert 600 <= found.n_members <= 800  # among them 330 that have an exact copy
    assert sizes.max() <= 60
    rng = np.random.default_rng(0)
    shuffled = ["".join(rng.permutation(list(text))) for text in sorted(set(texts))]
    assert find_homologs(shuffled, alphabet="DNA").n_members <= 4
