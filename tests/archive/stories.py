"""Events in memory, for tests of the pure fold: no log, no tables, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from archive.fold import fold, merged_slugs
from archive.folding.about import about
from archive.folding.record import Record, SourceFacts
from events.codec import build
from events.envelope import Event

NEWS = "source/post"
MINUTES = "source/minutes"
LETTER = "source/letter"
SOURCES = {
    NEWS: SourceFacts("news", "2031-03-05"),
    MINUTES: SourceFacts("minutes", "2031-03-20"),
    LETTER: SourceFacts("letter", None),
}


def on(edtf: str, basis: str = "stated", **more: str) -> dict[str, str]:
    """Return a dated claim."""
    return {"edtf": edtf, "basis": basis, **more}


def by(source: str, *supports: str, **more: Any) -> dict[str, Any]:
    """Return evidence in a source."""
    return {"source": source, **({"supports": list(supports)} if supports else {}), **more}


class Story:
    """A history: each call records an event, a minute after the one before, and returns its number."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, type_name: str, *evidence: dict[str, Any], **payload: Any) -> int:
        event = build(
            type_name, {name.rstrip("_"): v for name, v in payload.items()}, list(evidence)
        )
        payload, proof = msgspec.json.decode(msgspec.json.encode((event.payload, event.evidence)))
        return self.add(type_name, payload, tuple(proof))

    def add(self, type_name: str, payload: dict[str, Any], evidence: tuple[Any, ...] = ()) -> int:
        """Add an event as it would be read back, whatever of it is left."""
        seq = len(self.events)
        self.events.append(
            Event(
                seq=seq,
                type=type_name,
                v=1,
                recorded_at=at(seq),
                recorded_by="archivist",
                leaf_hash="",
                payload=payload,
                evidence=evidence,
            )
        )
        return seq

    def amend(self, target: int, path: str, from_: Any, to: Any, **more: Any) -> int:
        changes = [{"path": path, "from": from_, "to": to}]
        return self("RecordAmended", target=target, changes=changes, **(WHY | more))

    def retract(self, target: int, **more: Any) -> int:
        return self("RecordRetracted", target=target, **(WHY | more))

    def dispute(self, target: int, path: str, state: str) -> int:
        return self("RecordDisputed", target=target, path=path, state=state, note="Doubtful")

    def merge(self, keep: str, *merge: str) -> int:
        return self("EntitiesMerged", keep=keep, merge=list(merge), **WHY)

    def about(self, slug: str) -> list[Event]:
        """Return the events about a record."""
        subjects: dict[int, list[str]] = {}
        for event in self.events:
            subjects[event.seq] = about(event.type, event.payload, subjects.__getitem__)
        return [event for event in self.events if slug in subjects[event.seq]]

    def fold(self, slug: str, sources: dict[str, SourceFacts] | None = None) -> Record:
        """Fold a record as the projector does: its own events, and those of slugs merged into it."""
        ids, events = [slug], {}
        for one in ids:
            events |= {event.seq: event for event in self.about(one)}
            ids += [other for other in merged_slugs(one, list(events.values())) if other not in ids]
        found = SOURCES if sources is None else sources
        return fold(slug, list(events.values()), found.get, ids[1:])


WHY = {"reason": "archive-error", "note": "Misread"}


def at(seq: int) -> str:
    """Return when the event with this number was recorded."""
    return f"2032-01-01T{seq // 60:02}:{seq % 60:02}:00Z"


def values(record: Record, field: str) -> list[tuple[Any, str]]:
    """Return the claims on a field with how they stand."""
    return [(claim.value, claim.standing) for claim in record.claims if claim.field == field]


def seqs(items: Iterable[Any]) -> list[int]:
    """Return the numbers of events that items come from."""
    return [item.event for item in items]
