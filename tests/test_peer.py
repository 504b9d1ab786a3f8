"""The peer that the benchmark of the tables compares with does the work that it is said to do."""

from __future__ import annotations

import importlib
import sqlite3
from pathlib import Path

import msgspec
import pytest

from archive.store import Store
from benchmarks.generator import events

COUNT = 400


@pytest.fixture
def peer(monkeypatch):
    """Return the module as the benchmark imports it: beside it, not in a package."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "benchmarks")
    return importlib.import_module("peer")


@pytest.fixture
def filled(peer) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    for statement in peer.schema():
        db.execute(statement)
    rows = peer.Rows(db.cursor())
    for seq, event in enumerate(events(COUNT)):
        payload, evidence = map(msgspec.to_builtins, event)
        rows.add(seq, "2031-01-01T00:00:00Z", event.type, payload, list(evidence))
    return db


def one(db: sqlite3.Connection, sql: str) -> object:
    return db.execute(sql).fetchone()[0]


def test_the_peer_writes_every_event_and_keeps_every_record_up_to_date(filled):
    made = list(events(COUNT))
    assert one(filled, "SELECT count(*) FROM events") == COUNT
    assert one(filled, "SELECT count(*) FROM evidence") == sum(len(e.evidence) for e in made)
    assert one(filled, "SELECT count(*) FROM versions") == COUNT
    assert one(filled, "SELECT count(*) FROM versions WHERE known_to IS NULL") == one(
        filled, "SELECT count(*) FROM records"
    )
    assert one(filled, "SELECT count(*) FROM assertions") > 5 * COUNT
    assert one(filled, "SELECT count(*) FROM events WHERE in_force = 0") == sum(
        e.type == "RecordRetracted" for e in made
    )


def test_the_peer_finds_a_record_by_its_words(filled):
    (slug, label) = filled.execute(
        "SELECT id, label FROM records WHERE kind = 'statement' ORDER BY rowid DESC"
    ).fetchone()
    word = max(label.split(), key=len)
    found = filled.execute("SELECT record_id FROM search WHERE search MATCH ?", (word,))
    assert slug in [row[0] for row in found]
    assert one(filled, "SELECT count(*) FROM search") == one(filled, "SELECT count(*) FROM records")


def test_the_peer_has_our_indexes(peer, filled, tmp_path):
    store = Store(tmp_path / "ours.db")
    sql = (
        "SELECT m.tbl_name AS t, group_concat(i.name) AS columns FROM sqlite_master m, pragma_index_info(m.name) i"
        " WHERE m.type = 'index' GROUP BY m.name ORDER BY 1, 2"
    )
    ours = [(row["t"], row["columns"]) for row in store.rows(sql) if row["t"] in peer.NAMES]
    store.close()
    assert filled.execute(sql).fetchall() == ours
