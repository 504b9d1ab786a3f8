"""Rows of the published tables -> feeds and entries, in no format yet. Pure: no clock, no SQL, no request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from feeds import changes, content, dates, removals
from feeds.dossier import Announced, Dossier
from feeds.facts import cited, label, web
from feeds.links import Links
from feeds.settings import Settings
from feeds.texts import fill
from feeds.words import WORDS, Words
from feeds.words.catalogue import FeedWords
from feeds.xml import clean

LICENCE = "https://creativecommons.org/licenses/by/4.0/"

#: When a feed was updated in which nothing ever was.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Link(NamedTuple):
    """A link of a feed or an entry."""

    rel: str
    href: str
    type: str | None = None
    title: str | None = None


class Category(NamedTuple):
    """What an entry is about: a term for machines, a label for people."""

    term: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry. ``id`` never changes; ``changed`` is the number of the event that last changed it.

    For lists: ``subject`` is the title without "Correction:" and the like, ``changes`` and ``aside`` what was
    changed or contested, ``when`` the day the record stands at.
    """

    id: str
    title: str
    links: tuple[Link, ...]
    published: datetime
    updated: datetime
    content: str
    categories: tuple[Category, ...] = ()
    kind: str = ""
    subject: str = ""
    changes: tuple[changes.Change, ...] = ()
    aside: str | None = None
    when: str | None = None
    withdrawn: bool = False
    erased: bool = False
    changed: int = 0

    @property
    def digest(self) -> str:
        """SHA-256 of the content as it is sent, in UTF-8: whoever keeps a copy can see whether it is the same."""
        return digest_of(clean(self.content))

    @property
    def url(self) -> str:
        """The page of what the entry announces: its one alternate link."""
        return next(link.href for link in self.links if link.rel == "alternate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed, newest change first.

    ``url`` lacks the format's ending, after which comes ``query``; so do ``previous``, the archive with the
    entries made before (RFC 5005), ``current``, where this is an archive itself, and those in ``others``, the
    same feed by language. ``hub`` is the WebSub hub that is told of its changes; an archive has none, for it
    never changes, nor has a search, of which nobody knows who makes it.
    """

    id: str
    url: str
    home: str
    language: str
    title: str
    subtitle: str
    author: str
    author_url: str
    rights: str
    checkpoint: str
    updated: datetime
    entries: tuple[Entry, ...] = ()
    query: str = ""
    previous: str | None = None
    current: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    hub: str = ""

    def address(self, format: str, url: str | None = None) -> str:
        """Return the address of this feed in a format, or of one of those it names."""
        return f"{url or self.url}.{format}{self.query}"

    @property
    def changed(self) -> int:
        """The number of the event that last changed an entry, or -1."""
        return max((one.changed for one in self.entries), default=-1)


def digest_of(content: str) -> str:
    """Return the digest of clean content, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def feed(
    name: str,
    rows: Sequence[Announced],
    dossiers: Mapping[str, Dossier],
    *,
    settings: Settings,
    words: Words,
    said: FeedWords | None = None,
    home: str | None = None,
    query: str = "",
    at: str | None = None,
    previous: str | None = None,
) -> Feed:
    """Return a feed of these rows, which are in order.

    ``said`` and ``home``, a path, are for feeds that are about something; ``at`` and ``previous`` are names of
    archives: of this document where it is one, and of the one before.
    """
    settings = settings.said_in(words.language)
    links = Links.whole(settings, words.language)
    entries = tuple(entry(row, dossiers, links, settings, words) for row in rows)
    said = said or words.feeds[name]
    url = _bare(links, at or name)
    return Feed(
        id=settings.tag(f"feeds/{words.language}/{name}{query}"),
        url=url,
        home=f"{links.base}{home}" if home else links.home,
        language=words.language,
        title=words.say["colon"].format(settings.title, said.title),
        subtitle=said.about,
        author=settings.author,
        author_url=settings.base_url,
        rights=words.say["rights"],
        checkpoint=links.checkpoint,
        updated=max((one.updated for one in entries), default=_NEVER),
        entries=entries,
        query=query,
        previous=_bare(links, previous) if previous else None,
        current=_bare(links, name) if at else None,
        others={
            language: _bare(Links.whole(settings, language), name)
            for language in WORDS
            if language != words.language
        },
        hub="" if at or query else settings.hub,
    )


def _bare(links: Links, name: str) -> str:
    return links.feed(name, "").removesuffix(".")


def entry(
    row: Announced, dossiers: Mapping[str, Dossier], links: Links, settings: Settings, words: Words, *, whole: bool = True
) -> Entry:  # fmt: skip
    """Return the entry of a row: a record, what is left of a withdrawn one, a correction, or a removal.

    A record's has no content where it is not wanted whole: that is most of the work.
    """
    if row.record_id is None:
        return _of_removal(row, links, settings, words)
    dossier = dossiers[row.record_id]
    correcting = row.kind.startswith("correction/")
    made = changes.told(dossier, row.event, words) if correcting else None
    day = row.updated_at
    link = Link("alternate", links.record(dossier.id), "text/html")
    more: tuple[Link, ...] = ()
    if made is not None:
        title, body = made.title, content.of_correction(dossier, made, day, links, words)
        link = Link("alternate", links.record(dossier.id, row.event), "text/html")
        more = (
            Link("related", links.record(dossier.id), "text/html", changes.heading(dossier, words)),
        )
    elif correcting or row.state != "current":
        title = fill(words.titles["retracted"], changes.heading(dossier, words))
        body = content.of_withdrawn(dossier, _withdrawal(dossier, words), day, links, words)
    else:
        title = headline(dossier, words)
        body = content.of_record(dossier, links, words) if whole else ""
    if row.state == "current":
        more += _via(dossier, row.event if correcting else None)
    more += (_proof(row, links),)
    return Entry(
        id=_id(row, settings, words),
        title=title,
        links=(link, *more),
        published=dates.instant(row.published_at),
        updated=dates.instant(day),
        content=body,
        categories=_categories(row, dossier, words),
        kind=row.kind,
        subject=headline(dossier, words),
        changes=made.changes if made and made.in_force else (),
        aside=made.sentence if made and made.in_force and made.subject else None,
        when=dates.text(dossier.day, words.dates) if dossier.day else None,
        withdrawn=row.state != "current",
        changed=row.changed,
    )


def _of_removal(row: Announced, links: Links, settings: Settings, words: Words) -> Entry:
    """Return the notice of an act, or the stub in the place of what it took away: no old word is in either."""
    notice = row.removal is not None and row.removal.notice == row.event
    title = removals.title(row.removal, words) if row.removal and notice else words.say["withdrawn"]
    event = row.removal.notice if row.removal else None
    return Entry(
        id=_id(row, settings, words),
        title=title,
        links=(Link("alternate", links.removals(event), "text/html"), _proof(row, links)),
        published=dates.instant(row.published_at),
        updated=dates.instant(row.updated_at),
        content=removals.body(row.removal, links, words, notice=notice),
        categories=(Category(row.kind, words.kind(row.kind)),),
        kind=row.kind,
        subject=title,
        withdrawn=row.state != "current",
        erased=row.state == "erased",
        changed=row.changed,
    )


def _id(row: Announced, settings: Settings, words: Words) -> str:
    """Return the id of an entry: another one in each language, for what is told in another is another entry.

    Readers that keep one list of all entries (newsboat) would else show each in one of the languages only.
    """
    first = words.language == next(iter(WORDS))  # whose ids were there before there were others
    return settings.tag(row.entry_id if first else f"{words.language}/{row.entry_id}")


def headline(dossier: Dossier, words: Words) -> str:
    """Return what a record is called where it stands alone: its label, made to say what it is."""
    row, said = dossier.row, changes.heading(dossier, words)
    match dossier.kind:
        case "commitment" if row.get("kind") in words.titles:
            return fill(words.titles[row["kind"]], said)
        case "figure" if row.get("as_of"):
            return fill(words.titles["figure"], said, dates.text(row["as_of"], words.dates))
    return said


def _withdrawal(dossier: Dossier, words: Words) -> changes.Told | None:
    """Return the last withdrawal in force of a record."""
    for made in reversed(dossier.corrections):
        told = changes.told(dossier, made.event, words)
        if told and told.in_force and told.effect == "retracted":
            return told
    return None


def _via(dossier: Dossier, event: int | None) -> tuple[Link, ...]:
    """Return the link to the first source that can be read on the web."""
    items = cited(dossier, None if event is None else [event])
    return tuple(
        Link("via", url, "text/html", item.title) for item in items if (url := web(item.url))
    )[:1]


def _proof(row: Announced, links: Links) -> Link:
    """Return the proof that the event which made the entry is in the signed log."""
    return Link("describedby", f"{links.base}/log/proof/{row.event}", "text/plain")


def _categories(row: Announced, dossier: Dossier, words: Words) -> tuple[Category, ...]:
    topics = (Category(slug, label(dossier, slug, words)) for slug in dossier.topics)
    return (Category(row.kind, words.kind(row.kind)), *topics)
