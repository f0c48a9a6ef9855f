import re

from heldout.report.comparison_page import render_comparison
from report.made_comparison import NAN, make_comparison, make_side


def test_the_page_stands_alone():
    page = render_comparison(make_comparison())
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert len(page.encode()) < 100_000
    assert page.count("<svg") == 2
    for part in ("Which study predicts", "In what do they differ?", "And on the test rows?", "A note."):
        assert part in page


def test_the_tone_follows_the_outcome():
    assert 'class="verdict good"' in render_comparison(make_comparison(outcome="first is better"))
    assert 'class="verdict plain"' in render_comparison(make_comparison())


def test_names_are_text():
    evil = "<script>alert(1)</script>"
    page = render_comparison(
        make_comparison(
            first=make_side(evil), differences=((evil, evil, evil),), notes=(evil,), sentence=evil
        )
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_without_curves_differences_and_tests_it_still_says_what_there_is():
    bare = {"run": None, "test_scores": (), "test_opened": ""}
    content = make_comparison(
        first=make_side(**bare),
        second=make_side("b", **bare),
        differences=(),
        notes=(),
        warning="",
        hits=(NAN, NAN, NAN),
        same_split=False,
    )
    page = render_comparison(content)
    assert "<svg" not in page
    assert "Settings and versions are the same." in page
    assert "They used other rows" in page
    assert "no sealed rows were opened" in page
