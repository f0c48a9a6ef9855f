"""The page of the demo on DNA."""

from __future__ import annotations

from heldout.demos.dna_data import CHANGED, COPIES, TOLD, WORD
from heldout.demos.dna_record import DnaRecord
from heldout.demos.drawing import BLUE, ORANGE, Axes, Line, Panel, draw_intervals, draw_lines
from heldout.demos.frame import DemoPage, DemoSection, DemoTable
from heldout.demos.studies import draw_studies, list_intervals, list_studies, show_score
from heldout.report.marks import Caption
from heldout.report.sentences import format_number


def show_dna(record: DnaRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
    """
    apart, together, hidden = record.apart, record.together, record.hidden
    return DemoPage(
        title="DNA: faults of files, relatives on both sides, and a word that is found",
        answer=(
            f"A faulty file: {record.faulty.n_used} records read, {len(record.faulty.set_aside)} set aside, each with "
            "its line and reason.",
            f"{record.n_rows} synthetic genes in {record.n_families} families; {record.n_found} families were found "
            "from the letters alone.",
            f"Dealt row by row, {record.n_cut} families are cut.",
            f"Rows dealt one by one: {show_score(apart.test)} on sealed rows.",
            f"Families kept whole:   {show_score(together.test)} on sealed rows.",
            f"On {record.strangers_together.n_rows} genes of new families:",
            f"  dealt by row:   {show_score(record.strangers_apart)}",
            f"  families whole: {show_score(record.strangers_together)}",
            f"Verdict by row: {apart.headline} [{apart.code}].",
            f"Verdict by family: {together.headline} [{together.code}].",
            f"Hiding {len(WORD)} letters changes the answer most where the planted word is: in {hidden.n_hits} of "
            f"{hidden.n_shown} genes.",
        ),
        sections=(
            _show_faults(record),
            _show_seen(record),
            _show_scores(record),
            _show_word(record),
            _show_studies(record),
        ),
        sources=("The genes are synthetic, drawn by src/heldout/demos/dna_data.py.",),
    )


def _show_faults(record: DnaRecord) -> DemoSection:
    faulty = record.faulty
    aside = tuple((f"line {line}", reason) for line, reason in faulty.set_aside)
    return DemoSection(
        "What does the reader do with a faulty file?",
        (
            "FASTA has no rules that anyone keeps. A lost line break glues a header to the sequence before it; "
            "a range is written behind the accession; masked stretches are in lower case; whoever was not sure wrote "
            "N, or R for a purine. Some of that can be read, some of it only by guessing, and nothing is guessed.",
        ),
        tables=(
            DemoTable("What was planted", ("fault", "where"), faulty.planted),
            DemoTable("What the reader says", ("sentence",), tuple((note,) for note in faulty.notes)),
            DemoTable("Records set aside", ("where", "why"), aside),
        ),
        after=(f"{faulty.n_used} records are used, in {faulty.n_units} units that no split cuts.",),
    )


def _show_seen(record: DnaRecord) -> DemoSection:
    seen = record.seen
    names = ("A", "C", "G", "T")
    width = max((len(numbers) for _, _, numbers in seen.letters), default=0)
    further = ("lower case",) if width > len(names) else ()
    letters = tuple(
        (letter, str(place), *(format_number(number) for number in numbers), *[""] * (width - len(numbers)))
        for letter, place, numbers in seen.letters
    )
    words = tuple((word, format_number(number)) for word, number in seen.words)
    return DemoSection(
        "What does the network see of a sequence?",
        (
            f"The sequence {seen.text} on its way into the network, twice: letter by letter, where a code such as N "
            "is shared among the letters it may stand for and lower case is one number more; and as counts of short "
            "words, wherever they stand. The convolutions of the network read the first, the second lies beside "
            "them.",
        ),
        tables=(
            DemoTable("Letter by letter", ("letter", "place", *(*names, *further)[:width]), letters),
            DemoTable(
                "Short words, the largest numbers first (fitted on fit rows, 0 is as usual)",
                ("word", "number"),
                words,
            ),
            DemoTable("The steps", ("step", "what it does"), seen.rules),
        ),
    )


def _show_scores(record: DnaRecord) -> DemoSection:
    shown = [
        ("by row: its own sealed rows", record.apart.test, ORANGE),
        ("by row: new families", record.strangers_apart, ORANGE),
        ("families whole: its own sealed rows", record.together.test, BLUE),
        ("families whole: new families", record.strangers_together, BLUE),
    ]
    metric = record.strangers_together.metric
    said = " ".join(f"{name}: {format_number(item.value)}." for name, item, _ in shown if item is not None)
    caption = Caption(
        "promise",
        "What was promised, and what new genes get",
        said,
        f"{metric}, with 95 % intervals. New: one gene each of {record.strangers_together.n_rows} families that no "
        "study has seen.",
    )
    return DemoSection(
        "What does it change that relatives stay together?",
        (
            f"Each gene is there {COPIES} times, as in mouse and man: {100 * CHANGED:.0f} % of the letters of each "
            "copy are drawn anew, the class is the same. Whether a family is on follows from a planted word in "
            f"{100 * TOLD:.0f} % of the families; in the others the reason is in no letter, and no one who reads "
            "letters can know it. Unless "
            "a relative is among the fit rows.",
            f"From the letters alone {record.n_found} of {record.n_families} families were recognized whole. Dealt row "
            f"by row, as a file with a column of parts often is, {record.n_cut} of them are cut.",
        ),
        charts=(draw_intervals(caption, list_intervals(shown), title=metric),),
        after=(
            "Keeping relatives together needs no option: it is what happens unless the file itself names the parts. "
            "Where it does, they are left as they are, and the study says:",
            *record.cut_notes,
        ),
    )


def _show_word(record: DnaRecord) -> DemoSection:
    hidden = record.hidden
    mean = hidden.drops.mean(axis=0)
    top = int(mean.argmax())
    caption = Caption(
        "word",
        f"What hiding {len(WORD)} letters does to the answer",
        f"The fall is largest, {format_number(float(mean[top]))} on average, at a distance of "
        f"{hidden.distances[top]:.0f} letters from the planted word.",
        f"Fall of the log-odds of 'on' when {len(WORD)} letters are replaced by N. Thick: mean; thin: single genes. At "
        f"0 exactly the word is hidden; from {len(WORD)} on, on either side, no letter of it.",
    )
    line = Line("fall of log-odds", hidden.distances, hidden.drops, BLUE)
    chart = draw_lines(
        caption,
        Panel("", (line,), moments=((0.0, "the word"),)),
        Axes("first hidden letter, from the word's first", "fall of log-odds"),
    )
    return DemoSection(
        "Has it found the word?",
        (
            f"The word is {WORD}, at another place in each gene. In {hidden.n_shown} new genes that have it, every "
            f"stretch of {len(WORD)} letters was hidden behind N in turn, and the network was asked again.",
            f"In {hidden.n_hits} of them the largest fall hides at least half of the word; if the place were drawn, "
            f"that would be so in {hidden.share_by_chance * hidden.n_shown:.0f}.",
        ),
        charts=(chart,),
    )


def _show_studies(record: DnaRecord) -> DemoSection:
    studies = (record.apart, record.together)
    return DemoSection(
        "What do the two studies say?",
        (
            "The same sequences and classes. In the first the header of each record names its part; in the second "
            "the study splits by itself.",
        ),
        tables=(list_studies("The two studies", studies),),
        charts=(draw_studies(studies),),
    )
