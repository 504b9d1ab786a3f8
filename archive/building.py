"""All rows of the tables of a log, page by page: what a rebuild writes, without holding the log in memory.

The log is read in order; what the fold needs of its events is parked in a file beside the tables. Then
record after record is folded and turned into rows, those first of which others show the labels. In memory
stay the slugs, which events are about which, and the faces of the records that others name.

The log's own entries need no fold. Whoever writes the pages makes them (`with_entries`) while it would only
wait for another process to read and check the events.
"""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import msgspec

from archive import labels, public_log
from archive.about import about, named
from archive.fold import fold, merged_slugs
from archive.record import Record, SourceFacts
from archive.store import IN_ORDER
from archive.table import Context, Face, Row, bounds
from archive.tables import TABLES, feed_entries, finding, removals
from archive.tables.log import event_row
from events import codec
from events.acts import Acts
from events.envelope import Event
from events.log import Log
from events.merkle import leaf_hash
from events.values import KINDS

#: Events, or records, whose rows are handed over together.
PAGE = 500
#: Labels are made in this order: each kind shows at most labels of kinds before it.
_ORDER = {
    "source": 0, "meeting": 2, "commitment": 2, "tenure": 2, "statement": 3, "development": 3, "outcome": 3,
    "figure": 3,
}  # fmt: skip

#: What is read of a record: its slug.
About = Callable[[str], Iterable[Event]]


class Page(NamedTuple):
    """Rows of one table, their values in the order of its columns.

    Two names are no tables: ``search`` is the full-text index (with the rowid of the record before its
    columns), ``undone`` are the numbers of events that are not in force. ``done`` of all ``total`` records
    were folded by then; 0 while the log is read.
    """

    table: str
    rows: list[tuple[Any, ...]]
    done: int = 0
    total: int = 0


def order(slug: str) -> tuple[int, str]:
    """Return the place of a record among those that are folded one after the other."""
    return _ORDER.get(slug.partition("/")[0], 1), slug


def gathered(slug: str, events_about: About) -> tuple[list[Event], list[str]]:
    """Return the events a record is folded from, and the slugs that were merged into it."""
    ids, events = [slug], list(events_about(slug))
    for one in ids:  # grows while merges lead to more slugs
        if one != slug:
            known = {event.seq for event in events}
            events += [event for event in events_about(one) if event.seq not in known]
        ids += [other for other in merged_slugs(one, events) if other not in ids]
    return events, ids[1:]


def pages(log: Log, folder: Path, end: int) -> Iterator[Page]:
    """Yield all rows of the tables of the first ``end`` events of a log but those of `with_entries`.

    ``folder`` is for what is parked. What any later act withheld or erased is in none of them.
    """
    with TemporaryFile(dir=folder) as file:
        index, parked = _Index(), _Parked(file)
        yield from _reading(log, end, index, parked)
        file.flush()
        yield from _folding(index, parked)


def with_entries(log: Log, made: Iterable[Page]) -> Iterator[Page]:
    """Yield pages, and after those of events the log's entries and tree of the same events."""
    acts = log.acts()
    for page in made:
        yield page
        if page.table == "events":
            first, entries, leaves = page.rows[0][0], [], []
            for seq, envelope, disclosures in log.entries(first, first + len(page.rows)):
                shown = public_log.public(disclosures, acts.hiding(seq))
                entries.append(public_log.row(seq, envelope, shown))
                leaves.append(leaf_hash(envelope))
            yield _page("log_entries", entries)
            yield _page("log_nodes", public_log.nodes(log, first, leaves))


def _page(table: str, rows: Iterable[Row]) -> Page:
    return Page(table, list(map(IN_ORDER[table], rows)))


