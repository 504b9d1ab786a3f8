"""The log: the one door in, and its embedded form on SQLite.

What is acknowledged is durable: rollback journal truncated, fsync before return (measured: loses nothing
in simulated power loss; WAL is avoided because SQLite before 3.51.3 can corrupt it). Nothing here knows
what events mean; that is the archive's business.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import msgspec

from events import codec, disclosure, merkle
from events.acts import Act, Acts, act_in, erased_source
from events.contents import stored_content_key
from events.disclosure import SALT_BYTES
from events.durable import sync_folder
from events.envelope import Envelope, Event, NewEvent
from events.errors import (
    CodecError,
    KeyReused,
    LogDamaged,
    LogError,
    OutcomeUnknown,
    StaleHead,
    UnknownVersion,
)
from events.schema import (
    APPLICATION_ID,
    SCHEMA,
    SCHEMA_VERSION,
    SQLITE_ERRORS,
    connect,
    roll_back,
)
from events.values import Role

BUSY_SECONDS = 10.0

#: Events fetched at a time: between pages a reader holds no lock.
PAGE = 500


class Log(Protocol):
    """What every form of the log promises; `archive` needs no more than this."""

    @property
    def size(self) -> int:
        """Number of events; the next one gets this number."""

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        by: Role = "archivist",
        expected: int | None = None,
        key: str | None = None,
    ) -> list[int]:
        """Record events, all or nothing, durably; return their numbers."""

    def read(self, start: int = 0, end: int | None = None) -> Iterator[Event]:
        """Yield the events numbered ``start`` up to but not including ``end``, in order."""

    def get(self, seqs: Iterable[int]) -> list[Event]:
        """Return the events with these numbers, in the order given; raise LookupError if one is not there."""

    def root(self, size: int | None = None) -> bytes:
        """Return the Merkle root (RFC 6962) over the first ``size`` events, all by default."""

    def entries(
        self, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, bytes, list[str]]]:
        """Yield number, envelope bytes and disclosures as stored, what is withheld included."""

    def node(self, level: int, idx: int) -> bytes:
        """Return one stored perfect subtree of the tree (RFC 6962)."""

    def acts(self) -> Acts:
        """Return what was withheld, released and erased: what is hidden is in no event that is read."""

    def replay(self) -> list[int]:
        """Destroy what the log says was erased and is still there; return the events concerned."""


class _Remains(NamedTuple):
    """What an erasure leaves of an event's disclosures, and the source whose text goes with it."""

    kept: list[str]
    source: str | None


