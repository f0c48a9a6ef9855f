import pytest

from heldout.errors import StudyError
from heldout.stages.pages import write_page


def test_a_page_is_written_and_written_again(tmp_path):
    place = tmp_path / "a.html"
    assert write_page(place, "<!doctype html><p>one</p>") == place
    write_page(place, "<!doctype html><p>two</p>")
    assert place.read_text() == "<!doctype html><p>two</p>"


def test_a_file_that_is_no_page_is_never_overwritten(tmp_path):
    place = tmp_path / "data.csv"
    place.write_text("a,b\n")
    with pytest.raises(StudyError, match="is there and is no report"):
        write_page(place, "<!doctype html>")
    assert place.read_text() == "a,b\n"
