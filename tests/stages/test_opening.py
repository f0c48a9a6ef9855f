"""A study that is to be continued must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from heldout.errors import StudyError, StudyInterrupted
from heldout.folder import open_folder
from heldout.settings import Settings
from heldout.stages import opening
from heldout.stages.opening import open_study, refuse_absent
from heldout.stages.spawning import Asked


def test_a_study_that_is_not_there_is_not_begun_in_place_of_another(tmp_path: Path) -> None:
    open_folder(tmp_path / "patients", resume=False, identity={"seed": 0}).close()
    asked = Asked("no.csv", Settings(), tmp_path / "pateints", resume=True)
    refused = pytest.raises(StudyError, match="there is no study '.*pateints' to continue")
    with refused as caught, open_study(asked, progress="none"):
        pass
    assert caught.value.hint == f"did you mean '{tmp_path / 'patients'}'? Else leave out --resume to begin it"
    assert not (tmp_path / "pateints").exists()


def test_a_study_that_was_begun_can_be_continued(tmp_path: Path) -> None:
    open_folder(tmp_path / "a", resume=False, identity={"seed": 0}).close()
    refuse_absent(tmp_path / "a")


def test_a_folder_without_a_study_is_none(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(StudyError, match="there is no study"):
        refuse_absent(tmp_path / "a")


def test_a_stop_names_the_folder_and_the_page_of_what_there_is(tmp_path: Path, monkeypatch) -> None:
    data, place = tmp_path / "a.csv", tmp_path / "study"
    data.write_text("x,y\n" + "\n".join(f"{row * 1.37 % 7:.2f},{chr(97 + row % 2)}" for row in range(80)))
    monkeypatch.setattr(opening, "leave_report", lambda folder: folder / "report-partial.html")
    asked = Asked(str(data), Settings(target="y"), place)

    def stop_within() -> None:
        with open_study(asked, progress="none") as opened:
            assert opened is not None
            opened.workplace.folder.write_json("study.json", {})
            raise StudyInterrupted(130)

    with pytest.raises(StudyInterrupted) as caught:
        stop_within()
    assert str(caught.value).endswith(f"what there is by now: {place / 'report-partial.html'}")
    assert caught.value.folder == str(place)
