"""What a language must be able to say.

A text with braces is a pattern for `str.format`; nothing that comes from the data is ever used as one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from feeds.words.plurals import Category, Forms, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class DateWords:
    """How dates are written out."""

    months: tuple[str, ...]
    seasons: Mapping[str, str]
    about: str
    perhaps: str
    between: str
    span: str
    since: str
    until: str
    since_unknown: str
    until_unknown: str
    or_later: str
    or_earlier: str
    either: str
    both: str
    decade: str
    some_time: str


class FeedWords(NamedTuple):
    """What a feed is called, and what is in it."""

    title: str
    about: str


class PageWords(NamedTuple):
    """What a page is called, in full and in a menu, and what it is for."""

    title: str
    short: str
    about: str


class Section(NamedTuple):
    """A part of a page of prose: a heading, and paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


class Helpline(NamedTuple):
    """Who helps, how to reach them, and whom they are for."""

    name: str
    number: str
    about: str


class ErrorWords(NamedTuple):
    """What an error page says."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language. ``name`` is what the language calls itself."""

    language: str
    name: str
    plural: Callable[[float], Category]
    counts: Mapping[str, Forms]
    dates: DateWords
    feeds: Mapping[str, FeedWords]
    kinds: Mapping[str, str]
    terms: Mapping[str, str]
    values: Mapping[str, str]
    units: Mapping[str, str]
    reasons: Mapping[str, str]
    titles: Mapping[str, str]
    verdicts: Mapping[str, str]
    events: Mapping[str, str]
    say: Mapping[str, str]
    checks: Mapping[str, str]
    errors: Mapping[int, ErrorWords]
    paths: Mapping[str, str]
    pages: Mapping[str, PageWords]
    statuses: Mapping[str, str]
    lines: Mapping[str, str]
    prose: Mapping[str, tuple[Section, ...]]
    helplines: tuple[Helpline, ...]

    def count(self, name: str, number: float) -> str:
        """Return so many of what is counted, e.g. 1,054 events: never a number put before a noun by hand."""
        return counted(number, self.counts[name], self.plural(number))

    def value(self, raw: object) -> str:
        """Return what a coded value is called; the value itself where it has no word of its own."""
        return self.values.get(str(raw), str(raw))

    def term(self, name: str) -> str:
        """Return what a field is called; its own name in plain letters where it has no word."""
        return self.terms.get(name) or name.replace("_", " ").capitalize()

    def kind(self, name: str) -> str:
        """Return what a kind of record or entry is called."""
        return self.kinds.get(name, name)


def error_words(words: Words, code: int) -> ErrorWords:
    """Return what an error page says; a status without words of its own is told as its family is."""
    return words.errors.get(code) or words.errors[500 if code >= 500 else 400]
