"""Hundreds of hostile batch files at the real door: each is refused with file and line, and nothing is stored."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from archive import batches
from archive.admitting.admission import Draft
from archive.batches import MAX_BYTES, MAX_EVENTS
from archive.home import Home
from archive.recording import record
from archive.trust import signing
from events.vocabulary import TYPES

TEXT = "Nia Prys promised that the branch in Tŷ Mawr opens again in May. In May!"
SHA = hashlib.sha256(TEXT.encode()).hexdigest()
PROOF = {"source": "source/echo", "span": [0, 8]}
DAY = {"edtf": "2031-03-04", "basis": "stated"}
LATER = {"edtf": "2031-03-28", "basis": "stated"}
WHY = {"reason": "archive-error", "note": "Misread"}

SEED: list[dict[str, Any]] = [
    {"type": "EntityRecorded", "id": "org/echo", "new": True, "kind": "organisation", "name": "Echo"},
    {"type": "EntityRecorded", "id": "org/council", "new": True, "kind": "organisation", "name": "Council"},
    {"type": "EntityRecorded", "id": "topic/books", "new": True, "kind": "topic", "name": "Books"},
    {"type": "EntityRecorded", "id": "place/ty-mawr", "new": True, "kind": "place", "name": "Tŷ Mawr"},
    {"type": "EntityRecorded", "id": "measure/loans", "new": True, "kind": "measure", "name": "Loans"},
    {"type": "EntityRecorded", "id": "person/nia", "new": True, "kind": "person", "name": "Nia", "public_capacity": "Librarian"},
    {"type": "EntityRecorded", "id": "person/ifor", "new": True, "kind": "person", "name": "Ifor", "public_capacity": "Councillor"},
    {"type": "EntityRecorded", "id": "post/librarian", "new": True, "kind": "post", "name": "Librarian", "organisation": "org/council"},
    {"type": "SourceCaptured", "id": "source/echo", "new": True, "kind": "news", "publisher": "org/echo", "lang": "en",
     "captured_at": "2031-03-06", "body_access": "restricted", "sha256": SHA, "chars": len(TEXT)},
    {"type": "MeetingRecorded", "id": "meeting/a", "new": True, "organisation": "org/council", "held_on": DAY, "status": "held", "evidence": [PROOF]},
    {"type": "DocumentRecorded", "id": "doc/a", "new": True, "title": "Plan", "kind": "plan", "author": "org/council", "pages": 40, "evidence": [PROOF]},
    {"type": "CommitmentRecorded", "id": "commitment/a", "new": True, "obliged": "org/council", "what": "Plan", "kind": "promised", "evidence": [PROOF]},
    {"type": "NameRecorded", "record": "org/council", "name": "Cyngor", "kind": "official", "lang": "cy"},
    {"type": "RecordRetracted", "target": "@13", **WHY},
    {"type": "RecordAmended", "target": "@11", "changes": [{"path": "/pages", "from": 40, "to": 41}], **WHY},
    {"type": "EntityRecorded", "id": "person/n", "new": True, "kind": "person", "name": "N.", "public_capacity": "Librarian"},
    {"type": "EntitiesMerged", "keep": "person/nia", "merge": ["person/n"], **WHY},
    {"type": "RecordDisputed", "target": "@11", "path": "/pages", "state": "open", "note": "Too many?"},
]  # fmt: skip
NAME_EVENT, RETRACTION, AMENDMENT, MERGE, DISPUTE, SIZE = 12, 13, 14, 16, 17, 18

#: One good event of each type with all its fields; every hostile file is one step away from one of these.
GOOD: dict[str, dict[str, Any]] = {
    "SourceCaptured": {
        "id": "source/new", "new": True, "kind": "news", "publisher": "org/echo", "lang": "en", "captured_at": "2031-03-06",
        "body_access": "restricted", "sha256": "0" * 64, "chars": 900, "title": "Title", "url": "https://echo.example/a",
        "published": DAY, "noise": [[1, 5]], "replaces": "source/echo", "note": "Seen",
    },
    "EntityRecorded": {
        "id": "org/new", "new": True, "kind": "organisation", "name": "New", "disambiguation": "The other", "part_of": "org/council",
        "external_ids": {"gss": "W1"}, "topics": ["topic/books"], "succeeds": "org/echo", "founded": DAY, "dissolved": LATER,
    },
    "NameRecorded": {"record": "org/council", "name": "The council", "kind": "known-as", "lang": "en", "from": DAY, "until": LATER},
    "TenureRecorded": {
        "id": "tenure/new", "new": True, "person": "person/nia", "title_as_stated": "Librarian", "post": "post/librarian",
        "start": DAY, "attested": DAY, "end": LATER, "interim": "true", "remit": "Books", "party": "Independent", "area": "place/ty-mawr",
        "topics": ["topic/books"], "evidence": [PROOF],
    },
    "MeetingRecorded": {
        "id": "meeting/new", "new": True, "organisation": "org/council", "held_on": DAY, "status": "held", "kind": "cabinet",
        "external_ids": {"a": "b"}, "topics": ["topic/books"], "evidence": [PROOF],
    },
    "DocumentRecorded": {
        "id": "doc/new", "new": True, "title": "Plan", "kind": "plan", "author": "org/council", "published": DAY, "period": DAY,
        "pages": 40, "responds_to": "doc/a", "replaces": "doc/a", "url": "https://council.example/a", "about": ["org/council"],
        "topics": ["topic/books"], "evidence": [PROOF],
    },
    "StatementRecorded": {
        "id": "statement/new", "new": True, "speaker": "person/nia", "speaker_basis": "named", "mode": "direct", "gist": "Soon",
        "lang": "en", "said_on": DAY, "meeting": "meeting/a", "document": "doc/a", "about": ["org/council"],
        "topics": ["topic/books"], "evidence": [PROOF],
    },
    "DevelopmentRecorded": {
        "id": "development/new", "new": True, "what": "It opened", "kind": "decision", "happened": DAY, "decision": "approved",
        "participants": [{"entity": "org/council", "role": "host"}], "meeting": "meeting/a", "document": "doc/a",
        "amount": {"value": 5, "unit": "GBP"}, "topics": ["topic/books"], "evidence": [PROOF],
    },
    "CommitmentRecorded": {
        "id": "commitment/new", "new": True, "obliged": "org/council", "what": "Plan", "kind": "promised", "owed_to": "org/echo",
        "readings": [{"label": "20 days", "rule": {"n": 20, "unit": "day", "from": "2031-03-04"}}], "after": "doc/a",
        "condition": "If paid", "made_in": "meeting/a", "about": ["org/council"], "topics": ["topic/books"], "evidence": [PROOF],
    },
    "OutcomeRecorded": {
        "id": "outcome/new", "new": True, "commitment": "commitment/a", "result": "done", "happened": DAY, "finding": "Done",
        "found_by": "org/echo", "evidence": [PROOF],
    },
    "FigureRecorded": {
        "id": "figure/new", "new": True, "measure": "measure/loans", "value": 5, "unit": "loans", "as_of": DAY, "kind": "actual",
        "subject": "org/council", "area": "place/ty-mawr", "topics": ["topic/books"],
    },
    "RecordAmended": {"target": "E10", "changes": [{"path": "/pages", "from": 41, "to": 42}], **WHY},
    "RecordRetracted": {"target": "E10", "replaced_by": "doc/a", **WHY},
    "RecordDisputed": {"target": "E10", "path": "/title", "state": "open", **WHY},
    "EntitiesMerged": {"keep": "org/council", "merge": ["org/echo"], **WHY},
    "TranslationAdded": {"record": "doc/a", "path": "/title", "lang": "cy", "text": "Cynllun", "method": "human", "translator": "N."},
}  # fmt: skip

Case = tuple[str, bytes]


def file(*events: dict[str, Any], **more: Any) -> bytes:
    """Return a batch file; JSON is YAML, and escapes say exactly what is meant."""
    return json.dumps({**more, "events": events}).encode()


def event(type_name: str, **fields: Any) -> dict[str, Any]:
    """Return the good event of a type with fields changed; None takes a field out."""
    changed = {**GOOD[type_name], **{name.rstrip("_"): value for name, value in fields.items()}}
    return {"type": type_name, **{k: v for k, v in changed.items() if v is not None}}


CHARACTERS = itertools.cycle(
    [
        ("control character", "a\x07b"),
        ("half a character", "a\ud800"),
        ("noncharacter", "\ufdd0"),
        ("character of the terminal", "\x1b[2J"),
    ]
)


TURNS = itertools.count()
ODD_SLUGS = itertools.cycle(("Org/Echo", "org/echo/", "../../etc/passwd", "org/", "\u043erg/echo"))


def wrong_values(good: Any) -> Iterator[tuple[str, Any]]:
    """Yield what cannot stand where a good value stands, each with what is wrong with it."""
    yield next(CHARACTERS)
    yield "a novel", "x" * 4_000
    if isinstance(good, list):
        yield "word for a list", "word"
        yield "mapping for a list", {"a": "b"}
        yield "a list in the list", [["a"]]
        yield "nothing in the list", [None]
        yield "a list without end", [good[0]] * (40_000 // len(json.dumps(good[0])))
    elif isinstance(good, dict) and "edtf" in good:
        yield "word for a date", "2031"
        yield "no such month", {**good, "edtf": "2031-13"}
        yield "no such day", {**good, "edtf": "2031-02-29"}
        yield "the end before the start", {**good, "edtf": "2031/2030"}
        yield "a time of day", {**good, "edtf": "2031-03-04T10:00"}
        yield "date without basis", {"edtf": "2031"}
        yield "basis unknown", {**good, "basis": "guessed"}
        yield "resolved against nothing", {**good, "basis": "resolved"}
        yield "anchor nowhere", {**good, "basis": "resolved", "anchor": "source/nowhere#published"}
        yield "anchor on nothing", {**good, "anchor": "source/echo"}
        yield "a long date", {**good, "edtf": "[" + "2031," * 40 + "2031]"}
        yield "a field too many", {**good, "colour": "red"}
        yield "a date in figures of another script", {**good, "edtf": "٢٠٣١"}
    elif isinstance(good, dict):
        yield "word for a mapping", "word"
        yield "list for a mapping", ["a"]
        yield "mapping in the mapping", {**good, "unit": {"a": "b"}, "gss": {"a": "b"}}
    else:
        yield "list for a word", ["a"]
        yield "mapping for a word", {"a": "b"}


NUMBERS = (
    "-1",
    "1.5",
    "0x10",
    "1_000",
    "99999999999999999999999",
    "1e400",
    "nan",
    "\uff11",
    "",
    "one",
)


def cases() -> Iterator[Case]:
    """Yield the name and the bytes of every hostile file."""
    yield from _fields()
    yield from _types()
    yield from _evidence()
    yield from _targets()
    yield from _amendments()
    yield from _whole()
    yield from _bytes()


def _fields() -> Iterator[Case]:
    for type_name, good in GOOD.items():
        for field, value in good.items():
            if field == "evidence":
                continue
            every = list(wrong_values(value))
            turn = next(TURNS)
            for what, wrong in (every[(turn + n) % len(every)] for n in range(min(4, len(every)))):
                yield f"{type_name} {field}: {what}", file(event(type_name, **{field: wrong}))
            if isinstance(value, int) and not isinstance(value, bool):
                for number in NUMBERS:
                    if (field, number) != ("value", "-1") and (field, number) != ("value", "1.5"):
                        yield f"{type_name} {field}: {number!r}", file(event(type_name, **{field: number}))  # fmt: skip
            if isinstance(value, str) and re.fullmatch(r"[a-z]+/[a-z-]+", value) and field != "id":
                for slug in ("org/nobody", next(ODD_SLUGS)):
                    yield f"{type_name} {field}: {slug}", file(event(type_name, **{field: slug}))
        yield f"{type_name} with an unknown field", file(event(type_name, colour="red"))
        yield f"{type_name} without anything", file({"type": type_name})
        for field in sorted(
            set(good) & {"id", "record", "target", "name", "note", "evidence", "kind"}
        ):
            if (type_name, field) not in ACCEPTED_WITHOUT:
                yield f"{type_name} without {field}", file(event(type_name, **{field: None}))


#: Fields that may be missing.
ACCEPTED_WITHOUT = {("SourceCaptured", "note"), ("MeetingRecorded", "kind")}

SLUGS = (
    "org/council", "person/new", "new", "/", "org//new", "org/new/", "org/New", "org/ne w", "org/new\n", "org/-new", "org/new-",
    "org/ne--w", "org/nêw", "org/n\u0435w", "org/new\u200b", "org/\u202enew", "org/new\0", "org/../new", "org/..", "~/new",
    "C:\\new", "file:///etc/passwd", "org/new?x=1", "org/new#a", "org/new%2f", "org/" + "n" * 121, "'; DROP TABLE entries; --",
    "<script>alert(1)</script>", "org/📚", "{{7*7}}", "$(reboot)", "org/e\u0301", "org/\uff4eew", "urn:org:new", "org/new\t",
)  # fmt: skip


def _types() -> Iterator[Case]:
    for name in (
        "",
        "entityrecorded",
        "EntityRecorded ",
        "Entity\u0000",
        "TextRedacted",
        "Payload",
        "__class__",
        "x" * 9000,
        "Événement",
    ):
        yield f"type {name[:20]!r}", file({**event("EntityRecorded"), "type": name})
    for slug in SLUGS:
        yield f"id {slug[:30]!r}", file(event("EntityRecorded", id=slug))
    for kind in ("person", "post", "place", "topic", "measure", "Organisation", "organisation\n"):
        yield f"kind {kind!r}", file(event("EntityRecorded", kind=kind))
    for field, value in {
        "public_capacity": "Clerk",
        "seats": 2,
        "statutory": "true",
        "unit": "a",
        "counts": "b",
        "organisation": "org/echo",
    }.items():
        yield f"{field} of an organisation", file(event("EntityRecorded", **{field: value}))
    yield (
        "seats none",
        file(
            event(
                "EntityRecorded",
                id="post/a",
                kind="post",
                organisation="org/echo",
                seats=0,
                part_of=None,
                founded=None,
                dissolved=None,
            )
        ),
    )
    yield (
        "dissolved before it was founded",
        file(event("EntityRecorded", founded=LATER, dissolved=DAY)),
    )
    yield "a name until before from", file(event("NameRecorded", from_=LATER, until=DAY))
    yield (
        "a tenure ended before it began",
        file(event("TenureRecorded", start=LATER, end=DAY, attested=None)),
    )
    yield "attested before it began", file(event("TenureRecorded", start=LATER, end=None))
    yield (
        "attested after its end",
        file(event("TenureRecorded", start=None, attested=LATER, end=DAY)),
    )
    yield "a post and a body", file(event("TenureRecorded", organisation="org/council"))
    yield "neither post nor body", file(event("TenureRecorded", post=None))
    yield "a tenure of no time", file(event("TenureRecorded", start=None, end=None, attested=None))
    yield (
        "a private person",
        file(
            event(
                "EntityRecorded",
                id="person/child",
                kind="person",
                part_of=None,
                founded=None,
                dissolved=None,
                succeeds=None,
            )
        ),
    )
    for name, reading in {
        "neither": {"label": "a"},
        "both": {"label": "a", "on": DAY, "rule": {"n": 1, "unit": "day", "from": "2031"}},
        "none days": {"label": "a", "rule": {"n": 0, "unit": "day", "from": "2031"}},
        "days for ever": {"label": "a", "rule": {"n": 10**9, "unit": "day", "from": "2031"}},
        "working days of nowhere": {
            "label": "a",
            "rule": {"n": 1, "unit": "working-day", "from": "2031"},
        },
        "days by a calendar": {
            "label": "a",
            "rule": {"n": 1, "unit": "day", "calendar": "wales", "from": "2031"},
        },
        "an unknown calendar": {
            "label": "a",
            "rule": {"n": 1, "unit": "working-day", "calendar": "mars", "from": "2031"},
        },
        "a unit unknown": {"label": "a", "rule": {"n": 1, "unit": "fortnight", "from": "2031"}},
        "from no day": {"label": "a", "rule": {"n": 1, "unit": "day", "from": "soon"}},
        "without a label": {"on": DAY},
    }.items():
        yield f"reading {name}", file(event("CommitmentRecorded", readings=[reading]))
    for name, url in {
        "script": "javascript:alert(1)",
        "file": "file:///etc/passwd",
        "space": "https://a b",
        "none": "https://",
        "data": "data:text/html,a",
        "umlaut": "https://ŷ.example",
    }.items():
        yield f"url {name}", file(event("DocumentRecorded", url=url))
    for when in ("yesterday", "2031-03-06T10:00", "2031-03-06 10:00:00Z", "06/03/2031", "2031"):
        yield f"captured at {when}", file(event("SourceCaptured", captured_at=when))
    for noise in (
        [[5, 1]],
        [[1, 901]],
        [[1]],
        [[1, 2, 3]],
        [[-1, 5]],
        [["a", "b"]],
        [[0, 10**30]],
        [5, 1],
    ):
        yield f"noise {noise}", file(event("SourceCaptured", noise=noise))
    yield "length without digest", file(event("SourceCaptured", sha256=None, noise=None))
    yield "digest without length", file(event("SourceCaptured", chars=None, noise=None))
    yield "digest in capitals", file(event("SourceCaptured", sha256="A" * 64))


def _evidence() -> Iterator[Case]:
    items: dict[str, Any] = {
        "a word": "words",
        "nothing": None,
        "a list": [],
        "empty": {},
        "no source": {"span": [0, 8]},
        "an unknown source": {"source": "source/nowhere", "span": [0, 8]},
        "no source at all": {"source": "org/echo", "span": [0, 8]},
        "a list for a source": {"source": ["source/echo"], "span": [0, 8]},
        "a mapping for a source": {"source": {"a": "b"}, "span": [0, 8]},
        "half a character for a source": {"source": "\ud800", "span": [0, 8]},
        "a path for a source": {"source": "../../log.db", "span": [0, 8]},
        "no span": {"source": "source/echo"},
        "half a span": {"source": "source/echo", "span": [0]},
        "three numbers": {"source": "source/echo", "span": [0, 1, 2]},
        "words for numbers": {"source": "source/echo", "span": ["a", "b"]},
        "a reversed span": {"source": "source/echo", "span": [8, 0]},
        "an empty span": {"source": "source/echo", "span": [8, 8]},
        "a negative span": {"source": "source/echo", "span": [-8, 8]},
        "a span past the end": {"source": "source/echo", "span": [0, len(TEXT) + 1]},
        "a span past everything": {"source": "source/echo", "span": [0, 10**30]},
        "a span of long numbers": {"source": "source/echo", "span": [0, "9" * 5000]},
        "words without a text": {"source": "source/echo", "words": "Nia Prys"},
        "words of another length": {"source": "source/echo", "words": "Nia", "span": [0, 8]},
        "too many words": {"source": "source/echo", "words": "Nia Prys promised that the branch in", "span": [0, 36]},
        "a list for words": {"source": "source/echo", "words": ["Nia"], "span": [0, 8]},
        "half a character in words": {"source": "source/echo", "words": "\ud800234567\n", "span": [0, 8]},
        "an unknown stance": {**PROOF, "stance": "denies"},
        "only against": {**PROOF, "stance": "contradicts"},
        "support of nothing": {**PROOF, "supports": ["/colour"]},
        "support of no pointer": {**PROOF, "supports": ["title"]},
        "support that is no list": {**PROOF, "supports": "/title"},
        "support deep down": {**PROOF, "supports": ["/title" * 60]},
        "a digest of its own": {**PROOF, "digest": "0" * 64},
        "a quote of its own": {**PROOF, "quote": "Nia Prys"},
        "an offset of its own": {"source": "source/echo", "start": 0, "end": 8},
    }  # fmt: skip
    for name, item in items.items():
        yield f"evidence: {name}", file(event("DocumentRecorded", evidence=[item]))
    for name, value in {
        "a word": "x",
        "a mapping": PROOF,
        "empty": "",
        "an empty mapping": {},
    }.items():
        yield f"evidence is {name}", file({**event("DocumentRecorded"), "evidence": value})
    yield "no evidence", file({**event("DocumentRecorded"), "evidence": []})
    yield "hundreds of pieces", file(event("DocumentRecorded", evidence=[PROOF] * 900))
    yield (
        "an unknown source for all",
        file(event("DocumentRecorded", evidence=[{"span": [0, 8]}]), source="source/nowhere"),
    )


TARGETS = (
    "E18", "E19", "E999999999999999999999", "E" + "9" * 5000, "E-1", "E+1", "E1.0", "E 1", "e1", "1", "E", "", "@", "@0", "@1", "@2",
    "@-1", "@1.0", "@" + "9" * 5000, "org/echo", "org/echo[0]", "org/echo[2]", "org/echo[-1]", "org/echo[" + "9" * 5000 + "]",
    "org/echo[1", "org/echo[1]]", "org/nobody[1]", "[1]", "E٣", "E\uff11", "E1\n", "\u202eE1", "E1\u0000", "E0x1", "E1_0", "../E1", "*", "E1;E2",
)  # fmt: skip


def _targets() -> Iterator[Case]:
    for type_name in ("RecordRetracted", "RecordAmended", "RecordDisputed"):
        for target in TARGETS if type_name == "RecordRetracted" else TARGETS[:6]:
            yield f"{type_name} of {target[:30]!r}", file(event(type_name, target=target))
        yield (
            f"{type_name} of what was retracted",
            file(
                event(
                    type_name,
                    target=f"E{NAME_EVENT}",
                    changes=None
                    if type_name != "RecordAmended"
                    else [{"path": "/name", "from": "Cyngor", "to": "A"}],
                    path=None if type_name != "RecordDisputed" else "/name",
                )
            ),
        )
        yield f"{type_name} of itself", file(event("NameRecorded"), event(type_name, target="@2"))
        yield (
            f"{type_name} of one to come",
            file(event(type_name, target="@2"), event("NameRecorded")),
        )
        yield (
            f"{type_name} of one refused",
            file({"type": "NameRecorded"}, event(type_name, target="@1")),
        )
    for number in (RETRACTION, AMENDMENT, MERGE, DISPUTE):
        yield (
            f"an amendment of the correction E{number}",
            file(
                event(
                    "RecordAmended",
                    target=f"E{number}",
                    changes=[{"path": "/note", "from": "Misread", "to": "A"}],
                )
            ),
        )
        yield (
            f"a dispute of the correction E{number}",
            file(event("RecordDisputed", target=f"E{number}", path="/note")),
        )
    for path in (
        "/colour",
        "/title/0",
        "/evidence/7",
        "title",
        "",
        "/",
        "//",
        "/~2",
        "/a~",
        "/title\n",
    ):
        yield f"a dispute on {path!r}", file(event("RecordDisputed", path=path))
    for keep, merge in (
        ("org/echo", ["org/echo"]), ("org/echo", ["org/council", "org/council"]), ("org/echo", ["person/nia"]), ("org/echo", []),
        ("org/echo", ["org/nobody"]), ("org/nobody", ["org/council"]), ("person/ifor", ["person/n"]), ("person/n", ["person/ifor"]),
        ("doc/a", ["doc/b"]), ("source/echo", ["source/b"]), ("org/echo", ["org/council", "org/nobody"] * 30), ("person/n", ["person/nia"]),
    ):  # fmt: skip
        yield (
            f"a merge of {merge[:2]} into {keep}",
            file(event("EntitiesMerged", keep=keep, merge=merge)),
        )


def _amendments() -> Iterator[Case]:
    changes: dict[str, Any] = {
        "from another value": {"path": "/pages", "from": 40, "to": 42},
        "from nothing": {"path": "/pages", "to": 42},
        "from what is not there": {"path": "/url", "from": "https://a.example", "to": "https://b.example"},
        "to the same": {"path": "/pages", "from": 41, "to": 41},
        "to nothing that is there": {"path": "/url"},
        "of the slug": {"path": "/id", "from": "doc/a", "to": "doc/b"},
        "of part of the slug": {"path": "/id/0", "from": "d", "to": "e"},
        "of new": {"path": "/new", "from": "true"},
        "of an unknown field": {"path": "/colour", "to": "red"},
        "of a class": {"path": "/__class__", "to": "red"},
        "to a wrong type": {"path": "/pages", "from": 41, "to": "many"},
        "to a list": {"path": "/pages", "from": 41, "to": ["a"]},
        "to a negative number": {"path": "/pages", "from": 41, "to": -1},
        "to a huge number": {"path": "/pages", "from": 41, "to": 10**40},
        "to an unknown record": {"path": "/author", "from": "org/council", "to": "org/nobody"},
        "to a record of another kind": {"path": "/author", "from": "org/council", "to": "topic/books"},
        "removing what is needed": {"path": "/title", "from": "Plan"},
        "removing the evidence": {"path": "/evidence/0", "from": {"source": "source/echo", "start": 0, "end": 8}},
        "of a span past the end": {"path": "/evidence/0/end", "from": 8, "to": 4000},
        "of a span to nothing": {"path": "/evidence/0/end", "from": 8, "to": 0},
        "of evidence to an unknown source": {"path": "/evidence/0/source", "from": "source/echo", "to": "source/nowhere"},
        "by no pointer": {"path": "pages", "from": 41, "to": 42},
        "by an empty pointer": {"path": "", "from": 41, "to": 42},
        "by a long pointer": {"path": "/a" * 200, "to": 42},
        "by a pointer into a word": {"path": "/title/0", "from": "P", "to": "C"},
        "by a pointer past a list": {"path": "/topics/7", "to": "topic/books"},
        "by a pointer to a huge place": {"path": "/topics/" + "9" * 150, "to": "topic/books"},
        "by a pointer in another script": {"path": "/evidence/²", "to": "a"},
        "a control character": {"path": "/title", "from": "Plan", "to": "a\x07"},
        "half a character": {"path": "/title", "from": "Plan", "to": "a\ud800"},
        "a deep value": {"path": "/title", "from": "Plan", "to": [[[[[[[["a"]]]]]]]]},
        "an empty change": {},
        "a change too rich": {"path": "/pages", "from": 41, "to": 42, "why": "so"},
        "a word": "pages",
        "a list": ["/pages", 41, 42],
    }  # fmt: skip
    for name, change in changes.items():
        yield f"a change {name}", file(event("RecordAmended", changes=[change]))
    yield "no changes", file(event("RecordAmended", changes=[]))
    yield (
        "too many changes",
        file(event("RecordAmended", changes=[{"path": "/pages", "from": 41, "to": 42}] * 51)),
    )
    yield (
        "the second change stale",
        file(
            event(
                "RecordAmended",
                changes=[
                    {"path": "/pages", "from": 41, "to": 42},
                    {"path": "/pages", "from": 41, "to": 43},
                ],
            )
        ),
    )
    yield (
        "an amendment after an amendment",
        file(event("RecordAmended"), event("RecordAmended", note="Again")),
    )


def _whole() -> Iterator[Case]:
    good = event("NameRecorded")
    yield (
        "one bad among good ones",
        file(*[{**good, "name": f"N{n}"} for n in range(50)], {**good, "lang": "fr"}),
    )
    yield (
        "the same slug twice",
        file(event("EntityRecorded"), event("EntityRecorded", name="Other")),
    )
    yield (
        "a slug used before it is recorded",
        file({**good, "record": "org/new"}, event("EntityRecorded")),
    )
    yield "no events", file()
    yield "events as a mapping", b"events: {a: b}"
    yield "events as a word", b"events: all"
    yield "an event as a word", b"events: [word]"
    yield "an event as nothing", b"events: [~]"
    yield "a file without events", b"source: source/echo"
    yield "an unknown key of the file", file(good, sources="source/echo")
    yield "a list for the source", file(good, source=["source/echo"])
    yield "too many events", b"events:\n" + b"- {type: A}\n" * (MAX_EVENTS + 1)
    yield "hundreds of bad events", file(*[{"type": f"T{n}"} for n in range(300)])
    for key in ("source ", "Events", "events\u200b", "<<", "!!python/object:os.system"):
        yield f"the key {key!r}", json.dumps({key: [good]}).encode()
    for name, place in {
        "an event": good,
        "a date": {**good, "from": None},
        "changes": {"type": "RecordAmended", "target": "E10", **WHY},
    }.items():
        deep: Any = "x"
        for _ in range(20):
            deep = [deep]
        yield (
            f"deep nesting in {name}",
            file({**place, "changes" if name == "changes" else "name": deep}),
        )


def _bytes() -> Iterator[Case]:
    start = b"events:\n- type: NameRecorded\n  record: org/council\n  kind: typo\n  lang: en\n  "
    good = start + b"name: A\n"
    yield "an empty file", b""
    yield "only spaces", b"   \n \n"
    yield "only a mark", b"\xef\xbb\xbf"
    yield "only NUL", b"\0" * 4096
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
    yield "a program", b"\x7fELF" + bytes(range(256)) * 8
    yield "a database", b"SQLite format 3\0" + b"\0" * 400
    yield "an archive", b"PK\x03\x04" + bytes(range(256))
    yield "UTF-16", good.decode().encode("utf-16")
    yield "UTF-32", good.decode().encode("utf-32")
    yield "Latin-1", start + "name: Tŷ Mâr".replace("ŷ", "y").encode("latin-1")
    yield "an overlong encoding", start + b"name: \xc0\xaf\n"
    yield "a surrogate in UTF-8", start + b"name: \xed\xa0\x80\n"
    yield "cut inside a character", start + b"name: \xf0\x9f\x93"
    for code in (
        0x00,
        0x01,
        0x07,
        0x08,
        0x0B,
        0x0C,
        0x1B,
        0x7F,
        0x80,
        0x9F,
        0xFDD0,
        0xFFFE,
        0xFFFF,
        0x1FFFE,
    ):
        yield f"the character U+{code:04X}", start + f"name: a{chr(code)}b\n".encode()
        yield f"the escape of U+{code:04X}", start + f'name: "a\\U{code:08x}b"\n'.encode()
    for escape in (
        "\\ud800",
        "\\U0000dfff",
        "\\U00110000",
        "\\Uffffffff",
        "\\x1",
        "\\q",
        "\\N{DASH}",
    ):
        yield f"the escape {escape}", start + f'name: "{escape}"\n'.encode()
    yield "a billion laughs", b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nevents: *c\n"
    yield "an anchor", start + b"name: &a A\n"
    yield "an alias to itself", b"events: &a [*a]\n"
    yield "a merge key with an alias", start + b"<<: *a\n  name: A\n"
    yield "a tag", start + b"name: !!str A\n"
    yield "a tag of Python", start + b"name: !!python/object/apply:os.system ['touch hacked']\n"
    yield "a tag of our own", start + b"name: !env HOME\n"
    yield "binary", start + b"name: !!binary aGVsbG8=\n"
    yield "two documents", good + b"---\n" + good
    yield "a second document of nothing", good + b"---\n"
    yield "a directive", b"%YAML 3.0\n---\n" + good
    yield "a directive of many digits", b"%YAML " + b"9" * 5000 + b".1\n---\n" + good
    yield "an unclosed quote", start + b'name: "A\n'
    yield "an unclosed bracket", start + b"name: [A\n"
    yield "a tab", b"events:\n\t- type: NameRecorded\n"
    yield "a bad indent", good + b"   name: B\n"
    yield "a key twice", good + b"  name: B\n"
    yield "a key that is a list", good + b"  [a, b]: c\n"
    yield "a key that is a mapping", good + b"  ? {a: b}\n  : c\n"
    yield "a key without end", start + b"k" * 5000 + b": A\n"
    yield "brackets for ever", b"[" * 100_000
    yield "braces for ever", start + b"name: " + b"{a: " * 5000
    yield "dashes for ever", b"- " * 50_000
    yield "question marks for ever", b"? " * 50_000
    yield "a file too large", b"# " + b"x" * MAX_BYTES
    yield "a line too large", start + b"name: " + b"x" * 100_000
    yield "a JSON bomb", b'{"events":' + b"[" * 5000 + b"]" * 5000 + b"}"
    yield "HTML", b"<!doctype html><html><body>events</body></html>"
    yield "JSON Lines", b'{"a": 1}\n{"a": 2}\n'
    yield "a shell script", b"#!/bin/sh\nrm -rf /\n"
    yield "CSV", b"type,id\nNameRecorded,org/a\n"
    yield "a log", b'{"envelope":"{}","disclosures":[]}\n'
    yield "carriage returns and a fault", start.replace(b"\n", b"\r\n") + b"nam: A\r\n"
    yield "a mark in the middle", start + b"na\xef\xbb\xbfme: A\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("home"))
    made.create()
    signing.begin(made)
    seed = batches.parse(json.dumps({"events": SEED}).encode(), "seed.yaml")
    done = record(made, seed.drafts, {})
    assert (seed.problems, [str(p) for p in done.admission.problems]) == ([], [])
    assert made.log().size == SIZE == len(SEED)
    return made


CASES: list[Case] = list(cases())


def refusals(home: Home, path: Path) -> list[str]:
    """Take a file through the door as `archive append` does, and return what is said against it."""
    read = batches.read(path)
    if read.problems:
        return list(map(str, read.problems))
    return [str(problem) for problem in record(home, read.drafts, {}).admission.problems]


def test_there_are_at_least_three_hundred_different_files():
    assert len({data for _, data in CASES}) == len({name for name, _ in CASES}) >= 300


@pytest.mark.parametrize("type_name", sorted(set(TYPES) - {"TextRedacted"}))
def test_each_good_event_would_be_recorded(home: Home, tmp_path: Path, type_name: str):
    """So that it is the one step away from it which is refused."""
    read = batches.parse(file(event(type_name)), "good.yaml")
    done = record(home, read.drafts, {}, dry_run=True)
    assert (read.problems, [str(p) for p in done.admission.problems]) == ([], [])
    assert len(done.admission.events) == 1


@pytest.mark.timeout(300)
def test_every_hostile_file_is_refused_with_file_and_line_and_nothing_is_stored(
    home: Home, tmp_path: Path
):
    before = home.log_path.read_bytes()
    wrong: list[str] = []
    for name, data in CASES:
        path = tmp_path / "hostile.yaml"
        path.write_bytes(data)
        try:
            found = refusals(home, path)
        except Exception as error:  # noqa: BLE001 (the test is that nothing whatever is raised)
            wrong.append(f"{name}: {type(error).__name__}: {error}"[:300])
            continue
        if not found:
            wrong.append(f"{name}: was recorded")
        wrong += [f"{name}: {text[:200]}" for text in found if not well_said(text)]
        if home.log_path.read_bytes() != before:
            wrong.append(f"{name}: changed the log")
            break
    assert wrong == []


def well_said(problem: str) -> bool:
    """Tell whether a message names file and line, and is a line for a terminal, not an echo of the file."""
    place = re.match(r"hostile\.yaml:[1-9]\d*: \S", problem)
    control = any(unicodedata.category(character) == "Cc" for character in problem)
    return place is not None and len(problem) < 1000 and not control


PROCESSES: Sequence[Case] = CASES[:: len(CASES) // 25][:25]


@pytest.mark.timeout(300)
def test_the_real_command_refuses_them_too(home: Home, tmp_path: Path):
    before = home.log_path.read_bytes()

    def append(number: int) -> tuple[str, subprocess.CompletedProcess[bytes]]:
        path = tmp_path / f"hostile-{number}.yaml"
        path.write_bytes(PROCESSES[number][1])
        command = [sys.executable, "-m", "archive.cli", "--home", str(home.path), "append", str(path)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[2])  # fmt: skip
        return path.name, done

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(append, range(len(PROCESSES))))
    assert len(results) == 25
    for (name, _), (file_name, done) in zip(PROCESSES, results, strict=True):
        said = done.stderr.decode()
        assert done.returncode == 1, (name, said)
        assert re.match(rf"{re.escape(file_name)}:\d+: ", said), (name, said)
        assert "Traceback" not in said, (name, said)
        assert said.rstrip().endswith("nothing was recorded"), (name, said)
        assert done.stdout == b"", name
    assert home.log_path.read_bytes() == before


@pytest.mark.parametrize(
    ("payload", "evidence"),
    [
        ({"target": 10**400, **WHY}, []),
        ({"target": -1, **WHY}, []),
        ({"target": True, **WHY}, []),
        ({"target": 2**63, **WHY}, []),
        ({"target": 1.5, **WHY}, []),
        ({"target": None, **WHY}, []),
        ({1: "a"}, []),
        ({"target": "E1", "note": float("nan"), "reason": "legal"}, []),
        ({"target": "E1", **WHY}, [object()]),
        ({"target": "E1", **WHY}, [{"source": b"source/echo"}]),
        ({"target": "E1", **WHY}, [{1: 2}]),
    ],
)
def test_what_no_file_can_hold_but_a_program_can_is_refused_too(home: Home, payload, evidence):
    draft = Draft("RecordRetracted", payload, evidence, lambda _: "program:1")
    done = record(home, [draft], {})
    assert len(done.admission.problems) == 1
    assert done.seqs == []
