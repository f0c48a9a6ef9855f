import numpy as np
import polars as pl
import pytest
from PIL import Image

from heldout import look
from heldout.errors import DataError, StudyError
from heldout.report import look_text
from heldout.report.look import render_look
from heldout.settings import Settings
from heldout.stages.looking import look_at, plan_study
from stages.made_data import make_frame


def test_every_column_is_shown_with_reason_and_fate():
    frame = make_frame(id=[f"p{row:04d}" for row in range(60)]).drop("price")
    content = look_at(frame, Settings(target="ill"))
    notes = {note.name: note for note in content.columns}
    assert notes["x"].kind == "number"
    assert notes["colour"].kind == "category"
    assert notes["id"].kind == "identifier"
    assert notes["id"].changed_to == "not used"
    assert all(note.why for note in content.columns)
    assert notes["colour"].n_slots >= 4  # three colours and one slot for what was never seen
    assert content.n_rows == 60
    assert content.nice_or_messy
    assert content.next_command == "heldout.fit(frame, target='ill')"


def test_a_column_whose_far_values_are_pulled_in_looks_otherwise_after_it():
    far = np.random.default_rng(0).normal(size=120)
    far[:6] = 9000.0
    frame = make_frame(120).drop("price").with_columns(pl.Series("x", far))
    content = look_at(frame, Settings(target="ill", outliers="clip"))
    note = next(note for note in content.columns if note.name == "x")
    assert note.before == (114, *[0] * 10, 6)  # all others in one bin
    assert sum(note.after) == 120
    assert sum(count > 0 for count in note.after) >= 4  # their shape can be seen again
    assert 'aria-label="as a network would see it: 12 bins' in render_look(content)


def test_without_a_target_the_columns_are_shown():
    content = look_at(make_frame(), Settings())
    assert [note.name for note in content.columns] == ["x", "z", "colour", "ill", "price"]
    assert content.target is None
    assert content.next_command == "heldout.look(frame, target='COLUMN')"


def test_without_a_target_the_four_questions_say_what_needs_one():
    content = look_at(make_frame(), Settings())
    titles = [line.partition(": ")[0] for line in content.bullets]
    assert titles == ["one clear truth", "labels likely good", "each class well represented", "a lot of data"]
    assert sum("without --target" in line for line in content.bullets) == 3
    assert content.bullets[3] == "a lot of data: no: 60 rows"
    assert not content.nice_or_messy
    assert "each class well represented" in look_text(content)
    assert "The rest needs a target" in render_look(content)


def test_rows_without_target_are_counted():
    frame = make_frame(ill2=["", *["yes", "no"] * 29, "no"]).drop("price", "ill")
    assert look_at(frame, Settings(target="ill2")).n_set_aside == 1


def test_what_cannot_be_a_study_is_refused():
    with pytest.raises(DataError, match="a study needs at least 10"):
        look_at(make_frame(5), Settings(target="ill"))


def test_a_plan_counts_networks_and_time():
    plan = plan_study(make_frame().drop("price"), Settings(target="ill", preset="quick"))
    assert len(plan.rungs) == 5
    assert plan.n_seeds == 3
    assert dict(plan.remedies).keys() == {"augmentation", "dropout", "l1", "l2"}
    most = 5 * 3 * 2 + (5 + 8 + 3) * 3 * 5  # learning rates on two folds; sizes, strengths and pairs
    assert 0.6 * most < plan.n_networks < most
    assert f"{plan.n_networks} networks are expected, {most} at most" in plan.notes[0]
    assert plan.seconds[0] < plan.seconds[1]
    thorough = plan_study(make_frame().drop("price"), Settings(target="ill", preset="thorough"))
    assert thorough.n_networks > plan.n_networks
    assert thorough.seconds > plan.seconds


def test_who_would_be_dropped_is_shown_before_any_row_is():
    frame = make_frame(600).drop("price")
    extreme = (frame["colour"].to_numpy() == "red") & (np.random.default_rng(5).random(600) < 0.15)
    dose = np.where(extreme, 500.0, np.random.default_rng(6).normal(10, 2, 600)).round(3)
    frame = frame.with_columns(pl.Series("dose", dose))
    found = look_at(frame, Settings(target="ill", outliers="drop")).affected
    assert found is not None
    assert "colour = red" in found.dropped[0].name
    assert found.dropped[0].rest_share < 0.05 < found.dropped[0].n_flagged / found.dropped[0].n_rows
    assert look_at(frame, Settings(target="ill")).affected is None


def test_the_next_line_keeps_what_was_said_about_groups():
    frame = make_frame(60, **{"the family": [f"f{row // 3}" for row in range(60)]}).drop("price")
    content = look_at(frame, Settings(target="ill", group="the family"))
    assert content.next_command == "heldout.fit(frame, target='ill', group='the family')"


