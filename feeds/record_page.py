"""What the page of a record shows, put into words and addresses for its template. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from feeds import changes, citation, dates
from feeds.changes import Told
from feeds.deadlines import Deadline, deadlines
from feeds.dossier import Dossier, Evidence, LoggedEvent, Named
from feeds.entries import headline
from feeds.facts import Fact, Part, called, facts, label, lead, record_part, web
from feeds.links import Links
from feeds.settings import Settings
from feeds.words import Words

#: How many records that name this one are listed.
NAMED = 50
#: Types of events that a history tells by what they did to the record.
_TOLD = ("RecordAmended", "RecordRetracted", "RecordDisputed", "EntitiesMerged")


class Passage(NamedTuple):
    """A passage of a source: its words, where they are few, or its place in the text."""

    quote: str | None
    span: tuple[int, int] | None
    contradicts: bool


class Citation(NamedTuple):
    """A source, and the passages of it that speak for or against the record."""

    source: Part | None
    publisher: str | None
    published: str | None
    url: str | None
    lang: str | None
    passages: tuple[Passage, ...]


class Disagreement(NamedTuple):
    """What sources disagree on."""

    field: str
    sides: tuple[tuple[str, Part], ...]
    open: bool


class Step(NamedTuple):
    """An event in the history of a record."""

    event: int
    url: str
    what: str
    day: str
    stamp: str
    told: Told | None
    elsewhere: Part | None


class Mention(NamedTuple):
    """A record that names this one."""

    part: Part
    kind: str
    day: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """Everything that the template of a record shows."""

    slug: str
    kind: str
    title: str
    lead: str | None
    withdrawn: bool
    withdrawal: Told | None
    quote: tuple[str, str | None] | None
    facts: tuple[Fact, ...]
    deadlines: tuple[Deadline, ...]
    status: str | None
    citations: tuple[Citation, ...]
    disagreements: tuple[Disagreement, ...]
    history: tuple[Step, ...]
    mentions: tuple[Mention, ...]
    cited: str
    bibtex: str
    row_url: str
    events_url: str


def record_page(
    dossier: Dossier,
    events: Sequence[LoggedEvent],
    named: Sequence[Named],
    *,
    held: Mapping[str, str],
    status: str | None,
    links: Links,
    words: Words,
    settings: Settings,
) -> RecordPage:
    """Return the page of a record; ``held`` is when the offices among those that name it were held."""
    title = headline(dossier, words)
    said = lead(dossier, words)
    quote = dossier.row.get("quote")
    history = tuple(_history(dossier, events, links, words))
    withdrawals = (step.told for step in reversed(history) if step.told)
    return RecordPage(
        slug=dossier.id,
        kind=words.kind(dossier.kind),
        title=title,
        lead=said if said and said not in title else None,
        withdrawn=not dossier.current,
        withdrawal=next(
            (one for one in withdrawals if one.effect == "retracted" and one.in_force), None
        ),
        quote=(quote, dossier.row.get("lang")) if quote else None,
        facts=tuple(one for one in facts(dossier, words) if not _says_nothing(one, words)),
        deadlines=tuple(deadlines(dossier, words)),
        status=words.verdicts.get(status, status) if status else None,
        citations=tuple(_citations(dossier, words)),
        disagreements=tuple(_disagreements(dossier, words)),
        history=history,
        mentions=tuple(_mentions(named, held, words)),
        # A record of which nothing can be read any more is not there to be cited.
        cited=citation.plain(title, dossier.id, events, settings, words) if events else "",
        bibtex=citation.bibtex(title, dossier.id, events, settings, words) if events else "",
        row_url=links.row("records", dossier.id),
        events_url=links.rows("event_records", "record_id", dossier.id),
    )


def _says_nothing(fact: Fact, words: Words) -> bool:
    """Tell whether a fact says only that a record is of no kind that has a name."""
    return [one.text for one in fact.parts] == [words.value("other")]


def _citations(dossier: Dossier, words: Words) -> Iterable[Citation]:
    """Yield the sources of a record, each once, in the order in which they were cited."""
    by_source: dict[str | None, list[Evidence]] = {}
    for item in dossier.evidence:
        by_source.setdefault(item.source_id, []).append(item)
    for source, items in by_source.items():
        one = items[0]
        passages = (
            Passage(
                item.quote,
                (item.start, item.end) if item.start is not None and item.end is not None else None,
                item.stance == "contradicts",
            )
            for item in items
        )
        yield Citation(
            source=Part(one.title or label(dossier, source, words), source, lang=one.lang)
            if source
            else None,
            publisher=called("", one.publisher, words, one.publisher_cy) if one.publisher else None,
            published=dates.text(one.published, words.dates) if one.published else None,
            url=web(one.url),
            lang=one.lang,
            passages=tuple(dict.fromkeys(passages)),
        )


def _disagreements(dossier: Dossier, words: Words) -> Iterable[Disagreement]:
    for one in dossier.conflicts:
        pointer = f"/{one.field}"
        pairs = ((one.value_a, one.source_a), (one.value_b, one.source_b))
        sides = tuple(
            (
                changes.value(value, pointer, dossier, words) or "",
                record_part(dossier, source, words),
            )
            for value, source in pairs
        )
        yield Disagreement(changes.field(pointer, words), sides, one.state == "open")


def _history(
    dossier: Dossier, events: Sequence[LoggedEvent], links: Links, words: Words
) -> Iterable[Step]:
    seen = False
    for event in events:
        told = changes.told(dossier, event.seq, words)
        if event.type in _TOLD:
            what = words.events[told.effect if told else event.type]
        elif event.type in words.events:
            what = words.events[event.type]
        else:
            what = words.events["again" if seen else "first"]
            seen = True
        yield Step(
            event=event.seq,
            url=links.row("events", event.seq),
            what=what if event.in_force else words.events["undone"].format(what),
            day=dates.day_of(event.recorded_at, words.dates),
            stamp=event.recorded_at,
            told=told,
            elsewhere=_elsewhere(event, dossier, words),
        )


def _elsewhere(event: LoggedEvent, dossier: Dossier, words: Words) -> Part | None:
    """Return the record that an event is mainly about, where that is another: an outcome of this commitment."""
    slug = event.record_id
    if slug is None or slug == dossier.id or event.type == "EntitiesMerged":
        return None
    return Part(called(slug, event.label, words, event.label_cy), slug)


def _mentions(named: Sequence[Named], held: Mapping[str, str], words: Words) -> Iterable[Mention]:
    for one in named:
        day = held.get(one.id) or (dates.text(one.day, words.dates) if one.day else None)
        said = called(one.id, one.label, words, one.label_cy)
        yield Mention(Part(said, one.id), words.kind(one.kind), day)
