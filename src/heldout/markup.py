"""What a tag of HTML or XML is among the characters of a text."""

from __future__ import annotations

import re

# "a<b and c>d" is no tag: what opens one is an element of HTML, or anything that ends in a slash or names an attribute
# in quotes; `<PERSON>`, as put where a name was, is a word.
_ELEMENTS = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br "
    "button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em "
    "embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr "
    "html i iframe img input ins kbd label legend li link main map mark marquee menu meta meter nav nobr noscript "
    "o:p object ol optgroup option output p param picture pre progress q rp rt ruby s samp script section select "
    "small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead "
    "time title tr track tt u ul var video wbr"
)
_FLAGS = (
    "async|checked|compact|controls|defer|disabled|hidden|noshade|nowrap|readonly|required|reversed|selected"
)
_QUOTED = r"""(?:"[^"<]{0,500}"|'[^'<]{0,500}')"""
_NAME = r"[a-z_:@][\w:.@-]{0,60}"
_VALUED = rf"""\s+{_NAME}\s*=\s*(?:{_QUOTED}|[^\s"'<>]{{1,500}})"""
_MORE = rf"(?:{_VALUED}|\s+{_NAME}(?=[\s/>])){{0,40}}\s*/?>"
TAG = re.compile(
    rf"<(?:/[a-z][\w:.-]{{0,60}}\s*>|[a-z][\w:.-]{{0,60}}\s*/>|!(?:--|doctype)[^<>]{{0,200}}>"
    rf"|(?:{_ELEMENTS.replace(' ', '|')})(?:\s*>|(?:{_VALUED}|\s+(?:{_FLAGS})(?=[\s/>])){_MORE})"
    rf"|[a-z][\w:.-]{{0,60}}\s+{_NAME}\s*=\s*{_QUOTED}{_MORE})",
    re.IGNORECASE | re.ASCII,
)
