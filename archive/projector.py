"""From the log to the tables: `catch_up` applies what is new, `rebuild` makes the same from zero.

Both are rows(fold(events of a record)); only the set of records differs. Nothing else writes archive.db.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from archive import public_log
from archive.fold import fold
from archive.folding import labels
from archive.folding.about import about, named
from archive.folding.record import Record, SourceFacts
from archive.rebuilding.aside import pages_aside
from archive.rebuilding.building import gathered, order, pages, source_facts, with_entries
from archive.rebuilding.loading import load
from archive.rebuilding.reading import Page
from archive.rebuilding.scratch import scratch, sweep
from archive.store import (
    PROJECTION_VERSION,
    Position,
    Store,
    TablesDamaged,
    alone,
    published,
)
from archive.table import Context, Face, Row
from archive.tables import TABLES, feed_entries, finding, removals
from archive.tables.log import event_row, index_rows
from archive.tables.tenures import implied_ends
from events.acts import Acts
from events.envelope import Event
from events.errors import EventsError
from events.log import Log, SqliteLog

#: Beside the tables: those that are being made anew.
REBUILDING = ".rebuild-"
#: So many events are held in memory at the most; a log of more is read and folded by other processes.
LARGE = 20_000

Progress = Callable[[int, int], None]


class OtherLog(EventsError):
    """The tables were not made from this log."""


class Signed(NamedTuple):
    """A signed head to publish: its size, the note, and the key to check it with."""

    size: int
    note: str
    vkey: str


class Applied(NamedTuple):
    """What a run of the projector did."""

    events: int
    records: int


def catch_up(log: Log, store: Store, progress: Progress | None = None) -> Applied:
    """Fold the log's new events into the tables: touched records only, in one transaction unless they are many.

    What withholds or erases makes all tables anew: no row, no index and no free page of the file then holds
    a word of it. Raises OtherLog when the tables are not a fold of this log's beginning; then `rebuild`.
    """
    if log.size == store.position().events:
        _same_log(log, store)
        return Applied(0, 0)
    if (applied := _advance(log, store, progress or _silent)) is None:
        signed = store.checkpoint()
        head = Signed(*signed) if signed else None
        applied = rebuild(log, store.path, progress, head, store.fixity())
    return applied


def _advance(log: Log, store: Store, progress: Progress) -> Applied | None:
    """Fold the new events, so many at a time; None when one of them changes what older events say."""
    events = records = 0
    while step := _step(log, store, progress):
        events, records = events + step.events, records + step.records
        if step.events < LARGE:
            return Applied(events, records)
    return None


def _step(log: Log, store: Store, progress: Progress) -> Applied | None:
    with store.transaction():
        start = store.position().events
        _same_log(log, store)
        if start and any(act.digests for act in log.acts().since(start)):
            return None
        new = list(log.read(start, start + LARGE))
        if not new:
            return Applied(0, 0)
        touched = _record_events(log, store, new)
        public_log.write(log, store, start, start + len(new))
        work = _Work(log, store, new)
        work.fold_all(touched, progress)
        work.write()
        store.set_position(start + len(new), log.root(start + len(new)).hex(), new[-1].recorded_at)
        return Applied(len(new), len(work.folded))


def rebuild(
    log: Log,
    path: Path,
    progress: Progress | None = None,
    signed: Signed | None = None,
    checks: Sequence[Row] | None = None,
) -> Applied:
    """Make the tables from zero beside the file at ``path``, then copy them over it.

    A reader of the file sees the old tables or the new ones, never a mixture. What is no fold of events is
    published in them: ``signed``, and ``checks``, the rows of `fixity_checks`. What others publish meanwhile
    is not taken back: neither events and their signed head, nor that something was withheld or erased.
    """
    applied = None
    while applied is None:
        applied = _rebuild(log, path, progress or _silent, signed, checks or [])
    return applied


def _rebuild(
    log: Log, path: Path, progress: Progress, signed: Signed | None, checks: Sequence[Row]
) -> Applied | None:
    """Make the tables once; None when meanwhile something was withheld or erased that is in them."""
    with scratch(path.parent, REBUILDING) as folder:
        file = folder / "archive.db"
        applied = make(log, file, log.size, progress)
        fresh = Store(file)
        try:
            if signed:
                fresh.set_checkpoint(*signed)
            fresh.set_fixity(checks)
            with alone(path):
                since = _advance(log, fresh, progress)
                if since is None:
                    return None
                seen = published(path)
                if seen and seen.checkpoint and _is_of(log, seen.position):
                    fresh.set_checkpoint(*seen.checkpoint)
                fresh.copy_over(path)
        finally:
            fresh.close()
    return Applied(applied.events + since.events, applied.records + since.records)


def make(log: Log, path: Path, size: int, progress: Progress) -> Applied:
    """Make the tables of the first ``size`` events of a log, as a new file; what is no fold is not in them."""
    load(path, _told(with_entries(log, _pages(log, path.parent, size)), progress))
    with contextlib.closing(Store(path)) as store, store.transaction():
        for post in store.posts():
            store.set_ends(implied_ends(*store.tenures_of(post)))
        if size:
            (last,) = log.get([size - 1])
            store.set_position(size, log.root(size).hex(), last.recorded_at)
        return Applied(size, store.rows("SELECT count(*) AS n FROM records")[0]["n"])


def _pages(log: Log, folder: Path, size: int) -> Iterator[Page]:
    """Return the `pages` of a log, made here, or by other processes where there are cores for them."""
    if size >= LARGE and isinstance(log, SqliteLog) and (os.cpu_count() or 1) > 1:
        return pages_aside(log.path, folder, size)
    return pages(log, folder, size)


def _told(pages: Iterator[Page], progress: Progress) -> Iterator[Page]:
    """Yield pages, and tell how many records are done."""
    last = 0
    for page in pages:
        if page.done != last:
            last = page.done
            progress(page.done, page.total)
        yield page


def open_current(
    log: Log,
    path: Path,
    progress: Progress | None = None,
    signed: Signed | None = None,
    checks: Sequence[Row] | None = None,
) -> Store:
    """Open the tables of a log, rebuilt first when missing, damaged, from another log, or older.

    What a killed rebuild left is swept: it may hold words that were withheld or erased since.
    ``signed`` and ``checks`` are published in them; without, those that are there stay.
    """
    sweep(path.parent, REBUILDING)
    if path.exists():
        with contextlib.suppress(OtherLog, TablesDamaged), contextlib.ExitStack() as undo:
            store = Store(path)
            undo.callback(store.close)
            if store.version == PROJECTION_VERSION:
                catch_up(log, store, progress)
                if checks is not None:
                    store.set_fixity(checks)
                if signed:
                    store.set_checkpoint(*signed)
                undo.pop_all()
                return store
    rebuild(log, path, progress, signed, checks)
    return Store(path)


def _silent(_done: int, _total: int) -> None:
    """Report progress to nobody."""


def _is_of(log: Log, position: Position) -> bool:
    events, root = position
    return events <= log.size and (not events or log.root(events).hex() == root)


def _same_log(log: Log, store: Store) -> None:
    if not _is_of(log, store.position()):
        raise OtherLog("the tables were made from another log: run `archive build --rebuild`")


def _record_events(log: Log, store: Store, new: Sequence[Event]) -> list[str]:
    """Store the new events and their index; return the records they are about.

    And those they only name of which nothing can be read: what is named has its place in `records`.
    """
    subjects: dict[int, list[str]] = {}

    def of(seq: int) -> Iterable[str]:
        return subjects[seq] if seq in subjects else store.subjects(seq)

    rows: list[Row] = []
    index: list[Row] = []
    for event in new:
        subjects[event.seq] = about(event.type, event.payload, of)
        main = next(iter(subjects[event.seq]), None)
        rows.append(event_row(event, main))
        index += index_rows(event.seq, subjects[event.seq], named(event.payload, event.evidence))
    store.reserve(dict.fromkeys(row["record_id"] for row in index))
    store.insert("events", rows)
    store.insert("event_records", index)
    _record_removals(log.acts(), store, new, subjects)
    touched = dict.fromkeys(slug for slugs in subjects.values() for slug in slugs)
    others = dict.fromkeys(row["record_id"] for row in index if row["record_id"] not in touched)
    return [*touched, *(slug for slug in others if store.face(slug) is None)]


def _record_removals(
    acts: Acts, store: Store, new: Sequence[Event], subjects: dict[int, list[str]]
) -> None:
    """Store the acts among new events, their notices, and what is left of the entries they took away."""
    store.insert(
        "removals", [removals.row(event, acts) for event in new if event.type == "TextRedacted"]
    )
    entries = [
        row for event in new for row in feed_entries.of_acts(event, subjects[event.seq], acts)
    ]
    store.insert("feed_entries", entries)


class _Work:
    """One run: the records folded so far, and what they show of themselves."""

    def __init__(self, log: Log, store: Store, new: Sequence[Event]) -> None:
        self.log = log
        self.store = store
        self.events = {event.seq: event for event in new}
        self.folded: dict[str, Record] = {}
        self.faces: dict[str, Face | None] = {}
        self.context = Context(self.face)

    def fold_all(self, touched: Iterable[str], progress: Progress) -> None:
        """Fold records, and those that show something of them which changed, until none is left."""
        pending = list(touched)
        total = len(pending)
        while pending:
            found: dict[str, None] = {}
            for slug in sorted(pending, key=order):
                before = self.faces[slug] if slug in self.folded else self.store.face(slug)
                record = self._fold(slug)
                news = record != self.folded.get(slug)
                self.folded[slug] = record
                self.faces[slug] = labels.face(record, self.context)
                if before is not None and before != self.faces[slug]:
                    found.update(dict.fromkeys(self._showing(slug)))
                if record.merged_into and record.merged_into not in pending and news:
                    found[record.merged_into] = None
                progress(len(self.folded), max(total, len(self.folded)))
            pending = list(found)

    def _showing(self, slug: str) -> Iterator[str]:
        """Yield the records that name this one, or a slug that was merged into it."""
        slugs = [slug]
        for one in slugs:  # grows while merges lead to more slugs
            yield from self.store.naming(one)
            slugs += [other for other in self.store.merged_into(one) if other not in slugs]

    def write(self) -> None:
        """Write the rows of everything folded."""
        slugs = list(self.folded)
        posts = self.store.posts_of(slugs)
        rows: dict[str, list[Row]] = {
            table.name: [
                row
                for record in self.folded.values()
                if table.kind in (None, record.kind)
                for row in table.rows(record, self.context)
            ]
            for table in TABLES
        }
        self.store.replace_rows(slugs, rows)
        found = {
            slug: finding.search_row(record, self.context) for slug, record in self.folded.items()
        }
        self.store.replace_search(slugs, {slug: row for slug, row in found.items() if row})
        for record in self.folded.values():
            self.store.set_in_force(record.undone)
        for post in sorted(posts | self.store.posts_of(slugs)):
            self.store.set_ends(implied_ends(*self.store.tenures_of(post)))

    def face(self, slug: str) -> Face | None:
        """Return what a record shows of itself: as just folded, else as stored."""
        if slug not in self.faces:
            self.faces[slug] = self.store.face(slug)
        return self.faces[slug]

    def _fold(self, slug: str) -> Record:
        events, aliases = gathered(slug, self._about)
        return fold(slug, events, self._source, aliases)

    def _about(self, slug: str) -> list[Event]:
        seqs = self.store.about(slug)
        missing = [seq for seq in seqs if seq not in self.events]
        self.events.update({event.seq: event for event in self.log.get(missing)})
        return [self.events[seq] for seq in seqs]

    def _source(self, slug: str) -> SourceFacts | None:
        face = self.face(slug)
        return None if face is None else source_facts(face)
