"""Rows that findings name truly have the defect, and whom it concerns is said where it is planted and only there."""

import numpy as np
import polars as pl
import pytest

from heldout.errors import DataError
from heldout.evidence.affected import NOT_RANDOM
from heldout.records import Finding, RowsAffected, RowSet, Severity
from heldout.settings import Settings
from heldout.stages.attributing import keep_first_lines, list_properties, tell_affected
from heldout.stages.codec import from_plain, to_json_values, to_plain
from heldout.stages.looking import look_at
from heldout.stages.preparing import gather_audit, split_rows, type_columns
from heldout.stages.reading import read_data

N_ROWS = 400


def pollute(seed):
    """A table with planted defects, shuffled headers, and for each code the rows that have the defect."""
    rng = np.random.default_rng(seed)
    names = [f"m{k}" for k in rng.permutation(90)[:5]]
    values = {name: [f"{v:.3f}" for v in rng.normal(50, 10, N_ROWS)] for name in names}
    sex = rng.choice(["female", "male"], N_ROWS)
    truth = {}

    def plant(code, name, texts, *, of=None):
        pool = np.arange(N_ROWS) if of is None else np.flatnonzero(of)
        rows = np.sort(rng.choice(pool, 24, replace=False))
        for row in rows:
            values[name][row] = str(rng.choice(texts))
        truth[code] = (name, rows)

    plant("HO205", names[0], [""])
    plant("HO249", names[1], ["7..2x", "unclear?"], of=sex == "female")
    plant("HO250", names[2], ["<0.5", "<1.0"])
    wild = np.sort(rng.choice(N_ROWS, 6, replace=False))
    for row, value in zip(wild, (912.3, -731.25, 644.5, 1210.75, -548.125, 843.5), strict=True):
        values[names[3]][row] = f"{value}"
    truth["HO213"] = (names[3], wild)
    score = np.array([float(v) for v in values[names[4]]])
    label = np.where(score + 6 * rng.normal(size=N_ROWS) > 50, "ill", "well")
    frame = pl.DataFrame({**values, "sex": sex, "goal": label})
    copied = np.sort(rng.choice(N_ROWS, 20, replace=False))
    copies = frame[copied]
    flipped = pl.Series("goal", np.where(copies["goal"].to_numpy()[:8] == "ill", "well", "ill").tolist())
    copies = pl.concat([copies[:8].with_columns(flipped), copies[8:]])
    truth["HO201"] = ("", np.arange(N_ROWS, N_ROWS + 20))
    truth["HO202"] = ("", np.concatenate([copied[:8], np.arange(N_ROWS, N_ROWS + 8)]))
    return pl.concat([frame, copies]), truth


def look(frame, tmp_path, **settings):
    path = tmp_path / "t.csv"
    frame.write_csv(path)
    return look_at(path, Settings.model_validate({"target": "goal", **settings}))


