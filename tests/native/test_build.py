import os

import pytest

from heldout.native.build import FLAGS, LEVELS, build_library, choose_level, find_compiler, find_level


def test_levels_follow_the_processor():
    narrow, wide = set(LEVELS["x86-64-v3"]), set(LEVELS["x86-64-v4"])
    assert choose_level(frozenset(narrow | wide)) == "x86-64-v4"
    assert choose_level(frozenset(narrow)) == "x86-64-v3"
    assert choose_level(frozenset(wide)) == ""  # a processor that says so is not believed
    assert choose_level(frozenset(narrow - {"fma"})) == ""


def test_other_processors_have_no_level(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert find_level() == ""


def test_flags_leave_arithmetic_alone():
    assert not {"-ffast-math", "-Ofast", "-funsafe-math-optimizations"} & set(FLAGS)


def test_the_named_compiler_comes_first(monkeypatch, tmp_path):
    own = tmp_path / "own-c++"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("CXX", str(own))
    assert find_compiler() == str(own)
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_compiler() == ""


@pytest.mark.parametrize(
    ("program", "message"), [("/no/such/compiler", "No such file"), ("false", "exit code 1")]
)
def test_failed_builds_say_why(program, message, tmp_path):
    problem = build_library(tmp_path / "a.so", level="x86-64-v3", include=tmp_path, compiler=program)
    assert message in problem
    assert not os.listdir(tmp_path)


@pytest.mark.skipif(not find_compiler(), reason="no C++ compiler")
def test_a_missing_header_is_named(tmp_path):
    problem = build_library(tmp_path / "a.so", level="x86-64-v3", include=tmp_path, compiler=find_compiler())
    assert "xla/ffi/api/ffi.h" in problem
