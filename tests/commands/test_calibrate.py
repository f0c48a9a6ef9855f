import json

import pytest

from heldout.commands.calibrate import CalibrateOptions, run_calibrate
from heldout.errors import UsageError


def test_a_family_is_measured_and_its_table_written(capsys, tmp_path):
    page = tmp_path / "rates.md"
    run_calibrate(CalibrateOptions(family=["polynomials"], tasks=12, seed=3, out=page))
    shown = capsys.readouterr()
    assert shown.out.startswith("suite seed 3: ")
    assert "too big: false yes" in shown.out
    assert "polynomials: 12 of 12 data sets" in shown.err
    assert page.read_text(encoding="utf-8").startswith("Suite seed 3.")


def test_one_object_on_standard_output(capsys):
    run_calibrate(CalibrateOptions(family=["polynomials"], tasks=4, json=True, quiet=True))
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["schema"], found["seed"], found["n_tasks"]) == ("heldout/calibration/1", 1, 4)
    assert shown.err == ""


def test_an_unknown_family_and_a_gate_are_refused():
    with pytest.raises(UsageError, match="unknown family 'cubes'"):
        run_calibrate(CalibrateOptions(family=["cubes"]))
    with pytest.raises(UsageError, match="--require needs a verdict"):
        run_calibrate(CalibrateOptions(require=["verdict!=overfit"]))
