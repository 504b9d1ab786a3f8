"""What the feeds announce: new developments, and every correction as an entry of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archive.folding.record import Correction, Record
from archive.table import REF, Column, Context, Row, Table
from events.acts import Act, Acts
from events.envelope import Event

#: Kinds of records that are news. People, posts, sources and topics are not announced by themselves.
ANNOUNCED = frozenset(
    {"meeting", "doc", "statement", "development", "commitment", "outcome", "tenure", "figure"}
)


def rows(record: Record, context: Context) -> Iterable[Row]:
    """Return the entry of a record, kept in place for ever, and one for each correction of it.

    Its ``updated_at`` moves only when a version of the record differs from the one before.
    """
    label = context.label(record.id)
    # A commitment of which only its outcome is left was never recorded by an event of its own.
    recorded = record.versions and record.versions[0].data["state"] == "current"
    if record.kind in ANNOUNCED and recorded:
        yield {
            "entry_id": f"E{record.first_event}",
            "event": record.first_event,
            "record_id": record.id,
            "kind": record.kind,
            "record_kind": record.kind,
            "state": "current" if record.state == "current" else "withdrawn",
            "title": label,
            "published_at": record.known_from,
            **_updated(record, record.changed_at, record.versions[-1].event),
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
            "record_kind": record.kind,
            "state": "current" if made.in_force else "withdrawn",
            "title": label,
            "published_at": made.corrected_at,
            **_updated(record, changed.corrected_at, changed.event, (event, made.target)),
        }


def _updated(
    record: Record, at: str, event: int, about: tuple[int | None, ...] | None = None
) -> Row:
    """Return when an entry last changed: a removal counts, for the copies that readers keep must go."""
    for removal in record.removals:
        if removal.event > event and (about is None or removal.target in about):
            at, event = removal.at, removal.event
    return {"updated_at": at, "updated_event": event}


#: What an event would have been announced as, had nothing of it been removed, and the field that this needs.
_KINDS = {
    "MeetingRecorded": ("meeting", "id"),
    "DocumentRecorded": ("doc", "id"),
    "StatementRecorded": ("statement", "id"),
    "DevelopmentRecorded": ("development", "id"),
    "CommitmentRecorded": ("commitment", "id"),
    "OutcomeRecorded": ("outcome", "id"),
    "TenureRecorded": ("tenure", "id"),
    "FigureRecorded": ("figure", "id"),
    "RecordAmended": ("correction/amended", "changes"),
    "RecordRetracted": ("correction/retracted", "target"),
    "RecordDisputed": ("correction/disputed", "target"),
    "EntitiesMerged": ("correction/merged", "keep"),
}


def of_acts(event: Event, about: Iterable[str], acts: Acts) -> Iterable[Row]:
    """Yield the entry that announces acts, at the first of those done in one go, and what acts left of the
    entry of any other event.
    """
    if event.type == "TextRedacted" and (together := acts.together(event.seq))[0].seq == event.seq:
        yield notice(event, together)
    hiding = acts.hiding(event.seq) or acts.hiding(event.payload.get("target", -1))
    if hiding and (row := stub(event, about, max(hiding.values()))):
        yield row


def notice(event: Event, together: Sequence[Act]) -> Row:
    """Return the entry that announces an act (TextRedacted), and those done in one go with it: numbers, never
    what or whose it was.
    """
    said = event.payload
    targets = sorted({act.of for act in together})
    what = f"E{targets[0]}" if len(targets) == 1 else f"{len(targets)} events"
    return {
        "entry_id": event.name,
        "event": event.seq,
        "record_id": None,
        "kind": f"correction/{said['act']}",
        "record_kind": None,
        "state": "current",
        "title": f"{what} {said['act']} ({said['basis']})",
        "published_at": event.recorded_at,
        "updated_at": event.recorded_at,
        "updated_event": together[-1].seq,
    }


def stub(event: Event, about: Iterable[str], act: Act) -> Row | None:
    """Return what an act leaves of the entry of an event; None where it stays the entry of a record."""
    kind, needed = _KINDS.get(event.type, ("", ""))
    if not kind or (needed in event.payload and any(about)):
        return None
    return {
        "entry_id": event.name,
        "event": event.seq,
        "record_id": None,
        "kind": kind,
        "record_kind": kind if kind in ANNOUNCED else None,
        "state": "erased" if act.kind == "erased" else "withdrawn",
        "title": "Withdrawn",
        "published_at": event.recorded_at,
        "updated_at": act.at,
        "updated_event": act.seq,
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
        Column(
            "record_id",
            REF,
            "The record announced or corrected; empty where that is withheld or erased",
        ),
        Column(
            "kind",
            "TEXT NOT NULL",
            "Kind of the record, or correction/ with amended, retracted, restored, disputed, merged, withheld,"
            " released or erased",
        ),
        Column(
            "record_kind",
            "TEXT",
            "Kind of the record announced or corrected; empty where what is left of an entry does not tell",
        ),
        Column(
            "state", "TEXT NOT NULL", "current; withdrawn or erased: then the entry only says so"
        ),
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
    indexes=(
        ("event",),
        ("updated_event",),
        ("kind", "updated_event"),
        ("record_kind", "updated_event"),
        ("record_id",),
    ),
    label="title",
    facets=("kind", "state"),
)
