"""The same events in the same main tables, by the package eventsourcing: what `projection.py` compares with.

Its own machinery does the work: its runner subscribes to its application and hands event after event to a
projection, whose view is its SQLite tracking recorder; each event is one durable transaction, as it is made
to be. The view is what somebody would write who knows the package: our own schema and indexes, and for each
event the rows that it alone gives. It does less than ours: the last word stands, no source outranks another,
nothing is resolved over merges, and no date, conflict, timeline, feed or tree is worked out.

The package's SQLite recorder cannot be subscribed to, so the application keeps its events in memory: reading
them costs the peer no disk.
"""
# ruff: noqa: INP001

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

import msgspec
from generator import events

from archive.store import INSERT
from archive.tables import TABLES, finding

#: The tables that hold most of our rows, and what a reader searches and cites.
NAMES = ("events", "records", "assertions", "evidence", "versions", "names")
SEARCH = "INSERT INTO search(rowid, record_id, kind, label, body) VALUES (?, ?, ?, ?, ?)"
#: What a record is called by, and what is searched of it besides.
CALLED = ("name", "title", "what", "gist", "title_as_stated", "url", "id")
SEARCHED = ("what", "gist", "finding", "title_as_stated", "public_capacity", "counts")
#: Seconds after which the peer is given up.
PATIENCE = 3600.0


def schema() -> list[str]:
    """Return the statements that make our tables, with our indexes."""
    made = [finding.SEARCH_DDL]
    for table in TABLES:
        if table.name in NAMES:
            made.append(table.ddl)
            for columns in table.indexed:
                name = "_".join(("idx", table.name, *columns))
                made.append(f"CREATE INDEX {name} ON {table.name} ({', '.join(columns)})")
    return made


class Rows:
    """Writes what one event adds to the tables, with a cursor inside of the caller's transaction."""

    def __init__(self, cursor: Any) -> None:
        self.run = cursor.execute
        self.all = cursor.executemany
        self.cursor = cursor

    def found(self, sql: str, *values: object) -> list[Any]:
        """Return the rows of a query."""
        self.run(sql, values)
        return list(self.cursor.fetchall())

    def add(self, seq: int, at: str, kind: str, said: dict[str, Any], proof: list[Any]) -> None:
        """Add the rows of event ``seq``: its type, its payload and its evidence, as plain data."""
        slug = self.record(said)
        text = msgspec.json.encode
        self.run(
            INSERT["events"],
            (seq, kind, slug, said.get("target"), at, "archivist", 1, text(said).decode(), text(proof).decode(), 0, ""),
        )  # fmt: skip
        if slug is None:
            return
        if kind == "RecordRetracted":
            self.run("UPDATE events SET in_force = 0 WHERE seq = ?", (said["target"],))
        self.claims(slug, seq, at, said, proof)
        if kind == "NameRecorded":
            name = (slug, said["name"], said["kind"], said["lang"], None, None, seq)
            self.run(INSERT["names"], name)
        data = self.version(slug, seq, at, said)
        self.describe(slug, seq, at, data)

    def record(self, said: dict[str, Any]) -> str | None:
        """Return the record that an event is about."""
        if slug := said.get("id") or said.get("record") or said.get("keep"):
            return str(slug)
        rows = self.found("SELECT record_id FROM events WHERE seq = ?", said["target"])
        return rows[0][0] if rows else None

    def claims(self, slug: str, seq: int, at: str, said: dict[str, Any], proof: list[Any]) -> None:
        """Add what an event claims, field by field, and its evidence."""
        ((count,),) = self.found(
            "SELECT coalesce(max(number) + 1, 0) FROM assertions WHERE record_id = ?", slug
        )
        source = proof[0]["source"] if proof else None
        fields = [(name, value) for name, value in said.items() if name not in ("id", "new")]
        self.all(
            INSERT["assertions"],
            [
                (slug, number, name, value if isinstance(value, str) else msgspec.json.encode(value).decode(),
                 seq, source, "chosen", at, None, None)
                for number, (name, value) in enumerate(fields, count)
            ],
        )  # fmt: skip
        self.all(
            INSERT["evidence"],
            [
                (slug, seq, number, item["source"], item.get("start"), item.get("end"), item.get("quote"),
                 item.get("digest"), " ".join(item.get("supports", ())), item.get("stance", "supports"))
                for number, item in enumerate(proof)
            ],
        )  # fmt: skip

    def version(self, slug: str, seq: int, at: str, said: dict[str, Any]) -> dict[str, Any]:
        """Add the record's next version; return what it says."""
        last = self.found(
            "SELECT version, data FROM versions WHERE record_id = ? ORDER BY version DESC LIMIT 1",
            slug,
        )
        number, data = (last[0][0], msgspec.json.decode(last[0][1])) if last else (0, {})
        if "id" in said:
            data |= said
        for change in said.get("changes", ()):
            data[change["path"].split("/")[1]] = change.get("to")
        if number:
            sql = "UPDATE versions SET known_to = ? WHERE record_id = ? AND version = ?"
            self.run(sql, (at, slug, number))
        row = (slug, number + 1, seq, at, None, msgspec.json.encode(data).decode())
        self.run(INSERT["versions"], row)
        return data

    def describe(self, slug: str, seq: int, at: str, data: dict[str, Any]) -> None:
        """Write what the record is called, and what a search finds it by."""
        label = str(next(filter(None, map(data.get, CALLED)), slug))
        kind, subkind = slug.partition("/")[0], data.get("kind")
        proofs = self.found("SELECT source_id, quote FROM evidence WHERE record_id = ?", slug)
        sources = len({source for source, _ in proofs})
        self.run(
            f"{INSERT['records']} ON CONFLICT (id) DO UPDATE SET subkind = excluded.subkind,"
            " label = excluded.label, source_count = excluded.source_count, changed_at = excluded.changed_at,"
            " last_event = excluded.last_event",
            (slug, kind, subkind, label, None, "current", None, None, None, None, sources, None, at, at, seq, seq),
        )  # fmt: skip
        ((rowid,),) = self.found("SELECT rowid FROM records WHERE id = ?", slug)
        texts = [data.get(name) for name in SEARCHED] + [quote for _, quote in proofs]
        self.run("DELETE FROM search WHERE rowid = ?", (rowid,))
        self.run(SEARCH, (rowid, slug, kind, label, "\n".join(filter(None, texts))))


