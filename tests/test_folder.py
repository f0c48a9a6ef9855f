import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError, StudyError
from heldout.folder import IDENTITY_FILE, LOCK_FILE, default_name, drop_cache, open_cache, open_folder

IDENTITY = {"data": "abc", "settings": {"seed": 0, "target": "num"}, "version": "0.1.0"}


def open_new(path, identity=IDENTITY):
    return open_folder(path, resume=False, identity=identity)


def test_new_folder_is_made_with_its_parents(tmp_path):
    with open_new(tmp_path / "runs" / "a") as study:
        assert not study.resumed
        assert study.read_json(IDENTITY_FILE) == IDENTITY
    assert {path.name for path in (tmp_path / "runs" / "a").iterdir()} == {IDENTITY_FILE, LOCK_FILE}


def test_existing_study_is_never_overwritten(tmp_path):
    open_new(tmp_path / "a").close()
    with pytest.raises(StudyError, match="holds a study already.*\n.*--resume"):
        open_new(tmp_path / "a")


def test_resume_continues_the_same_study(tmp_path):
    with open_new(tmp_path / "a") as study:
        study.write_text("x.txt", "kept")
    with open_folder(tmp_path / "a", resume=True, identity=IDENTITY) as study:
        assert study.resumed
        assert study.has("x.txt")


def test_resume_with_nothing_there_begins(tmp_path):
    with open_folder(tmp_path / "a", resume=True, identity=IDENTITY) as study:
        assert not study.resumed


def test_resume_after_a_kill_before_the_identity_was_written_begins(tmp_path):
    (tmp_path / LOCK_FILE).write_text("")
    with open_folder(tmp_path, resume=True, identity=IDENTITY) as study:
        assert not study.resumed


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({**IDENTITY, "data": "xyz"}, "data: was 'abc', now 'xyz'"),
        ({**IDENTITY, "settings": {"seed": 1, "target": "num"}}, r"settings\.seed: was 0, now 1"),
        ({**IDENTITY, "settings": {"seed": 0}}, r"settings\.target: was 'num', now 'absent'"),
        ({**IDENTITY, "more": []}, r"more: was 'absent', now \[\]"),
    ],
)
def test_resume_with_another_identity_shows_the_difference(tmp_path, changed, words):
    open_new(tmp_path / "a").close()
    with pytest.raises(StudyError, match=words):
        open_folder(tmp_path / "a", resume=True, identity=changed)


def test_refusals_release_the_lock(tmp_path):
    open_new(tmp_path / "a").close()
    for _ in range(2):
        with pytest.raises(StudyError, match="never overwritten"):
            open_new(tmp_path / "a")


