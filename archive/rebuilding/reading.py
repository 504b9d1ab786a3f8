"""The log read for a rebuild: the rows that are per event, and what folding its records needs to know of it.

What the fold needs of the events is parked in files beside the tables; in memory stay the slugs, and which
events are about which. The pages of the log can be shared by processes, each of which reads every so many.
"""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

import msgspec

from archive import public_log
from archive.folding.about import about, named
from archive.store import IN_ORDER
from archive.table import Row
from archive.tables import feed_entries, removals
from archive.tables.log import event_row
from events import codec
from events.acts import Acts
from events.envelope import Event
from events.log import Log

#: Events, or records, whose rows are handed over together.
PAGE = 500


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


class Seen(NamedTuple):
    """What is kept of an event: which records it is about and which it names besides, and what it undoes or
    merges (into which record which others); and how many bytes of it are parked.
    """

    about: tuple[str, ...]
    names: tuple[str, ...]
    undoes: int | None
    merges: tuple[str | None, tuple[str, ...]] | None
    parked: int


def page_of(table: str, rows: Iterable[Row]) -> Page:
    """Return rows as a page of a table."""
    return Page(table, list(map(IN_ORDER[table], rows)))


class Reader:
    """Reads the first ``end`` events of a log, a page at a time."""

    def __init__(self, log: Log, end: int, parked: Parked) -> None:
        self._log = log
        self._end = end
        self._parked = parked
        self._acts = log.acts()
        self._then = _until(self._acts, end)

    def read(self, number: int, seen: list[Seen]) -> Iterator[Page]:
        """Yield the rows of a page of events, counted from 0, and add to ``seen`` what is kept of each."""
        rows: dict[str, list[Row]] = defaultdict(list)
        first = number * PAGE
        for seq, envelope, disclosures in self._log.entries(first, min(first + PAGE, self._end)):
            shown = public_log.public(disclosures, self._acts.hiding(seq))
            event = codec.unseal(seq, envelope, shown)
            one = self._see(event)
            seen.append(one)
            rows["events"].append(event_row(event, next(iter(one.about), None)))
            if event.type == "TextRedacted":
                rows["removals"].append(removals.row(event, self._then))
            rows["feed_entries"] += feed_entries.of_acts(event, one.about, self._then)
        for table, found in rows.items():
            yield page_of(table, found)

    def _see(self, event: Event) -> Seen:
        said = event.payload
        subjects = self._about(event)
        names = tuple(slug for slug in named(said, event.evidence) if slug not in subjects)
        undoes = said.get("target") if event.type == "RecordRetracted" and subjects else None
        merged = event.type == "EntitiesMerged"
        merges = (said.get("keep"), tuple(said.get("merge", ()))) if merged else None
        return Seen(subjects, names, undoes, merges, self._parked.add(event))

    def _about(self, event: Event) -> tuple[str, ...]:
        def of(target: int) -> tuple[str, ...]:
            if target >= event.seq:
                return ()
            # What another process has read is read again: few events act on others.
            return self._about(self._parked.find(target) or self._log.get([target])[0])

        return tuple(about(event.type, event.payload, of))


def _until(acts: Acts, end: int) -> Acts:
    """Return those of the acts that are among the first ``end`` events."""
    found = Acts()
    for act in acts:
        if act.seq < end:
            found.add(act)
    return found


class Parked:
    """Events in files, to be read again in any order.

    There is a file for each process that reads the log: the pages of events are spread over them in turn.
    """

    def __init__(self, folder: Path, files: int) -> None:
        self._files: list[IO[bytes]] = [_unnamed(folder) for _ in range(files)]
        self._starts = array("Q")
        self._sizes = array("I")
        self._filled = [0] * files
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Event).decode

    def add(self, event: Event) -> int:
        """Park an event; return the size by which `note` learns where it is, in this and in other processes."""
        data = self._encode(event)
        self._file(event.seq).write(data)
        return len(data)

    def note(self, size: int) -> None:
        """Learn of the event after those that are known: how many bytes of its file it has; 0 if nobody tells."""
        number = len(self._sizes) // PAGE % len(self._files)
        self._starts.append(self._filled[number])
        self._sizes.append(size)
        self._filled[number] += size

    def find(self, seq: int) -> Event | None:
        """Return an event, if it is known of."""
        return self.get(seq) if seq < len(self._sizes) and self._sizes[seq] else None

    def get(self, seq: int) -> Event:
        """Return an event that is known of."""
        file = self._file(seq).fileno()
        return self._decode(os.pread(file, self._sizes[seq], self._starts[seq]))

    def flush(self) -> None:
        """Let everybody read what this process has parked."""
        for file in self._files:
            file.flush()

    def close(self) -> None:
        """Forget everything."""
        for file in self._files:
            file.close()

    def _file(self, seq: int) -> IO[bytes]:
        return self._files[seq // PAGE % len(self._files)]


def _unnamed(folder: Path) -> IO[bytes]:
    return TemporaryFile(dir=folder)


class Index:
    """What is kept in memory of a log: which events are about which records, and what is merged."""

    def __init__(self) -> None:
        self.about: dict[str, array[int]] = {}
        self.names: dict[str, array[int]] = {}
        #: Where merges in force lead.
        self.merged: dict[str, str | None] = {}
        #: Those that lead somewhere, and where merges lead.
        self.late: set[str] = set()
        self.kept: set[str] = set()
        self._size = 0
        self._others: set[str] = set()
        self._merges: dict[int, tuple[str | None, Sequence[str]]] = {}
        self._retractions: dict[int, int] = {}

    def take(self, one: Seen) -> None:
        """Take in what is kept of the next event."""
        seq, self._size = self._size, self._size + 1
        for slugs, found in ((one.about, self.about), (one.names, self.names)):
            for slug in slugs:
                if slug not in found:
                    found[slug] = array("I")
                found[slug].append(seq)
        self._others.update(one.about[1:])
        if one.merges:
            self._merges[seq] = one.merges
            self._others.update(one.about)
        elif one.undoes is not None:
            self._retractions[seq] = one.undoes

    def shows(self, slug: str) -> bool:
        """Tell whether other records may show something of a record."""
        return slug in self.names or slug in self._others

    def close(self) -> list[int]:
        """Decide, after the last event, what is in force; return the numbers of what is not."""
        undone: set[int] = set()
        for seq in sorted(self._retractions, reverse=True):
            if seq not in undone:
                undone.add(self._retractions[seq])
        for seq, (keep, slugs) in self._merges.items():
            if seq not in undone:
                self.merged.update(dict.fromkeys(slugs, keep))
        self.late = {slug for slug, keep in self.merged.items() if keep}
        self.kept = set(filter(None, self.merged.values()))
        return sorted(undone)
