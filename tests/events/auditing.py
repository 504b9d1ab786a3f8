"""Looking at a log from outside, by its file alone."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from events import merkle
from events.envelope import Event
from events.log import SqliteLog

TABLES = ("entries", "nodes", "disclosures", "keys", "texts")


def root_of(entries: Sequence[tuple[int, bytes, list[str]]]) -> bytes:
    """Return the Merkle root over envelopes, computed anew as RFC 6962 defines it."""
    hashes = [merkle.leaf_hash(envelope) for _, envelope, _ in entries]

    def mth(part: Sequence[bytes]) -> bytes:
        if len(part) == 1:
            return part[0]
        middle = 1 << (len(part) - 1).bit_length() - 1
        return merkle.node_hash(mth(part[:middle]), mth(part[middle:]))

    return mth(hashes) if hashes else merkle.root(0, lambda *_: b"")


def audit(path: Path) -> list[Event]:
    """Check a log from outside, by its file alone: gap-free, whole, and the tree right; return its events."""
    with SqliteLog(path) as fresh:
        entries, events = list(fresh.entries()), list(fresh.read())
        assert [seq for seq, _, _ in entries] == list(range(fresh.size))
        assert all(
            fresh.root(size) == root_of(entries[:size]) for size in {fresh.size, fresh.size // 2}
        )
        assert [event.recorded_at for event in events] == sorted(
            event.recorded_at for event in events
        )
        assert not any(event.missing for event in events)
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        keyed = {seq for (seq,) in db.execute("SELECT seq FROM keys WHERE key LIKE 'c:%'")}
        assert keyed == set(range(len(events)))
    return events


def ids(events: Sequence[Event]) -> list[str]:
    return [event.payload["id"] for event in events]


def dump(path: Path) -> list[Any]:
    """Return all that a log's file holds."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES]