def test_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.doc").write_text("x")
    with pytest.raises(StudyError, match=r"holds 1 files that are no study, e.g. 'thesis.doc'"):
        open_new(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(StudyError, match="is a file, not a folder"):
        open_new(tmp_path / "a")
    with pytest.raises(StudyError, match="cannot write|not writable"):
        open_new(tmp_path / "a" / "b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission_is_refused(tmp_path):
    (tmp_path / "a").mkdir(mode=0o555)
    with pytest.raises(StudyError, match="not writable: Permission denied"):
        open_new(tmp_path / "a" / "b")


def test_read_only_file_system_is_refused(tmp_path, monkeypatch):
    def fail(self, *args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(StudyError, match="not writable: Read-only file system"):
        open_new(tmp_path / "a")


def test_second_study_is_refused_naming_the_first(tmp_path):
    with (
        open_new(tmp_path / "a"),
        pytest.raises(StudyError, match=rf"in use by another study \(process {os.getpid()} on"),
    ):
        open_folder(tmp_path / "a", resume=True, identity=IDENTITY)
    open_folder(tmp_path / "a", resume=True, identity=IDENTITY).close()


def test_lock_of_a_killed_process_is_free(tmp_path):
    program = (
        "import os, signal, sys; from heldout.folder import open_folder;"
        "open_folder(sys.argv[1], resume=False, identity={}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "a")], check=False)
    assert done.returncode == -9
    with open_folder(tmp_path / "a", resume=True, identity={}) as study:
        assert study.resumed


def test_damaged_lock_text_does_not_hide_the_refusal(tmp_path):
    with open_new(tmp_path / "a"):
        (tmp_path / "a" / LOCK_FILE).write_text("garbage")
        with pytest.raises(StudyError, match=r"\(process unknown\)"):
            open_new(tmp_path / "a")


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_full_disk_keeps_the_former_file_and_leaves_nothing(tmp_path, monkeypatch, failing):
    with open_new(tmp_path / "a") as study:
        study.write_text("x.json", "former")

        def fail(*args):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, failing, fail)
        with pytest.raises(
            StudyError, match=r"no space left to write '.*x.json' \(3 bytes needed, [\d,]+ free\)"
        ):
            study.write_text("x.json", "new")
        monkeypatch.undo()
        assert (tmp_path / "a" / "x.json").read_text() == "former"
        assert list((tmp_path / "a").glob(".heldout-tmp-*")) == []


def test_short_writes_are_continued(tmp_path, monkeypatch):
    write = os.write
    with open_new(tmp_path / "a") as study:
        monkeypatch.setattr(os, "write", lambda file, content: write(file, bytes(content[:3])))
        study.write_bytes("curves/x.bin", b"0123456789")
        assert (tmp_path / "a" / "curves" / "x.bin").read_bytes() == b"0123456789"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_real_full_disk(tmp_path):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with open_new(tmp_path / "a") as study:
            study.write_text("x.txt", "kept")
            with pytest.raises(StudyError, match="no space left"):
                study.write_bytes("x.txt", bytes(200_000))
            assert (tmp_path / "a" / "x.txt").read_text() == "kept"
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_leftovers_of_a_killed_process_go_and_other_files_stay(tmp_path):
    open_new(tmp_path / "a").close()
    (tmp_path / "a" / "curves").mkdir()
    (tmp_path / "a" / "curves" / ".heldout-tmp-17-x.parquet").write_text("half")
    (tmp_path / "a" / "notes.txt").write_text("mine")
    open_folder(tmp_path / "a", resume=True, identity=IDENTITY).close()
    assert list((tmp_path / "a" / "curves").iterdir()) == []
    assert (tmp_path / "a" / "notes.txt").read_text() == "mine"


def test_files_can_be_read_by_colleagues(tmp_path):
    former = os.umask(0o022)
    try:
        with open_new(tmp_path / "a") as study:
            assert study.write_text("x.txt", "x").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(former)


def test_json_without_nan(tmp_path):
    with open_new(tmp_path / "a") as study:
        study.write_json("x.json", {"name": "caf\u00e9 \udc80"})
        assert study.read_json("x.json") == {"name": "caf\u00e9 \udc80"}
        with pytest.raises(ValueError, match="not JSON compliant"):
            study.write_json("x.json", float("nan"))
        assert study.read_json("x.json")["name"].startswith("caf")


def test_unreadable_json_is_named(tmp_path):
    with open_new(tmp_path / "a") as study:
        with pytest.raises(StudyError, match=r"has no verdict.json\n.*study folder\?"):
            study.read_json("verdict.json")
        study.write_bytes("verdict.json", b"{\xff")
        with pytest.raises(StudyError, match=r"verdict.json' is damaged"):
            study.read_json("verdict.json")
        study.write_text("verdict.json", "[" * 100_000)
        with pytest.raises(StudyError, match="is damaged"):
            study.read_json("verdict.json")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "", "a/../../x"])
def test_names_stay_inside(tmp_path, name):
    with open_new(tmp_path / "a") as study, pytest.raises(ValueError, match="named relative to its folder"):
        study.write_text(name, "x")


def test_default_names_count_up(tmp_path):
    runs = tmp_path / "runs"
    assert default_name("data/My patients.csv.gz", runs=runs) == runs / "My patients"
    for expected in ("a", "a-2", "a-3"):
        place = default_name("a.csv", runs=runs)
        assert place == runs / expected
        place.mkdir(parents=True)
    assert default_name("a.csv", runs=runs, resume=True) == runs / "a-3"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (".csv", "study"),
        ("..", "study"),
        ("-x.csv", "x"),
        ("a\nb\x1b.csv", "a_b_"),
        ("v1.2.tsv", "v1.2"),
        ("x" * 300, "x" * 180),
    ],
)
def test_odd_sources_get_usable_names(source, name, tmp_path):
    assert default_name(source, runs=tmp_path) == tmp_path / name


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300))
def test_default_name_is_always_one_short_part(source):
    place = default_name(source, runs=Path("/no/such"))
    assert place.parent == Path("/no/such")
    assert 0 < len(place.name.encode()) <= 200
    assert place.name not in (".", "..")


def test_identity_is_compared_as_json(tmp_path):
    open_new(tmp_path / "a", {"strengths": (0.2, 0.5)}).close()
    open_folder(tmp_path / "a", resume=True, identity={"strengths": [0.2, 0.5]}).close()
    assert json.loads((tmp_path / "a" / IDENTITY_FILE).read_text()) == {"strengths": [0.2, 0.5]}


def find_cache(path, *, resume):
    with open_cache(path, resume=resume) as cache:
        return cache


def test_decoded_pictures_lie_in_the_folder_of_the_study_and_go_with_it(tmp_path):
    place = find_cache(tmp_path / "a", resume=False)
    assert place == tmp_path / "a" / "cache"
    (place / "arrays-1").mkdir(parents=True)
    assert find_cache(tmp_path / "a", resume=False) == place
    (place / ".heldout-tmp-x").mkdir()
    open_folder(tmp_path / "a", resume=False, identity={"seed": 0}).close()
    assert [entry.name for entry in place.iterdir()] == ["arrays-1"]
    assert find_cache(tmp_path / "a", resume=True) == place
    drop_cache(tmp_path / "a")
    assert not place.exists()
    assert (tmp_path / "a" / "identity.json").is_file()


def test_nothing_is_kept_in_a_folder_that_will_be_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    assert find_cache(tmp_path, resume=True) is None
    open_folder(tmp_path / "a", resume=False, identity={"seed": 0}).close()
    assert find_cache(tmp_path / "a", resume=False) is None
    assert find_cache(tmp_path / "mine.txt", resume=False) is None


def test_refused_data_leave_no_pictures_behind(tmp_path):
    def refuse():
        with open_cache(tmp_path / "a", resume=False) as cache:
            cache.mkdir(parents=True)
            raise DataError("no rows")

    with pytest.raises(DataError, match="no rows"):
        refuse()
    assert not (tmp_path / "a").exists()


def test_a_folder_that_held_decoded_pictures_alone_goes_with_them(tmp_path):
    (tmp_path / "a" / "cache").mkdir(parents=True)
    drop_cache(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    drop_cache(tmp_path / "a")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("train-images-idx3-ubyte.gz", "train-images"),
        ("genes.fasta.gz", "genes"),
        ("photos/", "photos"),
        ("cifar.tar.xz", "cifar"),
        ("sky.fits", "sky"),
        ("x.npz", "x"),
    ],
)
def test_studies_of_examples_are_named_without_endings(source, name, tmp_path):
    assert default_name(source, runs=tmp_path) == tmp_path / name
