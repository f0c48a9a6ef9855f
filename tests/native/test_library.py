import os
import shutil

import pytest

from heldout.native import library
from heldout.native.check import _loop as original
from heldout.native.check import check_library_here
from heldout.native.library import (
    check_library,
    describe_library,
    find_library,
    is_trusted,
    load_library,
    locate_library,
    packaged_library,
)

FOUND = find_library()
needs_library = pytest.mark.skipif(FOUND.path is None, reason=FOUND.note)


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A cache folder of its own, and no memory of what was found."""
    monkeypatch.setenv("HELDOUT_CACHE", str(tmp_path))
    monkeypatch.setattr(library, "find_level", lambda: "x86-64-v3")
    return tmp_path


def find_again():
    return find_library.__wrapped__()


def test_without_compiler_there_is_a_reason(fresh, monkeypatch):
    monkeypatch.setattr(library, "find_compiler", lambda: "")
    assert describe_library().note == "no C++ compiler to build the native library with"
    assert not list(fresh.iterdir())  # describing builds nothing
    assert find_again().note == "no C++ compiler to build the native library with"
    assert not list((fresh / "native").iterdir())  # a compiler may be installed later


def test_without_level_there_is_a_reason(monkeypatch):
    monkeypatch.setattr(library, "find_level", lambda: "")
    assert find_again() == describe_library()
    assert find_again().note == "no native code for this processor"


def test_a_library_that_fails_its_check_is_not_used(fresh, monkeypatch):
    monkeypatch.setattr(library, "find_compiler", lambda: "c++")
    monkeypatch.setattr(library, "build_library", lambda target, **_: target.write_text("wrong") and "")
    found = find_again()
    assert found.path is None
    assert "failed its check: " in found.note
    assert [path.suffix for path in (fresh / "native").iterdir()] == [".failed"]
    monkeypatch.setattr(library, "build_library", lambda target, **_: pytest.fail("tried twice"))
    assert "delete" in find_again().note
    assert "delete" in describe_library().note


def test_a_failed_build_is_said_and_leaves_nothing(fresh, monkeypatch):
    monkeypatch.setattr(library, "find_compiler", lambda: "false")
    assert "false could not build convolution.cc" in find_again().note
    assert not list((fresh / "native").iterdir())


def test_without_a_home_no_folder_of_others_is_taken(fresh, monkeypatch):
    monkeypatch.delenv("HELDOUT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(library.Path, "home", _find_no_home)
    for found in (find_again(), describe_library()):
        assert found.path is None
        assert found.note == (
            "no folder for the native library: there is no home folder; set HELDOUT_CACHE to a folder of your own"
        )


def _find_no_home():
    raise RuntimeError("Could not determine home directory.")


def test_a_folder_that_cannot_be_made_is_said(fresh, monkeypatch):
    (fresh / "native").write_text("")
    assert "no folder for the native library" in find_again().note


@needs_library
def test_a_packaged_library_is_checked_and_taken(fresh, monkeypatch):
    packaged = fresh / "packaged.so"
    shutil.copy(FOUND.path, packaged)
    monkeypatch.setattr(library, "packaged_library", lambda level: packaged)
    monkeypatch.setattr(library, "check_library", lambda path: "")
    monkeypatch.setattr(library, "load_library", lambda path: library.NativeLibrary(path, "loaded"))
    assert "checked at the first use" in describe_library().note
    assert find_again().path == locate_library("x86-64-v3")
    assert describe_library().note == locate_library("x86-64-v3").name
    assert [path.suffix for path in (fresh / "native").iterdir()] == [".so"]


@needs_library
def test_a_library_others_may_write_is_not_trusted(tmp_path):
    own = tmp_path / "own.so"
    shutil.copy(FOUND.path, own)
    own.chmod(0o700)
    assert is_trusted(own)
    own.chmod(0o702)
    assert not is_trusted(own)
    link = tmp_path / "link.so"
    os.symlink(FOUND.path, link)
    assert not is_trusted(link)


def test_what_is_no_library_is_not_loaded(tmp_path):
    text = tmp_path / "text.so"
    text.write_text("not a library")
    assert "text.so cannot be loaded" in load_library(text).note
    assert "cannot be loaded" in check_library_here(text)


@needs_library
def test_the_library_passes_its_check_in_both_ways():
    assert check_library_here(FOUND.path) == ""
    assert check_library(FOUND.path) == ""


@needs_library
def test_a_wrong_result_fails_the_check(monkeypatch):
    monkeypatch.setattr("heldout.native.check._run", lambda *given: [0.0 * part for part in original(*given)])
    assert "y differs by" in check_library_here(FOUND.path)


def test_names_follow_source_flags_and_jax(monkeypatch):
    first = locate_library("x86-64-v3")
    assert packaged_library("x86-64-v3").parent == library.SOURCE.parent
    monkeypatch.setattr(library, "version", lambda name: "0.0.1")
    assert locate_library("x86-64-v3") != first