def with_copies(rows, frame):
    """Rows and those that are equal to them in all features: a copy of a defect has it too."""
    features = frame.drop("goal")
    keys = [tuple(row) for row in features.iter_rows()]
    wanted = {keys[row] for row in rows}
    return {row for row, key in enumerate(keys) if key in wanted}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rows_of_findings_truly_have_the_defect(seed, tmp_path):
    frame, truth = pollute(seed)
    found = look(frame, tmp_path)
    told = {(item.code, item.column): item for item in found.findings if item.affected is not None}
    for (code, column), item in told.items():
        assert item.rows == item.affected.n_affected == len(item.affected.lines), code
        if code not in truth or (truth[code][0] and column not in ("", truth[code][0])):
            continue
        rows = {line - 2 for line in item.affected.lines}
        have = with_copies(truth[code][1], frame)
        if code == "HO205":  # unreadable cells count as missing too
            have |= with_copies(truth["HO249"][1], frame)
        assert rows <= have, code
        if code in ("HO249", "HO250"):  # every development row that has it: 4 of 5 of all
            assert len(rows) >= 0.6 * len(have), code
    assert {code for code, _ in told} >= {"HO201", "HO202", "HO205", "HO213", "HO249", "HO250"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_whom_it_concerns_is_said_where_it_is_planted(seed, tmp_path):
    frame, truth = pollute(seed)
    found = {item.code: item for item in look(frame, tmp_path).findings if item.affected is not None}
    unreadable = found["HO249"].affected
    assert unreadable.is_unequal
    assert "of sex = female" in unreadable.sentence
    assert unreadable.sentence.endswith(NOT_RANDOM)
    (level,) = [level for level in unreadable.levels if level.name == "sex = male"]
    assert level.n_affected == 0
    assert not found["HO250"].affected.is_unequal


def test_labels_of_sealed_rows_are_not_read(tmp_path):
    frame, _ = pollute(0)
    settings = Settings.model_validate({"target": "goal"})
    reading = read_data(frame, settings)
    split = split_rows(reading, settings)
    columns = type_columns(reading, split, settings)
    asked = gather_audit(reading, split, columns, settings)
    assert len(split.test)
    (label,) = [item for item in list_properties(asked, reading, settings) if item.of == "label"]
    assert (label.attribute.codes[split.test] == -1).all()
    assert (label.attribute.codes[split.development] >= 0).all()
    copies = Finding("HO242", "copies", Severity.INFO, "", where=RowSet(split.test[:9], looked_at=split.test))
    (told,) = tell_affected((copies,), asked, reading, settings)
    assert not [level for level in told.affected.levels if level.of == "label"]
    assert told.affected.notes == ("the label of 9 rows of them is not known, or may not be read",)


def test_rows_without_a_target_and_rows_set_aside_are_told(tmp_path):
    frame, _ = pollute(0)
    goal = frame["goal"].to_list()
    women = [row for row, sex in enumerate(frame["sex"].to_list()) if sex == "female"][:40]
    for row in women:
        goal[row] = ""
    path = tmp_path / "t.csv"
    frame.with_columns(pl.Series("goal", goal)).write_csv(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:30], "1,2,3", *lines[30:]]) + "\n")
    found = look_at(path, Settings.model_validate({"target": "goal"}))
    aside, without = (item for item in found.findings if item.code == "HO252")
    assert aside.affected.lines == (31,)
    assert aside.affected.n_rows == 0
    assert "is not known" in aside.affected.notes[0]
    assert (without.affected.n_affected, without.affected.n_rows) == (40, len(frame))
    assert "of sex = female" in without.affected.sentence
    assert "the label of 40 rows of them is not known, or may not be read" in without.affected.notes


def test_declared_groups_and_subgroups_are_asked_about(tmp_path):
    frame, _ = pollute(1)
    place = np.where(np.arange(len(frame)) % 4 == 0, "north", "south")
    family = [f"f{row // 3}" for row in range(len(frame))]
    frame = frame.with_columns(pl.Series("place", place), pl.Series("family", family))
    found = look(frame, tmp_path, group="family", subgroups=["place"])
    levels = next(item for item in found.findings if item.code == "HO250").affected
    assert {level.name for level in levels.levels if level.of == "subgroup"} >= {
        "place = north",
        "place = south",
    }
    assert not [level for level in levels.levels if level.of == "group"]
    assert any(" groups, at most " in note for note in levels.notes)
    for shown in ({"subgroups": ["place"]}, {"show_rows": True}):
        found = look(frame, tmp_path, group="place", **shown)
        levels = next(item for item in found.findings if item.code == "HO250").affected
        assert {level.name for level in levels.levels if level.of == "group"} == {
            "place = north",
            "place = south",
        }


def test_groups_are_not_named_unless_they_were_asked_about(tmp_path):
    frame, truth = pollute(0)
    name = np.full(len(frame), "Ada Stone")
    name[:200] = "Bo Miller"
    name[truth["HO249"][1]] = "Eve Hill"  # unreadable cells are all hers
    frame = frame.with_columns(pl.Series("name", name))
    found = look(frame, tmp_path, group="name", columns={"name": {"kind": "identifier"}})
    told = [item.affected for item in found.findings if item.affected is not None]
    assert told
    assert not [level for item in told for level in item.levels if level.of == "group"]
    assert not any("Hill" in item.sentence or "Stone" in item.sentence for item in told)
    assert any("they stand in 1 of 3 groups" in note for item in told for note in item.notes)