def test_passed_checks_and_the_page_come_with_the_look(tmp_path):
    shown = look(make_frame().drop("price"), target="ill")
    assert any(line.startswith("near copies") for line in shown.content.passed_checks)
    place = shown.write_html(tmp_path / "look.html")
    assert place.read_text(encoding="utf-8").startswith("<!doctype html>")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StudyError, match="is there and is no report"):
        shown.write_html(tmp_path / "notes.txt")


def write_pictures(root, n=15):
    for number, kind in enumerate(("cat", "dog")):
        for k in range(n):
            place = root / kind / f"{k}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng((k, number)).integers(0, 256, (10, 12)).astype(np.uint8)
            Image.fromarray(pixels).save(place)
    (root / "dog" / "broken.png").write_bytes(b"\x89PNG no")
    return root


def test_pictures_are_shown_with_size_rule_classes_and_what_was_set_aside(tmp_path):
    content = look_at(str(write_pictures(tmp_path / "pets")), Settings(side=8))
    picture = content.columns[0]
    assert (picture.name, picture.kind) == ("picture", "picture")
    assert picture.why.startswith("30 of 7 x 9 pixels (gray): all have 10 x 12 pixels; scaled to 7 x 9")
    assert (picture.n_slots, "mean 0 and spread 1" in picture.changed_to) == (63, True)
    assert content.counts == (("cat", 15), ("dog", 15))
    assert content.n_set_aside == 1
    assert content.set_aside[0][0].startswith("no picture of a known format")
    assert content.next_command == f"heldout fit {tmp_path / 'pets'} --side 8"
    text = look_text(content)
    assert "binary: cat 15, dog 15." in text
    assert "1 line set aside: no picture of a known format" in text
    page = render_look(content)
    assert "30 of 7 x 9 pixels (gray)" in page
    assert "cat</bdi> 15" in page


def test_pictures_without_a_target_are_shown_too(tmp_path):
    root = write_pictures(tmp_path / "pets")
    content = look_at(str(root / "cat"), Settings())
    assert [(note.name, note.kind) for note in content.columns] == [
        ("picture", "picture"),
        ("file", "identifier"),
    ]
    assert content.target is None
    assert content.next_command == f"heldout look {root / 'cat'} --target COLUMN"


def test_no_target_value_leaves_with_a_look_or_a_plan():
    frame = make_frame(250).drop("price")
    settings = Settings(target="ill")
    assert plan_study(frame, settings).target.values.size == 0
    found = look_at(frame, settings).target
    assert found is not None
    assert found.values.size == 0


def test_without_a_target_nothing_is_told_of_declared_test_rows(tmp_path):
    rng = np.random.default_rng(0)

    def write(name, n_rows, ills):
        cells = {"x": rng.normal(size=n_rows).round(6), "ill": [ills[k % len(ills)] for k in range(n_rows)]}
        pl.DataFrame(cells).write_csv(tmp_path / name)

    write("a.csv", 60, ["yes", "no"])
    write("b.csv", 40, ["no", "no", "no", "maybe", "?"])
    alone = look_at(tmp_path / "a.csv", Settings())
    both = look_at(tmp_path / "a.csv", Settings(test=str(tmp_path / "b.csv")))
    assert both.bullets == alone.bullets
    assert [(note.n_missing, note.n_unparsed) for note in both.columns] == [(0, 0), (0, 0)]
    assert both.n_rows == 100
    assert any("by 60 of 100 rows" in note for note in both.read_notes)
    assert not any("counted, by" in note for note in alone.read_notes)


def test_lines_of_several_files_are_told_with_their_file(tmp_path):
    rows = [f"{row * 1.37:.2f},{row * 3 % 11},{'ab'[row % 2]}" for row in range(80)]
    (tmp_path / "main.csv").write_text("x,z,y\n" + "\n".join([*rows[:60], "1,2,3,4,5", "9,9,"]) + "\n")
    (tmp_path / "new.csv").write_text("x,z,y\n" + "\n".join([*rows[60:], "1,2,3,4,5", "9,9,"]) + "\n")
    content = look_at(
        str(tmp_path / "main.csv"), Settings(target="y", test=str(tmp_path / "new.csv"), keep_near_rows=False)
    )
    told = " | ".join(reason for reason, _ in content.set_aside)
    assert "(line 63 of main.csv; line 23 of new.csv)" in told  # the target's cell is empty there
    assert "(line 62 of main.csv)" in told
    assert "(line 22 of new.csv)" in told
    alone = look_at(str(tmp_path / "main.csv"), Settings(target="y"))
    assert all(" of main.csv" not in reason for reason, _ in alone.set_aside)
    content = look_at(str(tmp_path / "main.csv"), Settings(test=str(tmp_path / "new.csv")))
    assert any("of new.csv)" in reason for reason, _ in content.set_aside)
