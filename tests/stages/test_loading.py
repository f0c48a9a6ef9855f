import json
import subprocess
import sys

import pytest

from heldout.errors import BundleError, StudyError
from heldout.settings import Settings
from heldout.stages.loading import load_content, name_resume, refuse_unfinished
from heldout.stages.predicting import predict_rows
from heldout.stages.salvaging import say_unfinished
from heldout.stages.validating import score_external
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


def begin(folder, command=None):
    """What a study leaves that was stopped in its training."""
    folder.mkdir()
    (folder / "identity.json").write_text("{}")
    if command is not None:
        (folder / "study.json").write_text(json.dumps({"command": command}))
    return folder


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (None, "continue it with --resume"),
        ("heldout fit a.csv --target y --out runs/a", "heldout fit a.csv --target y --out runs/a --resume"),
        ("heldout fit 'my data.csv' --out=x", "continue it with: heldout fit 'my data.csv' --out=x --resume"),
        ("heldout fit a.csv", "continue it with: heldout fit a.csv --out {folder} --resume"),
        ("heldout.fit(...)", "continue it with --resume (in Python resume=True)"),
        (["odd"], "continue it with --resume"),
    ],
)
def test_a_begun_study_says_by_which_command_it_goes_on(tmp_path, command, advice):
    folder = begin(tmp_path / "a", command)
    advice = advice.format(folder=folder)
    assert name_resume(folder).endswith(advice)
    assert say_unfinished(folder).endswith(f"{advice}).")
    with pytest.raises(
        StudyError, match="has not come to its end: bundle.zip with its networks, .* is missing"
    ) as no:
        refuse_unfinished(folder)
    assert no.value.hint.splitlines()[0].endswith(advice)
    assert no.value.hint.endswith(f"heldout report {folder}")
    with pytest.raises(StudyError, match="has not come to its end"):
        refuse_unfinished(folder / "bundle.zip")


@pytest.mark.parametrize("ask", [predict_rows, score_external])
def test_predict_and_score_of_a_stopped_study_say_how_to_go_on(tmp_path, ask):
    folder = begin(tmp_path / "a", "heldout fit a.csv")
    with pytest.raises(StudyError, match="has not come to its end") as caught:
        ask(folder, "new.csv", Settings(), allow_shift=False)
    assert "--resume" in caught.value.hint


def test_a_finished_study_without_its_bundle_is_not_told_to_go_on(tmp_path):
    folder = begin(tmp_path / "a")
    (folder / "content.json").write_text("{}")
    with pytest.raises(StudyError, match=r"is finished, but bundle\.zip with its networks is missing"):
        refuse_unfinished(folder)
    (folder / "bundle.zip").write_bytes(b"x")
    refuse_unfinished(folder)
    with pytest.raises(BundleError, match="cannot read the bundle"):  # no study at all: as it was
        predict_rows(tmp_path / "none", "new.csv", Settings(), allow_shift=False)