class _Parked:
    """Events in a file, to be read again in any order."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._ends = array("Q", [0])
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Event).decode

    def add(self, event: Event) -> None:
        """Park the next event."""
        data = self._encode(event)
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def get(self, seq: int) -> Event:
        """Return the event with this number."""
        start, end = self._ends[seq : seq + 2]
        return self._decode(os.pread(self._file.fileno(), end - start, start))


class _Index:
    """What is kept in memory of a log: which events are about which records, and what is merged."""

    def __init__(self) -> None:
        self.about: dict[str, array[int]] = {}
        self.names: dict[str, array[int]] = {}
        #: Records of which others may show something.
        self.shown: set[str] = set()
        #: Where merges in force lead.
        self.merged: dict[str, str | None] = {}
        self._subjects: list[tuple[str, ...]] = []
        self._merges: list[Event] = []
        self._retractions: dict[int, Any] = {}

    def add(self, event: Event) -> tuple[str, ...]:
        """Take in the next event; return the records it is about."""
        subjects = tuple(about(event.type, event.payload, self._of))
        names = [slug for slug in named(event.payload, event.evidence) if slug not in subjects]
        self._subjects.append(subjects)
        for slugs, found in ((subjects, self.about), (names, self.names)):
            for slug in slugs:
                if slug not in found:
                    found[slug] = array("I")
                found[slug].append(event.seq)
        self.shown.update(subjects[1:], names)
        if event.type == "EntitiesMerged":
            self._merges.append(event)
            self.shown.update(subjects)
        elif event.type == "RecordRetracted" and subjects:
            self._retractions[event.seq] = event.payload.get("target")
        return subjects

    def _of(self, seq: int) -> tuple[str, ...]:
        return self._subjects[seq] if seq < len(self._subjects) else ()

    def close(self) -> list[int]:
        """Decide, after the last event, what is in force; return the numbers of what is not."""
        undone: set[int] = set()
        for seq in sorted(self._retractions, reverse=True):
            if seq not in undone:
                undone.add(self._retractions[seq])
        for event in self._merges:
            if event.seq not in undone:
                for slug in event.payload.get("merge", ()):
                    self.merged[slug] = event.payload.get("keep")
        return sorted(undone)


def _reading(log: Log, end: int, index: _Index, parked: _Parked) -> Iterator[Page]:
    """Read the log, and yield the rows that are per event."""
    acts = log.acts()
    then = _until(acts, end)
    for first in range(0, end, PAGE):
        rows: dict[str, list[Row]] = defaultdict(list)
        for seq, envelope, disclosures in log.entries(first, min(first + PAGE, end)):
            shown = public_log.public(disclosures, acts.hiding(seq))
            event = codec.unseal(seq, envelope, shown)
            subjects = index.add(event)
            parked.add(event)
            rows["events"].append(event_row(event, next(iter(subjects), None)))
            if event.type == "TextRedacted":
                rows["removals"].append(removals.row(event, then))
            rows["feed_entries"] += feed_entries.of_acts(event, subjects, then)
        for table, found in rows.items():
            yield _page(table, found)
    yield Page("undone", [(seq,) for seq in index.close()])


def _until(acts: Acts, end: int) -> Acts:
    """Return those of the acts that are among the first ``end`` events."""
    found = Acts()
    for act in acts:
        if act.seq < end:
            found.add(act)
    return found


def _folding(index: _Index, parked: _Parked) -> Iterator[Page]:
    """Fold every record, and yield the rows that are per record."""
    work = _Work(index, parked)
    slugs = sorted({*index.about, *index.names}, key=order)
    merged: list[Record] = []
    for done, slug in enumerate(slugs, 1):
        record = work.fold(slug)
        if record.merged_into:  # it shows the label of what it leads to, which may come later
            merged.append(record)
        else:
            work.rows(record)
        if done % PAGE == 0:
            yield from work.pages(done, len(slugs))
    for record in merged:
        work.rows(record)
    yield from work.pages(len(slugs), len(slugs))


class _Work:
    """The records folded so far, and what they show of themselves."""

    def __init__(self, index: _Index, parked: _Parked) -> None:
        self._index = index
        self._parked = parked
        self._faces: dict[str, Face] = {}
        self._facts: dict[str, SourceFacts] = {}
        self._context = Context(self._face)
        self._count = 0
        self._full: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._tables = {
            kind: [(t.name, t.rows, t.in_order) for t in TABLES if t.per_record and t.kind in (None, kind)]
            for kind in KINDS
        }  # fmt: skip

    def fold(self, slug: str) -> Record:
        """Fold a record; all whose labels it shows were folded before."""
        events, aliases = gathered(slug, self._about)
        record = fold(slug, events, self._facts.get, aliases)
        face = self._faces[slug] = labels.face(record, self._context)
        if record.kind == "source":
            self._facts[slug] = source_facts(face)
        return record

    def rows(self, record: Record) -> None:
        """Turn a record into rows."""
        slug = record.id
        self._count += 1
        full = self._full
        for table, rows, in_order in self._tables[record.kind]:
            full[table].extend(map(in_order, rows(record, self._context)))
        about = [(slug, seq, "about") for seq in self._index.about.get(slug, ())]
        names = [(slug, seq, "names") for seq in self._index.names.get(slug, ())]
        full["event_records"] += sorted(about + names) if names else about
        if found := finding.search_row(record, self._context):
            full["search"].append((self._count, *found.values()))
        if slug not in self._index.shown:
            del self._faces[slug]

    def pages(self, done: int, total: int) -> Iterator[Page]:
        """Yield the rows that have gathered since the last time."""
        for table, rows in self._full.items():
            if rows:
                yield Page(table, rows, done, total)
        self._full.clear()

    def _about(self, slug: str) -> list[Event]:
        return [self._parked.get(seq) for seq in self._index.about.get(slug, ())]

    def _face(self, slug: str) -> Face | None:
        """Return what a record shows of itself; of one that comes later, where it leads to."""
        if (face := self._faces.get(slug)) is None and (keep := self._index.merged.get(slug)):
            return Face(None, slug, "merged", keep, None)
        return face


def source_facts(face: Face) -> SourceFacts:
    """Return what the fold of others needs to know of a source."""
    latest = bounds(face.day).latest if face.day else None
    return SourceFacts(face.subkind or "other", latest)
