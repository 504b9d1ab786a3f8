"""What the commands that look ask of a log and its tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from archive import showing
from archive.admitting import checking
from archive.admitting.view import LogView
from archive.folding.amending import amended, amendments, in_force, telling
from archive.store import Store
from events.errors import EventsError
from events.log import SqliteLog


class NotThere(EventsError):
    """No such record or event."""


def event_number(text: str) -> int:
    """Return the number in ``E47``; raise NotThere for anything else."""
    number = text[1:]
    if text[:1] != "E" or not (number.isascii() and number.isdigit() and len(number) <= 16):
        raise NotThere(f"{text[:40]!a} is no event; events are called E and a number, e.g. E47")
    return int(text[1:])


def current_content(log: SqliteLog, store: Store, name: str) -> dict[str, Any]:
    """Return what event ``E47`` says now, after its amendments."""
    return _standing(log, store, event_number(name))[0]


def show(log: SqliteLog, store: Store, name: str) -> Iterator[str]:
    """Yield a record (slug) or an event (``E47``) in full, as lines of text."""
    if "/" not in name:
        seq = event_number(name)
        content, undone = _standing(log, store, seq)
        yield from showing.event_lines(
            log.get([seq])[0], content, undone, log.acts().hiding(seq).values()
        )
        return
    found = store.rows("SELECT * FROM records WHERE id = ?", name) if name.isascii() else []
    if not found:
        raise NotThere(f"there is no record {name[:120]!a}; `archive log` lists what was recorded")
    data = store.rows(
        "SELECT data FROM versions WHERE record_id = ? ORDER BY version DESC LIMIT 1", name
    )
    proofs = store.rows("SELECT * FROM evidence WHERE record_id = ? ORDER BY event, number", name)
    claims = store.rows("SELECT * FROM assertions WHERE record_id = ? ORDER BY event", name)
    made = store.rows("SELECT * FROM corrections WHERE record_id = ? ORDER BY event", name)
    history = map(showing.line, LogView(log, store).records_of(name))
    yield from showing.record_lines(
        found[0],
        json.loads(data[0]["data"]),
        proofs=proofs,
        claims=claims,
        corrections=made,
        history=history,
    )


def settled(store: Store) -> list[checking.Finding]:
    """Return every dispute that was settled, upheld or rejected, in the order in which it was."""
    return list(checking.disputes(_last_disputes(store, "after <> 'open'")))


def _last_disputes(store: Store, having: str) -> list[dict[str, Any]]:
    """Return the last word in force of each dispute, where it is as ``having`` (SQL) says."""
    return store.rows(
        "SELECT *, max(event) FROM corrections WHERE kind = 'disputed' AND in_force"
        f" GROUP BY target_event, field HAVING {having} ORDER BY event"
    )


def check(log: SqliteLog, store: Store) -> Iterator[checking.Finding | bool]:
    """Yield every finding on the whole archive; for spans True (verified) or False (no text)."""
    events = list(log.read())
    items = telling(events, in_force(events))
    publishers = {
        row["id"]: row["publisher_id"] for row in store.rows("SELECT id, publisher_id FROM sources")
    }
    yield from checking.spans(items, log.span)
    yield from checking.weekdays(items)
    yield from checking.relative_dates(items, publishers.get)
    yield from checking.orphans(
        store.rows(
            "SELECT a.record_id, n.record_id AS refers_to, n.event FROM event_records n"
            " JOIN records r ON r.id = n.record_id AND r.state = 'retracted'"
            " JOIN events e ON e.seq = n.event AND e.in_force"
            " JOIN event_records a ON a.event = n.event AND a.role = 'about'"
            " JOIN records ar ON ar.id = a.record_id AND ar.state = 'current'"
            " WHERE a.record_id <> n.record_id"
            " AND e.type NOT IN ('RecordAmended', 'RecordRetracted', 'RecordDisputed')"
            " ORDER BY n.event, n.record_id"
        )
    )
    yield from checking.disputes(_last_disputes(store, "after = 'open'"))
    yield from checking.same_pages(
        store.rows("SELECT id, url, replaces_id FROM sources ORDER BY id")
    )
    yield from checking.conflicts(
        store.rows("SELECT * FROM conflicts WHERE state = 'open' ORDER BY record_id, number")
    )


def _standing(log: SqliteLog, store: Store, seq: int) -> tuple[dict[str, Any], int | None]:
    try:
        events = LogView(log, store).related(seq)
    except LookupError as error:
        raise NotThere(str(error)) from None
    undone = in_force(events)
    target = next(event for event in events if event.seq == seq)
    return amended(target, amendments(events, undone).get(seq, ())), undone[seq]
