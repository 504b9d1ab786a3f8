"""What was withheld, released and erased: numbers and reasons, never a word of it or whose it was."""

from __future__ import annotations

from collections.abc import Iterable

from archive.folding.record import Record
from archive.table import Column, Context, Row, Table
from events.acts import Acts
from events.envelope import Event


def _none(_record: Record, _context: Context) -> Iterable[Row]:
    """Rows are per event, not per record."""
    return ()


def row(event: Event, acts: Acts) -> Row:
    """Return the row of an act (TextRedacted), from its envelope alone."""
    together = acts.together(event.seq)
    return {
        "event": event.seq,
        "notice": together[0].seq,
        "act": event.payload["act"],
        "target_event": event.payload["target"],
        "reason": event.payload["basis"],
        "removed_on": event.recorded_at[:10],
    }


TABLE = Table(
    name="removals",
    about="Every act of withholding, releasing or erasing, by number and reason only. What was erased is gone"
    " for ever; that it was, and why, stays for all to see.",
    columns=(
        Column("event", "INTEGER PRIMARY KEY", "Number of the act"),
        Column(
            "notice",
            "INTEGER NOT NULL",
            "Number of the first of the acts that were done in one go, as when a whole record goes: the feeds"
            " announce them once, under this number",
        ),
        Column("act", "TEXT NOT NULL", "withheld, released (shown again) or erased"),
        Column("target_event", "INTEGER NOT NULL", "Number of the event acted on, or part of it"),
        Column(
            "reason",
            "TEXT NOT NULL",
            "child-privacy, court-order, data-protection, defamation, copyright, legal or mistake",
        ),
        Column("removed_on", "TEXT NOT NULL", "The day of the act (UTC)"),
    ),
    rows=_none,
    per_record=False,
    owner="event",
    indexes=(("target_event",), ("notice",)),
    sort_desc="event",
    facets=("act", "reason"),
)
