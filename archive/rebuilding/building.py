"""All rows of the tables of a log, page by page: what a rebuild writes, without holding the log in memory.

The log is read in order (`archive.rebuilding.reading`). Then record after record is folded and turned into rows, those first
of which others show the labels. Both can be shared by two processes, that take turns.

The log's own entries need no fold. Whoever writes the pages makes them (`with_entries`) while it would only
wait for other processes to read and check the events.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

from archive import public_log
from archive.fold import fold, merged_slugs
from archive.folding import labels
from archive.folding.record import Record, SourceFacts
from archive.rebuilding.reading import PAGE, Index, Page, Parked, Reader, Seen, page_of
from archive.table import Context, Face, bounds
from archive.tables import TABLES, finding
from events.envelope import Event
from events.log import Log
from events.merkle import leaf_hash
from events.values import KINDS

#: Labels are made in this order: each kind shows at most labels of kinds before it.
_ORDER = {
    "source": 0, "meeting": 2, "commitment": 2, "tenure": 2, "statement": 3, "development": 3, "outcome": 3,
    "figure": 3,
}  # fmt: skip
#: The last of these places: nobody shows a label of its kinds.
_LAST = 3
#: After all of these: the records that were merged.
_LATE = 4

#: What is read of a record: its slug.
About = Callable[[str], Iterable[Event]]


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


class Partner(Protocol):
    """Another process that shares the work, in which the same happens at the same points."""

    def tell(self, seen: list[Seen]) -> None:
        """Tell the process that has turn 0 what was seen in a page of events."""

    def hear(self) -> list[Seen]:
        """Return what the other process has told."""
        ...

    def swap(self, faces: dict[str, Face]) -> dict[str, Face]:
        """Give the other process the faces of the records folded here; return those of the records folded there."""
        ...


def pages(log: Log, folder: Path, end: int) -> Iterator[Page]:
    """Yield all rows of the tables of the first ``end`` events of a log but those of `with_entries`.

    ``folder`` is for what is parked. What any later act withheld or erased is in none of them.
    """
    with Building(folder) as building:
        for turn in building.reading(log, end):
            yield from turn
        yield from building.read()
        for turn in building.folding():
            yield from turn


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
            yield page_of("log_entries", entries)
            yield page_of("log_nodes", public_log.nodes(log, first, leaves))


class Building:
    """The making of all rows: `reading` the log, then, when all of it is `read`, `folding` the records it is about.

    One process makes all, or two of them: one forked from the other for the reading, and again for the folding.
    Each turn has to be used up before the next; the turns of both, one after the other, are what one alone makes.
    """

    def __init__(self, folder: Path, processes: int = 1) -> None:
        self._processes = processes
        self._parked = Parked(folder, processes)
        self._index = Index()
        self._chunks: list[_Chunk] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._parked.close()

    def reading(
        self, log: Log, end: int, share: int = 0, partner: Partner | None = None
    ) -> Iterator[Iterator[Page]]:
        """Yield those turns of reading the first ``end`` events that are ours: their rows that are per event."""
        reader = Reader(log, end, self._parked)
        turns = -(-end // PAGE)
        for number in range(turns + turns % self._processes):
            seen: list[Seen] = []
            if number % self._processes == share:
                yield reader.read(number, seen)
                self._parked.flush()
                if share and partner:
                    partner.tell(seen)
            elif not share and partner:
                seen = partner.hear()
            for one in seen:
                self._parked.note(one.parked)
                if not share:
                    self._index.take(one)
            for _ in range(len(seen), PAGE):
                self._parked.note(0)

    def read(self) -> Iterator[Page]:
        """Yield what is known only after the last event; folding begins after it."""
        yield Page("undone", [(seq,) for seq in self._index.close()])
        self._chunks = list(_chunks(self._index))

    def folding(self, share: int = 0, partner: Partner | None = None) -> Iterator[Iterator[Page]]:
        """Yield those turns of folding that are ours."""
        work = _Work(self._index, self._parked)
        total = self._chunks[-1].done if self._chunks else 0
        for number, (chunk, after) in enumerate(
            itertools.zip_longest(self._chunks, self._chunks[1:])
        ):
            if number % self._processes == share:
                yield work.pages(chunk, total)
            if partner and after and after.order != chunk.order:
                work.learn(partner.swap(work.told()))


class _Chunk(NamedTuple):
    """Records of the same place in the order, whose rows are handed over together.

    The first that gets rows gets them as number ``first``; by the end of it ``done`` records are folded.
    """

    order: int
    slugs: list[str]
    first: int
    done: int


def _chunks(index: Index) -> Iterator[_Chunk]:
    """Yield all records, a page at a time, in the order in which they are folded.

    Those that were merged are folded in their places, and get rows at the end: they show the label of what
    they lead to, which may come later.
    """
    first, done = 1, 0
    slugs = sorted({*index.about, *index.names}, key=order)
    for place, group in itertools.groupby(slugs, lambda slug: order(slug)[0]):
        for page in _paged(group):
            done += len(page)
            yield _Chunk(place, page, first, done)
            first += sum(slug not in index.late for slug in page)
    for page in _paged(slug for slug in slugs if slug in index.late):
        yield _Chunk(_LATE, page, first, done)
        first += len(page)


def _paged(slugs: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(slugs)
    while page := list(itertools.islice(rest, PAGE)):
        yield page


class _Work:
    """The records folded so far, and what they show of themselves."""

    def __init__(self, index: Index, parked: Parked) -> None:
        self._index = index
        self._parked = parked
        self._faces: dict[str, Face] = {}
        self._facts: dict[str, SourceFacts] = {}
        self._news: dict[str, Face] = {}
        self._context = Context(self._face, index.merged)
        self._full: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._tables = {
            kind: [(t.name, t.rows, t.in_order) for t in TABLES if t.per_record and t.kind in (None, kind)]
            for kind in KINDS
        }  # fmt: skip

    def pages(self, chunk: _Chunk, total: int) -> Iterator[Page]:
        """Fold the records of a chunk, whose likes of earlier places were folded before; yield their rows."""
        number = chunk.first
        for slug in chunk.slugs:
            record = self._fold(slug, chunk.order)
            if chunk.order == _LATE or slug not in self._index.late:
                self._rows(record, number)
                number += 1
            if not self._shown(slug, chunk.order):
                del self._faces[slug]
        for table, rows in self._full.items():
            if rows:
                yield Page(table, rows, chunk.done, total)
        self._full.clear()

    def told(self) -> dict[str, Face]:
        """Return the faces, of records folded here since the last time, that others may show."""
        news, self._news = self._news, {}
        return news

    def learn(self, faces: dict[str, Face]) -> None:
        """Take over the faces of records that were folded elsewhere."""
        self._faces.update(faces)
        self._facts.update(
            {slug: source_facts(face) for slug, face in faces.items() if slug.startswith("source/")}
        )

    def _shown(self, slug: str, place: int) -> bool:
        """Tell whether others that come later show something of a record; of the last kind none does."""
        index = self._index
        return index.shows(slug) if place < _LAST else slug in index.late or slug in index.kept

    def _fold(self, slug: str, place: int) -> Record:
        events, aliases = gathered(slug, self._about)
        record = fold(slug, events, self._facts.get, aliases)
        face = self._faces[slug] = labels.face(record, self._context)
        if self._shown(slug, place):
            self._news[slug] = face
        if record.kind == "source":
            self._facts[slug] = source_facts(face)
        return record

    def _rows(self, record: Record, number: int) -> None:
        slug, full = record.id, self._full
        for table, rows, in_order in self._tables[record.kind]:
            full[table].extend(map(in_order, rows(record, self._context)))
        about = [(slug, seq, "about") for seq in self._index.about.get(slug, ())]
        names = [(slug, seq, "names") for seq in self._index.names.get(slug, ())]
        full["event_records"] += sorted(about + names) if names else about
        if found := finding.search_row(record, self._context):
            full["search"].append((number, *found.values()))

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
