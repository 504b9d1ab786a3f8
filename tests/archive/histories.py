"""Random histories of Aberdulas: every event is proposed here and admitted by `archive.admitting.admission`.

The generator knows the shapes of the fields and a small stock of slugs, words and dates, so that events
meet on the same records again and again. What is valid it never guesses: a refused proposal is dropped.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from archive import showing
from archive.admitting.admission import Draft, admit
from archive.admitting.view import LogView
from archive.looking import current_content
from archive.projector import catch_up
from archive.store import Store
from events import disclosure
from events.codec import build
from events.envelope import Event, NewEvent
from events.log import SqliteLog
from events.vocabulary import RECORDING, REQUIRED, TYPES

POOL: dict[str, tuple[str, ...]] = {
    "org": ("aberdulas-council", "aberdulas-post", "arolygiaeth"),
    "person": ("nia-prys", "ifor-cadwgn", "mair-tudor"),
    "post": ("librarian", "chair"),
    "place": ("ty-mawr", "pentre-isaf"),
    "topic": ("libraries", "buses"),
    "measure": ("loans", "branches"),
    "source": ("post-2031-03-05", "minutes-2031-03-04", "letter-2031"),
    "tenure": ("prys-librarian", "cadwgn-librarian", "tudor-member"),
    "meeting": ("council-2031-03-04", "council-2031-04"),
    "doc": ("library-plan", "library-review"),
    "statement": ("prys-1", "cadwgn-1", "tudor-1"),
    "development": ("plan-published", "branch-closed"),
    "commitment": ("library-plan", "bus-timetable"),
    "outcome": ("library-plan", "bus-timetable"),
    "figure": ("loans-2030", "loans-2031"),
}
#: Texts of two of the three sources; the third was seen, but no text is held.
TEXTS = {
    "source/post-2031-03-05": "ABERDULAS POST, 5 March 2031. Nia Prys 📚 promised on Tuesday, March 4, that the branch"
    " in Tŷ Mawr opens again within 20 working days. “Llyfrau’n ôl!” Cllr Ifor Cadwgn was not so sure.",
    "source/minutes-2031-03-04": "Minutes, 4 March 2031. The librarian reported 4,210 loans and a plan due in spring."
    " Mair Tudor asked for the bus timetable by the end of May.",
}
DATES = (
    "2030",
    "2031",
    "2031-03",
    "2031-03-04",
    "2031-03-05",
    "2031-03-28",
    "2031-04",
    "[2031-03-01..2031-03-10]",
    "2031-03/2031-05",
    "../2031-05",
    "2031-04-01/..",
    "2031-21",
    "2029~",
    "2031-07/..",
    "0001-01-01",
    "9999-12-31",
    "2031-1X",
    "{2031-03,2032}",
)
WORDS = (
    "The branch in Tŷ Mawr opens again.",
    "A plan for the libraries",
    "Tŵr y Llyfrgell",
    "Nia Prys",
    "Nia Pryse",
    "Ifor Cadwgn",
    "Aberdulas Council",
    "Librarian",
    "Buses after six",
    "Ŵyn a gwŷdd 🐑",
    '"NEAR" (a OR -b*) ^c: {d}; --',
    "\u202e \ufeff \u2028 ~/0",
    "long " * 59 + "long",
)

Fields = dict[str, Callable[["Historian"], Any]]


def _slug(kind: str) -> Callable[[Historian], str | None]:
    return lambda self: self.existing(kind)


def _one_of(*values: Any) -> Callable[[Historian], Any]:
    return lambda self: self.random.choice(values)


def _word(self: Historian) -> str:
    return self.random.choice(WORDS)


def _when(self: Historian) -> dict[str, Any] | None:
    when: dict[str, Any] = {"edtf": self.random.choice(DATES)}
    when["basis"] = self.random.choice(("stated", "computed", "inferred", "resolved"))
    if when["basis"] == "resolved":
        when["anchor"] = f"{self.existing('source')}#published"
    if self.chance(3):
        when["text"] = self.random.choice(("Tuesday, March 4", "last month", "in spring"))
    return when


def _topics(self: Historian) -> list[str] | None:
    return self.several("topic")


def _about(self: Historian) -> list[str] | None:
    return self.several(self.random.choice(("org", "person", "place", "doc")))


def _participants(self: Historian) -> list[dict[str, Any]]:
    slugs = self.several("org") or self.several("person") or []
    return [{"entity": slug, "role": self.random.choice(("publisher", "host"))} for slug in slugs]


def _reading(self: Historian) -> dict[str, Any]:
    if self.chance(2):
        return {"label": _word(self), "on": _when(self)}
    unit = self.random.choice(("working-day", "day", "week", "month", "year"))
    rule = {
        "n": self.random.choice((1, 20, 90, 10_000)),
        "unit": unit,
        "from": self.random.choice(DATES),
    }
    if unit == "working-day":
        rule["calendar"] = "wales"
    return {"label": _word(self), "rule": rule}


def _readings(self: Historian) -> list[dict[str, Any]]:
    return [_reading(self) for _ in range(self.random.randint(1, 2))]


def _instant(self: Historian) -> str:
    return self.random.choice(("2031-03-06", "2031-03-07T09:00:00Z"))


_ENTITY: Fields = {
    "name": _word,
    "disambiguation": _word,
    "external_ids": lambda self: {self.random.choice(("gss", "a/b~c")): _word(self)},
    "topics": _topics,
    "note": _word,
}
#: Fields of each type beyond `id` and `new`, and how a value is drawn; None leaves the field out.
FIELDS: dict[str, Fields] = {
    "org": {
        **_ENTITY,
        "kind": _one_of("organisation"),
        "part_of": _slug("org"),
        "succeeds": _slug("org"),
        "founded": _when,
        "dissolved": _when,
    },
    "person": {**_ENTITY, "kind": _one_of("person"), "public_capacity": _word},
    "post": {
        **_ENTITY,
        "kind": _one_of("post"),
        "organisation": _slug("org"),
        "seats": _one_of(1, 1, 2),
        "statutory": _one_of(True, False),
    },
    "place": {**_ENTITY, "kind": _one_of("place"), "part_of": _slug("place")},
    "topic": {**_ENTITY, "kind": _one_of("topic")},
    "measure": {**_ENTITY, "kind": _one_of("measure"), "unit": _word, "counts": _word},
    "source": {
        "kind": _one_of("news", "minutes", "letter"),
        "publisher": _slug("org"),
        "lang": _one_of("en", "cy"),
        "captured_at": _instant,
        "body_access": _one_of("restricted", "public"),
        "title": _word,
        "url": _one_of("https://post.example/a", "https://council.example/b"),
        "published": _when,
        "replaces": _slug("source"),
    },
    "tenure": {
        "person": _slug("person"),
        "title_as_stated": _word,
        "post": _slug("post"),
        "organisation": _slug("org"),
        "start": _when,
        "end": _when,
        "attested": _when,
        "interim": _one_of(True, False),
        "remit": _word,
        "party": _word,
        "area": _slug("place"),
        "topics": _topics,
    },
    "meeting": {
        "organisation": _slug("org"),
        "held_on": _when,
        "status": _one_of("scheduled", "held", "cancelled"),
        "kind": _word,
        "topics": _topics,
    },
    "doc": {
        "title": _word,
        "kind": _one_of("plan", "report"),
        "author": lambda self: self.existing(self.random.choice(("org", "person", "post"))),
        "published": _when,
        "period": _when,
        "pages": _one_of(7, 90),
        "responds_to": _slug("doc"),
        "replaces": _slug("doc"),
        "about": _about,
        "topics": _topics,
    },
    "statement": {
        "speaker": lambda self: self.existing(self.random.choice(("person", "org", "doc"))),
        "speaker_basis": _one_of("named", "pronoun"),
        "mode": _one_of("direct", "indirect"),
        "gist": _word,
        "lang": _one_of("en", "cy"),
        "said_on": _when,
        "meeting": _slug("meeting"),
        "document": _slug("doc"),
        "about": _about,
        "topics": _topics,
    },
    "development": {
        "what": _word,
        "kind": _one_of("published", "decision"),
        "happened": _when,
        "decision": _one_of("approved", "deferred"),
        "participants": _participants,
        "meeting": _slug("meeting"),
        "document": _slug("doc"),
        "amount": lambda self: {
            "value": self.random.choice((400, 2.5, 2**53, -1e308)),
            "unit": "GBP",
        },
        "topics": _topics,
    },
    "commitment": {
        "obliged": lambda self: self.existing(self.random.choice(("org", "person", "post"))),
        "what": _word,
        "kind": _one_of("promised", "statutory", "aspiration"),
        "owed_to": _slug("org"),
        "readings": _readings,
        "after": _slug("doc"),
        "condition": _word,
        "made_in": _slug("meeting"),
        "about": _about,
        "topics": _topics,
    },
    "outcome": {
        "commitment": _slug("commitment"),
        "result": _one_of("done", "not-done", "superseded"),
        "happened": _when,
        "finding": _word,
        "found_by": _slug("org"),
    },
    "figure": {
        "measure": _slug("measure"),
        "value": _one_of(4210, 0.5, -(2**53), 5e-324),
        "qualifier": _one_of("about", "more-than"),
        "period": _when,
        "unit": _word,
        "as_of": _when,
        "kind": _one_of("actual", "target"),
        "subject": _slug("org"),
        "area": _slug("place"),
        "topics": _topics,
    },
}
TYPE_OF = {
    "source": "SourceCaptured",
    "tenure": "TenureRecorded",
    "meeting": "MeetingRecorded",
    "doc": "DocumentRecorded",
    "statement": "StatementRecorded",
    "development": "DevelopmentRecorded",
    "commitment": "CommitmentRecorded",
    "outcome": "OutcomeRecorded",
    "figure": "FigureRecorded",
}
ENTITIES = ("org", "person", "post", "place", "topic", "measure")
#: First these, so that what follows has something to name.
OPENING = tuple(
    "org source topic person person post measure source meeting tenure commitment outcome".split()
)
#: Fields that say which record an event is about: the law may take them, but not in these histories.
IDENTITY = ("id", "new", "record", "keep", "merge", "commitment")
REASONS = ("archive-error", "source-error", "better-evidence")


class Historian:
    """An archive in a folder that grows by random events, one or several at a time."""

    def __init__(self, folder: Path, random: Random) -> None:
        ticks, salts = itertools.count(), itertools.count()
        self.random = random
        self.folder = folder
        self.log = SqliteLog.create(
            folder / "log.db",
            clock=lambda: f"2032-01-01T{next(ticks) // 60:02}:{next(ticks) % 60:02}:00Z",
            salt=lambda: next(salts).to_bytes(16, "big"),
        )
        self.store = Store(folder / "archive.db")
        self.texts = {hashlib.sha256(t.encode()).hexdigest(): t for t in TEXTS.values()}
        self.opening = list(OPENING)
        self.types: list[str] = []

    def close(self) -> None:
        self.log.close()
        self.store.close()

    def told(self) -> list[str]:
        """Return the history as lines, to be read where a test fails."""
        return [showing.line(event) for event in self.log.read()]

    def grow(self, count: int = 1) -> list[int]:
        """Record up to ``count`` events at once and bring the tables up to them."""
        view = LogView(self.log, self.store, self.texts)
        self.events = list(self.log.read())
        drafts: list[Draft] = []
        accepted: list[NewEvent] = []
        self.coming: list[str] = []
        for _ in range(count):
            kind = self.opening.pop(0) if self.opening else None
            for _attempt in range(6):
                draft = self._recording(kind) if kind else self._propose()
                if draft is None:
                    continue
                if draft.type == "TextRedacted":  # never through a batch: an act of its own
                    accepted.append(build(draft.type, draft.payload))
                    break
                judged = admit([*drafts, draft], view)
                if not judged.problems and len(judged.events) > sum(d is not None for d in drafts):
                    drafts.append(draft)
                    accepted.append(judged.events[-1])
                    self.coming += [str(draft.payload["id"])] if "id" in draft.payload else []
                    break
        seqs = self.log.append(accepted) if accepted else []
        self.types += [event.type for event in accepted]
        self.log.replay()
        catch_up(self.log, self.store)
        for source, text in TEXTS.items():
            if self.store.face(source) is not None and not self.log.text_erased(source):
                self.log.attach(source, text)
        return seqs

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    def exists(self, slug: str) -> bool:
        return slug in self.coming or self.store.face(slug) is not None

    def existing(self, kind: str) -> str | None:
        found = [f"{kind}/{name}" for name in POOL[kind] if self.exists(f"{kind}/{name}")]
        return self.random.choice(found) if found else None

    def several(self, kind: str) -> list[str] | None:
        found = [slug for _ in range(2) if (slug := self.existing(kind))]
        return list(dict.fromkeys(found)) or None

    def _propose(self) -> Draft | None:
        makers: Sequence[tuple[int, Callable[[], Draft | None]]] = (
            (3, lambda: self._recording(self.random.choice(ENTITIES))),
            (12, lambda: self._recording(self.random.choice(tuple(TYPE_OF)))),
            (2, self._name),
            (5, self._amendment),
            (4, self._retraction),
            (2, self._dispute),
            (2, self._merge),
            (1, self._translation),
            (1, self._redaction),
        )
        turn = self.random.randrange(sum(weight for weight, _ in makers))
        for weight, make in makers:
            turn -= weight
            if turn < 0:
                return make()
        raise AssertionError

    def _recording(self, kind: str) -> Draft:
        slug = f"{kind}/{self.random.choice(POOL[kind])}"
        type_name = TYPE_OF.get(kind, "EntityRecorded")
        new = not self.exists(slug)
        needed = {*REQUIRED[type_name], "organisation", "public_capacity", "commitment"}
        payload: dict[str, Any] = {"id": slug}
        for name, draw in FIELDS[kind].items():
            wanted = self.chance(2) if not (new and name in needed) else True
            if wanted and (value := draw(self)) is not None:
                payload[name] = value
        if kind == "tenure" and "post" in payload and self.chance(2):
            payload.pop("organisation", None)
        elif kind == "tenure":
            payload.pop("post", None)
        if new:
            payload["new"] = True
            if slug in TEXTS:
                body = TEXTS[slug]
                payload["sha256"] = hashlib.sha256(body.encode()).hexdigest()
                payload["chars"] = len(body)
                payload["noise"] = [[0, 3]]
        return self._draft(type_name, payload, self._evidence(payload, slug))

    def _evidence(self, payload: dict[str, Any], slug: str = "") -> list[dict[str, Any]]:
        found = []
        for _ in range(self.random.choice((0, 1, 1, 2))):
            source = slug if slug in TEXTS and self.chance(3) else self.existing("source")
            if source is None:
                continue
            item: dict[str, Any] = {"source": source}
            if body := TEXTS.get(source):
                start = self.random.randrange(len(body) - 1)
                end = min(len(body), start + self.random.randint(1, 60))
                item["span"] = [start, end]
            fields = [name for name in payload if name not in ("id", "new")]
            if fields and self.chance(2):
                item["supports"] = [f"/{self.random.choice(fields)}"]
            if self.chance(6):
                item["stance"] = "contradicts"
            found.append(item)
        return found

    def _name(self) -> Draft | None:
        record = self.existing(self.random.choice(ENTITIES))
        if record is None:
            return None
        kind = self.random.choice(("official", "known-as", "former", "typo"))
        lang = self.random.choice(("en", "cy"))
        payload = {"record": record, "name": _word(self), "kind": kind, "lang": lang}
        if self.chance(3):
            payload["from"] = _when(self)
        return self._draft("NameRecorded", payload, self._evidence(payload))

    def _amendment(self) -> Draft | None:
        event = self._event(*RECORDING, "TranslationAdded")
        if event is None:
            return None
        content = current_content(self.log, self.store, event.name)
        changes = [self._change(event, content) for _ in range(self.random.choice((1, 1, 2)))]
        if len({change["path"].split("/")[1] for change in changes}) < len(changes):
            changes = changes[:1]
        payload = {"target": event.seq, "changes": changes, **self._why()}
        return self._draft("RecordAmended", payload, self._evidence({}))

    def _change(self, event: Event, content: dict[str, Any]) -> dict[str, Any]:
        kind = str(event.payload.get("id", "")).partition("/")[0]
        fields = FIELDS.get(kind, {"name": _word, "kind": _one_of("typo"), "text": _word})
        name = self.random.choice(tuple(fields))
        now, value = content.get(name), fields[name](self)
        path = f"/{name}"
        if isinstance(now, dict) and "edtf" in now and self.chance(2):
            path, now, value = f"{path}/edtf", now["edtf"], self.random.choice(DATES)
        elif isinstance(now, list) and now and isinstance(value, list) and self.chance(2):
            number = self.random.randrange(len(now))
            path, now, value = f"{path}/{number}", now[number], value[0]
        elif isinstance(now, int | float) and not isinstance(now, bool) and self.chance(2):
            value = str(value)  # as a batch file or a command line gives it
        if self.chance(8):
            value = None
        return {"path": path, "from": now, "to": value}

    def _retraction(self) -> Draft | None:
        event = self._event(*TYPES)
        # Retractions themselves are retracted often: chains are where this is hard.
        if self.chance(2):
            event = self._event("RecordRetracted", "EntitiesMerged", "RecordAmended") or event
        if event is None:
            return None
        payload = {"target": event.seq, **self._why()}
        return self._draft("RecordRetracted", payload, self._evidence({}))

    def _dispute(self) -> Draft | None:
        event = self._event(*RECORDING)
        if event is None:
            return None
        content = current_content(self.log, self.store, event.name)
        name = self.random.choice(tuple(content))
        inner = isinstance(content[name], list) and content[name] and self.chance(2)
        payload = {
            "target": event.seq,
            "path": f"/{name}/0" if inner else f"/{name}",
            "state": self.random.choice(("open", "upheld", "rejected")),
            **self._why(),
        }
        return self._draft("RecordDisputed", payload, self._evidence({}))

    def _merge(self) -> Draft | None:
        kind = self.random.choice(("person", "org", "post", "topic", "place"))
        slugs = [f"{kind}/{name}" for name in POOL[kind] if self.exists(f"{kind}/{name}")]
        if len(slugs) < 2:
            return None
        self.random.shuffle(slugs)
        count = self.random.randint(2, len(slugs))
        payload = {"keep": slugs[0], "merge": slugs[1:count], **self._why()}
        return self._draft("EntitiesMerged", payload, self._evidence({}))

    def _translation(self) -> Draft | None:
        record = self.existing(self.random.choice(tuple(POOL)))
        if record is None:
            return None
        path = self.random.choice(("/name", "/title", "/what", "/gist"))
        payload = {"record": record, "path": path, "lang": "cy", "text": _word(self)}
        return self._draft("TranslationAdded", {**payload, "method": "human"}, [])

    def _redaction(self) -> Draft | None:
        event = self._event(*RECORDING)
        if event is None:
            return None
        act = self.random.choice(("withheld", "released", "withheld", "erased"))
        payload = {"target": event.seq, "act": act, "scope": "path", "basis": "copyright"}
        ((_, _, items),) = self.log.entries(event.seq, event.seq + 1)
        digests = [
            disclosure.digest(item)
            for item in items
            if (disclosure.read(item).name not in IDENTITY or self.chance(2)) and self.chance(2)
        ]
        if act != "withheld":
            payload["confirmed_by"] = "redactor"
        return self._draft("TextRedacted", {**payload, "digests": digests}, [])

    def _why(self) -> dict[str, str]:
        return {"reason": self.random.choice(REASONS), "note": _word(self)}

    def _event(self, *types: str) -> Event | None:
        found = [event for event in self.events if event.type in types]
        return self.random.choice(found) if found else None

    @staticmethod
    def _draft(type_name: str, payload: dict[str, Any], evidence: list[dict[str, Any]]) -> Draft:
        plain = msgspec.to_builtins(payload)
        if type_name != "TextRedacted" and "target" in plain:
            plain["target"] = f"E{plain['target']}"
        return Draft(type_name, plain, evidence, lambda _pointer: "history")


def contents(store: Store) -> dict[str, list[str]]:
    """Return every row of every table, view and index of the tables, whatever their order in the file."""
    tables = [
        row["name"]
        for row in store.rows(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            " AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
    ]
    return {name: sorted(map(repr, store.rows(f"SELECT * FROM {name}"))) for name in tables}


def differences(one: Store, other: Store) -> Iterator[str]:
    """Yield the rows that stand in only one of two files."""
    first, second = contents(one), contents(other)
    assert first.keys() == second.keys()
    for name, rows in first.items():
        yield from (f"only the first, {name}: {row}" for row in rows if row not in second[name])
        yield from (f"only the second, {name}: {row}" for row in second[name] if row not in rows)
        if len(rows) != len(second[name]):
            yield f"{name}: {len(rows)} rows against {len(second[name])}"


def faults(store: Store) -> list[dict[str, Any]]:
    """Return what SQLite itself finds wrong with the file, its references and its search index."""
    found = store.rows("PRAGMA foreign_key_check")
    found += [
        row for row in store.rows("PRAGMA integrity_check") if row != {"integrity_check": "ok"}
    ]
    store._conn.execute("INSERT INTO search(search) VALUES ('integrity-check')")
    found += store.rows(
        "SELECT s.record_id FROM search s LEFT JOIN records r ON r.rowid = s.rowid"
        " WHERE r.id IS NOT s.record_id"
    )
    return found
