"""Stopped, killed or out of disk at any moment: what is done is kept, and the resumed study is the same study."""

import errno
import json
import os
import random
import signal
import subprocess
import time

import pytest

import heldout as ho
from e2e.made_tables import command, drop_times, environment, load_answer, run_apart, run_here
from heldout.errors import StudyError, StudyInterrupted

SECONDS = 120.0


def start(tables, folder, *options):
    words = (
        "fit",
        "parts.csv",
        "--target",
        "ill",
        "--split",
        "part",
        "--config",
        "small.toml",
        "--out",
        folder,
    )
    return subprocess.Popen(
        command(*words, *options),
        cwd=tables,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(process, condition):
    """Wait until a condition holds; False if the process ended before."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    process.kill()
    raise AssertionError("nothing happened for two minutes")


def count_runs(folder):
    return len(list(folder.glob("curves/*.run")))


def assert_same_study(folder, finished):
    undisturbed = finished[0]
    assert (folder / "bundle.zip").read_bytes() == (undisturbed / "bundle.zip").read_bytes()
    assert drop_times(load_answer(folder)) == drop_times(load_answer(undisturbed))
    for name in ("split.json", "audit.json", "recipe.json", "recipe.safetensors", "curves/curves.parquet"):
        assert (folder / name).read_bytes() == (undisturbed / name).read_bytes(), name


def resume(tables, folder):
    outcome = run_apart(
        "fit", "parts.csv", "--target", "ill", "--split", "part", "--config", "small.toml", "--out", folder, "--resume",
        cwd=tables,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    return outcome


def test_ctrl_c_sigterm_and_kill_one_after_the_other_change_no_bit(finished, tables, tmp_path):
    folder = tmp_path / "parts"
    process = start(tables, folder)
    assert wait_for(process, lambda: count_runs(folder) >= 1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, err
    assert out == ""
    assert "stopped; what is done is kept" in err
    assert (
        f"heldout fit parts.csv --target ill --split part --config small.toml --out {folder} --resume" in err
    )
    kept = count_runs(folder)
    assert kept >= 1

    process = start(tables, folder, "--resume")
    assert wait_for(process, lambda: count_runs(folder) > kept)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 143, err
    assert "--resume" in err
    assert "Traceback" not in err
    kept = count_runs(folder)

    process = start(tables, folder, "--resume")
    assert wait_for(process, lambda: count_runs(folder) > kept)
    process.kill()
    process.communicate(timeout=SECONDS)
    assert process.returncode == -signal.SIGKILL
    assert not (folder / "content.json").exists()

    resume(tables, folder)
    assert_same_study(folder, finished)
    assert not list(folder.rglob(".heldout-tmp-*"))


def read_events(folder):
    place = folder / "events.jsonl"
    lines = place.read_text().splitlines(keepends=True) if place.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def continue_if_begun(folder):
    """A study that was killed before it wrote anything is begun, any other continued."""
    return ("--resume",) if (folder / "identity.json").is_file() else ()


def list_phases(folder):
    """The phases of a study in order, those that trained nothing included."""
    return list(dict.fromkeys(event["phase"] for event in read_events(folder) if event["kind"] == "phase"))


@pytest.mark.slow
def test_killed_in_every_phase_it_comes_to_the_same_end(finished, tables, tmp_path):
    """Racing, gates, delivery, groups and test: whatever phases a study has, it is killed as each begins."""
    folder = tmp_path / "parts"
    phases = list_phases(finished[0])
    assert {"ladder", "remedies", "remedies, more seeds", "delivery", "groups", "testing"} <= set(phases)
    for phase in phases[2:]:
        seen = len(read_events(folder))
        process = start(tables, folder, *continue_if_begun(folder))
        begun = wait_for(
            process,
            lambda seen=seen, phase=phase: any(
                event.get("phase") == phase for event in read_events(folder)[seen:]
            ),
        )
        process.kill()
        _, err = process.communicate(timeout=SECONDS)
        # what an earlier start finished is read, not trained: such a phase may not begin again
        assert begun or process.returncode == 0, err
    resume(tables, folder)
    assert_same_study(folder, finished)


@pytest.mark.slow
def test_killed_at_random_moments_it_comes_to_the_same_end(finished, tables, tmp_path):
    folder = tmp_path / "parts"
    draw = random.Random(os.urandom(8))
    n_events = len(read_events(finished[0]))
    for _ in range(2):  # other moments in every run of the tests
        # so many events further than before, and a moment later: at any place of a study, however slow the machine is
        wanted = len(read_events(folder)) + draw.randint(1, n_events // 2)
        process = start(tables, folder, *continue_if_begun(folder))
        wait_for(process, lambda wanted=wanted: len(read_events(folder)) >= wanted)
        time.sleep(draw.uniform(0.0, 0.2))
        process.kill()
        process.communicate(timeout=SECONDS)
    resume(tables, folder)
    assert_same_study(folder, finished)


def test_two_studies_in_one_folder_the_second_is_refused(tables, tmp_path):
    folder = tmp_path / "parts"
    process = start(tables, folder)
    try:
        assert wait_for(process, lambda: (folder / "study.json").exists())
        second = run_here(
            "fit", tables / "parts.csv", "--target", "ill", "--split", "part", "--config", tables / "small.toml",
            "--out", folder, "--resume",
        )  # fmt: skip
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)
    assert second.code == 3
    assert f"is in use by another study (process {process.pid} on" in second.err


def fit_parts(tables, folder, *, resume=False):
    from heldout.settings import load_settings

    settings = load_settings(tables / "small.toml", target="ill", split="part")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "heldout.report.charts.draw_charts", lambda content: {}
        )  # of what is compared none is a picture
        return ho.fit(tables / "parts.csv", settings, out=folder, resume=resume, progress="none")


def test_a_disk_that_fills_up_keeps_what_is_done(finished, tables, tmp_path, monkeypatch):
    from heldout import folder as folders

    folder, real = tmp_path / "parts", folders._write_through

    def fail_in_the_third_run(path, content):
        if path.name.endswith(".run") and count_runs(folder) == 2:
            path.write_bytes(content[: len(content) // 2])  # half a file reaches the disk
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(folders, "_write_through", fail_in_the_third_run)
    with pytest.raises(StudyError, match=r"no space left to write .*\.run") as caught:
        fit_parts(tables, folder)
    assert "--resume" in caught.value.hint
    assert count_runs(folder) == 2
    assert not list(folder.rglob(".heldout-tmp-*"))
    monkeypatch.undo()
    fit_parts(tables, folder, resume=True)
    assert_same_study(folder, finished)


def test_a_full_disk_after_the_opening_still_gives_the_first_score(finished, tables, tmp_path, monkeypatch):
    from heldout import folder as folders

    folder, real = tmp_path / "parts", folders._write_through

    def fail_at_the_report(path, content):
        if path.name.endswith("report.html"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(folders, "_write_through", fail_at_the_report)
    with pytest.raises(StudyError, match="no space left"):
        fit_parts(tables, folder)
    monkeypatch.undo()
    study = fit_parts(tables, folder, resume=True)
    assert_same_study(folder, finished)
    assert study.content.openings_before == 0  # its own second opening is the same look
    assert len((tmp_path / ".journal.jsonl").read_text().splitlines()) == 2  # and still both are on record


def test_a_damaged_run_is_trained_again(finished, tables, tmp_path, monkeypatch):
    from heldout.stages import delivering

    folder = tmp_path / "parts"

    def stop(*_, **__):
        raise StudyInterrupted(130)

    monkeypatch.setattr(delivering, "train_delivered", stop)
    with pytest.raises(StudyInterrupted, match="130"):
        fit_parts(tables, folder)
    monkeypatch.undo()
    first, second, third = sorted(folder.glob("curves/*.run"))[:3]
    first.write_bytes(first.read_bytes()[:-5])
    second.write_bytes(b"")
    data = bytearray(third.read_bytes())
    data[-100] ^= 255
    third.write_bytes(bytes(data))
    fit_parts(tables, folder, resume=True)
    assert_same_study(folder, finished)


def test_ctrl_c_in_python_keeps_what_is_done(tables, tmp_path):
    from heldout.settings import load_settings

    settings = load_settings(tables / "small.toml", target="ill", split="part")
    folder, before = tmp_path / "parts", signal.getsignal(signal.SIGINT)

    class Display:
        def show(self, event):
            if event.get("phase") == "ladder" and event.get("done"):
                signal.raise_signal(signal.SIGINT)

        def close(self):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heldout.stages.opening.open_display", lambda choice: Display())
        with pytest.raises(StudyInterrupted, match="130") as caught:
            ho.fit(tables / "parts.csv", settings, out=folder)
    assert caught.value.exit_code == 130
    assert count_runs(folder) >= 1
    assert signal.getsignal(signal.SIGINT) is before
    page = folder / "report-partial.html"
    assert caught.value.report == str(page)
    assert "It was stopped before its end" in page.read_text(encoding="utf-8")
    ho.fit(tables / "parts.csv", settings, out=folder, resume=True)
    assert not page.exists()
