"""Texts of which parts are in another language than the page: shown as HTML, those parts say so. Pure.

Records are written in English; a Welsh page shows them as they are where no Welsh was recorded, and marks them,
so that a screen reader changes its voice (WCAG 2.2, 3.1.2).
"""

from __future__ import annotations

import re
from typing import Self

from markupsafe import Markup, escape

from feeds.words import Words

#: The language that the archive's own words are recorded in.
RECORDED = "en"
#: How many letters the title of a window has at most.
MOST_TITLE = 65
_NUMBER = re.compile(r"\d[\d,]*")
_WHOLE = re.compile(r'<span lang="([a-z]+)">[^<]*</span>')
_SPAN = Markup('<span lang="{}">{}</span>')


class Text(str):
    """A text that templates and `markupsafe` write with its languages marked; ``str()`` takes the marks away."""

    __slots__ = ("marked",)

    marked: Markup

    def __new__(cls, plain: str, marked: Markup) -> Self:
        made = super().__new__(cls, plain)
        made.marked = marked
        return made

    def __html__(self) -> str:
        return self.marked


def told(text: str, words: Words, lang: str | None = RECORDED) -> str:
    """Return a recorded text, marked where its language is known, and not that of the page."""
    if lang in (None, words.language) or isinstance(text, Text):
        return text
    return Text(text, _SPAN.format(lang, text))


def fill(pattern: str, *values: object) -> str:
    """Return a pattern of `Words` with values put in; what is marked in them stays marked."""
    plain = pattern.format(*map(str, values))
    if not any(isinstance(value, Text) for value in values):
        return plain
    return Text(plain, Markup(escape(str(pattern))).format(*values))  # noqa: S704 - escaped right here


def language_of(text: str, words: Words) -> str | None:
    """Return the one language of a text; None where it is in more than one."""
    if not isinstance(text, Text):
        return words.language
    whole = _WHOLE.fullmatch(text.marked)
    return whole[1] if whole else None


def headed(title: str, site: str) -> str:
    """Return what the window of a page is called: its title and the site, cut to what windows and lists show."""
    title = str(title)
    if len(whole := f"{title} – {site}") <= MOST_TITLE:
        return whole
    if len(title) <= MOST_TITLE:
        return title
    return title[: MOST_TITLE - 1].rsplit(" ", 1)[0] + "…"


def numbered(text: str) -> Markup:
    """Return a text as HTML in which its first number stands out."""
    found = _NUMBER.search(text)
    if found is None:
        return escape(text)
    before, after = text[: found.start()], text[found.end() :]
    return Markup("{}<strong>{}</strong>{}").format(before, found[0], after)
