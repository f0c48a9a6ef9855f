"""Studies of every shape a report must stand: whole, tiny, of many classes, wide, hostile, of pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.records import (
    Finding,
    Growth,
    InputLayout,
    LabelScore,
    RemedyUse,
    SealedSlice,
    SetAside,
    Severity,
    Slice,
    Subgroups,
    Task,
)
from heldout.report.content import ColumnNote, Confusion, LabelTable, Mistake, StudyContent
from report.example import make_configuration, make_rungs, make_small_study, make_study

EVIL = "<script>alert('x')</script>\"'><img src=http://evil/x onerror=alert(1)>\x1b[31m\u202e{{7*7}}"
NAN = float("nan")


def make_subgroups() -> Subgroups:
    """One group that fails beyond chance, on test rows too, and one that was asked for."""
    sealed = SealedSlice(24, 24, 0.8, (0.35, 0.02, 0.68), (0.58, 0.37, 0.78), too_small=False)
    worse = Slice(
        "sex = f and age above 70",
        ("sex = f", "age above 70"),
        declared=False,
        n_rows=52,
        n_units=52,
        loss=0.71,
        difference=(0.38, 0.11, 0.9),
        p=0.004,
        rank_p=0.01,
        accuracy=(0.61, 0.47, 0.74),
        outcome="worse",
        test=sealed,
    )
    asked = replace(
        worse,
        name="sex = m",
        parts=("sex = m",),
        declared=True,
        n_rows=430,
        difference=(-0.03, -0.11, 0.05),
        outcome="no difference shown",
        test=None,
    )
    return Subgroups(
        "It fails more for: sex = f and age above 70.",
        (worse, asked),
        143,
        736,
        0.33,
        ("site = z (7 rows)",),
        3,
    )


def make_confusion(n_classes: int, *, n_rows: int, rows: str = "development rows") -> Confusion:
    """Mostly right, the rest mixed up with the next class."""
    right = round(0.85 * n_rows / n_classes)
    wrong = max(n_rows // n_classes - right, 1)
    counts = [
        [right if k == i else wrong if k == (i + 1) % n_classes else 0 for k in range(n_classes)]
        for i in range(n_classes)
    ]
    share = right / (right + wrong)
    bounds = (share, max(share - 0.1, 0.0), min(share + 0.08, 1.0))
    return Confusion(rows, tuple(tuple(row) for row in counts), (bounds,) * n_classes)


def make_whole() -> StudyContent:
    """The finished study of the example with everything that may be measured."""
    study = make_study()
    columns = tuple(
        replace(note, importance=0.4 / (place + 1), before=(1, 5, 9, 4), after=(2, 5, 8, 4))
        if note.n_slots
        else note
        for place, note in enumerate(study.columns)
    )
    growth = Growth(
        "falling",
        235,
        471,
        (0.021, 0.006, 0.036),
        (0.004, 0.02),
        5,
        "From 235 to 471 fit rows the loss fell by 0.021 (95 % interval 0.006 to 0.036): more rows are likely to help.",
    )
    return replace(
        study,
        columns=columns,
        subgroups=make_subgroups(),
        confusions=(make_confusion(2, n_rows=589), make_confusion(2, n_rows=147, rows="sealed test rows")),
        growth=growth,
        mistakes=(Mistake(4711, "yes", "no", 5.1),),
        passed_checks=(
            "exact duplicates: none of 9 rows [HO201]",
            "not applicable: capped target: the target has classes [HO214]",
        ),
        muted=(Finding("HO217", "quantification of people", Severity.WARNING, "2 groups", "sex", 9),),
    )


def make_sixteen() -> StudyContent:
    """Sixteen patients: no test set, no verdict."""
    return replace(make_small_study(), confusions=(make_confusion(2, n_rows=16),))


def make_labels() -> StudyContent:
    """Three labels a row may have, one with a name that is no markup."""
    scores = (
        LabelScore("fever", 400, 180, 175, (0.81, 0.77, 0.85), (0.74, 0.69, 0.79)),
        LabelScore("<b>rash</b>", 400, 60, 41, (0.72, 0.65, 0.79), (0.51, 0.41, 0.6)),
        LabelScore("gout", 400, 0, 3, (NAN, NAN, NAN), (0.0, NAN, NAN)),
    )
    study = make_small_study()
    classes = tuple(item.name for item in scores)
    target = replace(study.target, task=Task.MULTILABEL, classes=classes)
    return replace(study, target=target, confusions=(), labels=(LabelTable("development rows", scores),))


def make_classes(n_classes: int = 40) -> StudyContent:
    """Many classes."""
    study = make_whole()
    names = tuple(f"species {place:02}" for place in range(n_classes))
    target = replace(study.target, classes=names)
    return replace(study, target=target, confusions=(make_confusion(n_classes, n_rows=4000),))


def make_wide(n_columns: int = 500) -> StudyContent:
    """Many columns, each with sketches; the last ones matter most."""
    notes = tuple(
        ColumnNote(
            f"gene_{place:03}",
            "number",
            "why " * 30,
            "auto",
            "standardized",
            place,
            0,
            1,
            place / n_columns,
            tuple(range(1, 13)),
            tuple(range(12, 0, -1)),
        )
        for place in range(n_columns)
    )
    return replace(make_whole(), columns=notes, n_columns=n_columns)


def make_hostile() -> StudyContent:
    """Every text from outside replaced by markup."""
    study = make_whole()
    found = make_subgroups()
    evil = make_configuration(make_rungs()[4])
    run = study.runs[-1]
    remedied = replace(run, configuration=replace(evil, name=EVIL, remedies=run.configuration.remedies))
    slices = tuple(replace(item, name=EVIL, parts=(EVIL,)) for item in found.slices)
    return replace(
        study,
        name=EVIL,
        source=EVIL,
        command=EVIL,
        target=replace(study.target, name=EVIL, classes=(EVIL, EVIL + "2"), why=EVIL, unit=EVIL),
        settings=((EVIL, EVIL),),
        machine=EVIL,
        columns=tuple(replace(note, name=EVIL, why=EVIL, changed_to=EVIL) for note in study.columns),
        set_aside=(SetAside(3, EVIL, EVIL),),
        read_notes=(EVIL,),
        niceness=(EVIL,),
        limits=(EVIL,),
        partial=EVIL,
        passed_checks=(EVIL,),
        findings=tuple(
            replace(item, title=EVIL, sentence=EVIL, column=EVIL, action=EVIL) for item in study.findings
        ),
        muted=tuple(replace(item, title=EVIL, sentence=EVIL, column=EVIL) for item in study.muted),
        mistakes=(Mistake(7, EVIL, EVIL, 3.0),),
        subgroups=replace(found, sentence=EVIL, slices=slices, too_small=(EVIL,), notes=(EVIL,)),
        confusions=tuple(replace(item, rows=EVIL) for item in study.confusions),
        chosen_name=EVIL,
        runs=(*study.runs[:-1], remedied),
        next_commands=(EVIL,),
        bundle_path=EVIL,
        remedies=tuple(replace(item, name=EVIL, sentence=EVIL) for item in study.remedies),
        baselines=tuple(replace(item, name=EVIL) for item in study.baselines),
    )


def make_augmented(
    layout: InputLayout | None, *uses: RemedyUse, examples: np.ndarray | None = None
) -> StudyContent:
    """A study whose last run was augmented, of rows that are no table of numbers."""
    study = make_study()
    configuration = make_configuration(make_rungs()[4])
    runs = tuple(
        replace(
            study.runs[-1], configuration=replace(configuration, name=f"rung 4 + {place}", remedies=(use,))
        )
        for place, use in enumerate(uses)
    )
    return replace(study, layout=layout, runs=(*study.runs, *runs), examples=examples)
