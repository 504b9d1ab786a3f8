"""An archive with a secret, to be exported: what tests of exports, bags and imports share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.home import Home
from archive.keeping.bags import export_bag
from archive.keeping.export import Exported, export_lines
from events import disclosure
from events.codec import build
from events.envelope import NewEvent
from events.head import Head
from events.log import SqliteLog
from tests.conftest import Aberdulas

NOON = "2026-02-03T12:00:00Z"


SECRET = "Cyfrinach y llyfrgell"


SECOND = "redactor"


TEXT = "Testun preifat y papur newydd"


def write(home: Home, target: Path, head: Path | None = None) -> Exported:
    with home.log() as log:
        return export_lines(log, target, head=head)


def bag(home: Home, folder: Path) -> Path:
    export_bag(home, folder, clock=lambda: NOON)
    return folder


def sign(home: Home) -> Path:
    """Sign the log as it stands; return the head file."""
    with home.log() as log:
        if not (home.path / "head").exists():
            Head.create(home.path, "aberdulas.example/log", Ed25519PrivateKey.generate())
        Head(home.path).advance(log)
    return home.path / "head"


def secret(log: SqliteLog) -> str:
    """Return the disclosure that holds the secret."""
    (found,) = [d for _, _, ds in log.entries() for d in ds if disclosure.read(d).value == SECRET]
    return found


def act(home: Home, kind: str, item: str) -> None:
    """Record that a disclosure of E13 was withheld, released or erased; nothing is destroyed."""
    payload = {
        "target": 13, "act": kind, "scope": "path", "path": "/note",
        "basis": "child-privacy", "digests": [disclosure.digest(item)],
    } | ({} if kind == "withheld" else {"confirmed_by": SECOND})  # fmt: skip
    with home.log() as log:
        log.append([build("TextRedacted", payload)], by="redactor")


def topic(name: str, **fields: str) -> NewEvent:
    data = {"id": f"topic/{name}", "new": True, "kind": "topic", "name": name} | fields
    return build("EntityRecorded", data)


def entries(home: Home) -> list[tuple[int, bytes, list[str]]]:
    with home.log() as log:
        return list(log.entries())


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def changes(data: bytes, random: Random, count: int) -> Iterator[bytes]:
    """Yield data with one byte changed, each time another."""
    for _ in range(count):
        place = random.randrange(len(data))
        yield data[:place] + bytes([data[place] ^ random.randrange(1, 256)]) + data[place + 1 :]


def settle(folder: Path) -> Path:
    """Make a settled archive with a secret in a note (E13) and a private text in a folder; return it."""
    archive = Aberdulas(folder).settle()
    archive.record(
        "EntityRecorded", id="topic/secrets", new=True, kind="topic", name="Secrets", note=SECRET
    )
    archive.log.attach("source/aberdulas-post-2031-03-05", TEXT)
    archive.close()
    return folder