def utc_now() -> str:
    """Return this UTC second, ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class SqliteLog:
    """The log in one SQLite file. One instance per thread; any number of processes."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], str] = utc_now,
        salt: Callable[[], bytes] | None = None,
    ) -> None:
        """Open an existing log; raise LogError when there is none, or it is something else.

        ``clock`` tells this second (`utc_now`), ``salt`` gives 16 fresh random bytes (of `secrets`).
        """
        if not path.is_file():
            raise LogError(f"there is no log at {path}; `archive init` makes one")
        self.path = path
        self._clock = clock
        self._salt = salt
        self._db = connect(path, busy=BUSY_SECONDS)
        self._acts = Acts()

    @classmethod
    def create(cls, path: Path, **edges: Callable[[], bytes]) -> Self:
        """Make an empty log where none is; raise LogError when a file is in the way."""
        try:
            path.touch(exist_ok=False, mode=0o600)
        except FileExistsError:
            raise LogError(f"{path} exists already") from None
        except OSError as error:
            raise LogError(f"{path} cannot be made: {error.strerror}") from None
        try:
            with contextlib.closing(connect(path, busy=BUSY_SECONDS, new=True)) as db:
                db.executescript(
                    f"BEGIN; PRAGMA application_id = {APPLICATION_ID};"
                    f" PRAGMA user_version = {SCHEMA_VERSION}; {SCHEMA} COMMIT;"
                )
        except (sqlite3.Error, LogError) as error:
            Path(f"{path}-journal").unlink(missing_ok=True)
            path.unlink()  # else the next attempt would find it in its way
            raise LogError(f"{path} cannot be made: {error}") from error
        sync_folder(path.parent)
        return cls(path, **edges)  # type: ignore[arg-type]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Number of events; the next one gets this number."""
        return int(self._rows("SELECT coalesce(max(seq) + 1, 0) FROM entries")[0][0])

    @property
    def changes(self) -> int:
        """A number that differs after another connection wrote: cheap to poll."""
        return int(self._rows("PRAGMA data_version")[0][0])

    def append(
        self,
        events: Sequence[NewEvent],
        *,
        by: Role = "archivist",
        expected: int | None = None,
        key: str | None = None,
    ) -> list[int]:
        """Record events, all or nothing, durably; return their numbers.

        ``expected`` is the size of the log the caller decided upon; StaleHead names what came since.
        The same ``key`` again returns the first answer; with other content it raises KeyReused.
        OutcomeUnknown means: repeat with the same key.
        """
        contents = [f"c:{codec.content_key(event)}" for event in events]
        with self._writing() as db:
            if key is not None and (before := self._keyed(f"i:{key}")):
                # A content key that is gone was erased with the content: it speaks for nothing else.
                stored = [
                    self._contents([seq]) or [said]
                    for seq, said in zip(before, contents, strict=False)
                ]
                if len(before) != len(contents) or [*itertools.chain(*stored)] != contents:
                    raise KeyReused(
                        f"the key {key!r} was used before for other events: E{before[0]}…"
                    )
                return before
            size = self.size
            if expected is not None and expected != size:
                raise StaleHead(expected, size, self._names(expected, size))
            now = max(self._clock(), self._last_time(size))
            salt = self._salt or _salts().__next__
            sealed = [codec.seal(event, at=now, by=by, salt=salt) for event in events]
            self._insert(db, size, sealed)
            numbered = list(enumerate(contents, size))
            rows = [(content, seq) for seq, content in numbered]
            if key is not None:
                rows += [(f"i:{key}", seq) for seq, _ in numbered]
            db.executemany("INSERT INTO keys VALUES (?, ?)", rows)
            return [seq for seq, _ in numbered]

    def restore_entries(
        self, entries: Iterable[tuple[bytes, list[str]]], *, root: bytes | Callable[[], bytes]
    ) -> int:
        """Fill an empty log with entries of another, byte for byte; return their number.

        They are read as they are stored, so memory does not grow with them; ``root`` may be what tells it
        after the last one. Raises LogDamaged when they do not give it, or a disclosure is not in its
        envelope.
        """
        size = 0
        with self._writing() as db:
            if self.size:
                raise LogError("only an empty log can be filled from another")
            rest = iter(entries)
            while page := list(itertools.islice(rest, PAGE)):
                contents = [
                    (content, seq)
                    for seq, entry in enumerate(page, size)
                    if (content := _restored_content(seq, *entry)) is not None
                ]
                self._insert(db, size, page)
                db.executemany("INSERT INTO keys VALUES (?, ?)", contents)
                size += len(page)
            if self.root() != (root if isinstance(root, bytes) else root()):
                raise LogDamaged("the entries do not give the root they came with")
        return size

    def read(self, start: int = 0, end: int | None = None) -> Iterator[Event]:
        """Yield the events numbered ``start`` up to but not including ``end``, in order.

        What is withheld looks as if it had been erased: it counts as missing.
        """
        acts = self.acts()
        for seq, envelope, body in self.entries(start, end):
            hidden = acts.hiding(seq)
            shown = (
                [item for item in body if disclosure.digest(item) not in hidden] if hidden else body
            )
            yield codec.unseal(seq, envelope, shown)

    def acts(self) -> Acts:
        """Return what was withheld, released and erased; only what came since the last time is read."""
        if (size := self.size) > self._acts.size:
            sql = "SELECT seq, envelope FROM entries WHERE instr(envelope, x'22616374223a') > 0 AND seq >= ?"
            for seq, envelope in self._rows(f"{sql} ORDER BY seq", self._acts.size):
                if isinstance(envelope, bytes) and (act := act_in(seq, envelope)):
                    self._acts.add(act)
            self._acts.size = size
        return self._acts

    def replay(self) -> list[int]:
        """Destroy what the log says was erased and is still there; return the events concerned.

        Nothing else ever destroys: an erasure is recorded first and repeated for ever, also on a copy that
        is older than the destruction. What no act names is never touched.
        """
        if not any(map(self._remains, self.acts().erasing())):
            return []
        destroyed: dict[int, None] = {}
        with self._writing() as db:
            for act in self.acts().erasing():
                if left := self._remains(act):
                    body = msgspec.json.encode(left.kept).decode()
                    db.execute("UPDATE disclosures SET body = ? WHERE seq = ?", (body, act.of))
                    db.execute("DELETE FROM keys WHERE seq = ? AND key GLOB 'c:*'", (act.of,))
                    db.execute("DELETE FROM texts WHERE source IS ?", (left.source,))
                    destroyed[act.of] = None
        self.pack()
        return list(destroyed)

    def pack(self) -> None:
        """Write the file anew: freed places may hold words even though SQLite overwrites what it deletes."""
        try:
            self._db.execute("VACUUM")
        except sqlite3.Error as error:
            raise LogError(
                f"what was erased is gone from {self.path}, but the file could not be packed ({error}), so"
                " traces may be left: give the same command again"
            ) from error

    def _remains(self, act: Act) -> _Remains | None:
        """Return what an erasure has still to destroy; None when it is done, or the row cannot be read."""
        sql = "SELECT envelope, body FROM entries JOIN disclosures USING (seq) WHERE seq = ?"
        try:
            ((envelope, body),) = self._rows(sql, act.of)
            items = self._disclosures(act.of, envelope, body)
            gone = [item for item in items if disclosure.digest(item) in act.digests]
            source = erased_source(act, envelope, items)
        except (CodecError, LogDamaged, ValueError):
            return None  # the audit tells of it
        if source is not None and not self._rows("SELECT 1 FROM texts WHERE source = ?", source):
            source = None
        if not gone and source is None and not (act.digests and self._contents([act.of])):
            return None
        return _Remains([item for item in items if item not in gone], source)

    def entries(
        self, start: int = 0, end: int | None = None
    ) -> Iterator[tuple[int, bytes, list[str]]]:
        """Yield number, envelope bytes and disclosures as stored, what is withheld included."""
        stop = self.size if end is None else min(end, self.size)
        for first in range(max(start, 0), stop, PAGE):
            last = min(first + PAGE, stop) - 1
            rows = self._rows(
                "SELECT seq, envelope, body FROM entries JOIN disclosures USING (seq)"
                " WHERE seq BETWEEN ? AND ? ORDER BY seq",
                first,
                last,
            )
            if [row[0] for row in rows] != list(range(first, last + 1)):
                raise LogDamaged(f"{self.path} lacks some of the events E{first} to E{last}")
            for seq, envelope, body in rows:
                yield seq, envelope, self._disclosures(seq, envelope, body)

    def get(self, seqs: Iterable[int]) -> list[Event]:
        """Return the events with these numbers, in the order given; LookupError if one is not there."""
        found = []
        for seq in seqs:
            event = next(self.read(seq, seq + 1), None) if seq >= 0 else None
            if event is None:
                raise LookupError(f"there is no E{seq}; the log has {self.size} events")
            found.append(event)
        return found

    def same_content(self, event: NewEvent) -> list[int]:
        """Return the numbers of recorded events with exactly this content."""
        return self._keyed(f"c:{codec.content_key(event)}")

    def root(self, size: int | None = None) -> bytes:
        """Return the Merkle root (RFC 6962) over the first ``size`` events, all by default."""
        if size is None:
            size = self.size
        elif not 0 <= size <= self.size:
            raise ValueError(f"the log has {self.size} events, not {size}")
        return merkle.root(size, self.node)

    def node(self, level: int, idx: int) -> bytes:
        """Return one stored perfect subtree of the tree; LogDamaged when it is not there."""
        rows = self._rows("SELECT hash FROM nodes WHERE level = ? AND idx = ?", level, idx)
        if not rows or not isinstance(rows[0][0], bytes):
            raise LogDamaged(f"the tree of {self.path} lacks node {level}/{idx}")
        return rows[0][0]

    def attach(self, source: str, body: str) -> None:
        """Keep the private text of a source; the same text again changes nothing.

        Raises LogError for another text than is kept already, since evidence points into that one; and for
        a text that was erased: the next replay would only destroy it again.
        """
        if act := self.text_erased(source):
            raise LogError(f"the text of {source} was erased by E{act.seq}: it is not kept again")
        with self._writing() as db:
            before = self.text(source)
            if before is None:
                db.execute("INSERT INTO texts VALUES (?, ?)", (source, body))
            elif before != body:
                raise LogError(
                    f"another text of {source} is kept already, and evidence points into it; nothing was"
                    " stored: record the changed text as a source of its own, which `replaces` this one"
                )

    def text_erased(self, source: str) -> Act | None:
        """Return the act that erased the text of a source alone, or None."""
        for act in self.acts().erasing():
            if not act.digests:
                ((_, envelope, items),) = self.entries(act.of, act.of + 1)
                if erased_source(act, envelope, items) == source:
                    return act
        return None

    def text(self, source: str) -> str | None:
        """Return the attached text of a source, or None."""
        rows = self._rows("SELECT body FROM texts WHERE source = ?", source)
        return str(rows[0][0]) if rows else None

    def span(self, source: str, start: int, end: int) -> str | None:
        """Return code points [start, end) of an attached text by SQLite's own substr, or None."""
        rows = self._rows(
            "SELECT substr(body, ? + 1, ? - ?) FROM texts WHERE source = ?",
            start,
            end,
            start,
            source,
        )
        return str(rows[0][0]) if rows else None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock (BEGIN IMMEDIATE) around a block; roll back when it raises."""
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
        except SQLITE_ERRORS as error:
            raise LogError(
                f"{self.path} cannot be written now: {error}; nothing was stored"
            ) from error
        try:
            yield db
        except BaseException as error:
            roll_back(db)
            if isinstance(error, SQLITE_ERRORS):
                raise LogError(f"{self.path}: {error}; nothing was stored") from error
            raise
        try:
            db.execute("COMMIT")
        except sqlite3.Error as error:
            roll_back(db)
            raise OutcomeUnknown(
                f"{self.path}: {error}; it is unknown whether the events were stored - repeat the"
                " same command, it stores them once"
            ) from error

    def _insert(
        self, db: sqlite3.Connection, size: int, sealed: Sequence[tuple[bytes, list[str]]]
    ) -> None:
        """Write entries, disclosures and tree nodes inside the caller's transaction."""
        db.executemany(
            "INSERT INTO entries VALUES (?, ?)",
            [(seq, envelope) for seq, (envelope, _) in enumerate(sealed, size)],
        )
        db.executemany(
            "INSERT INTO disclosures VALUES (?, ?)",
            [
                (seq, msgspec.json.encode(body).decode())
                for seq, (_, body) in enumerate(sealed, size)
            ],
        )
        leaves = [merkle.leaf_hash(envelope) for envelope, _ in sealed]
        db.executemany("INSERT INTO nodes VALUES (?, ?, ?)", merkle.grow(size, self.node, leaves))

    def _keyed(self, key: str) -> list[int]:
        return [
            seq for (seq,) in self._rows("SELECT seq FROM keys WHERE key = ? ORDER BY seq", key)
        ]

    def _contents(self, seqs: Sequence[int]) -> list[str]:
        sql = "SELECT key FROM keys WHERE seq = ? AND substr(key, 1, 2) = 'c:'"
        return [content for seq in seqs for (content,) in self._rows(sql, seq)]

    def _names(self, start: int, end: int) -> list[str]:
        return [f"E{seq} {Envelope.decode(data).type}" for seq, data, _ in self.entries(start, end)]

    def _last_time(self, size: int) -> str:
        if not size:
            return ""
        ((envelope,),) = self._rows("SELECT envelope FROM entries WHERE seq = ?", size - 1)
        if not isinstance(envelope, bytes):
            raise LogDamaged(f"E{size - 1} in {self.path} is not what was stored")
        return Envelope.decode(envelope).at

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a query to its end, for an open cursor would keep every writer from committing."""
        try:
            return self._db.execute(sql, values).fetchall()
        except SQLITE_ERRORS as error:
            raise LogError(f"{self.path} cannot be read: {error}") from error

    def _disclosures(self, seq: int, envelope: object, body: object) -> list[str]:
        """Take a stored row apart, which a damaged file may fill with anything."""
        try:
            if isinstance(envelope, bytes) and isinstance(body, str):
                return msgspec.json.decode(body, type=list[str])
        except msgspec.MsgspecError:
            pass
        raise LogDamaged(f"E{seq} in {self.path} is not what was stored")


def _restored_content(seq: int, envelope: bytes, disclosures: list[str]) -> str | None:
    """Return the key of what an entry of another log says; LogDamaged when it cannot be read."""
    try:
        content = stored_content_key(seq, envelope, disclosures)
        return content and f"c:{content}"
    except UnknownVersion:
        raise
    except CodecError as error:
        raise LogDamaged(f"an entry cannot be read: {error}") from error


def _salts() -> Iterator[bytes]:
    """Yield fresh salts, for one append: to ask the system for each would take longer than to hash it."""
    while True:
        block = secrets.token_bytes(32 * SALT_BYTES)
        for start in range(0, len(block), SALT_BYTES):
            yield block[start : start + SALT_BYTES]


__all__ = [
    "APPLICATION_ID",
    "BUSY_SECONDS",
    "SCHEMA_VERSION",
    "SQLITE_ERRORS",
    "CodecError",
    "Log",
    "SqliteLog",
    "utc_now",
]