def eventsourcing(folder: Path, count: int, seed: int) -> float | None:
    """Return how many events a second the package projects, by the clock; None where it is not installed."""
    try:
        application: Any = importlib.import_module("eventsourcing.application")
        domain: Any = importlib.import_module("eventsourcing.domain")
        projection: Any = importlib.import_module("eventsourcing.projection")
        sqlite: Any = importlib.import_module("eventsourcing.sqlite")
    except ImportError:
        return None

    class Recorded(domain.Aggregate):  # type: ignore[misc]
        @domain.event("Begun")  # type: ignore[untyped-decorator]
        def __init__(self, kind: str, payload: dict[str, Any], evidence: list[Any]) -> None:
            self.kind, self.payload, self.evidence = kind, payload, evidence

    class Desk(application.Application):  # type: ignore[misc]
        """The events are there before anybody subscribes; how they come there is not timed."""

        def __init__(self, env: Any = None) -> None:
            super().__init__(env)
            for event in events(count, seed):
                payload, evidence = map(msgspec.to_builtins, event)
                self.save(Recorded(event.type, payload, list(evidence)))
            self.ready = time.perf_counter()

    class View(sqlite.SQLiteTrackingRecorder):  # type: ignore[misc]
        def construct_create_table_statements(self) -> list[str]:
            return [*super().construct_create_table_statements(), *schema()]

        def store(self, event: Any, tracking: Any) -> None:
            with self.datastore.transaction(commit=True) as cursor:
                self._insert_tracking(cursor, tracking)
                at = f"{event.timestamp:%Y-%m-%dT%H:%M:%SZ}"
                seq = tracking.notification_id - 1
                Rows(cursor).add(seq, at, event.kind, event.payload, event.evidence)

    class Tables(projection.Projection):  # type: ignore[misc]
        def process_event(self, event: Any, tracking: Any) -> None:
            self.view.store(event, tracking)

    env = {
        "PERSISTENCE_MODULE": "eventsourcing.popo",
        "TABLES_PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "TABLES_SQLITE_DBNAME": str(folder / "theirs.db"),
    }
    with projection.ProjectionRunner(
        application_class=Desk, projection_class=Tables, view_class=View, env=env
    ) as runner:
        runner.wait(count, timeout=PATIENCE)
        return count / float(time.perf_counter() - runner.app.ready)
