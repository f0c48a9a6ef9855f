import json
import subprocess
import sys

import pytest

from heldout.errors import StudyError
from heldout.stages.loading import load_content
from stages.made_folders import write_study


def test_paths_are_those_of_the_folder_as_it_lies_now(tmp_path):
    folder = write_study(tmp_path / "a").rename(tmp_path / "moved")
    content = load_content(folder)
    assert content.bundle_path == str(folder / "bundle.zip")
    assert content.study_folder == str(folder)


def test_a_record_of_another_version_is_refused(tmp_path):
    folder = write_study(tmp_path / "a")
    (folder / "content.json").write_text(json.dumps({"schema": "heldout/content/9", "content": {}}))
    with pytest.raises(StudyError, match="has another schema than 'heldout/content/1'"):
        load_content(folder)


def test_a_torn_record_is_refused(tmp_path):
    folder = write_study(tmp_path / "a")
    (folder / "content.json").write_text('{"schema": ')
    with pytest.raises(StudyError, match="is damaged"):
        load_content(folder)


def test_reading_a_study_loads_nothing_that_trains(tmp_path):
    folder = write_study(tmp_path / "a")
    code = (
        "import sys, heldout; study = heldout.load(sys.argv[1]); study._repr_html_(); str(study); study.verdict;"
        "print([name for name in ('jax', 'sklearn', 'polars', 'altair', 'duckdb') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
