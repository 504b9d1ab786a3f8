"""Texts of which parts are in another language than the page: shown as HTML, those parts say so. Pure.

Records are written in English; a Welsh page shows them as they are where no Welsh was recorded, and marks them,
so that a screen reader changes its voice (WCAG 2.2, 3.1.2).
"""

from __future__ import annotations

from typing import Self

from markupsafe import Markup, escape

from feeds.words import Words

#: The language that the archive's own words are recorded in.
RECORDED = "en"
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