def test_a_parenthesis_in_the_pattern_names_what_it_holds(tmp_path):
    frame, _ = pollute(1)
    name = [f"p_S{row % 3}_{row}" for row in range(len(frame))]
    frame = frame.with_columns(pl.Series("name", name))
    for pattern, names in (("S([0-9])", {"0", "1", "2"}), ("S[0-9]", {"S0", "S1", "S2"})):
        found = look(frame, tmp_path, group=f"name~{pattern}", show_rows=True)
        levels = next(item for item in found.findings if item.code == "HO250").affected.levels
        assert {level.name for level in levels if level.of == "group"} == {f"name = {key}" for key in names}


def tell_of_files(tmp_path, *, by_column):
    """Whom findings about rows of one part and of two parts concern."""
    frame, _ = pollute(0)
    frame, more = frame[:300], frame[300:]
    more.write_csv(tmp_path / "b.csv")
    settings = {"target": "goal", "test": str(tmp_path / "b.csv")}
    if by_column:
        parts = pl.Series("part", ["train"] * len(frame) + ["test"] * len(more))
        frame, settings = pl.concat([frame, more]).with_columns(parts), {"target": "goal", "split": "part"}
    frame.write_csv(tmp_path / "a.csv")
    settings = Settings.model_validate(settings)
    reading = read_data(tmp_path / "a.csv", settings)
    split = split_rows(reading, settings)
    asked = gather_audit(reading, split, type_columns(reading, split, settings), settings)
    every = np.arange(len(reading.table.lines))
    sets = (
        RowSet(np.arange(3), looked_at=every),
        RowSet(np.arange(300, 303), looked_at=every),
        RowSet(np.arange(299, 302), looked_at=every),
        RowSet(every[:0], lines=(7,)),
    )
    findings = tuple(Finding("HO201", "rows", Severity.INFO, "", where=item) for item in sets)
    told = tell_affected(findings, asked, reading, settings)
    return [(item.affected.lines, item.affected.file, item.affected.n_affected) for item in told]


def test_lines_are_of_one_file_and_it_is_said_of_which(tmp_path):
    assert tell_of_files(tmp_path, by_column=False) == [
        ((2, 3, 4), "main", 3),
        ((2, 3, 4), "test", 3),
        ((), "", 3),
        ((), "", 1),
    ]
    assert tell_of_files(tmp_path, by_column=True) == [
        ((2, 3, 4), "", 3),
        ((302, 303, 304), "", 3),
        ((301, 302, 303), "", 3),
        ((7,), "", 1),
    ]


def test_a_finding_with_rows_is_kept_in_files():
    all_rows = RowsAffected(3, 9, (1 / 3, 0.07, 0.7), (4, 5, 6), notes=("none",))
    nothing = float("nan")
    for told in (all_rows, RowsAffected(3, 0, (nothing, nothing, nothing), (4, 5, 6))):
        where = RowSet(np.arange(3))
        finding = Finding("HO201", "copies", Severity.INFO, "", where=where, affected=told)
        assert "where" not in to_plain(finding)
        assert "where" not in to_json_values(finding)
        read = from_plain(Finding, to_plain(finding))
        assert read.affected.lines == (4, 5, 6)
        assert read.affected.share == pytest.approx(told.share, nan_ok=True)
    assert keep_first_lines((finding,))[0] == finding


def test_findings_without_rows_stay_as_they_are():
    finding = Finding("HO207", "constant columns", Severity.INFO, "")
    frame, _ = pollute(2)
    settings = Settings.model_validate({"target": "goal"})
    reading = read_data(frame, settings)
    split = split_rows(reading, settings)
    asked = gather_audit(reading, split, type_columns(reading, split, settings), settings)
    assert tell_affected((finding,), asked, reading, settings) == (finding,)
    lost = Finding("HO205", "cells", Severity.INFO, "", where=RowSet(split.test[:9]))
    with pytest.raises(DataError, match="9 rows are affected, of which 0 were looked at"):
        tell_affected((lost,), asked, reading, settings)
