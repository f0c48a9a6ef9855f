"""The lecture's own patient table, as messy as it was printed: sixteen rows of nine families."""

import numpy as np
import pytest

import heldout
from heldout.cells import declare_columns, type_table
from heldout.records import Status
from heldout.sources import read_table
from heldout.stages import permuting


@pytest.mark.slow
def test_sixteen_patients_give_no_score_and_say_why(shared_data, tmp_path, monkeypatch):
    monkeypatch.setattr(permuting, "N_PERMUTATIONS", 19)
    table = shared_data / "phex16" / "phex_t002.csv"
    study = heldout.fit(
        table,
        target="Inheritance",
        group="Family No.",
        out=tmp_path / "phex",
        preset="quick",
        progress="none",
    )
    assert study.verdict.chosen.word == "cannot tell"
    assert "16 development rows" in study.verdict.chosen.sentence
    assert study.verdict.ladder.word == "undecided"
    assert study.score is None
    assert study.content.test_scores == ()
    assert "cannot tell" in study.answer_text().lower()
    assert (tmp_path / "phex" / "report.html").is_file()
    explain_every_cell(study, table)


def explain_every_cell(study, table):
    columns = [
        note.name for note in study.content.columns if "/" not in note.name or note.name.startswith("Gender")
    ]
    whole = [name for name in columns if name.count("/") <= 1]
    for row in range(16):
        for name in whole:
            found = study.explain(table, row, name)
            assert found.raw
            assert all(part.outcome != "unparsed" for part in (found, *found.parts))
    age = study.explain(table, 0, "Gender/Age of onset (year)")
    assert [part.raw for part in age.parts] == ["F/3", "F/3"]
    assert "is taken apart" in age.sentence
    assert "= 3:" in age.sentence
    place = age.parts[1].ops[0].slots[0].position
    assert "part 'age' of the cells of 'Gender/Age of onset (year)'" in study.explain_position(place).sentence


def test_a_family_is_proposed_where_none_is_named(shared_data):
    look = heldout.look(shared_data / "phex16" / "phex_t002.csv", target="Inheritance")
    assert any("--group 'Family No.'" in item.action for item in look.content.findings)


PARTS = {
    0: {
        "sex": "F",
        "age": 3.0,
        "relation": "daughter",
        "protein": "Trp660Ter",
        "coding": "c.1980G>A",
        "effect": "nonsense",
    },
    3: {
        "protein": "Gly395Arg; His584Pro",
        "coding": "c.1183G>C; c.1751A>C",
        "set": "exon 11; exon 17",
        "count": 2.0,
    },
    4: {"coding": "c.1332G>A", "type": "exon", "number": 12.0},
    6: {"coding": "c.1646-2A>T", "effect": "splice", "type": "intron", "protein": None},
    13: {"sex": "M", "age": 0.75},
    14: {"coding": "c.2077_*4delinsA", "effect": "frameshift", "codon": 692.0},
}


def test_every_cell_is_read_as_a_reader_would(shared_data):
    table = read_table(shared_data / "phex16" / "phex_t002_with_footnote.csv")
    specs = declare_columns(table, rows=np.arange(16), overrides={}, unused={"Inheritance": "the target"})
    typed = type_table(table, specs)
    parts = {column.spec.part: column for column in typed if column.spec.part}
    for row, wanted in PARTS.items():
        for part, value in wanted.items():
            column = parts[part]
            if len(column.codes):
                code = int(column.codes[row])
                assert (None if code < 0 else column.levels[code]) == value
            else:
                assert float(column.values[row]) == value
    assert parts["age"].spec.unit == "yr"
    assert not any((column.status == Status.UNPARSED).any() for column in typed)
    findings = next(column for column in typed if column.spec.name == "Clinical findings")
    assert findings.levels[findings.codes[4]] == "Genu varum; bone pain"


def test_what_was_bold_in_print_is_said_to_be_lost_and_the_notes_are_in_the_ledger(shared_data):
    look = heldout.look(
        shared_data / "phex16" / "phex_t002_with_footnote.csv", target="Inheritance", group="Family No."
    )
    lost = [item for item in look.content.findings if item.code == "HO233"]
    assert "which cells were bolded does not stand in the file" in lost[0].sentence
    assert "16 rows = 16 used" in " ".join(look.content.read_notes)
    lines = {line.partition(":")[0]: line for line in look.content.bullets}
    assert lines["one clear truth"].endswith("cannot be told: no two of 16 rows agree in all features")
    assert lines["a lot of data"].endswith("no: 16 development rows in 9 units, 3 in the rarest class")
