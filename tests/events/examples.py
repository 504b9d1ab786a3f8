"""One example of every event type, as full as its rules allow, about the invented place Aberdulas."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from typing import Any

from events.codec import build
from events.envelope import NewEvent

Plain = dict[str, Any]

QUOTE = "Bydd y llyfrgell ar agor"
EVIDENCE: list[Plain] = [
    {
        "source": "source/aberdulas-post-2031-03-05",
        "start": 120,
        "end": 120 + len(QUOTE),
        "quote": QUOTE,
        "digest": hashlib.sha256(QUOTE.encode()).hexdigest(),
        "stance": "supports",
    },
    {"source": "source/council-minutes-2031-03-04", "stance": "contradicts"},
]
TOPICS = ["topic/libraries", "topic/buses"]


def stated(edtf: str, text: str | None = None) -> Plain:
    """Return a date as a source states it."""
    return {"edtf": edtf, "basis": "stated"} | ({"text": text} if text else {})


RESOLVED: Plain = {
    "edtf": "2031-03-04",
    "basis": "resolved",
    "text": "yesterday",
    "anchor": "source/aberdulas-post-2031-03-05#published",
}

PAYLOADS: dict[str, Plain] = {
    "SourceCaptured": {
        "new": True,
        "note": "Read in the town library.",
        "id": "source/aberdulas-post-2031-03-05",
        "kind": "news",
        "publisher": "org/aberdulas-post",
        "lang": "cy",
        "captured_at": "2031-03-06T08:30:00Z",
        "body_access": "restricted",
        "sha256": hashlib.sha256(b"Bydd y llyfrgell ar agor").hexdigest(),
        "chars": 900,
        "title": "Y llyfrgell yn Nhŷ Mawr i ail-agor",
        "url": "https://post.example/2031/03/05/library?page=1#top",
        "published": stated("2031-03-05", "March 5"),
        "noise": [[0, 12], [880, 900]],
        "replaces": "source/aberdulas-post-2031-03-04",
    },
    "EntityRecorded": {
        "new": True,
        "note": "The town's own council, not the county's.",
        "id": "org/aberdulas-council",
        "kind": "organisation",
        "name": "Aberdulas Council",
        "disambiguation": "the one founded in 2001",
        "external_ids": {"register": "AB-1", "statistics": "W999"},
        "topics": TOPICS,
        "part_of": "place/aberdulas",
        "succeeds": "org/aberdulas-district",
        "founded": stated("2001-04"),
        "dissolved": stated("2029-12-31/.."),
    },
    "NameRecorded": {
        "new": True,
        "note": "As on its door.",
        "record": "org/aberdulas-council",
        "name": "Cyngor Aberdulas",
        "kind": "official",
        "lang": "cy",
        "from": stated("2001"),
        "until": stated("2029-12"),
    },
    "TenureRecorded": {
        "new": True,
        "note": "The title is the newspaper's.",
        "id": "tenure/prys-librarian",
        "person": "person/nia-prys",
        "title_as_stated": "Town Librarian",
        "post": "post/librarian",
        "start": stated("2030-04", "in April 2030"),
        "end": stated("2032"),
        "attested": RESOLVED,
        "interim": True,
        "remit": "libraries and reading rooms",
        "party": "Independent",
        "area": "place/ty-mawr",
        "topics": TOPICS,
    },
    "MeetingRecorded": {
        "new": True,
        "note": "Held in the old school.",
        "id": "meeting/council-2031-03-04",
        "organisation": "org/aberdulas-council",
        "held_on": RESOLVED,
        "status": "held",
        "kind": "ordinary meeting",
        "external_ids": {"minutes": "2031/7"},
        "topics": TOPICS,
    },
    "DocumentRecorded": {
        "new": True,
        "note": "The second edition.",
        "id": "doc/library-plan",
        "title": "A plan for the libraries of Aberdulas",
        "kind": "plan",
        "author": "org/aberdulas-council",
        "published": stated("2031-03-28"),
        "period": stated("2031-04-01/2032-03-31", "2031/32"),
        "pages": 12,
        "responds_to": "doc/library-review",
        "replaces": "doc/library-plan-2029",
        "url": "https://council.example/plan.pdf",
        "about": ["org/aberdulas-council", "place/ty-mawr"],
        "topics": TOPICS,
    },
    "StatementRecorded": {
        "new": True,
        "note": "Said at the end.",
        "id": "statement/prys-1",
        "speaker": "person/nia-prys",
        "speaker_basis": "pronoun",
        "mode": "direct",
        "gist": "The branch in Tŷ Mawr will open again.\n\nIt has been shut for two years.",
        "lang": "cy",
        "said_on": RESOLVED,
        "meeting": "meeting/council-2031-03-04",
        "document": "doc/council-minutes-2031-03-04",
        "about": ["place/ty-mawr"],
        "topics": TOPICS,
    },
    "DevelopmentRecorded": {
        "new": True,
        "note": "Two papers print it.",
        "id": "development/plan-approved",
        "what": "The plan for the libraries was approved",
        "kind": "decision",
        "happened": stated("2031-03-28~"),
        "decision": "approved",
        "participants": [
            {"entity": "org/aberdulas-council", "role": "decided"},
            {"entity": "person/nia-prys", "role": "presented"},
        ],
        "meeting": "meeting/council-2031-03-04",
        "document": "doc/library-plan",
        "amount": {"value": 40_000.5, "unit": "GBP"},
        "topics": TOPICS,
    },
    "CommitmentRecorded": {
        "new": True,
        "note": "The minutes leave the count open.",
        "id": "commitment/library-plan",
        "obliged": "org/aberdulas-council",
        "what": "Publish a plan for the libraries",
        "kind": "promised",
        "owed_to": "org/readers-of-aberdulas",
        "readings": [
            {"label": "a day", "on": stated("2031-03-24")},
            {
                "label": "working days",
                "rule": {
                    "n": 20,
                    "unit": "working-day",
                    "from": "2031-03-04",
                    "calendar": "wales",
                    "count": "from-day",
                },
            },
            {"label": "months", "rule": {"n": 1, "unit": "month", "from": "2031-03-04"}},
        ],
        "after": "meeting/council-2031-03-04",
        "condition": "unless the review is late",
        "made_in": "statement/prys-1",
        "about": ["doc/library-plan"],
        "topics": TOPICS,
    },
    "OutcomeRecorded": {
        "new": True,
        "note": "Four days late by one reading.",
        "id": "outcome/library-plan",
        "commitment": "commitment/library-plan",
        "result": "partly-done",
        "happened": stated("2031-03-28"),
        "finding": "A plan was published, without its second part.",
        "found_by": "doc/library-review",
    },
    "FigureRecorded": {
        "new": True,
        "note": "Rounded by the source.",
        "id": "figure/loans-2030",
        "measure": "measure/loans",
        "value": -12.25,
        "qualifier": "at-most",
        "unit": "loans",
        "as_of": stated("2030-12-31"),
        "period": stated("2030-04-01/2031-03-31"),
        "kind": "estimate",
        "subject": "org/aberdulas-council",
        "area": "place/ty-mawr",
        "topics": TOPICS,
    },
    "RecordAmended": {
        "target": 6,
        "changes": [
            {"path": "/title_as_stated", "from": "Town Librarian", "to": "Librarian"},
            {"path": "/remit", "from": "libraries and reading rooms"},
            {"path": "/start", "to": stated("2030-05")},
        ],
        "reason": "source-error",
        "note": "The newspaper printed a correction.",
    },
    "RecordRetracted": {
        "target": 0,
        "reason": "duplicate",
        "note": "Recorded twice.",
        "replaced_by": "statement/prys-2",
    },
    "RecordDisputed": {
        "target": 2**53,
        "path": "/attested",
        "state": "upheld",
        "note": "She had left in January.",
        "reason": "better-evidence",
    },
    "EntitiesMerged": {
        "keep": "person/nia-prys",
        "merge": ["person/n-prys", "person/nia-pryse"],
        "reason": "archive-error",
        "note": "One person, spelled in three ways.",
    },
    "TextRedacted": {
        "target": 7,
        "act": "erased",
        "scope": "path",
        "basis": "data-protection",
        "digests": ["A" * 43, "_" * 43],
        "path": "/gist",
        "authority": "A decision of the keeper, AB/2031/7",
        "review_on": "2032-02-29",
        "confirmed_by": "redactor",
    },
    "TranslationAdded": {
        "record": "doc/library-plan",
        "path": "/title",
        "lang": "cy",
        "text": "Cynllun ar gyfer llyfrgelloedd Aberdulas",
        "method": "machine-reviewed",
        "translator": "Ifor Cadwgn",
    },
}

#: Which part of each example its first piece of evidence proves.
SUPPORTS: dict[str, list[str]] = {
    "SourceCaptured": ["/published"],
    "NameRecorded": ["/from"],
    "TenureRecorded": ["/start", "/attested/edtf"],
    "CommitmentRecorded": ["/readings/1/rule/n"],
    "RecordAmended": ["/changes/0/to"],
}

#: The other kinds of entities, each with all that it alone may have.
ENTITIES: dict[str, Plain] = {
    "organisation": PAYLOADS["EntityRecorded"],
    "person": {
        "new": True,
        "id": "person/nia-prys",
        "kind": "person",
        "name": "Nia Prys",
        "public_capacity": "Town Librarian of Aberdulas",
    },
    "post": {
        "new": True,
        "id": "post/librarian",
        "kind": "post",
        "name": "Librarian",
        "organisation": "org/aberdulas-council",
        "succeeds": "post/keeper-of-books",
        "seats": 2,
        "statutory": True,
    },
    "place": {
        "new": True,
        "id": "place/ty-mawr",
        "kind": "place",
        "name": "Tŷ Mawr",
        "part_of": "place/aberdulas",
    },
    "topic": {"new": True, "id": "topic/libraries", "kind": "topic", "name": "Libraries"},
    "measure": {
        "new": True,
        "id": "measure/loans",
        "kind": "measure",
        "name": "Loans",
        "unit": "loans",
        "counts": "books lent in a calendar year",
    },
}


def evidence(type_name: str) -> list[Plain]:
    """Return the evidence of a type's example."""
    if supports := SUPPORTS.get(type_name):
        return [{**EVIDENCE[0], "supports": supports}, EVIDENCE[1]]
    return EVIDENCE


def example(type_name: str, **changes: Any) -> NewEvent:
    """Build a type's example; ``changes`` replace fields, and ``...`` takes one out."""
    return build(type_name, changed(PAYLOADS[type_name], **changes), evidence(type_name))


def changed(payload: Plain, **changes: Any) -> Plain:
    """Return a payload with fields replaced, or taken out by ``...``; ``from_`` is ``from``."""
    data = {**payload, **{name.rstrip("_"): value for name, value in changes.items()}}
    return {name: value for name, value in data.items() if value is not ...}


EXAMPLES: dict[str, NewEvent] = {name: example(name) for name in PAYLOADS}


def salts() -> Callable[[], bytes]:
    """Return a source of salts that counts, for bytes that can be compared."""
    numbers = itertools.count()
    return lambda: next(numbers).to_bytes(16, "big")


def topic(name: str, **fields: Any) -> NewEvent:
    """Return the event that records a topic."""
    return build(
        "EntityRecorded",
        {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name} | fields,
    )
