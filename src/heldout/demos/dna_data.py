"""Synthetic DNA as it comes: copies of one gene under many names, a planted word, and a file with the usual faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LENGTH, COPIES = 40, 2
CHANGED = 0.06  # share of letters that are drawn anew in a copy
WORD = "TTGACGTCAA"  # planted; read on the other strand it is itself, as many binding sites are
TOLD = 0.8  # share of families whose class follows the word: what nobody who only reads the letters can beat
MARGIN = 10  # the word keeps this distance from both ends, so that its surroundings can be hidden too
LOWER_SHARE = 0.3  # of the genes, with a stretch in lower case
CODES_SHARE = 0.1  # of the genes, with a letter that is a code
N_SOUND = 24  # sound records of the faulty file
CLASSES = ("off", "on")
PARTS = (("train", 0.7), ("validation", 0.15), ("test", 0.15))


@dataclass(frozen=True)
class Gene:
    """One synthetic sequence.

    Args:
        name: id of its record.
        letters: as written, codes and lower case included.
        is_on: its class.
        word_at: first letter of the planted word, from 0; -1 without one.
        family: number of the gene it is a copy of.
    """

    name: str
    letters: str
    is_on: bool
    word_at: int
    family: int


def draw_genes(n_families: int, *, n_copies: int, seed: int, prefix: str) -> tuple[Gene, ...]:
    """Draw genes and their relatives: copies in which some letters differ, the planted word never.

    A family has one class. Every second family has the word, and 80 % of the families are "on" exactly when they have
    it; for the others the reason is in no letter.

    Args:
        n_families: 2 or more.
        n_copies: sequences of each family.
        seed: of all that is drawn.
        prefix: of the names.

    Returns:
        All copies, in random order.

    Example:
        >>> genes = draw_genes(10, n_copies=3, seed=0, prefix="s")
        >>> len(genes), len({gene.family for gene in genes}), sum(gene.word_at >= 0 for gene in genes)
        (30, 10, 15)
    """
    rng = np.random.default_rng(seed)
    found = []
    follows = rng.permutation(n_families) < round(TOLD * n_families)
    for family in range(n_families):
        word_at = int(rng.integers(MARGIN, LENGTH - MARGIN - len(WORD) + 1)) if family % 2 else -1
        is_on = bool((word_at >= 0) == follows[family])
        parent = rng.choice(list("ACGT"), LENGTH)
        for _ in range(n_copies):
            found.append((_copy(parent, word_at, rng), is_on, word_at, family))
    order = rng.permutation(len(found))
    return tuple(Gene(f"{prefix}{place:04d}", *found[row]) for place, row in enumerate(order))


def _copy(parent: np.ndarray, word_at: int, rng: np.random.Generator) -> str:
    own = np.where(rng.random(LENGTH) < CHANGED, rng.choice(list("ACGT"), LENGTH), parent)
    if rng.random() < CODES_SHARE:
        own[int(rng.integers(0, LENGTH))] = rng.choice(list("NRY"))
    if word_at >= 0:
        own[word_at : word_at + len(WORD)] = list(WORD)
    if rng.random() < LOWER_SHARE:
        start = int(rng.integers(0, LENGTH - 10))
        own[start : start + 10] = [letter.lower() for letter in own[start : start + 10]]
    return "".join(own)


def write_genes(path: Path, genes: Sequence[Gene], *, parts: Sequence[str] | None = None) -> None:
    """Write genes as FASTA with their class in the header, and the part of each where it was dealt.

    Args:
        path: file to write.
        genes: the sequences.
        parts: "train", "validation" or "test" for each, or None.
    """
    told = [f" split={part}" for part in parts] if parts is not None else [""] * len(genes)
    path.write_text(
        "".join(
            f">{gene.name} class={CLASSES[gene.is_on]}{part}\n{gene.letters}\n"
            for gene, part in zip(genes, told, strict=True)
        ),
        encoding="utf-8",
    )


def deal_rows(n_rows: int, *, seed: int) -> tuple[str, ...]:
    """Deal rows to the three parts one by one, whatever they are copies of.

    Example:
        >>> parts = deal_rows(10, seed=0)
        >>> [parts.count(name) for name, _ in PARTS]
        [7, 2, 1]
    """
    counts = [round(share * n_rows) for _, share in PARTS[:-1]]
    parts = np.repeat([name for name, _ in PARTS], [*counts, n_rows - sum(counts)])
    return tuple(np.random.default_rng([seed, n_rows]).permutation(parts).tolist())


def hide_windows(genes: Sequence[Gene]) -> tuple[Gene, ...]:
    """Copy each gene with every stretch as long as the word hidden behind N, one at a time; the whole one first.

    Args:
        genes: sequences.

    Returns:
        For each gene 1 + 31 sequences: as it is, then with the letters from 0 on hidden, from 1 on, ...

    Example:
        >>> gene = draw_genes(2, n_copies=1, seed=0, prefix="s")[0]
        >>> hidden = hide_windows([gene])
        >>> len(hidden), hidden[1].letters[:10], hidden[1].letters[10:] == gene.letters[10:]
        (32, 'NNNNNNNNNN', True)
    """
    size = len(WORD)
    made = []
    for gene in genes:
        made.append(gene)
        for start in range(LENGTH - size + 1):
            letters = gene.letters[:start] + "N" * size + gene.letters[start + size :]
            made.append(Gene(f"{gene.name}.{start}", letters, gene.is_on, gene.word_at, gene.family))
    return tuple(made)


def write_faults(path: Path, *, seed: int) -> tuple[tuple[str, str], ...]:
    """Write a FASTA file with the faults that such files have.

    Args:
        path: file to write.
        seed: of the letters.

    Returns:
        Each planted fault: what it is, and the record or line it stands in.
    """
    rng = np.random.default_rng(seed)

    def draw(n_letters: int = 60) -> str:
        return "".join(rng.choice(list("ACGT"), n_letters))

    sound = "".join(
        f">NC_{100 + number}.1:1-60 class={CLASSES[number % 2]}\n{draw()}\n" for number in range(N_SOUND)
    )
    text = (
        f"{sound.rstrip()}>NC_200.1:1-60 class=on\n{draw()}\n"
        f">NC_201.1:1-60 class=off\n{draw()}\n>NC_201.1:901-960 class=off\n{draw()}\n"
        f">NC_202.1:1-60 class=on\n{draw(20).lower()}{draw(40)}\n"
        f">NC_203.1:1-60 class=off\n{draw(30)}NNRY{draw(26)}\n"
        f">NC_204.1:1-60 class=on\nMKVLAEWQPFGHIKLMNPQRSTVWY\n"
        f">NC_205.1:1-60 class=off\n"
        f">NC_206.1:1-60 class=on\n{draw()}\n>NC_206.1:1-60 class=on\n{draw()}\n"
    )
    path.write_text(text, encoding="utf-8")
    return (
        ("a line break is lost: '>' in mid-line", f"line {2 * N_SOUND}"),
        ("one accession twice, with ranges", "NC_201.1"),
        ("a stretch in lower case (soft-masked)", "NC_202.1"),
        ("IUPAC codes N, R, Y", "NC_203.1"),
        ("a protein among the DNA", "NC_204.1"),
        ("a header without a sequence", "NC_205.1"),
        ("one id for two different sequences", "NC_206.1"),
    )
