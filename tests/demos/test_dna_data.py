from collections import Counter

import numpy as np

from heldout.demos.dna_data import (
    COPIES,
    LENGTH,
    TOLD,
    WORD,
    deal_rows,
    draw_genes,
    hide_windows,
    write_faults,
    write_genes,
)

TURN = str.maketrans("ACGT", "TGCA")


def test_word_is_the_same_on_both_strands():
    assert WORD.translate(TURN)[::-1] == WORD


def test_relatives_share_class_word_and_most_letters():
    genes = draw_genes(30, n_copies=COPIES, seed=2, prefix="g")
    families = {}
    for gene in genes:
        families.setdefault(gene.family, []).append(gene)
    assert {len(own) for own in families.values()} == {COPIES}
    for own in families.values():
        assert len({(gene.is_on, gene.word_at) for gene in own}) == 1
        one, other = (gene.letters.upper() for gene in own[:2])
        assert np.mean([a == b for a, b in zip(one, other, strict=True)]) > 0.7
        if own[0].word_at >= 0:
            at = own[0].word_at
            assert all(gene.letters.upper()[at : at + len(WORD)] == WORD for gene in own)


def test_class_follows_the_word_in_the_stated_share():
    genes = draw_genes(200, n_copies=1, seed=0, prefix="g")
    assert np.mean([(gene.word_at >= 0) == gene.is_on for gene in genes]) == TOLD
    assert {len(gene.letters) for gene in genes} == {LENGTH}


def test_parts_are_dealt_without_regard_to_order():
    parts = deal_rows(200, seed=0)
    assert Counter(parts) == {"train": 140, "validation": 30, "test": 30}
    assert parts != deal_rows(200, seed=1)


def test_headers_carry_class_and_part(tmp_path):
    genes = draw_genes(2, n_copies=1, seed=0, prefix="g")
    write_genes(tmp_path / "a.fasta", genes, parts=("train", "test"))
    lines = (tmp_path / "a.fasta").read_text().splitlines()
    assert lines[0].startswith(">g0000 class=o")
    assert lines[2].endswith("split=test")


def test_every_stretch_is_hidden_once():
    genes = draw_genes(4, n_copies=1, seed=0, prefix="g")
    hidden = hide_windows(genes)
    starts = [gene.letters.find("N" * len(WORD)) for gene in hidden[1:32]]
    assert starts == list(range(31))
    assert hidden[32] == genes[1]


def test_every_fault_is_in_the_file(tmp_path):
    planted = write_faults(tmp_path / "f.fasta", seed=0)
    lines = (tmp_path / "f.fasta").read_text().splitlines()
    line = int(planted[0][1].removeprefix("line "))
    assert ">" in lines[line - 1][1:]
    assert all(any(f">{where}" in text for text in lines) for _, where in planted[1:])
