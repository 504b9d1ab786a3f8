"""The log as tables: every event, and which records it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archive.folding.record import Record
from archive.table import REF, Column, Context, Row, Table, as_json
from events.envelope import Event


def _none(_record: Record, _context: Context) -> Iterable[Row]:
    """These tables have rows per event, not per record."""
    return ()


def event_row(event: Event, record_id: str | None) -> Row:
    """Return the row of an event; whether it is in force is known only after its record was folded."""
    return {
        "seq": event.seq,
        "type": event.type,
        "record_id": record_id,
        "target_event": event.payload.get("target"),
        "recorded_at": event.recorded_at,
        "recorded_by": event.recorded_by,
        "in_force": 1,
        "payload": as_json(event.payload),
        "evidence": as_json(list(event.evidence)),
        "missing": event.missing,
        "leaf_hash": event.leaf_hash,
    }


EVENTS = Table(
    name="events",
    about="Every act of recording, in order. Cite an event by its number, e.g. E47; its leaf hash is what"
    " the signed log commits to.",
    columns=(
        Column("seq", "INTEGER PRIMARY KEY", "Number of the event, gap-free from 0"),
        Column("type", "TEXT NOT NULL", "One of the 17 event types"),
        Column("record_id", REF, "The record it is mainly about"),
        Column("target_event", "INTEGER", "The event it acts on, for a correction"),
        Column("recorded_at", "TEXT NOT NULL", "When it was recorded (UTC)"),
        Column("recorded_by", "TEXT NOT NULL", "Role of the person who recorded it"),
        Column("in_force", "INTEGER NOT NULL", "1, or 0 when a retraction in force undid it"),
        Column("payload", "TEXT NOT NULL", "What was recorded, as JSON"),
        Column("evidence", "TEXT NOT NULL", "Its evidence, as JSON"),
        Column(
            "missing",
            "INTEGER NOT NULL",
            "Number of its fields that are withheld or erased: see removals",
        ),
        Column(
            "leaf_hash", "TEXT NOT NULL", "Leaf hash in the Merkle tree (RFC 6962), in hexadecimal"
        ),
    ),
    rows=_none,
    per_record=False,
    owner="record_id",
    indexes=(("type",), ("record_id",), ("target_event",)),
    label="type",
    sort_desc="seq",
    facets=("type",),
)

EVENT_RECORDS = Table(
    name="event_records",
    about="Which records each event is about, and which it only names.",
    columns=(
        Column("record_id", f"{REF} NOT NULL", "The record"),
        Column(
            "event",
            "INTEGER NOT NULL REFERENCES events(seq) DEFERRABLE INITIALLY DEFERRED",
            "Number of the event",
        ),
        Column(
            "role",
            "TEXT NOT NULL CHECK(role IN ('about', 'names'))",
            "about: folded into the record; names: mentions it",
        ),
    ),
    constraints=("PRIMARY KEY (record_id, event)",),
    rows=_none,
    per_record=False,
    owner="record_id",
    indexes=(("event",),),
)

LOG_POSITION = Table(
    name="log_position",
    about="How far in the log these tables are: they are the fold of exactly so many events.",
    columns=(
        Column("id", "INTEGER PRIMARY KEY CHECK(id = 1)", "Always 1"),
        Column("events", "INTEGER NOT NULL", "Number of events folded into the tables"),
        Column("root", "TEXT NOT NULL", "Merkle root over these events (RFC 6962), in hexadecimal"),
        Column("changed_at", "TEXT", "When the last of these events was recorded (UTC)"),
    ),
    rows=_none,
    per_record=False,
)

TABLES = (EVENTS, EVENT_RECORDS, LOG_POSITION)


def index_rows(seq: int, about: Iterable[str], names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows that say which records an event is about, and which it names besides."""
    main = list(about)
    rows = [{"record_id": slug, "event": seq, "role": "about"} for slug in main]
    rows += [{"record_id": s, "event": seq, "role": "names"} for s in names if s not in set(main)]
    return rows
