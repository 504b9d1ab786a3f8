"""What the feeds announce: new developments, and every correction as an entry of its own."""

from __future__ import annotations

from collections.abc import Iterable

from archive.record import Correction, Record
from archive.table import REF, Column, Context, Row, Table

#: Kinds of records that are news. People, posts, sources and topics are not announced by themselves.
ANNOUNCED = frozenset(
    {"meeting", "doc", "statement", "development", "commitment", "outcome", "tenure", "figure"}
)


def rows(record: Record, context: Context) -> Iterable[Row]:
    """Return the entry of a record, kept in place for ever, and one for each correction of it.

    Its ``updated_at`` moves only when a version of the record differs from the one before.
    """
    label = context.label(record.id)
    if record.kind in ANNOUNCED and record.versions:
        yield {
            "entry_id": f"E{record.first_event}",
            "event": record.first_event,
            "record_id": record.id,
            "kind": record.kind,
            "state": "current" if record.state == "current" else "withdrawn",
            "title": label,
            "published_at": record.known_from,
            "updated_at": record.changed_at,
            "updated_event": record.versions[-1].event,
        }
    # A correction under a slug that was merged later stays the merged record's entry: one entry, one id.
    own = [made.event for made in record.corrections if made.record == record.id]
    for event in dict.fromkeys(own):
        made = next(made for made in record.corrections if made.event == event)
        changed = _last_change(record, made)
        yield {
            "entry_id": f"E{event}",
            "event": event,
            "record_id": record.id,
            "kind": f"correction/{made.kind}",
            "state": "current" if made.in_force else "withdrawn",
            "title": label,
            "published_at": made.corrected_at,
            "updated_at": changed.corrected_at,
            "updated_event": changed.event,
        }


def _last_change(record: Record, made: Correction) -> Correction:
    """Return the correction that last took a correction out of force or restored it; else itself."""
    chain, last = {made.event}, made
    for other in record.corrections:
        if other.target in chain and other.kind in ("retracted", "restored"):
            chain.add(other.event)
            last = other
    return last


TABLE = Table(
    name="feed_entries",
    about="The entries of the Atom and RSS feeds. An entry keeps its id for ever; a correction changes it in"
    " place and is announced by an entry of its own.",
    columns=(
        Column("entry_id", "TEXT PRIMARY KEY", "E and the number of the event that made the entry"),
        Column("event", "INTEGER NOT NULL", "That number"),
        Column("record_id", f"{REF} NOT NULL", "The record announced or corrected"),
        Column(
            "kind",
            "TEXT NOT NULL",
            "Kind of the record, or correction/ with amended, retracted, restored, disputed or merged",
        ),
        Column("state", "TEXT NOT NULL", "current, or withdrawn: then the entry only says so"),
        Column("title", "TEXT NOT NULL", "What it says"),
        Column("published_at", "TEXT NOT NULL", "When it was first recorded (UTC)"),
        Column("updated_at", "TEXT NOT NULL", "When what it says last changed (UTC)"),
        Column(
            "updated_event",
            "INTEGER NOT NULL",
            "Number of the event that last changed it: the order of entries",
        ),
    ),
    rows=rows,
    owner="record_id",
    indexes=(("updated_event",), ("kind", "updated_event"), ("record_id",)),
    label="title",
    sort_desc="updated_event",
    facets=("kind", "state"),
)
