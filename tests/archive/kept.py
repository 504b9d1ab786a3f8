"""An archive to be kept and brought back: what tests of backups and restorations share."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.home import Home
from archive.keeping.backup import backup
from events import disclosure
from events.codec import build
from events.envelope import NewEvent
from events.head import Head
from tests.conftest import Aberdulas

ROOT = Path(__file__).parents[2]


NOON = "2026-02-03T12:00:00Z"


ORIGIN = "aberdulas.example/log"


TEXT = "Bydd y llyfrgell yn Nhŷ Mawr ar agor 📚"


TABLES = ("entries", "nodes", "disclosures", "keys", "texts")


def grow(home: Home, name: str, **fields: str) -> None:
    """Record one event more."""
    with home.log() as log:
        log.append(
            [
                build(
                    "EntityRecorded",
                    {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name} | fields,
                )
            ]
        )


def sign(home: Home) -> Path:
    """Sign the log as it stands; return the head file."""
    with home.log() as log:
        if not (home.path / "head").exists():
            Head.create(home.path, ORIGIN, Ed25519PrivateKey.generate())
        Head(home.path).advance(log)
    return home.path / "head"


def named(items: Iterable[str]) -> dict[str, str]:
    """Return disclosures by the names of their fields."""
    return {disclosure.read(item).name: item for item in items}


def erased(seq: int, field: str, items: Iterable[str]) -> NewEvent:
    """Return the act that orders a field of an event to be erased."""
    payload = {
        "target": seq, "act": "erased", "scope": "path", "path": f"/{field}", "confirmed_by": "redactor",
        "basis": "data-protection", "digests": [disclosure.digest(named(items)[field])],
    }  # fmt: skip
    return build("TextRedacted", payload)


def keep(home: Home, folder: Path) -> Path:
    return backup(home, folder, clock=lambda: NOON).path


def dump(path: Path) -> list[Any]:
    """Return all that a log's file holds."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


def settle(folder: Path) -> Path:
    """Make a settled archive with a private text in a folder; return it, to be copied."""
    archive = Aberdulas(folder).settle()
    archive.log.attach("source/aberdulas-post-2031-03-05", TEXT)
    archive.tables()
    archive.close()
    return folder
