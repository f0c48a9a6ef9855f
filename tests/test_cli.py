import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

import heldout
from heldout import cli
from heldout.cli import VERBS, main
from heldout.errors import DataError, StudyError, StudyInterrupted
from heldout.records import Finding, Severity


class FakeStudy:
    """What the command line expects of a study; records how it was called."""

    def __init__(self, verdict="good fit"):
        self.verdict, self.calls, self.failure, self.findings, self.strict = verdict, [], None, (), None

    def fit(self, source, settings, *, out, resume, progress, strict):
        self.calls.append((source, settings, out, resume, progress))
        self.strict = strict
        if self.failure:
            raise self.failure
        return self

    def look(self, source, settings):
        self.calls.append((source, settings))
        return types.SimpleNamespace(
            text=lambda: "columns",
            json=lambda: {"schema": "heldout/look/1"},
            content=types.SimpleNamespace(findings=self.findings, refusal=""),
        )

    def answer_text(self):
        return f"verdict: {self.verdict}"

    def answer_json(self):
        return {"schema": "heldout/study/1", "verdict": {"chosen": {"word": self.verdict}}}


@pytest.fixture(autouse=True)
def _restore(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def study(monkeypatch):
    fake = FakeStudy()
    module = types.ModuleType("heldout.study")
    module.fit, module.look = fake.fit, fake.look
    monkeypatch.setitem(sys.modules, "heldout.study", module)
    monkeypatch.setattr(heldout, "study", module, raising=False)
    return fake


def run(*arguments, capsys):
    code = main(list(arguments))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_no_arguments_show_the_help(capsys):
    code, out, err = run(capsys=capsys)
    assert (code, err) == (0, "")
    assert "heldout fit patients.csv --target outcome" in out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_the_common_options(verb, capsys):
    code, out, _ = run(verb, "--help", capsys=capsys)
    assert code == 0
    for option in ("--json", "--quiet", "--progress", "--debug", "--strict", "--require"):
        assert option in out


def test_version(capsys):
    assert run("--version", capsys=capsys) == (0, f"heldout {heldout.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fti"], "No such command 'fti'"),
        (["fit"], "Missing argument 'FILE'"),
        (["fit", "a.csv", "--tagret", "x"], "No such option: --tagret (Possible options: --target"),
        (["fit", "a.csv", "--preset", "quck"], "'quck' is not one of 'quick', 'standard', 'thorough'"),
        (["fit", "a.csv", "--seed", "x"], "--seed"),
        (["fit", "a.csv", "--seed=-1"], "setting 'seed'"),
        (["fit", "a.csv", "--target-map", "yes"], "--target-map wants RAW=CLASS, got 'yes'"),
        (["fit", "a.csv", "--require", "fine"], "--require 'fine' cannot be read"),
        (["fit", "a.csv", "--config", "no.toml"], "cannot read the settings file 'no.toml'"),
        (["demo", "hart"], "no example 'hart'"),
    ],
)
def test_usage_errors(arguments, words, capsys, study):
    code, out, err = run(*arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert err.startswith("heldout: ")
    assert words in err
    assert "Traceback" not in err
    assert study.calls == []


def test_errors_as_object(capsys):
    code, out, err = run("fit", "a.csv", "--json", "--seed=-1", capsys=capsys)
    error = json.loads(out)
    assert code == error["exit_code"] == 2
    assert error["schema"] == "heldout/error/1"
    assert error["kind"] == "UsageError"
    assert error["message"] in err


def test_fit_hands_everything_over(capsys, study):
    code, out, _ = run("fit", "dir/a.csv", "--target", "num", "--budget", "90s", "--quiet", capsys=capsys)
    assert (code, out) == (0, "verdict: good fit\n")
    source, settings, folder, resume, progress = study.calls[0]
    assert (source, settings.target, settings.budget) == ("dir/a.csv", "num", "90s")
    assert (folder, resume, progress) == (Path("runs/a"), False, "none")


def test_fit_as_object(capsys, study):
    _, out, _ = run("fit", "a.csv", "--json", "--out", "x", "--progress", "json", capsys=capsys)
    assert json.loads(out)["schema"] == "heldout/study/1"
    assert study.calls[0][2:] == (Path("x"), False, "json")


def test_resume_takes_the_newest_folder(capsys, study):
    for name in ("a", "a-2"):
        (Path("runs") / name).mkdir(parents=True)
    run("fit", "a.csv", "--resume", capsys=capsys)
    run("fit", "a.csv", capsys=capsys)
    assert [call[2] for call in study.calls] == [Path("runs/a-2"), Path("runs/a-3")]


def test_environment_stands_in_for_options(capsys, study, monkeypatch):
    monkeypatch.setenv("HELDOUT_PRESET", "quick")
    monkeypatch.setenv("HELDOUT_SEED", "7")
    run("fit", "a.csv", "--seed", "8", capsys=capsys)
    assert (study.calls[0][1].preset, study.calls[0][1].seed) == ("quick", 8)


def test_demo_runs_the_shipped_example(capsys, study):
    code, _, err = run("demo", capsys=capsys)
    source, settings, folder, _, _ = study.calls[0]
    assert code == 0
    assert Path(source).name == "heart.csv"
    assert settings.target_map == {"0": "no", "1..4": "yes"}
    assert folder == Path("runs/demo")
    assert "303 patients" in err


def test_look(capsys, study):
    assert run("look", "a.csv", capsys=capsys)[:2] == (0, "columns\n")
    assert json.loads(run("look", "a.csv", "--json", capsys=capsys)[1])["schema"] == "heldout/look/1"


def test_gate(capsys, study):
    study.verdict = "overfit"
    code, out, err = run("fit", "a.csv", "--require", "verdict!=overfit", capsys=capsys)
    assert code == 4
    assert out == "verdict: overfit\n"
    assert "required verdict!=overfit, but the verdict is 'overfit'" in err


@pytest.mark.parametrize(
    ("failure", "code"), [(DataError("no\x1b[31m", hint="do"), 3), (StudyError("full"), 3)]
)
def test_refusals(failure, code, capsys, study):
    study.failure = failure
    found, out, err = run("fit", "a.csv", capsys=capsys)
    assert (found, out) == (code, "")
    assert "\x1b" not in err


@pytest.mark.parametrize("code", [130, 143])
def test_interruption_prints_how_to_go_on(code, capsys, study):
    study.failure = StudyInterrupted(code)
    found, _, err = run("fit", "my data.csv", "--target", "x", capsys=capsys)
    assert found == code
    assert "continue with: heldout fit 'my data.csv' --target x --resume" in err
    _, _, err = run("fit", "a.csv", "--resume", capsys=capsys)
    assert err.count("--resume") == 1
    assert "heldout report" not in err  # there is no folder to report on


def test_interruption_names_the_report_of_what_there_is(capsys, study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my run").mkdir()
    (tmp_path / "my run" / "study.json").write_text("{}")
    study.failure = StudyInterrupted(130)
    _, _, err = run("fit", "a.csv", "--out", "my run", capsys=capsys)
    assert "  -> see what there is by now: heldout report 'my run'" in err.splitlines()
    study.failure = StudyInterrupted(130, report="my run/report-partial.html")
    _, _, err = run("fit", "a.csv", "--out", "my run", capsys=capsys)
    assert "  -> see what there is by now: my run/report-partial.html" in err.splitlines()
    assert "heldout report" not in err


def unexpected(*arguments):
    program = (
        "import sys, types; m = types.ModuleType('heldout.study'); m.look = lambda *a: 1 / 0;"
        "sys.modules['heldout.study'] = m; from heldout.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )


def test_unexpected_error_is_one_line():
    done = unexpected("look", "a.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "heldout: unexpected error: ZeroDivisionError: division by zero\n  -> run again with --debug to see where\n"
    )


def test_unexpected_error_with_debug_and_json():
    done = unexpected("look", "a.csv", "--debug", "--json")
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert json.loads(done.stdout)["kind"] == "ZeroDivisionError"


def test_unexpected_error_without_a_message(capsys):
    cli._explain_unexpected(as_json=False, debug=False)
    sys.excepthook(KeyError, KeyError(), None)
    assert "unexpected error: KeyError: " in capsys.readouterr().err


def test_flags_after_the_double_dash_are_names(capsys):
    assert cli._has_flag(["fit", "--json"], "--json")
    assert not cli._has_flag(["fit", "--", "--json"], "--json")


def test_doctor(capsys):
    code, out, _ = run("doctor", "--json", capsys=capsys)
    assert code == 0
    assert json.loads(out)["schema"] == "heldout/doctor/1"


def test_gate_leaves_one_object_on_standard_output(capsys, study):
    code, out, err = run("fit", "a.csv", "--json", "--require", "verdict!=good fit", capsys=capsys)
    assert code == 4
    assert json.loads(out)["schema"] == "heldout/study/1"
    assert "required verdict!=good fit" in err


def test_doctor_is_strict_when_asked(capsys, monkeypatch):
    monkeypatch.setattr("heldout.doctor.is_writable", lambda folder: False)
    assert run("doctor", capsys=capsys)[0] == 0
    code, out, err = run("doctor", "--strict", capsys=capsys)
    assert code == 3
    assert "problem      studies cannot be written" in out
    assert "1 problems" in err


def test_gate_without_a_verdict_is_not_met(capsys, study):
    study.answer_json = lambda: {"verdict": {"chosen": None}}
    code, _, err = run("fit", "a.csv", "--require", "verdict!=overfit", capsys=capsys)
    assert code == 4
    assert "the verdict is 'missing'" in err


@pytest.mark.parametrize(
    "arguments", [["look", "a.csv"], ["predict", "r", "a.csv"], ["score", "r", "a.csv"], ["report", "r"]]
)
def test_gate_where_no_verdict_is_made_is_refused(arguments, capsys, study):
    code, _, err = run(*arguments, "--require", "verdict!=overfit", capsys=capsys)
    assert code == 2
    assert "only fit, demo and diagnose make one" in err


def test_strict_reaches_the_study(capsys, study):
    run("fit", "a.csv", "--strict", capsys=capsys)
    assert study.strict is True
    run("fit", "a.csv", capsys=capsys)
    assert study.strict is False


def test_strict_look_refuses_after_showing(capsys, study):
    study.findings = (Finding("HO210", "leak", Severity.CRITICAL, "'id' tells the target", action="drop it"),)
    assert run("look", "a.csv", capsys=capsys)[0] == 0
    code, out, err = run("look", "a.csv", "--strict", capsys=capsys)
    assert (code, out) == (3, "columns\n")
    assert "critical: 'id' tells the target\n  -> drop it" in err
