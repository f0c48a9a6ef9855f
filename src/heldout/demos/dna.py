"""DNA: a file with the usual faults, copies of one gene on both sides of a split, and a planted word that is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heldout.demos.dna_data import (
    COPIES,
    LENGTH,
    MARGIN,
    WORD,
    Gene,
    deal_rows,
    draw_genes,
    hide_windows,
    write_faults,
    write_genes,
)
from heldout.demos.dna_page import show_dna
from heldout.demos.dna_record import DnaRecord, FaultyFile, HiddenWord, SeenSequence
from heldout.demos.frame import DemoOutcome, DemoRequest
from heldout.demos.studies import run_small, take_numbers
from heldout.records import DoubleArray, IndexArray
from heldout.settings import Settings
from heldout.stages.answers import Study
from heldout.stages.reading import read_data
from heldout.study import predict, score

N_FAMILIES, SMALL_FAMILIES = 240, 140
LARGEST = 5_000  # weights: of sequences larger sizes take minutes
N_STRANGERS, SMALL_STRANGERS = 300, 60
N_SHOWN, SMALL_SHOWN = 40, 8  # new sequences with the word in which stretches are hidden
TARGET, PART, SEQUENCE = "header/class", "header/split", "sequence"
EXAMPLE = "ACGTNRYacgt" + WORD  # what the steps are shown on
MOST_WORDS = 12  # k-mers shown of the example


@dataclass(frozen=True)
class _Files:
    genes: Path
    dealt: Path
    strangers: Path


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Read a faulty file, study the same genes with families cut and with families whole, and look for the word.

    Args:
        request: a small one has fewer genes.

    Returns:
        A `DnaRecord` and its page.
    """
    is_small, seed = request.is_small, 3 * request.seed
    options: dict[str, Any] = {"target": TARGET, "metric": "accuracy", "ladder": {"largest": LARGEST}}
    genes = draw_genes(SMALL_FAMILIES if is_small else N_FAMILIES, n_copies=COPIES, seed=seed, prefix="gene")
    strangers = draw_genes(
        SMALL_STRANGERS if is_small else N_STRANGERS, n_copies=1, seed=seed + 1, prefix="new"
    )
    parts = deal_rows(len(genes), seed=request.seed)
    files = _Files(*(request.folder / f"{name}.fasta" for name in ("genes", "dealt", "strangers")))
    write_genes(files.genes, genes)
    write_genes(files.dealt, genes, parts=parts)
    write_genes(files.strangers, strangers)
    faulty = read_faulty(request.folder / "faulty.fasta", seed=seed + 2)
    apart = run_small(files.dealt, request, name="dealt-by-row", split=PART, **options)
    together = run_small(files.genes, request, name="families-whole", **options)
    record = DnaRecord(
        faulty=faulty,
        n_rows=len(genes),
        n_families=len({gene.family for gene in genes}),
        n_found=count_whole(genes, _link_genes(files.genes)),
        n_cut=_count_cut(genes, parts),
        cut_notes=apart.content.split.notes,
        apart=take_numbers(apart, "dealt by row"),
        together=take_numbers(together, "families whole"),
        strangers_apart=score(apart.folder, files.strangers, target=TARGET).scores[0],
        strangers_together=score(together.folder, files.strangers, target=TARGET).scores[0],
        seen=_explain(together, request.folder / "example.fasta"),
        hidden=_hide(together, strangers, request.folder, SMALL_SHOWN if is_small else N_SHOWN),
    )
    return DemoOutcome(record, show_dna(record))


def read_faulty(path: Path, *, seed: int) -> FaultyFile:
    """Write a file with faults and keep what the reader says of it.

    Args:
        path: file to write.
        seed: of its letters.

    Returns:
        What was planted, and every sentence about it.
    """
    planted = write_faults(path, seed=seed)
    reading = read_data(path, Settings.model_validate({"target": TARGET}))
    aside = tuple((item.line, item.reason) for item in reading.table.set_aside)
    return FaultyFile(
        planted=planted,
        notes=(*reading.table.notes, *reading.links.notes),
        set_aside=aside,
        n_used=len(reading.table.lines),
        n_units=int(reading.links.unit.max()) + 1,
    )


