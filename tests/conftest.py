"""An archive of an invented place, Aberdulas, in a real log and real tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.projector import catch_up
from archive.store import Store
from events.checkpoint import Checkpoint, signed, verifier_key
from events.codec import build
from events.log import SqliteLog


class Aberdulas:
    """A log and its tables, filled by recording events in one call each."""

    def __init__(self, folder: Path) -> None:
        ticks, salts = itertools.count(), itertools.count()
        self.folder = folder
        self.log = SqliteLog.create(
            folder / "log.db",
            clock=lambda: minute_of_january(next(ticks)),
            salt=lambda: next(salts).to_bytes(16, "big"),
        )
        self.path = folder / "archive.db"
        self.store = Store(self.path)

    def close(self) -> None:
        self.log.close()
        self.store.close()

    def record(self, type_name: str, *evidence: dict[str, Any], **payload: Any) -> int:
        """Append one event and return its number; the tables follow with `tables`."""
        payload = {name.rstrip("_"): value for name, value in payload.items()}
        return self.log.append([build(type_name, payload, list(evidence))])[0]

    def tables(self) -> Store:
        catch_up(self.log, self.store)
        return self.store

    def sign(self, key: Ed25519PrivateKey | None = None) -> str:
        """Sign the log as it stands and publish the note in the tables; return the key to check it with."""
        size, key = self.log.size, key or Ed25519PrivateKey.from_private_bytes(bytes(32))
        text = Checkpoint("aberdulas.example/log", size, self.log.root(size)).text()
        vkey = str(verifier_key("aberdulas.example/log", key))
        self.tables().set_checkpoint(size, signed(text, "aberdulas.example/log", key), vkey)
        return vkey

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.tables().rows(sql, *values)]

    def settle(self) -> Aberdulas:
        """Record a council, a director, a paper, a meeting and a promise with two readings."""
        paper = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}

        def on(edtf: str) -> dict[str, str]:
            return {"edtf": edtf, "basis": "stated"}

        self.record(
            "EntityRecorded", id="topic/libraries", new=True, kind="topic", name="Libraries"
        )
        self.record(
            "EntityRecorded",
            id="org/aberdulas-post",
            new=True,
            kind="organisation",
            name="Aberdulas Post",
        )
        self.record(
            "SourceCaptured", id="source/aberdulas-post-2031-03-05", new=True, kind="news", publisher="org/aberdulas-post",
            lang="en", captured_at="2031-03-06", body_access="restricted", sha256="0" * 64, chars=900,
            title="Library plan due in spring", published=on("2031-03-05"), url="https://post.example/library-plan",
        )  # fmt: skip
        self.record(
            "EntityRecorded",
            id="org/aberdulas-council",
            new=True,
            kind="organisation",
            name="Aberdulas Council",
        )
        self.record(
            "NameRecorded",
            record="org/aberdulas-council",
            name="Cyngor Aberdulas",
            kind="official",
            lang="cy",
        )
        self.record(
            "EntityRecorded",
            id="person/nia-prys",
            new=True,
            kind="person",
            name="Nia Pryse",
            public_capacity="Librarian of Aberdulas",
        )
        self.record(
            "EntityRecorded",
            id="post/librarian",
            new=True,
            kind="post",
            name="Librarian",
            organisation="org/aberdulas-council",
        )
        self.record(
            "TenureRecorded", paper, id="tenure/prys-librarian", new=True, person="person/nia-prys", post="post/librarian",
            title_as_stated="Librarian", start=on("2030"), attested=on("2031-03-04"), topics=["topic/libraries"],
        )  # fmt: skip
        self.record(
            "MeetingRecorded", paper, id="meeting/council-2031-03-04", new=True, organisation="org/aberdulas-council",
            held_on=on("2031-03-04"), status="held",
        )  # fmt: skip
        self.record(
            "StatementRecorded", {**paper, "end": 19, "quote": "Books now", "supports": ["/gist"]}, id="statement/prys-1", new=True,
            speaker="person/nia-prys", speaker_basis="named", mode="direct", gist="The branch in Tŷ Mawr will open again.",
            meeting="meeting/council-2031-03-04", topics=["topic/libraries"],
        )  # fmt: skip
        self.record(
            "CommitmentRecorded", paper, id="commitment/library-plan", new=True, obliged="org/aberdulas-council",
            what="Publish a plan for the libraries", kind="promised", made_in="meeting/council-2031-03-04",
            readings=[
                {"label": "20 days", "rule": {"n": 20, "unit": "day", "from": "2031-03-04"}},
                {"label": "20 working days", "rule": {"n": 20, "unit": "working-day", "calendar": "wales", "from": "2031-03-04"}},
            ],
        )  # fmt: skip
        self.record(
            "DevelopmentRecorded", paper, id="development/plan-published", new=True, what="The plan for the libraries was published",
            kind="published", happened=on("2031-03-28"), participants=[{"entity": "org/aberdulas-council", "role": "publisher"}],
        )  # fmt: skip
        self.record(
            "OutcomeRecorded", paper, id="outcome/library-plan", new=True, commitment="commitment/library-plan", result="done",
            happened=on("2031-03-28"), finding="The plan was published on 28 March.",
        )  # fmt: skip
        return self


def minute_of_january(tick: int) -> str:
    """Return the tick-th minute of January 2026 as a UTC instant."""
    day, rest = divmod(tick, 24 * 60)
    return f"2026-01-{day + 1:02}T{rest // 60:02}:{rest % 60:02}:00Z"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Aberdulas]:
    """An empty archive."""
    archive = Aberdulas(tmp_path)
    yield archive
    archive.close()


@pytest.fixture
def aberdulas(empty: Aberdulas) -> Aberdulas:
    """An archive with a small settled history."""
    return empty.settle()
