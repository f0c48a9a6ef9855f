"""What every page of the lecture must keep, whatever it shows."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "hr", "input"}
LARGEST_PAGE = 1_000_000
FORBIDDEN = re.compile(
    r"<script|<iframe|<object|<embed|<link|<base|\bon\w+=|@import|url\((?!#)", re.IGNORECASE
)


class Outline(HTMLParser):
    """Collects what a reader of the page meets; refuses tags that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.headings = [], [], []
        self.counts = {}

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        named = dict(attributes)
        for name in ("src", "href", "action"):
            assert named.get(name, "#").startswith("#"), f"{tag} reaches out of the file: {named}"
        if "id" in named:
            self.ids.append(named["id"])
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is closed out of order"


def check_page(text):
    """Assert that a page is whole, small, self-contained and has a table below each picture."""
    assert len(text.encode()) < LARGEST_PAGE
    assert text.startswith("<!doctype html>")
    assert not FORBIDDEN.search(text), FORBIDDEN.search(text).group()
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.headings[0] == "h1"
    assert outline.headings.count("h1") == 1
    assert outline.counts["svg"] == outline.counts["figure"] >= 1
    assert outline.counts["table"] >= outline.counts["svg"]
    assert outline.counts["title"] == 1 + outline.counts["svg"]
    assert "nan" not in re.sub(r"<[^>]*>", " ", text).lower().split()
    return outline