def _link_genes(path: Path) -> IndexArray:
    return read_data(path, Settings.model_validate({"target": TARGET})).links.unit


def count_whole(genes: Sequence[Gene], unit: IndexArray) -> int:
    """Count the families whose copies, all of them and no other row, were found to belong together.

    Args:
        genes: as written.
        unit: int64 [N], what was found, row by row.

    Example:
        >>> genes = draw_genes(2, n_copies=2, seed=0, prefix="s")
        >>> families = np.array([gene.family for gene in genes])
        >>> count_whole(genes, families), count_whole(genes, np.zeros(4, np.int64))
        (2, 0)
    """
    family = np.array([gene.family for gene in genes])
    pairs = np.unique(np.column_stack([family, unit]), axis=0)
    alone = np.bincount(pairs[:, 0])[pairs[:, 0]] == 1
    alone &= np.bincount(pairs[:, 1])[pairs[:, 1]] == 1
    return int(alone.sum())


def _count_cut(genes: Sequence[Gene], parts: Sequence[str]) -> int:
    """Families with copies in more than one part."""
    held: dict[int, set[str]] = {}
    for gene, part in zip(genes, parts, strict=True):
        held.setdefault(gene.family, set()).add(part)
    return sum(len(found) > 1 for found in held.values())


def _explain(study: Study, path: Path) -> SeenSequence:
    """The way of one short sequence into the network's input."""
    path.write_text(f">example class=on\n{EXAMPLE}\n", encoding="utf-8")
    cell = study.explain(path, 0, SEQUENCE)
    words = [
        (slot.label, float(number))
        for trace in cell.ops
        if trace.op.startswith("kmers")
        for slot, number in zip(trace.slots, trace.numbers, strict=True)
    ]
    strongest = sorted(words, key=lambda item: -abs(item[1]))[:MOST_WORDS]
    return SeenSequence(
        text=EXAMPLE,
        letters=tuple((item.letter, item.place, item.numbers) for item in cell.letters),
        words=tuple(strongest),
        rules=tuple((trace.op, trace.rule) for trace in cell.ops),
    )


def _hide(study: Study, strangers: Sequence[Gene], folder: Path, most: int) -> HiddenWord:
    """Hide every stretch of some new sequences in turn, and see by how much the network changes its mind."""
    shown = [gene for gene in strangers if gene.word_at >= 0][:most]
    path = folder / "hidden.fasta"
    made = hide_windows(shown)
    write_genes(path, made)
    report = predict(study.folder, path, allow_shift=True)
    is_on = report.classes.index("on")
    chance = np.clip(report.prediction.values[:, is_on], 1e-6, 1 - 1e-6)
    logits = (np.log(chance) - np.log1p(-chance)).reshape(len(shown), -1)
    return measure_hiding(logits[:, :1] - logits[:, 1:], np.array([gene.word_at for gene in shown]))


def measure_hiding(drop: DoubleArray, word_at: IndexArray) -> HiddenWord:
    """Lay the effect of hiding a stretch around the planted word, and count where it is largest.

    Args:
        drop: float64 [S, W], by how much the log-odds fall when the stretch from letter w on is hidden.
        word_at: int64 [S], first letter of the word, 10 to 20.

    Example:
        >>> drop = np.zeros((1, 31))
        >>> drop[0, 15] = 1.0
        >>> found = measure_hiding(drop, np.array([15]))
        >>> found.n_hits, float(found.drops[0, found.distances == 0][0])
        (1, 1.0)
    """
    distances = np.arange(-MARGIN, MARGIN + 1)
    around = np.take_along_axis(drop, word_at[:, None] + distances, axis=1)
    half = len(WORD) // 2
    hits = np.abs(drop.argmax(axis=1) - word_at) <= half
    return HiddenWord(
        distances=distances.astype(np.float64),
        drops=around,
        n_hits=int(hits.sum()),
        n_shown=len(drop),
        share_by_chance=(2 * half + 1) / (LENGTH - len(WORD) + 1),
    )
